#include "base/fs/posix_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/fs/errors.h"
#include "base/fs/fs.h"
#include "base/fs/posix_file.h"
#include "base/fs/trees.h"

namespace cortex::fs {
namespace {

constexpr int kAppendFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY;
constexpr int kCreateFlags = kAppendFlags | O_CREAT | O_EXCL | O_NOFOLLOW;

class PosixFs final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how, unsigned mode) override;
  Result<std::unique_ptr<File>> open_directory(const std::string& path) override;
  Result<Info> stat(const std::string& path) override;
  Result<Info> lstat(const std::string& path) override;
  Status make_directory(const std::string& path, unsigned mode) override;
  Result<std::vector<std::string>> make_directories(const std::string& path,
                                                    unsigned mode) override {
    return make_missing_directories(*this, path, mode);
  }
  Status remove_file(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Status rename_no_replace(const std::string& from, const std::string& to) override;
  Status replace(const std::string& from, const std::string& to) override;
  Status overwrite(const std::string& path, std::string_view bytes) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<std::string> working_directory() override;

 private:
  Result<std::unique_ptr<File>> open_or_create(const std::string& path, unsigned mode);
};

Result<std::unique_ptr<File>> open_with(std::string_view verb, const std::string& path, int flags,
                                        unsigned mode) {
  CORTEX_TRY(check_path(verb, path));
  const int descriptor = uninterrupted([&] { return ::open(path.c_str(), flags, mode); });
  if (descriptor < 0) return system_error(verb, path, errno);
  return make_posix_file(descriptor, path);
}

// A missing level above the path means that the path is missing too.
Result<Info> inspect(const std::string& path, int (*call)(const char*, struct ::stat*)) {
  CORTEX_TRY(check_path("inspect", path));
  struct ::stat s{};
  if (call(path.c_str(), &s) == 0) return info_of(s);
  if (errno == ENOENT || errno == ENOTDIR) return Info{};
  return system_error("inspect", path, errno);
}

int stat_of(const char* path, struct ::stat* s) { return ::stat(path, s); }
int lstat_of(const char* path, struct ::stat* s) { return ::lstat(path, s); }

// Runs a call that takes only the path and answers 0 or -1.
template <class Call>
Status on_path(std::string_view verb, const std::string& path, Call call) {
  CORTEX_TRY(check_path(verb, path));
  if (uninterrupted([&] { return call(path.c_str()); }) == 0) return {};
  return system_error(verb, path, errno);
}

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
struct Freer {
  void operator()(char* memory) const { ::free(memory); }
};

// The file that is there already is not ours: O_EXCL says which process created it. Twice is
// enough for a file that another process creates and a third removes in between.
Result<std::unique_ptr<File>> PosixFs::open_or_create(const std::string& path, unsigned mode) {
  for (int attempt = 0;; ++attempt) {
    auto existing = open_with("open", path, kAppendFlags, 0);
    if (existing.ok() || existing.error().system_errno != ENOENT) return existing;
    auto created = open_with("create", path, kCreateFlags, mode);
    if (created.ok()) {
      auto synced = sync_directory(parent_of(path));
      if (synced.ok()) return created;
      // Nobody must find a file whose entry may vanish.
      static_cast<void>(remove_file(path).ok());
      return std::move(synced).error();
    }
    if (created.error().system_errno != EEXIST || attempt > 0) return created;
  }
}

Result<std::unique_ptr<File>> PosixFs::open(const std::string& path, Open how, unsigned mode) {
  switch (how) {
    case Open::kRead:
      return open_with("open", path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    case Open::kAppend:
      return open_with("open", path, kAppendFlags, 0);
    case Open::kAppendOrCreate:
      return open_or_create(path, mode);
    case Open::kCreateExclusive:
      return open_with("create", path, kCreateFlags, mode);
  }
  CORTEX_UNREACHABLE();
}

Result<std::unique_ptr<File>> PosixFs::open_directory(const std::string& path) {
  return open_with("open folder", path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

Result<Info> PosixFs::stat(const std::string& path) { return inspect(path, stat_of); }
Result<Info> PosixFs::lstat(const std::string& path) { return inspect(path, lstat_of); }

Status PosixFs::make_directory(const std::string& path, unsigned mode) {
  return on_path("create folder", path, [mode](const char* p) { return ::mkdir(p, mode); });
}

Status PosixFs::remove_file(const std::string& path) {
  return on_path("remove", path, [](const char* p) { return ::unlink(p); });
}

Status PosixFs::remove_directory(const std::string& path) {
  return on_path("remove folder", path, [](const char* p) { return ::rmdir(p); });
}

Result<std::vector<std::string>> PosixFs::list(const std::string& path) {
  CORTEX_TRY(check_path("list", path));
  const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(path.c_str()));
  if (directory == nullptr) return system_error("list", path, errno);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    // The stream is this call's own, so no other thread can be reading it.
    const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_error("list", path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixFs::rename_no_replace(const std::string& from, const std::string& to) {
  CORTEX_TRY(check_path("rename", from));
  CORTEX_TRY(check_path("rename to", to));
  const int result = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (result == 0) return {};
  if (errno == ENOSYS || errno == EINVAL) return rename_after_looking(from, to);
  return rename_error(from, to, errno);
}

Status PosixFs::replace(const std::string& from, const std::string& to) {
  CORTEX_TRY(check_path("rename", from));
  CORTEX_TRY(check_path("rename to", to));
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return rename_error(from, to, errno);
}

// In its place: ext4 writes a file that was cut to nothing to the device when it is closed, which
// costs more than all the rest.
Status PosixFs::overwrite(const std::string& path, std::string_view bytes) {
  CORTEX_TRY(check_path("open", path));
  const int descriptor =
      uninterrupted([&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY); });
  if (descriptor < 0 && errno == ENOENT) return FileSystem::overwrite(path, bytes);
  if (descriptor < 0) return system_error("open", path, errno);
  const std::unique_ptr<File> file = make_posix_file(descriptor, path);
  std::string_view left = bytes;
  while (!left.empty()) {
    const auto offset = static_cast<off_t>(bytes.size() - left.size());
    const ssize_t n =
        uninterrupted([&] { return ::pwrite(descriptor, left.data(), left.size(), offset); });
    if (n <= 0) return system_error("write", path, n < 0 ? errno : EIO);
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  CORTEX_ASSIGN(const Info info, file->info());
  if (info.size_bytes > bytes.size()) CORTEX_TRY(file->truncate(bytes.size()));
  return file->close();
}

Status PosixFs::sync_directory(const std::string& path) {
  CORTEX_ASSIGN(const std::unique_ptr<File> directory, open_directory(path));
  Status synced = directory->sync_all();
  if (!synced.ok() && synced.error().system_errno != EINVAL) return synced;
  return directory->close();
}

Result<std::string> PosixFs::canonical(const std::string& path) {
  CORTEX_TRY(check_path("resolve", path));
  const std::unique_ptr<char, Freer> resolved(::realpath(path.c_str(), nullptr));
  if (resolved == nullptr) return system_error("resolve", path, errno);
  return std::string(resolved.get());
}

Result<std::string> PosixFs::working_directory() {
  std::array<char, PATH_MAX> buffer{};
  if (::getcwd(buffer.data(), buffer.size()) == nullptr) {
    return system_error("find the working folder", ".", errno);
  }
  return std::string(buffer.data());
}

}  // namespace

Status rename_after_looking(const std::string& from, const std::string& to) {
  CORTEX_ASSIGN(const Info target, inspect(to, lstat_of));
  if (target.kind != Kind::kMissing) return rename_error(from, to, EEXIST);
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return rename_error(from, to, errno);
}

FileSystem& posix() {
  static PosixFs fs;
  return fs;
}

}  // namespace cortex::fs
