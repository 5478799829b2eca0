#include "base/fs/posix_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/fs/errors.h"
#include "base/text.h"

namespace cortex::fs {
namespace {

Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return Kind::kFile;
  if (S_ISDIR(mode)) return Kind::kDirectory;
  if (S_ISLNK(mode)) return Kind::kSymlink;
  return Kind::kOther;
}

std::int64_t monotonic_millis() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

void pause_millis(std::int64_t millis) {
  timespec t{};
  t.tv_sec = millis / 1000;
  t.tv_nsec = millis % 1000 * 1'000'000;
  ::nanosleep(&t, nullptr);  // a signal shortens the pause, which does no harm
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override;
  Status append(std::string_view bytes) override;
  Status truncate(std::uint64_t size_bytes) override;
  Status sync_data() override;
  Status sync_all() override;
  Result<Info> info() override;
  Status set_mode(unsigned mode) override;
  Status lock(Lock kind, int wait_millis_max) override;
  Status unlock() override;
  void drop_cache() override { ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED); }
  Status close() override;
  const std::string& path() const override { return path_; }

 private:
  Error failed(std::string_view verb, int error_number) const {
    return system_error(verb, path_, error_number);
  }
  Status check_usable(std::string_view verb) const {
    if (poisoned_) return poisoned_error(verb, path_);
    return {};
  }
  ssize_t read_some(std::uint64_t offset, char* out, std::size_t size);
  int write_everything(std::string_view bytes);
  Status synced(int result);

  int descriptor_;
  std::string path_;
  bool poisoned_ = false;
  bool is_stream_ = false;           // a pipe: no offsets, read in order only
  std::uint64_t stream_offset_ = 0;  // bytes read from the pipe so far
};

ssize_t PosixFile::read_some(std::uint64_t offset, char* out, std::size_t size) {
  if (!is_stream_) {
    const ssize_t n =
        uninterrupted([&] { return ::pread(descriptor_, out, size, static_cast<off_t>(offset)); });
    if (n >= 0 || errno != ESPIPE) return n;
    is_stream_ = true;
  }
  if (offset != stream_offset_) {
    errno = ESPIPE;
    return -1;
  }
  const ssize_t n = uninterrupted([&] { return ::read(descriptor_, out, size); });
  if (n > 0) stream_offset_ += static_cast<std::uint64_t>(n);
  return n;
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = read_some(offset + done, out.data() + done, out.size() - done);
    if (n < 0) return failed("read", errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

// 0, or the errno of the write that failed; what it wrote until then is in the file.
int PosixFile::write_everything(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n =
        uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (n < 0) return errno;
    if (n == 0) return EIO;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

Status PosixFile::append(std::string_view bytes) {
  CORTEX_TRY(check_usable("write"));
  struct ::stat before{};
  if (::fstat(descriptor_, &before) != 0) return failed("write", errno);
  const int error_number = write_everything(bytes);
  if (error_number == 0) return {};
  Error error = failed("write", error_number);
  if (uninterrupted([&] { return ::ftruncate(descriptor_, before.st_size); }) == 0) {
    error.unchanged = "the file has its old size";
  } else {
    poisoned_ = true;
    error.unchanged = cat("cutting it back to its old size of ", before.st_size, " bytes failed");
  }
  return error;
}

Status PosixFile::truncate(std::uint64_t size_bytes) {
  CORTEX_TRY(check_usable("truncate"));
  const auto size = static_cast<off_t>(size_bytes);
  if (uninterrupted([&] { return ::ftruncate(descriptor_, size); }) == 0) return {};
  return failed("truncate", errno);
}

// The kernel reports a failed write-back once and then marks the pages clean, so a second sync
// would "succeed" with the data lost. EINTR is not such a report and may be repeated.
Status PosixFile::synced(int result) {
  if (result == 0) return {};
  const int error_number = errno;
  poisoned_ = true;
  Error error = failed("sync", error_number);
  error.unchanged = "what was written since the last sync may be lost";
  return error;
}

Status PosixFile::sync_data() {
  CORTEX_TRY(check_usable("sync"));
  return synced(uninterrupted([&] { return ::fdatasync(descriptor_); }));
}

Status PosixFile::sync_all() {
  CORTEX_TRY(check_usable("sync"));
  return synced(uninterrupted([&] { return ::fsync(descriptor_); }));
}

Result<Info> PosixFile::info() {
  struct ::stat s{};
  if (::fstat(descriptor_, &s) != 0) return failed("inspect", errno);
  return info_of(s);
}

Status PosixFile::set_mode(unsigned mode) {
  CORTEX_TRY(check_usable("change the mode of"));
  if (::fchmod(descriptor_, mode) == 0) return {};
  return failed("change the mode of", errno);
}

// flock has no timeout, so it is polled. Changing a held lock to the other kind may lose it: flock
// releases the old one first.
Status PosixFile::lock(Lock kind, int wait_millis_max) {
  CORTEX_TRY(check_usable("lock"));
  constexpr std::int64_t kPauseMillisMax = 50;
  const int operation = (kind == Lock::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const std::int64_t start = monotonic_millis();
  for (std::int64_t pause = 1;; pause = std::min(pause * 2, kPauseMillisMax)) {
    if (uninterrupted([&] { return ::flock(descriptor_, operation); }) == 0) return {};
    if (errno != EWOULDBLOCK) return failed("lock", errno);
    const std::int64_t left = start + wait_millis_max - monotonic_millis();
    if (left <= 0) return lock_timeout(path_, wait_millis_max);
    pause_millis(std::min(pause, left));
  }
}

Status PosixFile::unlock() {
  if (uninterrupted([&] { return ::flock(descriptor_, LOCK_UN); }) == 0) return {};
  return failed("unlock", errno);
}

// Linux frees the descriptor even when close fails, so it is never closed twice.
Status PosixFile::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (descriptor < 0) return failed("close", EBADF);
  if (::close(descriptor) == 0 || errno == EINTR) return {};
  return failed("close", errno);
}

}  // namespace

std::unique_ptr<File> make_posix_file(int descriptor, std::string path) {
  return std::make_unique<PosixFile>(descriptor, std::move(path));
}

Info info_of(const struct ::stat& s) {
  Info info;
  info.kind = kind_of(s.st_mode);
  info.size_bytes = static_cast<std::uint64_t>(s.st_size);
  info.mode = s.st_mode & 07777U;
  info.modified = {s.st_mtim.tv_sec, static_cast<std::uint32_t>(s.st_mtim.tv_nsec)};
  info.device = s.st_dev;
  info.inode = s.st_ino;
  return info;
}

}  // namespace cortex::fs
