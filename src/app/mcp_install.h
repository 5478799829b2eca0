// `mcp install`: puts this server into the configuration of a client, leaving every other byte of
// the file as it is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

// Where a client keeps its servers.
struct McpClient {
  std::string_view name;          // "cursor"
  std::string_view title;         // "Cursor"
  std::string_view user_file;     // below the home folder, or with '~' below the configuration one
  std::string_view project_file;  // below the working folder; empty: there is none
  std::string_view member;        // the object (or table) that holds the servers
  bool names_transport = false;   // wants "type": "stdio"
  bool is_toml = false;           // the file is TOML, else JSON
  std::string_view folder_variable = {};  // names the folder of the user file, when it is set
};
std::span<const McpClient> mcp_clients();

struct McpInstallRequest {
  std::string client;
  bool project = false;  // the file of the working folder instead of the person's
  bool dry_run = false;
  std::optional<std::string> config{};   // this file instead of the client's own
  std::optional<std::string> command{};  // default: the path of this program
  std::optional<std::string> db{}, event_log{};
};

struct McpInstallReport {
  std::string client, title, path;
  json::Object entry;    // what stands under "cortex"
  bool existed = false;  // the file
  bool changed = false;  // or would be
  bool dry_run = false;
  std::string text;  // the whole file after the change
};

// The file is replaced in one step, keeps its mode, and is followed where it is a symlink. Errors:
// kUsage (no such client, no project file), kPrecondition (no home folder; a file that cannot be
// read, is no JSON object, or cannot be written).
Result<McpInstallReport> mcp_install(Services& services, const Environment& environment,
                                     const McpInstallRequest& request);
json::Value to_json(const McpInstallReport& report);

}  // namespace cortex::app
