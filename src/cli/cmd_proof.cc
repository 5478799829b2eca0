#include <array>

#include "app/compatibility.h"
#include "app/proof.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

struct ReachRow {
  std::string_view word;
  app::ProofReach reach;
};
constexpr std::array<ReachRow, 3> kReaches{{{"rows", app::ProofReach::kRows},
                                            {"hashes", app::ProofReach::kHashes},
                                            {"ledger", app::ProofReach::kLedger}}};

app::ProofReach reach_of(const Context& context) {
  const auto word = context.invocation.optional("depth");
  for (const ReachRow& row : kReaches) {
    if (word == row.word) return row.reach;
  }
  return app::is_compatible(context.environment) ? app::ProofReach::kRows
                                                 : app::ProofReach::kLedger;
}

// Without --fail-on every state is an answer.
Code code_of(const Context& context, trust::ProofState state) {
  const auto limit = context.invocation.optional("fail-on");
  if (!limit || state == trust::ProofState::kFullChainVerified) return Code::kOk;
  if (state == trust::ProofState::kBroken) return Code::kIntegrity;
  return limit == "partial" ? Code::kPrecondition : Code::kOk;
}

}  // namespace

Outcome run_proof_memory(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto proof = app::prove_memory(context.services, *layout, context.invocation.value("id"),
                                       reach_of(context));
  if (!proof.ok()) {
    return failed(context, proof.error(), json::Object{{"detail", proof.error().text()}});
  }
  return {.code = code_of(context, proof->closure.state()),
          .text = json::write_pretty(to_json(*proof)) + "\n"};
}

}  // namespace cortex::cli
