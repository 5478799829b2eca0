// `audit verify --against ANCHOR`, `--against-history HISTORY`: does the ledger hold what was said
// of it before? The positions of all anchors are collected in the one pass over the ledger.
#include <memory>
#include <utility>

#include "app/audit_against.h"
#include "app/audit_section.h"
#include "base/text.h"
#include "ledger/anchor/anchor.h"
#include "ledger/anchor/register.h"

namespace cortex::app {
namespace {

// What was read before the pass, kept until its place in the order of checks.
struct Anchors {
  std::string path;
  std::string text;
  Result<std::vector<ledger::Anchor>> list = std::vector<ledger::Anchor>{};
};

using ParseAnchors = Result<std::vector<ledger::Anchor>> (*)(std::string_view text);

Result<std::vector<ledger::Anchor>> parse_one(std::string_view text) {
  CORTEX_ASSIGN(ledger::Anchor anchor, ledger::parse_anchor(text));
  return std::vector<ledger::Anchor>{std::move(anchor)};
}

std::shared_ptr<Anchors> read_anchors(Services& services, const std::string& path,
                                      ParseAnchors parse, ledger::VerifyOptions& pass) {
  auto anchors = std::make_shared<Anchors>();
  anchors->path = path;
  auto text = read_evidence(services, path);
  if (!text.ok()) {
    anchors->list = std::move(text).error();
    return anchors;
  }
  anchors->text = std::move(text).value();
  anchors->list = parse(anchors->text);
  if (!anchors->list.ok()) return anchors;
  for (const ledger::Anchor& anchor : *anchors->list) {
    pass.positions.push_back(anchor.event_count);
  }
  return anchors;
}

Status check_all(const Anchors& anchors, const ledger::ChainReport& chain) {
  if (!anchors.list.ok()) return anchors.list.error();
  for (const ledger::Anchor& anchor : *anchors.list) {
    CORTEX_TRY(ledger::check_anchor(anchor, chain));
  }
  return {};
}

// The common end of both modes: `add` fills in what a run that holds reports.
template <class Add>
Finding judge(Services& services, const VerifyRequest& request, const Anchors& anchors,
              std::string_view rule, const ledger::ChainReport& chain, const Add& add) {
  Finding finding;
  if (const Status held = check_all(anchors, chain); !held.ok()) {
    refuse_evidence(finding, rule, anchors.path, held.error());
    return finding;
  }
  add(finding);
  check_register(services, request, ledger::kAnchorFormat, anchors.path, anchors.text, rule,
                 finding);
  return finding;
}

}  // namespace

Result<std::string> read_evidence(Services& services, const std::string& path) {
  constexpr std::uint64_t kEvidenceBytesMax = 64U << 20;
  auto text = fs::read_all(services.fs, path, kEvidenceBytesMax);
  if (text.ok()) return text;
  Error error = with_code(std::move(text).error(), Code::kPrecondition);
  error.unchanged = "nothing was changed";
  error.next = "check the path";
  return error;
}

void refuse_evidence(Finding& finding, std::string_view rule, std::string_view path, Error error) {
  error.message = cat(quoted(path), ": ", error.message);
  if (error.unchanged.empty()) error.unchanged = "nothing was changed";
  const std::string reason =
      error.token.empty() ? error.message : cat(error.token, ": ", error.message);
  if (!error.token.empty()) finding.notes.push_back(cat("invariant=", error.token));
  finding.votes.push_back({std::string(rule), trust::Outcome::kReject, reason});
  finding.edges.failing.push_back({trust::EdgeKind::kExternalAnchor, "audit.verify",
                                   std::string(path), trust::EdgeFailure::kAnchorMismatch, reason});
  finding.code = error.code;
  finding.error = std::move(error);
}

void check_register(Services& services, const VerifyRequest& request,
                    const ledger::RecordFormat& format, const std::string& path,
                    std::string_view text, std::string_view rule, Finding& finding) {
  const auto known = ledger::Register::read(services.fs, request.layout.event_log_path);
  if (!known.ok()) {
    refuse_evidence(finding, rule, path, known.error());
    return;
  }
  if (!*known) return;
  const auto warn = [&](std::string_view token, std::string message) {
    Error error = make_error(Code::kIntegrity, std::move(message));
    error.token = token;
    error.next = "compare the file with a copy kept elsewhere";
    if (request.strict) {
      refuse_evidence(finding, rule, path, std::move(error));
      return;
    }
    finding.notes.push_back(cat(error.token, ": ", quoted(path), ": ", error.message));
  };
  // What does not split was refused before.
  const auto lines = (*known)->unknown(format, text);
  if (lines.ok() && !lines->empty()) {
    warn(
        ledger::kNotRegisteredToken,
        cat(counted(lines->size(), format.what),
            " not made of this ledger here, or changed since, the first in line ", lines->front()));
  }
  const auto missing = (*known)->missing(format, text, path);
  if (missing.ok() && *missing > 0) {
    warn(ledger::kRecordMissingToken, cat(counted(*missing, format.what),
                                          " appended to a history of this name, and not in it as"
                                          " they were"));
  }
}

Result<std::optional<Section>> against_section(Services& services, const VerifyRequest& request,
                                               ledger::VerifyOptions& pass) {
  if (!request.against) return std::optional<Section>();
  const auto anchors = read_anchors(services, *request.against, parse_one, pass);
  auto judge_one = [&services, request, anchors](const Pass& seen) {
    return judge(services, request, *anchors, "audit.verify.anchor", seen.chain,
                 [&](Finding& finding) {
                   const std::uint64_t count = anchors->list->front().event_count;
                   finding.members.add("anchor", json::Object{{"anchor_path", anchors->path},
                                                              {"event_count", count},
                                                              {"db_count", seen.chain.rows}});
                   finding.results.push_back(cat("anchor ", anchors->path, " matched event_count ",
                                                 count, " (", seen.chain.rows, " rows scanned)"));
                 });
  };
  return std::optional<Section>(Section{.judge = judge_one});
}

Result<std::optional<Section>> history_section(Services& services, const VerifyRequest& request,
                                               ledger::VerifyOptions& pass) {
  if (!request.against_history) return std::optional<Section>();
  const auto anchors =
      read_anchors(services, *request.against_history, ledger::parse_anchor_history, pass);
  auto judge_all = [&services, request, anchors](const Pass& seen) {
    return judge(services, request, *anchors, "audit.verify.anchor_history", seen.chain,
                 [&](Finding& finding) {
                   const auto& list = *anchors->list;
                   const std::uint64_t latest = list.back().event_count;
                   finding.members.add("anchor_history",
                                       json::Object{{"history_path", anchors->path},
                                                    {"anchors_verified", list.size()},
                                                    {"latest_event_count", latest},
                                                    {"db_count", seen.chain.rows}});
                   finding.results.push_back(cat("anchor history ", anchors->path, " verified ",
                                                 list.size(), " anchors through event_count ",
                                                 latest, " (", seen.chain.rows, " rows scanned)"));
                 });
  };
  return std::optional<Section>(Section{.judge = judge_all});
}

}  // namespace cortex::app
