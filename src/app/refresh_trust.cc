#include "app/refresh_trust.h"

#include <utility>

#include "app/tuf_client.h"
#include "base/text.h"
#include "ledger/anchor/trusted_root.h"
#include "ledger/anchor/tuf.h"
#include "net/http.h"

namespace cortex::app {
namespace {

constexpr int kTrustTimeoutMillis = 30'000;
constexpr unsigned kCacheFolderMode = 0700;
constexpr std::size_t kTrustedRootBytesMax = 4U << 20;
constexpr std::uint64_t kTufRootBytesMax = 1U << 20;
constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kTarget = "trusted_root.json";
constexpr std::string_view kSigstoreHost = "tuf-repo-cdn.sigstore.dev";

Result<std::optional<std::string>> fetch_file(Services& services, const std::string& url) {
  using Found = std::optional<std::string>;
  if (url.starts_with(kFileScheme)) {
    std::string path = "/";
    for (const char c : url.substr(kFileScheme.size())) {
      if (c != '/' || path.back() != '/') path.push_back(c);
    }
    CORTEX_ASSIGN(const fs::Info info, services.fs.stat(path));
    if (info.kind == fs::Kind::kMissing) return Found();
    CORTEX_ASSIGN(std::string bytes, fs::read_all(services.fs, path, kTrustedRootBytesMax));
    return Found(std::move(bytes));
  }
  net::Request request;
  request.url = url;
  request.timeout_millis = kTrustTimeoutMillis;
  request.answer_bytes_max = kTrustedRootBytesMax;
  CORTEX_ASSIGN(net::Answer answer, services.http.send(request));
  if (answer.status == 200) return Found(std::move(answer.body));
  if (answer.status == 404 || answer.status == 403) return Found();  // object stores answer so
  return make_error(Code::kPrecondition, cat(quoted(url), " answered with status ", answer.status));
}

// The folder with the metadata of the repository that the URL is a target of.
Result<std::string> repository_of(const std::string& url) {
  const std::string tail = cat("/targets/", kTarget);
  if (url.ends_with(tail)) return url.substr(0, url.size() - tail.size());
  return make_error(Code::kUsage,
                    cat("a root that TUF metadata vouch for has a URL that ends with ", tail),
                    "nothing was changed", "name that URL with --url");
}

// The root from which on the repository is verified, where it is.
Result<std::optional<std::string>> trusted_tuf_root(Services& services,
                                                    const RefreshRequest& request) {
  using Found = std::optional<std::string>;
  if (request.tuf_root && *request.tuf_root != kSigstoreRoot) {
    CORTEX_ASSIGN(std::string text, fs::read_all(services.fs, *request.tuf_root, kTufRootBytesMax));
    return Found(std::move(text));
  }
  const bool sigstore = request.tuf_root || net::url_host(request.url) == kSigstoreHost;
  return sigstore ? Found(request.sigstore_root) : Found();
}

Result<std::string> fetch_root(Services& services, const RefreshRequest& request,
                               RefreshReport& report) {
  CORTEX_ASSIGN(auto tuf_root, trusted_tuf_root(services, request));
  if (tuf_root) {
    CORTEX_ASSIGN(const std::string repository, repository_of(request.url));
    const FetchFile fetch = [&services](const std::string& url) {
      return fetch_file(services, url);
    };
    CORTEX_ASSIGN(TufTarget target, fetch_tuf_target(services, fetch,
                                                     {.repository = repository,
                                                      .root = *std::move(tuf_root),
                                                      .state_path = cat(request.cache_path, ".tuf"),
                                                      .target = std::string(kTarget)}));
    report.tuf_root_version = target.root_version;
    return std::move(target.bytes);
  }
  if (!request.url.starts_with(kFileScheme)) {
    report.notes.emplace_back(
        "nothing but the connection vouches for what this URL brings; name a TUF root that is"
        " trusted with --tuf-root");
  }
  CORTEX_ASSIGN(auto bytes, fetch_file(services, request.url));
  if (bytes) return *std::move(bytes);
  return make_error(Code::kPrecondition, cat(quoted(request.url), " is not there"));
}

void end(RefreshReport& report, std::string_view outcome, Error error) {
  report.outcome = outcome;
  error.token = report.invariant();
  if (error.unchanged.empty()) error.unchanged = "the cached trusted root is as it was";
  report.code = error.code;
  report.error = std::move(error);
}

// What is in the cache now, whatever its age.
std::optional<ledger::TrustedRoot> look_at_cache(Services& services, RefreshReport& report) {
  ledger::LoadedRoot loaded =
      ledger::load_trusted_root(services.fs, report.cache_path, services.clock.now());
  if (!loaded.cached()) return std::nullopt;
  if (!loaded.root) {
    report.notes.push_back(cat("the cached trusted root cannot be read: ", loaded.why));
    return std::nullopt;
  }
  if (loaded.state != ledger::RootState::kCached) {
    report.notes.emplace_back(
        "invariant=audit.verify.trusted_root.cache_stale: the cached trusted root is of no fresh"
        " date and is looked for anew");
  }
  report.previous_signed_at = loaded.root->signed_at;
  return std::move(loaded.root);
}

Status store_root(Services& services, const std::string& path, const ledger::TrustedRoot& root) {
  CORTEX_TRY(services.fs.make_directories(fs::parent_of(path), kCacheFolderMode));
  return ledger::store_trusted_root(services.fs, path, root);
}

}  // namespace

std::string RefreshReport::invariant() const { return cat("audit.anchor.refresh_trust.", outcome); }

RefreshReport refresh_trust(Services& services, const RefreshRequest& request) {
  RefreshReport report;
  report.url = request.url;
  report.cache_path = request.cache_path;
  const auto cached = look_at_cache(services, report);
  const auto text = fetch_root(services, request, report);
  if (!text.ok()) {
    const bool usage = text.error().code == Code::kUsage;
    end(report, text.error().token == ledger::kTufToken ? "signature_invalid" : "http_error",
        usage ? text.error() : with_code(text.error(), Code::kPrecondition));
    return report;
  }
  auto root = ledger::parse_trusted_root(*text);
  if (!root.ok()) {
    end(report, "parse_error", root.error());
    return report;
  }
  report.new_signed_at = root->signed_at;
  if (root->signed_at < ledger::embedded_trusted_root().signed_at) {
    end(report, "signature_invalid",
        make_error(Code::kPrecondition,
                   "the trusted root is older than the one that came with the program"));
    return report;
  }
  // Dates tell only of new keys. Verified metadata, which do not go back, also tell of keys that
  // end.
  const bool other =
      cached && ledger::trusted_root_text(*root) != ledger::trusted_root_text(*cached);
  const bool newer =
      !cached || root->signed_at > cached->signed_at || (report.tuf_root_version && other);
  // Written again when it is no newer: its age counts from the last time that it was looked for.
  if (const Status stored = store_root(services, request.cache_path, newer ? *root : *cached);
      !stored.ok()) {
    end(report, "http_error", with_code(stored.error(), Code::kInternal));
    return report;
  }
  report.cache_written = newer;
  report.cache_checked = true;
  report.outcome = newer ? "ok" : "stale_to_stale";
  return report;
}

json::Value to_json(const RefreshReport& report) {
  json::Object out{{"command", "cortex.audit.anchor.refresh_trust"},
                   {"outcome", report.outcome},
                   {"invariant", report.invariant()},
                   {"url", report.url},
                   {"cache_path", report.cache_path}};
  if (report.previous_signed_at) {
    out.add("previous_signed_at", format_rfc3339(*report.previous_signed_at, Offset::kZ));
  }
  if (report.new_signed_at) {
    out.add("new_signed_at", format_rfc3339(*report.new_signed_at, Offset::kZ));
  }
  out.add("cache_written", report.cache_written);
  if (report.error) out.add("failure_reason", report.error->text());
  out.add("cache_checked", report.cache_checked);
  if (report.tuf_root_version) out.add("tuf_root_version", *report.tuf_root_version);
  return out;
}

}  // namespace cortex::app
