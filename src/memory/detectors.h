// The detectors of the write gate, as a table: what secrets and personal data look like.
//
// Two kinds of rows. A token begins with a literal text and goes on with so many bytes of one
// alphabet ("ghp_" and 36 to 255 letters and digits); `gap` allows blanks, quotes, ":" and "=" in
// between and reads the literal in any case. A shape is found by a function of its own, where a
// checksum or a structure decides. A match never begins or ends inside a word.
#pragma once

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

// Length of the match that begins at `at`, or 0. Called where a match may begin.
using ShapeMatch = std::size_t (*)(std::string_view text, std::size_t at);

struct ShapeDetector {
  std::string_view name;
  std::string_view kind;  // "secret" or "personal"
  ShapeMatch match;
  GateAction action;
  std::string_view rule;  // what decides, for people
};

std::span<const TokenDetector> token_detectors();  // all of them secrets
// Numbers of the tokens whose literal may begin with `first`, in the order of the table.
std::span<const std::uint8_t> tokens_beginning_with(char first);
std::span<const ShapeDetector> shape_detectors();

bool is_in(Alphabet alphabet, char c);

// The checksums, for the shapes and for their tests.
bool passes_luhn(std::string_view digits);
bool passes_mod97(std::string_view iban);  // letters count 10..35, the first four at the end

}  // namespace cortex::memory
