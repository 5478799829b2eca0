#include "app/decay_sources.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/memory_work.h"
#include "base/text.h"
#include "store/contradictions.h"
#include "store/lineage_proof.h"
#include "store/memory_history.h"
#include "store/plain_rows.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

Error broken(std::string_view token, std::string message) {
  return with_token(make_error(Code::kIntegrity, std::move(message)), token);
}

Error missing(std::string_view id) {
  return broken(kSourceMissing, cat("the source ", printable(id), " is not there any more"));
}

memory::SummarySource source_of(const store::Memory& one) {
  return {.id = one.id,
          .text = one.claim,
          .confidence = one.confidence,
          .domains = one.domains,
          .events = one.source_events,
          .episodes = one.source_episodes,
          .authority = one.authority};
}

Result<DecaySources> read_memories(sqlite::Connection& db, const store::DecayJob& job) {
  std::map<std::string, store::Memory> found;
  const auto keep = [&found](const store::Memory& one) -> Status {
    found.emplace(one.id, one);
    return {};
  };
  CORTEX_TRY(store::each_memory(db, {.ids = job.source_ids}, keep));
  CORTEX_ASSIGN(const auto of_agents, store::noted_by_agents(db, job.source_ids));
  DecaySources out;
  for (const std::string& id : job.source_ids) {
    const auto one = found.find(id);
    if (one == found.end()) return missing(id);
    out.sources.push_back(source_of(one->second));
    if (of_agents.contains(id)) out.sources.back().authority = trust::kAgentAuthority;
    CORTEX_TRY(adopt(db, one->second, out.adoptions));
    out.memories.push_back(one->second);
  }
  return out;
}

Result<json::Value> column_of(const json::Object& row, std::string_view id,
                              std::string_view column) {
  auto value = json::parse(store::text_of(row, column));
  if (value.ok()) return value;
  return broken(kInputInvalid, cat("the episode ", printable(id), " has no usable ", column));
}

Result<DecaySources> read_episodes(sqlite::Connection& db, const store::DecayJob& job) {
  DecaySources out;
  for (const std::string& id : job.source_ids) {
    CORTEX_ASSIGN(const auto episode, store::find_row(db, "episodes", "id", id));
    if (!episode) return missing(id);
    CORTEX_ASSIGN(const auto trace,
                  store::find_row(db, "traces", "id", store::text_of(*episode, "trace_id")));
    if (!trace) return missing(store::text_of(*episode, "trace_id"));
    memory::SummarySource source{.id = id,
                                 .text = store::text_of(*episode, "summary"),
                                 .confidence = store::real_of(*episode, "confidence").value_or(0),
                                 .domains = {},
                                 .events = {},
                                 .episodes = {},
                                 .authority = {}};
    CORTEX_ASSIGN(source.domains, column_of(*episode, id, "domains_json"));
    CORTEX_ASSIGN(source.events, column_of(*episode, id, "source_events_json"));
    out.sources.push_back(std::move(source));
    out.adoptions.push_back({"episode.add", {{"trace", *trace}, {"episode", *episode}}});
  }
  return out;
}

bool is_cut(const store::Memory& summary) {
  return summary.claim.size() + 4 > memory::kSummaryBytesMax &&
         summary.claim.ends_with(memory::kTruncated);
}

Result<std::string> dispute(sqlite::Connection& db, const std::vector<std::string>& ids) {
  CORTEX_ASSIGN(const auto open, store::open_contradictions(db, ids));
  if (open.empty()) return std::string();
  const store::Contradiction& one = open.front();
  const bool left = std::ranges::find(ids, one.left_ref) != ids.end();
  return cat("the open contradiction ", one.id, " touches ", left ? one.left_ref : one.right_ref);
}

struct Support {
  json::Array ids, findings;
};

void judge_support(const std::string& id, const std::optional<store::Memory>& memory,
                   Support& support) {
  support.ids.emplace_back(id);
  const auto found = [&](std::string what) {
    support.findings.emplace_back(json::Object{{"memory_id", id}, {"finding", std::move(what)}});
  };
  if (!memory) return found("missing");
  if (memory->status != "active") return found(memory->status);
  if (!memory->validated()) return found("never_validated");
}

}  // namespace

Result<DecaySources> read_sources(sqlite::Connection& db, const store::DecayJob& job) {
  const auto kind = memory::parse_decay_kind(job.kind);
  if (kind == memory::DecayKind::kEpisodes) return read_episodes(db, job);
  if (kind == memory::DecayKind::kCandidates) return read_memories(db, job);
  return broken(kInputInvalid, cat("jobs of kind ", quoted(job.kind), " have no summary"));
}

Result<Retirement> judge_retirement(sqlite::Connection& db, const DecaySources& sources,
                                    const store::Memory& summary) {
  Retirement out;
  const std::string& status = sources.memories.front().status;
  std::vector<std::string> ids;
  for (const store::Memory& one : sources.memories) {
    ids.push_back(one.id);
    if (one.status != status || (status != "active" && status != "candidate")) {
      out.why_not = "its sources are not all active, or all candidates";
      return out;
    }
  }
  if (is_cut(summary)) {
    out.why_not = "it had to be cut, so that it does not say all that its sources say";
    return out;
  }
  CORTEX_ASSIGN(out.why_not, dispute(db, ids));
  if (!out.why_not.empty() || status == "candidate") return out;
  CORTEX_ASSIGN(const auto proofs, store::prove_lineages(db, ids, store::ProofDepth::kHashes));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!proofs[i].usable()) out.why_not = cat("the proof of ", ids[i], " is not whole");
  }
  out.summary_is_active = out.why_not.empty();
  return out;
}

Result<json::Value> review_principle(Services& services, sqlite::Connection& db,
                                     const std::string& principle_id) {
  CORTEX_ASSIGN(const auto principle, store::find_row(db, "principles", "id", principle_id));
  if (!principle) {
    return broken("decay.review.principle_missing",
                  cat("the principle ", printable(principle_id), " is not there any more"));
  }
  Support support;
  const auto supporting = json::parse(store::text_of(*principle, "supporting_memories_json"));
  std::vector<std::string> ids;
  if (supporting.ok() && supporting->as_array() != nullptr) {
    for (const json::Value& value : *supporting->as_array()) {
      if (value.as_string() == nullptr) continue;
      ids.push_back(*value.as_string());
      CORTEX_ASSIGN(const auto memory, store::find_memory(db, ids.back()));
      judge_support(ids.back(), memory, support);
    }
  }
  CORTEX_ASSIGN(const std::string disputed, dispute(db, ids));
  if (!disputed.empty()) support.findings.emplace_back(json::Object{{"finding", disputed}});
  if (ids.empty()) support.findings.emplace_back(json::Object{{"finding", "no_support"}});
  const bool holds = support.findings.empty();
  return json::Value(json::Object{{"audit_id", new_id(services, core::IdKind::kAuditRecord)},
                                  {"principle_id", principle_id},
                                  {"status", store::text_of(*principle, "status")},
                                  {"supporting", std::move(support.ids)},
                                  {"verdict", holds ? "holds" : "needs_review"},
                                  {"findings", std::move(support.findings)}});
}

}  // namespace cortex::app
