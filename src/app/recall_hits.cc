#include "app/recall_hits.h"

#include <cmath>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "context/pack.h"
#include "core/event.h"
#include "retrieval/content.h"
#include "retrieval/document.h"
#include "retrieval/snippet.h"
#include "store/memory_history.h"
#include "store/plain_rows.h"
#include "store/schema_query.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

using retrieval::Kind;
using retrieval::Ranked;
constexpr std::size_t kSnippetBytes = 320;

std::string json_refs(const std::vector<Ranked>& ranked, Kind kind) {
  std::string out = "[";
  for (const Ranked& hit : ranked) {
    if (hit.kind != kind) continue;
    if (out.size() > 1) out += ',';
    out += cat(hit.ref);
  }
  return out + "]";
}

Timestamp time_of_column(std::string_view text) {
  return parse_strict_rfc3339(text).value_or(Timestamp{});
}

// Who stands behind a row, in the words of the trust rules.
std::string_view class_of_source(std::string_view source, bool attested) {
  if (source.starts_with("tool")) return "tool_observed";
  return source == "user" && attested ? "operator_attested" : "runtime_derived";
}
std::string_view class_of_authority(std::string_view authority) {
  if (authority == "user" || authority == "operator") return "operator_attested";
  return authority == "tool" || authority == "system" ? "tool_observed" : "runtime_derived";
}

class HitLoader {
 public:
  HitLoader(sqlite::Connection& db, retrieval::Analyzer& analyzer,
            const retrieval::SearchResult& found)
      : db_(db), analyzer_(analyzer), found_(found) {}

  Status load_events(const std::vector<Ranked>& ranked) {
    CORTEX_ASSIGN(auto select,
                  db_.prepare("SELECT e.rowid, e.id, e.observed_at, e.source_json, e.event_type,"
                              " e.session_id, e.payload_json, e.event_hash,"
                              " e.source_attestation_json FROM json_each(?1) j JOIN events e ON"
                              " e.rowid = j.value"));
    CORTEX_TRY(select.bind_all(json_refs(ranked, Kind::kEvent)));
    for (;;) {
      CORTEX_ASSIGN(const bool more, select.step());
      if (!more) return {};
      RecallHit hit;
      hit.id = select.column_text(1);
      hit.observed = time_of_column(select.column_text(2));
      hit.source = retrieval::source_label(select.column_text(3));
      const auto type = core::parse_event_type(select.column_text(4));
      hit.type = type ? core::event_type_short(*type) : select.column_text(4);
      hit.session = select.column_text(5);
      retrieval::read_payload(select.column_text(6), content_);
      hit.hash = select.column_text(7);
      hit.provenance_class = class_of_source(hit.source, !select.is_null(8));
      finish(hit);
      events_[select.column_int(0)] = std::move(hit);
    }
  }

  Status load_memories(const std::vector<Ranked>& ranked) {
    CORTEX_ASSIGN(auto select,
                  db_.prepare("SELECT m.rowid, m.id, m.created_at, m.memory_type, m.claim,"
                              " m.authority, m.status, m.source_events_json, m.domains_json"
                              " FROM json_each(?1) j"
                              " JOIN memories m ON m.rowid = j.value"));
    CORTEX_TRY(select.bind_all(json_refs(ranked, Kind::kMemory)));
    for (;;) {
      CORTEX_ASSIGN(const bool more, select.step());
      if (!more) return {};
      RecallHit hit;
      hit.memory = true;
      hit.id = select.column_text(1);
      hit.observed = time_of_column(select.column_text(2));
      hit.type = select.column_text(3);
      retrieval::read_claim(select.column_text(4), content_);
      hit.source = select.column_text(5);
      hit.provenance_class = class_of_authority(hit.source);
      hit.status = select.column_text(6);
      hit.source_events = store::texts_in(select.column_text(7));
      hit.is_marked = context::sensitivity_of(store::texts_in(select.column_text(8))) >
                      context::Sensitivity::kInternal;
      finish(hit);
      memories_[select.column_int(0)] = std::move(hit);
    }
  }

  // What an agent noted is not a person's word, whatever its row says.
  Status name_agents() {
    if (memories_.empty()) return {};
    // A store that only reference 0.1.2 wrote, and that cannot be written, has no history.
    CORTEX_ASSIGN(const bool told, store::object_exists(db_, "table", "cortex_memory_history"));
    if (!told) return {};
    std::vector<std::string> ids;
    ids.reserve(memories_.size());
    for (const auto& [row, hit] : memories_) ids.push_back(hit.id);
    CORTEX_ASSIGN(const auto of_agents, store::noted_by_agents(db_, ids));
    for (auto& [row, hit] : memories_) {
      if (!of_agents.contains(hit.id)) continue;
      hit.source = trust::kAgentAuthority;
      hit.provenance_class = class_of_authority(hit.source);
    }
    return {};
  }

