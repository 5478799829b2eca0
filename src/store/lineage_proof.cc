#include "store/lineage_proof.h"

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "core/event.h"
#include "core/event_codec.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "ledger/chain.h"
#include "ledger/erasure.h"

namespace cortex::store {
namespace {

using trust::EdgeFailure;
using trust::EdgeKind;

// References of one JSON column. `broken`: it is no array of strings.
struct Refs {
  std::vector<std::string> ids;
  bool broken = false;
};

struct MemoryRow {
  std::string type;
  Refs events, episodes;
};

struct EventRow {
  std::string event_hash;
  std::optional<std::string> prev;
  std::string fault;        // why its hashes do not hold, or empty
  bool erased = false;      // its payload was taken out on purpose: nothing can be recomputed
  std::string undecodable;  // why the row cannot be understood, or empty
};

struct Rows {
  std::unordered_map<std::string, MemoryRow> memories;
  std::unordered_map<std::string, Refs> episodes;
  std::unordered_map<std::string, EventRow> events;
  std::unordered_map<std::string, std::string> by_hash;  // predecessors: event hash to event id
};

Refs refs_of(std::string_view column) {
  Refs refs;
  const auto value = json::parse(column);
  const json::Array* array = value.ok() ? value->as_array() : nullptr;
  if (array == nullptr) {
    refs.broken = true;
    return refs;
  }
  for (const json::Value& element : *array) {
    if (element.as_string() == nullptr) return Refs{{}, true};
    refs.ids.push_back(*element.as_string());
  }
  return refs;
}

std::optional<std::string> canonical_id(core::IdKind kind, std::string_view text) {
  const auto ulid = core::parse_id(kind, text);
  if (!ulid) return std::nullopt;
  return core::id_text(kind, *ulid);
}

Result<sqlite::Statement> select(sqlite::Connection& db, std::string_view sql,
                                 const std::set<std::string>& ids) {
  CORTEX_ASSIGN(auto statement, db.prepare(sql));
  CORTEX_TRY(statement.bind(1, json::array_text(ids)));
  return statement;
}

// Loads the memories and, level by level, the memories that they were made from.
Status load_memories(sqlite::Connection& db, std::set<std::string> wanted, Rows& rows) {
  for (int level = 0; level < kLineageDepthMax && !wanted.empty(); ++level) {
    CORTEX_ASSIGN(auto found, select(db,
                                     "SELECT id, memory_type, source_events_json, "
                                     "source_episodes_json FROM memories WHERE id IN "
                                     "(SELECT value FROM json_each(?1))",
                                     wanted));
    wanted.clear();
    std::set<std::string> next;
    for (;;) {
      CORTEX_ASSIGN(const bool more, found.step());
      if (!more) break;
      MemoryRow row{std::string(found.column_text(1)), refs_of(found.column_text(2)),
                    refs_of(found.column_text(3))};
      for (const std::string& ref : row.episodes.ids) {
        if (auto id = canonical_id(core::IdKind::kMemory, ref)) next.insert(*std::move(id));
      }
      rows.memories.emplace(found.column_text(0), std::move(row));
    }
    for (const std::string& id : next) {
      if (!rows.memories.contains(id)) wanted.insert(id);
    }
  }
  return {};
}

Status load_episodes(sqlite::Connection& db, Rows& rows) {
  std::set<std::string> wanted;
  for (const auto& [id, memory] : rows.memories) {
    for (const std::string& ref : memory.episodes.ids) {
      if (auto episode = canonical_id(core::IdKind::kEpisode, ref)) {
        wanted.insert(*std::move(episode));
      }
    }
  }
  if (wanted.empty()) return {};
  CORTEX_ASSIGN(auto found, select(db,
                                   "SELECT id, source_events_json FROM episodes WHERE id IN "
                                   "(SELECT value FROM json_each(?1))",
                                   wanted));
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return {};
    rows.episodes.emplace(found.column_text(0), refs_of(found.column_text(1)));
  }
}

bool payload_holds(std::string_view payload, std::string_view hash) {
  if (crypto::blake3_hex(payload) == hash) return true;
  const auto canonical = core::canonical_payload(payload, 1);
  return canonical.ok() && crypto::blake3_hex(*canonical) == hash;
}

EventRow event_row(const sqlite::Statement& found, ProofDepth depth) {
  EventRow row;
  row.event_hash = found.column_text(5);
  if (!found.is_null(4)) row.prev = std::string(found.column_text(4));
  if (!core::parse_event_type(found.column_text(1))) {
    row.undecodable = cat("its type ", quoted(found.column_text(1)), " is not known");
  }
  const std::string_view payload_hash = found.column_text(3);
  if (depth == ProofDepth::kHashes || is_hash_hex(payload_hash)) {
    if (!payload_holds(found.column_text(2), payload_hash)) {
      row.erased = found.column_text(2).find(cat("\"", ledger::kErasedMember, "\":{")) !=
                   std::string_view::npos;
      row.fault = "its payload does not give the stored payload hash";
    }
  }
  if (depth == ProofDepth::kHashes || is_hash_hex(row.event_hash)) {
    if (ledger::event_hash(row.prev, payload_hash) != row.event_hash) {
      row.fault = "its payload hash and predecessor do not give the stored event hash";
    }
  }
  return row;
}

void want_events(const Refs& refs, std::set<std::string>& wanted) {
  for (const std::string& ref : refs.ids) {
    if (auto id = canonical_id(core::IdKind::kEvent, ref)) wanted.insert(*std::move(id));
  }
}

Status load_events(sqlite::Connection& db, ProofDepth depth, Rows& rows) {
  std::set<std::string> wanted, parents;
  for (const auto& [id, memory] : rows.memories) want_events(memory.events, wanted);
  for (const auto& [id, refs] : rows.episodes) want_events(refs, wanted);
  if (wanted.empty()) return {};
  CORTEX_ASSIGN(auto found, select(db,
                                   "SELECT id, event_type, payload_json, payload_hash, "
                                   "prev_event_hash, event_hash FROM events WHERE id IN "
                                   "(SELECT value FROM json_each(?1))",
                                   wanted));
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) break;
    EventRow row = event_row(found, depth);
    if (row.prev) parents.insert(*row.prev);
    rows.events.emplace(found.column_text(0), std::move(row));
  }
  // Events of one memory follow each other as a rule: those that are here need no question.
  for (const auto& [id, row] : rows.events) {
    if (parents.erase(row.event_hash) > 0) rows.by_hash.emplace(row.event_hash, id);
  }
  if (parents.empty()) return {};
  CORTEX_ASSIGN(auto known, select(db,
                                   "SELECT event_hash, id FROM events WHERE event_hash IN "
                                   "(SELECT value FROM json_each(?1))",
                                   parents));
  for (;;) {
    CORTEX_ASSIGN(const bool more, known.step());
    if (!more) return {};
    rows.by_hash.emplace(known.column_text(0), known.column_text(1));
  }
}

