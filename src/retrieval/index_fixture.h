// A store with its schema, for tests of the index: the tables that it reads, filled by hand.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fs/test_dir.h"
#include "base/text.h"
#include "json/value.h"
#include "retrieval/index_reader.h"
#include "retrieval/index_writer.h"
#include "retrieval/searcher.h"
#include "sqlite/connection.h"
#include "sqlite/transaction.h"
#include "store/open.h"

namespace cortex::retrieval {

class IndexFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = dir_ / "cortex.db";
    ASSERT_TRUE(sqlite::Connection::open(path, sqlite::OpenMode::kReadWriteCreate)->exec("").ok());
    auto opened = store::open_for_writing(path);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    db_.emplace(std::move(opened->connection));
    exec("PRAGMA synchronous = OFF");
  }

  void exec(const std::string& sql) {
    const Status done = db_->exec(sql);
    ASSERT_TRUE(done.ok()) << done.error().text();
  }

  // One event of `session`, a minute after the one before.
  void add_event(std::string_view session, std::string_view speaker, std::string_view text) {
    ++events_;
    json::Object payload{{"speaker", speaker}, {"text", text}};
    auto insert = db_->prepare(
        "INSERT INTO events(id, schema_version, observed_at, recorded_at, source_json, event_type,"
        " trace_id, session_id, domain_tags_json, payload_json, payload_hash, prev_event_hash,"
        " event_hash) VALUES(?1, 2, ?2, ?2, '{\"type\":\"tool\",\"name\":\"chat\"}',"
        " 'cortex.event.tool_result.v1', NULL, ?3, '[]', ?4, 'h', NULL, ?1)");
    ASSERT_TRUE(insert.ok());
    const std::string time =
        format_rfc3339(Timestamp{1'700'000'000 + std::int64_t{60} * events_, 0}, Offset::kPlus00);
    ASSERT_TRUE(insert
                    ->bind_all(cat("evt_", 1'000'000 + events_), time, session,
                               json::write_compact(payload))
                    .ok());
    ASSERT_TRUE(insert->run().ok());
  }

  void add_memory(std::string_view id, std::string_view claim, std::string_view status) {
    auto insert = db_->prepare(
        "INSERT INTO memories(id, memory_type, status, claim, source_episodes_json,"
        " source_events_json, domains_json, salience_json, confidence, authority,"
        " applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES(?1,"
        " 'semantic', ?3, ?2, '[]', '[]', '[]', '{}', 0.9, 'user', '[]', '[]',"
        " '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')");
    ASSERT_TRUE(insert.ok()) << insert.error().text();
    ASSERT_TRUE(insert->bind_all(id, claim, status).ok());
    const Status done = insert->run();
    ASSERT_TRUE(done.ok()) << done.error().text();
  }

  UpdateReport update() {
    auto transaction = sqlite::Transaction::begin(*db_, sqlite::Transaction::Kind::kImmediate);
    EXPECT_TRUE(transaction.ok());
    auto report = update_index(*db_);
    EXPECT_TRUE(report.ok()) << report.error().text();
    EXPECT_TRUE(transaction->commit().ok());
    return *report;
  }
  void rebuild() {
    auto transaction = sqlite::Transaction::begin(*db_, sqlite::Transaction::Kind::kImmediate);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(rebuild_index(*db_).ok());
    ASSERT_TRUE(transaction->commit().ok());
  }

  SearchResult search(std::string_view query, std::size_t wanted = 10) {
    SearchRequest request;
    request.query = query;
    request.wanted = wanted;
    return search(request);
  }
  SearchResult search(const SearchRequest& request) {
    auto transaction = sqlite::Transaction::begin(*db_, sqlite::Transaction::Kind::kDeferred);
    EXPECT_TRUE(transaction.ok());
    auto searcher = Searcher::open(*db_);
    EXPECT_TRUE(searcher.ok()) << searcher.error().text();
    auto found = searcher->search(request);
    EXPECT_TRUE(found.ok()) << found.error().text();
    return *found;
  }
  // "e3@0.5 m1@0.2": kind, row and score of each hit.
  static std::string shown(const SearchResult& result) {
    std::string out;
    for (const Ranked& hit : result.hits) {
      out += cat(out.empty() ? "" : " ", hit.kind == Kind::kEvent ? "e" : "m", hit.ref, "@",
                 std::to_string(hit.score));
    }
    return out;
  }

  // The same with every bit of the scores.
  static std::string exact(const SearchResult& result) {
    std::string out;
    for (const Ranked& hit : result.hits) {
      out += cat(hit.kind == Kind::kEvent ? "e" : "m", hit.ref, "@",
                 std::bit_cast<std::uint32_t>(hit.score), " ");
    }
    return out;
  }

  fs::TestDir dir_;
  std::optional<sqlite::Connection> db_;
  int events_ = 0;
};

}  // namespace cortex::retrieval
