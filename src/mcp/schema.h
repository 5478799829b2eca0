// Shapes of arguments and results as data, and the JSON Schema (2020-12) made from them.
#pragma once

#include <span>
#include <string_view>

#include "json/value.h"

namespace cortex::mcp {

enum class Type {
  kText,
  kWhole,  // integer from 0 on
  kNumber,
  kSwitch,
  kTexts,    // array of strings
  kArray,    // array of anything
  kObject,   // of `members`, open
  kObjects,  // array of such objects
  kAny,
};

struct Field {
  std::string_view name;
  Type type = Type::kText;
  std::string_view about = {};
  bool required = false;  // of an argument; of a result: always there
  bool nullable = false;
  std::string_view more = {};  // further keywords as JSON members: "\"maximum\":100,\"default\":20"
  std::span<const std::string_view> choices = {};
  std::span<const Field> members = {};
};

// An open object schema: clients may send and must expect members that are not named.
json::Object object_schema(std::span<const Field> fields);

}  // namespace cortex::mcp
