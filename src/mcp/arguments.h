// The arguments of a tool call, read with the refusals that docs/formats.md promises. Every error
// is kUsage and names the argument.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace cortex::mcp {

Error bad_argument(std::string message);

class Arguments {
 public:
  // `object` is kept by reference.
  explicit Arguments(const json::Object& object) : object_(object) {}

  // A required string, as it is. Errors: missing or no string.
  Result<std::string> text(std::string_view name) const;
  // A required string that is not blank, as it is.
  Result<std::string> filled_text(std::string_view name) const;
  // The id of a memory, whatever its letters' case.
  Result<std::string> memory_id(std::string_view name) const;
  // Absent or null: nullopt. Another type: an error.
  Result<std::optional<std::string>> optional_text(std::string_view name) const;
  // As optional_text(), trimmed; blank is absent.
  Result<std::optional<std::string>> optional_trimmed(std::string_view name) const;
  // A string; null and other types count as absent, as in reference 0.1.2.
  std::optional<std::string> loose_text(std::string_view name) const;
  // As loose_text(), trimmed; blank is absent.
  std::optional<std::string> loose_trimmed(std::string_view name) const;
  // A whole number from 0 on, at most `cap` (larger ones count as `cap`). Absent: `otherwise`; null
  // too when `null_is_absent`.
  Result<std::size_t> whole(std::string_view name, std::size_t otherwise, std::size_t cap,
                            bool null_is_absent = true) const;
  // A number or null.
  Result<std::optional<double>> number(std::string_view name) const;
  // Absent, null and other types count as false, as in reference 0.1.2.
  bool flag(std::string_view name) const;
  // An array of strings. Absent: nullopt; null too when `null_is_absent`.
  Result<std::optional<std::vector<std::string>>> texts(std::string_view name,
                                                        bool null_is_absent = true) const;
  const json::Value* find(std::string_view name) const { return object_.find(name); }

 private:
  const json::Object& object_;
};

}  // namespace cortex::mcp
