// A file system that hands everything on to posix(): tests override what they watch or disturb. For
// tests only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fs/fs.h"

namespace cortex::fs {

class ForwardFs : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how, unsigned mode) override {
    return posix().open(path, how, mode);
  }
  Result<std::unique_ptr<File>> open_directory(const std::string& path) override {
    return posix().open_directory(path);
  }
  Result<Info> stat(const std::string& path) override { return posix().stat(path); }
  Result<Info> lstat(const std::string& path) override { return posix().lstat(path); }
  Status make_directory(const std::string& path, unsigned mode) override {
    return posix().make_directory(path, mode);
  }
  Result<std::vector<std::string>> make_directories(const std::string& path,
                                                    unsigned mode) override {
    return posix().make_directories(path, mode);
  }
  Status remove_file(const std::string& path) override { return posix().remove_file(path); }
  Status remove_directory(const std::string& path) override {
    return posix().remove_directory(path);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return posix().list(path);
  }
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    return posix().rename_no_replace(from, to);
  }
  Status replace(const std::string& from, const std::string& to) override {
    return posix().replace(from, to);
  }
  Status sync_directory(const std::string& path) override { return posix().sync_directory(path); }
  Result<std::string> canonical(const std::string& path) override {
    return posix().canonical(path);
  }
  Result<std::string> working_directory() override { return posix().working_directory(); }
};

}  // namespace cortex::fs
