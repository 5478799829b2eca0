// How fast search is inside the library, and how fast its index grows.
//
//   build/bench/bench/cortex_search fill FOLDER COUNT    a store with COUNT events, indexed
//   build/bench/bench/cortex_search query FOLDER [N]     N questions: percentiles, work, memory
//   build/bench/bench/cortex_search session FILE COUNT   the same events as a session file
//   build/bench/bench/cortex_search questions COUNT N    N questions about them, a line each
//
// bench/search.py times whole processes on the session file.
#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "bench/search_text.h"
#include "json/value.h"
#include "retrieval/index_writer.h"
#include "retrieval/searcher.h"
#include "sqlite/connection.h"
#include "sqlite/transaction.h"
#include "store/open.h"

namespace {

using namespace std::chrono;  // NOLINT(google-build-using-namespace)
using cortex::Status;
using cortex::bench::TextSource;
using cortex::sqlite::Connection;
using cortex::sqlite::Transaction;
namespace retrieval = cortex::retrieval;

constexpr std::uint64_t kSeed = 20'261'130;
constexpr std::uint64_t kEventsOfBatch = 10'000;
constexpr std::int64_t kStart = 1'700'000'000;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_since(steady_clock::time_point began) {
  return duration<double>(steady_clock::now() - began).count();
}

std::string padded(std::uint64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

std::string store_in(const std::string& folder) { return cortex::fs::join(folder, "cortex.db"); }

struct Event {
  std::string id, time, session, payload;
};

Event event_of(const TextSource& source, std::uint64_t number) {
  const cortex::bench::Turn turn = source.turn(number);
  const cortex::Timestamp when{kStart + static_cast<std::int64_t>(number) * 30, 0};
  return {"evt_01KG" + padded(number, 22), format_rfc3339(when, cortex::Offset::kPlus00),
          "session-" + std::to_string(turn.session),
          cortex::json::write_compact(
              cortex::json::Object{{"speaker", turn.speaker}, {"text", turn.text}})};
}

Status insert_events(Connection& db, const TextSource& source, std::uint64_t from,
                     std::uint64_t to) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT INTO events(id, schema_version, observed_at, recorded_at,"
                           " source_json, event_type, trace_id, session_id, domain_tags_json,"
                           " payload_json, payload_hash, prev_event_hash, event_hash) VALUES(?1, 2,"
                           " ?2, ?2, '{\"type\":\"tool\",\"name\":\"chat\"}',"
                           " 'cortex.event.tool_result.v1', NULL, ?3, '[]', ?4, ?1, NULL, ?1)"));
  for (std::uint64_t number = from; number < to; ++number) {
    const Event event = event_of(source, number);
    CORTEX_TRY(insert.bind_all(event.id, event.time, event.session, event.payload));
    CORTEX_TRY(insert.run());
  }
  return {};
}

// One transaction a batch, as `ingest` does it; the time of the index alone is told.
Status fill(const std::string& folder, std::uint64_t count) {
  CORTEX_TRY(cortex::fs::posix().make_directory(folder, 0700));
  CORTEX_ASSIGN(auto made,
                Connection::open(store_in(folder), cortex::sqlite::OpenMode::kReadWriteCreate));
  CORTEX_TRY(made.exec(""));
  CORTEX_ASSIGN(auto store, cortex::store::open_for_writing(store_in(folder)));
  Connection& db = store.connection;
  const TextSource source(kSeed);
  double indexing = 0, longest = 0;
  for (std::uint64_t from = 0; from < count; from += kEventsOfBatch) {
    CORTEX_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::kImmediate));
    CORTEX_TRY(insert_events(db, source, from, std::min(count, from + kEventsOfBatch)));
    const auto began = steady_clock::now();
    CORTEX_TRY(retrieval::update_index(db));
    const double took = seconds_since(began);
    indexing += took;
    longest = std::max(longest, took);
    CORTEX_TRY(transaction.commit());
  }
  std::cout << count << " events: indexing " << indexing << " s, "
            << static_cast<std::uint64_t>(static_cast<double>(count) / indexing)
            << " events/s, longest batch " << longest << " s\n";
  return {};
}

