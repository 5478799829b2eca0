// `audit verify --since CHECKPOINT`: whether today's ledger extends the one that was signed then
// (docs/formats.md, "Transparency sidecar").
#include <memory>
#include <utility>

#include "app/audit_section.h"
#include "app/log_key.h"
#include "base/text.h"
#include "ledger/tlog/checkpoint.h"
#include "ledger/tlog/tiles.h"

namespace cortex::app {
namespace {

constexpr std::string_view kSinceRule = "audit.verify.since_checkpoint";
constexpr std::string_view kTruncated = "audit.since.truncated";
constexpr std::string_view kRewritten = "audit.since.rewritten";
constexpr std::string_view kSignature = "audit.since.signature_invalid";

// The tree over as many rows as the checkpoint has, built in the pass.
struct Since {
  std::string path;
  ledger::Checkpoint checkpoint;
  bool has_key = false;
  bool is_signed = false;
  ledger::TileBuilder tree;
};

struct SinceVerdict {
  std::string_view status;  // of the report
  std::string_view token;   // empty when it holds
  std::string reason;
};

SinceVerdict judge(const Since& since, std::uint64_t rows) {
  const std::uint64_t size = since.checkpoint.size;
  const std::string then = cat("the checkpoint over ", counted(size, "row"));
  if (since.has_key && !since.is_signed) {
    return {"not_signed", kSignature, cat(then, " is not signed by the key that was given")};
  }
  if (rows < size) {
    return {"truncated", kTruncated,
            cat("rows are missing at the end: the ledger has ", rows, ", ", then)};
  }
  if (since.tree.root() != since.checkpoint.root) {
    return {"rewritten", kRewritten,
            cat("a row among the first ", size, " is not the one it was: the root differs from ",
                then)};
  }
  return {rows == size ? "unchanged" : "extended", "",
          cat("the ledger extends ", then, " by ", counted(rows - size, "row"))};
}

Finding finding_of(const Since& since, std::uint64_t rows) {
  const SinceVerdict verdict = judge(since, rows);
  Finding finding;
  const char* signature = !since.has_key ? "not_checked" : since.is_signed ? "valid" : "invalid";
  finding.members.add("since", json::Object{{"checkpoint_path", since.path},
                                            {"origin", since.checkpoint.origin},
                                            {"checkpoint_rows", since.checkpoint.size},
                                            {"rows", rows},
                                            {"status", verdict.status},
                                            {"signature", signature}});
  if (!since.has_key) {
    finding.notes.push_back(
        "since_signature=not_checked: name the log's key with --checkpoint-key");
  }
  const bool holds = verdict.token.empty();
  std::string reason = holds ? verdict.reason : cat(verdict.token, ": ", verdict.reason);
  if (holds) {
    finding.results.push_back(verdict.reason);
  } else {
    finding.code = Code::kIntegrity;
    finding.error = make_error(Code::kIntegrity, verdict.reason);
    finding.error->token = verdict.token;
    finding.error->unchanged = "nothing was changed";
    finding.error->next = "compare with the ledger of your last backup";
  }
  add_verdict(finding, kSinceRule, trust::EdgeKind::kHashChain, "since_checkpoint", holds,
              std::move(reason));
  return finding;
}

Result<Since> read_since(Services& services, const VerifyRequest& request) {
  Since since;
  since.path = *request.since;
  auto note = fs::read_all(services.fs, since.path, ledger::kNoteBytesMax);
  if (!note.ok()) {
    Error error = with_code(std::move(note).error(), Code::kPrecondition);
    error.next = "check the path of --since and its permissions";
    return error;
  }
  auto read = ledger::parse_checkpoint(*note);
  if (!read.ok()) {
    return with_token(with_code(std::move(read).error(), Code::kPrecondition),
                      "audit.since.malformed");
  }
  since.checkpoint = read->checkpoint;
  if (request.checkpoint_key) {
    CORTEX_ASSIGN(const ledger::VerifierKey key,
                  read_log_key(services.fs, *request.checkpoint_key));
    const std::string& name = key.name.empty() ? since.checkpoint.origin : key.name;
    since.has_key = true;
    since.is_signed =
        name == since.checkpoint.origin && ledger::is_signed_by(read->note, name, key.key);
  }
  return since;
}

}  // namespace

Result<std::optional<Section>> since_section(Services& services, const VerifyRequest& request,
                                             ledger::VerifyOptions& pass) {
  if (!request.since) return std::optional<Section>();
  CORTEX_ASSIGN(Since read, read_since(services, request));
  const auto since = std::make_shared<Since>(std::move(read));
  add_leaf_function(pass, [since](std::uint64_t, const ledger::TreeHash& leaf, const Ulid&) {
    if (since->tree.size() >= since->checkpoint.size) return;
    const auto keep = [](unsigned, std::uint64_t, std::span<const ledger::TreeHash>) {
      return Status();
    };
    static_cast<void>(since->tree.add(leaf, keep).ok());  // `keep` never fails
  });
  const auto judge_pass = [since](const Pass& done) { return finding_of(*since, done.chain.rows); };
  return std::optional<Section>(Section{.judge = judge_pass, .when_ended = judge_pass});
}

}  // namespace cortex::app
