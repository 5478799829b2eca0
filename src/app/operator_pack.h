// Context packs for an operator (docs/formats.md, 15.3): who may ask for one, and what the ledger
// keeps of that.
#pragma once

#include <string>
#include <string_view>

#include "app/context_pack.h"
#include "app/services.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "json/value.h"
#include "sqlite/connection.h"
#include "store/operation.h"

namespace cortex::app {

inline constexpr std::string_view kExternalRawPayload =
    "context_pack.redaction.external_raw_payload";
inline constexpr std::string_view kOperatorNotAttested = "context_pack.operator.not_attested";

// Which flags go together. kUsage: payloads or a key for an external pack, an operator's pack
// without a key, one of the past, one that nobody could find in the ledger.
Status check_operator_flags(const ContextRequest& request);
context::Mode mode_of(const ContextRequest& request);

// The key whose seed the request names, when it is that of an operator, now. kPrecondition, token
// kOperatorNotAttested; those of reading the seed.
Result<crypto::SigningKey> operator_key(Services& services, sqlite::Connection& db,
                                        const std::string& seed_path);

// The member `attestation` of the operation: the key says what was asked for, and when.
json::Value attest_pack(const crypto::SigningKey& key, std::string_view pack_id,
                        std::string_view task, const json::Value& record,
                        std::string_view created_at);

// Whether the operation context.build is signed by the key that it names.
bool pack_attestation_holds(const store::OperationRow& row);

}  // namespace cortex::app