class Times {
 public:
  void add(double seconds) { millis_.push_back(seconds * 1000); }
  std::string text() {
    std::ranges::sort(millis_);
    const auto at = [&](double share) {
      return millis_[static_cast<std::size_t>(share * static_cast<double>(millis_.size() - 1))];
    };
    return cortex::cat("p50 ", std::to_string(at(0.5)), " p95 ", std::to_string(at(0.95)), " max ",
                       std::to_string(at(1)), " ms");
  }

 private:
  std::vector<double> millis_;
};

// Each question in a read transaction of its own, as the server asks them: opening the index
// counts.
Status query(const std::string& folder, std::uint64_t questions) {
  CORTEX_ASSIGN(auto db, Connection::open(store_in(folder), cortex::sqlite::OpenMode::kReadWrite));
  CORTEX_ASSIGN(const std::int64_t events, db.query_int("SELECT max(rowid) FROM events"));
  const TextSource source(kSeed);
  Times times, opening, processor;
  std::uint64_t rows = 0, postings = 0, hits = 0, digest = 0;
  constexpr std::uint64_t kWarmUp = 50;
  for (std::uint64_t i = 0; i < kWarmUp + questions; ++i) {
    const std::string text = source.question(i, static_cast<std::uint64_t>(events));
    retrieval::SearchRequest request;
    request.query = text;
    request.now = kStart;
    const double worked = processor_seconds();
    const auto began = steady_clock::now();
    CORTEX_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::kDeferred));
    CORTEX_ASSIGN(auto searcher, retrieval::Searcher::open(db));
    const double opened = seconds_since(began);
    CORTEX_ASSIGN(const auto found, searcher.search(request));
    const double took = seconds_since(began);
    const double work = processor_seconds() - worked;
    for (const retrieval::Ranked& hit : found.hits) digest = digest * 31 + hit.ref;
    if (i < kWarmUp) continue;
    opening.add(opened);
    times.add(took);
    processor.add(work);
    rows += found.work.rows;
    postings += found.work.postings;
    hits += found.hits.size();
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cout << events << " events, " << questions << " questions: " << times.text()
            << "\n  processor time: " << processor.text()
            << "\n  of it opening the index: " << opening.text()
            << "\n  a question: " << rows / questions << " rows of the index, "
            << postings / questions << " postings, " << hits / questions << " hits\n  peak memory "
            << usage.ru_maxrss / 1024 << " MiB, digest of the hits " << digest << "\n";
  return {};
}

Status write_session(const std::string& path, std::uint64_t count) {
  std::ofstream out(path);
  const TextSource source(kSeed);
  out << "{\"events\":[";
  for (std::uint64_t number = 0; number < count; ++number) {
    const Event event = event_of(source, number);
    out << (number == 0 ? "\n" : ",\n") << R"({"id":")" << event.id
        << R"(","schema_version":2,"observed_at":")" << event.time << R"(","recorded_at":")"
        << event.time << R"(","source":{"type":"tool","name":"chat"},)"
        << R"("event_type":"cortex.event.tool_result.v1","trace_id":null,"session_id":")"
        << event.session << R"(","domain_tags":[],"payload":)" << event.payload
        << R"(,"payload_hash":"","prev_event_hash":null,"event_hash":""})";
  }
  out << "\n]}\n";
  out.flush();
  if (out) return {};
  return cortex::make_error(cortex::Code::kInternal, cortex::cat("cannot write ", path));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t at, std::uint64_t otherwise) -> std::uint64_t {
    return at < words.size() ? std::strtoull(words[at].c_str(), nullptr, 10) : otherwise;
  };
  Status done;
  if (words.size() >= 3 && words[0] == "fill") {
    done = fill(words[1], number(2, 0));
  } else if (words.size() >= 2 && words[0] == "query") {
    done = query(words[1], std::max<std::uint64_t>(1, number(2, 500)));
  } else if (words.size() >= 3 && words[0] == "session") {
    done = write_session(words[1], number(2, 0));
  } else if (words.size() >= 3 && words[0] == "questions") {
    const TextSource source(kSeed);
    for (std::uint64_t i = 0; i < number(2, 0); ++i) {
      std::cout << source.question(i, number(1, 1)) << "\n";
    }
  } else {
    std::cerr << "cortex_search fill FOLDER COUNT | query FOLDER [N] | session FILE COUNT |"
                 " questions COUNT N\n";
    return 2;
  }
  if (!done.ok()) std::cerr << done.error().text() << "\n";
  return done.ok() ? 0 : 1;
}
