#include "ledger/proven_prefix.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "json/value.h"
#include "ledger/checked_line.h"
#include "ledger/head_file.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kPrefixBytesMax = 16384;
constexpr std::uint64_t kPrefixFormat = 1;
constexpr std::string_view kPrefixSignature = "signature";
// Before what is signed, so that no other signature of the key can stand for it.
constexpr std::string_view kPrefixDomain{"\x12\x00\x01", 3};

std::string signed_bytes(const json::Object& document) {
  return cat(kPrefixDomain, json::write_compact(document));
}

json::Object prefix_document(const PrefixBinding& binding, const ProvenPrefix& prefix) {
  const LedgerHead& end = prefix.end.head;
  return {{"format", kPrefixFormat},
          {"path", binding.path},
          {"device", binding.device},
          {"inode", binding.inode},
          {"ledger_id", binding.ledger_id},
          {"key_id", binding.key_id},
          {"standing", binding.standing},
          {"first_row", prefix.first_row},
          {"rows", end.rows},
          {"size_bytes", end.size_bytes},
          {"head", end.hash.value_or("")},
          {"row_hash", end.row_hash.value_or("")},
          {"lineage", to_hex(prefix.end.signer.lineage.value_or(Lineage{}))},
          {"root", to_base64(prefix.root)}};
}

std::optional<std::string> or_none(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<ProvenPrefix> prefix_of(const json::Value& document, const crypto::PublicKey& key) {
  const auto first_row = document.find_unsigned("first_row");
  const auto rows = document.find_unsigned("rows");
  const auto size_bytes = document.find_unsigned("size_bytes");
  const std::string* head = document.find_text("head");
  const std::string* row_hash = document.find_text("row_hash");
  const std::string* lineage = document.find_text("lineage");
  const std::string* root = document.find_text("root");
  if (!first_row || !rows || !size_bytes || head == nullptr || row_hash == nullptr ||
      lineage == nullptr || root == nullptr) {
    return std::nullopt;
  }
  const auto lineage_bytes = fixed_bytes<Lineage>(from_hex(*lineage));
  const auto root_bytes = fixed_bytes<TreeHash>(from_base64(*root));
  if (!lineage_bytes || !root_bytes) return std::nullopt;
  return ProvenPrefix{{{*size_bytes, *rows, *head, or_none(*row_hash)},
                       SignerState{key, crypto::key_id(key), lineage_bytes}},
                      *first_row,
                      *root_bytes};
}

// What the key signed, for this binding.
std::optional<ProvenPrefix> load_prefix(fs::FileSystem& fs, const std::string& path,
                                        const PrefixBinding& binding,
                                        const crypto::PublicKey& key) {
  const auto text = fs::read_all(fs, path, kPrefixBytesMax);
  if (!text.ok()) return std::nullopt;
  const auto line = parse_checked_line(*text);
  if (!line) return std::nullopt;
  const std::string* hex = line->find_text(kPrefixSignature);
  const auto signature =
      hex == nullptr ? std::nullopt : fixed_bytes<crypto::Signature>(from_hex(*hex));
  auto prefix = prefix_of(*line, key);
  // Written anew from what was understood: nothing that the file says beside that was signed.
  if (!signature || !prefix ||
      !crypto::verify(key, signed_bytes(prefix_document(binding, *prefix)), *signature)) {
    return std::nullopt;
  }
  return prefix;
}

std::uint64_t draw_below(Random& random, std::uint64_t limit) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8U | byte;
  return number % limit;
}

// The bytes that stand there: the leaf that a mark of erasure names would be anybody's word, as
// long as the operation that names the row is not read.
bool row_is_of_tree(fs::FileSystem& fs, fs::File& ledger, TileReader& tiles,
                    const ProvenPrefix& prefix, std::uint64_t index) {
  const auto entry = read_entry_at(fs, ledger, index, prefix.end.head.size_bytes);
  if (!entry.ok() || !*entry) return false;
  const auto proof = inclusion_proof(tiles.source(), index, prefix.end.head.rows);
  return proof.ok() &&
         inclusion_holds(leaf_hash(**entry), index, prefix.end.head.rows, *proof, prefix.root);
}

bool tree_fits(fs::FileSystem& fs, fs::File& ledger, const ProvenPrefix& prefix, Random& random) {
  TileReader tiles(fs, sidecar_path(ledger.path()), prefix.end.head.rows);
  const auto root = tree_root(tiles.source(), prefix.end.head.rows);
  if (!root.ok() || *root != prefix.root) return false;
  for (int i = 0; i < kSpotRows; ++i) {
    const std::uint64_t index = draw_below(random, prefix.end.head.rows);
    if (!row_is_of_tree(fs, ledger, tiles, prefix, index)) return false;
  }
  return true;
}

}  // namespace

std::string proven_prefix_path(const std::string& ledger_path) {
  return fs::join(fs::parent_of(ledger_path), cat("cortex_", fs::name_of(ledger_path), ".proven"));
}

Result<PrefixBinding> bind_prefix(fs::FileSystem& fs, fs::File& ledger, std::string ledger_id,
                                  const crypto::PublicKey& key, std::string standing) {
  CORTEX_ASSIGN(const fs::Info info, ledger.info());
  CORTEX_ASSIGN(std::string path, fs.canonical(ledger.path()));
  return PrefixBinding{std::move(path),      info.device,         info.inode,
                       std::move(ledger_id), crypto::key_id(key), std::move(standing)};
}

std::optional<ProvenPrefix> read_proven_prefix(fs::FileSystem& fs, fs::File& ledger,
                                               const PrefixBinding& binding,
                                               const crypto::PublicKey& key, Random& random) {
  auto prefix = load_prefix(fs, proven_prefix_path(ledger.path()), binding, key);
  if (!prefix || prefix->end.head.rows == 0) return std::nullopt;
  if (!ends_with(ledger, prefix->end.head) || !tree_fits(fs, ledger, *prefix, random))
    return std::nullopt;
  return prefix;
}

Status write_proven_prefix(fs::FileSystem& fs, fs::File& ledger, const PrefixBinding& binding,
                           const crypto::SigningKey& key, const ProvenPrefix& prefix) {
  json::Object document = prefix_document(binding, prefix);
  document.add(std::string(kPrefixSignature), to_hex(key.sign(signed_bytes(document))));
  return fs.overwrite(proven_prefix_path(ledger.path()), checked_line(document));
}

}  // namespace cortex::ledger
