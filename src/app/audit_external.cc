// `audit verify --against-external RECEIPTS`: what services outside say of the ledger. Every
// receipt is bound to the ledger, and every proof in it is verified, not only the latest.
#include <algorithm>
#include <memory>
#include <utility>

#include "app/audit_against.h"
#include "app/block_headers.h"
#include "base/text.h"
#include "ledger/anchor/ots_receipt.h"
#include "ledger/anchor/receipt.h"
#include "ledger/anchor/rekor.h"
#include "ledger/anchor/trusted_root.h"

namespace cortex::app {
namespace {

using ledger::OtsState;
using ledger::RootState;

constexpr std::string_view kExternalRule = "audit.verify.external_receipts";
constexpr std::string_view kParsedOnly = "parsed_only_signature_verification_pending";
constexpr std::string_view kRootPrefix = "audit.verify.trusted_root.";

struct External {
  std::string path;
  std::string text;
  Result<std::vector<ledger::Receipt>> receipts = std::vector<ledger::Receipt>{};
  ledger::LoadedRoot root;
};

struct OtsCounts {
  std::uint64_t pending = 0, partial = 0, full = 0, quorum_not_met = 0;
};

Error failure(Code code, std::string_view token, std::string message) {
  return with_token(make_error(code, std::move(message)), token);
}

constexpr std::string_view kFailClosed = "fail_closed_trusted_root_stale_>30d";

// What came of the receipts; none was looked at when the root may not be used.
struct ExternalSummary {
  std::string_view authority, status;
  std::size_t verified = 0;
  std::uint64_t latest = 0, rows = 0;
};

void show_external(const External& external, const ExternalSummary& shown, Finding& finding) {
  const std::string signed_at = format_rfc3339(external.root.root->signed_at, Offset::kPlus00);
  finding.members.add("external_receipts",
                      json::Object{{"receipts_path", external.path},
                                   {"receipts_verified", shown.verified},
                                   {"latest_anchor_event_count", shown.latest},
                                   {"db_count", shown.rows},
                                   {"external_anchor_authority", shown.authority},
                                   {"status", shown.status},
                                   {"trust_root_status", external.root.status()},
                                   {"trust_root_signed_at", signed_at}});
  finding.notes.push_back(cat("external_anchor_authority=", shown.authority));
  finding.notes.push_back(cat("external_anchor_receipts_verified=", shown.verified));
  finding.notes.push_back(cat("external_anchor_status=", shown.status));
  finding.notes.push_back(cat("trust_root_status=", external.root.status()));
  finding.notes.push_back(cat("trust_root_signed_at=", signed_at));
}

// A root that may not be used ends the run before the receipts are looked at.
std::optional<Error> refuse_root(const External& external, Finding& finding) {
  std::optional<Error> error;
  switch (external.root.state) {
    case RootState::kEmbedded:
      finding.notes.push_back("warning: the trusted root is the one that came with the program");
      return std::nullopt;
    case RootState::kEmbeddedStale:
      finding.notes.push_back(
          cat("warning: the trusted root that came with the program is older "
              "than 30 days: ",
              "invariant=", kRootPrefix, "snapshot_stale invariant=", kRootPrefix,
              "stale_beyond_max_age"));
      return std::nullopt;
    case RootState::kCached:
      return std::nullopt;
    case RootState::kCachedStale:
      error = failure(Code::kPrecondition, cat(kRootPrefix, "cache_stale"),
                      "the cached trusted root is older than 30 days");
      break;
    case RootState::kCachedFuture:
      error = failure(Code::kPrecondition, cat(kRootPrefix, "cache_future_dated"),
                      "the cached trusted root is dated in the future");
      break;
    case RootState::kCachedInvalid:
      error = failure(Code::kPrecondition, cat(kRootPrefix, "parse_error"), external.root.why);
      break;
  }
  if (external.root.state != RootState::kCachedInvalid) {
    finding.notes.push_back(cat("invariant=", kRootPrefix, "stale_beyond_max_age"));
    show_external(external, {.authority = kFailClosed, .status = error->token}, finding);
  }
  error->next = "run `cortex audit refresh-trust`";
  return error;
}

// Judges the timestamp proofs; the tokens of what is no more than partial become notes.
Result<OtsCounts> judge_timestamps(const std::vector<ledger::Receipt>& receipts,
                                   const ledger::HeaderSource& headers, Finding& finding,
                                   std::vector<bool>& proven) {
  std::vector<ledger::Receipt> stamped;
  std::vector<ledger::OtsVerdict> verdicts;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (receipts[i].receipt.find("ots_proof_base64") == nullptr) continue;
    CORTEX_ASSIGN(const ledger::OtsProof proof, ledger::proof_of(receipts[i]));
    CORTEX_ASSIGN(ledger::OtsVerdict verdict, ledger::judge_ots(receipts[i], proof, headers));
    if (verdict.state == OtsState::kBroken) {
      return failure(Code::kIntegrity, verdict.token, verdict.message);
    }
    stamped.push_back(receipts[i]);
    verdicts.push_back(std::move(verdict));
    places.push_back(i);
  }
  ledger::demand_quorum(stamped, verdicts);
  OtsCounts counts;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const ledger::OtsVerdict& verdict = verdicts[i];
    if (!verdict.token.empty()) finding.notes.push_back(cat("invariant=", verdict.token));
    if (verdict.state == OtsState::kPending) ++counts.pending;
    if (verdict.state == OtsState::kPartial) ++counts.partial;
    if (verdict.state == OtsState::kFull) ++counts.full;
    if (verdict.token == ledger::kOtsQuorumToken) ++counts.quorum_not_met;
    proven[places[i]] = verdict.state == OtsState::kFull;
  }
  if (!verdicts.empty()) {
    finding.notes.push_back(cat("ots_receipts_pending=", counts.pending,
                                " ots_receipts_bitcoin_partial=", counts.partial,
                                " ots_receipts_bitcoin_full_chain_verified=", counts.full,
                                " ots_receipts_quorum_not_met=", counts.quorum_not_met));
  }
  return counts;
}

