// A private, empty folder for one test, removed with everything in it at the end. For tests only.
#pragma once

#include <stdlib.h>

#include <string>

#include "base/check.h"
#include "base/fs/fs.h"

namespace cortex::fs {

class TestDir {
 public:
  TestDir() {
    const char* base = ::getenv("TMPDIR");
    path_ = join(base == nullptr || *base == '\0' ? "/tmp" : base, "cortex-test-XXXXXX");
    CORTEX_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;
  ~TestDir() { (void)remove_tree(posix(), path_).ok(); }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return join(path_, name); }

 private:
  std::string path_;
};

}  // namespace cortex::fs
