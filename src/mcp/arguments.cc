#include "mcp/arguments.h"

#include <algorithm>
#include <utility>

#include "app/memory_work.h"
#include "base/text.h"

namespace cortex::mcp {
Error bad_argument(std::string message) {
  return make_error(Code::kUsage, std::move(message), "nothing was changed",
                    "correct the argument; tools/list has the schema");
}

Result<std::string> Arguments::text(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr) return bad_argument(cat(name, " parameter is required"));
  if (value->as_string() == nullptr) return bad_argument(cat(name, " must be a string"));
  return *value->as_string();
}

Result<std::string> Arguments::filled_text(std::string_view name) const {
  CORTEX_ASSIGN(std::string value, text(name));
  if (is_blank(value)) return bad_argument(cat(name, " must not be blank"));
  return value;
}

Result<std::string> Arguments::memory_id(std::string_view name) const {
  CORTEX_ASSIGN(const std::string value, text(name));
  auto id = app::id_argument(core::IdKind::kMemory, value);
  if (!id.ok()) {
    return bad_argument(cat(name, " ", quoted(value), " is no id of a memory (mem_...)"));
  }
  return id;
}

Result<std::optional<std::string>> Arguments::optional_text(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr || value->is_null()) return std::optional<std::string>();
  if (value->as_string() == nullptr) return bad_argument(cat(name, " must be a string"));
  return std::optional<std::string>(*value->as_string());
}

Result<std::optional<std::string>> Arguments::optional_trimmed(std::string_view name) const {
  CORTEX_TRY(optional_text(name));
  return loose_trimmed(name);
}

std::optional<std::string> Arguments::loose_text(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr || value->as_string() == nullptr) return std::nullopt;
  return *value->as_string();
}

std::optional<std::string> Arguments::loose_trimmed(std::string_view name) const {
  const auto value = loose_text(name);
  if (!value || is_blank(*value)) return std::nullopt;
  return std::string(trim(*value));
}

Result<std::size_t> Arguments::whole(std::string_view name, std::size_t otherwise, std::size_t cap,
                                     bool null_is_absent) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr || (value->is_null() && null_is_absent)) return otherwise;
  const auto number = value->as_unsigned();
  if (!number) {
    return bad_argument(cat(name, " must be a whole number from 0 on"));
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(*number, cap));
}

Result<std::optional<double>> Arguments::number(std::string_view name) const {
  const json::Value* value = object_.find(name);
  if (value == nullptr || value->is_null()) return std::optional<double>();
  if (value->as_number() == nullptr) return bad_argument(cat(name, " must be a number"));
  return std::optional<double>(json::to_double(*value->as_number()));
}

bool Arguments::flag(std::string_view name) const {
  const json::Value* value = object_.find(name);
  return value != nullptr && value->as_bool() != nullptr && *value->as_bool();
}

Result<std::optional<std::vector<std::string>>> Arguments::texts(std::string_view name,
                                                                 bool null_is_absent) const {
  using Texts = std::optional<std::vector<std::string>>;
  const json::Value* value = object_.find(name);
  if (value == nullptr || (value->is_null() && null_is_absent)) return Texts();
  const json::Array* array = value->as_array();
  if (array == nullptr) return bad_argument(cat(name, " must be an array of strings"));
  Texts out{std::in_place};
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string* text = (*array)[i].as_string();
    if (text == nullptr) return bad_argument(cat(name, "[", i, "] must be a string"));
    out->push_back(*text);
  }
  return out;
}

}  // namespace cortex::mcp