Status verify_entries(const std::vector<ledger::Receipt>& receipts, const ledger::TrustedRoot& root,
                      Finding& finding, std::vector<bool>& proven) {
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (!ledger::has_rekor_entry(receipts[i])) continue;
    const auto entry = ledger::verify_rekor(receipts[i], root);
    if (entry.ok()) {
      proven[i] = true;
      continue;
    }
    if (entry.error().token == ledger::kRekorSetToken) {
      finding.notes.push_back("invariant=audit.verify.rekor.signature_mismatch");
    }
    return entry.error();
  }
  return {};
}

// The strongest of what the receipts for the latest row prove.
std::string_view authority_of(const std::vector<ledger::Receipt>& receipts,
                              const std::vector<bool>& proven) {
  std::string_view authority = kParsedOnly;
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (!proven[i] || receipts[i].event_count != receipts.back().event_count) continue;
    if (receipts[i].sink == ledger::Sink::kRekor) return "external_authority_rekor";
    authority = "external_authority_opentimestamps";
  }
  return authority;
}

void report_receipts(const External& external, std::string_view authority,
                     const ledger::ChainReport& chain, Finding& finding) {
  const auto& receipts = *external.receipts;
  const std::uint64_t latest = receipts.back().event_count;
  show_external(external, {authority, authority, receipts.size(), latest, chain.rows}, finding);
  finding.results.push_back(cat("external receipts ", external.path, " verified ", receipts.size(),
                                " receipts through event_count ", latest, " (", chain.rows,
                                " rows scanned)"));
}

Status check(Services& services, const VerifyRequest& request, const External& external,
             const ledger::ChainReport& chain, Finding& finding) {
  if (auto error = refuse_root(external, finding)) return *std::move(error);
  if (!external.receipts.ok()) return external.receipts.error();
  const auto& receipts = *external.receipts;
  for (const ledger::Receipt& receipt : receipts) CORTEX_TRY(check_binding(receipt, chain));
  CORTEX_ASSIGN(const ledger::HeaderSource headers,
                header_source(services, {.file = request.bitcoin_header,
                                         .live = request.live,
                                         .providers = request.header_providers}));
  std::vector<bool> proven(receipts.size(), false);
  CORTEX_TRY(judge_timestamps(receipts, headers, finding, proven));
  CORTEX_TRY(verify_entries(receipts, *external.root.root, finding, proven));
  report_receipts(external, authority_of(receipts, proven), chain, finding);
  return {};
}

}  // namespace

Result<std::optional<Section>> external_section(Services& services, const VerifyRequest& request,
                                                ledger::VerifyOptions& pass) {
  if (!request.against_external) return std::optional<Section>();
  auto external = std::make_shared<External>();
  external->path = *request.against_external;
  external->root =
      ledger::load_trusted_root(services.fs, request.trusted_root_path, services.clock.now());
  auto text = read_evidence(services, external->path);
  if (text.ok()) {
    external->text = std::move(text).value();
    external->receipts = ledger::parse_receipts(external->text);
  } else {
    external->receipts = std::move(text).error();
  }
  if (external->receipts.ok()) {
    for (const ledger::Receipt& receipt : *external->receipts) {
      pass.positions.push_back(receipt.event_count);
    }
  }
  auto judge = [&services, request, external](const Pass& seen) {
    Finding finding;
    if (const Status held = check(services, request, *external, seen.chain, finding); !held.ok()) {
      refuse_evidence(finding, kExternalRule, external->path, held.error());
      return finding;
    }
    check_register(services, request, ledger::kReceiptFormat, external->path, external->text,
                   kExternalRule, finding);
    return finding;
  };
  return std::optional<Section>(Section{.judge = judge});
}

}  // namespace cortex::app
