// `audit verify --attestations KEY`: every attestation that is stored is checked again
// (docs/formats.md, 7.2): those of what people brought in (audit_records.jsonl) and those of
// operations (signed_operation.h).
//
// A signature counts when its key is one of those named, or one that the timelines let sign then.
// The rows concerned are handed over by the pass; memory is 200 bytes an attestation.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "app/attest.h"
#include "app/audit_section.h"
#include "app/signed_operation.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/key_file.h"
#include "ledger/attestation.h"
#include "ledger/user_attestation.h"
#include "store/open.h"
#include "store/operation.h"
#include "store/timelines.h"
#include "transcript/lines.h"
#include "trust/timelines.h"

namespace cortex::app {
namespace {

using ledger::UserAttestation;

constexpr std::string_view kAttestationRule = "audit.verify.attestation_closure";
constexpr std::string_view kAttestationPrefix = "audit.attestation.";

// An attestation and where it stands in its file.
struct Stored {
  UserAttestation attestation;
  std::uint64_t line = 0;
  bool event_seen = false;
};

struct Fault {
  std::uint64_t row = 0;  // of the ledger; 0: a line of the records
  std::string event_id, token, reason;
};

// A signature that does not hold at the place of its row, to be tried once more when ids are known
// to be repeated: reference 0.1.2 counts distinct ids.
struct Misplaced {
  core::Event event;
  std::uint64_t row = 0;
  UserAttestation attestation;
};

struct Attestations {
  std::string records_path, ledger_id;
  std::set<std::string, std::less<>> trusted;  // key ids that were named
  trust::Timelines timelines;
  Timestamp now;
  bool strict = false;
  std::map<Ulid, std::vector<Stored>> records;
  std::uint64_t verified = 0, operations_verified = 0, faults_total = 0, corrections_missing = 0;
  std::vector<Fault> faults;
  std::vector<Misplaced> misplaced;

