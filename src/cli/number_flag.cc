#include "cli/number_flag.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace cortex::cli {
namespace {

Error no_number(std::string_view name, std::string_view text) {
  return make_error(Code::kUsage, cat("--", name, " ", quoted(text), " is no number"),
                    "no state was changed", cat("give --", name, " a number"));
}

template <class T>
Result<T> number(std::string_view name, const std::string& text) {
  T value{};
  if (text.starts_with("+-")) return no_number(name, text);
  // A plus is none of from_chars()'s.
  const char* const begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(begin, end, value);
  if (failure != std::errc() || stop != end) return no_number(name, text);
  return value;
}

}  // namespace

Result<double> number_flag(const Invocation& flags, std::string_view name, double otherwise) {
  const auto text = flags.optional(name);
  if (!text) return otherwise;
  return number<double>(name, *text);
}

Result<std::optional<std::uint64_t>> count_flag(const Invocation& flags, std::string_view name) {
  const auto text = flags.optional(name);
  if (!text) return std::optional<std::uint64_t>();
  CORTEX_ASSIGN(const std::uint64_t count, number<std::uint64_t>(name, *text));
  return std::optional(count);
}

Result<std::int64_t> integer_flag(const Invocation& flags, std::string_view name,
                                  std::int64_t otherwise) {
  const auto text = flags.optional(name);
  if (!text) return otherwise;
  return number<std::int64_t>(name, *text);
}

std::string shortest(double number) {
  std::array<char, 400> buffer;  // the longest is some 330 characters
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed)
          .ptr;
  return {buffer.data(), end};
}

}  // namespace cortex::cli
