// Rows of the commands that bring sessions in.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kCloseFormats[] = {"auto",    "cortex",   "claude-code", "jsonl",
                                              "chatgpt", "markdown", "git"};

constexpr Flag kUserAttestationFlag{.name = "user-attestation",
                                    .value_name = "KEY",
                                    .about = "Seed file: attests the lines of people",
                                    .excludes = "mark-user-lines"};
constexpr Flag kMarkUserLinesFlag{
    .name = "mark-user-lines",
    .value_name = "",
    .about = "Keep the lines of people, marked as unattested (default: left out and counted)",
    .excludes = "user-attestation"};

constexpr Flag kCloseFlags[] = {
    {.name = "format",
     .value_name = "FORMAT",
     .about = "What the file is: events of Cortex, or a transcript (default auto)",
     .choices = kCloseFormats},
    kUserAttestationFlag,
    kMarkUserLinesFlag,
    {.name = "dry-run", .value_name = "", .about = "Check the session, write nothing"},
    {.name = "label",
     .value_name = "TEXT",
     .about = "A name for it; kept with what is learned",
     .form = Form::kMaybeEmpty},
    {.name = "fixtures-dir",
     .value_name = "DIR",
     .about = "Folder of recorded answers, which propose unless --extract or --live-reflect does",
     .excludes = "extract"},
    {.name = "extract",
     .value_name = "",
     .about = "Propose what its sentences say, without a model; candidates wait to be accepted",
     .excludes = "fixtures-dir"},
    {.name = "live-reflect",
     .value_name = "",
     .about = "Ask the configured model, with the events of each session",
     .excludes = "extract"},
    {.name = "allow-replay-fallback",
     .value_name = "",
     .about = "Use the recorded answers when that model cannot be asked",
     .needs = "live-reflect"},
    kDbFlag,
    kEventLogFlag,
};

constexpr std::string_view kFormats[] = {"auto",       "claude-code", "jsonl",      "chatgpt",
                                         "markdown",   "git",         "mcp-memory", "mem0",
                                         "claude-mem", "basic-memory"};

constexpr Flag kImportFlags[] = {
    {.name = "format",
     .value_name = "FORMAT",
     .about = "What the file is (default auto)",
     .choices = kFormats},
    kUserAttestationFlag,
    kMarkUserLinesFlag,
    {.name = "extract",
     .value_name = "",
     .about = "Propose what its sentences say; candidates wait to be accepted"},
    {.name = "tag", .value_name = "TAG", .about = "Tag of all its events", .repeatable = true},
    {.name = "as-is",
     .value_name = "",
     .about = "Take an export of Cortex over with the states of its memories"},
    {.name = "no-redact",
     .value_name = "",
     .about = "Keep secrets that stand in the transcripts (default: as [memory.write_gate] says)"},
    {.name = "dry-run", .value_name = "", .about = "Read and count, write nothing"},
    kDbFlag,
    kEventLogFlag,
};

constexpr std::string_view kExportFormats[] = {"jsonl", "markdown"};
constexpr Flag kExportFlags[] = {
    {.name = "format",
     .value_name = "FORMAT",
     .about = "For programs or for people; both hold every row",
     .required = true,
     .choices = kExportFormats},
    {.name = "output", .value_name = "FILE", .about = "A new file; default: standard output"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kPath[] = {
    {.name = "path", .value_name = "FILE|DIR", .about = "A file, or a folder of them"}};
constexpr Positional kEvents[] = {{.name = "events",
                                   .value_name = "EVENTS",
                                   .about = "Session file with events, or a transcript",
                                   .form = Form::kText}};

constexpr Command kCommands[] = {
    {.path = "session close",
     .about = "Close a session into memories",
     .task = Task::kLearn,
     .positionals = kEvents,
     .flags = kCloseFlags,
     .example = "cortex session close ~/.claude/projects/NAME/SESSION.jsonl --extract"},
    {.path = "session import",
     .about = "Bring in transcripts and memories of other programs",
     .task = Task::kRecord,
     .positionals = kPath,
     .flags = kImportFlags,
     .example = "cortex session import ~/.claude/projects --extract --mark-user-lines"},
    {.path = "export",
     .about = "Write out everything that was learned",
     .task = Task::kKeep,
     .flags = kExportFlags,
     .example = "cortex export --format markdown --output memories.md"},
};

}  // namespace

std::span<const Command> session_commands() { return kCommands; }

}  // namespace cortex::cli
