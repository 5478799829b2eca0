#include "app/site_id.h"

#include <array>
#include <span>
#include <string_view>

#include "app/replace_file.h"
#include "base/fs/fs.h"
#include "base/text.h"

namespace cortex::app {
namespace {

constexpr std::string_view kFileName = "cortex_site_id";
constexpr std::string_view kSitePrefix = "site:";
constexpr std::size_t kIdBytes = 16;
constexpr std::uint64_t kSiteFileBytesMax = 1024;

}  // namespace

Result<std::optional<std::string>> read_site_id(Services& services, const std::string& data_dir) {
  const std::string path = fs::join(data_dir, kFileName);
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(path));
  if (info.kind == fs::Kind::kMissing) return std::optional<std::string>();
  auto text = fs::read_all(services.fs, path, kSiteFileBytesMax);
  if (!text.ok()) return with_code(std::move(text).error(), Code::kPrecondition);
  const std::string_view id = trim(*text);
  if (id.starts_with(kSitePrefix) && id.size() == kSitePrefix.size() + 2 * kIdBytes &&
      is_lower_hex(id.substr(kSitePrefix.size()))) {
    return std::optional(std::string(id));
  }
  return make_error(Code::kPrecondition, cat("the file ", quoted(path), " holds no site id"),
                    "no state was changed",
                    "remove it: intents that were bound to it no longer hold, others do");
}

Status make_site_id(Services& services, const std::string& data_dir) {
  const std::string path = fs::join(data_dir, kFileName);
  CORTEX_ASSIGN(const fs::Info info, services.fs.lstat(path));
  if (info.kind != fs::Kind::kMissing) return {};
  std::array<std::uint8_t, kIdBytes> bytes{};
  services.random.fill(bytes);
  return replace_file(services, path, cat(kSitePrefix, to_hex(bytes), "\n"), 0600);
}

}  // namespace cortex::app
