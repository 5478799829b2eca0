#include "app/tuf_client.h"

#include <utility>

#include "base/text.h"
#include "json/value.h"
#include "ledger/anchor/tuf.h"
#include "net/http.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kTufStateBytesMax = 2U << 20;
constexpr int kRootsMax = 256;  // in one run

// What an earlier run has seen.
struct Seen {
  std::optional<ledger::TufRoot> root;
  std::uint64_t timestamp = 0, snapshot = 0, targets = 0;
};

Error tuf_error(std::string message) {
  return with_token(make_error(Code::kPrecondition, std::move(message)), ledger::kTufToken);
}

// Nothing of what was seen of another repository counts: it has other keys and other versions.
Result<Seen> read_seen(fs::FileSystem& fs, const std::string& path, const std::string& repository) {
  Seen seen;
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  if (info.kind == fs::Kind::kMissing) return seen;
  CORTEX_ASSIGN(const std::string text, fs::read_all(fs, path, kTufStateBytesMax));
  const auto state = json::parse(text);
  const std::string* root = state.ok() ? state->find_text("root") : nullptr;
  if (root == nullptr) {
    return tuf_error(
        cat(quoted(path), " cannot be read; remove it to begin with the trusted root"));
  }
  const std::string* of = state->find_text("repository");
  if (of == nullptr || *of != repository) return seen;
  CORTEX_ASSIGN(seen.root, ledger::parse_tuf_root(*root));
  seen.timestamp = state->find_unsigned("timestamp").value_or(0);
  seen.snapshot = state->find_unsigned("snapshot").value_or(0);
  seen.targets = state->find_unsigned("targets").value_or(0);
  return seen;
}

Status write_seen(fs::FileSystem& fs, const std::string& path, const std::string& repository,
                  const Seen& seen) {
  return fs.overwrite(path, json::write_compact(json::Object{{"repository", repository},
                                                             {"root", seen.root->text},
                                                             {"timestamp", seen.timestamp},
                                                             {"snapshot", seen.snapshot},
                                                             {"targets", seen.targets}}));
}

class Client {
 public:
  Client(Services& services, const FetchFile& fetch, const TufRequest& request)
      : fetch_(fetch), request_(request), now_(services.clock.now()) {}

  // From the given root, or from a newer one that an earlier run has followed to.
  Status follow_roots(Seen& seen) {
    CORTEX_ASSIGN(ledger::TufRoot given, ledger::parse_tuf_root(request_.root));
    if (!seen.root || seen.root->version < given.version) seen.root = std::move(given);
    for (int steps = 0; steps < kRootsMax; ++steps) {
      CORTEX_ASSIGN(const auto next, fetch_(url(cat(seen.root->version + 1, ".root.json"))));
      if (!next) return check_tuf_root_age(*seen.root, now_);
      CORTEX_ASSIGN(seen.root, ledger::next_tuf_root(*seen.root, *next));
    }
    return tuf_error(cat("more than ", kRootsMax, " roots follow each other"));
  }

  Result<ledger::TufMetadata> metadata(const ledger::TufRoot& root, std::string_view role,
                                       const ledger::TufMetadata* named_by,
                                       std::uint64_t& version_seen) {
    const std::string file = cat(role, ".json");
    const ledger::TufFile* announced = nullptr;
    std::string name = file;
    if (named_by != nullptr) {
      CORTEX_ASSIGN(announced, entry(*named_by, file));
      if (root.consistent_snapshot) name = cat(announced->version, ".", file);
    }
    CORTEX_ASSIGN(const std::string text, required(url(name)));
    if (announced != nullptr) CORTEX_TRY(check_tuf_file(*announced, file, text));
    CORTEX_ASSIGN(ledger::TufMetadata found,
                  ledger::parse_tuf_metadata(root, role, text, now_, version_seen));
    if (announced != nullptr && found.version != announced->version) {
      return tuf_error(
          cat(file, " is of version ", found.version, ", ", announced->version, " was announced"));
    }
    version_seen = found.version;
    return found;
  }

  Result<std::string> target(const ledger::TufRoot& root, const ledger::TufMetadata& targets) {
    CORTEX_ASSIGN(const ledger::TufFile* file, entry(targets, request_.target));
    if (!file->sha256) return tuf_error(cat(request_.target, " was announced without a digest"));
    const std::string name =
        root.consistent_snapshot ? cat(*file->sha256, ".", request_.target) : request_.target;
    CORTEX_ASSIGN(std::string bytes, required(url(cat("targets/", name))));
    CORTEX_TRY(check_tuf_file(*file, request_.target, bytes));
    return bytes;
  }

 private:
  std::string url(std::string_view name) const { return net::join_url(request_.repository, name); }

  Result<std::string> required(const std::string& url) {
    CORTEX_ASSIGN(auto bytes, fetch_(url));
    if (bytes) return *std::move(bytes);
    return make_error(Code::kPrecondition, cat(quoted(url), " is not there"));
  }
  static Result<const ledger::TufFile*> entry(const ledger::TufMetadata& metadata,
                                              const std::string& name) {
    const auto found = metadata.files.find(name);
    if (found != metadata.files.end()) return &found->second;
    return tuf_error(cat("the metadata do not name ", name));
  }

  const FetchFile& fetch_;
  const TufRequest& request_;
  Timestamp now_;
};

}  // namespace

Result<TufTarget> fetch_tuf_target(Services& services, const FetchFile& fetch,
                                   const TufRequest& request) {
  CORTEX_ASSIGN(Seen seen, read_seen(services.fs, request.state_path, request.repository));
  Client client(services, fetch, request);
  CORTEX_TRY(client.follow_roots(seen));
  const ledger::TufRoot& root = *seen.root;
  CORTEX_ASSIGN(const auto timestamp, client.metadata(root, "timestamp", nullptr, seen.timestamp));
  CORTEX_ASSIGN(const auto snapshot, client.metadata(root, "snapshot", &timestamp, seen.snapshot));
  CORTEX_ASSIGN(const auto targets, client.metadata(root, "targets", &snapshot, seen.targets));
  TufTarget out{.bytes = {}, .root_version = root.version};
  CORTEX_ASSIGN(out.bytes, client.target(root, targets));
  CORTEX_TRY(write_seen(services.fs, request.state_path, request.repository, seen));
  return out;
}

}  // namespace cortex::app
