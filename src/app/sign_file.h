// `sign`: a detached Ed25519 signature over the bytes of a file (docs/formats.md, "Detached
// signatures").
#pragma once

#include <optional>
#include <string>

#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct SignRequest {
  // The seed, one of the two: as padded standard base64, or in a file of 32 raw bytes. The text is
  // wiped when it was read.
  std::optional<std::string> key_base64, key_file;
  std::string payload_path;
  std::string output_path;  // must not exist
};

struct SignReport {
  Code code = Code::kOk;
  std::optional<Error> error;  // its token is the invariant; present unless `code` is kOk
  std::string payload_path, output_path;
  std::string public_key;      // lower-case hex
  std::string payload_blake3;  // "blake3:" and hex
};

// Writes the 64 raw bytes of the signature, synced, readable by everyone. What is there is never
// replaced. Reads the payload whole, at most 1 GiB: a signature needs two passes.
SignReport sign_file(Services& services, SignRequest request);

json::Value to_json(const SignReport& report);

}  // namespace cortex::app
