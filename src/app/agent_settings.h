// What the configuration says about agents: models, embeddings, and whether a commit needs the
// confirmation token. One reading for the server and for the tool that shows it.
#pragma once

#include <optional>
#include <string>

#include "app/config.h"
#include "app/layout.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct AgentSettings {
  std::string llm_backend = "offline";  // "offline", "ollama", "claude", "openai-compat"
  std::optional<std::string> llm_model, llm_endpoint;
  std::string embedding_backend = "stub";  // "stub", "ollama"
  std::optional<std::string> embedding_model, embedding_endpoint;
  bool auto_commit = false;
  bool notes_wait = false;  // [mcp] notes = "pending": notes of agents wait for a commit
  memory::GatePolicy write_gate{};
  std::string auto_commit_source{};  // what turned it on, for the warning; empty when off
  std::string config_problem{};      // why the file was left aside, or empty
};

// Environment before file before default. A file that cannot be read or is not valid is a
// problem to be told, not an error: nothing of it counts then.
AgentSettings agent_settings(const Environment& environment, fs::FileSystem& fs);

// The seven keys of `cortex_config`; what is not set is null. Holds no secret.
json::Object to_json(const AgentSettings& settings);

}  // namespace cortex::app
