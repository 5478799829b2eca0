#include "ledger/signature_check.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "json/value.h"
#include "ledger/signed_row.h"

namespace cortex::ledger {
namespace {

SignatureFault bad_signature(const core::RowSignature& printed, std::string_view message) {
  return {"", cat("BadSignature { key_id: ", json::string_text(printed.key_id),
                  ", message: ", json::string_text(message), " }")};
}

constexpr std::string_view kDidNotVerify = "the signature did not verify under the active key";

void add_use(std::vector<SignerUse>& uses, const SignerUse& use) {
  const auto same = std::ranges::find_if(uses, [&](const SignerUse& known) {
    return known.verdict == use.verdict && known.key_id == use.key_id;
  });
  if (same == uses.end()) {
    uses.push_back(use);
    return;
  }
  same->rows += use.rows;
  same->first_signed_at = std::min(same->first_signed_at, use.first_signed_at);
  same->last_signed_at = std::max(same->last_signed_at, use.last_signed_at);
}

}  // namespace

SignerState SignerState::first(const crypto::PublicKey& key) {
  return {key, crypto::key_id(key), Lineage{}};
}

void SignedReport::join(const SignedReport& later, std::uint64_t rows_before) {
  rows_verified += later.rows_verified;
  for (SignerUse use : later.uses) {
    use.first_line += rows_before;
    add_use(uses, use);
  }
  rotated_to.insert(rotated_to.end(), later.rotated_to.begin(), later.rotated_to.end());
  if (foreign_key_ids == 0 && later.foreign_key_ids > 0) {
    first_foreign_line = later.first_foreign_line + rows_before;
  }
  foreign_key_ids += later.foreign_key_ids;
}

void SignatureCheck::start(SignerState state) {
  out_ = StretchSignatures{};
  out_.end = state;
  out_.assumed = std::move(state);
}

bool SignatureCheck::verify(const core::Event& event, const crypto::Signature& signature,
                            const SignerState& state, const Lineage& lineage) {
  row_preimage(event, chain_.ledger_id, lineage, event.signature->signed_at, state.key_id,
               preimage_);
  return crypto::verify(state.key, preimage_, signature);
}

void SignatureCheck::count(const core::Event& event, std::uint64_t line, const std::string& key_id,
                           SignedReport& report) const {
  const core::RowSignature& printed = *event.signature;
  ++report.rows_verified;
  const std::uint32_t verdict = chain_.judge ? chain_.judge(key_id, printed.signed_at) : 0;
  add_use(report.uses, {key_id, verdict, 1, line, printed.signed_at, printed.signed_at});
  if (printed.key_id != key_id && report.foreign_key_ids++ == 0) report.first_foreign_line = line;
}

std::optional<SignatureFault> SignatureCheck::rotate(const core::DecodedEvent& row) {
  const auto rotation = parse_rotation(row.event, row.raw_payload, row.payload_depth);
  if (!rotation) return std::nullopt;
  if (const auto fault = rotation_fault(*rotation, out_.end.key)) {
    return SignatureFault{
        "", cat("RotationEnvelopeRejected { message: ", json::string_text(*fault), " }")};
  }
  out_.end.key = rotation->new_key;
  out_.end.key_id = crypto::key_id(rotation->new_key);
  out_.report.rotated_to.push_back(out_.end.key_id);
  return std::nullopt;
}

std::optional<SignatureFault> SignatureCheck::check(const core::DecodedEvent& row,
                                                    const RowPlace& place,
                                                    std::size_t failures_before) {
  if (out_.must_repeat) return std::nullopt;
  const core::Event& event = row.event;
  if (!event.signature) {
    if (chain_.may_be_unsigned) return std::nullopt;
    return SignatureFault{"", "MissingSignature"};
  }
  const core::RowSignature& printed = *event.signature;
  if (printed.schema_version != kRowSignatureVersion) {
    return SignatureFault{
        "", cat("UnknownAttestationSchemaVersion { observed: ", printed.schema_version,
                ", expected: ", kRowSignatureVersion, " }")};
  }
  const auto signature = parse_signature(printed.bytes);
  if (!signature) return bad_signature(printed, "malformed: not base64url of 64 bytes");
  const std::optional<Lineage> before = std::exchange(out_.end.lineage, lineage_of(*signature));
  if (!before) {
    out_.must_repeat = parse_rotation(event, row.raw_payload, row.payload_depth).has_value();
    out_.deferred = DeferredSignature{event, *signature, place, failures_before};
    return std::nullopt;
  }
  if (!verify(event, *signature, out_.end, *before)) return bad_signature(printed, kDidNotVerify);
  count(event, place.ordinal, out_.end.key_id, out_.report);
  return rotate(row);
}

std::optional<SignatureFault> SignatureCheck::check_deferred(const DeferredSignature& deferred,
                                                             const SignerState& state,
                                                             SignedReport& report) {
  if (!verify(deferred.event, deferred.signature, state, state.lineage.value())) {
    return bad_signature(*deferred.event.signature, kDidNotVerify);
  }
  count(deferred.event, deferred.place.ordinal, state.key_id, report);
  return std::nullopt;
}

}  // namespace cortex::ledger