  void fail(std::uint64_t row, std::string event_id, std::string_view token, std::string reason) {
    ++faults_total;
    if (faults.size() >= limits::kFailuresShownMax) return;
    faults.push_back({row, std::move(event_id), cat(kAttestationPrefix, token), std::move(reason)});
  }
};

// Why a key's word does not count, or empty.
std::string distrust(const Attestations& all, const OperationSigner& signer) {
  const auto& [key_id, signed_at, tier] = signer;
  if (all.trusted.contains(key_id)) return "";
  const trust::Authority authority =
      trust::revalidate(all.timelines.evidence(key_id, signed_at, all.now), tier);
  if (authority.outcome() == trust::Outcome::kAllow) return "";
  return cat("the key ", key_id, " was not named, and the timelines do not let it sign then: ",
             authority.joined_reasons());
}

void count(Attestations& all, std::uint64_t row, const std::string& id,
           const OperationSigner& signer, std::uint64_t& verified) {
  std::string reason = distrust(all, signer);
  if (reason.empty()) {
    ++verified;
  } else {
    all.fail(row, id, "key_not_trusted", std::move(reason));
  }
}

// --- what people brought in

OperationSigner signer_of(const UserAttestation& attestation) {
  return {attestation.key_id, attestation.signed_at};
}

void check_user_row(Attestations& all, std::uint64_t row, const core::Event& event) {
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  const auto found = all.records.find(event.id);
  if (found == all.records.end()) {
    // Reference 0.1.2 asks for the key of a correction and writes nothing.
    if (event.source.type == core::SourceType::kManualCorrection && !all.strict) {
      ++all.corrections_missing;
    } else {
      all.fail(row, id, "missing", "nobody attests the event");
    }
    return;
  }
  for (Stored& stored : found->second) {
    stored.event_seen = true;
    const UserAttestation& attestation = stored.attestation;
    if (attestation.source != event.source.type) {
      all.fail(row, id, "kind_mismatch",
               cat("line ", stored.line, " attests an event of another source"));
    } else if (ledger::attests(attestation, event, row - 1, all.ledger_id)) {
      count(all, row, id, signer_of(attestation), all.verified);
    } else if (all.misplaced.size() < limits::kFailuresShownMax) {
      all.misplaced.push_back({event, row, attestation});
      all.misplaced.back().event.payload.clear();
    } else {
      all.fail(row, id, "signature_invalid", "the signature did not verify");
    }
  }
}

void settle_misplaced(Attestations& all, std::uint64_t repeated_ids) {
  for (const Misplaced& one : all.misplaced) {
    const std::string id = core::id_text(core::IdKind::kEvent, one.event.id);
    const std::uint64_t tries = std::min<std::uint64_t>(
        {repeated_ids, one.row - 1, std::uint64_t{limits::kFailuresShownMax}});
    bool holds = false;
    for (std::uint64_t less = 1; less <= tries && !holds; ++less) {
      holds = ledger::attests(one.attestation, one.event, one.row - 1 - less, all.ledger_id);
    }
    if (holds) {
      count(all, one.row, id, signer_of(one.attestation), all.verified);
    } else {
      all.fail(one.row, id, "signature_invalid", "the signature did not verify");
    }
  }
}

// --- operations

void check_operation(Attestations& all, std::uint64_t row, const core::Event& event) {
  const auto decoded = store::decode_operation(event, event.payload);
  if (!decoded.ok() || !*decoded) return;  // what it is, is said by --mirror
  const store::OperationRow& operation = **decoded;
  const auto signed_by = operation_signature(operation);
  if (!signed_by.ok()) {
    all.fail(row, operation.event_id, signed_by.error().token, signed_by.error().message);
  } else if (*signed_by && (*signed_by)->key_id.empty()) {
    ++all.operations_verified;
  } else if (*signed_by) {
    count(all, row, operation.event_id, **signed_by, all.operations_verified);
  }
}

bool is_attestable(const core::Event& event, std::string_view payload) {
  if (!ledger::attestation_operation(event.source.type).empty()) return true;
  return store::looks_like_operation(event, payload) && may_be_signed_operation(payload);
}

// --- inputs

void take_record(const transcript::LineReader::Line& line, Attestations& all) {
  const auto malformed = [&](std::string_view why) {
    all.fail(0, "", "malformed", cat(quoted(all.records_path), ", line ", line.number, ": ", why));
  };
  if (line.too_long != 0) return malformed("the line is too long");
  if (is_blank(line.text)) return;
  auto parsed = ledger::parse_user_attestation(line.text);
  if (!parsed.ok()) return malformed(parsed.error().message);
  if (!*parsed) return;
  const Ulid id = (*parsed)->event_id;
  all.records[id].push_back({**std::move(parsed), line.number});
}

Status read_records(Services& services, Attestations& all) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(all.records_path));
  if (info.kind == fs::Kind::kMissing) return {};
  auto file = services.fs.open(all.records_path, fs::Open::kRead);
  if (!file.ok()) return with_code(std::move(file).error(), Code::kPrecondition);
  const transcript::ReadAt read = [&file](std::uint64_t offset, std::span<char> out) {
    return (*file)->read_at(offset, out);
  };
  transcript::LineReader lines(read);
  transcript::LineReader::Line line;
  for (;;) {
    const auto more = lines.next(line);
    if (!more.ok()) return with_code(more.error(), Code::kPrecondition);
    if (!*more) return {};
    take_record(line, all);
  }
}

Status read_inputs(Services& services, const VerifyRequest& request, Attestations& all) {
  all.records_path = audit_records_path(request.layout.data_dir);
  all.ledger_id = request.ledger_id.value_or(
      ledger::ledger_id_of(request.layout.event_log_path, ledger::kIngestLedgerId));
  all.now = services.clock.now();
  all.strict = request.strict;
  for (const std::string& path : request.attestation_keys) {
    CORTEX_ASSIGN(const crypto::PublicKey key, crypto::read_public_key(services.fs, path));
    all.trusted.insert(crypto::key_id(key));
  }
  CORTEX_ASSIGN(const fs::Info store, services.fs.stat(request.layout.db_path));
  if (store.kind != fs::Kind::kMissing) {
    CORTEX_TRY(store::inspect(services.fs, request.layout.db_path,
                              [&all](sqlite::Connection& db) -> Status {
                                CORTEX_ASSIGN(all.timelines, store::read_timelines(db));
                                return {};
                              }));
  }
  return read_records(services, all);
}

// --- what was found

