#include "ledger/tlog/note.h"

#include <algorithm>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "ledger/length_prefix.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // em dash, space
constexpr char kEd25519 = 0x01;

Error no_note(std::string_view why) {
  return make_error(Code::kQuarantined, cat("this is no signed note: ", why));
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string big_endian(std::uint32_t n) {
  std::string out;
  append_big_endian(out, n);
  return out;
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint32_t n = 0;
  for (const std::uint8_t byte : bytes.first(4)) n = n << 8U | byte;
  return n;
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return no_note("a signature line has another form");
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return no_note("a signature line has another form");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  if (!is_key_name(signature.name)) return no_note("a key name is not allowed");
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() < 5) return no_note("a signature is not base64 of a key id and more");
  signature.key_id = big_endian(*bytes);
  signature.bytes.assign(as_text(std::span(*bytes).subspan(4)));
  return signature;
}

std::string key_encoding(const crypto::PublicKey& key) {
  return std::string(1, kEd25519).append(as_text(key));
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty() || !is_valid_utf8(name)) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '+' || c == '\x7F') return false;
  }
  return std::ranges::none_of(
      wide_blanks(), [&](std::string_view s) { return name.find(s) != std::string_view::npos; });
}

std::uint32_t note_key_id(std::string_view name, const crypto::PublicKey& key) {
  return big_endian(crypto::sha256(cat(name, '\n', key_encoding(key))));
}

std::string verifier_key_text(const VerifierKey& key) {
  const std::string id = big_endian(note_key_id(key.name, key.key));
  const std::string encoding = key_encoding(key.key);
  const auto bytes = [](const std::string& text) {
    return std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  return cat(key.name, '+', to_hex(bytes(id)), '+', to_base64(bytes(encoding)));
}

std::optional<VerifierKey> parse_verifier_key(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  VerifierKey key;
  key.name = text.substr(0, first);
  const auto bytes = from_base64(text.substr(second + 1));
  if (!bytes || bytes->size() != 33 || bytes->front() != kEd25519) return std::nullopt;
  std::copy_n(bytes->begin() + 1, key.key.size(), key.key.begin());
  // Name and key id included: nothing but its own written form is this key.
  if (!is_key_name(key.name) || verifier_key_text(key) != text) return std::nullopt;
  return key;
}

Result<Note> parse_note(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) return no_note("it is too large");
  if (!is_valid_utf8(bytes)) return no_note("it is not UTF-8");
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < ' ' && c != '\n') {
      return no_note("it holds a control character");
    }
  }
  const std::size_t border = bytes.rfind("\n\n");
  if (border == std::string_view::npos || !bytes.ends_with('\n')) {
    return no_note("text and signatures are not set apart by an empty line");
  }
  Note note;
  note.text = bytes.substr(0, border + 1);
  std::string_view rest = bytes.substr(border + 2);
  if (rest.empty()) return no_note("it has no signature");
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    CORTEX_ASSIGN(NoteSignature signature, parse_signature_line(rest.substr(0, end)));
    note.signatures.push_back(std::move(signature));
    if (note.signatures.size() > kNoteSignaturesMax) return no_note("it has too many signatures");
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string sign_note(std::string_view text, std::string_view name, const crypto::SigningKey& key) {
  const crypto::Signature signature = key.sign(text);
  const std::string id = big_endian(note_key_id(name, key.public_key()));
  std::vector<std::uint8_t> bytes(id.begin(), id.end());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return cat(text, '\n', kSignaturePrefix, name, ' ', to_base64(bytes), '\n');
}

bool is_signed_by(const Note& note, std::string_view name, const crypto::PublicKey& key) {
  bool found = false;
  for (const NoteSignature& line : note.signatures) {
    if (!name.empty() && line.name != name) continue;
    if (line.key_id != note_key_id(line.name, key)) continue;
    const auto signature = fixed_bytes<crypto::Signature>(line.bytes);
    if (!signature || !crypto::verify(key, note.text, *signature)) return false;
    found = true;
  }
  return found;
}

}  // namespace cortex::ledger
