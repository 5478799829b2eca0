// The configuration file and the report of what is in effect (`cortex --print-config`).
//
// The file is $CORTEX_CONFIG (which must then exist), else $XDG_CONFIG_HOME/cortex/config.toml,
// else ~/.config/cortex/config.toml; a missing default file is fine. Keys that are not known, of
// another type or missing in their table are refused: a setting that silently does nothing is worse
// than an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/layout.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/write_gate.h"

namespace cortex::app {

// The settings of the file that something reads. Empty texts count as not set.
struct ConfigFile {
  std::optional<std::string> data_dir;
  std::optional<std::string> db_path;
  std::optional<std::string> event_log_path;
  std::optional<std::string> llm_backend;  // "offline", "ollama", "claude", "openai-compat"
  std::optional<std::string> ollama_endpoint, ollama_model;
  std::optional<std::string> claude_endpoint, claude_model, claude_max_sensitivity;
  std::optional<std::string> openai_base_url, openai_model, openai_api_key;
  std::optional<std::string> openai_max_sensitivity;
  std::optional<std::int64_t> ollama_timeout_millis, claude_timeout_millis, openai_timeout_millis;
  std::optional<std::int64_t> claude_max_tokens;
  std::optional<std::string> embedding_backend;  // "stub", "ollama"
  std::optional<std::string> embedding_endpoint, embedding_model;
  std::optional<std::int64_t> embedding_dim, embedding_timeout_millis;
  std::optional<bool> mcp_auto_commit;
  std::optional<std::string> mcp_notes;     // "active", "pending"
  std::optional<std::string> signing_seed;  // [ledger], path of a seed
  memory::GatePolicy write_gate{};          // [memory.write_gate]
  std::optional<std::string> vectors;       // [recall], a folder
};

// Parses and checks the whole document. `path` is for messages. Error: kUsage with place and key.
Result<ConfigFile> parse_config(std::string_view toml_text, std::string_view path);

// Finds, reads and parses the file. Errors: kPrecondition when it cannot be read, kUsage when it is
// not valid.
Result<ConfigFile> load_config(const Environment& environment, fs::FileSystem& fs);

// What may be written into memories: [memory.write_gate] of the file, else the defaults. Errors: as
// load_config().
Result<memory::GatePolicy> write_gate(const Environment& environment, fs::FileSystem& fs);

// Where a command finds its data. --db and --event-log decide alone when one of them is given
// (layout.h); else each path comes from the environment (CORTEX_DATA_DIR, CORTEX_DB_PATH,
// CORTEX_EVENT_LOG_PATH), then the configuration file, then the default. Reference 0.1.2 looks at
// CORTEX_DATA_DIR only; what else named a path is kept in Layout::set_by. CORTEX_SIGNING_SEED and
// CORTEX_RECALL_VECTORS hold always, [ledger] signing_seed and [recall] vectors where no flag names
// a path. Errors: as load_config().
Result<Layout> find_layout(const Environment& environment, fs::FileSystem& fs,
                           std::optional<std::string> db, std::optional<std::string> event_log);

// data_dir, db_path, event_log_path, env; in this order. Environment before file before default,
// for each path by itself. `env` holds the variables that matter here, sorted, values that look
// like secrets, and what stands before the host of a URL, as "<redacted>"; bytes that are not UTF-8
// are shown as U+FFFD. Reads the configuration file, writes nothing.
Result<json::Value> config_report(const Environment& environment, fs::FileSystem& fs);
// The same of a file that was read.
Result<json::Value> config_report(const Environment& environment, ConfigFile file);

// True when the value of this variable must not be shown.
bool is_secret(std::string_view name, std::string_view value);

}  // namespace cortex::app
