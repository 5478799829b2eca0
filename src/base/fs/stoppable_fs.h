// A file system whose reading ends when the operation is called off: between two blocks, with
// kCalledOffToken. Everything that only reads a file (verification, digests, copies, search) is
// thereby stopped without looking at the token itself. Files that are open for writing are not
// touched: a writer that has begun ends as it would have.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "base/fs/forward_fs.h"

namespace cortex::fs {

class StoppableFs final : public ForwardFs {
 public:
  StoppableFs(FileSystem& inner, std::stop_token stop) : ForwardFs(inner), stop_(std::move(stop)) {}

  Result<std::unique_ptr<File>> open(const std::string& path, Open how, unsigned mode) override;

 private:
  std::stop_token stop_;
};

}  // namespace cortex::fs
