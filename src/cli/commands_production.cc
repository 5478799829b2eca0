// Rows of the commands that restore the store of a site: the intent and its execution.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kIntentFlags[] = {
    {.name = "backup-manifest",
     .value_name = "FILE",
     .about = "BACKUP_MANIFEST of the bundle to restore",
     .required = true},
    {.name = "output", .value_name = "FILE", .about = "Intent to write", .required = true},
    {.name = "operator-pubkey-hex",
     .value_name = "HEX",
     .about = "Public key of the operator; default: that of the signing key",
     .form = Form::kMaybeEmpty},
    {.name = "deployment-id",
     .value_name = "ID",
     .about = "Default: that of this data folder",
     .form = Form::kMaybeEmpty},
    {.name = "staged-artifact-path",
     .value_name = "PATH",
     .about = "With a digest each: the staged store, then the staged ledger",
     .repeatable = true},
    {.name = "staged-artifact-digest-blake3",
     .value_name = "DIGEST",
     .about = "Digest of a staged artifact",
     .repeatable = true},
    {.name = "expires-in-hours", .value_name = "N", .about = "Validity, 1 to 24; default: 1"},
    {.name = "accept-loss-of-stage",
     .value_name = "DIR",
     .about = "Stage whose loss against the active store is accepted"},
    {.name = "sign", .value_name = "", .about = "Also write the signature beside the intent"},
    kSigningKeyTextFlag,
    kSigningKeyFileFlag,
};

constexpr Flag kApplyFlags[] = {
    {.name = "production", .value_name = "", .about = "Required: this replaces a site's store"},
    {.name = "manifest",
     .value_name = "FILE",
     .about = "BACKUP_MANIFEST of the bundle",
     .required = true},
    {.name = "stage-dir", .value_name = "DIR", .about = "Folder of the stage", .required = true},
    {.name = "restore-intent", .value_name = "FILE", .about = "Signed intent", .required = true},
    {.name = "restore-intent-signature",
     .value_name = "FILE",
     .about = "Its signature, 64 bytes",
     .required = true},
    {.name = "operator-verification-key",
     .value_name = "FILE",
     .about = "Public key of the operator, 32 bytes",
     .required = true},
    {.name = "against",
     .value_name = "FILE",
     .about = "Anchor that the ledger must hold, before and after",
     .required = true},
    {.name = "against-history",
     .value_name = "FILE",
     .about = "Anchors that the ledger must hold, before and after",
     .required = true},
    {.name = "anchor-sink",
     .value_name = "KIND",
     .about = "Witness: rekor, or local-witness",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "sink-path",
     .value_name = "FILE",
     .about = "Where the witness's receipt goes; must not exist",
     .required = true},
    {.name = "sink-endpoint", .value_name = "URL", .about = "Log to ask; default: the public one"},
    {.name = "witness-key",
     .value_name = "FILE",
     .about = "With local-witness: seed of the witness's key, 32 bytes"},
    {.name = "acknowledge-production-destructive-restore",
     .value_name = "",
     .about = "Required: what is there now is replaced"},
    {.name = "acknowledge-active-store-replacement",
     .value_name = "",
     .about = "Required: the active store is replaced"},
    {.name = "force-lock-takeover",
     .value_name = "",
     .about = "Set the marker of a dead restore aside, with an attestation"},
    {.name = "takeover-attestation",
     .value_name = "FILE",
     .about = "Signed attestation that the marker's restore is dead"},
    {.name = "takeover-attestation-signature",
     .value_name = "FILE",
     .about = "Its signature, 64 bytes"},
    {.name = "acknowledge-recovery-risk",
     .value_name = "",
     .about = "Go on although accepted state is lost, where the intent accepts this loss"},
};

constexpr Command kCommands[] = {
    {.path = "restore intent build",
     .about = "Write and sign the intent to restore",
     .task = Task::kKeep,
     .flags = kIntentFlags,
     .example = "cortex restore intent build --backup-manifest b/BACKUP_MANIFEST --output"
                " intent.json --sign --signing-key-file operator.seed"},
    {.path = "restore apply",
     .about = "Replace a site's store on a signed intent",
     .task = Task::kKeep,
     .flags = kApplyFlags,
     .example = "cortex restore apply --production --manifest b/BACKUP_MANIFEST --stage-dir stage"
                " --restore-intent intent.json --restore-intent-signature intent.sig"
                " --operator-verification-key operator.pub --against anchor.txt --against-history"
                " anchors.txt --anchor-sink rekor --sink-path receipt.txt"
                " --acknowledge-production-destructive-restore"
                " --acknowledge-active-store-replacement"},
};

}  // namespace

std::span<const Command> production_commands() { return kCommands; }

}  // namespace cortex::cli
