#include "app/fixtures.h"

#include "app/toml_library.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "json/value.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kIndexBytesMax = 4U << 20;

Result<llm::FixtureEntry> read_entry(const toml::node& node) {
  const toml::table* entry = node.as_table();
  const auto* path = entry == nullptr ? nullptr : entry->get_as<std::string>("path");
  const auto* digest = entry == nullptr ? nullptr : entry->get_as<std::string>("blake3");
  if (path == nullptr || digest == nullptr) {
    return llm::fixture_fault(cat("parse error in the index, line ", node.source().begin.line,
                                  ": a fixture needs the strings path and blake3"));
  }
  return llm::FixtureEntry{path->get(), digest->get()};
}

// JSON strings are TOML basic strings, except that TOML wants DEL escaped.
std::string toml_string(std::string_view text) {
  std::string out;
  for (const char c : json::string_text(text)) {
    if (c == '\x7F') {
      out += "\\u007f";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Result<std::string> fixtures_dir(const Environment& environment,
                                 const std::optional<std::string>& flag) {
  if (flag) return *flag;
  const auto variable = environment.vars.find("CORTEX_FIXTURES_DIR");
  if (variable != environment.vars.end()) return variable->second;
  CORTEX_ASSIGN(const std::string data_dir, default_data_dir(environment));
  return fs::join(data_dir, "fixtures");
}

Result<std::vector<llm::FixtureEntry>> parse_fixture_index(std::string_view toml_text) {
  const toml::parse_result parsed = toml::parse(toml_text);
  if (!parsed) {
    return llm::fixture_fault(cat("parse error in the index, line ",
                                  parsed.error().source().begin.line, ": ",
                                  printable(parsed.error().description())));
  }
  std::vector<llm::FixtureEntry> entries;
  const toml::node* fixtures = parsed.table().get("fixture");
  if (fixtures == nullptr) return entries;
  if (!fixtures->is_array()) {
    return llm::fixture_fault("parse error in the index: `fixture` is no array of tables");
  }
  for (const toml::node& node : *fixtures->as_array()) {
    CORTEX_ASSIGN(llm::FixtureEntry entry, read_entry(node));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string fixture_index_text(std::vector<llm::FixtureEntry> entries) {
  std::ranges::sort(entries, {}, &llm::FixtureEntry::path);
  std::string text;
  for (const llm::FixtureEntry& entry : entries) {
    text += cat("[[fixture]]\npath = ", toml_string(entry.path),
                "\nblake3 = ", toml_string(entry.blake3), "\n\n");
  }
  return text;
}

Result<std::unique_ptr<llm::Model>> open_fixtures_in(Services& services, const std::string& dir) {
  auto folder = services.fs.canonical(dir);
  if (!folder.ok()) {
    return make_error(
        Code::kInternal,
        cat("the fixtures dir ", quoted(dir), " cannot be opened: ", fs::describe(folder.error())),
        "no state was changed", "name a folder with --fixtures-dir or CORTEX_FIXTURES_DIR");
  }
  const std::string path = fs::join(*folder, llm::kFixtureIndexName);
  auto text = fs::read_all(services.fs, path, kIndexBytesMax);
  if (!text.ok()) {
    return llm::fixture_fault(
        cat("the index ", quoted(path), " is not readable: ", fs::describe(text.error())));
  }
  CORTEX_ASSIGN(const std::vector<llm::FixtureEntry> entries, parse_fixture_index(*text));
  return llm::open_fixtures(services.fs, *folder, entries);
}

}  // namespace cortex::app
