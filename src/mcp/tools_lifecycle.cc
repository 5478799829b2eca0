// Tools that move memories from state to state, by a person's leave.
#include <utility>

#include "app/axiom.h"
#include "app/memory_lifecycle.h"
#include "base/text.h"
#include "mcp/fields.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

// ---- cortex_memory_accept

constexpr Field kAcceptTakes[] = {kMemoryId, kTokenField};
constexpr Field kAcceptGives[] = {
    {.name = "accepted", .type = Type::kSwitch, .required = true},
    {.name = "memory_id", .required = true},
    kEventField,
};

Result<json::Object> run_accept(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.confirmed_memory());
  CORTEX_ASSIGN(const app::AcceptReport report,
                app::accept_memory(call.services(), call.layout(), call.author(), id,
                                   store::ProofDepth::kHashes));
  if (report.refused) return *report.refused;
  return json::Object{
      {"accepted", true}, {"event_id", report.event_id}, {"memory_id", report.memory_id}};
}

// ---- cortex_memory_reject, cortex_memory_supersede

constexpr Field kMoveGives[] = {
    {.name = "memory_id", .required = true},
    {.name = "from", .about = "its state before", .required = true},
    {.name = "to", .about = "its state now", .required = true},
    kEventField,
};
constexpr Field kRejectTakes[] = {kMemoryId, kTokenField, kReasonField};

Result<json::Object> run_reject(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.confirmed_memory());
  CORTEX_ASSIGN(const auto reason, call.arguments.optional_trimmed("reason"));
  CORTEX_ASSIGN(
      const app::MoveReport report,
      app::reject_memory(call.services(), call.layout(), call.author(), id, reason.value_or("")));
  return members_of(to_json(report));
}

constexpr Field kSupersedeTakes[] = {
    kMemoryId,
    kTokenField,
    {.name = "by", .about = "the active memory that takes its place: mem_...", .required = true},
    {.name = "since", .about = "from when on the other one holds; default: now", .nullable = true},
    kReasonField,
};

Result<json::Object> run_supersede(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.confirmed_memory());
  CORTEX_ASSIGN(const std::string by, call.arguments.memory_id("by"));
  CORTEX_ASSIGN(const auto since, call.arguments.optional_trimmed("since"));
  CORTEX_ASSIGN(const auto reason, call.arguments.optional_trimmed("reason"));
  CORTEX_ASSIGN(const app::MoveReport report,
                app::supersede_memory(call.services(), call.layout(), call.author(), id, by, since,
                                      reason.value_or("")));
  return members_of(to_json(report));
}

// ---- cortex_admit_axiom

constexpr Field kAxiomTakes[] = {
    {.name = "axiom_execution_trust_json",
     .about = "the envelope axiom_execution_trust as JSON text",
     .required = true,
     .more = "\"minLength\":1"},
    {.name = "cortex_context_trust_json",
     .about = "the envelope cortex_context_trust as JSON text",
     .required = true,
     .more = "\"minLength\":1"},
    {.name = "authority_feedback_loop_json",
     .about = "the envelope authority_feedback_loop as JSON text",
     .required = true,
     .more = "\"minLength\":1"},
    {.name = "persist",
     .type = Type::kSwitch,
     .about = "keep what is admitted as a memory that waits for a commit",
     .more = "\"default\":false"},
};
constexpr std::string_view kDecisions[] = {"admit_candidate", "quarantine", "reject"};
constexpr Field kAxiomGives[] = {
    {.name = "decision", .required = true, .choices = kDecisions},
    {.name = "policy_outcome", .required = true},
    {.name = "failing_edges", .type = Type::kTexts, .required = true},
    {.name = "forbidden_uses", .type = Type::kTexts, .required = true},
    {.name = "persisted", .type = Type::kSwitch, .required = true},
    {.name = "memory_id", .about = "of what was kept"},
};

Result<std::string> envelope(const Call& call, std::string_view name) {
  CORTEX_ASSIGN(std::string text, call.arguments.text(name));
  if (text.empty()) return bad_argument(cat(name, " must not be empty"));
  return text;
}

Result<json::Object> run_axiom(const Call& call) {
  app::ExchangeRequest request;
  CORTEX_ASSIGN(request.execution, envelope(call, kAxiomTakes[0].name));
  CORTEX_ASSIGN(request.context, envelope(call, kAxiomTakes[1].name));
  CORTEX_ASSIGN(request.loop, envelope(call, kAxiomTakes[2].name));
  request.persist = call.arguments.flag("persist");
  request.caller = call.caller("admitted from a trust exchange");
  CORTEX_ASSIGN(
      const app::ExchangeReport report,
      app::admit_exchange(call.services(), call.host.environment, call.layout(), request));
  return to_json(report);
}

constexpr Tool kLifecycleTools[] = {
    {.name = "cortex_memory_accept",
     .title = "Accept a memory",
     .about = "Makes one proven candidate active. Needs the confirmation token.",
     .tier = Tier::kConfirmed,
     .lane = Lane::kWrite,
     .takes = kAcceptTakes,
     .gives = kAcceptGives,
     .run = run_accept},
    {.name = "cortex_memory_reject",
     .title = "Forget a memory",
     .about =
         "Takes a memory out of use, or refuses a candidate. It stays in the ledger and can be "
         "restored by a person. Needs the confirmation token.",
     .tier = Tier::kConfirmed,
     .lane = Lane::kWrite,
     .destructive = true,
     .takes = kRejectTakes,
     .gives = kMoveGives,
     .run = run_reject},
    {.name = "cortex_memory_supersede",
     .title = "Supersede a memory",
     .about = "Lets another active memory take the place of one that no longer holds. Needs the "
              "confirmation token.",
     .tier = Tier::kConfirmed,
     .lane = Lane::kWrite,
     .destructive = true,
     .takes = kSupersedeTakes,
     .gives = kMoveGives,
     .run = run_supersede},
    {.name = "cortex_admit_axiom",
     .title = "Judge an axiom exchange",
     .about = "Judges the three envelopes of a trust exchange; with persist an admitted one waits "
              "for a commit.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .takes = kAxiomTakes,
     .gives = kAxiomGives,
     .list = "failing_edges",
     .run = run_axiom},
};

}  // namespace

std::span<const Tool> lifecycle_tools() { return kLifecycleTools; }

}  // namespace cortex::mcp
