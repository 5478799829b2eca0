#include "app/config.h"

#include <utility>

#include "base/text.h"
#include "net/http.h"

namespace cortex::app {
namespace {

constexpr std::string_view kShownNames[] = {"APPDATA", "HOME", "RUST_LOG", "XDG_CONFIG_HOME",
                                            "XDG_DATA_HOME"};
constexpr std::string_view kSecretWords[] = {"ACCESS_TOKEN", "API_KEY", "AUTH",     "CREDENTIAL",
                                             "KEY",          "PASS",    "PASSWORD", "PRIVATE",
                                             "SECRET",       "TOKEN"};
constexpr std::string_view kRedacted = "<redacted>";
constexpr std::uint64_t kConfigBytesMax = 1U << 20;  // a settings file, read whole

bool is_shown(std::string_view name) {
  for (const std::string_view shown : kShownNames) {
    if (name == shown) return true;
  }
  return name.starts_with("CORTEX_");
}

std::string upper_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// A model reference pinned by digest: exactly 64 hex digits after the first "@sha256:".
bool is_pinned_model(std::string_view value) {
  constexpr std::string_view kMark = "@sha256:";
  constexpr std::size_t kDigestDigits = 64;
  const std::size_t at = value.find(kMark);
  if (at == std::string_view::npos) return false;
  value.remove_prefix(at + kMark.size());
  std::size_t digits = 0;
  while (digits < value.size() && is_hex_digit(value[digits])) ++digits;
  return digits == kDigestDigits;
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  constexpr std::size_t kSequenceMax = 4;
  for (std::size_t n = 1; n <= kSequenceMax && n <= text.size(); ++n) {
    if (is_valid_utf8(text.substr(0, n))) return n;
  }
  return 0;
}

std::string as_utf8(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    out += length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

json::Object shown_environment(const Environment& environment) {
  json::Object shown;
  for (const auto& [name, value] : environment.vars) {  // the map is sorted
    if (!is_shown(name)) continue;
    shown.set(as_utf8(name),
              is_secret(name, value) ? std::string(kRedacted) : as_utf8(net::shown_url(value)));
  }
  return shown;
}

std::optional<std::string> first_set(std::optional<std::string> a, std::optional<std::string> b) {
  return a ? std::move(a) : std::move(b);
}

// The settings beside CORTEX_DATA_DIR that name a path.
std::string set_by(const Environment& environment, const ConfigFile& file) {
  std::string out;
  for (const std::string_view name : {"CORTEX_DB_PATH", "CORTEX_EVENT_LOG_PATH"}) {
    if (environment.get(name)) out += cat(out.empty() ? "" : ", ", name);
  }
  const bool data_dir = file.data_dir && !environment.get("CORTEX_DATA_DIR");
  const bool db = file.db_path && !environment.get("CORTEX_DB_PATH");
  const bool log = file.event_log_path && !environment.get("CORTEX_EVENT_LOG_PATH");
  if (data_dir || db || log) out += cat(out.empty() ? "" : ", ", "config.toml");
  return out;
}

Result<Layout> effective_layout(const Environment& environment, ConfigFile file) {
  auto data_dir = first_set(environment.get("CORTEX_DATA_DIR"), std::move(file.data_dir));
  auto db = first_set(environment.get("CORTEX_DB_PATH"), std::move(file.db_path));
  auto log = first_set(environment.get("CORTEX_EVENT_LOG_PATH"), std::move(file.event_log_path));
  if (!data_dir) return resolve_layout(environment, std::move(db), std::move(log));
  Layout layout = layout_in(*std::move(data_dir));
  if (db) layout.db_path = *std::move(db);
  if (log) layout.event_log_path = *std::move(log);
  return layout;
}

std::optional<std::string> default_config_path(const Environment& environment) {
  if (auto folder = environment.get("XDG_CONFIG_HOME")) {
    return fs::join(*folder, "cortex/config.toml");
  }
  if (auto home = environment.home()) return fs::join(*home, ".config/cortex/config.toml");
  return std::nullopt;
}

Error unreadable(std::string_view path, std::string_view reason) {
  return make_error(Code::kPrecondition,
                    cat("the configuration file ", quoted(path), " cannot be read: ", reason),
                    "no state was changed", "correct CORTEX_CONFIG or the file's permissions");
}

}  // namespace

bool is_secret(std::string_view name, std::string_view value) {
  const std::string upper = upper_ascii(name);
  for (const std::string_view word : kSecretWords) {
    if (upper.find(word) != std::string::npos) return true;
  }
  return name == "CORTEX_LLM_MODEL" && is_pinned_model(value);
}

Result<ConfigFile> load_config(const Environment& environment, fs::FileSystem& fs) {
  const auto named = environment.get("CORTEX_CONFIG");
  const auto path = named ? named : default_config_path(environment);
  if (!path) return ConfigFile{};
  auto info = fs.stat(*path);
  if (!info) return unreadable(*path, fs::describe(info.error()));
  if (info->kind == fs::Kind::kMissing) {
    if (!named) return ConfigFile{};
    return unreadable(*path, "it does not exist");
  }
  if (info->kind != fs::Kind::kFile) return unreadable(*path, "it is not a file");
  auto text = fs::read_all(fs, *path, kConfigBytesMax);
  if (!text) return unreadable(*path, fs::describe(text.error()));
  return parse_config(*text, *path);
}

Result<memory::GatePolicy> write_gate(const Environment& environment, fs::FileSystem& fs) {
  CORTEX_ASSIGN(const ConfigFile file, load_config(environment, fs));
  return file.write_gate;
}

Result<Layout> find_layout(const Environment& environment, fs::FileSystem& fs,
                           std::optional<std::string> db, std::optional<std::string> event_log) {
  auto seed = environment.get("CORTEX_SIGNING_SEED");
  auto vectors = environment.get("CORTEX_RECALL_VECTORS");
  if (db || event_log) {
    CORTEX_ASSIGN(Layout layout, resolve_layout(environment, std::move(db), std::move(event_log)));
    layout.signing_seed = std::move(seed);
    layout.vectors = std::move(vectors);
    return layout;
  }
  CORTEX_ASSIGN(ConfigFile file, load_config(environment, fs));
  std::string names = set_by(environment, file);
  seed = first_set(std::move(seed), std::move(file.signing_seed));
  vectors = first_set(std::move(vectors), std::move(file.vectors));
  CORTEX_ASSIGN(Layout layout, effective_layout(environment, std::move(file)));
  layout.set_by = std::move(names);
  layout.signing_seed = std::move(seed);
  layout.vectors = std::move(vectors);
  return layout;
}

Result<json::Value> config_report(const Environment& environment, fs::FileSystem& fs) {
  CORTEX_ASSIGN(ConfigFile file, load_config(environment, fs));
  return config_report(environment, std::move(file));
}

Result<json::Value> config_report(const Environment& environment, ConfigFile file) {
  CORTEX_ASSIGN(const Layout layout, effective_layout(environment, std::move(file)));
  json::Object report;
  report.add("data_dir", as_utf8(layout.data_dir));
  report.add("db_path", as_utf8(layout.db_path));
  report.add("event_log_path", as_utf8(layout.event_log_path));
  report.add("env", shown_environment(environment));
  return json::Value(std::move(report));
}

}  // namespace cortex::app
