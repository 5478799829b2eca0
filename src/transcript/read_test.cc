#include "transcript/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "transcript/text_fixture.h"

namespace cortex::transcript {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string sample(const std::string& name) {
  std::ifstream file(std::string(CORTEX_TEST_DATA) + "/import/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Reading {
  Counts counts;
  std::vector<Turn> turns;

  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const Turn& turn : turns) {
      const std::string* text =
          turn.payload.find("text") == nullptr ? nullptr : turn.payload.find("text")->as_string();
      out.push_back(cat(core::source_type_text(turn.source.type), " ",
                        core::event_type_short(turn.type), " ", turn.source.name, ": ",
                        text == nullptr ? std::string("-") : *text));
    }
    return out;
  }
  std::vector<std::string> claims() const {
    std::vector<std::string> out;
    for (const Turn& turn : turns) {
      for (const Proposal& one : turn.proposals) out.push_back(one.claim);
    }
    return out;
  }
};

Result<Reading> read_text(Format format, const std::string& text) {
  const ReadAt read = reader_of(text);
  Reading reading;
  CORTEX_ASSIGN(reading.counts, read_transcript(format, read, "file", [&](Turn&& turn) {
                  reading.turns.push_back(std::move(turn));
                  return Status();
                }));
  return reading;
}

