#include "bundle/digest.h"

#include <array>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/verify.h"

namespace cortex::bundle {
namespace {

// Below this a second thread costs more than it saves.
constexpr std::uint64_t kParallelBytes = 8U << 20U;
// Blocks that one thread takes at a time.
constexpr std::uint64_t kRunBlocks = 8;

using Values = std::vector<crypto::ChainingValue>;

Error changed(const std::string& path) {
  return make_error(Code::kInternal, cat(quoted(path), " changed while it was read"));
}

// The values of the blocks [first, first + count).
Status read_run(fs::File& file, std::uint64_t first, std::uint64_t count, std::string& buffer,
                Progress* progress, Values& out) {
  out.clear();
  buffer.resize(crypto::kTreeBlockBytes);
  for (std::uint64_t i = first; i < first + count; ++i) {
    CORTEX_ASSIGN(const std::size_t got,
                  file.read_at(i * crypto::kTreeBlockBytes, std::span<char>(buffer)));
    if (got != buffer.size()) return changed(file.path());
    out.push_back(crypto::block_value(buffer, i));
    add_progress(progress, got);
  }
  return {};
}

// All whole blocks, two runs at a time on two threads, handed over in order.
Status read_blocks(fs::FileSystem& fs, fs::File& file, std::uint64_t blocks, bool parallel,
                   const BlockValueFunction& on_block, Progress* progress) {
  std::unique_ptr<fs::File> second;
  if (parallel) {
    CORTEX_ASSIGN(second, fs.open(file.path(), fs::Open::kRead));
  }
  std::array<std::string, 2> buffers;
  std::array<Values, 2> values;
  for (std::uint64_t at = 0; at < blocks;) {
    const std::uint64_t mine = std::min(kRunBlocks, blocks - at);
    const std::uint64_t others = second ? std::min(kRunBlocks, blocks - at - mine) : 0;
    Status other_status;
    std::optional<std::jthread> helper;
    if (others > 0) {
      helper.emplace([&] {
        other_status = read_run(*second, at + mine, others, buffers[1], progress, values[1]);
      });
    }
    const Status status = read_run(file, at, mine, buffers[0], progress, values[0]);
    if (helper) helper->join();
    CORTEX_TRY(status);
    CORTEX_TRY(other_status);
    for (const auto& value : values[0]) on_block(value);
    if (others > 0) {
      for (const auto& value : values[1]) on_block(value);
    }
    at += mine + others;
  }
  return {};
}

}  // namespace

Result<FileDigest> digest_blocks(fs::FileSystem& fs, const std::string& path, Source source,
                                 const BlockValueFunction& on_block, Progress* progress) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kRead));
  if (source == Source::kDevice) file->drop_cache();
  CORTEX_ASSIGN(const fs::Info info, file->info());
  const std::uint64_t blocks = crypto::tree_blocks(info.size_bytes);
  const bool parallel = info.size_bytes >= kParallelBytes && ledger::verify_threads() > 1;
  crypto::Blake3Tree tree;
  const auto add = [&](const crypto::ChainingValue& value) {
    tree.add(value);
    if (on_block) on_block(value);
  };
  CORTEX_TRY(read_blocks(fs, *file, blocks, parallel, add, progress));
  const std::uint64_t start = blocks * crypto::kTreeBlockBytes;
  std::string tail(static_cast<std::size_t>(info.size_bytes - start), '\0');
  CORTEX_ASSIGN(const std::size_t got, file->read_at(start, std::span<char>(tail)));
  if (got != tail.size()) return changed(path);
  add_progress(progress, got);
  return FileDigest{info.size_bytes, crypto::prefixed_hex(tree.finish(tail))};
}

Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, Source source,
                               Progress* progress) {
  return digest_blocks(fs, path, source, {}, progress);
}

}  // namespace cortex::bundle
