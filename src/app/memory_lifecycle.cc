#include "app/memory_lifecycle.h"

#include <span>
#include <utility>

#include "app/time_flag.h"
#include "base/text.h"
#include "ledger/erasure.h"
#include "memory/lifecycle.h"
#include "store/contradictions.h"
#include "store/memory_history.h"

namespace cortex::app {
namespace {

using memory::State;
using memory::Verb;
using Operations = std::vector<store::Operation>;

// The state that the verb leads to, or why it may not be used.
Result<State> way(Verb verb, const store::Memory& memory) {
  const auto from = memory::parse_state(memory.status);
  const auto to = from ? memory::next_state(verb, *from) : std::nullopt;
  if (verb == Verb::kRestore && memory.claim == ledger::kErasedText) {
    return refusal(Code::kPrecondition, cat("what the memory ", memory.id, " said was erased"),
                   "note what is to be remembered anew", "memory.erase.done");
  }
  if (to) return *to;
  return refusal(Code::kPrecondition,
                 cat("the memory ", memory.id, " is ", printable(memory.status), ": `",
                     memory::verb_token(verb), "` does not apply to it"),
                 cat("see its states with `cortex memory history ", memory.id, "`"),
                 "memory.lifecycle.transition");
}

store::Operation transition(Verb verb, const store::Memory& memory, State to,
                            const std::string& at) {
  return {cat("memory.", memory::verb_token(verb)), json::Object{{"at", at},
                                                                 {"memory_id", memory.id},
                                                                 {"from", memory.status},
                                                                 {"to", memory::state_token(to)}}};
}

// What it was before it was rejected or superseded. Tags may have changed since.
struct Before {
  std::optional<State> state;  // nothing: it was never anything else, as far as is known
  store::ValidTime valid;
};
Result<Before> before_it_went(sqlite::Connection& db, const store::Memory& memory) {
  CORTEX_ASSIGN(const auto versions, store::versions_of(db, memory.id));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->status == memory.status) continue;
    return Before{memory::parse_state(version->status), version->valid};
  }
  return Before{std::nullopt, versions.empty() ? store::ValidTime() : versions.front().valid};
}

// Empty when it may be used, else why not.
Result<std::string> why_not_active(sqlite::Connection& db, const store::Memory& memory,
                                   store::ProofDepth depth) {
  CORTEX_ASSIGN(const auto proofs, store::prove_lineages(db, std::span(&memory.id, 1), depth));
  if (!proofs.front().usable()) return std::string("its proof is not whole");
  CORTEX_ASSIGN(const auto open, store::list_contradictions(db, store::Which::kOpen, memory.id));
  if (!open.empty()) return cat("the open contradiction ", open.front().id, " touches it");
  return std::string();
}

using MovePlan =
    std::function<Result<Operations>(sqlite::Connection& db, const store::Memory& memory,
                                     MoveReport& report, const std::string& at)>;

// The frame of every verb: ids, the memory, its adoption, one transaction.
Result<MoveReport> move(Services& services, const Layout& layout, const Author& author,
                        const std::string& memory_id, const std::string& reason,
                        const MovePlan& plan_move) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kMemory, memory_id));
  CORTEX_ASSIGN(const std::string kept, kept_reason(author.policy, reason));
  MoveReport report{.operation = {}, .memory_id = id, .from = {}, .to = {}, .event_id = {}};
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    CORTEX_ASSIGN(const store::Memory memory, required_memory(db, id));
    report.from = memory.status;
    Operations operations;
    CORTEX_TRY(adopt(db, memory, operations));
    CORTEX_ASSIGN(Operations own, plan_move(db, memory, report, column_time(services.clock.now())));
    report.operation = own.back().name;
    for (store::Operation& one : own) operations.push_back(std::move(one));
    return operations;
  };
  CORTEX_ASSIGN(const Recorded recorded,
                change_memories(services, layout, author.with_reason(kept), plan));
  report.event_id = recorded.event_ids.back();
  report.mirror_note = recorded.mirror_note;
  return report;
}

}  // namespace

