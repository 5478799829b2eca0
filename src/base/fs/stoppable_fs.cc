#include "base/fs/stoppable_fs.h"

#include "base/stop.h"

namespace cortex::fs {
namespace {

class StoppableFile final : public ForwardFile {
 public:
  StoppableFile(std::unique_ptr<File> file, std::stop_token stop)
      : ForwardFile(std::move(file)), stop_(std::move(stop)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    CORTEX_TRY(go_on(stop_));
    return ForwardFile::read_at(offset, out);
  }

 private:
  std::stop_token stop_;
};

}  // namespace

Result<std::unique_ptr<File>> StoppableFs::open(const std::string& path, Open how, unsigned mode) {
  CORTEX_ASSIGN(auto file, ForwardFs::open(path, how, mode));
  if (how != Open::kRead) return file;
  return std::unique_ptr<File>(std::make_unique<StoppableFile>(std::move(file), stop_));
}

}  // namespace cortex::fs
