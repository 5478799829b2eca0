// The boundary row: where a ledger passes from schema v1 to v2 (docs/formats.md, 6.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/event.h"

namespace cortex::ledger {

inline constexpr std::string_view kBoundaryKind = "schema_migration.v1_to_v2";
// Digest of the text of the migration as reference 0.1.2 ships it. A constant of the format: what
// is signed and sealed with another value is not understood there.
inline constexpr std::string_view kMigrationScriptDigest =
    "blake3:95682d8214746c47038d7e0919afc012389ad34c9174454de4b2e49636db19a3";

struct Boundary {
  std::string previous_v1_head_hash;
  std::string fixture_verification_result_hash;  // "blake3:" + hex
};

// The row before it is sealed. Its event hash is a function of `boundary` alone.
core::Event boundary_event(const Boundary& boundary, Clock& clock, Random& random);

// False when the payload of a boundary row names another row than `prev` as the last one before
// it. A payload that names none says nothing.
bool names_its_predecessor(const std::optional<std::string>& prev, std::string_view payload,
                           int depth_used);

}  // namespace cortex::ledger
