// Rows of the commands about evidence outside the ledger.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kSinks[] = {"local-only", "external-append-only", "rekor",
                                       "opentimestamps", "open-timestamps"};
constexpr std::string_view kSurfaces[] = {"audit-export", "compliance-evidence",
                                          "cross-system-trust-decision", "external-reporting"};
constexpr std::string_view kWindows[] = {"jsonl-ack-before-sqlite-commit"};

constexpr Flag kAnchorFlags[] = {
    kEventLogFlag,
    kDbFlag,
    {.name = "output", .value_name = "FILE", .about = "Write the anchor to this new file"},
    {.name = "history", .value_name = "FILE", .about = "Append the anchor to this history"},
    {.name = "sink",
     .value_name = "SINK",
     .about = "Who witnesses the anchor; default: local-only",
     .choices = kSinks},
    {.name = "sink-path", .value_name = "PATH", .about = "Path of the append-only sink"},
    {.name = "sink-endpoint",
     .value_name = "URL",
     .about = "Address of the service",
     .form = Form::kMaybeEmpty},
    {.name = "sink-receipt", .value_name = "FILE", .about = "Write the receipt to this new file"},
    {.name = "sink-receipt-history",
     .value_name = "FILE",
     .about = "Append the receipts to this history"},
    {.name = "offline", .value_name = "", .about = "Refuse sinks that need the network"},
    {.name = "require-non-pending",
     .value_name = "",
     .about = "Refuse timestamps that no block confirms yet (the default)",
     .excludes = "allow-pending"},
    {.name = "allow-pending",
     .value_name = "",
     .about = "Accept timestamps that no block confirms yet",
     .excludes = "require-non-pending"},
    {.name = "sink-receipt-in",
     .value_name = "FILE",
     .about = "Take this timestamp proof instead of asking a calendar"},
    {.name = "bitcoin-header",
     .value_name = "FILE",
     .about = "Block header of 80 bytes, its height beside it in <stem>.height"},
    {.name = "strict",
     .value_name = "",
     .about = "Write nothing and fail when the decision on the anchor blocks"},
};
constexpr Flag kUpgradeFlags[] = {
    kEventLogFlag,
    kDbFlag,
    {.name = "output",
     .value_name = "FILE",
     .about = "Write the upgraded receipts to this new file",
     .required = true},
};
constexpr Positional kUpgradeArgs[] = {
    {.name = "receipts", .value_name = "RECEIPTS", .about = "Receipt history to upgrade"},
};
constexpr Flag kExportFlags[] = {
    kEventLogFlag,
    kDbFlag,
    {.name = "surface",
     .value_name = "SURFACE",
     .about = "What the artifact is for; default: audit-export",
     .choices = kSurfaces},
    {.name = "local-diagnostic",
     .value_name = "",
     .about = "For local eyes only: name the rows that block an export"},
};
constexpr Flag kRefreshFlags[] = {
    {.name = "url",
     .value_name = "URL",
     .about = "Where the trusted root is (file, http, https)",
     .form = Form::kMaybeEmpty},
    {.name = "cache-path", .value_name = "FILE", .about = "Where it is kept"},
    {.name = "tuf-root",
     .value_name = "FILE",
     .about =
         "TUF root that is trusted, to verify the repository from it on; 'sigstore': the one in"
         " the program, which Sigstore's own repository is always verified by"},
};
constexpr Flag kDrillFlags[] = {
    {.name = "db", .value_name = "PATH", .about = "Store of the drill", .required = true},
    {.name = "event-log", .value_name = "PATH", .about = "Ledger of the drill", .required = true},
    {.name = "iteration",
     .value_name = "N",
     .about = "Number of this round",
     .required = true,
     .form = Form::kCount},
    {.name = "kill-window",
     .value_name = "WINDOW",
     .about = "Where the writer may be killed",
     .required = true,
     .choices = kWindows},
    {.name = "report-json",
     .value_name = "FILE",
     .about = "Where the report is written",
     .required = true},
    {.name = "kill-ready-file",
     .value_name = "FILE",
     .about = "Written when the window is open",
     .excludes = "recover-only"},
    {.name = "wait-for-sigkill-ms",
     .value_name = "N",
     .about = "How long the window stays open (default 30000)",
     .form = Form::kCount},
    {.name = "recover-only",
     .value_name = "",
     .about = "Append nothing; recover what a killed round left",
     .excludes = "kill-ready-file"},
    {.name = "external-sigkill-proof",
     .value_name = "",
     .about = "Say in the report that somebody else killed the writer",
     .needs = "recover-only"},
};

constexpr Command kCommands[] = {
    {.path = "audit anchor",
     .about = "Say at which row the ledger stands, and have it witnessed",
     .task = Task::kProve,
     .flags = kAnchorFlags,
     .example = "cortex audit anchor --history anchors.txt",
     .leading_json_only = true},
    {.path = "audit upgrade-receipts",
     .about = "Ask calendars whether their promises have come true",
     .task = Task::kProve,
     .positionals = kUpgradeArgs,
     .flags = kUpgradeFlags,
     .example = "cortex audit upgrade-receipts receipts.txt --output confirmed.txt"},
    {.path = "audit export",
     .about = "Export a conservative audit artifact",
     .task = Task::kProve,
     .flags = kExportFlags,
     .example = "cortex audit export --local-diagnostic",
     .leading_json_only = true},
    {.path = "audit refresh-trust",
     .about = "Refresh the trusted root of external anchors",
     .task = Task::kProve,
     .flags = kRefreshFlags,
     .example = "cortex audit refresh-trust",
     .leading_json_only = true},
    {.path = "run-ledger-drill",
     .about = "Development drill of crash recovery",
     .task = Task::kProve,
     .flags = kDrillFlags,
     .example = "cortex run-ledger-drill --db d/x.db --event-log d/x.jsonl --iteration 1 "
                "--kill-window jsonl-ack-before-sqlite-commit --report-json r.json"},
};

}  // namespace

std::span<const Command> anchor_commands() { return kCommands; }

}  // namespace cortex::cli
