// `audit verify --signed`: the signatures of all rows, and whether their keys were entitled to sign
// (docs/formats.md, "Signed rows" and "Authority timelines").
//
// The signatures are checked within the pass over the ledger. Every row is judged at the time at
// which it was signed, by the timelines of the store, which is only read. A key that a rotation
// made active and that no timeline knows acts with the authority of the key that signed the
// rotation; that row was judged itself.
#include <algorithm>
#include <memory>
#include <utility>

#include "app/audit_section.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "store/open.h"
#include "store/timelines.h"
#include "trust/timelines.h"

namespace cortex::app {
namespace {

using trust::Outcome;

constexpr std::string_view kSignedRule = "audit.verify.signed_chain_closure";
constexpr std::string_view kAuthorityRule = "audit.verify.temporal_authority";
constexpr std::string_view kRevalidationFailed =
    "audit.verify.operator_temporal_authority.revalidation_failed";
constexpr std::string_view kKeyIdWarning = "audit.verify.key_id_mismatch";
constexpr trust::Tier kMinimumTier = trust::Tier::kVerified;

struct SignedMode {
  crypto::PublicKey key{};
  std::string key_id;
  std::string ledger_id;
  Timestamp now;
  bool strict = false;
  trust::Timelines timelines;
  std::string timelines_fault;  // why they could not be read, or empty

  trust::Authority judge(std::string_view id, Timestamp at) const {
    return trust::revalidate(timelines.evidence(id, at, now), kMinimumTier);
  }
};

Error signed_usage(std::string message, std::string next) {
  return make_error(Code::kUsage, std::move(message), "nothing was changed", std::move(next));
}

// The one key that the flags name.
Result<crypto::PublicKey> read_key(Services& services, const VerifyRequest& request) {
  if (request.verification_key && request.attestation) {
    return signed_usage("--verification-key and --attestation both name the key",
                        "give one of them: a public key is enough");
  }
  if (request.verification_key) {
    return crypto::read_public_key(services.fs, *request.verification_key);
  }
  if (request.attestation) {
    CORTEX_ASSIGN(const crypto::SigningKey key,
                  crypto::read_signing_key(services.fs, *request.attestation));
    return key.public_key();
  }
  return make_error(Code::kPrecondition, "--signed needs the key of the first row",
                    "nothing was changed",
                    "name the file of the public key with --verification-key");
}

// The store that knows the keys: that of the layout, else the default one.
Result<std::string> authority_store(Services& services, const VerifyRequest& request) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(request.layout.db_path));
  if (info.kind != fs::Kind::kMissing || !request.default_db) return request.layout.db_path;
  return *request.default_db;
}

Status read_authority(Services& services, const VerifyRequest& request, SignedMode& mode) {
  CORTEX_ASSIGN(const std::string path, authority_store(services, request));
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(path));
  if (info.kind == fs::Kind::kMissing) return {};  // nobody is known there
  return store::inspect(services.fs, path, [&mode](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(mode.timelines, store::read_timelines(db));
    return {};
  });
}

// What a judgement weighs, and how it is told.
struct Weighed {
  Outcome outcome = Outcome::kAllow;
  std::string reason;
};

void weigh(Weighed& worst, Outcome outcome, std::string reason) {
  if (!worst.reason.empty() && outcome <= worst.outcome) return;
  worst = {outcome, std::move(reason)};
}

std::string refusal(std::string_view who, const trust::Authority& authority) {
  return cat(kRevalidationFailed, ": ", who, ": ", authority.joined_reasons());
}

Weighed weigh_use(const SignedMode& mode, const ledger::SignerUse& use) {
  const trust::Authority authority = mode.judge(use.key_id, use.first_signed_at);
  const std::string who =
      cat("key ", use.key_id, ", ", counted(use.rows, "row"), " from row ", use.first_line, " on");
  if (authority.outcome() != Outcome::kAllow) {
    return {authority.outcome(), refusal(who, authority)};
  }
  return {Outcome::kAllow, cat("entitled when they were signed: ", who)};
}

// A key id that the store binds to another public key is not this key.
const std::string* other_binding(const SignedMode& mode, const std::string& key_id) {
  const std::string* bound = mode.timelines.bound_key(key_id);
  return bound != nullptr && *bound != key_id ? bound : nullptr;
}

Weighed weigh_authority(const SignedMode& mode, const ledger::SignedReport& report) {
  if (!mode.timelines_fault.empty()) {
    return {Outcome::kReject, cat(kRevalidationFailed, ": ", mode.timelines_fault)};
  }
  Weighed worst;
  if (const std::string* bound = other_binding(mode, mode.key_id)) {
    weigh(worst, Outcome::kReject,
          cat(kRevalidationFailed, ": key id ", mode.key_id, " belongs to another public key, ",
              *bound));
  }
  for (const ledger::SignerUse& use : report.uses) {
    const bool by_rotation = use.key_id != mode.key_id && !mode.timelines.knows(use.key_id);
    if (by_rotation) continue;
    Weighed weighed = weigh_use(mode, use);
    weigh(worst, weighed.outcome, std::move(weighed.reason));
  }
  if (!worst.reason.empty()) return worst;
  // Nothing was signed by a known key: the key itself, as of now.
  const trust::Authority authority = mode.judge(mode.key_id, mode.now);
  const std::string who = cat("key ", mode.key_id, ", no row");
  if (authority.outcome() != Outcome::kAllow) {
    return {authority.outcome(), refusal(who, authority)};
  }
  return {Outcome::kAllow, cat("entitled now: ", who)};
}

