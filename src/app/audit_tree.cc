// What `audit verify` compares the ledger with by itself: how far its rows are covered by row
// hashes, what was promised about its end, and the Merkle tree beside it (docs/formats.md, "Row
// hash", "Local anchor", "Transparency sidecar").
#include <memory>
#include <utility>

#include "app/audit_section.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/promise.h"
#include "ledger/tlog/checkpoint_store.h"
#include "ledger/tlog/tree_check.h"

namespace cortex::app {
namespace {

constexpr std::string_view kCoverageRule = "audit.verify.row_coverage";
constexpr std::string_view kAnchorRule = "audit.verify.local_anchor";
constexpr std::string_view kTreeRule = "audit.verify.local_tree";

// A vote is cast only by what fails: whoever reads the decision finds no rule that was not asked
// for.
void reject(Finding& finding, std::string_view rule, std::string_view to, std::string_view token,
            std::string message, std::string next) {
  finding.code = Code::kIntegrity;
  finding.error = make_error(Code::kIntegrity, message);
  finding.error->token = token;
  finding.error->unchanged = "nothing was changed";
  finding.error->next = std::move(next);
  add_verdict(finding, rule, trust::EdgeKind::kHashChain, to, false, cat(token, ": ", message));
}

Finding judge_coverage(const ledger::ChainReport& chain, bool strict) {
  Finding finding;
  const ledger::Coverage& coverage = chain.coverage;
  finding.members.add("rows_covered", coverage.rows);
  if (coverage.gaps > 0) {
    finding.members.add("rows_uncovered_after_first", coverage.gaps);
    finding.members.add("first_uncovered_row", coverage.first_gap);
    finding.notes.push_back(cat("row_coverage=gaps rows_covered=", coverage.rows,
                                " first_uncovered_row=", coverage.first_gap));
  }
  if (!strict || coverage.gaps == 0) return finding;
  reject(finding, kCoverageRule, "row_coverage", "audit.row_coverage.gap",
         cat(counted(coverage.gaps, "row"), " behind the first covered one carry no row hash, the ",
             "first of them is row ", coverage.first_gap, " (--strict)"),
         "find out which program wrote them");
  return finding;
}

// The state of what stands beside the ledger, read before the pass begins: rows that come later are
// beyond it.
struct Local {
  std::vector<ledger::Promise> promises;
  std::optional<ledger::TreeState> tree;
  std::optional<ledger::TreeCheck> check;
  bool has_folder = false;
  std::vector<std::string> damaged;  // files of the sidecar that are no part of the tree
};

// The last signed checkpoint stands there twice.
void look_at_checkpoints(fs::FileSystem& fs, const std::string& path, Local& local) {
  const std::string folder = ledger::sidecar_path(path);
  const auto names = fs.list(fs::join(folder, "checkpoints"));
  const auto copy = fs::read_all(fs, fs::join(folder, "checkpoint"), ledger::kNoteBytesMax);
  if (!names.ok() && !copy.ok()) return;
  const auto latest = ledger::latest_checkpoint(fs, path);
  if (!latest || !copy.ok() || *latest != *copy) local.damaged.push_back("checkpoint");
}

// The number of rows is a hint that nothing depends on.
void note_wrong_count(const Pass& pass, const Local& local, Finding& finding) {
  for (const ledger::Promise& promise : local.promises) {
    if (promise.head.size_bytes != pass.size_bytes || promise.head.rows == pass.chain.rows)
      continue;
    finding.notes.push_back(cat("local_anchor=wrong_count ", quoted(promise.path)));
  }
}

void judge_anchor(const Pass& pass, const Local& local, bool chain_ended, Finding& finding) {
  if (local.promises.empty()) {
    finding.members.add("local_anchor", json::Object{{"status", "none"}});
    return;
  }
  const auto broken = ledger::find_broken(pass.file, pass.size_bytes, local.promises);
  const ledger::Promise& shown = broken ? broken->promise : local.promises.front();
  json::Object member{{"status", broken ? std::string(broken->token) : "holds"},
                      {"path", shown.path},
                      {"rows", shown.head.rows},
                      {"size_bytes", shown.head.size_bytes}};
  finding.members.add("local_anchor", std::move(member));
  if (!broken) return note_wrong_count(pass, local, finding);
  const std::string message = ledger::describe(*broken, pass.size_bytes);
  if (chain_ended) {
    finding.notes.push_back(cat("local_anchor=", broken->token, ": ", message));
    return;
  }
  reject(finding, kAnchorRule, "local_anchor", broken->token, message,
         "restore the ledger from a backup, or accept it with `cortex audit checkpoint --reset`");
}

void judge_tree(Local& local, bool chain_ended, Finding& finding) {
  if (!local.check) {
    finding.members.add("tree", json::Object{{"status", local.has_folder ? "damaged" : "none"}});
    if (local.has_folder) {
      finding.notes.push_back("tree=damaged state: it is made again when it is next needed");
    }
    return;
  }
  ledger::TreeCheckReport report = local.check->finish();
  for (const std::string& name : local.damaged) report.damaged.push_back(name);
  const bool is_damaged = !report.damaged.empty();
  json::Object member{{"status", report.changed_total > 0 ? "differs"
                                 : is_damaged             ? "damaged"
                                                          : "matches"},
                      {"rows", report.rows_compared}};
  json::Array rows;
  for (const auto& [row, id] : report.changed) {
    const std::string id_text = core::id_text(core::IdKind::kEvent, id);
    rows.emplace_back(json::Object{{"line", row}, {"event_id", id_text}});
    finding.notes.push_back(cat("line ", row, " event_id=", id_text,
                                " invariant=audit.tree.row_changed: the row is not what it was "
                                "when it was appended"));
  }
  if (!rows.empty()) {
    member.add("changed_total", report.changed_total);
    member.add("changed", std::move(rows));
  }
  if (is_damaged) {
    member.add("damaged", json::array_of(report.damaged));
    finding.notes.push_back(cat("tree=damaged ", report.damaged.front(),
                                ": it is made again from the ledger when it is next needed"));
  }
  finding.members.add("tree", std::move(member));
  if (report.changed_total == 0 || chain_ended || finding.code != Code::kOk) return;
  const auto& [row, id] = report.changed.front();
  reject(finding, kTreeRule, "local_tree", "audit.tree.row_changed",
         cat(counted(report.changed_total, "row"), " are not what they were when they were ",
             "appended, the first one is row ", row, " (", core::id_text(core::IdKind::kEvent, id),
             ")"),
         "compare with the ledger of your last backup");
}

}  // namespace

Result<std::optional<Section>> coverage_section(Services&, const VerifyRequest& request,
                                                ledger::VerifyOptions&) {
  const bool strict = request.strict;
  return std::optional<Section>(
      Section{.judge = [strict](const Pass& pass) { return judge_coverage(pass.chain, strict); },
              .when_ended = [](const Pass& pass) { return judge_coverage(pass.chain, false); }});
}

Result<std::optional<Section>> tree_section(Services& services, const VerifyRequest& request,
                                            ledger::VerifyOptions& pass) {
  const auto local = std::make_shared<Local>();
  const std::string& path = request.layout.event_log_path;
  local->promises = ledger::read_promises(services.fs, path);
  local->tree = ledger::read_tree_state(services.fs, path);
  const auto folder = services.fs.stat(ledger::sidecar_path(path));
  local->has_folder = folder.ok() && folder->kind != fs::Kind::kMissing;
  look_at_checkpoints(services.fs, path, *local);
  if (local->tree) {
    local->check.emplace(services.fs, path, *local->tree);
    add_leaf_function(pass, [local](std::uint64_t, const ledger::TreeHash& leaf, const Ulid& id) {
      local->check->add(leaf, id);
    });
  }
  const auto judge = [local](const Pass& done, bool chain_ended) {
    Finding finding;
    judge_anchor(done, *local, chain_ended, finding);
    judge_tree(*local, chain_ended, finding);
    return finding;
  };
  return std::optional<Section>(
      Section{.judge = [judge](const Pass& done) { return judge(done, false); },
              .when_ended = [judge](const Pass& done) { return judge(done, true); }});
}

}  // namespace cortex::app
