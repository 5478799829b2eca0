// Writing recorded answers: `reflect --record` and `fixtures sign`.
#include <cerrno>
#include <utility>

#include "app/fixtures.h"
#include "app/reflect.h"
#include "app/replace_file.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "reflect/prompt.h"

namespace cortex::app {
namespace {

constexpr unsigned kFixturesFolderMode = 0700, kFileMode = 0600;

Error failure(std::string_view what, const Error& why) {
  std::string next = why.next.empty() ? "check the folder and its permissions" : why.next;
  if (why.system_errno == EEXIST) {
    next =
        "no answer is replaced: remove the file to record another one, or accept what is there"
        " with `cortex fixtures sign`";
  }
  return make_error(Code::kPrecondition, cat(what, ": ", fs::describe(why)),
                    "the index was not changed", std::move(next));
}

Result<std::vector<llm::FixtureEntry>> entries_of(fs::FileSystem& fs, const std::string& folder) {
  std::vector<llm::FixtureEntry> entries;
  CORTEX_ASSIGN(const auto names, fs.list(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(".json") || name == "schema.json") continue;
    const std::string path = fs::join(folder, name);
    CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
    if (info.kind != fs::Kind::kFile) continue;
    CORTEX_ASSIGN(const std::string text, fs::read_all(fs, path, llm::kFixtureBytesMax));
    entries.push_back({name, crypto::blake3_hex(text)});
  }
  return entries;
}

}  // namespace

Status record_fixtures(Services& services, const std::string& folder, std::string_view trace_id,
                       const llm::Response& response) {
  fs::FileSystem& fs = services.fs;
  const auto made = fs.make_directories(folder, kFixturesFolderMode);
  if (!made.ok()) return failure(cat("cannot make ", quoted(folder)), made.error());
  // What is there must be sound: recording must not vouch for somebody else's change.
  const auto index = fs.stat(fs::join(folder, llm::kFixtureIndexName));
  if (index.ok() && index->kind == fs::Kind::kFile) {
    CORTEX_TRY(open_fixtures_in(services, folder));
  }
  struct Row {
    std::string_view suffix;
    llm::Request request;
  };
  for (const Row& row : {Row{"-reflect.json", reflect::reflect_request(trace_id)},
                         Row{"-close.json", reflect::close_request(trace_id)}}) {
    llm::Response kept = response;
    if (!kept.parsed_json) {
      auto parsed = json::parse(kept.text);
      if (parsed.ok()) kept.parsed_json = std::move(parsed).value();
    }
    const std::string path = fs::join(folder, cat(trace_id, row.suffix));
    const Status written = fs::write_new(fs, path, llm::fixture_text(row.request, kept), kFileMode);
    if (!written.ok()) return failure(cat("cannot write ", quoted(path)), written.error());
  }
  CORTEX_TRY(sign_fixtures(services, folder));
  return {};
}

Result<SignedFixtures> sign_fixtures(Services& services, const std::string& folder) {
  auto entries = entries_of(services.fs, folder);
  if (!entries.ok()) return failure(cat("cannot read ", quoted(folder)), entries.error());
  SignedFixtures out{fs::join(folder, llm::kFixtureIndexName), {}};
  for (const llm::FixtureEntry& entry : *entries) out.names.push_back(entry.path);
  const Status written = replace_file(services, out.index_path,
                                      fixture_index_text(std::move(entries).value()), kFileMode);
  if (!written.ok()) return failure(cat("cannot write ", quoted(out.index_path)), written.error());
  return out;
}

}  // namespace cortex::app
