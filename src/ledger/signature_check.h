// Verification of signed rows (docs/formats.md, "Signed rows"), one stretch of a ledger at a time.
//
// A signature is chained to the one before it and is made by the key that the last rotation left
// active. At the start of a stretch neither may be known yet: the key is then assumed, and the
// first signature is kept aside until the stretch before has been joined. Where that is not enough
// (another key after all, or a rotation in the row kept aside) the stretch asks to be repeated.
// Pure but for the verification itself; about 35 microseconds a row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_codec.h"
#include "crypto/ed25519.h"
#include "ledger/attestation.h"
#include "ledger/row_cursor.h"

namespace cortex::ledger {

// What a time of signing means for a key: any number, 0 for nothing to say. Called for every row
// whose signature verified, by several threads at once.
using SigningJudge = std::function<std::uint32_t(std::string_view key_id, Timestamp signed_at)>;

// How the rows of a ledger are to be signed.
struct SignedChain {
  crypto::PublicKey key{};  // active at the first row
  std::string ledger_id;
  SigningJudge judge = {};
  bool may_be_unsigned = false;  // rows without a signature are passed over, and do not fail
};

struct SignerState {
  crypto::PublicKey key{};
  std::string key_id;
  std::optional<Lineage> lineage;  // absent: not known yet

  static SignerState first(const crypto::PublicKey& key);
};

// Rows of one key and one verdict.
struct SignerUse {
  std::string key_id;
  std::uint32_t verdict = 0;
  std::uint64_t rows = 0;
  std::uint64_t first_line = 0;  // ordinal of the first of them
  Timestamp first_signed_at, last_signed_at;
};

struct SignedReport {
  std::uint64_t rows_verified = 0;
  std::vector<SignerUse> uses;          // by key and verdict, in order of appearance
  std::vector<std::string> rotated_to;  // key ids that rotations made active, in order
  // Rows that print another key id than that of the key they verified under.
  std::uint64_t foreign_key_ids = 0;
  std::uint64_t first_foreign_line = 0;

  // Appends what a later stretch found; its lines count from `rows_before`.
  void join(const SignedReport& later, std::uint64_t rows_before);
};

// Why a row fails: the variant with its members.
struct SignatureFault {
  std::string_view invariant;
  std::string reason;
};

// A signed row whose signature waits for the lineage before the stretch.
struct DeferredSignature {
  core::Event event;  // as read, without payload
  crypto::Signature signature{};
  RowPlace place;
  std::size_t failures_before = 0;  // where its failure would stand among the stretch's
};

struct StretchSignatures {
  SignerState assumed, end;
  std::optional<DeferredSignature> deferred;
  bool must_repeat = false;  // cannot be judged before the lineage is known
  SignedReport report;
};

// One per thread; `chain` must outlive it.
class SignatureCheck {
 public:
  explicit SignatureCheck(const SignedChain& chain) : chain_(chain) {}

  void start(SignerState state);
  // The next row that takes part in the chain. `failures_before`: how many failures the stretch has
  // so far.
  std::optional<SignatureFault> check(const core::DecodedEvent& row, const RowPlace& place,
                                      std::size_t failures_before);
  StretchSignatures finish() { return std::move(out_); }

  // The row kept aside, now that the lineage before it is known; adds to `report`.
  std::optional<SignatureFault> check_deferred(const DeferredSignature& deferred,
                                               const SignerState& state, SignedReport& report);

 private:
  bool verify(const core::Event& event, const crypto::Signature& signature,
              const SignerState& state, const Lineage& lineage);
  std::optional<SignatureFault> rotate(const core::DecodedEvent& row);
  void count(const core::Event& event, std::uint64_t line, const std::string& key_id,
             SignedReport& report) const;

  const SignedChain& chain_;
  StretchSignatures out_;
  std::string preimage_;
};

}  // namespace cortex::ledger
