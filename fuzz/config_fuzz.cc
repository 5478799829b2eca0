// Configuration files: a refusal is one printable line with code usage, and what is accepted means
// the same when it is written anew.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "base/text.h"
#include "fuzz/require.h"
#include "json/value.h"

namespace {

using cortex::app::ConfigFile;
using cortex::fuzz::require;

constexpr std::string_view kPath = "config.toml";

bool same(const ConfigFile& a, const ConfigFile& b) {
  return a.data_dir == b.data_dir && a.db_path == b.db_path && a.event_log_path == b.event_log_path;
}

// JSON strings are TOML basic strings, except that TOML wants DEL escaped.
std::string toml_string(std::string_view text) {
  std::string json;
  cortex::json::write_string(json, text);
  std::string out;
  for (const char c : json) {
    if (c == '\x7F') {
      out += "\\u007f";
    } else {
      out += c;
    }
  }
  return out;
}

void append_setting(std::string& out, std::string_view key,
                    const std::optional<std::string>& value) {
  if (!value) return;
  require(!value->empty() && cortex::is_valid_utf8(*value));
  out += cortex::cat(key, " = ", toml_string(*value), "\n");
}

void check_accepted(std::string_view text, const ConfigFile& config) {
  const auto longer = cortex::app::parse_config(cortex::cat(text, "\n# the end\n"), kPath);
  require(longer.ok() && same(*longer, config));
  std::string written;
  append_setting(written, "data_dir", config.data_dir);
  append_setting(written, "db_path", config.db_path);
  append_setting(written, "event_log_path", config.event_log_path);
  const auto again = cortex::app::parse_config(written, kPath);
  require(again.ok() && same(*again, config));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = cortex::app::parse_config(text, kPath);
  if (config.ok()) {
    check_accepted(text, *config);
    return 0;
  }
  const cortex::Error& error = config.error();
  require(error.code == cortex::Code::kUsage);
  require(error.message.find(kPath) != std::string::npos && !error.next.empty());
  require(cortex::fuzz::is_printable(error.text()));
  require(error.text().find('\n') == std::string::npos);
  return 0;
}
