#include "ledger/tlog/checkpoint.h"

#include <charconv>

#include "base/fixed_bytes.h"
#include "base/text.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1";

Error no_checkpoint(std::string_view why) {
  return make_error(Code::kQuarantined, cat("this is no checkpoint: ", why));
}

Error no_proof(std::string_view why) {
  return make_error(Code::kQuarantined, cat("this is no proof: ", why));
}

// Decimal without leading zeroes.
std::optional<std::uint64_t> tree_size(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(n) != text) return std::nullopt;
  return n;
}

std::optional<TreeHash> parse_hash(std::string_view text) {
  return fixed_bytes<TreeHash>(from_base64(text));
}

// Takes the next line off `rest`; nothing when it has no newline.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string checkpoint_text(const Checkpoint& checkpoint) {
  std::string out =
      cat(checkpoint.origin, '\n', checkpoint.size, '\n', to_base64(checkpoint.root), '\n');
  for (const std::string& line : checkpoint.extensions) out += cat(line, '\n');
  return out;
}

Result<SignedCheckpoint> parse_checkpoint(std::string_view bytes) {
  SignedCheckpoint out;
  CORTEX_ASSIGN(out.note, parse_note(bytes));
  std::string_view rest = out.note.text;
  const auto origin = take_line(rest);
  if (!origin || origin->empty()) return no_checkpoint("the first line is no origin");
  const auto size_text = take_line(rest);
  const auto size = size_text ? tree_size(*size_text) : std::nullopt;
  if (!size) return no_checkpoint("the second line is no tree size");
  const auto root_text = take_line(rest);
  const auto root = root_text ? parse_hash(*root_text) : std::nullopt;
  if (!root) return no_checkpoint("the third line is no root hash");
  out.checkpoint = {std::string(*origin), *size, *root, {}};
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line || line->empty()) return no_checkpoint("an extension line is empty");
    out.checkpoint.extensions.emplace_back(*line);
  }
  return out;
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& key) {
  return sign_note(checkpoint_text(checkpoint), checkpoint.origin, key);
}

std::string proof_text(const TreeProof& proof) {
  std::string out = cat(kProofHeader, '\n');
  if (proof.extra) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(proof.extra->data());
    out += cat("extra ", to_base64({bytes, proof.extra->size()}), '\n');
  }
  out += cat("index ", proof.index, '\n');
  for (const TreeHash& hash : proof.hashes) out += cat(to_base64(hash), '\n');
  return cat(out, '\n', proof.checkpoint);
}

Result<TreeProof> parse_proof(std::string_view bytes) {
  std::string_view rest = bytes;
  if (take_line(rest) != kProofHeader)
    return no_proof(cat("it does not begin with ", kProofHeader));
  TreeProof proof;
  auto line = take_line(rest);
  constexpr std::string_view kExtra = "extra ", kIndex = "index ";
  if (line && line->starts_with(kExtra)) {
    const auto extra = from_base64(line->substr(kExtra.size()));
    if (!extra) return no_proof("the extra line is not base64");
    proof.extra.emplace(extra->begin(), extra->end());
    line = take_line(rest);
  }
  const auto index =
      line && line->starts_with(kIndex) ? tree_size(line->substr(kIndex.size())) : std::nullopt;
  if (!index) return no_proof("the index line is missing or no number");
  proof.index = *index;
  for (;;) {
    line = take_line(rest);
    if (!line) return no_proof("it ends before its checkpoint");
    if (line->empty()) break;
    const auto hash = parse_hash(*line);
    if (!hash) return no_proof("a line of the inclusion proof is no hash");
    if (proof.hashes.size() == kProofHashesMax) return no_proof("it has too many hashes");
    proof.hashes.push_back(*hash);
  }
  proof.checkpoint = rest;
  return proof;
}

}  // namespace cortex::ledger
