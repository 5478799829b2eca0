// Rows of the commands that judge memories and make them available: proof, search, embeddings,
// context packs, axiom admission.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kAxiomFlags[] = {
    {.name = "file",
     .value_name = "PATH",
     .about = "Envelope to judge",
     .excludes = "json receipt cortex-context-trust axiom-execution-trust authority-feedback-loop"},
    {.name = "json",
     .value_name = "JSON",
     .about = "Envelope to judge, as text",
     .excludes = "file receipt cortex-context-trust axiom-execution-trust authority-feedback-loop"},
    {.name = "receipt",
     .value_name = "PATH",
     .about = "Execution receipt to judge as the envelope it amounts to",
     .excludes = "file json cortex-context-trust axiom-execution-trust authority-feedback-loop"},
    {.name = "cortex-context-trust",
     .value_name = "PATH",
     .about = "Trust exchange: envelope of the context"},
    {.name = "axiom-execution-trust",
     .value_name = "PATH",
     .about = "Trust exchange: envelope of the execution"},
    {.name = "authority-feedback-loop",
     .value_name = "PATH",
     .about = "Trust exchange: envelope of the loop"},
    {.name = "lifecycle",
     .value_name = "STATE",
     .about = "Trust exchange: state that is asked for (default candidate_only)"},
    {.name = "derived-from-quarantined",
     .value_name = "",
     .about = "Trust exchange: it comes from quarantined input"},
    {.name = "token-audience",
     .value_name = "NAME",
     .about = "Trust exchange: audience that the token must name (default cortex-admission)"},
    {.name = "claims",
     .value_name = "PATH",
     .about = "Claims of the runtime about its work, to be put in words of Cortex"},
};

constexpr std::string_view kProofDepths[] = {"rows", "hashes", "ledger"};
constexpr std::string_view kProofLimits[] = {"partial", "broken"};
constexpr Flag kProofFlags[] = {
    {.name = "fail-on",
     .value_name = "STATE",
     .about = "Exit with an error when the proof is in this state or a worse one",
     .choices = kProofLimits},
    {.name = "depth",
     .value_name = "DEPTH",
     .about = "How far to look (default ledger: from its first row)",
     .choices = kProofDepths},
    kDbFlag,
    kEventLogFlag,
};
constexpr Positional kMemoryId[] = {
    {.name = "id", .value_name = "MEMORY_ID", .about = "Id of a memory: mem_..."},
};

constexpr std::string_view kScoreVersions[] = {"1", "2"};
constexpr std::string_view kStatuses[] = {"active", "candidate", "pending_mcp_commit", "rejected",
                                          "superseded"};
constexpr std::string_view kOrders[] = {"score", "lexical"};
constexpr Flag kTagFlag = {.name = "tag",
                           .value_name = "TAG",
                           .about = "Only memories with this tag",
                           .repeatable = true,
                           .form = Form::kMaybeEmpty};
constexpr Flag kSearchAsOf = {.name = "as-of",
                              .value_name = "TIME",
                              .about = "What was believed then: an RFC 3339 time or a date",
                              .excludes = "fuzzy strict status"};
constexpr Flag kBuildAsOf = {.name = "as-of",
                             .value_name = "TIME",
                             .about = "What was believed then; the pack is not kept",
                             .excludes = "fuzzy strict"};
