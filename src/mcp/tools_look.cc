// Tools that look at the store, the ledger and the server, and change nothing.
#include <utility>

#include "app/audit.h"
#include "app/doctor.h"
#include "app/look.h"
#include "app/status.h"
#include "base/text.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

// ---- cortex_config

constexpr std::string_view kLlmBackends[] = {"offline", "ollama", "claude", "openai-compat"};
constexpr std::string_view kEmbeddingBackends[] = {"stub", "ollama"};
constexpr Field kConfigGives[] = {
    {.name = "llm_backend", .required = true, .choices = kLlmBackends},
    {.name = "llm_model", .required = true, .nullable = true},
    {.name = "llm_endpoint", .required = true, .nullable = true},
    {.name = "embedding_backend", .required = true, .choices = kEmbeddingBackends},
    {.name = "embedding_model", .required = true, .nullable = true},
    {.name = "embedding_endpoint", .required = true, .nullable = true},
    {.name = "mcp_auto_commit", .type = Type::kSwitch, .required = true},
};

Result<json::Object> run_config(const Call& call) { return to_json(call.host.settings); }

// ---- cortex_doctor

constexpr Field kDoctorTakes[] = {
    {.name = "deep",
     .type = Type::kSwitch,
     .about = "also check the hash chain, ledger and store row by row, and SQLite itself; slower",
     .more = "\"default\":false"},
};
constexpr Field kFindings[] = {
    {.name = "ok", .type = Type::kSwitch, .required = true},
    {.name = "issues", .type = Type::kTexts, .required = true},
};

json::Object findings(bool ok, const std::vector<std::string>& issues) {
  return {{"ok", ok}, {"issues", json::array_of(issues)}};
}

// A store that cannot be judged at all is an error; a finding is an answer.
Result<json::Object> run_doctor(const Call& call) {
  const app::StrictReport report =
      app::doctor_strict(call.services(), call.layout(), call.arguments.flag("deep"), true);
  std::vector<std::string> issues = report.failures;
  for (const store::SchemaFailure& failure : report.schema_failures) {
    issues.push_back(failure.text());
  }
  if (report.code == Code::kPrecondition || report.code == Code::kChain) {
    Error error = make_error(Code::kInternal, report.detail);
    error.next = report.next;
    return error;
  }
  if (report.code != Code::kOk && issues.empty()) issues.push_back(report.detail);
  return findings(issues.empty(), issues);
}

// ---- cortex_audit_verify

constexpr Field kAuditGives[] = {
    {.name = "ok", .type = Type::kSwitch, .required = true},
    {.name = "chain_length",
     .type = Type::kWhole,
     .about = "rows of the ledger that were read",
     .required = true},
    {.name = "issues", .type = Type::kTexts, .required = true},
};

Result<json::Object> run_audit_verify(const Call& call) {
  const app::VerifyReport report = app::audit_verify(call.services(), {.layout = call.layout()});
  std::vector<std::string> issues;
  std::uint64_t rows = 0;
  if (!report.chain && report.error) issues.push_back(report.error->message);
  if (report.chain) {
    rows = report.chain->rows;
    for (const ledger::Failure& failure : report.chain->failures) {
      issues.push_back(cat("line ", failure.line, ": event ", failure.event_id, " \xE2\x80\x94 ",
                           failure.invariant.empty() ? "" : cat(failure.invariant, ": "),
                           failure.reason));
    }
    if (const auto more = report.chain->failures_total - report.chain->failures.size(); more > 0) {
      issues.push_back(cat("and ", more, " more"));
    }
  }
  json::Object out = findings(issues.empty(), issues);
  out.add("chain_length", rows);
  return out;
}

// ---- cortex_status, cortex_log, cortex_show

constexpr Field kLookStatusGives[] = {
    {.name = "data_dir", .required = true},
    {.name = "unverified",
     .type = Type::kTexts,
     .about = "what nothing in this answer vouches for",
     .required = true},
    {.name = "next_steps", .type = Type::kTexts, .required = true},
};

