// A bundle encrypted for some people: one file in the age v1 format a member, and a plain list of
// them that tells sizes and digests of the ciphertext and nothing else (docs/formats.md, "Encrypted
// bundle").
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/digest.h"
#include "crypto/age.h"

namespace cortex::bundle {

inline constexpr std::string_view kSealedManifestName = "cortex_encrypted_bundle.json";

struct SealedMember {
  std::string name;  // "cortex.db.age"
  FileDigest digest;
};

// Whether the folder is one of an encrypted bundle.
bool is_sealed(fs::FileSystem& fs, const std::string& dir);

// Encrypts each file of `plain_dir` into the folder `to` and writes the list, all synced; the
// caller syncs the folder.
Result<std::vector<SealedMember>> seal(fs::FileSystem& fs, const std::string& plain_dir,
                                       const std::string& to,
                                       std::span<const crypto::AgeRecipient> recipients,
                                       Random& random, Progress* progress);

// The list as it stands, members unseen. Errors: kPrecondition, kSchema, kQuarantined.
Result<std::vector<SealedMember>> read_sealed(fs::FileSystem& fs, const std::string& dir);

// Nothing lies in the folder but the list and its members: kQuarantined.
Status check_sealed_names(fs::FileSystem& fs, const std::string& dir,
                          std::span<const SealedMember> members);

// Every file is a member with its size and digest, and no member is missing: kQuarantined,
// kPrecondition.
Result<std::vector<SealedMember>> check_sealed(fs::FileSystem& fs, const std::string& dir,
                                               Source source, Progress* progress);

// Checks the bundle, then decrypts its members into the folder `to`, which has none of them.
// Errors: as above; kPrecondition when it was encrypted for somebody else.
Status unseal(fs::FileSystem& fs, const std::string& dir, const std::string& to,
              std::span<const crypto::AgeIdentity> identities, Progress* progress);

}  // namespace cortex::bundle
