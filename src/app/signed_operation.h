// The signatures that operations of the ledger carry (docs/formats.md, 7.2): validations of
// memories, promotions of principles, rotations of keys, summaries by a model, and packs for an
// operator. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/operation.h"
#include "trust/timeline.h"

namespace cortex::app {

struct OperationSigner {
  std::string key_id;  // empty for a rotation: its rows follow the key by themselves
  Timestamp at{};      // when it signed
  trust::Tier tier = trust::Tier::kVerified;  // that its principal needs
};

// Nothing for an operation that needs no signature. Errors (kIntegrity) have the token `missing` or
// `signature_invalid`. Whether the key was entitled to sign is another question.
Result<std::optional<OperationSigner>> operation_signature(const store::OperationRow& operation);

// False only for payloads of operations that need no signature: a search in the text.
bool may_be_signed_operation(std::string_view payload);

}  // namespace cortex::app
