// What is read from transcripts and memory stores of other programs: one turn is one event of the
// ledger, and may propose a memory (docs/formats.md, "Import").
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/ulid.h"
#include "core/event.h"
#include "json/value.h"

namespace cortex::transcript {

// Fills `out` from `offset`; less than asked for means the end (fs::File::read_at).
using ReadAt = std::function<Result<std::size_t>(std::uint64_t offset, std::span<char> out)>;

// A claim of another memory, to be judged before it is believed here.
struct Proposal {
  std::string claim;
  std::vector<std::string> tags;
};

struct Turn {
  Ulid id;  // the same whenever the same turn is read again
  core::Source source;
  core::EventType type = core::EventType::kSystemNote;
  std::string session;
  Timestamp at;  // of the turn; without one, of the turn before it; else 1970
  std::vector<std::string> tags;
  json::Object payload;
  std::vector<Proposal> proposals;
};

struct Counts {
  std::uint64_t lines = 0;      // or elements, sections, commits
  std::uint64_t turns = 0;      // all that was handed out
  std::uint64_t unknown = 0;    // of them: of a kind that is not known, kept as they are
  std::uint64_t malformed = 0;  // of them: not even readable, kept as text or bytes
  std::uint64_t empty = 0;      // nothing in them to keep
};

using OnTurn = std::function<Status(Turn&& turn)>;

// A ULID made of a time and a hash of the parts: always the same one for the same input.
Ulid hashed_ulid(Timestamp at, std::string_view domain, std::span<const std::string_view> parts);

}  // namespace cortex::transcript
