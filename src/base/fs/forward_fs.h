// A file system and a file that hand everything on to another one: who is derived from them
// overrides what he watches, disturbs or forbids.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fs/fs.h"

namespace cortex::fs {

class ForwardFile : public File {
 public:
  explicit ForwardFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    return file_->read_at(offset, out);
  }
  Status append(std::string_view bytes) override { return file_->append(bytes); }
  Status truncate(std::uint64_t size_bytes) override { return file_->truncate(size_bytes); }
  Status sync_data() override { return file_->sync_data(); }
  Status sync_all() override { return file_->sync_all(); }
  Result<Info> info() override { return file_->info(); }
  Status set_mode(unsigned mode) override { return file_->set_mode(mode); }
  Status lock(Lock kind, int wait_millis_max) override {
    return file_->lock(kind, wait_millis_max);
  }
  Status unlock() override { return file_->unlock(); }
  void drop_cache() override { file_->drop_cache(); }
  Status close() override { return file_->close(); }
  const std::string& path() const override { return file_->path(); }

 private:
  std::unique_ptr<File> file_;
};

class ForwardFs : public FileSystem {
 public:
  // `inner` must live as long as this and as the files that it opens.
  explicit ForwardFs(FileSystem& inner = posix()) : inner_(inner) {}

  Result<std::unique_ptr<File>> open(const std::string& path, Open how, unsigned mode) override {
    return inner_.open(path, how, mode);
  }
  Result<std::unique_ptr<File>> open_directory(const std::string& path) override {
    return inner_.open_directory(path);
  }
  Result<Info> stat(const std::string& path) override { return inner_.stat(path); }
  Result<Info> lstat(const std::string& path) override { return inner_.lstat(path); }
  Status make_directory(const std::string& path, unsigned mode) override {
    return inner_.make_directory(path, mode);
  }
  Result<std::vector<std::string>> make_directories(const std::string& path,
                                                    unsigned mode) override {
    return inner_.make_directories(path, mode);
  }
  Status remove_file(const std::string& path) override { return inner_.remove_file(path); }
  Status remove_directory(const std::string& path) override {
    return inner_.remove_directory(path);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return inner_.list(path);
  }
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    return inner_.rename_no_replace(from, to);
  }
  Status replace(const std::string& from, const std::string& to) override {
    return inner_.replace(from, to);
  }
  Status overwrite(const std::string& path, std::string_view bytes) override {
    return inner_.overwrite(path, bytes);
  }
  Status sync_directory(const std::string& path) override { return inner_.sync_directory(path); }
  Result<std::string> canonical(const std::string& path) override { return inner_.canonical(path); }
  Result<std::string> working_directory() override { return inner_.working_directory(); }

 private:
  FileSystem& inner_;
};

}  // namespace cortex::fs
