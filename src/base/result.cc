#include "base/result.h"

#include "base/text.h"

namespace cortex {

std::string Error::text() const {
  std::string out;
  for (const std::string* part : {&message, &unchanged, &next}) {
    if (part->empty()) continue;
    if (!out.empty()) out += ' ';
    out += *part;
    if (!out.ends_with('.')) out += '.';
  }
  return out;
}

Error with_code(Error error, Code code) {
  error.code = code;
  return error;
}

Error with_context(Error error, std::string_view context) {
  error.message = cat(context, ": ", error.message);
  return error;
}

}  // namespace cortex
