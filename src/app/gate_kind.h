// What the two gates differ in: names.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "json/value.h"
#include "trust/claim.h"

namespace cortex::app {

enum class GateKind : std::uint8_t { kRelease, kCompliance };

struct GateNames {
  std::string_view prefix;         // of rules: "release"
  std::string_view command;        // "release.readiness"
  std::string_view evidence_kind;  // "remote_ci"
  std::string_view subject;        // in texts: "release"
  std::string_view vote_rule;      // of the shape: "release.remote_ci_evidence"
  std::string_view accepted_as;
  trust::ClaimKind claim = trust::ClaimKind::kReleaseReadiness;
  std::string_view claim_name;  // "ReleaseReadiness"
  std::array<std::string_view, 6> forbidden_uses;
};

const GateNames& names_of(GateKind kind);
json::Value forbidden_uses_of(GateKind kind);

}  // namespace cortex::app
