#include "app/audit.h"

#include <memory>
#include <utility>

#include "app/audit_section.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/tail.h"

namespace cortex::app {
namespace {

constexpr std::string_view kChainRule = "audit.verify.hash_chain_closure";
constexpr std::string_view kFrom = "audit.verify";

// In the order in which they are judged.
constexpr MakeSection* kSections[] = {
    registry_section, signed_section,   boundary_section,    against_section,
    history_section,  external_section, attestation_section, coverage_section,
    tree_section,     since_section,    mirror_section,
};

Error audit_precondition(Error error) {
  if (error.code == Code::kInternal) error.code = Code::kPrecondition;
  if (error.unchanged.empty()) error.unchanged = "nothing was changed";
  return error;
}

// Collects what the sections say, in order.
class Composition {
 public:
  explicit Composition(VerifyReport& report) : report_(report) {}

  void take(Finding finding) {
    if (report_.code == Code::kOk && finding.code != Code::kOk) {
      report_.code = finding.code;
      report_.error = std::move(finding.error);
    } else if (finding.error && !blocking_) {
      blocking_ = std::move(finding.error);
    }
    for (auto& vote : finding.votes) votes_.push_back(std::move(vote));
    for (auto& edge : finding.edges.verified) report_.closure.verified.push_back(std::move(edge));
    for (auto& edge : finding.edges.failing) report_.closure.failing.push_back(std::move(edge));
    for (auto& member : finding.members) {
      json::Object& members = finding.members_last ? last_members_ : report_.members;
      members.add(member.first, std::move(member.second));
    }
    for (auto& line : finding.results) report_.results.push_back(std::move(line));
    for (auto& line : finding.notes) report_.notes.push_back(std::move(line));
    if (finding.runtime_mode) runtime_mode_ = *finding.runtime_mode;
  }

  void finish() {
    for (auto& member : last_members_) {
      report_.members.add(member.first, std::move(member.second));
    }
    report_.decision = trust::compose(std::move(votes_));
    if (report_.code == Code::kOk && report_.decision.blocked()) {
      report_.code = Code::kIntegrity;
      report_.error = blocking_ ? std::move(blocking_) : refused();
      report_.error->code = Code::kIntegrity;
    }
    report_.truth.proof_state = trust::ProofState::kUnknown;
    if (report_.code == Code::kOk) {
      report_.truth.proof_state = trust::ProofState::kFullChainVerified;
      report_.truth.runtime_mode = runtime_mode_;
    } else if (report_.code == Code::kIntegrity || report_.code == Code::kChain) {
      report_.truth.proof_state = trust::ProofState::kBroken;
    }
  }

 private:
  Error refused() const {
    const trust::Contribution& vote = report_.decision.contributing.front();
    return make_error(Code::kIntegrity, cat(vote.rule_id, ": ", vote.reason));
  }

