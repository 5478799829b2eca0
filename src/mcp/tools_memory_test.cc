// The tools that write and judge memories, through the protocol.
#include <gmock/gmock.h>

#include "mcp/mcp_fixture.h"

namespace cortex::mcp {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MemoryTools : public McpTest {
 protected:
  void SetUp() override {
    McpTest::SetUp();
    shake_hands("2025-06-18");
  }
  std::string note(std::string_view claim, std::string_view more = "") {
    const auto reply = call("cortex_memory_note", cat("{\"claim\":\"", claim, "\"", more, "}"));
    const json::Value id = at(reply, "result.structuredContent.memory_id");
    EXPECT_NE(id.as_string(), nullptr) << json::write_compact(reply);
    return id.as_string() == nullptr ? "" : *id.as_string();
  }
  std::string found(std::string_view tool, std::string_view arguments, std::string_view path) {
    return text_at(call(tool, arguments), cat("result.structuredContent.", path));
  }
  std::string token() const { return confirmation_.token(); }
};

TEST_F(MemoryTools, AClientsNoteHasItsCeiling_NotAnOperators) {
  note("The release branch is called stable.", R"(,"domains":["git"])");
  const std::string results = found("cortex_search", R"({"query":"release branch"})", "results");
  EXPECT_THAT(results, HasSubstr("\"claim_ceiling\":\"local_unsigned\""));
  const json::Value log = call("cortex_log", R"({"limit":1})");
  EXPECT_THAT(json::write_compact(log), HasSubstr("mcp: t 1"));
  const std::string id = note("The build server is called Anna.");
  EXPECT_THAT(found("cortex_memory_why", cat("{\"memory_id\":\"", id, "\"}"), "reasons"),
              HasSubstr("authority.agent"));
}

TEST_F(MemoryTools, RefusalsSpeakOfArgumentsAndNotOfFlags) {
  const std::string id = note("The build server is called Anna.");
  const auto refused = [&](std::string_view tool, const std::string& arguments) {
    return text_at(call(tool, arguments), "error.message");
  };
  EXPECT_THAT(refused("cortex_memory_why", cat(R"({"as_of":"x","memory_id":")", id, "\"}")),
              StartsWith("\"as_of "));
  EXPECT_THAT(refused("cortex_log", R"({"since":"x"})"), StartsWith("\"since "));
  EXPECT_THAT(refused("cortex_recall", R"({"query":"q","kind":"x"})"), StartsWith("\"kind "));
}

TEST_F(MemoryTools, NotesCanBeMadeToWait) {
  settings_.notes_wait = true;
  note("Deploys happen on Tuesdays.");
  EXPECT_EQ(found("cortex_memory_list", "{}", "total"), "0");
  EXPECT_EQ(found("cortex_search", R"({"query":"deploys"})", "count"), "0");
  EXPECT_EQ(found("cortex_session_commit", cat(R"({"confirmation_token":")", token(), "\"}"),
                  "committed"),
            "1");
  EXPECT_EQ(found("cortex_memory_list", "{}", "total"), "1");
}

TEST_F(MemoryTools, WhatTakesAwayNeedsTheToken) {
  const std::string old = note("The port is 80.");
  const std::string other = note("Another thing altogether, about cats.");
  const std::string ledger =
      text_at(call("cortex_audit_verify", "{}"), "result.structuredContent.chain_length");
  const std::string id = cat("\"memory_id\":\"", old, "\"");
  for (const auto& [tool, more] :
       {std::pair{"cortex_memory_reject", std::string()},
        {"cortex_memory_correct", std::string(R"(,"claim":"The port is 8080.")")},
        {"cortex_memory_supersede", cat(",\"by\":\"", other, "\"")},
        {"cortex_memory_accept", std::string()}}) {
    EXPECT_EQ(text_at(call(tool, cat("{", id, more, "}")), "error.code"), "-32602") << tool;
    EXPECT_EQ(text_at(call(tool, cat("{", id, more, R"(,"confirmation_token":""})")), "error.code"),
              "-32602");
    EXPECT_THAT(
        text_at(call(tool, cat(R"({"memory_id":"")", more, R"(,"confirmation_token":"X"})")),
                "error.message"),
        HasSubstr("memory_id"))
        << tool;
  }
  EXPECT_EQ(text_at(call("cortex_audit_verify", "{}"), "result.structuredContent.chain_length"),
            ledger);
  const std::string with_token = cat(R"(,"confirmation_token":")", token(), "\"");
  const json::Value corrected = call(
      "cortex_memory_correct", cat("{", id, R"(,"claim":"The port is 8080.")", with_token, "}"));
  EXPECT_EQ(text_at(corrected, "result.structuredContent.corrects"), cat("\"", old, "\""));
  EXPECT_EQ(
      found("cortex_memory_reject",
            cat("{\"memory_id\":\"", other, "\"", with_token, R"(,"reason":"off topic"})"), "to"),
      "\"rejected\"");
  EXPECT_EQ(found("cortex_memory_list", "{}", "total"), "1");
}

TEST_F(MemoryTools, AContradictionKeepsBothSidesOut) {
  const std::string left = note("The cache is Redis, on host one.");
  const std::string right = note("No cache is in use anywhere.");
  EXPECT_EQ(found("cortex_contradiction_add",
                  cat("{\"left\":\"", left, "\",\"right\":\"", right, "\"}"), "status"),
            "\"unresolved\"");
  EXPECT_EQ(found("cortex_memory_contradictions", "{}", "count"), "1");
  EXPECT_EQ(found("cortex_context", "{}", "excluded_count"), "2");
  EXPECT_EQ(found("cortex_suggest", "{}", "suggestions"), "[]");
  EXPECT_EQ(found("cortex_search", R"({"query":"cache"})", "left_out"), "2");
}

TEST_F(MemoryTools, ContextFillsItsBudget_AndNamesTheRest) {
  for (int i = 0; i < 30; ++i) {
    note(cat("Fact ", i, " about parser number ", i * 7, " of the compiler."));
  }
  const json::Value reply = call("cortex_context", R"({"max_tokens":600,"query":"parser"})");
  EXPECT_THAT(text_at(reply, "result.structuredContent.exclusions"), HasSubstr("token_budget"));
  EXPECT_FALSE(at(reply, "result.structuredContent.entries").as_array()->empty());
  EXPECT_EQ(text_at(call("cortex_context", R"({"domains":null})"), "error.code"), "-32602");
}

TEST_F(MemoryTools, DomainsAndOutcomes) {
  const std::string id = note("Branches are named after issues.");
  const std::string tag = cat("{\"memory_id\":\"", id, R"(","tag":"git"})");
  EXPECT_EQ(found("cortex_memory_tag_add", tag, "added"), "true");
  EXPECT_EQ(found("cortex_memory_tag_add", tag, "added"), "false");
  EXPECT_EQ(found("cortex_memory_tag_remove", tag, "removed"), "true");
  const std::string outcome =
      cat("{\"memory_id\":\"", id, R"(","session_id":"s","result":"helpful"})");
  EXPECT_EQ(found("cortex_memory_outcome", outcome, "use_count"), "1");
  EXPECT_EQ(found("cortex_memory_outcome", outcome, "use_count"), "2");
  EXPECT_THAT(found("cortex_proof", cat("{\"memory_id\":\"", id, "\"}"), "proof_state"),
              HasSubstr("full_chain_verified"));
  EXPECT_THAT(found("cortex_memory_history", cat("{\"memory_id\":\"", id, "\"}"), "versions"),
              HasSubstr("memory.tag.add"));
}

}  // namespace
}  // namespace cortex::mcp
