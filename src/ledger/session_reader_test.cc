#include "ledger/session_reader.h"

#include <gmock/gmock.h>

#include "core/ids.h"
#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kBlock = limits::kIoBlockBytes;

// What came of one text: the events that count, as the rows they would be.
struct Session {
  Result<SessionSummary> summary = SessionSummary{};
  std::vector<std::string> rows;
  int restarts = 0;
};

Session read(const ReadAt& source, bool payloads = true) {
  Session session;
  const SessionCallbacks callbacks{[&session] {
                                     session.rows.clear();
                                     ++session.restarts;
                                   },
                                   [&session](core::DecodedEvent& decoded) {
                                     session.rows.push_back(row_text(decoded.event));
                                     return Status{};
                                   },
                                   payloads};
  session.summary = read_session(source, callbacks);
  return session;
}

ReadAt source_of(std::string_view text) {
  return [text](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    return text.substr(std::min<std::size_t>(offset, text.size())).copy(out.data(), out.size());
  };
}

Session read_text(std::string_view text) { return read(source_of(text)); }

std::string error_of(std::string_view text) {
  const Session session = read_text(text);
  EXPECT_FALSE(session.summary.ok()) << quoted(text);
  if (session.summary.ok()) return "";
  EXPECT_EQ(session.summary.error().code, Code::kUsage);
  return session.summary.error().message;
}

std::string event_text(std::uint64_t n, std::string_view payload = "{}") {
  return cat(R"({"id":")", core::id_text(core::IdKind::kEvent, Ulid{0, n}),
             R"(","schema_version":2,"observed_at":"2026-01-01T12:00:00Z",)",
             R"("recorded_at":"2026-01-01T12:00:01Z","source":{"type":"tool","name":"grep"},)",
             R"("event_type":"cortex.event.tool_call.v1","session_id":"s","domain_tags":["a"],)",
             R"("payload":)", payload, R"(,"payload_hash":"","event_hash":""})");
}

std::string nested(int depth) {
  const auto count = static_cast<std::size_t>(depth);
  return std::string(count, '[') + std::string(count, ']');
}

TEST(SessionReader, ThreeShapes_GiveTheSameEvents) {
  const std::string one = event_text(1), two = event_text(2, "[1, 2]");
  const Session array = read_text(cat("[", one, ",", two, "]"));
  ASSERT_TRUE(array.summary.ok());
  EXPECT_EQ(array.summary->events, 2U);
  ASSERT_EQ(array.rows.size(), 2U);
  EXPECT_THAT(array.rows[1], HasSubstr("\"payload\":[1,2],"));
  const Session object = read_text(
      cat(" { \"a\" : [ { } ] , \"events\" : [ ", one, " , ", two, " ] , \"b\" : -1.5e3 } \r\n\t"));
  ASSERT_TRUE(object.summary.ok()) << object.summary.error().text();
  EXPECT_EQ(object.rows, array.rows);
  EXPECT_EQ(object.restarts, 0);
  EXPECT_THAT(read_text(two).rows, ElementsAre(array.rows[1]));
}

TEST(SessionReader, EmptyLists_AreFine) {
  for (const char* text : {"[]", "{\"events\":[]}", " {\"events\":[ ],\"other\":{\"a\":1}} "}) {
    const Session session = read_text(text);
    EXPECT_TRUE(session.summary.ok()) << text;
    EXPECT_THAT(session.rows, IsEmpty());
  }
}

