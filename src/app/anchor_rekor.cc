// `audit anchor --sink rekor`: the anchor's digest goes into a public log, and the log's answer is
// kept only after everything in it was verified.
#include <utility>

#include "app/anchor_run.h"
#include "app/rekor_log.h"
#include "base/text.h"
#include "ledger/anchor/rekor.h"
#include "ledger/anchor/trusted_root.h"

namespace cortex::app {
namespace {

using trust::Outcome;

void reject(Services& services, const AnchorRequest& request, const ledger::ChainReport* chain,
            Error error, AnchorReport& report) {
  decide(services, request,
         {.authority = "external_authority_rekor_rejected",
          .reason = error.token.empty() ? std::string(ledger::kRekorSubmitToken) : error.token,
          .outcome = Outcome::kReject,
          .configured = true},
         chain, report);
  if (error.unchanged.empty()) error.unchanged = "no receipt was written";
  fail(report, std::move(error));
}

Status write_receipt(Services& services, const AnchorRequest& request, const std::string& text,
                     AnchorReport& report) {
  if (request.receipt) {
    CORTEX_TRY(write_exclusively(services, *request.receipt, text));
    report.rekor.add("rekor_receipt_path", *request.receipt);
  }
  if (request.receipt_history) {
    CORTEX_TRY(beside(request.receipt, append_synced(services, *request.receipt_history, text)));
    report.rekor.add("rekor_receipt_history_path", *request.receipt_history);
  }
  return {};
}

void report_entry(const ledger::RekorEntry& entry, const ledger::TrustedRoot& root,
                  const std::string& endpoint, AnchorReport& report) {
  const std::string signed_at = format_rfc3339(root.signed_at, Offset::kZ);
  report.rekor.add("rekor_log_index", entry.log_index);
  report.rekor.add("rekor_uuid", entry.uuid);
  report.rekor.add("rekor_set_signature", entry.set);
  report.rekor.add("trusted_root_signed_at", signed_at);
  report.notes.push_back(
      cat("rekor entry uuid=", entry.uuid, " log_index=", entry.log_index, " endpoint=", endpoint));
  report.notes.push_back(cat("rekor trusted_root_signed_at=", signed_at));
}

Result<ledger::LoadedRoot> usable_root(Services& services, const AnchorRequest& request) {
  ledger::LoadedRoot loaded =
      ledger::load_trusted_root(services.fs, request.trusted_root_path, services.clock.now());
  if (loaded.root) return loaded;
  Error error =
      make_error(Code::kPrecondition, cat("the cached trusted root cannot be used: ", loaded.why));
  error.token = "audit.verify.trusted_root.parse_error";
  error.next = "run `cortex audit refresh-trust`";
  return error;
}

}  // namespace

void anchor_to_rekor(Services& services, const AnchorRequest& request, AnchorReport& report) {
  if (request.offline) {
    reject(services, request, nullptr,
           ledger::rekor_submit_failed("--offline forbids to reach the log"), report);
    return;
  }
  const auto chain = scan_ledger(services, request.layout);
  if (!chain.ok()) return fail(report, chain.error());
  const auto root = usable_root(services, request);
  if (!root.ok()) return reject(services, request, &*chain, root.error(), report);

  const ledger::Anchor anchor = anchor_of(services, *chain);
  const std::string endpoint = request.endpoint.value_or(std::string(kRekorEndpoint));
  const auto witnessed = ask_rekor(services, endpoint, anchor, *root->root);
  if (!witnessed.ok()) return reject(services, request, &*chain, witnessed.error(), report);

  const bool stale =
      root->state != ledger::RootState::kCached && root->state != ledger::RootState::kEmbedded;
  report_entry(witnessed->entry, *root->root, endpoint, report);
  decide(services, request,
         {.authority = stale ? "external_authority_rekor_quarantined" : "external_authority_rekor",
          .reason = stale ? "audit.anchor.rekor.trusted_root_stale" : "external_authority_rekor",
          .outcome = stale ? Outcome::kQuarantine : Outcome::kAllow,
          .configured = true,
          .external_authority = !stale},
         &*chain, report);
  report.anchor = anchor;
  const std::string written = receipt_text(witnessed->receipt);
  if (Status kept = write_receipt(services, request, written, report); !kept.ok()) {
    return fail(report, std::move(kept).error());
  }
  remember(services, request, {{written, request.receipt_history.value_or("")}}, report);
}

}  // namespace cortex::app
