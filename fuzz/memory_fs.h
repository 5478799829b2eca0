// A file system in memory for fuzzers and property tests: files only, no folders, no faults. Locks
// and syncs always succeed. Not thread-safe.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace cortex::fuzz {

inline Error refused(std::string_view verb, std::string_view path, int error_number) {
  Error error = make_error(Code::kInternal, cat("cannot ", verb, " ", quoted(path)));
  error.system_errno = error_number;
  return error;
}

// An open file over contents that somebody else owns; they must outlive it.
class MemoryFile final : public fs::File {
 public:
  MemoryFile(std::string& contents, std::string path, bool writable = true)
      : contents_(contents), path_(std::move(path)), writable_(writable) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    if (offset >= contents_.size()) return std::size_t{0};
    return contents_.copy(out.data(), out.size(), static_cast<std::size_t>(offset));
  }
  Status append(std::string_view bytes) override {
    if (!writable_) return refused("write", path_, EBADF);
    contents_.append(bytes);
    return {};
  }
  Status truncate(std::uint64_t size_bytes) override {
    if (!writable_) return refused("truncate", path_, EINVAL);
    contents_.resize(static_cast<std::size_t>(size_bytes));
    return {};
  }
  Status sync_data() override { return {}; }
  Status sync_all() override { return {}; }
  Result<fs::Info> info() override {
    fs::Info info;
    info.kind = fs::Kind::kFile;
    info.size_bytes = contents_.size();
    info.mode = 0600;
    return info;
  }
  Status set_mode(unsigned) override { return {}; }
  Status lock(fs::Lock, int) override { return {}; }
  Status unlock() override { return {}; }
  void drop_cache() override {}
  Status close() override { return {}; }
  const std::string& path() const override { return path_; }

 private:
  std::string& contents_;
  std::string path_;
  bool writable_;
};

// Files that it opened must be gone before their path is removed or renamed, and before it is.
class MemoryFileSystem final : public fs::FileSystem {
 public:
  std::map<std::string, std::string> files;  // contents by path

  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how, unsigned) override {
    const bool found = files.contains(path);
    if (how == fs::Open::kCreateExclusive && found) return refused("create", path, EEXIST);
    const bool creates = how == fs::Open::kCreateExclusive || how == fs::Open::kAppendOrCreate;
    if (!found && !creates) return refused("open", path, ENOENT);
    return std::unique_ptr<fs::File>(
        std::make_unique<MemoryFile>(files[path], path, how != fs::Open::kRead));
  }
  Result<std::unique_ptr<fs::File>> open_directory(const std::string& path) override {
    return refused("open the folder", path, ENOTSUP);
  }
  Result<fs::Info> stat(const std::string& path) override { return lstat(path); }
  Result<fs::Info> lstat(const std::string& path) override {
    const auto entry = files.find(path);
    if (entry == files.end()) return fs::Info{};
    return MemoryFile(entry->second, path).info();
  }
  Status make_directory(const std::string& path, unsigned) override {
    return refused("make the folder", path, ENOTSUP);
  }
  Result<std::vector<std::string>> make_directories(const std::string& path, unsigned) override {
    return refused("make the folder", path, ENOTSUP);
  }
  Status remove_file(const std::string& path) override {
    if (files.erase(path) == 0) return refused("remove", path, ENOENT);
    return {};
  }
  Status remove_directory(const std::string& path) override {
    return refused("remove the folder", path, ENOTSUP);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    std::vector<std::string> names;
    for (const auto& [file, contents] : files) {
      if (fs::parent_of(file) == path) names.push_back(fs::name_of(file));
    }
    std::ranges::sort(names);
    return names;
  }
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    if (!files.contains(from)) return refused("rename", from, ENOENT);
    if (files.contains(to)) return refused("rename", to, EEXIST);
    auto node = files.extract(from);
    node.key() = to;
    files.insert(std::move(node));
    return {};
  }
  Status sync_directory(const std::string&) override { return {}; }
  Result<std::string> canonical(const std::string& path) override { return path; }
  Result<std::string> working_directory() override { return std::string("/"); }
};

// Always the same instant.
class FixedClock final : public Clock {
 public:
  Timestamp now() override { return {1'767'268'800, 0}; }  // 2026-01-01T12:00:00Z
};

// A fixed sequence that never repeats itself soon: a 64-bit counter, least byte first.
class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::uint64_t state = ++count_;
    for (std::uint8_t& byte : out) {
      byte = static_cast<std::uint8_t>(state);
      state >>= 8U;
    }
  }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace cortex::fuzz
