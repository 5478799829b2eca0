#include "app/plain_bundle.h"

#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "bundle/increment.h"
#include "bundle/sealed.h"
#include "crypto/age.h"
#include "crypto/ed25519.h"

namespace cortex::app {
namespace {

constexpr std::string_view kPlainPrefix = ".cortex-plain-";
constexpr std::uint64_t kKeyFileBytesMax = 1U << 20U;

Result<std::vector<crypto::AgeIdentity>> read_identities(Services& services,
                                                         const BundleSource& source) {
  if (!source.identity_file) {
    return make_error(Code::kPrecondition, cat("the bundle ", quoted(source.dir), " is encrypted"),
                      "no state was changed", "give --identity with the file of your age key");
  }
  auto text = fs::read_all(services.fs, *source.identity_file, kKeyFileBytesMax);
  if (!text.ok()) {
    return make_error(Code::kPrecondition,
                      cat("the identity file ", quoted(*source.identity_file),
                          " cannot be read: ", fs::describe(text.error())),
                      "no state was changed", "check the path and its permissions");
  }
  auto identities = crypto::parse_age_identities(*text);
  crypto::wipe(std::span(reinterpret_cast<std::uint8_t*>(text->data()), text->size()));
  if (!identities.ok()) {
    return with_context(std::move(identities).error(),
                        cat("the identity file ", quoted(*source.identity_file)));
  }
  return identities;
}

}  // namespace

Result<std::string> make_plain(Services& services, const BundleSource& source,
                               const std::string& to, Progress* progress) {
  if (bundle::is_sealed(services.fs, source.dir)) {
    CORTEX_ASSIGN(const auto identities, read_identities(services, source));
    CORTEX_TRY(bundle::unseal(services.fs, source.dir, to, identities, progress));
    return std::string("encrypted");
  }
  if (!bundle::is_increment(services.fs, source.dir)) return std::string();
  CORTEX_ASSIGN(const bundle::Chain chain, bundle::find_chain(services.fs, source.dir, progress));
  CORTEX_TRY(bundle::put_together(services.fs, chain, to, progress));
  return std::string("incremental");
}

Result<PlainBundle> PlainBundle::open(Services& services, const BundleSource& source,
                                      const std::string& work_dir, Progress* progress) {
  PlainBundle plain;
  plain.dir_ = source.dir;
  if (!bundle::is_sealed(services.fs, source.dir) &&
      !bundle::is_increment(services.fs, source.dir)) {
    return plain;
  }
  CORTEX_ASSIGN(auto folder,
                bundle::PrivateFolder::create(services.fs, work_dir, std::string(kPlainPrefix),
                                              services.clock, services.random));
  CORTEX_ASSIGN(plain.kind_, make_plain(services, source, folder.path(), progress));
  plain.dir_ = folder.path();
  plain.folder_.emplace(std::move(folder));
  return plain;
}

}  // namespace cortex::app