Result<MoveReport> reject_memory(Services& services, const Layout& layout, const Author& author,
                                 const std::string& memory_id, const std::string& reason) {
  return move(services, layout, author, memory_id, reason,
              [](sqlite::Connection&, const store::Memory& memory, MoveReport& report,
                 const std::string& at) -> Result<Operations> {
                CORTEX_ASSIGN(const State to, way(Verb::kReject, memory));
                report.to = memory::state_token(to);
                return Operations{transition(Verb::kReject, memory, to, at)};
              });
}

Result<MoveReport> supersede_memory(Services& services, const Layout& layout, const Author& author,
                                    const std::string& memory_id, const std::string& by,
                                    const std::optional<std::string>& since,
                                    const std::string& reason) {
  CORTEX_ASSIGN(const std::string other, id_argument(core::IdKind::kMemory, by));
  std::optional<std::string> from;
  if (since) {
    CORTEX_ASSIGN(from, column_time_flag("since", *since));
  }
  const MovePlan plan = [&](sqlite::Connection& db, const store::Memory& memory, MoveReport& report,
                            const std::string& at) -> Result<Operations> {
    CORTEX_ASSIGN(const State to, way(Verb::kSupersede, memory));
    if (other == memory.id) {
      return refusal(Code::kPrecondition, "a memory cannot supersede itself",
                     "name another memory with --by, or use `cortex memory correct`");
    }
    CORTEX_ASSIGN(const store::Memory successor, required_memory(db, other));
    if (successor.status != "active") {
      return refusal(Code::kPrecondition,
                     cat("the memory ", other, " is ", printable(successor.status),
                         " and cannot take the place of another"),
                     "accept it first");
    }
    CORTEX_ASSIGN(const auto last, store::last_version(db, memory.id));
    // What held until a moment does not hold longer because something took its place later.
    std::string end = from.value_or(at);
    if (last && last->valid.until) end = std::min(end, *last->valid.until);
    store::Operation operation = transition(Verb::kSupersede, memory, to, at);
    operation.args.add("by", other);
    if (last && last->valid.from) operation.args.add("valid_from", *last->valid.from);
    operation.args.add("valid_until", end);
    report.to = memory::state_token(to);
    report.by = other;
    report.since = end;
    return Operations{std::move(operation)};
  };
  return move(services, layout, author, memory_id, reason, plan);
}

Result<MoveReport> restore_memory(Services& services, const Layout& layout, const Author& author,
                                  const std::string& memory_id, const std::string& reason,
                                  store::ProofDepth depth) {
  const MovePlan plan = [depth](sqlite::Connection& db, const store::Memory& memory,
                                MoveReport& report, const std::string& at) -> Result<Operations> {
    CORTEX_TRY(way(Verb::kRestore, memory));
    CORTEX_ASSIGN(const Before before, before_it_went(db, memory));
    State to = memory::restore_to(before.state);
    if (to == State::kActive) {
      CORTEX_ASSIGN(report.note, why_not_active(db, memory, depth));
      if (!report.note.empty()) to = State::kCandidate;
    }
    store::Operation operation = transition(Verb::kRestore, memory, to, at);
    operation.args.add("valid", true);
    if (before.valid.from) operation.args.add("valid_from", *before.valid.from);
    if (before.valid.until) operation.args.add("valid_until", *before.valid.until);
    report.to = memory::state_token(to);
    return Operations{std::move(operation)};
  };
  return move(services, layout, author, memory_id, reason, plan);
}

json::Value to_json(const MoveReport& report) {
  json::Object out{{"event_id", report.event_id},
                   {"from", report.from},
                   {"memory_id", report.memory_id},
                   {"operation", report.operation},
                   {"to", report.to}};
  if (!report.by.empty()) out.add("by", report.by);
  if (report.since) out.add("valid_until", *report.since);
  if (!report.note.empty()) out.add("note", report.note);
  out.sort();
  return out;
}

}  // namespace cortex::app