Result<json::Object> run_store_status(const Call& call) {
  CORTEX_ASSIGN(const app::StatusReport report, app::status(call.services(), call.layout()));
  return members_of(to_json(report));
}

constexpr Field kLogTakes[] = {
    {.name = "limit",
     .type = Type::kWhole,
     .about = "rows at most, the newest ones",
     .nullable = true,
     .more = "\"default\":20,\"maximum\":500"},
    {.name = "session", .about = "of this session only", .nullable = true},
    {.name = "trace", .about = "of this trace only: trc_...", .nullable = true},
    {.name = "type", .about = "of this event type only: tool_call", .nullable = true},
    {.name = "source", .about = "of this source only: runtime, tool:git", .nullable = true},
    {.name = "since", .about = "observed at or after this RFC 3339 time", .nullable = true},
    {.name = "until", .about = "observed before this RFC 3339 time", .nullable = true},
};
constexpr Field kLogGives[] = {
    {.name = "count", .type = Type::kWhole, .required = true},
    {.name = "events", .type = Type::kObjects, .about = "oldest first", .required = true},
};
constexpr std::size_t kLogRows = 20, kLogRowsMax = 500;

Result<json::Object> run_log(const Call& call) {
  for (const Field& field : kLogTakes) {
    if (field.type == Type::kText) CORTEX_TRY(call.arguments.optional_text(field.name));
  }
  CORTEX_ASSIGN(app::LogFilter filter, app::make_log_filter([&](std::string_view name) {
                  return call.arguments.loose_text(name);
                }));
  CORTEX_ASSIGN(filter.limit, call.arguments.whole("limit", kLogRows, kLogRowsMax));
  CORTEX_ASSIGN(const app::LogReport report, app::log(call.services(), call.layout(), filter));
  return members_of(to_json(report));
}

constexpr Field kShowTakes[] = {
    {.name = "id", .about = "evt_... of a ledger row or mem_... of a memory", .required = true},
};
constexpr Field kShowGives[] = {
    {.name = "kind", .required = true},
    {.name = "id", .required = true},
    {.name = "record", .type = Type::kObject, .required = true},
};

Result<json::Object> run_show(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.arguments.filled_text("id"));
  CORTEX_ASSIGN(const app::Shown shown, app::show(call.services(), call.layout(), id));
  return members_of(to_json(shown));
}

constexpr Tool kLookTools[] = {
    {.name = "cortex_config",
     .title = "Settings",
     .about = "Shows the effective model, embedding and commit settings, without secrets.",
     .gives = kConfigGives,
     .run = run_config},
    {.name = "cortex_doctor",
     .title = "Check the store",
     .about = "Checks the schema of the store and the version boundary of the ledger; with deep "
              "everything else too. Lists what is wrong.",
     .tier = Tier::kSupervised,
     .takes = kDoctorTakes,
     .gives = kFindings,
     .list = "issues",
     .run = run_doctor},
    {.name = "cortex_audit_verify",
     .title = "Verify the ledger",
     .about = "Verifies the ledger's hash chain from the first row to the last. Signatures are not "
              "checked here.",
     .tier = Tier::kSupervised,
     .gives = kAuditGives,
     .list = "issues",
     .run = run_audit_verify},
    {.name = "cortex_status",
     .title = "Status",
     .about = "What is there and is it in order: ledger, store, mirror, last backup, next steps. "
              "Verifies nothing.",
     .gives = kLookStatusGives,
     .run = run_store_status},
    {.name = "cortex_log",
     .title = "Ledger rows",
     .about = "The newest rows of the ledger that match, oldest first.",
     .takes = kLogTakes,
     .gives = kLogGives,
     .list = "events",
     .run = run_log},
    {.name = "cortex_show",
     .title = "Show a record",
     .about = "The ledger row or store record that an id names.",
     .takes = kShowTakes,
     .gives = kShowGives,
     .run = run_show},
};

}  // namespace

std::span<const Tool> look_tools() { return kLookTools; }

}  // namespace cortex::mcp
