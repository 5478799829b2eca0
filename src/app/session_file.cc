#include "app/session_file.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace cortex::app {
namespace {

Error session_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "the ledger was not changed",
                    std::move(next));
}

Error session_unreadable(const std::string& path, const Error& why) {
  return session_refused(
      cat("the session file ", quoted(path), " cannot be read: ", fs::describe(why)),
      "check the path and its permissions");
}

// The real path, and what it names.
Result<std::string> confined(fs::FileSystem& fs, const std::string& path, fs::Info& info) {
  if (fs::has_parent_step(path)) {
    return session_refused(cat("the session path ", quoted(path), " has a `..` step"),
                           "give a path without `..`");
  }
  CORTEX_ASSIGN(const std::string cwd, fs.working_directory());
  const bool below = path.empty() || path.front() != '/' || path.starts_with(cwd + "/");
  auto root = fs.canonical(below ? cwd : fs::parent_of(path));
  if (!root.ok()) return session_unreadable(path, root.error());
  auto real = fs.canonical(path);
  if (!real.ok()) return session_unreadable(path, real.error());
  CORTEX_ASSIGN(info, fs.stat(*real));
  if (info.kind == fs::Kind::kDirectory) {
    return session_refused(
        cat("the session file ", quoted(path), " cannot be read: it is a folder"),
        "name one of its files");
  }
  if (*root != "/" && !real->starts_with(*root + "/")) {
    return session_refused(cat("the session file ", quoted(path), " leaves its folder"),
                           "copy the file instead of linking to it");
  }
  return real;
}

}  // namespace

Result<SessionFile> SessionFile::open(fs::FileSystem& fs, const std::string& path) {
  fs::Info info;
  CORTEX_ASSIGN(const std::string real, confined(fs, path, info));
  SessionFile session;
  if (info.kind == fs::Kind::kFile) {
    auto file = fs.open(real, fs::Open::kRead);
    if (!file.ok()) return session_unreadable(path, file.error());
    session.file_ = std::move(file).value();
    return session;
  }
  auto text = fs::read_all(fs, real, limits::kRowBytesMax);
  if (!text.ok()) return session_unreadable(path, text.error());
  session.text_ = std::move(text).value();
  return session;
}

Result<SessionFile> SessionFile::of_text(std::string text) {
  SessionFile session;
  session.text_ = std::move(text);
  return session;
}

ledger::ReadAt SessionFile::reader() {
  if (file_) {
    return [file = file_](std::uint64_t offset, std::span<char> out) {
      return file->read_at(offset, out);
    };
  }
  return [this](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    const std::string_view rest = std::string_view(text_).substr(std::min(offset, text_.size()));
    return rest.copy(out.data(), out.size());
  };
}

}  // namespace cortex::app
