// The registry of keys that may witness evidence: TOML, `[[keys]]` with key_id, algorithm
// (ed25519 or ecdsa_p256) and key_bytes_hex; `classes` (what it may witness) and `tier` (what it
// counts as) may be added.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/services.h"
#include "base/result.h"
#include "trust/verifier.h"

namespace cortex::app {

// Keys that are not known are ignored. The message of an error says what is wrong and names no
// file; code kPrecondition.
Result<std::vector<trust::RegisteredKey>> parse_witness_keys(std::string_view toml_text);
Result<std::vector<trust::RegisteredKey>> read_witness_keys(Services& services,
                                                            const std::string& path);

}  // namespace cortex::app
