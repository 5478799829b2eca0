#include "bundle/sealed.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/text.h"
#include "bundle/fields.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace cortex::bundle {
namespace {

constexpr std::string_view kSealedKind = "cortex_encrypted_backup";
constexpr std::string_view kSuffix = ".age";
constexpr std::uint64_t kListBytesMax = 1U << 20U;

Error sealed_refused(std::string message, Code code = Code::kQuarantined) {
  return make_error(code, std::move(message), "no state was changed",
                    "use another bundle: this one is not what was backed up");
}

crypto::AgeSource source_of(fs::File& file, std::uint64_t& offset, Progress* progress) {
  return [&file, &offset, progress](std::span<char> out) -> Result<std::size_t> {
    CORTEX_ASSIGN(const std::size_t got, file.read_at(offset, out));
    offset += got;
    add_progress(progress, got);
    return got;
  };
}

// Runs `convert` from one file into a new one, synced; the digest is that of what was written.
template <class Convert>
Result<FileDigest> convert_file(fs::FileSystem& fs, const std::string& from, const std::string& to,
                                Progress* progress, Convert convert) {
  CORTEX_ASSIGN(const auto in, fs.open(from, fs::Open::kRead));
  CORTEX_ASSIGN(const auto out, fs.open(to, fs::Open::kCreateExclusive, 0600));
  crypto::Blake3 hasher;
  FileDigest digest;
  std::uint64_t offset = 0;
  const crypto::AgeSink sink = [&](std::string_view bytes) -> Status {
    hasher.update(bytes);
    digest.size_bytes += bytes.size();
    return out->append(bytes);
  };
  Status done = convert(source_of(*in, offset, progress), sink);
  if (done.ok()) done = out->sync_all();
  if (!done.ok()) {
    static_cast<void>(fs.remove_file(to).ok());  // the failure reported is that of the work
    return std::move(done).error();
  }
  digest.blake3 = crypto::prefixed_hex(hasher.finish());
  return digest;
}

json::Value list_document(const std::vector<SealedMember>& members) {
  json::Array list;
  for (const SealedMember& member : members) {
    list.push_back(json::Object{{"blake3", member.digest.blake3},
                                {"name", member.name},
                                {"size_bytes", member.digest.size_bytes}});
  }
  return json::Object{{"kind", kSealedKind}, {"members", std::move(list)}, {"v", 1}};
}

bool is_member_name(std::string_view name) {
  return name.ends_with(kSuffix) && name.size() > kSuffix.size() && !name.starts_with('.') &&
         name.find('/') == std::string_view::npos;
}

}  // namespace

bool is_sealed(fs::FileSystem& fs, const std::string& dir) {
  const auto info = fs.lstat(fs::join(dir, kSealedManifestName));
  return info.ok() && info->kind == fs::Kind::kFile;
}

Result<std::vector<SealedMember>> read_sealed(fs::FileSystem& fs, const std::string& dir) {
  auto text = fs::read_all(fs, fs::join(dir, kSealedManifestName), kListBytesMax);
  if (!text.ok()) return sealed_refused(text.error().message, Code::kPrecondition);
  std::string kind;
  std::uint64_t version = 0;
  std::vector<SealedMember> members;
  const auto read_members = [&members](json::Cursor& cursor) {
    if (!cursor.enter_array()) return false;
    while (cursor.next_element()) {
      SealedMember member;
      const Field fields[] = {{"blake3", text_into(member.digest.blake3)},
                              {"name", text_into(member.name)},
                              {"size_bytes", count_into(member.digest.size_bytes, ~0ULL)}};
      if (!read_fields(cursor, fields)) return false;
      members.push_back(std::move(member));
    }
    return !cursor.failed();
  };
  const Field fields[] = {
      {"kind", text_into(kind)}, {"members", read_members}, {"v", count_into(version, 65535)}};
  if (auto read = read_document(*text, fields); !read.ok()) {
    return sealed_refused(
        cat("the list of the encrypted bundle is malformed: ", read.error().message),
        Code::kPrecondition);
  }
  if (kind != kSealedKind)
    return sealed_refused("the list is none of an encrypted bundle", Code::kPrecondition);
  if (version != 1) {
    return sealed_refused(cat("the encrypted bundle has version ", version, ", expected 1"),
                          Code::kSchema);
  }
  std::set<std::string> names;
  for (const SealedMember& member : members) {
    if (!is_member_name(member.name) || !names.insert(member.name).second) {
      return sealed_refused(
          cat("the list names ", quoted(member.name), ", which cannot be a member"));
    }
  }
  return members;
}

