// Fills a store with memories, all of them by operations of the ledger: for tests and benches. The
// same count gives the same memories.
//
// Half are notes; half came from two events each and were accepted. One in a hundred stands in an
// open contradiction with the one before it. Claims have some fifteen words of a vocabulary where
// few words are frequent and many are rare; tags are of forty kinds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/checked_store.h"
#include "app/context_pack.h"
#include "app/ingest.h"
#include "app/memory_note.h"
#include "app/memory_read.h"
#include "app/memory_story.h"
#include "app/memory_use.h"
#include "app/memory_work.h"
#include "app/operations.h"
#include "app/search.h"
#include "base/text.h"
#include "core/event_codec.h"
#include "core/ids.h"
#include "store/lineage_proof.h"
#include "store/memories.h"

namespace cortex::app {

class ManyMemories {
 public:
  static constexpr std::uint64_t kBatch = 2000;

  static std::string memory_id(std::uint64_t n) { return id(core::IdKind::kMemory, 1, n); }
  static std::string event_id(std::uint64_t n) { return id(core::IdKind::kEvent, 2, n); }
  // A word that some memories of a store have, the later ones fewer.
  static std::string word(std::uint64_t n) {
    static constexpr std::string_view kSyllables[] = {"ba", "co", "di", "fu", "ga", "he",
                                                      "ki", "lo", "mu", "na", "pe", "ri",
                                                      "so", "tu", "va", "ze"};
    std::string out;
    for (int i = 0; i < 4; ++i, n /= 16) out += kSyllables[n % 16];
    return out;
  }
  static std::string claim(std::uint64_t n) {
    std::string text = cat("Number ", n, ":");
    for (std::uint64_t i = 0; i < 15; ++i) {
      // Squared, so that low numbers are frequent.
      const std::uint64_t at = mixed(n * 16 + i) % kWords;
      text += cat(" ", word(at * at / kWords));
    }
    return text;
  }

  static Status fill(Services& services, const Layout& layout, std::uint64_t count) {
    for (std::uint64_t at = 0; at < count; at += kBatch) {
      const std::uint64_t end = std::min(count, at + kBatch);
      CORTEX_TRY(add_events(services, layout, at, end));
      CORTEX_TRY(change_memories(services, layout, cli_caller(),
                                 [&](sqlite::Connection&) { return Result(operations(at, end)); }));
    }
    return {};
  }

 private:
  static constexpr std::uint64_t kWords = 4096;
  static constexpr std::int64_t kBegan = 1'750'000'000;  // June 2025

  static std::uint64_t mixed(std::uint64_t x) {
    x = (x + 1) * 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    return (x ^ (x >> 27U)) * 0x94D049BB133111EBULL >> 8U;
  }
  static std::string id(core::IdKind kind, std::uint64_t family, std::uint64_t n) {
    constexpr std::uint64_t kBeganMillis = 1'750'000'000'000;
    return core::id_text(kind, Ulid{((kBeganMillis + n) << 16U) + family, n});
  }
  static bool from_events(std::uint64_t n) { return n % 2 == 1; }

  static Status add_events(Services& services, const Layout& layout, std::uint64_t at,
                           std::uint64_t end) {
    IngestRequest request{.layout = layout, .list_ids = false, .tree = false};
    request.text = "{\"events\":[";
    for (std::uint64_t n = at; n < end; ++n) {
      core::Event event;
      event.id = *core::parse_id(core::IdKind::kEvent, event_id(n));
      event.observed_at = event.recorded_at = {kBegan + static_cast<std::int64_t>(n), 0};
      event.source.type = core::SourceType::kTool;
      event.source.name = "shell";
      event.type = core::EventType::kToolResult;
      event.session_id = cat("session-", n / 100);
      event.payload = cat("{\"text\":\"", claim(n + 7), "\"}");
      if (n > at) *request.text += ',';
      core::append_row(*request.text, event);
    }
    *request.text += "]}";
    CORTEX_TRY(ingest(services, request));
    return {};
  }

  static store::Memory row(std::uint64_t n, const std::string& at) {
    store::Memory row;
    row.id = memory_id(n);
    row.type = from_events(n) ? "semantic" : "operator_note";
    row.status = from_events(n) ? "candidate" : "active";
    row.claim = claim(n);
    row.source_episodes = row.source_events = json::Array();
    if (from_events(n)) row.source_events = json::Array{event_id(n - 1), event_id(n)};
    row.domains = json::Array{cat("area-", n % 40), "bench"};
    row.salience = json::Object();
    row.confidence = static_cast<double>(n % 64) / 64;
    row.authority = from_events(n) ? "candidate" : "operator";
    row.created_at = row.updated_at = at;
    return row;
  }

