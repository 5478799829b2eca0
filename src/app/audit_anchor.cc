#include "app/audit_anchor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/anchor_run.h"
#include "app/audit.h"
#include "app/operations.h"
#include "app/temporal_vote.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "ledger/anchor/register.h"
#include "ledger/tail.h"
#include "ledger/verify.h"

namespace cortex::app {
namespace {

using trust::Outcome;

constexpr std::string_view kSinkRule = "audit.anchor.sink_authority";
constexpr std::uint64_t kHistoryBytesMax = 64U << 20;

struct SinkRow {
  AnchorSink sink;
  std::string_view token;
};
// The first row of a sink is its name.
constexpr SinkRow kSinks[] = {{AnchorSink::kLocalOnly, "local-only"},
                              {AnchorSink::kAppendOnly, "external-append-only"},
                              {AnchorSink::kRekor, "rekor"},
                              {AnchorSink::kOpenTimestamps, "opentimestamps"},
                              {AnchorSink::kOpenTimestamps, "open-timestamps"}};

constexpr std::string_view kForbiddenUses[] = {"compliance_evidence", "cross_system_trust_decision",
                                               "external_reporting"};

Error precondition(Error error) {
  if (error.unchanged.empty()) error.unchanged = "nothing was written";
  return with_code(std::move(error), Code::kPrecondition);
}

// The text of an existing history, "" when there is none yet.
Result<std::string> read_history(Services& services, const std::string& path) {
  const auto info = services.fs.stat(path);
  if (info.ok() && info->kind == fs::Kind::kMissing) return std::string();
  auto text = fs::read_all(services.fs, path, kHistoryBytesMax);
  if (!text.ok()) return precondition(std::move(text).error());
  return text;
}

void refuse_flags(Services& services, const AnchorRequest& request, AnchorReport& report) {
  const bool path = request.sink_path.has_value();
  decide(services, request,
         {.authority = "local_only",
          .reason = path ? "sink_path_requires_external_append_only_sink" : "local_only",
          .outcome = path ? Outcome::kReject : Outcome::kAllow,
          .configured = path},
         nullptr, report);
  Error error = make_error(Code::kUsage, path ? "--sink-path is for --sink external-append-only"
                                              : "--sink-endpoint, --sink-receipt, "
                                                "--sink-receipt-history and --offline are for the "
                                                "sinks rekor and opentimestamps");
  error.unchanged = "nothing was written";
  error.next = "name another --sink, or leave the flag out";
  fail(report, std::move(error));
}

Status write_local(Services& services, const AnchorRequest& request, const std::string& text,
                   AnchorReport& report) {
  if (request.output) {
    CORTEX_TRY(write_exclusively(services, *request.output, text));
    report.output_path = request.output;
  }
  if (request.history) {
    CORTEX_TRY(beside(request.output, append_synced(services, *request.history, text)));
    report.history_path = request.history;
  }
  return {};
}

Status anchor_locally(Services& services, const AnchorRequest& request, AnchorReport& report) {
  std::vector<ledger::Anchor> history;
  std::vector<std::uint64_t> positions;
  if (request.history) {
    CORTEX_ASSIGN(const std::string text, read_history(services, *request.history));
    if (!text.empty()) {
      auto parsed = ledger::parse_anchor_history(text);
      if (!parsed.ok()) return with_context(std::move(parsed).error(), quoted(*request.history));
      history = std::move(parsed).value();
    }
    for (const ledger::Anchor& anchor : history) positions.push_back(anchor.event_count);
  }
  CORTEX_ASSIGN(const ledger::ChainReport chain,
                scan_ledger(services, request.layout, std::move(positions)));
  for (const ledger::Anchor& anchor : history) CORTEX_TRY(ledger::check_anchor(anchor, chain));
  if (!history.empty()) {
    report.results.push_back(cat("audit anchor: history ", *request.history, " verified ",
                                 history.size(), " anchors through event_count ",
                                 history.back().event_count, " (", chain.rows, " rows scanned)"));
  }
  const ledger::Anchor anchor = anchor_of(services, chain);
  const std::string text = anchor_text(anchor);
  AnchorReport decided = report;
  decide(services, request, {.authority = "local_only", .reason = "local_only"}, &chain, decided);
  if (request.strict && decided.decision->blocked()) {
    report = std::move(decided);
    return make_error(Code::kIntegrity, "the decision on this anchor blocks (--strict)",
                      "nothing was written", "see the policy lines, or leave out --strict");
  }
  CORTEX_TRY(write_local(services, request, text, decided));
  report = std::move(decided);
  report.anchor = anchor;
  remember(services, request, {{text, request.history.value_or("")}}, report);
  return {};
}

void run_local(Services& services, const AnchorRequest& request, AnchorReport& report) {
  if (request.sink_path || request.endpoint || request.receipt || request.receipt_history ||
      request.offline) {
    refuse_flags(services, request, report);
    return;
  }
  if (Status done = anchor_locally(services, request, report); !done.ok()) {
    fail(report, std::move(done).error());
  }
}

// A path on this machine cannot be shown to be append-only for whoever writes the ledger.
void run_append_only(Services& services, const AnchorRequest& request, AnchorReport& report) {
  const bool path = request.sink_path.has_value();
  decide(services, request,
         {.authority = path ? "external_path_unproven" : "external_unconfigured",
          .reason = path ? "local_path_cannot_prove_disjoint_append_only_semantics"
                         : "missing_external_sink_path",
          .outcome = path ? Outcome::kQuarantine : Outcome::kReject,
          .configured = path},
         nullptr, report);
  Error error =
      make_error(Code::kPrecondition, "a local path cannot prove that nobody here can rewrite it");
  error.unchanged = "nothing was written";
  error.next = "use the sinks rekor or opentimestamps, or keep --output elsewhere yourself";
  fail(report, std::move(error));
}

}  // namespace

std::string_view anchor_sink_token(AnchorSink sink) {
  return std::ranges::find(kSinks, sink, &SinkRow::sink)->token;
}

std::optional<AnchorSink> parse_anchor_sink(std::string_view text) {
  const auto* row = std::ranges::find(kSinks, text, &SinkRow::token);
  if (row == std::end(kSinks)) return std::nullopt;
  return row->sink;
}

Result<ledger::ChainReport> scan_ledger(Services& services, const Layout& layout,
                                        std::vector<std::uint64_t> positions) {
  auto file = services.fs.open(layout.event_log_path, fs::Open::kRead);
  if (!file.ok()) {
    Error error = precondition(std::move(file).error());
    error.next = kNoLedgerNext;
    return error;
  }
  auto size = ledger::settled_size(**file);
  if (!size.ok()) return precondition(std::move(size).error());
  auto chain = ledger::verify_chain(
      **file, *size, {.threads = ledger::verify_threads(), .positions = std::move(positions)});
  if (!chain.ok()) {
    Error error = std::move(chain).error();
    return error.code == Code::kChain ? error : precondition(std::move(error));
  }
  if (chain->closed() && chain->rows > 0) return chain;
  Error error = make_error(Code::kIntegrity, "the ledger is empty: there is no row to name");
  if (!chain->closed()) {
    const ledger::Failure& first = chain->failures.front();
    error.message = cat("the chain is broken at line ", first.file_line, " (", first.event_id,
                        "): ", first.reason);
  }
  error.unchanged = "nothing was written";
  error.next = chain->closed() ? "record something first" : "run `cortex audit verify`";
  return error;
}

ledger::Anchor anchor_of(Services& services, const ledger::ChainReport& chain) {
  const Timestamp now = services.clock.now();
  return {{now.seconds, 0}, chain.rows, *chain.head};
}

void decide(Services& services, const AnchorRequest& request, const SinkVerdict& verdict,
            const ledger::ChainReport* chain, AnchorReport& report) {
  report.authority = verdict.authority;
  report.sink_reason = verdict.reason;
  report.sink_configured = verdict.configured;
  report.external_authority = verdict.external_authority;
  if (verdict.external_authority) {
    report.truth = {trust::RuntimeMode::kExternallyAnchored, trust::ProofState::kFullChainVerified,
                    trust::AuthorityClass::kVerified, trust::ClaimCeiling::kExternallyAnchored};
  }
  report.decision = trust::compose(
      {{std::string(kSinkRule), verdict.outcome, verdict.reason},
       chain == nullptr ? temporal_vote_unreached("anchor")
                        : temporal_vote(services, request.layout, "anchor", chain->signers)});
}

void fail(AnchorReport& report, Error error) {
  report.code = error.code;
  report.error = std::move(error);
}

Error calendars_not_live(std::string_view unchanged, std::string_view next) {
  return make_error(Code::kPrecondition,
                    "timestamp calendars are not asked unless CORTEX_OTS_LIVE=1 is set",
                    std::string(unchanged), std::string(next));
}

Status write_exclusively(Services& services, const std::string& path, std::string_view bytes) {
  Status written = fs::publish_new(services.fs, path, bytes, 0600);
  if (written.ok()) return written;
  Error error = std::move(written).error();
  if (error.unchanged.empty()) {  // it could not even be created
    error = precondition(std::move(error));
    if (error.next.empty()) {
      error.next = "name a file that does not exist yet, in a folder that does";
    }
  }
  return error;
}

Status append_synced(Services& services, const std::string& path, std::string_view bytes) {
  auto file = services.fs.open(path, fs::Open::kAppendOrCreate);
  if (!file.ok()) return precondition(std::move(file).error());
  CORTEX_TRY((*file)->append(bytes));
  CORTEX_TRY((*file)->sync_all());
  return (*file)->close();
}

Status beside(const std::optional<std::string>& written, Status status) {
  if (status.ok() || !written) return status;
  Error error = std::move(status).error();
  error.unchanged = cat(quoted(*written), " was written, the history was not");
  if (error.next.empty()) error.next = "append the file to the history yourself, or remove it";
  return error;
}

void remember(Services& services, const AnchorRequest& request,
              const std::vector<ledger::WrittenRecord>& records, AnchorReport& report) {
  const Status kept = ledger::register_records(services.fs, request.layout.event_log_path, records);
  if (kept.ok()) return;
  report.notes.push_back(cat("register_not_written: ", kept.error().message));
}

AnchorReport audit_anchor(Services& services, const AnchorRequest& request) {
  AnchorReport report;
  report.sink = request.sink;
  if (Status usable = require_usable_clock(services.clock); !usable.ok()) {
    fail(report, std::move(usable).error());
    return report;
  }
  switch (request.sink) {
    case AnchorSink::kLocalOnly:
      run_local(services, request, report);
      break;
    case AnchorSink::kAppendOnly:
      run_append_only(services, request, report);
      break;
    case AnchorSink::kRekor:
      anchor_to_rekor(services, request, report);
      break;
    case AnchorSink::kOpenTimestamps:
      anchor_to_calendars(services, request, report);
      break;
  }
  return report;
}

json::Value to_json(const AnchorReport& report) {
  json::Object out{{"sink", anchor_sink_token(report.sink)},
                   {"anchor_authority", json::or_null(report.authority)},
                   {"external_anchor_sink_configured", report.sink_configured},
                   {"external_anchor_authority", report.external_authority}};
  if (report.external_status) out.add("external_anchor_authority_status", *report.external_status);
  out.add("anchor_sink_reason", json::or_null(report.sink_reason));
  if (report.anchor) {
    out.add("anchor_text", anchor_text(*report.anchor));
    out.add("event_count", report.anchor->event_count);
    out.add("chain_head_hash", report.anchor->head);
  }
  if (report.output_path) out.add("output_path", *report.output_path);
  if (report.history_path) out.add("history_path", *report.history_path);
  if (report.authority && !report.external_authority) {
    out.add("forbidden_uses", json::Array(std::begin(kForbiddenUses), std::end(kForbiddenUses)));
  }
  out.add("runtime_mode", trust::runtime_mode_token(report.truth.runtime_mode));
  out.add("proof_state", trust::proof_state_token(report.truth.proof_state));
  out.add("claim_ceiling", trust::claim_ceiling_token(report.truth.effective()));
  out.add("authority_class", trust::authority_class_token(report.truth.authority_class));
  if (report.decision) out.add("policy_outcome", trust::to_json(*report.decision));
  for (const json::Member& member : report.rekor) out.add(member.first, member.second);
  if (report.error) out.add("detail", report.error->text());
  return out;
}

}  // namespace cortex::app
