#include "crypto/key_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "base/fs/trees.h"
#include "base/text.h"

namespace cortex::crypto {
namespace {

using KeyBytes = std::array<std::uint8_t, 32>;

Error key_error(std::string_view kind, const std::string& path, std::string_view what) {
  Error e = make_error(Code::kPrecondition, cat(kind, " file ", quoted(path), " ", what));
  e.unchanged = "nothing was changed";
  return e;
}

Error wrong_length(std::string_view kind, const std::string& path, std::uint64_t size_bytes) {
  Error e = key_error(
      kind, path, cat("holds ", counted(size_bytes, "byte"), "; exactly 32 raw bytes are a key"));
  e.next = "give the raw key, without any encoding and without a final newline";
  return e;
}

Error unreadable(std::string_view kind, const std::string& path, const Error& cause) {
  Error e = key_error(kind, path, cat("cannot be read: ", fs::describe(cause)));
  e.next = "check the path and its permissions";
  e.system_errno = cause.system_errno;
  return e;
}

// Reads into `out`, which the caller wipes when it is secret.
Status read_key(fs::FileSystem& fs, std::string_view kind, const std::string& path, KeyBytes& out) {
  auto opened = fs.open(path, fs::Open::kRead);
  if (!opened) return unreadable(kind, path, opened.error());
  const std::unique_ptr<fs::File> file = std::move(opened).value();
  const auto info = file->info();
  if (!info) return unreadable(kind, path, info.error());
  if (info->kind != fs::Kind::kFile) return key_error(kind, path, "is not a regular file");
  if (info->size_bytes != out.size()) return wrong_length(kind, path, info->size_bytes);
  const auto count =
      file->read_at(0, std::span<char>(reinterpret_cast<char*>(out.data()), out.size()));
  if (!count) return unreadable(kind, path, count.error());
  if (*count != out.size()) return wrong_length(kind, path, *count);
  return {};
}

Status write_key(fs::FileSystem& fs, std::string_view kind, const std::string& path,
                 const KeyBytes& bytes, unsigned mode) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const Status written = fs::publish_new(fs, path, text, mode); !written) {
    Error e = key_error(kind, path,
                        written.error().system_errno == EEXIST
                            ? std::string("exists already")
                            : cat("cannot be written: ", fs::describe(written.error())));
    e.next = written.error().next;
    if (e.next.empty()) e.next = "choose a new path in a folder that can be written";
    e.system_errno = written.error().system_errno;
    return e;
  }
  return {};
}

}  // namespace

Result<SigningKey> read_signing_key(fs::FileSystem& fs, const std::string& path) {
  Seed seed{};
  const Status read = read_key(fs, "seed", path, seed);
  if (!read) {
    wipe(seed);
    return read.error();
  }
  SigningKey key(seed);
  wipe(seed);
  return key;
}

Result<SigningKey> signing_key_from_base64(std::string& text) {
  auto bytes = from_base64(trim(text));
  wipe(std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  Seed seed;
  if (!bytes || bytes->size() != seed.size()) {
    return make_error(Code::kPrecondition,
                      "the signing key is malformed: it is not the base64 of 32 bytes",
                      "nothing was written",
                      "give the seed in padded standard base64, or its file with"
                      " --signing-key-file");
  }
  std::ranges::copy(*bytes, seed.begin());
  wipe(*bytes);
  SigningKey key(seed);
  wipe(seed);
  return key;
}

Result<PublicKey> read_public_key(fs::FileSystem& fs, const std::string& path) {
  PublicKey key{};
  CORTEX_TRY(read_key(fs, "public key", path, key));
  if (const Status usable = check_public_key(key); !usable) {
    return with_context(usable.error(), quoted(path));
  }
  return key;
}

Status write_seed(fs::FileSystem& fs, const std::string& path, const Seed& seed) {
  return write_key(fs, "seed", path, seed, 0600);
}

Status write_public_key(fs::FileSystem& fs, const std::string& path, const PublicKey& key) {
  return write_key(fs, "public key", path, key, 0644);
}

Result<bool> is_readable_by_others(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  return (info.mode & 0077U) != 0;
}

}  // namespace cortex::crypto