TEST(SessionReader, ShapesThatAreNoSession_AreUsageErrors) {
  for (const char* text : {"",
                           " ",
                           "7",
                           "\"x\"",
                           "null",
                           "{}",
                           "{\"events\":{}}",
                           "{\"events\":null}",
                           "[1]",
                           "[null]",
                           "[[]]",
                           "[",
                           "[]x",
                           "[]]",
                           "{\"events\":[]",
                           "{\"events\":[],}",
                           "{\"events\":[]}}",
                           "{\"events\":[]}[]",
                           "[,]",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{a:1}",
                           "{\"events\":[] \"a\":1}",
                           "\xEF\xBB\xBF[]",
                           "{\"a\":\"\xFF\",\"events\":[]}",
                           "{\"a\":01,\"events\":[]}",
                           "nul",
                           "7 7"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(SessionReader, CommasInWrongPlaces_AreUsageErrors) {
  const std::string one = event_text(1);
  for (const std::string& text :
       {cat("[", one, ",]"), cat("[,", one, "]"), cat("[", one, one, "]"), cat("[", one, "}"),
        cat("{\"events\":[", one, "},\"a\":1}"), cat(one, ","), cat(one, one)}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(SessionReader, EscapedKey_IsTheKeyItStandsFor) {
  const Session session = read_text(cat("{\"ev\\u0065nts\":[", event_text(1), "]}"));
  ASSERT_TRUE(session.summary.ok());
  EXPECT_EQ(session.rows.size(), 1U);
}

TEST(SessionReader, RepeatedEventsMember_StartsOver) {
  const Session session = read_text(cat("{\"events\":[", event_text(1), ",", event_text(2),
                                        "],\"x\":1,\"events\":[", event_text(3), "]}"));
  ASSERT_TRUE(session.summary.ok());
  EXPECT_EQ(session.restarts, 1);
  EXPECT_EQ(session.summary->restarts, 1U);
  EXPECT_EQ(session.summary->events, 1U);
  EXPECT_THAT(session.rows, ElementsAre(read_text(event_text(3)).rows[0]));
}

TEST(SessionReader, LastEventsMember_DecidesAboutTheShape) {
  EXPECT_THAT(error_of(cat("{\"events\":[", event_text(1), "],\"events\":7}")),
              HasSubstr("\"events\" member that is no array"));
  const Session session = read_text(cat("{\"events\":7,\"events\":[", event_text(1), "]}"));
  ASSERT_TRUE(session.summary.ok());
  EXPECT_EQ(session.rows.size(), 1U);
}

TEST(SessionReader, SingleEvent_MayHaveOtherMembersAndHasNoEventsMember) {
  std::string text = event_text(1);
  text.insert(1, "\"more\":[1,{\"events\":[]}],");
  EXPECT_EQ(read_text(text).rows, read_text(event_text(1)).rows);
  text.insert(1, "\"events\":[],");
  EXPECT_THAT(read_text(text).rows, IsEmpty());
}

TEST(SessionReader, GoldenCases_DecodeWhereTheReferenceDoes) {
  const std::string folder = CORTEX_TEST_DATA "/ledger/ingest-cases/";
  const std::string table = fs::read_all(fs::posix(), folder + "expected.tsv", 1U << 20U).value();
  int cases = 0;
  for (const std::string_view line : split(table, '\n')) {
    const auto columns = split(line, '\t');
    if (columns.size() < 3 || columns[0] == "case") continue;
    SCOPED_TRACE(columns[0]);
    ++cases;
    const std::string text =
        fs::read_all(fs::posix(), cat(folder, columns[0], ".json"), 1U << 20U).value();
    const Session session = read_text(text);
    EXPECT_EQ(session.summary.ok(), columns[1] != "2");
    EXPECT_EQ(read(source_of(text), false).summary.ok(), columns[1] != "2");
    if (columns[1] == "0") {
      EXPECT_EQ(cat(session.rows.size()), columns[2]);
    }
  }
  EXPECT_GT(cases, 40);
}

TEST(SessionReader, ChecksWithoutPayloads_RefuseWhatTheOthersRefuse) {
  for (const std::string_view payload : {"1e400",
                                         "[1e-400]",
                                         "\"\\ud800\"",
                                         "\"\\udc00\"",
                                         "{\"a\":1,\"a\":1e999}",
                                         "-0",
                                         "01",
                                         "1.",
                                         "[1,]",
                                         "{\"a\":1,}",
                                         "\"\x01\"",
                                         "\"\\x\"",
                                         "tru",
                                         "-",
                                         "1e",
                                         "1e99999999999",
                                         "0e99999999999",
                                         "18446744073709551616",
                                         "\"\xC3\"",
                                         "{\"\xC3\":1}"}) {
    const std::string text = cat("[", event_text(1, payload), "]");
    EXPECT_EQ(read(source_of(text), true).summary.ok(), read(source_of(text), false).summary.ok())
        << payload;
  }
}

TEST(SessionReader, DepthLimits_AreThoseOfTheFormat) {
  const auto array = [](const std::string& event) { return cat("[", event, "]"); };
  const auto object = [](const std::string& event) { return cat("{\"events\":[", event, "]}"); };
  EXPECT_TRUE(read_text(event_text(1, nested(126))).summary.ok());
  EXPECT_TRUE(read_text(array(event_text(1, nested(125)))).summary.ok());
  EXPECT_TRUE(read_text(object(event_text(1, nested(124)))).summary.ok());
  EXPECT_THAT(error_of(event_text(1, nested(127))), HasSubstr("at byte "));
  EXPECT_THAT(error_of(array(event_text(1, nested(126)))), HasSubstr("at byte "));
  EXPECT_THAT(error_of(object(event_text(1, nested(125)))), HasSubstr("at byte "));
  EXPECT_TRUE(read_text(cat("{\"x\":", nested(126), ",\"events\":[]}")).summary.ok());
  EXPECT_NE(error_of(cat("{\"x\":", nested(127), ",\"events\":[]}")), "");
  EXPECT_NE(error_of(nested(200)), "");
}

// One text with every token, put so that each of its bytes is the first of a block once.
void expect_same_at_all_borders(const std::string& before, const std::string& text) {
  const Session wanted = read_text(before + text);
  ASSERT_TRUE(wanted.summary.ok()) << wanted.summary.error().text();
  for (std::size_t k = 0; k <= text.size(); ++k) {
    SCOPED_TRACE(k);
    const std::string pad(kBlock - before.size() - k, ' ');
    const Session session = read_text(cat(before, pad, text));
    ASSERT_TRUE(session.summary.ok()) << session.summary.error().text();
    ASSERT_EQ(session.rows, wanted.rows);
    ASSERT_EQ(session.summary->events, wanted.summary->events);
    ASSERT_EQ(session.restarts, wanted.restarts);
  }
}

constexpr std::string_view kEveryToken =
    "{\"a\":[null,true,false,-1.5e+3,0,12345],\"\\u00e9\\ud83d\\ude00\\n\":\"\xC3\xA9\xE2\x80\xA8"
    "\xF0\x9F\x98\x80\\\\\\\"\",\"z\":{\"y\":[],\"x\":{}}}";

TEST(SessionReader, BlockBorderInAnArray_ChangesNothing) {
  expect_same_at_all_borders("", cat("[", event_text(1, kEveryToken), " , ", event_text(2), "]"));
}

TEST(SessionReader, BlockBorderInAnObjectWithEvents_ChangesNothing) {
  const std::string text = cat("\"n\":-12.5e1,\"\\u0061\":\"\xC3\xA9\",\"events\":[", event_text(1),
                               "],\"m\":123,", "\"t\":true,\"events\":[", event_text(2, "12345"),
                               ", ", event_text(3, "1e5"), "],\"last\":[1,{\"a\":null}]}");
  expect_same_at_all_borders("{", text);
}

TEST(SessionReader, BlockBorderInASingleEvent_ChangesNothing) {
  expect_same_at_all_borders("{", event_text(1, kEveryToken).substr(1) + " \n");
  expect_same_at_all_borders("", event_text(1, kEveryToken));
}

TEST(SessionReader, NumberThatABlockCuts_IsReadWhole) {
  for (const std::string number : {"1234567890", "-17", "1.25", "1e10", "-0.5E-3"}) {
    for (std::size_t k = 1; k <= number.size(); ++k) {
      const std::string head = cat("{\"x\":1,\"events\":[", event_text(1), "],\"n\":");
      const std::string pad(kBlock - head.size() - k, ' ');
      EXPECT_TRUE(read_text(cat(head, pad, number, "}")).summary.ok()) << number << " after " << k;
      EXPECT_FALSE(read_text(cat(head, pad, number, "x}")).summary.ok()) << number << "x";
    }
  }
}

TEST(SessionReader, TextsOfAWholeNumberOfBlocks_End) {
  const std::string event = cat("[", event_text(1), "]");
  EXPECT_TRUE(read_text(event + std::string(2 * kBlock - event.size(), ' ')).summary.ok());
  EXPECT_NE(error_of(std::string(kBlock - 1, ' ') + "7"), "");
  EXPECT_NE(error_of(std::string(kBlock, ' ')), "");
}

TEST(SessionReader, EventsLargerThanABlock_AreReadWhole) {
  const std::string payload = cat("\"", std::string(3 * kBlock, 'x'), "\"");
  const std::string text =
      cat("[", event_text(1, payload), ",", event_text(2), ",", event_text(3, payload), "]");
  const Session session = read_text(text);
  ASSERT_TRUE(session.summary.ok()) << session.summary.error().text();
  ASSERT_EQ(session.rows.size(), 3U);
  EXPECT_TRUE(session.rows[2].find(payload) != std::string::npos);
}

TEST(SessionReader, ErrorOffsets_CountFromTheStartOfTheFile) {
  std::string good = "[";
  std::uint64_t events = 0;
  for (; good.size() < 3 * kBlock; ++events) good += cat(event_text(events, nested(100)), ",\n");
  const std::string broken = replaced(event_text(9), "\"s\"", "#");
  EXPECT_THAT(error_of(cat(good, broken, "]")),
              testing::AllOf(HasSubstr(cat("after event ", events, ": ")),
                             EndsWith(cat(" at byte ", good.size() + broken.find('#')))));
  const std::string end = cat(good, event_text(9), "]");
  EXPECT_THAT(error_of(end + " x"), EndsWith(cat(" at byte ", end.size() + 1)));
  EXPECT_THAT(error_of(cat(good, event_text(9), ";")), EndsWith(cat(" at byte ", end.size() - 1)));
  EXPECT_THAT(error_of(cat("{\"events\":", end, ",\"n\":tru1}")),
              HasSubstr(cat(" at byte ", end.size() + 18)));
}

TEST(SessionReader, EndlessEvent_IsRefusedInBoundedMemory) {
  for (const std::string_view start :
       {"[{\"id\":\"", "{\"id\":\"", "{\"events\":[{\"id\":\"", "\""}) {
    std::uint64_t given = 0;
    const ReadAt endless = [&](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
      std::ranges::fill(out, 'x');
      if (offset == 0) start.copy(out.data(), start.size());
      given += out.size();
      return out.size();
    };
    const Session session = read(endless);
    ASSERT_FALSE(session.summary.ok());
    EXPECT_EQ(session.summary.error().code, Code::kUsage);
    EXPECT_THAT(session.summary.error().message, HasSubstr("more than"));
    EXPECT_LE(given, 2 * limits::kEventBytesMax + kBlock);
  }
}

TEST(SessionReader, EventBeyondTheLimit_IsRefused) {
  const std::string payload(limits::kEventBytesMax + 1, 'x');
  const std::string text = cat("[", event_text(1, cat("\"", payload, "\"")), "]");
  const Session session =
      read([&text](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
        return std::string_view(text)
            .substr(std::min<std::size_t>(offset, text.size()))
            .copy(out.data(), out.size());
      });
  ASSERT_FALSE(session.summary.ok());
  EXPECT_EQ(session.summary.error().code, Code::kUsage);
}

TEST(SessionReader, LargeFileOfSmallEvents_IsNoLargeEvent) {
  const std::string event = event_text(1, cat("\"", std::string(kBlock / 2, 'x'), "\"")) + ",";
  const std::uint64_t count = limits::kEventBytesMax / event.size() + 10;
  const ReadAt source = [&](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    for (std::size_t i = 0; i < out.size();) {
      const std::uint64_t at = offset + i;
      if (at > count * event.size()) return i;
      if (at == 0 || at == count * event.size()) {
        out[i++] = at == 0 ? '[' : ']';
      } else {
        const std::size_t from = (at - 1) % event.size();
        i += std::string_view(event)
                 .substr(from, count * event.size() - at)
                 .copy(&out[i], out.size() - i);
      }
    }
    return out.size();
  };
  std::uint64_t events = 0;
  const auto summary = read_session(source, {[] {},
                                             [&events](core::DecodedEvent&) {
                                               ++events;
                                               return Status{};
                                             }});
  ASSERT_TRUE(summary.ok()) << summary.error().text();
  EXPECT_EQ(events, count);
  EXPECT_GT(summary->bytes, limits::kEventBytesMax);
}

TEST(SessionReader, DigestAndSize_AreThoseOfAllBytes) {
  const std::string text = cat(std::string(kBlock, ' '), "[", event_text(1), "] \n");
  const auto summary = read_text(text).summary;
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->bytes, text.size());
  EXPECT_EQ(summary->digest, crypto::blake3(text));
}

TEST(SessionReader, FailuresOfTheSourceAndOfTheCaller_AreReturnedAsTheyAre) {
  const ReadAt failing = [](std::uint64_t, std::span<char>) -> Result<std::size_t> {
    return make_error(Code::kPrecondition, "gone");
  };
  EXPECT_EQ(read(failing).summary.error().code, Code::kPrecondition);
  int seen = 0;
  const std::string text = cat("[", event_text(1), ",", event_text(2), "]");
  const auto summary = read_session(source_of(text), {[] {},
                                                      [&seen](core::DecodedEvent&) -> Status {
                                                        ++seen;
                                                        return make_error(Code::kIntegrity, "no");
                                                      }});
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code, Code::kIntegrity);
  EXPECT_EQ(seen, 1);
}

TEST(SessionReader, UnstableNumbers_AreTold) {
  std::vector<bool> unstable;
  const std::string text =
      cat("[", event_text(1, "[-2.72422580300561e-11]"), ",", event_text(2, "[1.5]"), "]");
  const auto summary =
      read_session(source_of(text), {[] {},
                                     [&unstable](core::DecodedEvent& decoded) {
                                       unstable.push_back(decoded.unstable_numbers);
                                       return Status{};
                                     }});
  ASSERT_TRUE(summary.ok());
  EXPECT_THAT(unstable, ElementsAre(true, false));
}

}  // namespace
}  // namespace cortex::ledger
