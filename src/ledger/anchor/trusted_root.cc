#include "ledger/anchor/trusted_root.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.trustedroot+json";
constexpr std::uint64_t kRootBytesMax = 4U << 20;
constexpr std::int64_t kAgeMaxSeconds = std::int64_t{30} * 24 * 60 * 60;
constexpr std::int64_t kFutureMaxSeconds = 60;
constexpr std::int64_t kSnapshotSeconds = 1'778'544'000;  // 2026-05-12T00:00:00Z

constexpr std::string_view kSnapshot =
    R"({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[)"
    R"({"baseUrl":"https://rekor.sigstore.dev","hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":)"
    R"("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufB)"
    R"(nhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":)"
    R"({"start":"2021-01-12T11:53:27Z"}},"logId":{"keyId":)"
    R"("wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0="}},)"
    R"({"baseUrl":"https://log2025-1.rekor.sigstore.dev","hashAlgorithm":"SHA2_256","publicKey":)"
    R"({"rawBytes":"MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=","keyDetails":)"
    R"("PKIX_ED25519","validFor":{"start":"2025-09-23T00:00:00Z"}},"logId":{"keyId":)"
    R"("zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A="}}],)"
    R"("certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]})";

Error malformed(std::string message) {
  return with_token(make_error(Code::kPrecondition, std::move(message)), "trusted_root.malformed");
}

std::string text_member(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value == nullptr || value->as_string() == nullptr ? "" : *value->as_string();
}

// The named members in their order, absent ones as null, then whatever else there is.
json::Object ordered(const json::Value& value, std::initializer_list<std::string_view> names) {
  json::Object out;
  for (const std::string_view name : names) {
    const json::Value* member = value.find(name);
    out.add(std::string(name), member == nullptr ? json::Value(nullptr) : *member);
  }
  if (value.as_object() == nullptr) return out;
  for (const json::Member& member : *value.as_object()) {
    if (std::ranges::find(names, std::string_view(member.first)) == names.end()) {
      out.add(member.first, member.second);
    }
  }
  return out;
}

json::Value written_log(const json::Value& log) {
  json::Object out =
      ordered(log, {"baseUrl", "logId", "hashAlgorithm", "publicKey", "log_index", "treeId"});
  json::Value* key = out.find("publicKey");
  json::Object key_out = ordered(*key, {"rawBytes", "keyDetails", "validFor"});
  key_out.set("validFor", ordered(*key_out.find("validFor"), {"start", "end"}));
  *key = std::move(key_out);
  return out;
}

json::Value written_form(const json::Value& document) {
  json::Object out = ordered(
      document, {"mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"});
  json::Array logs;
  for (const json::Value& log : *document.find("tlogs")->as_array()) {
    logs.push_back(written_log(log));
  }
  out.set("tlogs", std::move(logs));
  return out;
}

Result<TransparencyLog> parse_log(const json::Value& value) {
  TransparencyLog log;
  log.base_url = text_member(value, "baseUrl");
  if (log.base_url.empty()) return malformed("a log of the trusted root has no baseUrl");
  const json::Value* key = value.find("publicKey");
  const json::Value* window = key == nullptr ? nullptr : key->find("validFor");
  if (window == nullptr) {
    return malformed(cat("the log ", quoted(log.base_url), " has no publicKey.validFor"));
  }
  log.raw_key = text_member(*key, "rawBytes");
  log.key_details = text_member(*key, "keyDetails");
  const auto from = parse_relaxed_rfc3339(text_member(*window, "start"));
  if (!from) return malformed(cat("the key of ", quoted(log.base_url), " has no start"));
  log.valid_from = *from;
  if (const std::string end = text_member(*window, "end"); !end.empty()) {
    log.valid_to = parse_relaxed_rfc3339(end);
    if (!log.valid_to) return malformed(cat("the end of ", quoted(log.base_url), " is no time"));
  }
  if (const json::Value* id = value.find("logId")) log.key_id = text_member(*id, "keyId");
  return log;
}

RootState state_of(const fs::Info& info, Timestamp now) {
  const std::int64_t age = now.seconds - info.modified.seconds;
  if (age < -kFutureMaxSeconds) return RootState::kCachedFuture;
  return age > kAgeMaxSeconds ? RootState::kCachedStale : RootState::kCached;
}

}  // namespace

Result<TrustedRoot> parse_trusted_root(std::string_view text) {
  auto document = json::parse(text);
  if (!document.ok())
    return malformed(cat("the trusted root is no JSON: ", document.error().message));
  if (!text_member(*document, "mediaType").starts_with(kMediaType)) {
    return malformed("the trusted root has another mediaType");
  }
  const json::Value* logs = document->find("tlogs");
  if (logs == nullptr || logs->as_array() == nullptr || logs->as_array()->empty()) {
    return malformed("the trusted root names no log");
  }
  TrustedRoot root;
  for (const json::Value& value : *logs->as_array()) {
    CORTEX_ASSIGN(TransparencyLog log, parse_log(value));
    root.signed_at = root.logs.empty() ? log.valid_from : std::max(root.signed_at, log.valid_from);
    root.logs.push_back(std::move(log));
  }
  root.document = written_form(*document);
  return root;
}

std::string trusted_root_text(const TrustedRoot& root) {
  return json::write_compact(root.document);
}

const TrustedRoot& embedded_trusted_root() {
  static const Result<TrustedRoot> root = parse_trusted_root(kSnapshot);
  CORTEX_CHECK(root.ok());
  return *root;
}

RootState trusted_root_age(fs::FileSystem& fs, const std::string& path, Timestamp now) {
  const auto info = fs.stat(path);
  if (info.ok() && info->kind != fs::Kind::kMissing) return state_of(*info, now);
  const bool stale = now.seconds - kSnapshotSeconds > kAgeMaxSeconds;
  return stale ? RootState::kEmbeddedStale : RootState::kEmbedded;
}

LoadedRoot load_trusted_root(fs::FileSystem& fs, const std::string& path, Timestamp now) {
  const auto info = fs.stat(path);
  if (info.ok() && info->kind == fs::Kind::kMissing) {
    return {trusted_root_age(fs, path, now), embedded_trusted_root(), ""};
  }
  const auto text = fs::read_all(fs, path, kRootBytesMax);
  if (!info.ok() || !text.ok()) {
    return {RootState::kCachedInvalid, std::nullopt,
            info.ok() ? text.error().message : info.error().message};
  }
  auto root = parse_trusted_root(*text);
  if (!root.ok()) return {RootState::kCachedInvalid, std::nullopt, root.error().message};
  return {state_of(*info, now), std::move(root).value(), ""};
}

Status store_trusted_root(fs::FileSystem& fs, const std::string& path, const TrustedRoot& root) {
  // In one step: without a file the root that came with the program would count again.
  return fs::write_over(fs, path + ".tmp", path, trusted_root_text(root), 0600);
}

}  // namespace cortex::ledger
