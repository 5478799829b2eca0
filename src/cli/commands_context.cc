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

constexpr Command kCommands[] = {
    {.path = "proof memory",
     .about = "Show what stands behind a memory, link by link",
     .task = Task::kProve,
     .positionals = kMemoryId,
     .flags = kProofFlags,
     .example = "cortex proof memory mem_01KG0000000000000000000001",
     .available = true},
    {.path = "memory admit-axiom",
     .about = "Judge an axiom envelope; nothing is stored",
     .task = Task::kProve,
     .flags = kAxiomFlags,
     .example = "cortex memory admit-axiom --file envelope.json",
     .own_json = true,
     .available = true},
};

}  // namespace

std::span<const Command> context_commands() { return kCommands; }

}  // namespace cortex::cli
