// C2SP signed notes with Ed25519 signatures (type 0x01): text that one or more named keys signed.
// Parsing and writing; pure, strict: what is accepted has exactly one written form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"

namespace cortex::ledger {

inline constexpr std::size_t kNoteBytesMax = 1U << 20;
inline constexpr std::size_t kNoteSignaturesMax = 64;

// Not empty, UTF-8, no white space, control character or plus sign.
bool is_key_name(std::string_view name);
// First four bytes of SHA-256(name | 0x0A | 0x01 | key), big-endian.
std::uint32_t note_key_id(std::string_view name, const crypto::PublicKey& key);

// A verifier's key as text: `<name>+<key id, 8 hex digits>+<base64 of 0x01 | key>`.
struct VerifierKey {
  std::string name;
  crypto::PublicKey key;
};
std::string verifier_key_text(const VerifierKey& key);
std::optional<VerifierKey> parse_verifier_key(std::string_view text);  // without newline

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;
};

struct Note {
  std::string text;  // with its final newline
  std::vector<NoteSignature> signatures;
};

// Error kQuarantined: no note, and why.
Result<Note> parse_note(std::string_view bytes);
// `text` must end with a newline.
std::string sign_note(std::string_view text, std::string_view name, const crypto::SigningKey& key);

// Whether `key` signed the note. An empty `name` takes the name of any line whose key id fits.
// False when no line is this key's, or when one is and does not verify.
bool is_signed_by(const Note& note, std::string_view name, const crypto::PublicKey& key);

}  // namespace cortex::ledger
