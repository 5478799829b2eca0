// `audit verify --witness-key-registry TOML`: the registry must be readable before anything else is
// looked at. Its keys take no part in the checks of this command.
#include <utility>

#include "app/audit_against.h"
#include "app/witness_keys.h"

namespace cortex::app {

Result<std::optional<Section>> registry_section(Services& services, const VerifyRequest& request,
                                                ledger::VerifyOptions&) {
  if (!request.witness_key_registry) return std::optional<Section>();
  CORTEX_TRY(read_evidence(services, *request.witness_key_registry));
  auto keys = read_witness_keys(services, *request.witness_key_registry);
  if (keys.ok()) return std::optional<Section>();
  return with_token(std::move(keys).error(), "audit.verify.witness_key_registry.malformed");
}

}  // namespace cortex::app
