#include "app/session_proposals.h"

#include <algorithm>
#include <utility>

#include "app/memory_work.h"
#include "base/text.h"
#include "core/ids.h"
#include "reflect/trace.h"
#include "store/memories.h"
#include "store/plain_rows.h"

namespace cortex::app {
namespace {

constexpr std::size_t kProposalBatch = 500;
constexpr std::string_view kIdDomain = "cortex.import.memory.v1";
// What another program believed is worth a look, no more.
constexpr double kProposedConfidence = 0.5;
constexpr std::string_view kProposedAuthority = "external";

std::vector<std::string> domains_in(const std::vector<std::string>& tags) {
  std::vector<std::string> domains = tags;
  std::erase(domains, "transcript");
  return domains;
}

}  // namespace

reflect::Extractor hear_all(const std::vector<reflect::TraceEvent>& events) {
  reflect::Extractor extractor;
  for (const reflect::TraceEvent& event : events) {
    extractor.see(event.id, reflect::speaker_of(event.type), reflect::text_of(event.payload),
                  domains_in(event.domains));
  }
  return extractor;
}

void hear(const core::Event& event, reflect::Extractor& extractor) {
  const reflect::Speaker speaker = reflect::speaker_of(event.type);
  if (speaker == reflect::Speaker::kOther) return;
  const auto payload = json::parse(event.payload);
  if (!payload.ok()) return;
  extractor.see(core::id_text(core::IdKind::kEvent, event.id), speaker, reflect::text_of(*payload),
                domains_in(event.domain_tags));
}

Status ProposalKeeper::add(const transcript::Turn& turn) {
  const std::string event_id = core::id_text(core::IdKind::kEvent, turn.id);
  for (const transcript::Proposal& one : turn.proposals) {
    // The same claim of a record that changed otherwise is the same proposal.
    const std::string_view parts[] = {format_, turn.session, one.claim};
    const Ulid id = transcript::hashed_ulid(turn.at, kIdDomain, parts);
    auto screened = memory::screen(trim(one.claim), policy_);
    if (!screened.ok() || !check_text("claim", one.claim).ok()) {
      ++counts_.refused;
      continue;
    }
    Kept kept{.id = core::id_text(core::IdKind::kMemory, id),
              .claim = std::move(screened->text),
              .event_id = event_id,
              .at = column_time(turn.at),
              .tags = {format_}};
    for (const std::string& tag : one.tags) {
      auto clean = memory::screen(trim(tag), policy_);
      if (clean.ok() && !clean->text.empty() &&
          std::ranges::find(kept.tags, clean->text) == kept.tags.end()) {
        kept.tags.push_back(std::move(clean->text));
      }
    }
    batch_.push_back(std::move(kept));
  }
  return batch_.size() < kProposalBatch ? Status() : flush();
}

Status ProposalKeeper::flush() {
  if (batch_.empty()) return {};
  const std::vector<Kept> batch = std::exchange(batch_, {});
  ProposalCounts counted;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    counted = {};
    std::vector<std::string> ids;
    ids.reserve(batch.size());
    for (const Kept& one : batch) ids.push_back(one.id);
    CORTEX_ASSIGN(auto known, store::present_ids(db, "memories", ids));
    const std::string now = column_time(services_.clock.now());
    std::vector<store::Operation> operations;
    for (const Kept& one : batch) {
      if (!known.insert(one.id).second) {
        ++counted.known;
        continue;
      }
      const Status fresh = memory::refuse_recalled(db, one.claim, policy_);
      if (!fresh.ok() && fresh.error().code != Code::kPrecondition) return fresh.error();
      if (!fresh.ok()) {
        ++counted.refused;
        continue;
      }
      store::Memory row;
      row.id = one.id;
      row.type = "semantic";
      row.status = "candidate";
      row.claim = one.claim;
      row.source_episodes = json::Array();
      row.source_events = json::Array{one.event_id};
      row.domains = json::array_of(one.tags);
      row.salience = json::Object();
      row.confidence = kProposedConfidence;
      row.authority = kProposedAuthority;
      row.applies_when = row.does_not_apply_when = json::Array();
      row.created_at = one.at;
      row.updated_at = now;
      operations.push_back(
          {"memory.candidate", {{"at", now}, {"memory", store::memory_to_json(row)}}});
      ++counted.proposed;
    }
    return operations;
  };
  CORTEX_TRY(change_memories(services_, layout_, caller_, plan));
  counts_.proposed += counted.proposed;
  counts_.known += counted.known;
  counts_.refused += counted.refused;
  return {};
}

}  // namespace cortex::app
