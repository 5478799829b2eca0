#include "bundle/page_diff.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bundle/runs.h"
#include "crypto/blake3_tree.h"
#include "crypto/digest.h"

namespace cortex::bundle {
namespace {

constexpr std::uint64_t kBlock = crypto::kTreeBlockBytes;

// The digest of a file from its blocks in order.
class BlockDigest {
 public:
  explicit BlockDigest(std::uint64_t size_bytes)
      : size_bytes_(size_bytes), blocks_(crypto::tree_blocks(size_bytes)) {}

  std::uint64_t size_bytes() const { return size_bytes_; }
  bool is_whole(std::uint64_t index) const { return index < blocks_; }
  std::uint64_t bytes_of(std::uint64_t index) const {
    return std::min(kBlock, size_bytes_ - std::min(size_bytes_, index * kBlock));
  }
  void add(const crypto::ChainingValue& value) { tree_.add(value); }
  FileDigest finish(std::string_view tail) const {
    return {size_bytes_, crypto::prefixed_hex(tree_.finish(tail))};
  }

 private:
  std::uint64_t size_bytes_, blocks_;
  crypto::Blake3Tree tree_;
};

// What one block of both files gives.
struct Block {
  std::optional<crypto::ChainingValue> live_value, base_value;  // of whole blocks
  std::string live_tail, base_tail;                             // of the last ones
  std::vector<std::pair<std::uint64_t, std::string>> changed;   // pages by number
};

class Diff {
 public:
  Diff(ChainPages& pages, const ReadFunction& live, std::uint64_t live_bytes,
       std::uint64_t base_bytes, Progress* progress)
      : pages_(pages),
        live_(live),
        live_digest_(live_bytes),
        base_digest_(base_bytes),
        progress_(progress) {}

  std::uint64_t blocks() const {
    const std::uint64_t longer = std::max(live_digest_.size_bytes(), base_digest_.size_bytes());
    return (longer + kBlock - 1) / kBlock;
  }

  // On any thread; `base` is that thread's own.
  Status read_run(fs::File& base, std::uint64_t first, std::uint64_t count,
                  std::vector<Block>& out) {
    out.clear();
    std::string live_bytes, base_bytes;
    for (std::uint64_t index = first; index < first + count; ++index) {
      CORTEX_TRY(read_block(base, index, live_bytes, base_bytes));
      Block& block = out.emplace_back();
      const bool same = live_bytes == base_bytes;
      if (base_digest_.is_whole(index)) block.base_value = crypto::block_value(base_bytes, index);
      if (live_digest_.is_whole(index)) {
        block.live_value =
            same && block.base_value ? *block.base_value : crypto::block_value(live_bytes, index);
      }
      CORTEX_TRY(compare_pages(index, live_bytes, base_bytes, block));
      if (!block.live_value) block.live_tail = live_bytes;
      if (!block.base_value) block.base_tail = base_bytes;
    }
    return {};
  }

  // In the order of the file.
  Status take(std::vector<Block>& run, const ChangedPage& on_changed) {
    for (Block& block : run) {
      if (block.live_value) live_digest_.add(*block.live_value);
      if (block.base_value) base_digest_.add(*block.base_value);
      if (!block.live_tail.empty()) live_tail_ = std::move(block.live_tail);
      if (!block.base_tail.empty()) base_tail_ = std::move(block.base_tail);
      for (const auto& [number, page] : block.changed) CORTEX_TRY(on_changed(number, page));
    }
    return {};
  }

  PageDiff finish() const {
    return {live_digest_.finish(live_tail_), base_digest_.finish(base_tail_)};
  }

 private:
  Status read_block(fs::File& base, std::uint64_t index, std::string& live_bytes,
                    std::string& base_bytes) {
    live_bytes.resize(static_cast<std::size_t>(live_digest_.bytes_of(index)));
    base_bytes.resize(static_cast<std::size_t>(base_digest_.bytes_of(index)));
    std::size_t got_live = 0;
    {
      const std::scoped_lock lock(mutex_);  // a connection serves one thread at a time
      CORTEX_ASSIGN(got_live, live_(index * kBlock, live_bytes));
    }
    CORTEX_ASSIGN(const std::size_t got_base, base.read_at(index * kBlock, base_bytes));
    if (got_live != live_bytes.size() || got_base != base_bytes.size()) {
      return make_error(Code::kInternal, "a store changed while it was read");
    }
    add_progress(progress_, got_live);
    return {};
  }

  Status compare_pages(std::uint64_t index, std::string_view live, std::string_view base,
                       Block& block) {
    const auto size = static_cast<std::size_t>(pages_.page_bytes());
    std::string linked(size, '\0');
    std::uint64_t number = index * (kBlock / size) + 1;
    for (std::size_t at = 0; at < live.size(); at += size, ++number) {
      const std::string_view page = live.substr(at, size);
      if (number <= pages_.total()) {
        std::string_view before = at < base.size() ? base.substr(at, size) : std::string_view();
        if (pages_.is_linked(number) || before.size() != size) {
          const std::scoped_lock lock(mutex_);
          CORTEX_TRY(pages_.read(number, linked));
          before = linked;
        }
        if (page == before) continue;
      }
      block.changed.emplace_back(number, page);
    }
    return {};
  }

  ChainPages& pages_;
  const ReadFunction& live_;
  BlockDigest live_digest_, base_digest_;
  Progress* progress_;
  std::string live_tail_, base_tail_;
  std::mutex mutex_;  // for live_ and for what pages_ reads
};

}  // namespace

Result<PageDiff> diff_pages(fs::FileSystem& fs, const Chain& chain, const ReadFunction& live,
                            std::uint64_t live_bytes, const ChangedPage& on_changed,
                            Progress* progress) {
  CORTEX_ASSIGN(ChainPages pages, ChainPages::open(fs, chain));
  const std::string path = fs::join(chain.base_dir, chain.base.store.name);
  std::unique_ptr<fs::File> bases[2];
  for (auto& base : bases) {
    CORTEX_ASSIGN(base, fs.open(path, fs::Open::kRead));
  }
  CORTEX_ASSIGN(const fs::Info info, bases[0]->info());
  Diff diff(pages, live, live_bytes, info.size_bytes, progress);
  const auto read = [&](std::size_t thread, std::uint64_t first, std::uint64_t count,
                        std::vector<Block>& run) {
    return diff.read_run(*bases[thread], first, count, run);
  };
  const auto take = [&](std::vector<Block>& run) { return diff.take(run, on_changed); };
  CORTEX_TRY(
      in_runs<std::vector<Block>>(diff.blocks(), is_worth_two_threads(live_bytes), read, take));
  return diff.finish();
}

}  // namespace cortex::bundle
