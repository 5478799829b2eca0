// Runs commands in this process on a private data folder, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/fs/test_dir.h"
#include "base/test_seams.h"
#include "base/text.h"
#include "base/ulid.h"
#include "cli/handlers.h"
#include "cli/parse.h"

namespace cortex::cli {

class CliTest : public testing::Test {
 protected:
  // `words` follow `cortex`. What the parser itself answers comes back as an Outcome too.
  Outcome run(const std::vector<std::string>& words) {
    std::vector<const char*> argv = {"cortex"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    Parsed parsed = parse(static_cast<int>(argv.size()), argv.data(), "cmd_1_1");
    if (const auto* exit = std::get_if<Exit>(&parsed)) {
      return {.code = exit->code, .text = exit->out, .diagnostics = exit->err};
    }
    const Invocation& invocation = std::get<Invocation>(parsed);
    const Context context{services_, environment_, terminal_, invocation, &server_};
    if (invocation.print_config) return run_print_config(context);
    return find_handler(invocation.command->path)->run(context);
  }
  void run_well(const std::vector<std::string>& words) {
    const Outcome outcome = run(words);
    ASSERT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  }

  static std::string id_of(std::uint64_t n) { return cat("evt_", Ulid{1ULL << 40U, n}.text()); }
  static std::string event(std::uint64_t n, std::string_view payload = "{}",
                           std::string_view source = "{\"type\":\"runtime\"}") {
    return cat("{\"id\":\"", id_of(n),
               "\",\"schema_version\":2,\"observed_at\":\"2026-01-01T12:00:00Z\","
               "\"recorded_at\":\"2026-01-01T12:00:01Z\",\"source\":",
               source,
               ",\"event_type\":\"cortex.event.system_note.v1\",\"trace_id\":null,"
               "\"session_id\":\"s-1\",\"domain_tags\":[],\"payload\":",
               payload, ",\"payload_hash\":\"\",\"prev_event_hash\":null,\"event_hash\":\"\"}");
  }
  std::string session(std::string_view text) {
    std::string path = folder_ / "session.json";
    put(path, text);
    return path;
  }
  // A store and a ledger with the events 1, 2 and 3.
  void fill() {
    run_well({"init"});
    run_well({"ingest", session(cat("[", event(1), ",", event(2), ",", event(3), "]"))});
  }
  // Another payload in row 2, whose hashes stay.
  void break_chain() {
    std::string text = get(log_);
    const std::size_t at = text.find("\"payload\":{}", text.find('\n'));
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 12, "\"payload\":[]");
    put(log_, text);
  }

  std::string get(const std::string& path) { return fs::read_all(fs_, path, 1U << 30).value(); }
  void put(const std::string& path, std::string_view bytes) {
    static_cast<void>(fs_.remove_file(path).ok());
    const Status written = fs::write_new(fs_, path, bytes, 0600);
    ASSERT_TRUE(written.ok()) << written.error().text();
  }
  static std::string text_of(const json::Value& report, std::string_view key) {
    const json::Value* value = report.find(key);
    return value == nullptr || value->as_string() == nullptr ? "" : *value->as_string();
  }
  static std::uint64_t count_of(const json::Value& report, std::string_view key) {
    const json::Value* value = report.find(key);
    return value == nullptr || value->as_number() == nullptr ? ~0ULL : value->as_number()->u;
  }
  static std::vector<std::string> keys_of(const json::Value& report) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : *report.as_object()) keys.push_back(key);
    return keys;
  }

  fs::TestDir folder_;
  fs::FileSystem& fs_ = fs::posix();
  StoppedClock clock_;
  CountingRandom random_;
  app::Services services_{fs_, clock_, random_};
  std::string data_ = folder_ / "data";
  std::string db_ = fs::join(data_, "cortex.db");
  std::string log_ = fs::join(data_, "events.jsonl");
  app::Environment environment_{{{"CORTEX_DATA_DIR", data_}}, ""};
  Terminal terminal_;  // no terminal at all
  app::Server server_ = [](app::Services&, const app::ServeRequest&) { return Code::kOk; };
};

}  // namespace cortex::cli
