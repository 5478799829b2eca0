// Tools that make and check backups. An agent names a bundle, never a path: bundles of agents lie
// in one private folder beside the store.
#include <utility>

#include "app/backup.h"
#include "base/fs/fs.h"
#include "base/text.h"
#include "base/ulid.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kFolder = "cortex_backups";
constexpr std::size_t kNameBytesMax = 100;

constexpr Field kNameField = {
    .name = "name",
    .about = "name of the bundle: letters, digits, '.', '_' and '-', not starting with a dot",
    .more = "\"pattern\":\"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$\""};

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || text.front() == '.') return false;
  constexpr std::string_view kOthers = "._-";
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !is_digit(c) && kOthers.find(c) == std::string_view::npos) return false;
  }
  return true;
}

Result<std::string> bundle_path(const Call& call, std::string_view name) {
  if (!is_name(name)) {
    return bad_argument(cat("name ", quoted(name), " is no name of a bundle"));
  }
  return fs::join(fs::join(call.layout().data_dir, kFolder), name);
}

// ---- cortex_backup

constexpr Field kBackupTakes[] = {kNameField};
constexpr Field kBackupGives[] = {
    {.name = "name", .required = true},
    {.name = "bundle_dir", .required = true},
};

Result<json::Object> run_backup(const Call& call) {
  CORTEX_ASSIGN(auto name, call.arguments.optional_trimmed("name"));
  if (!name) name = Ulid::make(call.services().clock, call.services().random).text();
  CORTEX_ASSIGN(const std::string output, bundle_path(call, *name));
  ledger::ChainReport chain;
  CORTEX_ASSIGN(
      const bundle::BackupReport report,
      app::backup(call.services(),
                  {.layout = call.layout(), .output = output, .progress = call.progress}, chain));
  json::Object out = members_of(to_json(report));
  out.set("name", *name);
  return out;
}

// ---- cortex_verify_backup

constexpr Field kVerifyTakes[] = {
    {.name = "name",
     .about = "the bundle, as cortex_backup named it",
     .required = true,
     .more = kNameField.more},
    {.name = "deep",
     .type = Type::kSwitch,
     .about = "also check the hash chain of the copy and compare both files",
     .more = "\"default\":false"},
};
constexpr Field kVerifyGives[] = {
    {.name = "ok", .type = Type::kSwitch, .required = true},
    {.name = "issues", .type = Type::kTexts, .required = true},
    {.name = "report", .type = Type::kObject},
};

// A bundle that is not what its manifest says is an answer; a missing one is an error.
Result<json::Object> run_verify(const Call& call) {
  CORTEX_ASSIGN(const std::string name, call.arguments.filled_text("name"));
  CORTEX_ASSIGN(const std::string folder, bundle_path(call, name));
  const auto report = app::verify_backup(call.services(), fs::join(folder, bundle::kManifestName),
                                         call.arguments.flag("deep"), call.progress);
  if (report.ok()) {
    return json::Object{{"ok", true}, {"issues", json::Array{}}, {"report", to_json(*report)}};
  }
  const Error& error = report.error();
  const bool is_finding = error.code == Code::kQuarantined || error.code == Code::kIntegrity ||
                          error.code == Code::kChain || error.code == Code::kSchema;
  if (!is_finding) return error;
  return json::Object{{"ok", false}, {"issues", json::Array{error.message}}};
}

constexpr Tool kKeepTools[] = {
    {.name = "cortex_backup",
     .title = "Make a backup",
     .about = "Writes a verified bundle of store and ledger into a new folder beside the store. "
              "Never overwrites one.",
     .tier = Tier::kSupervised,
     .lane = Lane::kSlow,
     .takes = kBackupTakes,
     .gives = kBackupGives,
     .run = run_backup,
     .writes_aside = true},
    {.name = "cortex_verify_backup",
     .title = "Check a backup",
     .about = "Checks a bundle that cortex_backup made against its manifest, byte for byte.",
     .tier = Tier::kSupervised,
     .lane = Lane::kSlow,
     .takes = kVerifyTakes,
     .gives = kVerifyGives,
     .list = "issues",
     .run = run_verify},
};

}  // namespace

std::span<const Tool> keep_tools() { return kKeepTools; }

}  // namespace cortex::mcp
