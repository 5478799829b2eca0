// `audit anchor --sink opentimestamps`: calendars promise to put the anchor's digest into the
// Bitcoin chain; what they answer is a proof that can be judged and upgraded later.
#include <algorithm>
#include <utility>

#include "app/anchor_run.h"
#include "app/block_headers.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "ledger/anchor/ots_receipt.h"
#include "net/http.h"

namespace cortex::app {
namespace {

using ledger::OtsState;
using ledger::OtsVerdict;
using trust::Outcome;

constexpr int kCalendarTimeoutMillis = 15'000;
constexpr std::string_view kNotLive =
    "external_sink_adapter_not_yet_implemented_pending_design_specs";

struct Proofs {
  std::vector<ledger::Receipt> receipts;
  std::vector<OtsVerdict> verdicts;
};

ledger::Receipt receipt_of(const ledger::Anchor& anchor, const std::string& calendar,
                           std::string_view proof) {
  ledger::Receipt receipt;
  receipt.sink = ledger::Sink::kOpenTimestamps;
  receipt.anchor_text_sha256 = crypto::sha256_hex(anchor_text(anchor));
  receipt.event_count = anchor.event_count;
  receipt.head = anchor.head;
  receipt.submitted_at = anchor.at;
  receipt.endpoint = calendar;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(proof.data());
  receipt.receipt = {{"calendar_url", calendar},
                     {"ots_proof_base64", to_base64({bytes, proof.size()})},
                     {"submitted_digest_hex", receipt.anchor_text_sha256}};
  return receipt;
}

std::vector<std::string> calendars_of(const AnchorRequest& request) {
  if (request.endpoint) return {*request.endpoint};
  const auto all = ledger::public_calendars();
  if (!request.live || request.receipt_in) return {std::string(all.front())};
  return {all.begin(), all.end()};
}

Result<std::string> submit_digest(Services& services, const std::string& calendar,
                                  const std::string& text) {
  const crypto::Sha256Digest digest = crypto::sha256(text);
  net::Request request;
  request.method = "POST";
  request.url = net::join_url(calendar, "digest");
  request.headers = {"Content-Type: application/vnd.opentimestamps.v1",
                     "Accept: application/vnd.opentimestamps.v1"};
  request.body.assign(digest.begin(), digest.end());
  request.timeout_millis = kCalendarTimeoutMillis;
  request.answer_bytes_max = ledger::kOtsProofBytesMax;
  CORTEX_ASSIGN(const net::Answer answer, services.http.send(request));
  if (answer.status != 200) {
    return make_error(Code::kPrecondition,
                      cat(quoted(calendar), " answered with status ", answer.status));
  }
  // Calendars answer with a bare timestamp; a whole proof file is taken too.
  const bool whole = answer.body.starts_with(std::string_view("\0OpenTimestamps", 15));
  std::string proof = whole ? answer.body : ledger::wrap_timestamp(request.body, answer.body);
  const auto parsed = ledger::parse_ots(proof);
  if (!parsed.ok()) return with_context(parsed.error(), quoted(calendar));
  return proof;
}

// One receipt a calendar that answered; an error when none did.
Result<std::vector<ledger::Receipt>> ask_calendars(Services& services, const AnchorRequest& request,
                                                   const ledger::Anchor& anchor,
                                                   AnchorReport& report) {
  std::vector<ledger::Receipt> receipts;
  std::optional<Error> last;
  for (const std::string& calendar : calendars_of(request)) {
    const auto proof = submit_digest(services, calendar, anchor_text(anchor));
    if (proof.ok()) {
      receipts.push_back(receipt_of(anchor, calendar, *proof));
      continue;
    }
    last = proof.error();
    report.notes.push_back(cat("calendar_failed: ", last->text()));
  }
  if (receipts.empty()) return with_code(*std::move(last), Code::kPrecondition);
  return receipts;
}

Result<std::vector<ledger::Receipt>> supplied_proof(Services& services,
                                                    const AnchorRequest& request,
                                                    const ledger::Anchor& anchor) {
  auto bytes = fs::read_all(services.fs, *request.receipt_in, ledger::kOtsProofBytesMax);
  if (!bytes.ok()) return with_code(std::move(bytes).error(), Code::kPrecondition);
  const auto parsed = ledger::parse_ots(*bytes);
  if (!parsed.ok()) return with_code(parsed.error(), Code::kPrecondition);
  return std::vector{receipt_of(anchor, calendars_of(request).front(), *bytes)};
}

Status judge(Services& services, const AnchorRequest& request, Proofs& proofs) {
  CORTEX_ASSIGN(const ledger::HeaderSource headers,
                header_source(services, {.file = request.bitcoin_header,
                                         .live = request.live && !request.offline,
                                         .providers = request.header_providers}));
  for (const ledger::Receipt& receipt : proofs.receipts) {
    CORTEX_ASSIGN(const ledger::OtsProof proof, ledger::proof_of(receipt));
    CORTEX_ASSIGN(OtsVerdict verdict, ledger::judge_ots(receipt, proof, headers));
    proofs.verdicts.push_back(std::move(verdict));
  }
  ledger::demand_quorum(proofs.receipts, proofs.verdicts);
  return {};
}

// The first full one, else the first partial or pending one, else the first.
std::size_t representative(const std::vector<OtsVerdict>& verdicts) {
  const auto full = std::ranges::find(verdicts, OtsState::kFull, &OtsVerdict::state);
  if (full != verdicts.end()) return static_cast<std::size_t>(full - verdicts.begin());
  const auto sound = std::ranges::find_if(
      verdicts, [](const OtsVerdict& v) { return v.state != OtsState::kBroken; });
  if (sound != verdicts.end()) return static_cast<std::size_t>(sound - verdicts.begin());
  return 0;
}

SinkVerdict sink_verdict(const OtsVerdict& verdict, bool allow_pending) {
  switch (verdict.state) {
    case OtsState::kFull:
      return {"external_authority_opentimestamps", "ots_bitcoin_confirmed_verified",
              Outcome::kAllow, true, true};
    case OtsState::kPending:
      if (allow_pending) {
        return {"external_authority_opentimestamps_pending",
                "ots_pending_accepted_under_allow_pending", Outcome::kQuarantine, true, false};
      }
      return {"external_unconfigured", "ots_pending_rejected_under_require_non_pending",
              Outcome::kReject, false, false};
    case OtsState::kPartial:
      return {"external_authority_opentimestamps_pending", verdict.token, Outcome::kQuarantine,
              true, false};
    case OtsState::kBroken:
      break;
  }
  return {"external_unconfigured", verdict.token, Outcome::kReject, false, false};
}

std::string_view outcome_text(OtsState state) {
  if (state == OtsState::kFull) return "full_chain_verified";
  return state == OtsState::kBroken ? "broken" : "partial";
}

void reject(Services& services, const AnchorRequest& request, const ledger::ChainReport& chain,
            std::string reason, Error error, AnchorReport& report) {
  decide(services, request,
         {.authority = "external_unconfigured",
          .reason = std::move(reason),
          .outcome = Outcome::kReject},
         &chain, report);
  if (error.unchanged.empty()) error.unchanged = "no receipt was written";
  fail(report, std::move(error));
}

Status write_receipts(Services& services, const AnchorRequest& request, const Proofs& proofs,
                      std::size_t best, AnchorReport& report) {
  if (request.receipt) {
    const std::string text = receipt_text(proofs.receipts[best]);
    CORTEX_TRY(write_exclusively(services, *request.receipt, text));
    report.output_path = request.receipt;
  }
  std::string all;
  std::vector<ledger::WrittenRecord> records;
  for (const ledger::Receipt& receipt : proofs.receipts) {
    records.push_back({receipt_text(receipt), request.receipt_history.value_or("")});
    all += records.back().record;
  }
  if (request.receipt_history) {
    CORTEX_TRY(beside(request.receipt, append_synced(services, *request.receipt_history, all)));
    report.history_path = request.receipt_history;
  }
  remember(services, request, records, report);
  return {};
}

}  // namespace

void anchor_to_calendars(Services& services, const AnchorRequest& request, AnchorReport& report) {
  const auto chain = scan_ledger(services, request.layout);
  if (!chain.ok()) return fail(report, chain.error());
  const ledger::Anchor anchor = anchor_of(services, *chain);
  if (!request.receipt_in && (!request.live || request.offline)) {
    return reject(services, request, *chain, std::string(kNotLive),
                  calendars_not_live("no receipt was written",
                                     "set it, or give a proof with --sink-receipt-in"),
                  report);
  }
  Proofs proofs;
  auto receipts = request.receipt_in ? supplied_proof(services, request, anchor)
                                     : ask_calendars(services, request, anchor, report);
  if (!receipts.ok()) {
    if (request.receipt_in) return fail(report, receipts.error());  // no sink was reached
    const std::string reason =
        receipts.error().token.empty() ? "ots.submit_failed" : receipts.error().token;
    return reject(services, request, *chain, reason, receipts.error(), report);
  }
  proofs.receipts = std::move(receipts).value();
  if (Status judged = judge(services, request, proofs); !judged.ok()) {
    const std::string reason =
        judged.error().token.empty() ? "ots.header_unreadable" : judged.error().token;
    return reject(services, request, *chain, reason, judged.error(), report);
  }
  const std::size_t best = representative(proofs.verdicts);
  const OtsVerdict& verdict = proofs.verdicts[best];
  report.anchor = anchor;
  report.notes.push_back(cat("ots_outcome=", outcome_text(verdict.state),
                             " (sink_endpoint=", proofs.receipts[best].endpoint, ")"));
  const SinkVerdict sink = sink_verdict(verdict, request.allow_pending);
  decide(services, request, sink, &*chain, report);
  if (sink.outcome == Outcome::kReject) {
    Error error = make_error(Code::kPrecondition, verdict.message);
    error.token = verdict.token;
    error.unchanged = "no receipt was written";
    if (verdict.state == OtsState::kPending) error.next = "accept a promise with --allow-pending";
    return fail(report, std::move(error));
  }
  if (Status kept = write_receipts(services, request, proofs, best, report); !kept.ok()) {
    fail(report, std::move(kept).error());
  }
}

}  // namespace cortex::app
