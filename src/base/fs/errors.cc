#include "base/fs/errors.h"

#include <cerrno>
#include <cstring>

#include "base/fs/fs.h"
#include "base/text.h"

namespace cortex::fs {
namespace {

constexpr std::size_t kPathShownMax = 1000;

std::string_view reason(int error_number) {
  const char* text = ::strerrordesc_np(error_number);
  return text == nullptr ? "Unknown error" : text;
}

struct Advice {
  int error_number;
  std::string_view next;
};
constexpr Advice kAdvice[] = {
    {ENOSPC, "free space on the device and try again"},
    {EIO, "check the device, then run the command again"},
    {EDQUOT, "free space within the quota and try again"},
    {EFBIG, "raise the limit of the size of files (ulimit -f) and try again"},
    {EACCES, "check the owner and the permissions of the path"},
    {EPERM, "check the owner and the permissions of the path"},
    {EROFS, "mount the file system for writing or choose another path"},
    {EMFILE, "raise the limit of open files (ulimit -n) and try again"},
};

}  // namespace

Error system_error(std::string_view verb, std::string_view path, int error_number) {
  Error e = make_error(Code::kInternal, cat("cannot ", verb, ' ', quoted(path, kPathShownMax), ": ",
                                            reason(error_number)));
  e.system_errno = error_number;
  for (const Advice& advice : kAdvice) {
    if (advice.error_number == error_number) e.next = advice.next;
  }
  return e;
}

Error rename_error(const std::string& from, const std::string& to, int error_number) {
  Error e = system_error("rename", from, error_number);
  e.message = cat("cannot rename ", quoted(from), " to ", quoted(to), ": ", describe(e));
  return e;
}

Error lock_timeout(std::string_view path, int waited_millis) {
  Error e = make_error(Code::kPrecondition,
                       cat("cannot lock ", quoted(path, kPathShownMax),
                           ": another process holds the lock (waited ", waited_millis, " ms)"));
  e.unchanged = "nothing was changed";
  e.next = "wait for the other process to finish, then try again";
  e.system_errno = EWOULDBLOCK;
  return e;
}

Error poisoned_error(std::string_view verb, std::string_view path) {
  Error e = make_error(Code::kInternal, cat("cannot ", verb, ' ', quoted(path, kPathShownMax),
                                            ": an earlier storage failure stopped this file"));
  e.unchanged = "nothing more was written";
  e.next = "check the device, then run the command again: it reads the file anew";
  e.system_errno = EIO;
  return e;
}

Status check_path(std::string_view verb, const std::string& path) {
  if (!path.empty() && path.find('\0') == std::string::npos) return {};
  return system_error(verb, path, EINVAL);
}

std::string describe(const Error& error) {
  return error.system_errno == 0 ? error.message : std::string(reason(error.system_errno));
}

}  // namespace cortex::fs
