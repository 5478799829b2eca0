// Identifiers of the product: `<prefix>_<ULID>` (docs/formats.md, "Identifiers"). Prefix and
// underscore are case-sensitive, the ULID is read in either case and always written in upper case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ulid.h"

namespace cortex::core {

enum class IdKind {
  kEvent,
  kTrace,
  kEpisode,
  kMemory,
  kPrinciple,
  kDoctrine,
  kContextPack,
  kContradiction,
  kAuditRecord,
  kCorrelation,
  kDecayJob,
};

std::string_view prefix_of(IdKind kind);  // "evt"
std::string_view noun_of(IdKind kind);    // "event"

struct Id {
  IdKind kind = IdKind::kEvent;
  Ulid ulid;

  friend bool operator==(const Id&, const Id&) = default;
};

// Any kind; nullopt when the prefix is unknown or the body is no ULID.
std::optional<Id> parse_id(std::string_view text);
// The ULID of an id that must be of `kind`.
std::optional<Ulid> parse_id(IdKind kind, std::string_view text);
std::string id_text(IdKind kind, const Ulid& ulid);
void append_id(std::string& out, IdKind kind, const Ulid& ulid);

}  // namespace cortex::core
