// Digests of whole files, streamed; of long ones on two threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "crypto/blake3_tree.h"

namespace cortex::bundle {

struct FileDigest {
  std::uint64_t size_bytes = 0;
  std::string blake3;  // "blake3:" + hex

  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

// Of bytes in memory.
FileDigest digest_of(std::string_view bytes);

enum class Source {
  kAnywhere,
  kDevice,  // drops the page cache first, so that what is on the device is read
};

// Constant memory: one block a thread.
Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, Source source,
                               Progress* progress = nullptr);

// The same, and `on_block` receives the value of each whole block before the tail, in order.
using BlockValueFunction = std::function<void(const crypto::ChainingValue& value)>;
Result<FileDigest> digest_blocks(fs::FileSystem& fs, const std::string& path, Source source,
                                 const BlockValueFunction& on_block, Progress* progress = nullptr);

}  // namespace cortex::bundle
