#include "bundle/digest.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/text.h"
#include "bundle/runs.h"
#include "crypto/digest.h"

namespace cortex::bundle {
namespace {

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

// All whole blocks, handed over in order.
Status read_blocks(fs::FileSystem& fs, fs::File& file, std::uint64_t blocks, bool parallel,
                   const BlockValueFunction& on_block, Progress* progress) {
  std::unique_ptr<fs::File> second;
  if (parallel) {
    CORTEX_ASSIGN(second, fs.open(file.path(), fs::Open::kRead));
  }
  std::string buffers[2];
  const auto read = [&](std::size_t thread, std::uint64_t first, std::uint64_t count,
                        Values& values) {
    return read_run(thread == 0 ? file : *second, first, count, buffers[thread], progress, values);
  };
  const auto take = [&](Values& values) -> Status {
    std::ranges::for_each(values, on_block);
    return {};
  };
  return in_runs<Values>(blocks, parallel, read, take);
}

}  // namespace

Result<FileDigest> digest_blocks(fs::FileSystem& fs, const std::string& path, Source source,
                                 const BlockValueFunction& on_block, Progress* progress) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kRead));
  if (source == Source::kDevice) file->drop_cache();
  CORTEX_ASSIGN(const fs::Info info, file->info());
  const std::uint64_t blocks = crypto::tree_blocks(info.size_bytes);
  const bool parallel = is_worth_two_threads(info.size_bytes);
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

FileDigest digest_of(std::string_view bytes) {
  return {bytes.size(), crypto::prefixed_hex(crypto::blake3(bytes))};
}

Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, Source source,
                               Progress* progress) {
  return digest_blocks(fs, path, source, {}, progress);
}

}  // namespace cortex::bundle
