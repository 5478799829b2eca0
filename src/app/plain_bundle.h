// A bundle of any kind as a full, plain one: encrypted ones are decrypted, increments put together
// with what they continue, into a private folder that goes with the object.
#pragma once

#include <optional>
#include <string>

#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/private_folder.h"

namespace cortex::app {

struct BundleSource {
  std::string dir;
  std::optional<std::string> identity_file;  // age identities, for encrypted bundles
};

// Makes the full, plain bundle of `source` in the folder `to`: "encrypted" or "incremental", by
// what it was made of; empty when `source` is full and plain already, and nothing was written.
// Every byte that is read is checked against what the bundle says of it. Errors: kPrecondition (no
// identity, none that fits, no parent), kQuarantined.
Result<std::string> make_plain(Services& services, const BundleSource& source,
                               const std::string& to, Progress* progress);

class PlainBundle {
 public:
  // `work_dir`: where the private folder is made when one is needed. Errors: as make_plain().
  static Result<PlainBundle> open(Services& services, const BundleSource& source,
                                  const std::string& work_dir, Progress* progress);

  const std::string& dir() const { return dir_; }
  const std::string& source_kind() const { return kind_; }  // "full" or as make_plain() says

 private:
  std::string dir_;
  std::string kind_ = "full";
  std::optional<bundle::PrivateFolder> folder_;
};

}  // namespace cortex::app