  static std::vector<store::Operation> operations(std::uint64_t begin, std::uint64_t end) {
    std::vector<store::Operation> out;
    for (std::uint64_t n = begin; n < end; ++n) {
      const std::string at = column_time({kBegan + static_cast<std::int64_t>(n), 0});
      json::Object added{{"at", at}, {"memory", store::memory_to_json(row(n, at))}};
      out.push_back({from_events(n) ? "memory.candidate" : "memory.note", std::move(added)});
      if (from_events(n)) {
        out.push_back({"memory.accept", json::Object{{"at", at},
                                                     {"memory_id", memory_id(n)},
                                                     {"from", "candidate"},
                                                     {"to", "active"}}});
      }
      if (n % 200 == 199) {
        const json::Object pair{{"id", id(core::IdKind::kContradiction, 3, n)},
                                {"left_ref", memory_id(n - 1)},
                                {"right_ref", memory_id(n)},
                                {"contradiction_type", "conditional_tension"},
                                {"status", "unresolved"},
                                {"interpretation", nullptr},
                                {"created_at", at},
                                {"updated_at", at}};
        out.push_back({"contradiction.add", json::Object{{"at", at}, {"contradiction", pair}}});
      }
    }
    return out;
  }
};

// A command on a store of ManyMemories, as its use case.
struct MemoryTask {
  std::string_view name;
  std::function<Status(Services&, const Layout&)> run;
};

template <class T>
Status status_of(const Result<T>& result) {
  return result.ok() ? Status() : Status(result.error());
}

inline NoteRequest next_note(Services& services) {
  const Timestamp now = services.clock.now();
  return {.claim = cat("Said at ", now.seconds, " and ", now.nanos, " once more."), .domains = {}};
}

// Those of one page of candidates of a pack: each made from two events.
inline Status prove_many(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  std::vector<std::string> ids;
  for (std::uint64_t n = 0; n < 256; ++n) ids.push_back(ManyMemories::memory_id(2 * n + 1));
  return status_of(store::prove_lineages(store.connection, ids, store::ProofDepth::kHashes));
}

// `words`: what is searched, and what packs are built for.
inline std::vector<MemoryTask> memory_tasks(const std::string& words) {
  using S = Services;
  using L = Layout;
  const std::string id = ManyMemories::memory_id(801);
  const auto listed = [](ListRequest request) {
    return [request](S& s, const L& l) { return status_of(list_memories(s, l, request)); };
  };
  return {
      {"list", listed({.tags = {}, .statuses = {}, .limit = 50})},
      {"list, page 20", listed({.tags = {}, .statuses = {}, .limit = 50, .offset = 950})},
      {"list --tag", listed({.tags = {"area-7"}, .statuses = {}, .limit = 50})},
      {"list --as-of",
       listed({.tags = {}, .statuses = {}, .limit = 50, .as_of = "2030-01-01T00:00:00Z"})},
      {"candidates", [](S& s, const L& l) { return status_of(list_candidates(s, l, 50, 0)); }},
      {"health", [](S& s, const L& l) { return status_of(memory_health(s, l, {.limit = 50})); }},
      {"show",
       [id](S& s, const L& l) {
         return status_of(memory_story(s, l, id, {}, store::ProofDepth::kHashes));
       }},
      {"show --as-of",
       [id](S& s, const L& l) {
         return status_of(
             memory_story(s, l, id, "2030-01-01T00:00:00Z", store::ProofDepth::kHashes));
       }},
      {"256 proofs", prove_many},
      {"search",
       [words](S& s, const L& l) {
         return status_of(search_memories(s, Environment(), l, {.query = words}));
       }},
      {"context build",
       [words](S& s, const L& l) {
         return status_of(build_context(s, l, cli_caller(), {.task = words}));
       }},
      {"note",
       [](S& s, const L& l) { return status_of(note(s, l, {cli_caller()}, next_note(s))); }},
      {"tag",
       [id](S& s, const L& l) {
         const std::string tag = cat("seen-", s.clock.now().seconds, "-", s.clock.now().nanos);
         return status_of(change_tag(s, l, {cli_caller()}, true, id, tag));
       }},
      {"outcome",
       [id](S& s, const L& l) {
         return status_of(record_outcome(
             s, l, {cli_caller()}, {.memory_id = id, .session = "bench", .result = "helpful"}));
       }},
  };
}

}  // namespace cortex::app