constexpr Flag kSearchFlags[] = {
    kSearchAsOf,
    {.name = "explain", .value_name = "", .about = "Show how each score comes about"},
    kTagFlag,
    {.name = "fuzzy", .value_name = "", .about = "Find misspelt words too"},
    {.name = "semantic", .value_name = "", .about = "Compare meanings where there are vectors"},
    {.name = "snippet", .value_name = "", .about = "Show the part of the claim that matched"},
    {.name = "limit",
     .value_name = "N",
     .about = "Show N matches at most (default 10)",
     .form = Form::kCount},
    {.name = "offset", .value_name = "N", .about = "Leave out the first N"},
    {.name = "min-score", .value_name = "F", .about = "Leave out matches that score less"},
    {.name = "since", .value_name = "TIME", .about = "Only what was said or made since then"},
    {.name = "status",
     .value_name = "STATUS",
     .about = "Memories of this status (default active)",
     .repeatable = true,
     .choices = kStatuses},
    {.name = "order",
     .value_name = "ORDER",
     .about = "What comes first (default score)",
     .choices = kOrders},
    {.name = "score-version",
     .value_name = "N",
     .about = "Arithmetic of the scores; 1 is the reference's (default 2)",
     .choices = kScoreVersions},
    {.name = "strict",
     .value_name = "",
     .about = "Refuse everything where one active memory may not be used"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Positional kQuery[] = {
    {.name = "query", .value_name = "QUERY", .about = "Words to look for"},
};
constexpr Flag kEmbedFlags[] = {
    {.name = "preview", .value_name = "", .about = "Only count what would be embedded"},
    {.name = "model",
     .value_name = "MODEL",
     .about = "Model of the server",
     .form = Form::kMaybeEmpty},
    {.name = "endpoint",
     .value_name = "URL",
     .about = "Server on this machine (default http://localhost:11434)",
     .form = Form::kMaybeEmpty},
    {.name = "dim",
     .value_name = "N",
     .about = "Numbers in a vector (default 768)",
     .form = Form::kCount},
    kDbFlag,
    kEventLogFlag,
};

constexpr std::string_view kPackModes[] = {"external", "operator"};
constexpr std::string_view kEstimators[] = {"bytes/4", "bytes/3", "chars/4"};
constexpr Flag kContextFlags[] = {
    {.name = "task",
     .value_name = "TEXT",
     .about = "What the pack is for; memories are ranked by it",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "max-tokens", .value_name = "N", .about = "Budget of the pack (default 4096)"},
    {.name = "axiom-constraints",
     .value_name = "",
     .about = "Print the constraints for an axiom runtime instead of the pack"},
    {.name = "boundary-envelope",
     .value_name = "",
     .about = "Print the boundary envelope for another runtime instead of the pack",
     .excludes = "axiom-constraints include-doctrine"},
    kTagFlag,
    kBuildAsOf,
    {.name = "fuzzy", .value_name = "", .about = "Only memories that resemble the task"},
    {.name = "include-doctrine", .value_name = "", .about = "Put doctrine into the pack"},
    {.name = "explain", .value_name = "", .about = "Show scores and the arithmetic of the budget"},
    {.name = "strict",
     .value_name = "",
     .about = "Refuse everything where one memory may not be used"},
    {.name = "strict-budget",
     .value_name = "",
     .about = "Refuse when not every usable memory fits"},
    {.name = "no-persist", .value_name = "", .about = "Keep no record of the pack"},
    {.name = "estimator",
     .value_name = "RULE",
     .about = "How tokens are counted in what is printed (default bytes/4)",
     .choices = kEstimators},
    {.name = "by-span",
     .value_name = "",
     .about = "Take summaries part by part, each with the events it comes from",
     .excludes = "strict-budget"},
    {.name = "mode",
     .value_name = "MODE",
     .about = "Whom the pack is for (default external); an operator's may hold what is personal",
     .choices = kPackModes},
    {.name = "raw-payloads",
     .value_name = "",
     .about = "Put the payloads of the events behind the memories into an operator's pack"},
    {.name = "attestation",
     .value_name = "KEY",
     .about = "Seed file of the operator's key; the pack is signed by it in the ledger"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Command kCommands[] = {
    {.path = "context build",
     .about = "Build a context pack for a task, within a budget",
     .task = Task::kRemember,
     .flags = kContextFlags,
     .example = "cortex context build --task \"fix the release\" --max-tokens 2000"},
    {.path = "memory search",
     .about = "Find active memories by words",
     .task = Task::kRemember,
     .positionals = kQuery,
     .flags = kSearchFlags,
     .example = "cortex memory search \"retrieval ledger\" --explain"},
    {.path = "memory embed",
     .about = "Add vectors from a model server on this machine",
     .task = Task::kRemember,
     .flags = kEmbedFlags,
     .example = "cortex memory embed --preview"},
    {.path = "proof memory",
     .about = "Show what stands behind a memory, link by link",
     .task = Task::kProve,
     .positionals = kMemoryId,
     .flags = kProofFlags,
     .example = "cortex proof memory mem_01KG0000000000000000000001"},
    {.path = "memory admit-axiom",
     .about = "Judge an axiom envelope; nothing is stored",
     .task = Task::kProve,
     .flags = kAxiomFlags,
     .example = "cortex memory admit-axiom --file envelope.json",
     .own_json = true},
};

}  // namespace

std::span<const Command> context_commands() { return kCommands; }

}  // namespace cortex::cli
