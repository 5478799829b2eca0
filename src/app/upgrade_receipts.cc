#include "app/upgrade_receipts.h"

#include <algorithm>
#include <utility>

#include "app/anchor_run.h"
#include "base/text.h"
#include "ledger/anchor/ots_receipt.h"
#include "ledger/anchor/register.h"
#include "net/http.h"

namespace cortex::app {
namespace {

using ledger::OtsAttestation;
using ledger::OtsProof;

constexpr int kUpgradeTimeoutMillis = 15'000;
constexpr std::uint64_t kReceiptsBytesMax = 64U << 20;

bool may_be_asked(const ledger::Receipt& receipt, const std::string& uri) {
  return !ledger::calendar_operator(uri).empty() ||
         (!uri.empty() && net::url_host(uri) == net::url_host(receipt.endpoint));
}

bool has_block(const OtsProof& proof, std::size_t node) {
  return std::ranges::any_of(proof.attestations, [&](const OtsAttestation& attestation) {
    return attestation.kind == OtsAttestation::Kind::kBitcoin &&
           proof.descends(attestation.node, node);
  });
}

// True when the calendar's answer was joined to the proof.
bool ask(Services& services, const OtsAttestation& promise, OtsProof& proof,
         std::vector<std::string>& notes) {
  const std::string& message = proof.nodes[promise.node].message;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(message.data());
  net::Request request;
  request.url = net::join_url(promise.uri, cat("timestamp/", to_hex({bytes, message.size()})));
  request.headers = {"Accept: application/vnd.opentimestamps.v1"};
  request.timeout_millis = kUpgradeTimeoutMillis;
  request.answer_bytes_max = ledger::kOtsProofBytesMax;
  const auto answer = services.http.send(request);
  if (!answer.ok()) {
    notes.push_back(answer.error().text());
    return false;
  }
  if (answer->status == 404) return false;  // not yet
  if (answer->status != 200) {
    notes.push_back(cat(quoted(promise.uri), " answered with status ", answer->status));
    return false;
  }
  const Status joined = ledger::join_timestamp(proof, promise.node, answer->body);
  if (!joined.ok()) notes.push_back(cat(quoted(promise.uri), ": ", joined.error().message));
  return joined.ok() && has_block(proof, promise.node);
}

Status upgrade(Services& services, ledger::Receipt& receipt, UpgradeReport& report) {
  if (receipt.receipt.find("ots_proof_base64") == nullptr) return {};
  CORTEX_ASSIGN(OtsProof proof, ledger::proof_of(receipt));
  bool gained = false;
  bool waiting = false;
  const std::vector<OtsAttestation> promises = proof.attestations;
  for (const OtsAttestation& promise : promises) {
    if (promise.kind != OtsAttestation::Kind::kPending || has_block(proof, promise.node)) continue;
    if (!may_be_asked(receipt, promise.uri)) {
      report.notes.push_back(cat(quoted(promise.uri), " is no known calendar and was not asked"));
      waiting = true;
    } else if (ask(services, promise, proof, report.notes)) {
      gained = true;
    } else {
      waiting = true;
    }
  }
  if (gained) {
    const std::string bytes = write_ots(proof);
    const auto* raw = reinterpret_cast<const std::uint8_t*>(bytes.data());
    receipt.receipt.set("ots_proof_base64", to_base64({raw, bytes.size()}));
    ++report.upgraded;
  }
  if (waiting) ++report.still_pending;
  return {};
}

}  // namespace

Result<UpgradeReport> upgrade_receipts(Services& services, const UpgradeRequest& request) {
  if (!request.live) {
    return calendars_not_live("nothing was written", "set it and run the command again");
  }
  auto text = fs::read_all(services.fs, request.receipts_path, kReceiptsBytesMax);
  if (!text.ok()) return with_code(std::move(text).error(), Code::kPrecondition);
  auto parsed = ledger::parse_receipts(*text);
  if (!parsed.ok()) return with_context(parsed.error(), quoted(request.receipts_path));
  std::vector<ledger::Receipt> receipts = std::move(parsed).value();
  UpgradeReport report;
  report.receipts = receipts.size();
  std::vector<ledger::WrittenRecord> records;
  std::string written;
  for (ledger::Receipt& receipt : receipts) {
    CORTEX_TRY(upgrade(services, receipt, report));
    records.push_back({receipt_text(receipt), ""});
    written += records.back().record;
  }
  if (report.upgraded == 0) return report;
  CORTEX_TRY(write_exclusively(services, request.output_path, written));
  const Status kept = ledger::register_records(services.fs, request.layout.event_log_path, records);
  if (!kept.ok()) report.notes.push_back(cat("register_not_written: ", kept.error().message));
  return report;
}

json::Value to_json(const UpgradeReport& report) {
  return json::Object{{"receipts", report.receipts},
                      {"upgraded", report.upgraded},
                      {"still_pending", report.still_pending},
                      {"notes", json::array_of(report.notes)}};
}

}  // namespace cortex::app
