#include "app/audit.h"

#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/recovery.h"

namespace cortex::app {
namespace {

using trust::Outcome;

constexpr std::string_view kChainRule = "audit.verify.hash_chain_closure";
constexpr std::string_view kBoundaryRule = "audit.verify.v1_to_v2_boundary";
constexpr std::string_view kFrom = "audit.verify";

Error as_precondition(Error error) {
  if (error.code == Code::kInternal) error.code = Code::kPrecondition;
  if (error.unchanged.empty()) error.unchanged = "nothing was changed";
  return error;
}

Result<ledger::ChainReport> read_chain(Services& services, const std::string& path) {
  auto file = services.fs.open(path, fs::Open::kRead);
  if (!file.ok()) {
    Error error = as_precondition(std::move(file).error());
    if (error.next.empty()) error.next = "run `cortex init`, or name the ledger with --event-log";
    return error;
  }
  auto size = ledger::settled_size(**file);
  if (!size.ok()) return as_precondition(std::move(size).error());
  auto chain = ledger::verify_chain(**file, *size, {.threads = ledger::verify_threads()});
  if (!chain.ok()) return as_precondition(std::move(chain).error());
  return chain;
}

// One rule's verdict becomes one vote and one edge of the proof.
struct Verdict {
  std::string_view rule;
  std::string_view to;  // node of the proof
  bool holds = true;
  std::string reason;
};

Verdict judge_chain(const VerifyReport& report, bool strict) {
  Verdict verdict{kChainRule, "hash_chain_closure", true, ""};
  if (!report.chain) {
    verdict.holds = false;
    verdict.reason = report.unreadable->message;
    return verdict;
  }
  const ledger::ChainReport& chain = *report.chain;
  const std::uint64_t repeated = chain.duplicates.total;
  verdict.holds = chain.closed() && !(strict && repeated > 0);
  verdict.reason = chain.closed() ? cat("the chain is closed over ", counted(chain.rows, "row"))
                                  : cat(counted(chain.failures_total, "failure"), " in ",
                                        counted(chain.rows, "row"));
  if (repeated > 0) {
    verdict.reason += cat("; audit.verify.duplicate_event_ids: ", counted(repeated, "repeated id"));
  }
  return verdict;
}

Verdict judge_boundary(const VerifyReport& report) {
  Verdict verdict{kBoundaryRule, "v1_to_v2_boundary", report.boundary_failures->empty(), ""};
  if (!verdict.holds) {
    verdict.reason = report.boundary_failures->front();
  } else {
    verdict.reason = report.boundary_required ? "exactly one boundary row is there"
                                              : "no boundary row was asked for";
  }
  return verdict;
}

void compose(VerifyReport& report, bool strict) {
  std::vector<Verdict> verdicts{judge_chain(report, strict)};
  if (report.boundary_failures) verdicts.push_back(judge_boundary(report));
  std::vector<trust::Contribution> votes;
  for (Verdict& verdict : verdicts) {
    if (verdict.holds) {
      report.closure.verified.push_back({trust::EdgeKind::kHashChain, std::string(kFrom),
                                         std::string(verdict.to), std::string(verdict.rule)});
    } else {
      report.closure.failing.push_back({trust::EdgeKind::kHashChain, std::string(kFrom),
                                        std::string(verdict.to), trust::EdgeFailure::kMismatch,
                                        verdict.reason});
    }
    votes.push_back({std::string(verdict.rule), verdict.holds ? Outcome::kAllow : Outcome::kReject,
                     std::move(verdict.reason)});
  }
  report.decision = trust::compose(std::move(votes));
  report.truth.proof_state = trust::ProofState::kUnknown;
  if (report.code == Code::kOk) report.truth.proof_state = trust::ProofState::kFullChainVerified;
  if (report.code == Code::kIntegrity || report.code == Code::kChain) {
    report.truth.proof_state = trust::ProofState::kBroken;
  }
}

void look(Services& services, const VerifyRequest& request, VerifyReport& report) {
  auto chain = read_chain(services, report.path);
  if (!chain.ok()) {
    report.code = chain.error().code;
    report.unreadable = std::move(chain).error();
    return;
  }
  report.chain = std::move(chain).value();
  if (!report.chain->closed() || (request.strict && report.chain->duplicates.total > 0)) {
    report.code = Code::kIntegrity;
    return;
  }
  report.boundary_failures.emplace();
  if (!request.require_boundary) return;
  report.boundary_failures = ledger::boundary_failures(*report.chain, true);
  if (!report.boundary_failures->empty()) report.code = Code::kSchema;
}

json::Array failures_json(const std::vector<ledger::Failure>& failures) {
  json::Array out;
  for (const ledger::Failure& failure : failures) {
    json::Object row{{"line", failure.line}, {"event_id", failure.event_id}};
    if (!failure.invariant.empty()) row.add("invariant", failure.invariant);
    row.add("reason", failure.reason);
    row.add("file_line", failure.file_line);
    out.emplace_back(std::move(row));
  }
  return out;
}

void add_chain(json::Object& out, const VerifyReport& report) {
  const ledger::ChainReport& chain = *report.chain;
  if (!chain.failures.empty()) out.add("failures", failures_json(chain.failures));
  if (chain.failures_total > chain.failures.size()) {
    out.add("failures_total", chain.failures_total);
  }
  if (chain.duplicates.total > 0) {
    json::Array ids;
    for (const Ulid& id : chain.duplicates.ids) {
      ids.emplace_back(core::id_text(core::IdKind::kEvent, id));
    }
    out.add("duplicate_event_ids", std::move(ids));
  }
  if (chain.duplicates.rows_checked < chain.rows) {
    out.add("duplicate_check_rows", chain.duplicates.rows_checked);
  }
}

std::string line_text(const ledger::RowFault& fault) {
  return cat("line ", fault.place.file_line, " (byte ", fault.place.offset, ") is no event row");
}

}  // namespace

VerifyReport audit_verify(Services& services, const VerifyRequest& request) {
  VerifyReport report;
  report.path = request.layout.event_log_path;
  report.boundary_required = request.require_boundary;
  look(services, request, report);
  compose(report, request.strict);
  return report;
}

json::Value to_json(const VerifyReport& report) {
  json::Object out;
  if (report.chain) out.add("path", report.path);
  out.add("rows_scanned", report.chain ? report.chain->rows : 0);
  out.add("chain_ok", report.chain && report.chain->closed());
  if (report.chain) add_chain(out, report);
  if (report.boundary_failures) {
    out.add("boundary", json::Object{{"required", report.boundary_required},
                                     {"ok", report.boundary_failures->empty()},
                                     {"failures", json::array_of(*report.boundary_failures)}});
  }
  out.add("policy_outcome", trust::to_json(report.decision));
  out.add("proof_closure", trust::to_json(report.closure));
  out.add("runtime_mode", trust::runtime_mode_token(report.truth.runtime_mode));
  out.add("proof_state", trust::proof_state_token(report.truth.proof_state));
  out.add("claim_ceiling", trust::claim_ceiling_token(report.truth.effective()));
  out.add("authority_class", trust::authority_class_token(report.truth.authority_class));
  if (report.unreadable) out.add("detail", report.unreadable->text());
  return out;
}

Result<RepairTailReport> repair_tail(Services& services, const Layout& layout, bool apply) {
  auto file = services.fs.open(layout.event_log_path, apply ? fs::Open::kAppend : fs::Open::kRead);
  if (!file.ok()) return as_precondition(std::move(file).error());
  CORTEX_TRY(
      (*file)->lock(apply ? fs::Lock::kExclusive : fs::Lock::kShared, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(const ledger::SettledTail tail, ledger::settle_tail(services.fs, **file));
  if (tail.fault_is_acknowledged) {
    Error error = ledger::row_error(*tail.fault);
    error.message += "; the rows behind it may have been acknowledged";
    error.unchanged = "nothing was changed";
    error.next = "restore the ledger from a backup";
    return error;
  }
  RepairTailReport report;
  report.torn = tail.torn;
  if (!tail.torn) return report;
  report.what = tail.fault ? line_text(*tail.fault) : "the last row has no end";
  if (!apply) return report;
  CORTEX_ASSIGN(report.torn, ledger::move_aside(services.fs, **file, *tail.torn, services.clock,
                                                services.random));
  report.applied = true;
  return report;
}

json::Value to_json(const RepairTailReport& report) {
  json::Object out{{"torn", report.torn.has_value()}, {"applied", report.applied}};
  if (report.torn) {
    out.add("what", report.what);
    out.add("offset", report.torn->offset);
    out.add("size_bytes", report.torn->size_bytes);
  }
  if (report.applied) out.add("evidence_path", report.torn->evidence_path);
  return out;
}

}  // namespace cortex::app
