#include "app/proof.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/checked_store.h"
#include "base/fixed_bytes.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/ed25519.h"
#include "ledger/attestation.h"
#include "ledger/tail.h"
#include "ledger/verify.h"
#include "store/lineage_proof.h"
#include "trust/claim.h"

namespace cortex::app {
namespace {

using trust::EdgeFailure;
using trust::EdgeKind;

constexpr std::string_view kGenesis = "ledger_genesis";

struct LedgerRow {
  std::uint64_t ordinal = 0;
  std::string event_hash;
  std::string signed_by;  // key id, as printed; empty: the row is not signed
};

// Where the wanted events stand in the ledger, and where its chain first breaks.
struct LedgerLook {
  std::map<std::string, LedgerRow> rows;
  std::optional<ledger::Failure> first_break;
  std::string first_signer;  // key id of the first signed row of all
  // Rows whose signature does not hold, and whether these are all of them.
  std::set<std::uint64_t> badly_signed;
  bool all_signatures_known = true;
};

// Signatures are chained like rows, from the key of the first one on and along its rotations, so
// that the whole chain is gone through. That a key is trusted is not what a proof says.
Status check_signatures(fs::File& file, std::uint64_t size, LedgerLook& look) {
  const auto key = fixed_bytes<crypto::PublicKey>(from_hex(look.first_signer));
  if (!key || !crypto::check_public_key(*key).ok()) {
    look.all_signatures_known = false;
    return {};
  }
  ledger::SignedChain chain{
      .key = *key,
      .ledger_id = ledger::ledger_id_of(file.path(), ledger::kSignedRowsLedgerId),
      .may_be_unsigned = true};
  CORTEX_ASSIGN(const auto checked, ledger::verify_chain(file, size,
                                                         {.threads = ledger::verify_threads(),
                                                          .signed_chain = std::move(chain)}));
  for (const ledger::Failure& failure : checked.failures) look.badly_signed.insert(failure.line);
  look.all_signatures_known = checked.failures.size() == checked.failures_total;
  return {};
}

Result<LedgerLook> look_up(Services& services, const Layout& layout,
                           const std::vector<std::string>& wanted) {
  LedgerLook look;
  for (const std::string& id : wanted) look.rows[id];
  CORTEX_ASSIGN(auto file, services.fs.open(layout.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(*file));
  std::uint64_t ordinal = 0;
  const auto note = [&](const core::DecodedEvent& row, std::uint64_t) -> Status {
    ++ordinal;
    const auto& signature = row.event.signature;
    if (signature && look.first_signer.empty()) look.first_signer = signature->key_id;
    const auto found = look.rows.find(core::id_text(core::IdKind::kEvent, row.event.id));
    if (found == look.rows.end()) return {};
    found->second = {ordinal, row.event.event_hash, signature ? signature->key_id : ""};
    return {};
  };
  CORTEX_ASSIGN(const auto chain, ledger::verify_chain(*file, size, {.on_row = {note}}));
  if (!chain.failures.empty()) look.first_break = chain.failures.front();
  const auto is_signed = [](const auto& row) { return !row.second.signed_by.empty(); };
  if (std::ranges::any_of(look.rows, is_signed)) CORTEX_TRY(check_signatures(*file, size, look));
  return look;
}

std::string stored_hash(const trust::Closure& closure, const std::string& event_id) {
  for (const trust::VerifiedEdge& edge : closure.verified) {
    if (edge.to_ref == event_id && edge.kind == EdgeKind::kLineageClosure) {
      return edge.evidence_ref;
    }
  }
  return "";
}

// The link from the first row of the ledger to one event.
void add_ledger_edge(const LedgerLook& look, const std::string& id, trust::Closure& closure) {
  const LedgerRow& row = look.rows.at(id);
  const auto fail = [&](EdgeFailure failure, std::string reason) {
    closure.failing.push_back(
        {EdgeKind::kHashChain, std::string(kGenesis), id, failure, std::move(reason)});
  };
  if (row.ordinal == 0) return fail(EdgeFailure::kMissing, "the ledger does not hold this event");
  if (look.first_break && look.first_break->line <= row.ordinal) {
    return fail(EdgeFailure::kMismatch,
                cat("the chain of the ledger is broken at row ", look.first_break->line));
  }
  if (row.event_hash != stored_hash(closure, id)) {
    return fail(EdgeFailure::kMismatch, "the ledger holds another hash for this event");
  }
  closure.verified.push_back({EdgeKind::kHashChain, std::string(kGenesis), id, row.event_hash});
}

// The link from a key to an event whose row it signed.
void add_signature_edge(const LedgerLook& look, const std::string& id, trust::Closure& closure) {
  const LedgerRow& row = look.rows.at(id);
  if (row.signed_by.empty()) return;
  const bool bad = look.badly_signed.contains(row.ordinal);
  if (!bad && look.all_signatures_known) {
    closure.verified.push_back({EdgeKind::kSignature, row.signed_by, id, row.event_hash});
    return;
  }
  closure.failing.push_back({EdgeKind::kSignature, row.signed_by, id,
                             bad ? EdgeFailure::kInvalidSignature : EdgeFailure::kUnresolved,
                             bad ? "the signature of its row does not hold"
                                 : "the signatures of the ledger cannot all be checked"});
}

void add_ledger_edges(Services& services, const Layout& layout, const store::LineageProof& proof,
                      trust::Closure& closure) {
  if (proof.event_ids.empty()) return;
  const auto look = look_up(services, layout, proof.event_ids);
  if (look.ok()) {
    for (const std::string& id : proof.event_ids) {
      add_ledger_edge(*look, id, closure);
      add_signature_edge(*look, id, closure);
    }
    return;
  }
  closure.failing.push_back({EdgeKind::kHashChain, std::string(kGenesis), "",
                             EdgeFailure::kUnresolved,
                             cat("the ledger cannot be read: ", look.error().message)});
}

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value(nullptr) : json::Value(text);
}

}  // namespace

Result<ProofReport> prove_memory(Services& services, const Layout& layout,
                                 const std::string& memory_id, ProofReach reach) {
  const auto ulid = core::parse_id(core::IdKind::kMemory, memory_id);
  if (!ulid) {
    return make_error(Code::kUsage, cat(quoted(memory_id), " is no id of a memory"),
                      "no state was changed", "give an id such as mem_01KG0000000000000000000001");
  }
  CORTEX_ASSIGN(auto store, open_checked_store(services, layout));
  const std::array<std::string, 1> ids{core::id_text(core::IdKind::kMemory, *ulid)};
  const auto depth =
      reach == ProofReach::kRows ? store::ProofDepth::kRows : store::ProofDepth::kHashes;
  CORTEX_ASSIGN(auto proofs, store::prove_lineages(store.connection, ids, depth));
  store::LineageProof& proof = proofs.front();
  if (reach == ProofReach::kRows && !proof.undecodable.empty()) {
    return make_error(Code::kInternal, proof.undecodable);
  }
  ProofReport report{ids.front(), std::move(proof.closure)};
  if (reach == ProofReach::kLedger) add_ledger_edges(services, layout, proof, report.closure);
  return report;
}

trust::Contribution closure_vote(trust::ProofState state) {
  const trust::Outcome outcome =
      state == trust::ProofState::kFullChainVerified ? trust::Outcome::kAllow
      : state == trust::ProofState::kPartial         ? trust::Outcome::kQuarantine
                                                     : trust::Outcome::kReject;
  return {"proof_closure.state", outcome,
          cat("the proof closure is ", trust::proof_state_token(state))};
}

json::Array failing_edges_json(const trust::Closure& closure) {
  json::Array out;
  for (const trust::FailingEdge& edge : closure.failing) {
    out.emplace_back(json::Object{{"failure", trust::edge_failure_token(edge.failure)},
                                  {"from_ref", edge.from_ref},
                                  {"kind", trust::edge_kind_token(edge.kind)},
                                  {"reason", edge.reason},
                                  {"to_ref", text_or_null(edge.to_ref)}});
  }
  return out;
}

json::Value to_json(const ProofReport& report) {
  const trust::ProofState state = report.closure.state();
  trust::ReportableClaim claim =
      trust::make_claim(cat("memory ", report.memory_id),
                        {trust::RuntimeMode::kLocalUnsigned, state,
                         trust::AuthorityClass::kObserved, trust::ClaimCeiling::kLocalUnsigned});
  const bool allowed = trust::admit_as(claim, trust::ClaimKind::kAdvisory);
  const trust::Decision decision = trust::compose({closure_vote(state)});
  json::Array verified;
  for (const trust::VerifiedEdge& edge : report.closure.verified) {
    verified.emplace_back(json::Object{{"evidence_ref", text_or_null(edge.evidence_ref)},
                                       {"from_ref", edge.from_ref},
                                       {"kind", trust::edge_kind_token(edge.kind)},
                                       {"to_ref", edge.to_ref}});
  }
  return json::sorted(
      json::Object{{"claim_allowed", allowed},
                   {"claim_ceiling", trust::claim_ceiling_token(claim.effective)},
                   {"downgrade_reasons", json::array_of(claim.downgrade_reasons)},
                   {"failing_edges", failing_edges_json(report.closure)},
                   {"memory_id", report.memory_id},
                   {"policy_contributing", *trust::to_json(decision).find("contributing")},
                   {"policy_outcome", trust::outcome_token(decision.final_outcome)},
                   {"proof_state", trust::proof_state_token(state)},
                   {"runtime_mode", trust::runtime_mode_token(trust::RuntimeMode::kLocalUnsigned)},
                   {"verified_edges", std::move(verified)}});
}

}  // namespace cortex::app
