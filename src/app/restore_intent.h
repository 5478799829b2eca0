// `restore intent build`: writes down, and signs, that this store may be replaced by this bundle
// within the next hours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "bundle/restore_intent.h"
#include "crypto/ed25519.h"
#include "json/value.h"

namespace cortex::app {

struct IntentRequest {
  Layout layout;
  std::string manifest, output;
  std::optional<std::string> public_key_hex, deployment_id;
  std::vector<std::string> staged_paths, staged_digests;  // two of each, or none
  std::int64_t hours = 1;                                 // of validity, 1 to 24
  bool sign = false;
  std::optional<std::string> key_base64, key_file;  // the seed; the text is wiped when it was read
  // Stage whose loss against the active store the operator accepts with his signature.
  std::optional<std::string> accepted_loss_of;
};

struct IntentReport {
  Code code = Code::kOk;
  std::optional<Error> error;  // present unless `code` is kOk; its token is the invariant
  std::string output;
  std::optional<std::string> signature;  // path; of a refusal: the one in the way
  bundle::RestoreIntent intent;
  std::string public_key;  // lower-case hex
  std::string bytes;       // of the file
};

// Nothing that exists is replaced; with an error nothing new is left. Both files are synced.
IntentReport build_intent(Services& services, IntentRequest request);

json::Value to_json(const IntentReport& report);

}  // namespace cortex::app
