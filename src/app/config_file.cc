// The grammar of the configuration file, as a table, and its check.
#include "app/toml_library.h"

#include <limits>
#include <span>
#include <utility>

#include "app/config.h"
#include "base/text.h"

namespace cortex::app {
namespace {

enum class ValueKind { kText, kInteger, kSwitch, kTable };

constexpr std::int64_t kU32Max = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kI64Max = std::numeric_limits<std::int64_t>::max();

struct Key {
  std::string_view table;  // "" at the top, else "llm.ollama"
  std::string_view name;
  ValueKind kind;
  bool required = false;                           // within its table, when the table is there
  std::int64_t max = kI64Max;                      // of an integer; the least is 0
  std::span<const std::string_view> choices = {};  // of a text
};

constexpr std::string_view kLlmBackends[] = {"offline", "ollama", "claude", "openai-compat"};
constexpr std::string_view kEmbeddingBackends[] = {"stub", "ollama"};

constexpr std::string_view kNotePolicies[] = {"active", "pending"};
constexpr std::string_view kGateActions[] = {"off", "report", "redact", "refuse"};
constexpr std::string_view kDuplicateActions[] = {"off", "report", "refuse"};
constexpr std::string_view kRecalledActions[] = {"off", "refuse"};

constexpr Key kKeys[] = {
    {"", "data_dir", ValueKind::kText},
    {"", "db_path", ValueKind::kText},
    {"", "event_log_path", ValueKind::kText},
    {"", "llm", ValueKind::kTable},
    {"", "embeddings", ValueKind::kTable},
    {"", "mcp", ValueKind::kTable},
    {"llm", "backend", ValueKind::kText, false, kI64Max, kLlmBackends},
    {"llm", "ollama", ValueKind::kTable},
    {"llm", "claude", ValueKind::kTable},
    {"llm", "openai-compat", ValueKind::kTable},
    {"llm.ollama", "endpoint", ValueKind::kText, true},
    {"llm.ollama", "model", ValueKind::kText, true},
    {"llm.ollama", "timeout_ms", ValueKind::kInteger},
    {"llm.claude", "endpoint", ValueKind::kText},
    {"llm.claude", "model", ValueKind::kText, true},
    {"llm.claude", "max_tokens", ValueKind::kInteger, false, kU32Max},
    {"llm.claude", "timeout_ms", ValueKind::kInteger},
    {"llm.claude", "max_sensitivity", ValueKind::kText},
    {"llm.openai-compat", "base_url", ValueKind::kText, true},
    {"llm.openai-compat", "model", ValueKind::kText, true},
    {"llm.openai-compat", "api_key", ValueKind::kText},
    {"llm.openai-compat", "timeout_ms", ValueKind::kInteger},
    {"llm.openai-compat", "max_sensitivity", ValueKind::kText},
    {"embeddings", "backend", ValueKind::kText, false, kI64Max, kEmbeddingBackends},
    {"embeddings", "ollama", ValueKind::kTable},
    {"embeddings.ollama", "endpoint", ValueKind::kText},
    {"embeddings.ollama", "model", ValueKind::kText},
    {"embeddings.ollama", "dim", ValueKind::kInteger},
    {"embeddings.ollama", "timeout_ms", ValueKind::kInteger},
    {"mcp", "auto_commit", ValueKind::kSwitch},
    {"", "ledger", ValueKind::kTable},
    {"ledger", "signing_seed", ValueKind::kText},
    {"mcp", "notes", ValueKind::kText, false, kI64Max, kNotePolicies},
    {"", "memory", ValueKind::kTable},
    {"memory", "write_gate", ValueKind::kTable},
    {"memory.write_gate", "secrets", ValueKind::kText, false, kI64Max, kGateActions},
    {"memory.write_gate", "personal", ValueKind::kText, false, kI64Max, kGateActions},
    {"memory.write_gate", "duplicates", ValueKind::kText, false, kI64Max, kDuplicateActions},
    {"", "recall", ValueKind::kTable},
    {"recall", "vectors", ValueKind::kText},
    {"memory.write_gate", "recalled", ValueKind::kText, false, kI64Max, kRecalledActions},
};

constexpr std::string_view kKindNames[] = {"a string", "a whole number from 0 on", "true or false",
                                           "a table"};

const Key* find_key(std::string_view table, std::string_view name) {
  for (const Key& key : kKeys) {
    if (key.table == table && key.name == name) return &key;
  }
  return nullptr;
}

std::string dotted(std::string_view table, std::string_view name) {
  return table.empty() ? std::string(name) : cat(table, ".", name);
}

Error invalid(std::string_view path, const toml::source_region& where, std::string_view what) {
  return make_error(Code::kUsage,
                    cat("the configuration file ", cortex::quoted(path), ", line ",
                        where.begin.line, ", is not valid: ", what),
                    "no state was changed", "correct that line");
}

bool fits(const Key& key, const toml::node& node) {
  switch (key.kind) {
    case ValueKind::kText:
      return node.is_string();
    case ValueKind::kSwitch:
      return node.is_boolean();
    case ValueKind::kTable:
      return node.is_table();
    case ValueKind::kInteger: {
      const auto* number = node.as_integer();
      return number != nullptr && number->get() >= 0 && number->get() <= key.max;
    }
  }
  return false;
}

Status check_choice(const Key& key, const toml::node& node, std::string_view path) {
  if (key.choices.empty()) return {};
  std::string list;
  for (const std::string_view choice : key.choices) {
    if (node.as_string()->get() == choice) return {};
    list += cat(list.empty() ? "" : ", ", choice);
  }
  return invalid(path, node.source(),
                 cat("`", dotted(key.table, key.name), "` must be one of ", list));
}

// Depth is bounded by the table of keys: only known tables are entered.
Status check_table(const toml::table& table, std::string_view name, std::string_view path) {
  for (const auto& [node_key, node] : table) {
    const Key* key = find_key(name, node_key.str());
    if (key == nullptr) {
      return invalid(path, node_key.source(),
                     cat("unknown key ", cortex::quoted(dotted(name, node_key.str()))));
    }
    if (!fits(*key, node)) {
      return invalid(path, node.source(),
                     cat("`", dotted(name, key->name), "` must be ",
                         kKindNames[static_cast<std::size_t>(key->kind)]));
    }
    CORTEX_TRY(check_choice(*key, node, path));
    if (key->kind == ValueKind::kTable) {
      CORTEX_TRY(check_table(*node.as_table(), dotted(name, key->name), path));
    }
  }
  for (const Key& key : kKeys) {
    if (key.required && key.table == name && !table.contains(key.name)) {
      return invalid(path, table.source(),
                     cat("`", dotted(key.table, key.name), "` is required in its table"));
    }
  }
  return {};
}

// An empty text counts as not set, as an empty variable does. `path`: "llm.ollama.endpoint".
std::optional<std::string> text_of(const toml::table& table, std::string_view path) {
  const auto value = table.at_path(path).value<std::string>();
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::int64_t> number_of(const toml::table& table, std::string_view path) {
  return table.at_path(path).value<std::int64_t>();
}

// The table was checked: every text is a known action.
memory::GatePolicy gate_of(const toml::table& table) {
  memory::GatePolicy policy;
  const toml::node_view gate = table["memory"]["write_gate"];
  const auto action = [&gate](std::string_view name) {
    const auto text = gate[name].value<std::string_view>();
    return text ? memory::parse_gate_action(*text) : std::nullopt;
  };
  policy.secrets = action("secrets");
  policy.personal = action("personal");
  policy.duplicates = action("duplicates").value_or(policy.duplicates);
  policy.recalled = action("recalled").value_or(policy.recalled);
  return policy;
}

}  // namespace

Result<ConfigFile> parse_config(std::string_view toml_text, std::string_view path) {
  const toml::parse_result parsed = toml::parse(toml_text);
  if (!parsed) {
    return invalid(path, parsed.error().source(), cortex::quoted(parsed.error().description()));
  }
  const toml::table& table = parsed.table();
  CORTEX_TRY(check_table(table, "", path));
  ConfigFile file;
  file.data_dir = text_of(table, "data_dir");
  file.db_path = text_of(table, "db_path");
  file.event_log_path = text_of(table, "event_log_path");
  file.llm_backend = text_of(table, "llm.backend");
  file.ollama_endpoint = text_of(table, "llm.ollama.endpoint");
  file.ollama_model = text_of(table, "llm.ollama.model");
  file.claude_endpoint = text_of(table, "llm.claude.endpoint");
  file.claude_model = text_of(table, "llm.claude.model");
  file.claude_max_sensitivity = text_of(table, "llm.claude.max_sensitivity");
  file.openai_base_url = text_of(table, "llm.openai-compat.base_url");
  file.openai_model = text_of(table, "llm.openai-compat.model");
  file.openai_api_key = text_of(table, "llm.openai-compat.api_key");
  file.openai_max_sensitivity = text_of(table, "llm.openai-compat.max_sensitivity");
  file.ollama_timeout_millis = number_of(table, "llm.ollama.timeout_ms");
  file.claude_timeout_millis = number_of(table, "llm.claude.timeout_ms");
  file.openai_timeout_millis = number_of(table, "llm.openai-compat.timeout_ms");
  file.claude_max_tokens = number_of(table, "llm.claude.max_tokens");
  file.embedding_backend = text_of(table, "embeddings.backend");
  file.embedding_endpoint = text_of(table, "embeddings.ollama.endpoint");
  file.embedding_model = text_of(table, "embeddings.ollama.model");
  file.embedding_dim = number_of(table, "embeddings.ollama.dim");
  file.embedding_timeout_millis = number_of(table, "embeddings.ollama.timeout_ms");
  file.mcp_auto_commit = table.at_path("mcp.auto_commit").value<bool>();
  file.signing_seed = text_of(table, "ledger.signing_seed");
  file.mcp_notes = text_of(table, "mcp.notes");
  file.write_gate = gate_of(table);
  file.vectors = text_of(table, "recall.vectors");
  return file;
}

}  // namespace cortex::app