Reading read_sample(const std::string& name, Format expected) {
  const std::string text = sample(name);
  EXPECT_EQ(detect_format(std::string_view(text).substr(0, 65'536), name), expected) << name;
  auto reading = read_text(expected, text);
  EXPECT_TRUE(reading.ok()) << reading.error().text();
  std::set<Ulid> ids;
  for (const Turn& turn : reading->turns) {
    EXPECT_TRUE(ids.insert(turn.id).second) << turn.id.text();
    EXPECT_FALSE(turn.session.empty());
  }
  EXPECT_EQ(reading->counts.turns, reading->turns.size());
  // Once more: the same ids.
  const auto again = read_text(expected, text);
  for (std::size_t i = 0; i < reading->turns.size(); ++i) {
    EXPECT_EQ(reading->turns[i].id, again->turns[i].id);
  }
  return *std::move(reading);
}

TEST(ReadTest, ClaudeCode) {
  const Reading reading = read_sample("claude-code.jsonl", Format::kClaudeCode);
  EXPECT_THAT(
      reading.told(),
      ElementsAre("runtime system_note : -",
                  "user user_message : Please fix the failing checkout test. Always run the linter"
                  " before you commit.",
                  "child_agent agent_response claude-sonnet-4-5: -",
                  "child_agent agent_response claude-sonnet-4-5: I will look at the test first.",
                  "tool tool_call Read: -", "tool tool_result Read: -",
                  "child_agent agent_response claude-sonnet-4-5: Decision: prices are kept as whole"
                  " cents from now on.",
                  "tool tool_call Bash: -", "tool tool_result Bash: -",
                  "user user_message : Actually, the currency is euro, not dollar. We decided to"
                  " round half up.",
                  "runtime system_note : <command-name>/clear</command-name>",
                  "runtime system_note : -", "runtime system_note : -"));
  EXPECT_EQ(reading.counts.unknown, 1U);
  EXPECT_EQ(reading.counts.malformed, 1U);
  EXPECT_EQ(reading.turns[1].session, "5b6f5f0e-3f0e-4a0e-9f3e-0c1d2e3f4a5b");
  EXPECT_EQ(format_rfc3339(reading.turns[3].at, Offset::kZ), "2026-03-02T09:00:04.120Z");
  EXPECT_EQ(reading.turns[3].id.created_at(), reading.turns[3].at);
}

TEST(ReadTest, Chat) {
  const Reading reading = read_sample("chat.jsonl", Format::kChat);
  EXPECT_THAT(
      reading.told(),
      ElementsAre("runtime system_note : You are terse.", "user user_message : Where do we deploy?",
                  "tool tool_call lookup: -", "tool tool_result lookup: -",
                  "child_agent agent_response gpt-4o: To eu-west.", "user user_message : Thanks",
                  "child_agent agent_response unknown: Welcome", "runtime system_note : -"));
  EXPECT_EQ(reading.turns[5].session, "share-1");
  EXPECT_EQ(reading.counts.unknown, 1U);
}

TEST(ReadTest, ChatGpt) {
  const Reading reading = read_sample("conversations.json", Format::kChatGpt);
  EXPECT_THAT(reading.told(),
              ElementsAre("runtime system_note : -",
                          "user user_message : Remember that the gateway listens on 8443.",
                          "child_agent agent_response gpt-4o: Noted: port 8443.",
                          "tool tool_result browser: -"));
  EXPECT_EQ(reading.turns[1].at, (Timestamp{1'772'618'401, 500'000'000}));
}

TEST(ReadTest, Markdown) {
  const Reading reading = read_sample("dialogue.md", Format::kMarkdown);
  EXPECT_THAT(reading.told(),
              ElementsAre("runtime system_note : ",
                          "user user_message : Let's use blue-green deploys.\n\n```\n## Assistant\n"
                          "this is code, not a heading\n```",
                          "child_agent agent_response markdown: Agreed. I will write it down.",
                          "user user_message : Never deploy on Friday.",
                          "runtime system_note : Everything else stays as it is."));
}

TEST(ReadTest, GitLog) {
  const Reading reading = read_sample("history.log", Format::kGitLog);
  ASSERT_EQ(reading.turns.size(), 2U);
  EXPECT_EQ(*reading.turns[0].payload.find("message")->as_string(),
            "Keep prices as cents\n\nFloats do not add up.");
  EXPECT_THAT(*reading.turns[0].payload.find("changes")->as_string(), HasSubstr("checkout.py"));
  EXPECT_EQ(format_rfc3339(reading.turns[0].at, Offset::kZ), "2026-03-03T10:00:00Z");
  EXPECT_EQ(format_rfc3339(reading.turns[1].at, Offset::kZ), "2026-03-02T09:00:00Z");
}

TEST(ReadTest, MemoriesOfOtherPrograms) {
  EXPECT_THAT(read_sample("memory.jsonl", Format::kMcpMemory).claims(),
              ElementsAre("gateway: listens on 8443", "gateway: is written in Go",
                          "Ada: prefers small commits", "Ada maintains gateway"));
  const Reading mem0 = read_sample("mem0.json", Format::kMem0);
  EXPECT_THAT(mem0.claims(), ElementsAre("Likes tea in the morning"));  // the other was deleted
  EXPECT_THAT(mem0.turns[0].proposals[0].tags, ElementsAre("food", "habits"));
  EXPECT_EQ(mem0.counts.unknown, 1U);
  EXPECT_THAT(read_sample("claude-mem.json", Format::kClaudeMem).claims(),
              ElementsAre("Prices are whole cents", "Rounding is half up", "Floats do not add up"));
  const Reading note = read_sample("note.md", Format::kBasicMemory);
  EXPECT_THAT(
      note.claims(),
      ElementsAre("Gateway: Listens on 8443 (checked in staging)", "Gateway: Terminates TLS itself",
                  "Gateway depends_on Shop", "Gateway relates_to Certificates"));
  EXPECT_THAT(note.turns[0].proposals[0].tags, ElementsAre("infra", "go", "fact", "port"));
}

TEST(ReadTest, OneRecordALineIsMem0Too) {
  const auto reading = read_text(
      Format::kMem0, "{\"id\":\"1\",\"content\":\"a\"}\n{\"id\":\"2\",\"content\":\"b\"}\n");
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(reading->claims(), ElementsAre("a", "b"));
}

TEST(ReadTest, HostileBytesAreKeptAndCounted) {
  const std::string deep(4'000, '[');
  const auto reading =
      read_text(Format::kClaudeCode, cat("\xff\xfe\n", deep, "\n{\"type\":5}\n\n{}\n"));
  ASSERT_TRUE(reading.ok()) << reading.error().text();
  EXPECT_EQ(reading->counts.malformed, 2U);
  EXPECT_EQ(reading->counts.unknown, 2U);
  EXPECT_EQ(reading->counts.empty, 1U);
  EXPECT_NE(reading->turns[0].payload.find("raw_base64"), nullptr);
}

TEST(ReadTest, AByteOrderMarkIsNoPartOfTheText) {
  const std::string note = "---\ntitle: Gateway\npermalink: g\n---\n- [fact] Listens on 8443\n";
  const std::string commit = cat("commit ", std::string(40, 'a'), "\nAuthor: A\n\n    First\n");
  const std::pair<Format, std::string> texts[] = {
      {Format::kChat, "[{\"role\":\"user\",\"content\":\"x\"}]"},
      {Format::kChat, "{\"role\":\"user\",\"content\":\"x\"}\n"},
      {Format::kMem0, "{\"id\":\"1\",\"content\":\"a\"}\n{\"id\":\"2\",\"content\":\"b\"}\n"},
      {Format::kMarkdown, "## User\nfirst\n"},
      {Format::kBasicMemory, note},
      {Format::kGitLog, commit}};
  for (const auto& [format, text] : texts) {
    EXPECT_EQ(detect_format("\xEF\xBB\xBF" + text, "x.md"), detect_format(text, "x.md")) << text;
    const auto marked = read_text(format, "\xEF\xBB\xBF" + text);
    const auto plain = read_text(format, text);
    ASSERT_TRUE(marked.ok()) << marked.error().text();
    ASSERT_EQ(marked->turns.size(), plain->turns.size()) << text;
    ASSERT_FALSE(plain->turns.empty()) << text;
    for (std::size_t i = 0; i < plain->turns.size(); ++i) {
      EXPECT_EQ(marked->turns[i].id, plain->turns[i].id) << text;
    }
    EXPECT_EQ(marked->claims(), plain->claims());
    EXPECT_EQ(marked->counts.malformed, 0U) << text;
  }
}

TEST(ReadTest, ALineThatHadToBeCutIsNotTakenForAWholeOne) {
  const std::string line(LineReader::kLineBytesMax + 1, 'y');
  const auto reading = read_text(
      Format::kGitLog, cat("commit ", std::string(40, 'a'), "\nAuthor: A\n\n    ", line, "\n"));
  ASSERT_TRUE(reading.ok()) << reading.error().text();
  EXPECT_EQ(reading->counts.malformed, 1U);
  ASSERT_EQ(reading->turns.size(), 2U);
  EXPECT_EQ(*reading->turns[0].payload.find("problem")->as_string(),
            cat("the line has ", line.size() + 4, " bytes"));
  EXPECT_EQ(*reading->turns[1].payload.find("message")->as_string(), "");
}

TEST(ReadTest, FilesOfTheSameNameAreTold_AndAChangedLineIsAnother) {
  const auto one = read_text(Format::kMarkdown, "## User\nfirst\n## User\nsecond\n");
  const auto two = read_text(Format::kMarkdown, "## User\nother\n## User\nsecond\n");
  EXPECT_NE(one->turns[0].id, two->turns[0].id);
  EXPECT_EQ(one->turns[1].id, two->turns[1].id);
}

TEST(ReadTest, ElementsOfFilesOfTheSameNameAreTold_AndARecordThatChangedIsAnother) {
  struct Case {
    Format format;
    std::string one, two;
  };
  const Case cases[] = {{Format::kChat, "[{\"role\":\"assistant\",\"content\":\"first\"}]",
                         "[{\"role\":\"assistant\",\"content\":\"other\"}]"},
                        {Format::kMem0, "[{\"memory\":\"tea\"}]", "[{\"memory\":\"coffee\"}]"},
                        {Format::kMem0, "[{\"id\":\"1\",\"memory\":\"tea\"}]",
                         "[{\"id\":\"1\",\"memory\":\"coffee\"}]"},
                        {Format::kClaudeMem, "{\"observations\":[{\"id\":1,\"text\":\"tea\"}]}",
                         "{\"observations\":[{\"id\":1,\"text\":\"coffee\"}]}"}};
  for (const Case& one : cases) {
    const auto first = read_text(one.format, one.one);
    const auto again = read_text(one.format, one.one);
    const auto other = read_text(one.format, one.two);
    ASSERT_EQ(first->turns.size(), 1U) << one.one;
    ASSERT_EQ(other->turns.size(), 1U) << one.two;
    EXPECT_EQ(first->turns[0].id, again->turns[0].id) << one.one;
    EXPECT_NE(first->turns[0].id, other->turns[0].id) << one.one;
  }
}

TEST(ReadTest, AFailureOfTheCallerEndsIt) {
  const std::string text = sample("claude-code.jsonl");
  const ReadAt read = reader_of(text);
  const auto counts = read_transcript(Format::kClaudeCode, read, "s", [](Turn&&) -> Status {
    return make_error(Code::kInternal, "enough");
  });
  EXPECT_EQ(counts.error().message, "enough");
}

TEST(ReadTest, TimesComeInManyForms) {
  for (const char* text : {"2026-03-02T09:00:00Z", "2026-03-02 09:00:00", "2026-03-02T09:00:00",
                           "1772442000", "1772442000000", "1772442000.0"}) {
    const auto reading = read_text(
        Format::kChat, cat("{\"role\":\"user\",\"content\":\"x\",\"timestamp\":\"", text, "\"}"));
    EXPECT_EQ(reading->turns[0].at.seconds, 1'772'442'000) << text;
  }
}

TEST(DetectTest, WhatIsNothingOfTheKindIsNotGuessed) {
  EXPECT_EQ(detect_format("", "x.jsonl"), std::nullopt);
  EXPECT_EQ(detect_format("binary\x01", "x.bin"), std::nullopt);
  EXPECT_EQ(detect_format("{\"a\":1}", "x.json"), std::nullopt);
  EXPECT_EQ(detect_format("plain words", "x.md"), Format::kMarkdown);
  for (int i = 0; i < 9; ++i) {
    const auto format = static_cast<Format>(i);
    EXPECT_EQ(parse_format(format_token(format)), format);
  }
  EXPECT_EQ(parse_format("auto"), std::nullopt);
}

}  // namespace
}  // namespace cortex::transcript