  // Moves out the hit of a ranked document, or null when its row is gone.
  RecallHit* find(const Ranked& ranked) {
    auto& rows = ranked.kind == Kind::kEvent ? events_ : memories_;
    const auto found = rows.find(ranked.ref);
    return found == rows.end() ? nullptr : &found->second;
  }

 private:
  void finish(RecallHit& hit) {
    hit.speaker = content_.speaker;
    hit.time = content_.said_at ? Timestamp{*content_.said_at, 0} : hit.observed;
    auto snippet = retrieval::make_snippet(analyzer_, content_.text, found_.terms, kSnippetBytes);
    if (snippet.ranges.empty() && !found_.related.empty()) {
      snippet = retrieval::make_snippet(analyzer_, content_.text, found_.related, kSnippetBytes);
    }
    hit.snippet = std::move(snippet.text);
    hit.ranges = std::move(snippet.ranges);
    hit.cut_before = snippet.cut_before;
    hit.cut_after = snippet.cut_after;
  }

  sqlite::Connection& db_;
  retrieval::Analyzer& analyzer_;
  const retrieval::SearchResult& found_;
  retrieval::Content content_;
  std::unordered_map<std::int64_t, RecallHit> events_, memories_;
};

// Six digits tell any two scores apart that matter, and read well.
double rounded(float value) { return std::round(static_cast<double>(value) * 1e6) / 1e6; }

std::vector<std::pair<std::string_view, double>> parts_of(const retrieval::Parts& p, bool vectors) {
  std::vector<std::pair<std::string_view, double>> parts{
      {"words", rounded(p.words)},       {"neighbours", rounded(p.neighbours)},
      {"session", rounded(p.session)},   {"coverage", rounded(p.coverage)},
      {"vectors", rounded(p.vectors)},   {"speaker", rounded(p.speaker)},
      {"question", rounded(p.question)}, {"length", rounded(p.length)},
      {"cue", rounded(p.cue)},           {"time", rounded(p.time)}};
  if (!vectors) std::erase_if(parts, [](const auto& part) { return part.first == "vectors"; });
  return parts;
}

}  // namespace

Result<std::vector<RecallHit>> load_hits(sqlite::Connection& db, retrieval::Analyzer& analyzer,
                                         const retrieval::SearchResult& found,
                                         const std::vector<Ranked>& ranked, bool explain) {
  HitLoader loader(db, analyzer, found);
  CORTEX_TRY(loader.load_events(ranked));
  CORTEX_TRY(loader.load_memories(ranked));
  CORTEX_TRY(loader.name_agents());
  std::vector<RecallHit> hits;
  for (const Ranked& one : ranked) {
    RecallHit* hit = loader.find(one);
    if (hit == nullptr) continue;
    hit->score = rounded(one.score);
    if (explain) hit->parts = parts_of(one.parts, found.vectors);
    hits.push_back(std::move(*hit));
  }
  return hits;
}

json::Value to_json(const RecallHit& hit) {
  json::Array ranges;
  for (const auto& [begin, end] : hit.ranges) {
    ranges.emplace_back(json::Array{begin, end});
  }
  json::Object out{{hit.memory ? "memory_id" : "event_id", hit.id},
                   {"kind", hit.memory ? "memory" : "event"},
                   {"score", hit.score},
                   {"time", format_rfc3339(hit.time, Offset::kZ)},
                   {"observed_at", format_rfc3339(hit.observed, Offset::kZ)},
                   {"type", hit.type}};
  out.add("session", hit.session.empty() ? json::Value(nullptr) : json::Value(hit.session));
  out.add("speaker", hit.speaker.empty() ? json::Value(nullptr) : json::Value(hit.speaker));
  out.add("snippet", json::Object{{"text", hit.snippet},
                                  {"highlight_ranges", std::move(ranges)},
                                  {"truncated_before", hit.cut_before},
                                  {"truncated_after", hit.cut_after}});
  json::Object trust{{"claim_ceiling", "local_unsigned"},
                     {"provenance_class", hit.provenance_class}};
  if (hit.memory) trust.add("status", hit.status);
  out.add("trust", std::move(trust));
  json::Object provenance{{"source", hit.source}};
  if (hit.memory) {
    provenance.add("source_events", json::array_of(hit.source_events));
  } else {
    provenance.add("event_hash", hit.hash);
  }
  out.add("provenance", std::move(provenance));
  if (!hit.parts.empty()) {
    json::Object parts;
    for (const auto& [name, value] : hit.parts) parts.add(std::string(name), value);
    out.add("explanation", std::move(parts));
  }
  return out;
}

}  // namespace cortex::app
