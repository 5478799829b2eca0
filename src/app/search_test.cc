#include "app/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/embed.h"
#include "app/stored_memories_fixture.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FakeHttp final : public net::Http {
 public:
  Result<net::Answer> send(const net::Request& request) override {
    requests.push_back(request);
    return answer;
  }
  net::Answer answer{200, R"({"embedding":[1,0.5],"other":true})"};
  std::vector<net::Request> requests;
};

class SearchTest : public StoredMemoriesTest {
 protected:
  void note(int n, const std::string& claim, const std::string& type = "operator_note") {
    put_memory(n, claim, "[\"t\"]", type);
  }
  SearchReport search(SearchRequest request) {
    auto report = search_memories(services_, environment_, layout_, http_, request);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report.ok() ? std::move(report).value() : SearchReport{};
  }
  static std::vector<std::string> ids(const SearchReport& report) {
    std::vector<std::string> out;
    for (const SearchMatch& match : report.matches) out.push_back(match.memory_id);
    return out;
  }

  Environment environment_;
  FakeHttp http_;
};

TEST_F(SearchTest, OneUnprovenMemoryDoesNotSilenceTheOthers) {
  note(1, "fox one");
  note(2, "fox two", "semantic");  // no lineage
  const SearchReport report = search({.query = "fox"});
  EXPECT_THAT(ids(report), ElementsAre(memory_id(1)));
  ASSERT_EQ(report.left_out.size(), 1U);
  EXPECT_EQ(report.left_out[0].reason, "unproven");
  const auto strict =
      search_memories(services_, environment_, layout_, http_, {.query = "x", .strict = true});
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().code, Code::kPrecondition);
  EXPECT_THAT(strict.error().message, HasSubstr("proof closure current use blocked"));
}

TEST_F(SearchTest, ContradictedMemoriesAreLeftOutWithTheContradiction) {
  note(1, "fox one");
  note(2, "fox two");
  note(3, "fox three");
  exec(cat("INSERT INTO contradictions VALUES ('con_1', '", memory_id(1), "', '", memory_id(2),
           "', 't', 'unresolved', NULL, 'now', 'now'), ('con_2', '", memory_id(3), "', '",
           memory_id(3), "', 't', 'unresolved', NULL, 'now', 'now'), ('con_3', '", memory_id(3),
           "', 'gone', 't', 'resolved', 'i', 'now', 'now')"));
  const SearchReport report = search({.query = "fox"});
  EXPECT_THAT(ids(report), ElementsAre(memory_id(3)));
  ASSERT_EQ(report.left_out.size(), 2U);
  EXPECT_EQ(report.left_out[0].reason, "contradicted");
  EXPECT_THAT(report.left_out[0].detail, HasSubstr("con_1"));
}

TEST_F(SearchTest, UndecodableRowsAreNamedAndNothingElseHappens) {
  note(1, "fox one");
  note(2, "fox two");
  exec(
      cat("PRAGMA ignore_check_constraints = 1; UPDATE memories SET domains_json = '{' WHERE id "
          "= '",
          memory_id(2), "'"));
  const SearchReport report = search({.query = "fox"});
  EXPECT_THAT(ids(report), ElementsAre(memory_id(1)));
  ASSERT_EQ(report.left_out.size(), 1U);
  EXPECT_EQ(report.left_out[0].reason, "undecodable");
}

TEST_F(SearchTest, TheBetterScoreComesFirstFromVersionTwoOn) {
  note(1, "fox");
  note(2, "fox");
  exec(cat("UPDATE memories SET authority = 'user' WHERE id = '", memory_id(2), "'"));
  EXPECT_THAT(ids(search({.query = "fox"})), ElementsAre(memory_id(2), memory_id(1)));
  EXPECT_THAT(ids(search({.query = "fox", .score_version = 1})),
              ElementsAre(memory_id(1), memory_id(2)));
}

