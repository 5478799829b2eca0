// Test tools: a file system that tells what was asked of the files that it opens.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/fs/forward_fs.h"

namespace cortex::ledger {

// Another file with its reads and syncs counted; never waits for a lock.
class CountingFile final : public fs::ForwardFile {
 public:
  CountingFile(std::unique_ptr<fs::File> file, std::uint64_t& bytes_read, std::uint64_t& syncs)
      : fs::ForwardFile(std::move(file)), bytes_read_(bytes_read), syncs_(syncs) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    CORTEX_ASSIGN(const std::size_t got, fs::ForwardFile::read_at(offset, out));
    bytes_read_ += got;
    return got;
  }
  Status sync_data() override {
    ++syncs_;
    return fs::ForwardFile::sync_data();
  }
  Status lock(fs::Lock kind, int) override { return fs::ForwardFile::lock(kind, 0); }

 private:
  std::uint64_t& bytes_read_;
  std::uint64_t& syncs_;
};

class CountingFs final : public fs::ForwardFs {
 public:
  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    CORTEX_ASSIGN(auto file, fs::posix().open(path, how, mode));
    return std::unique_ptr<fs::File>(
        std::make_unique<CountingFile>(std::move(file), bytes_read, syncs));
  }

  std::uint64_t bytes_read = 0;
  std::uint64_t syncs = 0;
};

}  // namespace cortex::ledger
