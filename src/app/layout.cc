#include "app/layout.h"

#include <utility>

#include "base/fs/fs.h"

namespace cortex::app {
namespace {

constexpr std::string_view kDbName = "cortex.db";
constexpr std::string_view kEventLogName = "events.jsonl";

// "a/b" -> "a", "/b" -> "/", "b" -> nullopt. Differs from fs::parent_of, which gives "." for "b".
std::optional<std::string> folder_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path == "/") return std::nullopt;
  path = path.substr(0, slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? "/" : std::string(path);
}

std::optional<std::string> folder_of(const std::optional<std::string>& path) {
  return path ? folder_part(*path) : std::nullopt;
}

}  // namespace

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto entry = vars.find(std::string(name));
  if (entry == vars.end() || entry->second.empty()) return std::nullopt;
  return entry->second;
}

std::optional<std::string> Environment::home() const {
  if (auto home = get("HOME")) return home;
  if (home_from_user_database.empty()) return std::nullopt;
  return home_from_user_database;
}

Result<std::string> default_data_dir(const Environment& environment) {
  if (auto data_dir = environment.get("CORTEX_DATA_DIR")) return *std::move(data_dir);
  if (auto data_home = environment.get("XDG_DATA_HOME")) return fs::join(*data_home, "cortex");
  if (auto home = environment.home()) return fs::join(*home, ".local/share/cortex");
  return make_error(Code::kPrecondition, "no data folder is known", "no state was changed",
                    "set CORTEX_DATA_DIR or HOME, or name the files with --db and --event-log");
}

Layout layout_in(std::string data_dir) {
  Layout layout;
  layout.db_path = fs::join(data_dir, kDbName);
  layout.event_log_path = fs::join(data_dir, kEventLogName);
  layout.data_dir = std::move(data_dir);
  return layout;
}

Result<Layout> resolve_layout(const Environment& environment, std::optional<std::string> db,
                              std::optional<std::string> event_log) {
  std::optional<std::string> data_dir = db ? folder_of(db) : folder_of(event_log);
  if (!data_dir) {
    CORTEX_ASSIGN(data_dir, default_data_dir(environment));
  }
  Layout layout = layout_in(*std::move(data_dir));
  if (db) layout.db_path = *std::move(db);
  if (event_log) layout.event_log_path = *std::move(event_log);
  return layout;
}

}  // namespace cortex::app
