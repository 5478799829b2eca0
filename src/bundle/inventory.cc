#include "bundle/inventory.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "bundle/manifest.h"
#include "json/cursor.h"

namespace cortex::bundle {
namespace {

Error inventory_refused(std::string message, Code code = Code::kQuarantined) {
  return make_error(code, std::move(message), "no state was changed",
                    "use another bundle, or find out who changed this one");
}

// The members of a manifest as they stand in the text. kPrecondition when it is no object,
// kQuarantined for a member that is there twice.
Result<std::set<std::string>> member_names(std::string_view text) {
  json::Cursor cursor(text);
  std::set<std::string> names;
  if (cursor.enter_object()) {
    std::string_view key;
    while (cursor.next_member(key)) {
      std::string name(key);
      if (!cursor.skip_value()) break;
      if (!names.insert(name).second) {
        return inventory_refused(cat("the manifest has the member ", quoted(name), " twice"));
      }
    }
  }
  if (!cursor.failed() && cursor.at_end()) return names;
  return inventory_refused(
      cat("the manifest is malformed: ",
          cursor.failed() ? cursor.fault().text() : "something follows the value"),
      Code::kPrecondition);
}

Status check_manifest(fs::FileSystem& fs, const std::string& path) {
  auto text = fs::read_all(fs, path, kManifestBytesMax);
  if (!text.ok()) return inventory_refused(text.error().message, Code::kPrecondition);
  CORTEX_ASSIGN(const auto names, member_names(*text));
  std::set<std::string> known;
  for (const auto& [name, value] : manifest_document({})) {
    known.insert(name);
    if (!names.contains(name))
      return inventory_refused(cat("the manifest lacks the member `", name, "`"));
  }
  for (const std::string& name : names) {
    if (!known.contains(name)) {
      return inventory_refused(cat("the manifest has the unknown member ", quoted(name)));
    }
  }
  return {};
}

}  // namespace

std::string bundle_folder(fs::FileSystem& fs, std::string dir) {
  if (fs::name_of(dir).empty()) {
    auto canonical = fs.canonical(dir);
    if (canonical.ok()) return std::move(canonical).value();
  }
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  return dir;
}

Status check_members(fs::FileSystem& fs, const std::string& dir) {
  constexpr std::string_view kMembers[] = {kManifestName, kStoreName, kLedgerName,
                                           kPostMigrateManifestName};
  CORTEX_ASSIGN(const auto names, fs.list(dir));
  for (const std::string& name : names) {
    if (std::ranges::find(kMembers, name) == std::end(kMembers)) {
      return inventory_refused(
          cat("the bundle holds ", quoted(name), ", which is no part of a bundle"));
    }
    CORTEX_ASSIGN(const fs::Info info, fs.lstat(fs::join(dir, name)));
    if (info.kind != fs::Kind::kFile) {
      return inventory_refused(cat("the bundle's member ", quoted(name), " is no regular file"));
    }
  }
  for (const std::string_view name : {kManifestName, kStoreName, kLedgerName}) {
    if (std::ranges::find(names, name) == names.end()) {
      return inventory_refused(cat("the bundle's member `", name, "` was not found"),
                               Code::kPrecondition);
    }
  }
  return {};
}

Status check_inventory(fs::FileSystem& fs, const std::string& dir) {
  CORTEX_ASSIGN(const fs::Info folder, fs.stat(dir));
  if (folder.kind != fs::Kind::kDirectory) {
    return make_error(Code::kPrecondition, cat("the bundle ", quoted(dir), " was not found"),
                      "no state was changed", "check the path");
  }
  CORTEX_TRY(check_members(fs, dir));
  return check_manifest(fs, fs::join(dir, kManifestName));
}

}  // namespace cortex::bundle
