// Signed notes, checkpoints, proofs and verifier keys: a refusal says why, and what is accepted has
// exactly the form that it is written in.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "fuzz/require.h"
#include "ledger/checked_line.h"
#include "ledger/tlog/checkpoint.h"
#include "ledger/tlog/merkle.h"
#include "ledger/tlog/note.h"
#include "ledger/tlog/tiles.h"

namespace {

namespace ledger = cortex::ledger;
using cortex::fuzz::require;

void check_error(const cortex::Error& error) {
  require(error.code == cortex::Code::kQuarantined);
  require(!error.message.empty() && cortex::fuzz::is_printable(error.text()));
}

void check_note(std::string_view bytes) {
  const auto note = ledger::parse_note(bytes);
  if (!note.ok()) return check_error(note.error());
  std::string again = note->text + "\n";
  for (const ledger::NoteSignature& line : note->signatures) {
    std::string signature;
    for (int shift = 24; shift >= 0; shift -= 8) {
      signature.push_back(static_cast<char>(line.key_id >> shift));
    }
    signature += line.bytes;
    const auto* data = reinterpret_cast<const std::uint8_t*>(signature.data());
    again += cortex::cat("\xE2\x80\x94 ", line.name, ' ',
                         cortex::to_base64({data, signature.size()}), '\n');
  }
  require(again == bytes);
  require(!ledger::is_signed_by(*note, "", cortex::crypto::PublicKey{}));
}

void check_checkpoint(std::string_view bytes) {
  const auto read = ledger::parse_checkpoint(bytes);
  if (!read.ok()) return check_error(read.error());
  require(ledger::checkpoint_text(read->checkpoint) == read->note.text);
}

void check_proof(std::string_view bytes) {
  const auto proof = ledger::parse_proof(bytes);
  if (!proof.ok()) return check_error(proof.error());
  require(ledger::proof_text(*proof) == bytes);
  // Any proof may be asked about any tree.
  const ledger::TreeHash leaf = ledger::leaf_hash(proof->checkpoint);
  for (const std::uint64_t size : {proof->index, proof->index + 1, ~std::uint64_t{0}}) {
    static_cast<void>(ledger::inclusion_holds(leaf, proof->index, size, proof->hashes, leaf));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_note(bytes);
  check_checkpoint(bytes);
  check_proof(bytes);
  if (const auto key = ledger::parse_verifier_key(bytes)) {
    require(ledger::verifier_key_text(*key) == bytes);
  }
  static_cast<void>(ledger::parse_checked_line(bytes));
  const auto tile = ledger::parse_tile(bytes);
  require(tile.empty() || ledger::tile_bytes(tile) == bytes);
  return 0;
}
