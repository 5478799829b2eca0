// The detectors of the write gate, as a table: what secrets and personal data look like.
//
// Two kinds of rows. A token begins with a literal text and goes on with so many bytes of one
// alphabet ("ghp_" and 36 to 255 letters and digits); `gap` allows blanks, quotes (escaped or not),
// ":" and "=" in between and reads the literal in any case; ": " in it stands for what code and
// JSON write between a header's name and its value. A shape is found by a function of its
// own, where a checksum or a structure decides. A match never begins or ends inside a word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "memory/write_gate.h"

namespace cortex::memory {

enum class Alphabet : std::uint8_t {
  kLowerHex,
  kUpperDigits,  // A-Z 0-9
  kAlnum,
  kWord,         // and _
  kWordDash,     // and -
  kWordDashDot,  // and .
  kBase64,       // A-Z a-z 0-9 + / =
  kPath,         // kWordDashDot and /
  kToken68,      // kWordDashDot and ~ + / =, as HTTP writes credentials (RFC 9110, 11.2)
  kVisible,      // anything but blanks, quotes and control characters
};

struct TokenDetector {
  std::string_view name;
  std::string_view literal;
  Alphabet alphabet;
  std::size_t least, most;  // bytes after the literal; a longer run is no match
  GateAction action = GateAction::kRedact;
  bool gap = false;
};

// Length of the match that begins at `at`, or 0. Called where a match may begin, never at a blank.
using ShapeMatch = std::size_t (*)(std::string_view text, std::size_t at);
// Where no match began at `at`: the length behind it in which none begins either. Matches that read
// on without a bound tell, so that a text is not read again from each place in it.
using HopelessLength = std::size_t (*)(std::string_view text, std::size_t at);

struct ShapeDetector {
  std::string_view name;
  std::string_view kind;  // "secret" or "personal"
  ShapeMatch match;
  GateAction action;
  std::string_view rule;     // what decides, for people
  bool (*begins)(char c);    // whether a match may begin with the byte
  std::string_view needs{};  // no match without this somewhere in the text; or ""
  HopelessLength hopeless = nullptr;
};

std::span<const TokenDetector> token_detectors();  // all of them secrets
std::span<const ShapeDetector> shape_detectors();

// What may begin with a byte. Most bytes of a text begin nothing and are passed over by one look.
struct FirstByte {
  bool is_word = false;           // of Alphabet::kWord
  bool begins_inside = false;     // a token may begin with it inside a word
  std::uint8_t token_count = 0;   // of the rows below
  std::uint16_t first_token = 0;  // place of the first of them in token_rows
  std::uint32_t shapes = 0;       // a bit for each row of shape_detectors()
};
struct FirstBytes {
  std::array<FirstByte, 256> bytes{};
  std::array<std::uint8_t, 256> token_rows{};  // by first byte, then in the order of the table
};
const FirstBytes& first_bytes();

bool is_in(Alphabet alphabet, char c);

// The checksums, for the shapes and for their tests.
bool passes_luhn(std::string_view digits);
bool passes_mod97(std::string_view iban);  // letters count 10..35, the first four at the end

}  // namespace cortex::memory