TEST_F(SearchTest, AQueryOfSymbolsFindsNothingAndIsNoFailure) {
  note(1, "fox");
  EXPECT_TRUE(search({.query = "!!", .fuzzy = true}).matches.empty());
  EXPECT_EQ(search_memories(services_, environment_, layout_, http_, {.query = " \t"}).error().code,
            Code::kUsage);
}

TEST_F(SearchTest, NotANumberInSalienceComesLast) {
  note(1, "fox");
  note(2, "fox");
  exec(cat("UPDATE memories SET salience_json = '{\"score\":1e400}' WHERE id = '", memory_id(1),
           "'"));
  EXPECT_EQ(ids(search({.query = "fox"})).back(), memory_id(2));
}

TEST_F(SearchTest, TheNumberOfQueriesDoesNotDependOnTheHits) {
  for (int n = 1; n <= 60; ++n) note(n, "fox");
  const SearchReport report = search({.query = "fox", .fuzzy = true, .semantic = true});
  EXPECT_EQ(report.matches.size(), kSearchLimit);
  EXPECT_EQ(count("memory_embeddings"), 0);  // later versions only read
  EXPECT_EQ(search({.query = "fox", .limit = 7}).matches.size(), 7U);
  EXPECT_EQ(search({.query = "fox", .score_version = 1}).matches.size(), 60U);
}

// Page after page: every match once, in the order of the whole.
TEST_F(SearchTest, PagesTogetherAreTheWhole) {
  for (int n = 1; n <= 25; ++n)
    note(n, cat("fox number ", n), n % 5 == 0 ? "semantic" : "operator_note");
  const std::vector<std::string> whole = ids(search({.query = "fox", .limit = 1000}));
  EXPECT_EQ(whole.size(), 20U);  // those without a proof are left out
  std::vector<std::string> pages;
  std::optional<std::uint64_t> next = 0;
  while (next) {
    const SearchReport page = search({.query = "fox", .limit = 7, .offset = *next});
    for (const std::string& id : ids(page)) pages.push_back(id);
    next = page.next_offset;
  }
  EXPECT_EQ(pages, whole);
}

TEST_F(SearchTest, WordsAreFoundInEveryFormAndScript) {
  note(1, "The bicycles were repaired");
  note(2, "\xCE\xBC\xCE\xBD\xCE\xAE\xCE\xBC\xCE\xB7");  // Greek: memory
  EXPECT_THAT(ids(search({.query = "bicycle repair"})), ElementsAre(memory_id(1)));
  EXPECT_THAT(ids(search({.query = "\xCE\xBC\xCE\xBD\xCE\xAE\xCE\xBC\xCE\xB7"})),
              ElementsAre(memory_id(2)));
}