json::Value uses_json(const SignedMode& mode, const ledger::SignedReport& report) {
  json::Array out;
  for (const ledger::SignerUse& use : report.uses) {
    const trust::Authority authority = mode.judge(use.key_id, use.first_signed_at);
    json::Array reasons;
    for (const std::string_view reason : authority.reasons) reasons.emplace_back(reason);
    out.emplace_back(
        json::Object{{"key_id", use.key_id},
                     {"registered", mode.timelines.knows(use.key_id)},
                     {"rows", use.rows},
                     {"first_line", use.first_line},
                     {"first_signed_at", format_rfc3339(use.first_signed_at, Offset::kZ)},
                     {"last_signed_at", format_rfc3339(use.last_signed_at, Offset::kZ)},
                     {"reasons", std::move(reasons)}});
  }
  return out;
}

void add_member(const SignedMode& mode, const ledger::SignedReport& report, Finding& finding) {
  json::Object member{{"key_id", mode.key_id},
                      {"ledger_id", mode.ledger_id},
                      {"rows_verified", report.rows_verified},
                      {"signers", uses_json(mode, report)}};
  if (!report.rotated_to.empty()) member.add("rotated_to", json::array_of(report.rotated_to));
  if (report.foreign_key_ids > 0) {
    member.add("warnings", json::Array{json::Object{{"invariant", kKeyIdWarning},
                                                    {"rows", report.foreign_key_ids},
                                                    {"first_line", report.first_foreign_line}}});
  }
  finding.members.add("signed_verification", std::move(member));
  finding.members_last = true;
}

void note_foreign_key_ids(const SignedMode& mode, const ledger::SignedReport& report,
                          Finding& finding) {
  if (report.foreign_key_ids == 0) return;
  std::string text =
      cat(counted(report.foreign_key_ids, "row"),
          " print the id of another key than they verify under, the first one is row ",
          report.first_foreign_line);
  finding.notes.push_back(cat("warning: invariant=", kKeyIdWarning, " ", text));
  if (!mode.strict || finding.code != Code::kOk) return;
  finding.code = Code::kIntegrity;
  finding.error = make_error(Code::kIntegrity, cat(text, " (--strict)"));
  finding.error->token = kKeyIdWarning;
}

Finding judge(const SignedMode& mode, const Pass& pass) {
  const ledger::SignedReport& report = pass.chain.signatures;
  const bool holds = pass.chain.closed();
  Finding finding;
  add_member(mode, report, finding);
  add_verdict(finding, kSignedRule, trust::EdgeKind::kSignature, "signed_chain_closure", holds,
              holds ? cat("every row is signed, ", counted(report.rows_verified, "signature"))
                    : cat(counted(pass.chain.failures_total, "failure"), " in ",
                          counted(pass.chain.rows, "row")));
  Weighed authority = weigh_authority(mode, report);
  if (authority.outcome >= Outcome::kQuarantine) {
    finding.error = make_error(Code::kIntegrity, authority.reason);
    finding.error->unchanged = "nothing was changed";
    finding.error->next = "see the key's history with `cortex key list`";
  }
  finding.votes.push_back(
      {std::string(kAuthorityRule), authority.outcome, std::move(authority.reason)});
  note_foreign_key_ids(mode, report, finding);
  finding.runtime_mode = trust::RuntimeMode::kSignedLocalLedger;
  return finding;
}

}  // namespace

Result<std::optional<Section>> signed_section(Services& services, const VerifyRequest& request,
                                              ledger::VerifyOptions& pass) {
  if (!request.signed_rows) {
    const bool renamed = request.ledger_id && request.attestation_keys.empty();
    if (!request.verification_key && !request.attestation && !renamed) {
      return std::optional<Section>();
    }
    return signed_usage("--verification-key, --attestation and --ledger-id go with --signed",
                        "add --signed, or leave them out");
  }
  auto mode = std::make_shared<SignedMode>();
  CORTEX_ASSIGN(mode->key, read_key(services, request));
  mode->key_id = crypto::key_id(mode->key);
  mode->ledger_id = request.ledger_id.value_or(
      ledger::ledger_id_of(request.layout.event_log_path, ledger::kSignedRowsLedgerId));
  mode->now = services.clock.now();
  mode->strict = request.strict;
  if (const Status read = read_authority(services, request, *mode); !read.ok()) {
    mode->timelines_fault = cat("the store cannot be read: ", read.error().message);
  }
  pass.signed_chain = ledger::SignedChain{
      mode->key, mode->ledger_id, [mode](std::string_view key_id, Timestamp signed_at) {
        return trust::judgement_code(mode->judge(key_id, signed_at));
      }};
  const Judge judge_rows = [mode](const Pass& seen) { return judge(*mode, seen); };
  return std::optional<Section>(Section{.judge = judge_rows, .when_ended = judge_rows});
}

}  // namespace cortex::app
