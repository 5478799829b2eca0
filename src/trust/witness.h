// Witnesses of evidence: signed statements by independent parties about one digest
// (docs/formats.md, "Gates"). What one says, and the bytes that its signature covers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::trust {

// In the order in which missing ones are named.
enum class WitnessClass : std::uint8_t {
  kLedgerHead,
  kAnchorCrossing,
  kRemoteCi,
  kReproducibleBuild,
};
inline constexpr std::size_t kWitnessClasses = 4;
std::string_view witness_class_token(WitnessClass kind);  // "signed_ledger_chain_head"
std::optional<WitnessClass> parse_witness_class(std::string_view token);
std::string_view required_domain(WitnessClass kind);  // "local_signed_ledger"

enum class WitnessTier : std::uint8_t { kLocal, kOperatorOwned, kThirdParty };
std::string_view witness_tier_token(WitnessTier tier);  // "operator_owned"
std::optional<WitnessTier> parse_witness_tier(std::string_view token);

enum class SignatureKind : std::uint8_t {
  kEd25519,
  kP256,
  kNamedKey,  // only the id of an Ed25519 key, which a registry must know
};

struct WitnessSignature {
  SignatureKind kind = SignatureKind::kEd25519;
  std::vector<std::uint8_t> key;  // 32 bytes, or DER; empty for a named key
  std::vector<std::uint8_t> bytes;
  std::string signer_id;        // as given, else the key in hex, else the named key's id
  bool signer_is_named = true;  // false: the key in hex stands in, and no summary shows it
};

struct Witness {
  WitnessClass kind = WitnessClass::kLedgerHead;
  std::string domain;
  WitnessTier tier = WitnessTier::kLocal;
  Timestamp asserted_at;
  std::string subject_blake3;
  WitnessSignature signature;
  WitnessClass payload_kind = WitnessClass::kLedgerHead;
  std::vector<std::pair<std::string, std::string>> fields;  // of the payload, in signing order

  const std::string* field(std::string_view name) const;
};

// Members that are not known are ignored. Error: kPrecondition with what is missing or malformed.
Result<Witness> read_witness(const json::Value& document);

// What is signed: version 1 as reference 0.1.2 has it, version 2 with tier and signer behind the
// domain.
enum class SignedText : std::uint8_t { kV1, kV2 };
std::string witness_preimage(const Witness& witness, SignedText version);

}  // namespace cortex::trust
