#include "mcp/schema.h"

#include <string>

#include "base/check.h"
#include "base/text.h"

namespace cortex::mcp {
namespace {

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kText:
      return "string";
    case Type::kWhole:
      return "integer";
    case Type::kNumber:
      return "number";
    case Type::kSwitch:
      return "boolean";
    case Type::kTexts:
    case Type::kArray:
    case Type::kObjects:
      return "array";
    case Type::kObject:
    case Type::kAny:
      break;
  }
  return "object";
}

void add_members(json::Object& schema, std::span<const Field> fields);

json::Object field_schema(const Field& field) {
  json::Object schema;
  if (field.type != Type::kAny) {
    const std::string_view name = type_name(field.type);
    schema.add("type", field.nullable ? json::Value(json::Array{name, "null"}) : json::Value(name));
  }
  if (!field.about.empty()) schema.add("description", field.about);
  if (field.type == Type::kWhole) schema.add("minimum", 0);
  if (!field.choices.empty()) {
    schema.add("enum", json::Array(field.choices.begin(), field.choices.end()));
  }
  if (field.type == Type::kTexts) schema.add("items", json::Object{{"type", "string"}});
  if (field.type == Type::kObjects) {
    json::Object items{{"type", "object"}};
    add_members(items, field.members);
    schema.add("items", std::move(items));
  }
  if (field.type == Type::kObject) add_members(schema, field.members);
  if (!field.more.empty()) {
    auto more = json::parse(cat("{", field.more, "}"));
    CORTEX_CHECK(more.ok());
    for (auto& [key, value] : *more->as_object()) schema.set(key, std::move(value));
  }
  return schema;
}

void add_members(json::Object& schema, std::span<const Field> fields) {
  json::Object properties;
  json::Array required;
  for (const Field& field : fields) {
    properties.add(std::string(field.name), field_schema(field));
    if (field.required) required.emplace_back(field.name);
  }
  if (!fields.empty()) schema.add("properties", std::move(properties));
  if (!required.empty()) schema.add("required", std::move(required));
  schema.add("additionalProperties", true);
}

}  // namespace

json::Object object_schema(std::span<const Field> fields) {
  json::Object schema{{"$schema",
                       "https"
                       "://json-schema.org/draft/2020-12/schema"},
                      {"type", "object"}};
  add_members(schema, fields);
  return schema;
}

}  // namespace cortex::mcp
