#include "app/reflect.h"

#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/fixtures.h"
#include "app/trace_events.h"
#include "net/http_fixture.h"
#include "reflect/prompt.h"

namespace cortex::app {
namespace {

constexpr std::string_view kTrace = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV";

class ReflectTest : public AppTest {
 protected:
  ReflectTest() { environment_.vars = {{"CORTEX_DATA_DIR", live_}}; }
  core::Event said(std::uint64_t n, std::string payload) {
    core::Event out = event(n);
    out.type = core::EventType::kAgentResponse;
    out.source = {core::SourceType::kChildAgent, "m"};
    out.trace_id = Ulid::parse(kTrace.substr(4));
    out.payload = std::move(payload);
    return out;
  }
  static llm::Response response(std::string text) {
    llm::Response out;
    out.text = std::move(text);
    out.model = "m";
    out.raw_hash = "00";
    return out;
  }

  Environment environment_;
};

TEST(FixtureIndex, IsWrittenSortedAndReadBack) {
  const std::string text = fixture_index_text({{"b \"x\".json", "02"}, {"a.json", "01"}});
  const auto read = parse_fixture_index(text);
  ASSERT_TRUE(read.ok()) << text;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(0).path, "a.json");
  EXPECT_EQ(read->at(1).path, "b \"x\".json");
}

TEST(FixtureIndex, OtherKeysAreIgnoredAndOtherShapesRefused) {
  EXPECT_TRUE(parse_fixture_index("").ok());
  EXPECT_TRUE(
      parse_fixture_index("x = 1\n[[fixture]]\npath = \"a\"\nblake3 = \"b\"\ny = 2\n").ok());
  for (const char* text : {"[[fixture", "fixture = 1", "[[fixture]]\npath = \"a\"\n",
                           "[[fixture]]\npath = 1\nblake3 = \"b\"\n", "fixture = [1]"}) {
    const auto read = parse_fixture_index(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, Code::kQuarantined);
  }
}

TEST_F(ReflectTest, TheFlagComesBeforeTheVariableBeforeTheDataFolder) {
  EXPECT_EQ(fixtures_dir(environment_, {}).value(), fs::join(live_, "fixtures"));
  environment_.vars["CORTEX_FIXTURES_DIR"] = "";
  EXPECT_EQ(fixtures_dir(environment_, {}).value(), "");
  EXPECT_EQ(fixtures_dir(environment_, "f").value(), "f");
}

TEST_F(ReflectTest, EventsOfATraceComeInTheOrderOfTheLedger) {
  append({said(1, R"({"text":"a"})"), event(2), said(3, R"({"cortex_operation":{}})"),
          said(4, R"({"text":"b"})")});
  mirror();
  sqlite::Connection db = connect();
  const auto events = events_of_trace(db, std::string(kTrace));
  ASSERT_TRUE(events.ok()) << events.error().text();
  ASSERT_EQ(events->size(), 2U);  // no other trace, and no operation
  EXPECT_EQ(events->at(0).id, id_of(1));
  EXPECT_EQ(events->at(1).id, id_of(4));
  EXPECT_EQ(reflect::text_of(events->at(1).payload), "b");
  EXPECT_EQ(events->at(1).source.name, "m");
}

TEST_F(ReflectTest, RulesReadTheStoreAndChangeNothing) {
  append({said(1, R"({"text":"We decided to test."})")});
  mirror();
  ASSERT_TRUE(reflect(services_, environment_, {std::string(kTrace), ReflectBy::kNone}).ok());
  const auto before = state_of(live_);
  const auto report = reflect(services_, environment_, {std::string(kTrace), ReflectBy::kNone});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(*report->document.find_text("claim_ceiling"), "dev_only");
  EXPECT_NE(json::write_compact(report->document).find("We decided to test."), std::string::npos);
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(ReflectTest, WhatWasRecordedAnswersBothCommands) {
  const std::string folder = folder_ / "fx";
  ASSERT_TRUE(record_fixtures(services_, folder, kTrace, response("{}")).ok());
  const auto model = open_fixtures_in(services_, folder);
  ASSERT_TRUE(model.ok()) << model.error().text();
  EXPECT_TRUE((*model)->complete(reflect::reflect_request(kTrace)).ok());
  EXPECT_TRUE((*model)->complete(reflect::close_request(kTrace)).ok());
  EXPECT_EQ(code_of(record_fixtures(services_, folder, kTrace, response("{}"))),
            Code::kPrecondition);
}

TEST_F(ReflectTest, RecordingDoesNotVouchForWhatOthersChanged) {
  const std::string folder = folder_ / "fx";
  ASSERT_TRUE(record_fixtures(services_, folder, kTrace, response("{}")).ok());
  put(fs::join(folder, cat(kTrace, "-close.json")), "{}");
  const std::string index = get(fs::join(folder, llm::kFixtureIndexName));
  EXPECT_EQ(
      code_of(record_fixtures(services_, folder, "trc_01ARZ3NDEKTSV4RRFFQ69G5FAX", response("{}"))),
      Code::kQuarantined);
  EXPECT_EQ(get(fs::join(folder, llm::kFixtureIndexName)), index);
}

}  // namespace
}  // namespace cortex::app
