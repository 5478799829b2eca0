// Runs one fuzzer's entry over the files of its corpus, without libFuzzer, so that every build
// checks them. Says what it did in the words of the unit tests, which scripts/test counts.
//
//     <name>_replay FOLDER|FILE...
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "fuzz/require.h"

namespace {

using cortex::Result;
using cortex::fs::FileSystem;

constexpr std::uint64_t kSeedBytesMax = 1U << 20;

Result<std::vector<std::string>> files_of(FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const cortex::fs::Info info, fs.stat(path));
  if (info.kind != cortex::fs::Kind::kDirectory) return std::vector<std::string>{path};
  CORTEX_ASSIGN(std::vector<std::string> names, fs.list(path));
  for (std::string& name : names) name = cortex::fs::join(path, name);
  return names;
}

Result<std::size_t> replay(FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const std::vector<std::string> files, files_of(fs, path));
  for (const std::string& file : files) {
    CORTEX_ASSIGN(const std::string bytes, cortex::fs::read_all(fs, file, kSeedBytesMax));
    std::fprintf(stderr, "%s\n", file.c_str());  // the last one named is the one that fails
    // A copy of exactly this size, so that the address sanitizer sees a read behind the end.
    const std::vector<std::uint8_t> data(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(data.data(), data.size());
  }
  return files.size();
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const auto done = replay(cortex::fs::posix(), argv[i]);
    if (!done.ok()) {
      std::fprintf(stderr, "%s\n", done.error().text().c_str());
      return 1;
    }
    count += *done;
  }
  if (count == 0) {
    std::fprintf(stderr, "no seeds to replay\n");
    return 1;
  }
  std::printf("[  PASSED  ] %zu tests.\n", count);
  return 0;
}
