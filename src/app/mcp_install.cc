#include "app/mcp_install.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "app/replace_file.h"
#include "app/toml_edit.h"
#include "base/fs/fs.h"
#include "base/join.h"
#include "base/text.h"
#include "json/edit.h"

namespace cortex::app {
namespace {

constexpr std::string_view kName = "cortex", kServerEnvironment = "env",
                           kServerDataDir = "CORTEX_DATA_DIR";
constexpr std::uint64_t kClientFileBytesMax = 16U << 20;
constexpr unsigned kNewMode = 0600;  // such files may hold keys of other servers

constexpr McpClient kClients[] = {
    {"claude-code", "Claude Code", ".claude.json", ".mcp.json", "mcpServers", true},
    {"claude-desktop", "Claude Desktop", "~Claude/claude_desktop_config.json", "", "mcpServers"},
    {"codex", "Codex", ".codex/config.toml", ".codex/config.toml", "mcp_servers", false, true,
     "CODEX_HOME"},
    {"cursor", "Cursor", ".cursor/mcp.json", ".cursor/mcp.json", "mcpServers"},
    {"gemini-cli", "Gemini CLI", ".gemini/settings.json", ".gemini/settings.json", "mcpServers"},
    {"vscode", "Visual Studio Code", "~Code/User/mcp.json", ".vscode/mcp.json", "servers", true},
    {"windsurf", "Windsurf", ".codeium/windsurf/mcp_config.json", "", "mcpServers"},
    {"zed", "Zed", "~zed/settings.json", ".zed/settings.json", "context_servers"},
};

Error install_refused(Code code, std::string message, std::string next) {
  return make_error(code, std::move(message), "nothing was changed", std::move(next));
}

Result<const McpClient*> find_client(const std::string& name) {
  const auto* row = std::ranges::find(kClients, name, &McpClient::name);
  if (row != std::end(kClients)) return row;
  return install_refused(
      Code::kUsage, cat("there is no client ", quoted(name)),
      cat("name one of ", join(kClients, ", ", &McpClient::name), "; for others see docs/mcp.md"));
}

Result<std::string> home_of(const Environment& environment) {
  if (auto home = environment.home()) return *std::move(home);
  return install_refused(Code::kPrecondition, "there is no home folder",
                         "name the file with --config");
}

Result<std::string> path_of(Services& services, const Environment& environment,
                            const McpClient& client, const McpInstallRequest& request) {
  if (request.config) return *request.config;
  if (request.project) {
    if (client.project_file.empty()) {
      return install_refused(Code::kUsage, cat(client.title, " has no file for a project"),
                             "leave out --project");
    }
    CORTEX_ASSIGN(const std::string here, services.fs.working_directory());
    return fs::join(here, client.project_file);
  }
  if (!client.folder_variable.empty()) {
    const auto folder = environment.get(client.folder_variable);
    if (folder && !folder->empty()) return fs::join(*folder, fs::name_of(client.user_file));
  }
  if (!client.user_file.starts_with('~')) {
    CORTEX_ASSIGN(const std::string home, home_of(environment));
    return fs::join(home, client.user_file);
  }
  const std::string_view below = client.user_file.substr(1);
  if (const auto folder = environment.get("XDG_CONFIG_HOME")) return fs::join(*folder, below);
  CORTEX_ASSIGN(const std::string home, home_of(environment));
  return fs::join(fs::join(home, ".config"), below);
}

Result<json::Object> entry_of(Services& services, const Environment& environment,
                              const McpClient& client, const McpInstallRequest& request) {
  std::string command;
  if (request.command) {
    command = *request.command;
  } else {
    CORTEX_ASSIGN(command, services.fs.canonical("/proc/self/exe"));
  }
  json::Array arguments{"serve"};
  for (const auto& [flag, value] :
       {std::pair{"--db", &request.db}, std::pair{"--event-log", &request.event_log}}) {
    if (!*value) continue;
    arguments.emplace_back(flag);
    arguments.emplace_back(**value);
  }
  json::Object entry;
  if (client.names_transport) entry.add("type", "stdio");
  entry.add("command", command);
  entry.add("args", std::move(arguments));
  if (const auto folder = environment.get(kServerDataDir)) {
    entry.add(std::string(kServerEnvironment),
              json::Object{{std::string(kServerDataDir), *folder}});
  }
  return entry;
}

struct Present {
  std::string path;  // behind all symlinks
  fs::Info info;
  std::string text;
};

Result<Present> read_present(Services& services, const std::string& path) {
  Present present{path, {}, {}};
  CORTEX_ASSIGN(present.info, services.fs.stat(path));
  if (present.info.kind == fs::Kind::kMissing) return present;
  CORTEX_ASSIGN(present.path, services.fs.canonical(path));
  CORTEX_ASSIGN(present.text, fs::read_all(services.fs, present.path, kClientFileBytesMax));
  return present;
}

Result<std::string> with_entry(const McpClient& client, std::string_view text,
                               const json::Object& entry) {
  if (client.is_toml) {
    TomlEntry wanted{entry};
    // Without a folder in the environment the server works in the default one: an older entry's
    // would lead it elsewhere.
    if (entry.find(kServerEnvironment) == nullptr)
      wanted.absent = TomlMember{kServerEnvironment, kServerDataDir};
    return with_toml_table(text, client.member, kName, wanted);
  }
  const std::array<std::string_view, 2> member{client.member, kName};
  return json::with_member(text, member, entry);
}

Status make_folder(Services& services, const std::string& path) {
  CORTEX_TRY(services.fs.make_directories(fs::parent_of(path), 0700));
  return {};
}

}  // namespace

std::span<const McpClient> mcp_clients() { return kClients; }

Result<McpInstallReport> mcp_install(Services& services, const Environment& environment,
                                     const McpInstallRequest& request) {
  CORTEX_ASSIGN(const McpClient* client, find_client(request.client));
  McpInstallReport report{.client = std::string(client->name),
                          .title = std::string(client->title),
                          .path = {},
                          .entry = {},
                          .dry_run = request.dry_run,
                          .text = {}};
  CORTEX_ASSIGN(report.path, path_of(services, environment, *client, request));
  CORTEX_ASSIGN(report.entry, entry_of(services, environment, *client, request));
  auto present = read_present(services, report.path);
  if (!present.ok()) {
    return install_refused(Code::kPrecondition,
                           cat("the file ", quoted(report.path, 1000),
                               " cannot be read: ", fs::describe(present.error())),
                           "name another file with --config");
  }
  report.existed = present->info.kind != fs::Kind::kMissing;
  auto text = with_entry(*client, present->text, report.entry);
  if (!text.ok()) {
    return install_refused(
        Code::kPrecondition,
        cat("the file ", quoted(report.path, 1000), " cannot be edited: ", text.error().message),
        cat("mend it, or add the entry by hand: ",
            client->is_toml ? toml_line(client->member, kName, report.entry)
                            : json::write_compact(report.entry)));
  }
  report.text = std::move(text).value();
  report.changed = report.text != present->text;
  if (!report.changed || request.dry_run) return report;
  const unsigned mode = report.existed ? present->info.mode : kNewMode;
  auto written = make_folder(services, present->path);
  if (written.ok()) written = replace_file(services, present->path, report.text, mode);
  if (!written.ok()) {
    return install_refused(Code::kPrecondition,
                           cat("the file ", quoted(report.path, 1000),
                               " cannot be written: ", fs::describe(written.error())),
                           "look at the rights of its folder, or name another file with --config");
  }
  return report;
}

json::Value to_json(const McpInstallReport& report) {
  return json::Object{{"changed", report.changed}, {"client", report.client},
                      {"dry_run", report.dry_run}, {"entry", report.entry},
                      {"existed", report.existed}, {"path", report.path}};
}

}  // namespace cortex::app
