#include "bundle/restore_intent.h"

#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "bundle/fields.h"
#include "crypto/digest.h"

namespace cortex::bundle {
namespace {

constexpr std::uint64_t kIntentBytesMax = 1U << 20U;
constexpr std::string_view kTakeoverKind = "cortex_restore_lock_takeover";

Error rejected(std::string message, std::string next = "") {
  return make_error(Code::kQuarantined, std::move(message), "the active store was not changed",
                    std::move(next));
}

// A signed document: what it is called in messages, and its bytes.
struct Document {
  std::string_view name;
  std::string bytes;

  std::string blake3() const { return crypto::prefixed_hex(crypto::blake3(bytes)); }
};

Result<Document> read_signed(fs::FileSystem& fs, std::string_view name, const std::string& path) {
  auto bytes = fs::read_all(fs, path, kIntentBytesMax);
  if (!bytes.ok()) {
    return rejected(
        cat("the ", name, " ", quoted(path), " cannot be read: ", fs::describe(bytes.error())));
  }
  return Document{name, std::move(bytes).value()};
}

Status check_principal(const Document& document, const std::string& principal,
                       const crypto::PublicKey& key) {
  if (principal == operator_principal_id(key)) return {};
  return with_token(rejected(cat("invariant=", kUnboundPrincipalToken, ": the ", document.name,
                                 " names the principal ", quoted(principal),
                                 ", the key given is that of ", operator_principal_id(key)),
                             "give the public key of the operator who signed"),
                    kUnboundPrincipalToken);
}

Status check_signature(fs::FileSystem& fs, const Document& document, const std::string& path,
                       const crypto::PublicKey& key) {
  auto bytes = fs::read_all(fs, path, kIntentBytesMax);
  if (!bytes.ok()) {
    return rejected(cat("the signature ", quoted(path), " of the ", document.name,
                        " cannot be read: ", fs::describe(bytes.error())));
  }
  const auto signature = fixed_bytes<crypto::Signature>(*bytes);
  if (!signature) {
    return rejected(cat("the signature ", quoted(path), " has ", bytes->size(),
                        " bytes, a signature has exactly 64 bytes"));
  }
  if (crypto::verify(key, document.bytes, *signature)) return {};
  return rejected(cat("the signature ", quoted(path), " is not one of this key over the ",
                      document.name, " as it is on disk"),
                  cat("sign the ", document.name, " again; it may not be changed afterwards"));
}

std::function<bool(json::Cursor&)> time_into(std::optional<Timestamp>& out) {
  return [&out](json::Cursor& cursor) {
    std::string text;
    if (!text_into(text)(cursor)) return false;
    out = parse_relaxed_rfc3339(text);
    return true;
  };
}

Error malformed(std::string_view name, std::string_view why) {
  return rejected(cat("the ", name, " is malformed: ", why));
}

Error does_not_match(std::string_view name, std::string_view member, std::string_view is,
                     std::string_view wanted) {
  return rejected(
      cat("the ", name, "'s ", member, " ", quoted(is), " does not match ", quoted(wanted)));
}

Status check_window(std::string_view name, Timestamp not_before, Timestamp not_after,
                    Timestamp now) {
  if (not_before <= not_after && not_before <= now && now <= not_after) return {};
  return rejected(
      cat("now is outside the validity window of the ", name, ", ",
          format_rfc3339(not_before, Offset::kZ), " to ", format_rfc3339(not_after, Offset::kZ)),
      "build and sign a new one");
}

constexpr std::string_view kIntentName = "restore intent";

Result<RestoreIntent> parse_intent(const Document& document) {
  RestoreIntent intent;
  std::optional<Timestamp> not_before, not_after;
  const Field fields[] = {
      {"kind", text_into(intent.kind)},
      {"schema_version", count_into(intent.schema_version, 65535)},
      {"p_n_schema_version", count_into(intent.payload_version, 65535)},
      {"deployment_id", text_into(intent.deployment_id)},
      {"active_db_path", text_into(intent.active_db)},
      {"active_event_log_path", text_into(intent.active_log)},
      {"backup_manifest_blake3", text_into(intent.manifest_blake3)},
      {"staged_sqlite_blake3", text_into(intent.store_blake3)},
      {"staged_jsonl_blake3", text_into(intent.ledger_blake3)},
      {"operator_principal_id", text_into(intent.operator_principal_id)},
      {"not_before", time_into(not_before)},
      {"not_after", time_into(not_after)},
      {"accepted_loss_blake3", nullable_text_into(intent.accepted_loss_blake3), false},
      {"site_id", nullable_text_into(intent.site_id), false}};
  if (auto read = read_document(document.bytes, fields); !read.ok()) {
    return malformed(document.name, read.error().message);
  }
  if (!not_before || !not_after)
    return malformed(document.name, "not_before or not_after is no time");
  intent.not_before = *not_before;
  intent.not_after = *not_after;
  return intent;
}

}  // namespace

std::string canonical_or_given(fs::FileSystem& fs, const std::string& path) {
  auto canonical = fs.canonical(path);
  return canonical.ok() ? std::move(canonical).value() : path;
}

std::string operator_principal_id(const crypto::PublicKey& key) {
  return cat("operator:", crypto::blake3_hex(std::string_view(
                              reinterpret_cast<const char*>(key.data()), key.size())));
}

std::string loss_digest(const SemanticDiff& diff, const LedgerComparison& ledger) {
  const json::Object document{{"changes", changes_json(diff)},
                              {"current_head", json::or_null(ledger.current.head)},
                              {"rows_lost", ledger.rows_lost()}};
  return crypto::prefixed_hex(crypto::blake3(json::canonical(document)));
}

json::Object intent_document(const RestoreIntent& intent) {
  json::Object out{{"active_db_path", intent.active_db},
                   {"active_event_log_path", intent.active_log},
                   {"backup_manifest_blake3", intent.manifest_blake3},
                   {"deployment_id", intent.deployment_id},
                   {"kind", intent.kind},
                   {"not_after", format_rfc3339(intent.not_after, Offset::kPlus00)},
                   {"not_before", format_rfc3339(intent.not_before, Offset::kPlus00)},
                   {"operator_principal_id", intent.operator_principal_id},
                   {"p_n_schema_version", intent.payload_version},
                   {"schema_version", intent.schema_version},
                   {"staged_jsonl_blake3", intent.ledger_blake3},
                   {"staged_sqlite_blake3", intent.store_blake3}};
  if (intent.accepted_loss_blake3) out.add("accepted_loss_blake3", *intent.accepted_loss_blake3);
  if (intent.site_id) out.add("site_id", *intent.site_id);
  out.sort();
  return out;
}

Result<ReadIntent> read_intent(fs::FileSystem& fs, const std::string& path,
                               const std::string& signature_path, const crypto::PublicKey& key) {
  CORTEX_ASSIGN(const Document document, read_signed(fs, kIntentName, path));
  CORTEX_ASSIGN(RestoreIntent intent, parse_intent(document));
  CORTEX_TRY(check_principal(document, intent.operator_principal_id, key));
  CORTEX_TRY(check_signature(fs, document, signature_path, key));
  return ReadIntent{std::move(intent), document.blake3()};
}

Status check_intent(fs::FileSystem& fs, const RestoreIntent& intent, const IntentFacts& facts) {
  if (intent.kind != kIntentKind)
    return does_not_match(kIntentName, "kind", intent.kind, kIntentKind);
  if (intent.schema_version != 1 || intent.payload_version != 1) {
    return rejected(cat("the restore intent's schema_version ", intent.schema_version,
                        " or p_n_schema_version ", intent.payload_version, " does not match 1"));
  }
  CORTEX_TRY(check_window(kIntentName, intent.not_before, intent.not_after, facts.now));
  struct Row {
    std::string_view member;
    std::string is, wanted;
  };
  const Row places[] = {{"deployment_id", intent.deployment_id, facts.deployment_id},
                        {"active_db_path", canonical_or_given(fs, intent.active_db),
                         canonical_or_given(fs, facts.active_db)},
                        {"active_event_log_path", canonical_or_given(fs, intent.active_log),
                         canonical_or_given(fs, facts.active_log)}};
  for (const Row& row : places) {
    if (row.is != row.wanted) return does_not_match(kIntentName, row.member, row.is, row.wanted);
  }
  if (intent.site_id && intent.site_id != facts.site_id) {
    return does_not_match(kIntentName, "site_id", *intent.site_id, facts.site_id.value_or("none"));
  }
  const Row digests[] = {{"backup_manifest_blake3", intent.manifest_blake3, facts.manifest_blake3},
                         {"staged_sqlite_blake3", intent.store_blake3, facts.store_blake3},
                         {"staged_jsonl_blake3", intent.ledger_blake3, facts.ledger_blake3}};
  for (const Row& row : digests) {
    if (row.is == row.wanted) continue;
    return rejected(cat("digest mismatch: the restore intent's ", row.member, " is ",
                        quoted(row.is), ", what is to be restored has ", row.wanted),
                    "build the intent for this bundle");
  }
  return {};
}

Result<Takeover> read_takeover(fs::FileSystem& fs, const std::string& path,
                               const std::string& signature_path, const crypto::PublicKey& key,
                               const TakeoverFacts& facts) {
  CORTEX_ASSIGN(const Document document, read_signed(fs, "takeover attestation", path));
  std::string kind, deployment;
  std::uint64_t version = 0, pid = 0;
  std::optional<Timestamp> acquired, not_before, not_after;
  Takeover takeover;
  const Field fields[] = {{"kind", text_into(kind)},
                          {"schema_version", count_into(version, 65535)},
                          {"deployment_id", text_into(deployment)},
                          {"operator_principal_id", text_into(takeover.operator_principal_id)},
                          {"stale_pid", count_into(pid, 0xffffffffU)},
                          {"stale_acquired_at", time_into(acquired)},
                          {"justification", text_into(takeover.justification)},
                          {"not_before", time_into(not_before)},
                          {"not_after", time_into(not_after)}};
  if (auto read = read_document(document.bytes, fields); !read.ok()) {
    return malformed(document.name, read.error().message);
  }
  if (!acquired || !not_before || !not_after) return malformed(document.name, "a time is no time");
  if (kind != kTakeoverKind) return does_not_match(document.name, "kind", kind, kTakeoverKind);
  if (version != 1) return does_not_match(document.name, "schema_version", cat(version), "1");
  CORTEX_TRY(check_window(document.name, *not_before, *not_after, facts.now));
  if (deployment != facts.deployment_id) {
    return does_not_match(document.name, "deployment_id", deployment, facts.deployment_id);
  }
  if (pid != facts.marker.pid) {
    return malformed(document.name,
                     cat("its stale_pid ", pid, " does not match the marker's ", facts.marker.pid));
  }
  if (*acquired != facts.marker.acquired_at) {
    return malformed(document.name,
                     "its stale_acquired_at does not match the marker's acquired_at");
  }
  if (trim(takeover.justification).empty())
    return malformed(document.name, "a blank justification");
  CORTEX_TRY(check_principal(document, takeover.operator_principal_id, key));
  CORTEX_TRY(check_signature(fs, document, signature_path, key));
  takeover.blake3 = document.blake3();
  return takeover;
}

}  // namespace cortex::bundle
