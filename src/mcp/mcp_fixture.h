// A server on a private data folder, without a process around it, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/init.h"
#include "app/serve.h"
#include "base/fs/test_dir.h"
#include "base/test_seams.h"
#include "base/text.h"
#include "json/value.h"
#include "mcp/dispatcher.h"

namespace cortex::mcp {

class McpTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(app::init(services_, layout_, false).ok());
    ASSERT_TRUE(app::prepare_store(services_, layout_).ok());
  }

  // The reply to one message, parsed; null for a reply without text.
  json::Value ask(std::string_view line) {
    std::promise<std::string> replied;
    dispatcher_.handle(decode_message(line), connection_,
                       [&](std::string text) { replied.set_value(std::move(text)); });
    const std::string text = replied.get_future().get();
    return text.empty() ? json::Value() : json::parse(text).value();
  }
  json::Value request(std::string_view method, std::string_view params) {
    return ask(cat(R"({"jsonrpc":"2.0","id":1,"method":")", method, "\",\"params\":", params, "}"));
  }
  // The result must fit the schema that the tool gives.
  json::Value call(std::string_view tool, std::string_view arguments) {
    json::Value reply =
        request("tools/call", cat("{\"name\":\"", tool, "\",\"arguments\":", arguments, "}"));
    const json::Value result = at(reply, "result.structuredContent");
    const Tool* row = find_tool(tool);
    if (row != nullptr && !result.is_null()) expect_fits(row->gives, result, std::string(tool));
    return reply;
  }
  static bool fits(const Field& field, const json::Value& value) {
    switch (field.type) {
      case Type::kText:
        return value.as_string() != nullptr;
      case Type::kWhole:
        return value.as_unsigned().has_value();
      case Type::kNumber:
        return value.as_number() != nullptr;
      case Type::kSwitch:
        return value.as_bool() != nullptr;
      case Type::kTexts:
      case Type::kArray:
      case Type::kObjects:
        return value.as_array() != nullptr;
      case Type::kObject:
        return value.as_object() != nullptr;
      case Type::kAny:
        break;
    }
    return true;
  }
  static void expect_fits(std::span<const Field> fields, const json::Value& object,
                          const std::string& where) {
    for (const Field& field : fields) {
      const std::string path = cat(where, ".", field.name);
      const json::Value* value = object.find(field.name);
      EXPECT_TRUE(value != nullptr || !field.required) << path << " is missing";
      if (value == nullptr || (value->is_null() && field.nullable)) continue;
      EXPECT_TRUE(fits(field, *value)) << path << ": " << json::write_compact(*value);
      if (field.type == Type::kObject) expect_fits(field.members, *value, path);
      if (field.type != Type::kObjects || value->as_array() == nullptr) continue;
      for (const json::Value& row : *value->as_array()) expect_fits(field.members, row, path);
    }
  }
  void shake_hands(std::string_view revision) {
    request("initialize", cat("{\"protocolVersion\":\"", revision,
                              R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}})"));
  }
  static std::string stateless(std::string_view rest = "") {
    return cat(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)",
               R"("io.modelcontextprotocol/clientCapabilities":{}})", rest.empty() ? "" : ",", rest,
               "}");
  }

  // The member at a path such as "error.code", or null.
  static json::Value at(const json::Value& value, std::string_view path) {
    const json::Value* here = &value;
    for (const std::string_view key : split(path, '.')) {
      here = here->find(key);
      if (here == nullptr) return {};
    }
    return *here;
  }
  static std::string text_at(const json::Value& value, std::string_view path) {
    return json::write_compact(at(value, path));
  }

  // The log of the dispatcher; its workers write it.
  void log(std::string_view line) {
    const std::lock_guard lock(log_lock_);
    logged_.emplace_back(line);
  }
  std::vector<std::string> logged() {
    const std::lock_guard lock(log_lock_);
    return logged_;
  }

  fs::TestDir folder_;
  StoppedClock clock_;
  app::Services services_{fs::posix(), clock_, system_random()};
  app::Layout layout_ = app::layout_in(folder_ / "data");
  app::Environment environment_{};
  app::AgentSettings settings_{};
  Confirmation confirmation_{system_random(), false};
  Host host_{services_, environment_, layout_, settings_, confirmation_};
  Connection connection_;
  std::mutex log_lock_;
  std::vector<std::string> logged_;
  Scheduler scheduler_{2};
  Dispatcher dispatcher_{host_, scheduler_, [this](std::string_view line) { log(line); }};
};

}  // namespace cortex::mcp
