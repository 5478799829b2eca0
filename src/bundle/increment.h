// Incremental bundles: the ledger's new rows and the store's changed pages against a parent, which
// is a full bundle or another increment (docs/formats.md, "Incremental bundle").
//
// An increment carries the manifest of the full bundle that it stands for. A chain, from that full
// bundle's point of view, is a base and the increments on it; its two files can be read as streams
// without ever being put together on disk. Memory: four bytes a changed page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/digest.h"
#include "bundle/manifest.h"

namespace cortex::bundle {

inline constexpr std::string_view kIncrementName = "cortex_increment.json";
inline constexpr std::string_view kLedgerPartName = "events.jsonl.part";
inline constexpr std::string_view kPagesName = "cortex.db.pages";

struct Increment {
  std::string parent_blake3;  // of the parent's manifest
  std::string parent_name;    // of its folder, a hint
  json::Value manifest;       // BACKUP_MANIFEST of the full bundle
  std::uint64_t ledger_from = 0;
  FileDigest ledger_part;
  std::uint64_t page_bytes = 4096;
  std::uint64_t pages_changed = 0, pages_total = 0;
  FileDigest pages;  // the changed pages, then their numbers, four bytes each, big-endian
};

json::Value increment_document(const Increment& increment);

struct IncrementFacts {
  Increment increment;
  ManifestFacts manifest;  // of the full bundle
  std::string blake3;      // of the file
};
bool is_increment(fs::FileSystem& fs, const std::string& dir);
// The description alone. Errors: kPrecondition, kSchema, kQuarantined.
Result<IncrementFacts> describe_increment(fs::FileSystem& fs, const std::string& dir);
// Its parts are there with their sizes, and nothing else. Errors: kPrecondition, kQuarantined.
Status check_increment_parts(fs::FileSystem& fs, const std::string& dir,
                             const IncrementFacts& facts);
// Both.
Result<IncrementFacts> read_increment(fs::FileSystem& fs, const std::string& dir);

// Digest of the manifest of the bundle in `dir`, full or incremental: what its children name.
Result<std::string> bundle_id(fs::FileSystem& fs, const std::string& dir);

struct Chain {
  std::string base_dir;
  ManifestFacts base;
  struct Link {
    std::string dir;
    IncrementFacts facts;
  };
  std::vector<Link> links;  // oldest first; empty for a full bundle

  const ManifestFacts& manifest() const {
    return links.empty() ? base : links.back().facts.manifest;
  }
};
// Follows the parents of the bundle in `dir`, which are looked for beside it, and checks the
// digests of all parts. Errors: kQuarantined for a part that is not what was backed up,
// kPrecondition for a parent that cannot be found.
Result<Chain> find_chain(fs::FileSystem& fs, const std::string& dir, Progress* progress);
// The same without reading the two files of the full bundle, for who reads them anyway: each must
// then pass check_base_file().
Result<Chain> follow_chain(fs::FileSystem& fs, const std::string& dir, Progress* progress);
Status check_base_file(const Chain& chain, const Artifact& wanted, const FileDigest& found);
// Of a part of an increment in `dir`: kQuarantined, kPrecondition when it cannot be read.
Status check_part(fs::FileSystem& fs, const std::string& dir, std::string_view name,
                  const FileDigest& wanted, Source source, Progress* progress);

// The files of the full bundle, as streams, in blocks of at most 1 MiB.
using BytesSink = std::function<Status(std::string_view)>;
Status stream_store(fs::FileSystem& fs, const Chain& chain, const BytesSink& sink);
Status stream_ledger(fs::FileSystem& fs, const Chain& chain, const BytesSink& sink);

// The pages of a chain's store by number, from 1 on.
class ChainPages {
 public:
  static Result<ChainPages> open(fs::FileSystem& fs, const Chain& chain);
  std::uint64_t total() const { return total_; }
  std::uint64_t page_bytes() const { return page_bytes_; }
  // Some increment holds it, so that it is not the full bundle's.
  bool is_linked(std::uint64_t number) const;
  // `out` has page_bytes(). kQuarantined when the page is nowhere.
  Status read(std::uint64_t number, std::span<char> out);

 private:
  struct Layer {
    std::unique_ptr<fs::File> file;
    std::vector<std::uint32_t> numbers;  // ascending; empty for the base
  };
  std::vector<Layer> layers_;  // base first
  std::uint64_t base_pages_ = 0, total_ = 0, page_bytes_ = 4096;
};

// Makes the full bundle of a chain in the folder `to`, which is there and has none of its files;
// synced, digests checked (kQuarantined).
Status put_together(fs::FileSystem& fs, const Chain& chain, const std::string& to,
                    Progress* progress);
// Both streams have the digests of the chain's manifest: kQuarantined.
Status check_streams(fs::FileSystem& fs, const Chain& chain, Progress* progress);

}  // namespace cortex::bundle
