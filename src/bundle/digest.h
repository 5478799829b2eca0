// Digests of whole files, streamed.
#pragma once

#include <cstdint>
#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"

namespace cortex::bundle {

struct FileDigest {
  std::uint64_t size_bytes = 0;
  std::string blake3;  // "blake3:" + hex

  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

enum class Source {
  kAnywhere,
  kDevice,  // drops the page cache first, so that what is on the device is read
};

Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, Source source,
                               Progress* progress = nullptr);

}  // namespace cortex::bundle
