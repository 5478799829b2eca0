#include "llm/fixtures.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace cortex::llm {
namespace {

constexpr std::string_view kSchemaName = "schema.json";

struct Key {
  std::string model, prompt_hash;
  friend auto operator<=>(const Key&, const Key&) = default;
};

struct Fixture {
  Key key;
  Response response;
};

class Replay final : public Model {
 public:
  explicit Replay(std::map<Key, Response> answers) : answers_(std::move(answers)) {}

  std::string_view adapter_id() const override { return kReplayAdapter; }

  Result<Response> complete(const Request& request) override {
    const std::string hash = prompt_hash(request);
    const auto found = answers_.find({request.model, hash});
    if (found == answers_.end()) {
      return make_error(
          Code::kPrecondition,
          cat("no replay fixture for model=", printable(request.model), " prompt_hash=", hash),
          "no state was changed", "record an answer for this request, or name another folder");
    }
    Response response = found->second;
    if (response.model.empty()) response.model = request.model;
    return response;
  }

 private:
  std::map<Key, Response> answers_;
};

// The real path of every entry, in the order of the index.
Result<std::vector<std::string>> resolve(fs::FileSystem& fs, const std::string& folder,
                                         std::span<const FixtureEntry> index) {
  const std::string inside = folder == "/" ? folder : folder + "/";
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const FixtureEntry& entry : index) {
    if (fs::has_parent_step(entry.path)) {
      return fixture_fault(cat("the entry ", quoted(entry.path), " escapes the folder"));
    }
    const bool absolute = entry.path.starts_with('/');
    auto real = fs.canonical(absolute ? entry.path : fs::join(folder, entry.path));
    if (!real.ok()) {
      return fixture_fault(cat("the entry ", quoted(entry.path),
                               " is not resolvable: ", fs::describe(real.error())));
    }
    if (!real->starts_with(inside)) {
      return fixture_fault(cat("the entry ", quoted(entry.path), " escapes the folder"));
    }
    if (!seen.insert(*real).second) {
      return fixture_fault(cat("duplicate INDEX entry ", quoted(entry.path)));
    }
    paths.push_back(std::move(*real));
  }
  return paths;
}

// Every `*.json` at the top of the folder must be an entry.
Status check_strays(fs::FileSystem& fs, const std::string& folder,
                    const std::vector<std::string>& indexed) {
  const std::set<std::string> known(indexed.begin(), indexed.end());
  auto names = fs.list(folder);
  if (!names.ok()) {
    return fixture_fault(
        cat("the folder ", quoted(folder), " is not readable: ", fs::describe(names.error())));
  }
  for (const std::string& name : *names) {
    if (!name.ends_with(".json") || name == kSchemaName) continue;
    const std::string path = fs::join(folder, name);
    const auto info = fs.stat(path);
    if (info.ok() && info->kind == fs::Kind::kDirectory) continue;
    const auto real = fs.canonical(path);
    if (real.ok() && known.contains(*real)) continue;
    return fixture_fault(cat("unsigned fixture present: ", quoted(name), " is not in the index"));
  }
  return {};
}

Error malformed(std::string_view path, std::string_view why) {
  return fixture_fault(cat("parse error in ", quoted(path), ": ", why));
}

// A text member that may be absent or null. False: it has another type.
bool read_optional_text(const json::Value& from, std::string_view key, std::string& out) {
  const json::Value* found = from.find(key);
  if (found == nullptr || found->is_null()) return true;
  const std::string* text = found->as_string();
  if (text != nullptr) out = *text;
  return text != nullptr;
}

bool read_usage(const json::Value& response, std::optional<Usage>& out) {
  const json::Value* usage = response.find("usage");
  if (usage == nullptr || usage->is_null()) return true;
  const auto prompt = usage->find_unsigned("prompt_tokens");
  const auto completion = usage->find_unsigned("completion_tokens");
  if (!prompt || !completion) return false;
  out = Usage{*prompt, *completion};
  return true;
}

Result<Fixture> read_fixture(std::string_view path, const std::string& text) {
  auto document = json::parse(text);
  if (!document.ok()) return malformed(path, document.error().message);
  const json::Value* match = document->find("request_match");
  const std::string* model = match == nullptr ? nullptr : match->find_text("model");
  const std::string* hash = match == nullptr ? nullptr : match->find_text("prompt_hash");
  if (model == nullptr || hash == nullptr) {
    return malformed(path, "`request_match` needs the strings model and prompt_hash");
  }
  const json::Value* response = document->find("response");
  const std::string* answer = response == nullptr ? nullptr : response->find_text("text");
  if (answer == nullptr) return malformed(path, "`response` needs the string text");
  Fixture fixture{{*model, *hash}, {}};
  fixture.response.text = *answer;
  fixture.response.raw_hash = crypto::blake3_hex(*answer);
  if (!read_optional_text(*response, "model", fixture.response.model)) {
    return malformed(path, "`response.model` is no string");
  }
  if (!read_usage(*response, fixture.response.usage)) {
    return malformed(path, "`response.usage` needs prompt_tokens and completion_tokens");
  }
  const json::Value* parsed = response->find("parsed_json");
  if (parsed != nullptr && !parsed->is_null()) fixture.response.parsed_json = *parsed;
  return fixture;
}

Result<Fixture> load(fs::FileSystem& fs, const std::string& path, const FixtureEntry& entry,
                     std::uint64_t& bytes_left) {
  auto text = fs::read_all(fs, path, std::min(kFixtureBytesMax, bytes_left));
  if (!text.ok()) {
    return fixture_fault(cat(quoted(entry.path), " is not readable: ", fs::describe(text.error())));
  }
  bytes_left -= text->size();
  const std::string digest = crypto::blake3_hex(*text);
  if (digest != entry.blake3) {
    return fixture_fault(cat("hash mismatch: ", quoted(entry.path), " has ", digest,
                             ", the index says ", printable(entry.blake3)));
  }
  return read_fixture(entry.path, *text);
}

}  // namespace

Error fixture_fault(std::string_view what) {
  return make_error(Code::kQuarantined, cat("fixture integrity failed: ", what),
                    "nothing of the folder was used",
                    "mend the folder or its index, then try again");
}

Result<std::unique_ptr<Model>> open_fixtures(fs::FileSystem& fs, const std::string& folder,
                                             std::span<const FixtureEntry> index) {
  CORTEX_ASSIGN(const std::vector<std::string> paths, resolve(fs, folder, index));
  CORTEX_TRY(check_strays(fs, folder, paths));
  std::map<Key, Response> answers;
  std::uint64_t bytes_left = kFixtureFolderBytesMax;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    CORTEX_ASSIGN(Fixture fixture, load(fs, paths[i], index[i], bytes_left));
    if (!answers.emplace(fixture.key, std::move(fixture.response)).second) {
      return fixture_fault(cat("duplicate (model, prompt_hash) in ", quoted(index[i].path)));
    }
  }
  return std::unique_ptr<Model>(std::make_unique<Replay>(std::move(answers)));
}

std::string fixture_text(const Request& request, const Response& response) {
  json::Object answer{{"text", response.text}};
  if (response.parsed_json) answer.add("parsed_json", *response.parsed_json);
  answer.add("model", response.model);
  if (response.usage) answer.add("usage", to_json(response.usage));
  const json::Value document =
      json::Object{{"request_match",
                    json::Object{{"model", request.model}, {"prompt_hash", prompt_hash(request)}}},
                   {"response", std::move(answer)}};
  return json::write_pretty(document) + "\n";
}

}  // namespace cortex::llm
