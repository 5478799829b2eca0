// A folder of bundles: what is there, and what a rule of retention keeps (docs/operations.md,
// "Many bundles").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"

namespace cortex::bundle {

enum class BundleKind : std::uint8_t { kFull, kEncrypted, kIncremental };
std::string_view kind_token(BundleKind kind);  // "full"

struct ShelvedBundle {
  std::string name, path;
  BundleKind kind = BundleKind::kFull;
  std::optional<Timestamp> made_at;  // nothing where no description can be read
  std::uint64_t size_bytes = 0;
  std::optional<std::uint64_t> ledger_rows;  // an encrypted bundle does not tell
  std::string manifest_blake3;  // empty for an encrypted bundle, which nothing can continue
  std::string parent_blake3;    // manifest of the bundle that an increment continues, or empty
  std::string parent_name;      // the name that it had then
  std::string problem;          // why it is no complete bundle, or empty
  std::optional<std::string> last_drill;  // "passed at 2026-01-31T03:15:00Z"
};

// Newest first; among equals by name. An encrypted bundle tells no time: that of its name counts
// ("cortex-20260131T031500Z"), else that of its files. Folders without any manifest of ours, files
// and links are not bundles and not listed; hidden ones neither. Sizes are looked at, contents are
// not; what is no part of a bundle is a problem of it, and so is a parent that is not there, or one
// of the parent's.
Result<std::vector<ShelvedBundle>> list_bundles(fs::FileSystem& fs, const std::string& dir);

struct Retention {
  std::uint64_t last = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;

  bool any() const { return last + daily + weekly + monthly + yearly > 0; }
};

// For each bundle the rules that keep it ("daily", "parent of cortex-..."), empty: none does. Of a
// day (UTC), week (from Monday), month or year that has bundles the newest one counts; so many of
// them are kept as the rule says, however far they lie apart. Bundles with a problem count for
// nothing and are kept: a person should look at them.
std::vector<std::vector<std::string>> kept_by(const std::vector<ShelvedBundle>& bundles,
                                              const Retention& retention);
// Adds to `reasons` the bundles that a kept one needs, and theirs. Where an increment does not tell
// what it continues, that may be any bundle that can be continued.
void keep_parents(const std::vector<ShelvedBundle>& bundles,
                  std::vector<std::vector<std::string>>& reasons);

// Takes a bundle and what lies beside it away: it is never seen half removed under its own name.
Status remove_bundle(fs::FileSystem& fs, const ShelvedBundle& bundle, Clock& clock, Random& random);
// Removes what an interrupted remove_bundle() left behind, and bundles whose makers died before
// they had their names.
void remove_half_pruned(fs::FileSystem& fs, const std::string& dir);

}  // namespace cortex::bundle
