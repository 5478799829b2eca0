#include "ledger/boundary.h"

#include "json/value.h"
#include "ledger/own_row.h"

namespace cortex::ledger {

core::Event boundary_event(const Boundary& boundary, Clock& clock, Random& random) {
  core::Event event = own_row(clock, random);
  event.domain_tags = {"schema", "migration", "v2"};
  event.payload = json::canonical(json::Object{
      {"kind", kBoundaryKind},
      {"migration_id", "v1_to_v2"},
      {"payload",
       json::Object{{"fixture_verification_result_hash", boundary.fixture_verification_result_hash},
                    {"migration_script_digest", kMigrationScriptDigest},
                    {"operator_attestation", nullptr},
                    {"previous_v1_head_hash", boundary.previous_v1_head_hash},
                    {"schema_version_target", 2}}}});
  return event;
}

bool names_its_predecessor(const std::optional<std::string>& prev, std::string_view payload,
                           int depth_used) {
  const auto document = json::parse(payload, depth_used);
  const json::Value* inner = document.ok() ? document->find("payload") : nullptr;
  const json::Value* head = inner == nullptr ? nullptr : inner->find("previous_v1_head_hash");
  const std::string* named = head == nullptr ? nullptr : head->as_string();
  return named == nullptr || named->empty() || *named == prev;
}

}  // namespace cortex::ledger
