#include "ledger/anchor/ots_receipt.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"

namespace cortex::ledger {
namespace {

constexpr std::size_t kQuorum = 2;

struct CalendarRow {
  std::string_view host;
  std::string_view operator_name;
};
constexpr CalendarRow kCalendars[] = {
    {"a.pool.opentimestamps.org", "peter_todd"},
    {"alice.btc.calendar.opentimestamps.org", "peter_todd"},
    {"bob.btc.calendar.opentimestamps.org", "peter_todd"},
    {"finney.calendar.eternitywall.com", "eternitywall"},
};
constexpr std::string_view kAddresses[] = {
    "https://a.pool.opentimestamps.org",
    "https://alice.btc.calendar.opentimestamps.org",
    "https://bob.btc.calendar.opentimestamps.org",
    "https://finney.calendar.eternitywall.com",
};

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return "";
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const std::size_t user = url.rfind('@'); user != std::string_view::npos) {
    url.remove_prefix(user + 1);
  }
  return to_lower_ascii(url.substr(0, url.find(':')));
}

OtsVerdict verdict(OtsState state, std::string_view token, std::string message) {
  return {state, std::string(token), std::move(message), {}};
}

std::set<std::string_view> operators_behind(const OtsProof& proof, std::size_t node) {
  std::set<std::string_view> operators;
  for (const OtsAttestation& promise : proof.attestations) {
    if (promise.kind != OtsAttestation::Kind::kPending) continue;
    const std::string_view name = calendar_operator(promise.uri);
    if (!name.empty() && proof.descends(node, promise.node)) operators.insert(name);
  }
  return operators;
}

Result<OtsVerdict> judge_attestation(const Receipt& receipt, const OtsProof& proof,
                                     const OtsAttestation& attestation, const HeaderSource& headers,
                                     std::span<const WorkFloor> floors) {
  CORTEX_ASSIGN(const std::optional<BlockHeader> header, headers(attestation.height));
  if (!header) {
    return verdict(OtsState::kPartial, kOtsNoHeaderToken,
                   cat("the header of block ", attestation.height, " is not at hand"));
  }
  const Status held =
      check_block(*header, proof.nodes[attestation.node].message, receipt.submitted_at, floors);
  if (!held.ok()) {
    return verdict(OtsState::kBroken, held.error().token, held.error().message);
  }
  OtsVerdict full = verdict(OtsState::kFull, "", "");
  full.operators = operators_behind(proof, attestation.node);
  return full;
}

// Any attestation that holds makes the proof hold; else one that is contradicted breaks it.
int rank(OtsState state) {
  switch (state) {
    case OtsState::kFull:
      return 3;
    case OtsState::kBroken:
      return 2;
    case OtsState::kPartial:
      return 1;
    case OtsState::kPending:
      return 0;
  }
  return 0;
}

}  // namespace

std::string_view calendar_operator(std::string_view url) {
  const std::string host = host_of(url);
  for (const CalendarRow& row : kCalendars) {
    if (host == row.host || host.ends_with(cat(".", row.host))) return row.operator_name;
  }
  return "";
}

std::span<const std::string_view> public_calendars() { return kAddresses; }

Result<OtsProof> proof_of(const Receipt& receipt) {
  const json::Value* text = receipt.receipt.find("ots_proof_base64");
  const auto bytes = text == nullptr || text->as_string() == nullptr
                         ? std::nullopt
                         : from_base64(*text->as_string());
  if (!bytes) {
    return with_token(
        make_error(Code::kPrecondition, cat("the receipt for row ", receipt.event_count,
                                            " holds no timestamp proof in base64")),
        kOtsMalformedToken);
  }
  return parse_ots({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

Result<OtsVerdict> judge_ots(const Receipt& receipt, const OtsProof& proof,
                             const HeaderSource& headers, std::span<const WorkFloor> floors) {
  const auto* digest = reinterpret_cast<const std::uint8_t*>(proof.digest().data());
  if (proof.digest_type != OtsDigest::kSha256 ||
      to_hex({digest, proof.digest().size()}) != receipt.anchor_text_sha256) {
    return verdict(OtsState::kBroken, kOtsOtherDigestToken,
                   cat("the timestamp proof is about another text than the anchor of row ",
                       receipt.event_count));
  }
  OtsVerdict best = verdict(OtsState::kPending, kOtsPendingToken,
                            "the calendar has promised, no block confirms it yet");
  for (const OtsAttestation& attestation : proof.attestations) {
    if (attestation.kind != OtsAttestation::Kind::kBitcoin) continue;
    CORTEX_ASSIGN(OtsVerdict found,
                  judge_attestation(receipt, proof, attestation, headers, floors));
    if (found.state == OtsState::kFull && best.state == OtsState::kFull) {
      best.operators.merge(found.operators);
    } else if (rank(found.state) > rank(best.state)) {
      best = std::move(found);
    }
  }
  return best;
}

void demand_quorum(const std::vector<Receipt>& receipts, std::vector<OtsVerdict>& verdicts) {
  std::map<std::string_view, std::set<std::string_view>> behind;  // by the anchor's digest
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].state != OtsState::kFull) continue;
    behind[receipts[i].anchor_text_sha256].insert(verdicts[i].operators.begin(),
                                                  verdicts[i].operators.end());
  }
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].state != OtsState::kFull) continue;
    const std::size_t count = behind[receipts[i].anchor_text_sha256].size();
    if (count >= kQuorum) continue;
    verdicts[i].state = OtsState::kPartial;
    verdicts[i].token = kOtsQuorumToken;
    verdicts[i].message = cat(counted(count, "known operator"), " behind the anchor of row ",
                              receipts[i].event_count, ", two are needed");
  }
}

}  // namespace cortex::ledger
