// How the file seam words its errors: what was attempted, on which path, and why the system
// refused.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cortex::fs {

// `cannot <verb> "<path>": <reason of the errno>`, code kInternal, with the errno and, where one is
// known, the next step.
Error system_error(std::string_view verb, std::string_view path, int error_number);
// `cannot rename "<from>" to "<to>": <reason>`, otherwise the same.
Error rename_error(const std::string& from, const std::string& to, int error_number);
// Another process held the lock for the whole wait: code kPrecondition, errno EWOULDBLOCK.
Error lock_timeout(std::string_view path, int waited_millis);
// The file refuses all work since one of its syncs or repairs failed: errno EIO.
Error poisoned_error(std::string_view verb, std::string_view path);
// "" and paths with a NUL byte would mean another file to the system than to us.
Status check_path(std::string_view verb, const std::string& path);

}  // namespace cortex::fs