TEST_F(SearchTest, StatusTimeAndScoreNarrowTheMatches) {
  note(1, "fox one");
  note(2, "fox two");
  exec(cat("UPDATE memories SET status = 'rejected' WHERE id = '", memory_id(2), "'"));
  EXPECT_THAT(ids(search({.query = "fox"})), ElementsAre(memory_id(1)));
  EXPECT_THAT(ids(search({.query = "fox", .statuses = {"rejected"}})), ElementsAre(memory_id(2)));
  EXPECT_TRUE(search({.query = "fox", .min_score = 0.99}).matches.empty());
  EXPECT_TRUE(search({.query = "fox", .since = Timestamp{4'000'000'000, 0}}).matches.empty());
  EXPECT_EQ(search({.query = "fox", .since = Timestamp{0, 0}}).matches.size(), 1U);
}

// Those of another state, or of later, stand in the same index and say it better.
TEST_F(SearchTest, MatchesOfAStateOrAMoment_AreFoundBehindManyOthers) {
  constexpr int kOthers = 300;
  for (int n = 1; n <= kOthers; ++n) note(n, "fox");
  const std::string id = memory_id(kOthers + 1);
  note(kOthers + 1, "somebody told a long story about a fox and many other animals of the wood");
  exec(cat("UPDATE memories SET created_at = '2026-05-01T00:00:00+00:00' WHERE id <> '", id, "'"));
  EXPECT_THAT(ids(search({.query = "fox", .as_of = "2026-02-01"})), ElementsAre(id));
  exec(cat("UPDATE memories SET status = 'rejected' WHERE id = '", id, "'"));
  EXPECT_THAT(ids(search({.query = "fox", .statuses = {"rejected"}})), ElementsAre(id));
}

TEST_F(SearchTest, MisspeltWordsAreFoundWithinTheTimeOnly) {
  note(1, "the rocket engine burns kerosene");
  note(2, "[8 May 2027] the rocket engine burns methane");
  const Timestamp since = parse_strict_rfc3339("2027-01-01T00:00:00Z").value();
  EXPECT_EQ(search({.query = "rocket enginee", .fuzzy = true}).matches.size(), 2U);
  EXPECT_THAT(ids(search({.query = "rocket enginee", .fuzzy = true, .since = since})),
              ElementsAre(memory_id(2)));
}

TEST_F(SearchTest, EmbeddingsFollowTheText) {
  note(1, "fox");
  const EmbedRequest two{.dim = 2};
  const auto first = embed_memories(services_, environment_, layout_, http_, two);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_EQ(first->enriched, 1U);
  EXPECT_EQ(http_.requests.at(0).body, R"({"model":"nomic-embed-text","prompt":"fox | t"})");
  EXPECT_EQ(http_.requests.at(0).url, "http://localhost:11434/api/embeddings");
  EXPECT_EQ(embed_memories(services_, environment_, layout_, http_, two)->already_enriched, 1U);
  exec("UPDATE memories SET claim = 'wolf'");
  EXPECT_EQ(embed_memories(services_, environment_, layout_, http_, two)->enriched, 1U);
}

TEST_F(SearchTest, AnAnswerThatDoesNotFitIsAnErrorOfItsMemory) {
  note(1, "fox");
  http_.answer = {201, R"({"embedding":[1,2]})"};
  EXPECT_EQ(embed_memories(services_, environment_, layout_, http_, {.dim = 2})->errors.size(), 1U);
  http_.answer = {200, R"({"embedding":[1,"2"]})"};
  EXPECT_EQ(embed_memories(services_, environment_, layout_, http_, {.dim = 2})->errors.size(), 1U);
  http_.answer = {200, R"({"embedding":[1,2,3]})"};
  EXPECT_EQ(embed_memories(services_, environment_, layout_, http_, {.dim = 2})->errors.size(), 1U);
  EXPECT_EQ(count("memory_embeddings"), 0);
}

TEST_F(SearchTest, ARealModelCountsByItsOwnComponent) {
  note(1, "fox");
  environment_.vars = {{"CORTEX_EMBEDDING_BACKEND", "ollama"}, {"CORTEX_CONFIG", folder_ / "c"}};
  put(folder_ / "c", "[embeddings.ollama]\ndim = 2\n");
  ASSERT_EQ(embed_memories(services_, environment_, layout_, http_, {})->enriched, 1U);
  const SearchReport report = search({.query = "fox", .semantic = true});
  ASSERT_EQ(report.matches.size(), 1U);
  EXPECT_NEAR(report.matches[0].score.components[1].raw, 1.0F, 1e-6F);
}

TEST(Loopback, OnlyThisMachine) {
  for (const char* good : {"http://localhost:11434", "https://LOCALHOST", "http://127.0.0.1:1/x",
                           "http://127.255.1.2", "http://[::1]:80", "http://localhost"}) {
    EXPECT_TRUE(net::is_loopback_url(good)) << good;
  }
  for (const char* bad :
       {"http://localhost:80@10.0.0.1:80", "http://127.0.0.1.example", "http://127.1",
        "http://127.0.0.256", "http://[::2]", "ftp://localhost", "localhost", "http://",
        "http://localhost:x", "http://localhost:80:90", "http://[::1", "http://[::1]x",
        "http://192.0.2.7", "http://localhost\\@evil.example", "http://0127.0.0.1"}) {
    EXPECT_FALSE(net::is_loopback_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace cortex::app
