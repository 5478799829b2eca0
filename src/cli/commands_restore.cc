// Rows of the commands that check bundles and bring them back.
#include "cli/command_table.h"

namespace cortex::cli {
namespace {

constexpr Flag kManifestFlag = {.name = "manifest",
                                .value_name = "FILE",
                                .about = "BACKUP_MANIFEST of the bundle",
                                .required = true};
constexpr Flag kStageDirFlag = {
    .name = "stage-dir", .value_name = "DIR", .about = "Folder of the stage", .required = true};
constexpr Flag kRiskFlag = {.name = "acknowledge-recovery-risk",
                            .value_name = "",
                            .about = "Go on although accepted state would be lost"};

constexpr Flag kVerifyBackupFlags[] = {
    kManifestFlag,
    {.name = "deep",
     .value_name = "",
     .about = "Also open the copy, check its hash chain and compare both artifacts"},
};

constexpr Flag kSnapshotFlags[] = {
    {.name = "store", .value_name = "PATH", .about = "Store to read; default: the active one"},
};

constexpr Flag kDiffFlags[] = {
    {.name = "current", .value_name = "FILE", .about = "Snapshot file of the accepted state"},
    {.name = "current-store", .value_name = "PATH", .about = "Store of the accepted state"},
    {.name = "restored", .value_name = "FILE", .about = "Snapshot file of the candidate"},
    {.name = "restored-store", .value_name = "PATH", .about = "Store of the candidate"},
    kRiskFlag,
};

constexpr Flag kPostMigrateFlags[] = {
    {.name = "manifest",
     .value_name = "FILE",
     .about = "POST_V2_MIGRATE_MANIFEST to check",
     .required = true},
};

constexpr Flag kPreflightFlags[] = {
    kManifestFlag,
    {.name = "current-store", .value_name = "PATH", .about = "Store now; default: the active one"},
    {.name = "candidate-store", .value_name = "PATH", .about = "Store that would be restored"},
    kRiskFlag,
    {.name = "production-active-store-plan",
     .value_name = "",
     .about = "Also report what a restore in production needs"},
    {.name = "active-store-lock-marker",
     .value_name = "PATH",
     .about = "With the plan: lock marker to look for"},
};

constexpr Flag kStageFlags[] = {
    kManifestFlag,
    kStageDirFlag,
    {.name = "current-store", .value_name = "PATH", .about = "Store now; default: the active one"},
    {.name = "acknowledge-destructive-restore",
     .value_name = "",
     .about = "Required: a stage is the first step of replacing the active store"},
    kRiskFlag,
};

constexpr Flag kReplacementFlag = {.name = "acknowledge-active-store-replacement",
                                   .value_name = "",
                                   .about = "Required: the active store is replaced"};
constexpr Flag kTemporaryFlag = {.name = "acknowledge-temp-test-data-dir",
                                 .value_name = "",
                                 .about = "Required: the data is a trial below the temp folder"};

constexpr Flag kApplyStageFlags[] = {
    kManifestFlag,
    kStageDirFlag,
    kReplacementFlag,
    kTemporaryFlag,
    kRiskFlag,
    {.name = "post-restore-anchor",
     .value_name = "FILE",
     .about = "Anchor that the restored ledger must hold"},
    {.name = "post-restore-anchor-history",
     .value_name = "FILE",
     .about = "Anchors that the restored ledger must hold"},
};

constexpr Flag kRecoverFlags[] = {
    {.name = "manifest",
     .value_name = "FILE",
     .about = "RECOVERY_MANIFEST.json of the restore to undo",
     .required = true},
    {.name = "acknowledge-current-backup-restore",
     .value_name = "",
     .about = "Required: the kept files replace the active ones"},
    kTemporaryFlag,
    {.name = "attestation",
     .value_name = "FILE",
     .about = "Of a trial: seed of an operator's key, 32 bytes"},
    {.name = "manifest-signature",
     .value_name = "FILE",
     .about = "Of a restore in production: an operator's signature over the recovery manifest"},
    {.name = "operator-verification-key",
     .value_name = "FILE",
     .about = "Public key of that operator, 32 bytes"},
};

constexpr Flag kRunFlags[] = {
    {.name = "from", .value_name = "DIR", .about = "Bundle to restore", .required = true},
    {.name = "identity",
     .value_name = "FILE",
     .about = "File of your age key, for an encrypted bundle"},
    {.name = "dry-run", .value_name = "", .about = "Verify and compare, change nothing"},
    kRiskFlag,
};

constexpr Flag kResumeFlags[] = {
    {.name = "undo",
     .value_name = "",
     .about = "Go back to the store from before instead of finishing"},
};

constexpr Command kCommands[] = {
    {.path = "restore verify-backup",
     .about = "Check a bundle against its manifest",
     .task = Task::kKeep,
     .flags = kVerifyBackupFlags,
     .example = "cortex restore verify-backup --manifest backups/monday/BACKUP_MANIFEST"},
    {.path = "restore snapshot",
     .about = "Print the semantic snapshot of a store",
     .task = Task::kKeep,
     .flags = kSnapshotFlags,
     .example = "cortex restore snapshot > now.json"},
    {.path = "restore semantic-diff",
     .about = "Compare two semantic snapshots",
     .task = Task::kKeep,
     .flags = kDiffFlags,
     .example = "cortex restore semantic-diff --current now.json --restored-store old/cortex.db"},
    {.path = "restore verify-post-migrate-manifest",
     .about = "Check the manifest of a migration",
     .task = Task::kKeep,
     .flags = kPostMigrateFlags,
     .example = "cortex restore verify-post-migrate-manifest --manifest POST_V2_MIGRATE_MANIFEST"},
    {.path = "restore preflight",
     .about = "Check whether a restore could go ahead",
     .task = Task::kKeep,
     .flags = kPreflightFlags,
     .example = "cortex restore preflight --manifest b/BACKUP_MANIFEST"
                " --candidate-store b/cortex.db"},
    {.path = "restore stage",
     .about = "Copy a bundle to a stage folder",
     .task = Task::kKeep,
     .flags = kStageFlags,
     .example = "cortex restore stage --manifest b/BACKUP_MANIFEST --stage-dir stage"
                " --acknowledge-destructive-restore"},
    {.path = "restore apply-stage",
     .about = "Replace a trial store by a stage",
     .task = Task::kKeep,
     .flags = kApplyStageFlags,
     .example = "cortex restore apply-stage --manifest b/BACKUP_MANIFEST --stage-dir stage"
                " --acknowledge-active-store-replacement --acknowledge-temp-test-data-dir"},
    {.path = "restore recover-apply",
     .about = "Put the files from before a restore back",
     .task = Task::kKeep,
     .flags = kRecoverFlags,
     .example = "cortex restore recover-apply --manifest RECOVERY_MANIFEST.json --attestation"
                " op.seed --acknowledge-current-backup-restore --acknowledge-temp-test-data-dir"},
    {.path = "restore run",
     .about = "Bring a bundle back: verify, compare, replace, verify",
     .task = Task::kKeep,
     .flags = kRunFlags,
     .example = "cortex restore run --from backups/monday --dry-run"},
    {.path = "restore resume",
     .about = "Finish or undo a restore that was interrupted",
     .task = Task::kKeep,
     .flags = kResumeFlags,
     .example = "cortex restore resume"},
};

}  // namespace

std::span<const Command> restore_commands() { return kCommands; }

}  // namespace cortex::cli