Result<std::vector<SealedMember>> seal(fs::FileSystem& fs, const std::string& plain_dir,
                                       const std::string& to,
                                       std::span<const crypto::AgeRecipient> recipients,
                                       Random& random, Progress* progress) {
  CORTEX_ASSIGN(const auto names, fs.list(plain_dir));
  std::vector<SealedMember> members;
  for (const std::string& name : names) {
    SealedMember member{name + std::string(kSuffix), {}};
    CORTEX_ASSIGN(member.digest,
                  convert_file(fs, fs::join(plain_dir, name), fs::join(to, member.name), progress,
                               [&](const crypto::AgeSource& source, const crypto::AgeSink& sink) {
                                 return crypto::age_encrypt(recipients, random, source, sink);
                               }));
    members.push_back(std::move(member));
  }
  CORTEX_TRY(fs::write_new(fs, fs::join(to, kSealedManifestName),
                           json::write_pretty(list_document(members)), 0600));
  return members;
}

Status check_sealed_names(fs::FileSystem& fs, const std::string& dir,
                          std::span<const SealedMember> members) {
  CORTEX_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    const bool known = name == kSealedManifestName ||
                       std::ranges::find(members, name, &SealedMember::name) != members.end();
    if (!known)
      return sealed_refused(cat("the bundle holds ", quoted(name), ", which is no part of it"));
  }
  return {};
}

Result<std::vector<SealedMember>> check_sealed(fs::FileSystem& fs, const std::string& dir,
                                               Source source, Progress* progress) {
  CORTEX_ASSIGN(auto members, read_sealed(fs, dir));
  CORTEX_TRY(check_sealed_names(fs, dir, members));
  for (const SealedMember& member : members) {
    const std::string path = fs::join(dir, member.name);
    CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
    if (info.kind != fs::Kind::kFile) {
      return sealed_refused(cat("the bundle's member `", member.name, "` was not found"),
                            Code::kPrecondition);
    }
    if (info.size_bytes != member.digest.size_bytes) {
      return sealed_refused(cat("size mismatch of `", member.name, "`: the list says ",
                                member.digest.size_bytes, " bytes, the file has ",
                                info.size_bytes));
    }
    auto digest = digest_file(fs, path, source, progress);
    if (!digest.ok()) return with_code(std::move(digest).error(), Code::kPrecondition);
    if (*digest != member.digest) {
      return sealed_refused(cat("digest mismatch of `", member.name, "`: the list says ",
                                quoted(member.digest.blake3), ", the file has ", digest->blake3));
    }
  }
  return members;
}

Status unseal(fs::FileSystem& fs, const std::string& dir, const std::string& to,
              std::span<const crypto::AgeIdentity> identities, Progress* progress) {
  CORTEX_ASSIGN(const auto members, check_sealed(fs, dir, Source::kAnywhere, progress));
  for (const SealedMember& member : members) {
    const std::string plain = member.name.substr(0, member.name.size() - kSuffix.size());
    CORTEX_TRY(convert_file(fs, fs::join(dir, member.name), fs::join(to, plain), progress,
                            [&](const crypto::AgeSource& source, const crypto::AgeSink& sink) {
                              return crypto::age_decrypt(identities, source, sink);
                            }));
  }
  return fs.sync_directory(to);
}

}  // namespace cortex::bundle
