#include "bundle/block_file.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "bundle/inventory.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace cortex::bundle {
namespace {

constexpr std::string_view kBlockFileKind = "cortex_bundle_blocks";
constexpr std::uint64_t kFileBytesMax = 1U << 30U;

json::Value member_json(const MemberBlocks& member) {
  std::string values;
  for (const auto& value : member.values) values += to_hex(value);
  return json::Object{{"blake3", member.digest.blake3},
                      {"name", member.name},
                      {"size_bytes", member.digest.size_bytes},
                      {"values", std::move(values)}};
}

std::optional<MemberBlocks> member_of(const json::Value& value) {
  const std::string* name = value.find_text("name");
  const std::string* blake3 = value.find_text("blake3");
  const std::string* values = value.find_text("values");
  const auto size = value.find_unsigned("size_bytes");
  if (name == nullptr || blake3 == nullptr || values == nullptr || !size) return std::nullopt;
  const auto bytes = from_hex(*values);
  constexpr std::size_t kValueBytes = sizeof(crypto::ChainingValue);
  if (!bytes || bytes->size() != crypto::tree_blocks(*size) * kValueBytes) return std::nullopt;
  MemberBlocks member{*name, {*size, *blake3}, {}};
  member.values.resize(bytes->size() / kValueBytes);
  for (std::size_t i = 0; i < member.values.size(); ++i) {
    std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(i * kValueBytes), kValueBytes,
                member.values[i].begin());
  }
  return member;
}

Error damaged(const std::string& name, std::string_view what) {
  return make_error(Code::kQuarantined, cat("digest mismatch of `", name, "`: ", what),
                    "no state was changed",
                    "use another bundle: this one is not what was backed up");
}

Status check_member(fs::FileSystem& fs, const std::string& dir, const MemberBlocks& member,
                    const BlockChoice& choice, Progress* progress, PartialCheck& check) {
  CORTEX_ASSIGN(const auto file, fs.open(fs::join(dir, member.name), fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, file->info());
  if (info.size_bytes != member.digest.size_bytes) {
    return damaged(member.name, "its size is another one");
  }
  check.bytes_total += info.size_bytes;
  const std::uint64_t count = member.values.size();
  crypto::Blake3Tree tree;
  std::string block;
  for (std::uint64_t i = 0; i < count; ++i) {
    tree.add(member.values[i]);
    if (!choice(i, count)) continue;
    block.resize(crypto::kTreeBlockBytes);
    CORTEX_ASSIGN(const std::size_t got, file->read_at(i * crypto::kTreeBlockBytes, block));
    if (got != block.size() || crypto::block_value(block, i) != member.values[i]) {
      return damaged(member.name, cat("its block at byte ", i * crypto::kTreeBlockBytes,
                                      " is not what was backed up"));
    }
    check.bytes_checked += got;
    add_progress(progress, got);
  }
  block.resize(static_cast<std::size_t>(info.size_bytes - count * crypto::kTreeBlockBytes));
  CORTEX_ASSIGN(const std::size_t got, file->read_at(count * crypto::kTreeBlockBytes, block));
  check.bytes_checked += got;
  if (got == block.size() && crypto::prefixed_hex(tree.finish(block)) == member.digest.blake3) {
    return {};
  }
  return damaged(member.name, "its last block is not what was backed up");
}

}  // namespace

std::string block_file_path(fs::FileSystem& fs, const std::string& bundle_dir) {
  return cat(bundle_folder(fs, bundle_dir), kBlocksSuffix);
}

Result<std::vector<MemberBlocks>> read_blocks_of(fs::FileSystem& fs, const std::string& bundle_dir,
                                                 const ManifestFacts& manifest,
                                                 Progress* progress) {
  std::vector<MemberBlocks> members;
  for (const Artifact* artifact : {&manifest.store, &manifest.ledger}) {
    MemberBlocks member{artifact->name, {}, {}};
    CORTEX_ASSIGN(member.digest,
                  digest_blocks(
                      fs, fs::join(bundle_dir, artifact->name), Source::kAnywhere,
                      [&](const auto& value) { member.values.push_back(value); }, progress));
    members.push_back(std::move(member));
  }
  return members;
}

Status write_block_file(fs::FileSystem& fs, const std::string& bundle_dir,
                        const std::vector<MemberBlocks>& members) {
  json::Array list;
  for (const MemberBlocks& member : members) list.push_back(member_json(member));
  const json::Object document{{"block_bytes", crypto::kTreeBlockBytes},
                              {"kind", kBlockFileKind},
                              {"members", std::move(list)},
                              {"v", 1}};
  const std::string path = block_file_path(fs, bundle_dir);
  return fs::write_over(fs, path + ".new", path, json::write_compact(document) + "\n", 0600);
}

std::optional<std::vector<MemberBlocks>> read_block_file(fs::FileSystem& fs,
                                                         const std::string& bundle_dir,
                                                         const ManifestFacts& manifest) {
  const auto text = fs::read_all(fs, block_file_path(fs, bundle_dir), kFileBytesMax);
  if (!text.ok()) return std::nullopt;
  const auto document = json::parse(*text);
  if (!document.ok()) return std::nullopt;
  const std::string* kind = document->find_text("kind");
  const json::Value* list = document->find("members");
  if (kind == nullptr || *kind != kBlockFileKind || document->find_unsigned("v") != 1U ||
      document->find_unsigned("block_bytes") != crypto::kTreeBlockBytes || list == nullptr ||
      list->as_array() == nullptr || list->as_array()->size() != 2) {
    return std::nullopt;
  }
  std::vector<MemberBlocks> members;
  const Artifact* wanted[] = {&manifest.store, &manifest.ledger};
  for (std::size_t i = 0; i < 2; ++i) {
    auto member = member_of((*list->as_array())[i]);
    if (!member || member->name != wanted[i]->name || member->digest != digest_of(*wanted[i])) {
      return std::nullopt;
    }
    members.push_back(*std::move(member));
  }
  return members;
}

Result<PartialCheck> check_blocks(fs::FileSystem& fs, const std::string& bundle_dir,
                                  const std::vector<MemberBlocks>& members,
                                  const BlockChoice& choice, Progress* progress) {
  PartialCheck check;
  for (const MemberBlocks& member : members) {
    CORTEX_TRY(check_member(fs, bundle_dir, member, choice, progress, check));
  }
  return check;
}

}  // namespace cortex::bundle
