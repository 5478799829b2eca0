#include "app/rekor_log.h"

#include <utility>

#include "base/text.h"
#include "crypto/sha256.h"
#include "net/http.h"

namespace cortex::app {
namespace {

constexpr int kRekorTimeoutMillis = 20'000;

Result<json::Object> submit_entry(Services& services, const std::string& endpoint,
                                  const std::string& text) {
  CORTEX_ASSIGN(std::string proposal, ledger::rekor_proposal(text));
  net::Request request;
  request.method = "POST";
  request.url = net::join_url(endpoint, "api/v1/log/entries");
  request.headers = {"Content-Type: application/json", "Accept: application/json"};
  request.body = std::move(proposal);
  request.timeout_millis = kRekorTimeoutMillis;
  const auto answer = services.http.send(request);
  if (!answer.ok()) {
    Error error =
        ledger::rekor_submit_failed(cat(answer.error().token, ": ", answer.error().message));
    error.next = "try again when the log can be reached, or anchor locally";
    return error;
  }
  if (answer->status != 200 && answer->status != 201) {
    return ledger::rekor_submit_failed(cat("the log ", quoted(endpoint), " answered with status ",
                                           answer->status, ": ", quoted(answer->body)));
  }
  return ledger::rekor_receipt(answer->body);
}

}  // namespace

Result<RekorWitness> ask_rekor(Services& services, const std::string& endpoint,
                               const ledger::Anchor& anchor, const ledger::TrustedRoot& root) {
  const std::string text = anchor_text(anchor);
  RekorWitness witness;
  witness.receipt.sink = ledger::Sink::kRekor;
  witness.receipt.anchor_text_sha256 = crypto::sha256_hex(text);
  witness.receipt.event_count = anchor.event_count;
  witness.receipt.head = anchor.head;
  witness.receipt.submitted_at = anchor.at;
  witness.receipt.endpoint = endpoint;
  CORTEX_ASSIGN(witness.receipt.receipt, submit_entry(services, endpoint, text));
  CORTEX_ASSIGN(witness.entry, ledger::verify_rekor(witness.receipt, root));
  return witness;
}

}  // namespace cortex::app