// Attestations whose events are not in the ledger: a crash may leave one, a cut ledger many.
std::uint64_t orphans(const Attestations& all, std::uint64_t& first_line) {
  std::uint64_t total = 0;
  for (const auto& [id, records] : all.records) {
    for (const Stored& stored : records) {
      if (stored.event_seen) continue;
      ++total;
      if (first_line == 0 || stored.line < first_line) first_line = stored.line;
    }
  }
  return total;
}

json::Value member_of(const Attestations& all, std::uint64_t orphaned) {
  json::Array faults;
  for (const Fault& fault : all.faults) {
    json::Object out;
    if (fault.row > 0) out.add("line", fault.row);
    if (!fault.event_id.empty()) out.add("event_id", fault.event_id);
    out.add("invariant", fault.token);
    out.add("reason", fault.reason);
    faults.emplace_back(std::move(out));
  }
  return json::Object{{"records_path", all.records_path},
                      {"verified", all.verified},
                      {"operations_verified", all.operations_verified},
                      {"without_event", orphaned},
                      {"corrections_missing", all.corrections_missing},
                      {"failures_total", all.faults_total},
                      {"failures", std::move(faults)}};
}

std::string place_of(const Fault& fault) {
  return fault.row == 0 ? "" : cat("row ", fault.row, " (", fault.event_id, "): ");
}

Finding judge(Attestations& all, const Pass& pass) {
  settle_misplaced(all, pass.chain.duplicates.total);
  std::uint64_t first_line = 0;
  const std::uint64_t orphaned = orphans(all, first_line);
  if (orphaned > 0 && all.strict) {
    all.fail(0, "", "without_event",
             cat(counted(orphaned, "attestation"),
                 " of events that the ledger does not hold, the"
                 " first in line ",
                 first_line, " of ", quoted(all.records_path), " (--strict)"));
  }
  Finding finding;
  finding.members.add("attestations", member_of(all, orphaned));
  for (const Fault& fault : all.faults) {
    finding.notes.push_back(cat("invariant=", fault.token, " ", place_of(fault), fault.reason));
  }
  if (orphaned > 0 && !all.strict) {
    finding.notes.push_back(cat("warning: ", kAttestationPrefix,
                                "without_event: ", counted(orphaned, "attestation"),
                                " of events that the ledger does not hold"));
  }
  if (all.corrections_missing > 0) {
    finding.notes.push_back(cat("warning: ", kAttestationPrefix,
                                "missing: ", counted(all.corrections_missing, "correction"),
                                " without attestation, as reference 0.1.2 leaves them"));
  }
  const bool holds = all.faults_total == 0;
  std::string reason = cat(counted(all.verified, "attestation"), " of what people brought in, ",
                           counted(all.operations_verified, "signature"), " in operations");
  if (holds) {
    finding.results.push_back(cat("attestations: ", reason));
  } else {
    const Fault& first = all.faults.front();
    reason = cat(counted(all.faults_total, "attestation"),
                 " cannot be relied on, the first one: ", place_of(first), first.reason);
    finding.code = Code::kIntegrity;
    finding.error =
        make_error(Code::kIntegrity, reason, "nothing was changed",
                   "see all of them with --json; name further keys with --attestations");
    finding.error->token = first.token;
  }
  add_verdict(finding, kAttestationRule, trust::EdgeKind::kSignature, "attestation_closure", holds,
              std::move(reason));
  return finding;
}

}  // namespace

Result<std::optional<Section>> attestation_section(Services& services, const VerifyRequest& request,
                                                   ledger::VerifyOptions& pass) {
  if (request.attestation_keys.empty()) return std::optional<Section>();
  auto all = std::make_shared<Attestations>();
  CORTEX_TRY(read_inputs(services, request, *all));
  pass.pick = is_attestable;
  pass.on_picked = [all](std::uint64_t row, const core::Event& event) -> Status {
    if (ledger::attestation_operation(event.source.type).empty()) {
      check_operation(*all, row, event);
    } else {
      check_user_row(*all, row, event);
    }
    return {};
  };
  return std::optional<Section>(
      Section{.judge = [all](const Pass& seen) { return judge(*all, seen); }});
}

}  // namespace cortex::app