// Walks one lineage over the loaded rows.
class Prover {
 public:
  explicit Prover(const Rows& rows) : rows_(&rows) {}

  LineageProof prove(const std::string& memory_id) {
    memory(memory_id, 0);
    return std::move(proof_);
  }

 private:
  void verified(EdgeKind kind, std::string from, std::string to, std::string evidence) {
    proof_.closure.verified.push_back({kind, std::move(from), std::move(to), std::move(evidence)});
  }
  void failing(EdgeKind kind, std::string from, std::string to, EdgeFailure failure,
               std::string reason) {
    proof_.closure.failing.push_back(
        {kind, std::move(from), std::move(to), failure, std::move(reason)});
  }
  void lineage(std::string from, std::string to, EdgeFailure failure, std::string reason) {
    failing(EdgeKind::kLineageClosure, std::move(from), std::move(to), failure, std::move(reason));
  }

  // Depth of the recursion: kLineageDepthMax, beyond which nothing was loaded.
  void memory(const std::string& id, int depth) {
    const auto found = rows_->memories.find(id);
    if (found == rows_->memories.end()) {
      const bool deep = depth >= kLineageDepthMax;
      lineage(id, "", deep ? EdgeFailure::kUnresolved : EdgeFailure::kMissing,
              deep ? "its lineage is too deep to follow" : "there is no such memory");
      return;
    }
    const MemoryRow& row = found->second;
    if (row.type == "operator_note") {
      verified(EdgeKind::kLineageClosure, id, "operator_note", "");
      return;
    }
    std::vector<std::string> events = refs(id, row.events, "source_events");
    const bool from_memories = sources(id, row, depth, events);
    if (events.empty() && !from_memories) {
      lineage(id, "", EdgeFailure::kMissing, "no event stands behind it");
    }
    for (const std::string& ref : events) event(id, ref);
  }

