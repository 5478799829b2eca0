// Signed ledgers for tests, with the worthless keys of the golden data: seeds of one repeated byte.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/ed25519.h"
#include "ledger/ledger_fixture.h"
#include "ledger/signed_row.h"

namespace cortex::ledger {

inline crypto::SigningKey test_key(std::uint8_t byte) {
  crypto::Seed seed;
  seed.fill(byte);
  return crypto::SigningKey(seed);
}

inline constexpr Timestamp kSignedAt{1'770'000'000, 123'456'789};
inline constexpr const char* kTestLedgerId = "events";

// Rows sealed and signed one onto the other.
class SignedLedger {
 public:
  explicit SignedLedger(std::uint8_t key = 7) : key_(test_key(key)) {}

  void add(core::Event event) {
    seal_onto(event);
    lineage_ = sign_row(event, key_, kTestLedgerId, lineage_, signed_at());
    rows.push_back(std::move(event));
  }
  void add_unsigned(core::Event event) {
    seal_onto(event);
    rows.push_back(std::move(event));
  }
  void add_samples(std::uint64_t count, std::size_t payload_bytes = 0) {
    for (std::uint64_t i = 0; i < count; ++i) add(sample_event(rows.size() + 1, payload_bytes));
  }
  // A rotation row, signed by the key that is active so far.
  void rotate(std::uint8_t to) {
    crypto::SigningKey next = test_key(to);
    core::Event event = sample_event(rows.size() + 1);
    event.payload = rotation_payload(key_, next.public_key(), signed_at());
    add(std::move(event));
    key_ = std::move(next);
  }
  Timestamp signed_at() const {
    return {kSignedAt.seconds + static_cast<std::int64_t>(rows.size()), kSignedAt.nanos};
  }
  std::string text() const { return ledger_text(rows); }

  std::vector<core::Event> rows;

 private:
  void seal_onto(core::Event& event) {
    seal(event, rows.empty() ? std::nullopt : std::optional(rows.back().event_hash));
  }

  crypto::SigningKey key_;
  Lineage lineage_{};
};

// Verifies as signed from the key of `byte` on.
inline Result<ChainReport> verify_signed(const std::string& text, std::uint8_t byte = 7,
                                         unsigned threads = 1, SigningJudge judge = {},
                                         std::string ledger_id = kTestLedgerId) {
  TextFile file(text);
  return verify_chain(file, text.size(),
                      {.threads = threads,
                       .signed_chain = SignedChain{test_key(byte).public_key(),
                                                   std::move(ledger_id), std::move(judge)}});
}

}  // namespace cortex::ledger