  VerifyReport& report_;
  std::vector<trust::Contribution> votes_;
  json::Object last_members_;
  std::optional<Error> blocking_;
  trust::RuntimeMode runtime_mode_ = trust::RuntimeMode::kLocalUnsigned;
};

// The run ended before anything could be said about the rows.
Finding ledger_unreadable(Error error) {
  Finding finding;
  finding.code = error.code;
  add_verdict(finding, kChainRule, trust::EdgeKind::kHashChain, "hash_chain_closure", false,
              error.message);
  finding.error = std::move(error);
  return finding;
}

Error broken_chain(const ledger::ChainReport& chain) {
  Error error = make_error(Code::kIntegrity, "");
  if (!chain.closed()) {
    const ledger::Failure& first = chain.failures.front();
    error.message =
        cat("the ledger is not what was written: ", counted(chain.failures_total, "failure"),
            " in ", counted(chain.rows, "row"), ", the first one in row ", first.line, " (",
            first.event_id, ")");
    error.next = "compare with the ledger of your last backup";
  } else {
    error.message = cat("the ledger holds ", counted(chain.duplicates.total, "repeated event id"),
                        " (--strict)");
    error.next = "see them with --json";
  }
  error.unchanged = "nothing was changed";
  return error;
}

Finding judge_chain(const ledger::ChainReport& chain, bool strict) {
  const std::uint64_t repeated = chain.duplicates.total;
  const bool holds = chain.closed() && !(strict && repeated > 0);
  std::string reason = chain.closed() ? cat("the chain is closed over ", counted(chain.rows, "row"))
                                      : cat(counted(chain.failures_total, "failure"), " in ",
                                            counted(chain.rows, "row"));
  if (repeated > 0) {
    reason += cat("; audit.verify.duplicate_event_ids: ", counted(repeated, "repeated id"));
  }
  Finding finding;
  if (chain.erased_rows > 0) {
    finding.results.push_back(
        cat(counted(chain.erased_rows, "row"), " erased on purpose, as operations of it say"));
  }
  if (chain.erasures_pending > 0) {
    finding.notes.push_back(
        cat("warning: audit.erasure.pending: ", counted(chain.erasures_pending, "row"),
            " recorded as erased and not erased yet; run the same"
            " `cortex memory forget` again"));
  }
  add_verdict(finding, kChainRule, trust::EdgeKind::kHashChain, "hash_chain_closure", holds,
              std::move(reason));
  if (!holds) {
    finding.code = Code::kIntegrity;
    finding.error = broken_chain(chain);
  }
  return finding;
}

// No part of any row, so that nothing else misses it.
Status look_at_end(const Pass& pass, VerifyReport& report) {
  if (pass.chain.rows == 0 || pass.size_bytes == 0) return {};
  char last = '\n';
  CORTEX_ASSIGN(const std::size_t got, pass.file.read_at(pass.size_bytes - 1, {&last, 1}));
  if (got == 1 && last != '\n') {
    report.notes.push_back(cat("warning: audit.verify.final_newline_missing: row ", pass.chain.rows,
                               " does not end in a newline; the next append puts it there"));
  }
  return {};
}

Status make_sections(Services& services, const VerifyRequest& request, ledger::VerifyOptions& pass,
                     std::vector<Section>& sections) {
  for (const MakeSection* make : kSections) {
    CORTEX_ASSIGN(std::optional<Section> section, make(services, request, pass));
    if (section) sections.push_back(*std::move(section));
  }
  return {};
}

// Reads and judges; an Error means that the rows were not seen.
Status look(Services& services, const VerifyRequest& request, VerifyReport& report,
            Composition& composition) {
  CORTEX_ASSIGN(const std::unique_ptr<fs::File> file, open_audited(services, report.path));
  ledger::VerifyOptions options{.threads = ledger::verify_threads()};
  std::vector<Section> sections;
  CORTEX_TRY(make_sections(services, request, options, sections));
  CORTEX_ASSIGN(const std::uint64_t size_bytes, ledger::settled_size(*file));
  CORTEX_ASSIGN(report.chain, ledger::verify_chain(*file, size_bytes, std::move(options)));
  composition.take(judge_chain(*report.chain, request.strict));
  const Pass pass{*file, size_bytes, *report.chain};
  CORTEX_TRY(look_at_end(pass, report));
  for (const Section& section : sections) {
    const Judge& judge = report.code == Code::kOk ? section.judge : section.when_ended;
    if (judge) composition.take(judge(pass));
  }
  return {};
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

void add_chain(json::Object& out, const ledger::ChainReport& chain) {
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
  if (chain.erased_rows > 0) {
    out.add("erased_rows", chain.erased_rows);
    json::Array erased;
    for (const auto& [line, id] : chain.erased) {
      erased.emplace_back(
          json::Object{{"line", line}, {"event_id", core::id_text(core::IdKind::kEvent, id)}});
    }
    out.add("erased", std::move(erased));
  }
  if (chain.duplicates.rows_checked < chain.rows) {
    out.add("duplicate_check_rows", chain.duplicates.rows_checked);
  }
}

}  // namespace

Result<std::unique_ptr<fs::File>> open_audited(Services& services, const std::string& path,
                                               fs::Open how) {
  auto file = services.fs.open(path, how);
  if (file.ok()) return file;
  Error error = audit_precondition(std::move(file).error());
  if (error.next.empty()) error.next = kNoLedgerNext;
  return error;
}

void add_verdict(Finding& finding, std::string_view rule, trust::EdgeKind kind, std::string_view to,
                 bool holds, std::string reason) {
  if (holds) {
    finding.edges.verified.push_back(
        {kind, std::string(kFrom), std::string(to), std::string(rule)});
  } else {
    finding.edges.failing.push_back(
        {kind, std::string(kFrom), std::string(to), trust::EdgeFailure::kMismatch, reason});
  }
  finding.votes.push_back({std::string(rule),
                           holds ? trust::Outcome::kAllow : trust::Outcome::kReject,
                           std::move(reason)});
}

void add_leaf_function(
    ledger::VerifyOptions& pass,
    std::function<void(std::uint64_t, const ledger::TreeHash&, const Ulid&)> function) {
  pass.on_leaf = [before = std::move(pass.on_leaf), function = std::move(function)](
                     std::uint64_t row, const ledger::TreeHash& leaf, const Ulid& id) -> Status {
    if (before) CORTEX_TRY(before(row, leaf, id));
    function(row, leaf, id);
    return {};
  };
}

VerifyReport audit_verify(Services& services, const VerifyRequest& request) {
  VerifyReport report;
  report.path = request.layout.event_log_path;
  Composition composition(report);
  if (Status seen = look(services, request, report, composition); !seen.ok()) {
    composition.take(ledger_unreadable(audit_precondition(std::move(seen).error())));
  }
  composition.finish();
  return report;
}

json::Value to_json(const VerifyReport& report) {
  json::Object out;
  if (report.chain) out.add("path", report.path);
  out.add("rows_scanned", report.chain ? report.chain->rows : 0);
  out.add("chain_ok", report.chain && report.chain->closed());
  if (report.chain) add_chain(out, *report.chain);
  for (const json::Member& member : report.members) out.add(member.first, member.second);
  out.add("policy_outcome", trust::to_json(report.decision));
  out.add("proof_closure", trust::to_json(report.closure));
  out.add("runtime_mode", trust::runtime_mode_token(report.truth.runtime_mode));
  out.add("proof_state", trust::proof_state_token(report.truth.proof_state));
  out.add("claim_ceiling", trust::claim_ceiling_token(report.truth.effective()));
  out.add("authority_class", trust::authority_class_token(report.truth.authority_class));
  if (report.error) out.add("detail", report.error->text());
  return out;
}

}  // namespace cortex::app
