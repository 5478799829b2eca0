#include "base/result.h"

#include "base/text.h"

namespace cortex {

std::string Error::text() const {
  std::string out = message;
  while (out.ends_with('.')) out.pop_back();
  if (!unchanged.empty()) out += cat(out.empty() ? "" : "; ", unchanged);
  if (!out.empty()) out += '.';
  if (!next.empty()) out += cat(out.empty() ? "" : " ", "Next: ", next, ".");
  return out;
}

Error with_code(Error error, Code code) {
  error.code = code;
  return error;
}

Error with_token(Error error, std::string_view token) {
  error.token = token;
  return error;
}

Error with_context(Error error, std::string_view context) {
  error.message = cat(context, ": ", error.message);
  return error;
}

}  // namespace cortex
