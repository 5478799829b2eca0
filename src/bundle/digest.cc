#include "bundle/digest.h"

#include "base/limits.h"
#include "crypto/digest.h"

namespace cortex::bundle {

Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, Source source,
                               Progress* progress) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kRead));
  if (source == Source::kDevice) file->drop_cache();
  crypto::Blake3 hasher;
  std::string block(limits::kIoBlockBytes, '\0');
  FileDigest digest;
  for (;;) {
    CORTEX_ASSIGN(const std::size_t got, file->read_at(digest.size_bytes, block));
    if (got == 0) break;
    hasher.update(std::string_view(block).substr(0, got));
    digest.size_bytes += got;
    add_progress(progress, got);
  }
  digest.blake3 = crypto::prefixed_hex(hasher.finish());
  return digest;
}

}  // namespace cortex::bundle