  // Episodes and, transitively, memories; true when there is a memory among them.
  bool sources(const std::string& id, const MemoryRow& row, int depth,
               std::vector<std::string>& events) {
    bool from_memories = false;
    for (const std::string& ref : refs(id, row.episodes, "source_episodes")) {
      if (const auto source = canonical_id(core::IdKind::kMemory, ref)) {
        from_memories = true;
        source_memory(id, *source, depth);
      } else {
        episode(id, ref, events);
      }
    }
    return from_memories;
  }

  void source_memory(const std::string& id, const std::string& source, int depth) {
    if (depth + 1 >= kLineageDepthMax) {
      lineage(id, source, EdgeFailure::kUnresolved, "its lineage is too deep to follow");
      return;
    }
    verified(EdgeKind::kLineageClosure, id, source, "memories.source_episodes_json");
    if (source == id || path_.contains(source)) {
      lineage(id, source, EdgeFailure::kMismatch, "its lineage comes back to itself");
      return;
    }
    if (!walked_.insert(source).second) return;  // its edges are there already
    path_.insert(id);
    memory(source, depth + 1);
    path_.erase(id);
  }

  std::vector<std::string> refs(const std::string& owner, const Refs& refs,
                                std::string_view field) {
    if (!refs.broken) return refs.ids;
    lineage(owner, std::string(field), EdgeFailure::kMismatch, cat(field, " is no array of ids"));
    return {};
  }

  void episode(const std::string& memory_id, const std::string& ref,
               std::vector<std::string>& events) {
    const auto id = canonical_id(core::IdKind::kEpisode, ref);
    if (!id) {
      lineage(memory_id, ref, EdgeFailure::kMismatch, "that is no id of an episode");
      return;
    }
    const auto found = rows_->episodes.find(*id);
    if (found == rows_->episodes.end()) {
      lineage(*id, "", EdgeFailure::kMissing, "there is no such episode");
      return;
    }
    verified(EdgeKind::kLineageClosure, memory_id, *id, "memories.source_episodes_json");
    for (std::string& event_ref : refs(*id, found->second, "episode.source_events")) {
      events.push_back(std::move(event_ref));
    }
  }

  void event(const std::string& memory_id, const std::string& ref) {
    const auto id = canonical_id(core::IdKind::kEvent, ref);
    if (!id) {
      lineage(memory_id, ref, EdgeFailure::kMismatch, "that is no id of an event");
      return;
    }
    const auto found = rows_->events.find(*id);
    if (found == rows_->events.end()) {
      lineage(*id, "", EdgeFailure::kMissing, "there is no such event");
      return;
    }
    const EventRow& row = found->second;
    if (seen_events_.insert(*id).second) proof_.event_ids.push_back(*id);
    if (!row.undecodable.empty()) {
      proof_.undecodable = cat("event ", *id, ": ", row.undecodable);
      lineage(memory_id, *id, EdgeFailure::kMismatch, row.undecodable);
      return;
    }
    verified(EdgeKind::kLineageClosure, memory_id, *id, row.event_hash);
    if (!row.fault.empty()) {
      failing(EdgeKind::kHashChain, *id, "",
              row.erased ? EdgeFailure::kUnresolved : EdgeFailure::kMismatch,
              row.erased ? "its payload was erased" : row.fault);
      return;
    }
    if (!row.prev) return;
    if (const auto parent = rows_->by_hash.find(*row.prev); parent != rows_->by_hash.end()) {
      verified(EdgeKind::kHashChain, parent->second, *id, *row.prev);
    } else {
      failing(EdgeKind::kHashChain, *id, "", EdgeFailure::kMissing,
              "the event before it is not there");
    }
  }

  const Rows* rows_;
  LineageProof proof_;
  std::set<std::string> path_, walked_, seen_events_;
};

}  // namespace

Result<std::vector<LineageProof>> prove_lineages(sqlite::Connection& db,
                                                 std::span<const std::string> memory_ids,
                                                 ProofDepth depth) {
  Rows rows;
  CORTEX_TRY(load_memories(db, {memory_ids.begin(), memory_ids.end()}, rows));
  CORTEX_TRY(load_episodes(db, rows));
  CORTEX_TRY(load_events(db, depth, rows));
  std::vector<LineageProof> proofs;
  proofs.reserve(memory_ids.size());
  for (const std::string& id : memory_ids) proofs.push_back(Prover(rows).prove(id));
  return proofs;
}

}  // namespace cortex::store
