#!/usr/bin/env python3
"""Kill the program before every call that changes the file system, and fail such calls, and see what is left behind.

    tests/crash/kill_matrix.py [--bin PATH] [--sample N] [--only CASE] [--jobs N]

A counting run under strace lists the calls of each command: `ingest`, `backup` (full, incremental, encrypted), `backup prune`,
`migrate v2`, the restores, `memory forget --erase`, and what changes.py adds. Then, each time on a fresh copy of the same store:
the process is killed on entering the k-th call (KILL), or that call reports an I/O error or a full disk (EIO, ENOSPC).
After each run the promises are checked: rows acknowledged before are there byte for byte; what a run reported is there;
the next run repairs what is left by itself, and ends with exactly the bytes of an undisturbed run; a backup is whole or
absent; a cutover is done, or not, or completed by --resume-mirror; a restore leaves the old pair or the new one, complete and
verified, or says that it is unfinished, refuses writers, and is completed by `restore resume`. --sample N runs every N-th point (what scripts/test does); without it every point runs, some minutes.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
from changes import CHANGES  # noqa: E402
from crash_case import OLD, Case, acknowledged, stored_ids, template_store  # noqa: E402

CHANGING = ["write", "pwrite64", "pwritev", "pwritev2", "writev", "fsync", "fdatasync", "sync_file_range", "ftruncate",
            "fallocate", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "open",
            "openat", "creat", "chmod", "fchmod", "fchmodat", "link", "linkat", "symlink", "symlinkat",
            "copy_file_range", "sendfile", "exit_group"]
FAILING = {"write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2",
           "copy_file_range"}
CALL = re.compile(r"^\s*\d*\s*(\w+)\((.*)$")
SEED = bytes([7]) * 32
KEY = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"  # its public key
IDENTITY = "AGE-SECRET-KEY-1DRLDLAVZF63VCMVDEJGMHTT5K6MAZCULG8WLUYUAU4KQTU5MWQCQ5J5F5K\n"
RECIPIENT = "age14mx0mz99luxhckax4w80s0mtu607850hzxzfsmf6e3urv08t6ufqvxy9ag"
PRIVATE = re.compile(r"(^|/)cortex_|\.lock$|\.flock$|(^|/)(events\.jsonl|cortex\.db)\.[^/]*$|^\.cortex-(increment|seal)-")

LEFT = re.compile(r"\.(apply-stage|recover-apply|restore-run|rollback|cortex-staged)")  # of an interrupted restore


class Ingest(Case):
    name = "ingest"
    arguments = ("ingest", "new.json")

    def __init__(self, binary, template):
        super().__init__(binary, template)
        self.old = template.ledger.read_bytes()
        with self.fresh() as home:
            harness.must(home.run(*self.arguments))
            self.want = home.ledger.read_bytes()
            self.mirrored = stored_ids(home) == harness.row_ids(home.ledger)

    def problem(self, home, run):
        if not home.ledger.read_bytes().startswith(self.old):
            return "rows acknowledged before are gone or changed"
        if acknowledged(run.stdout) and home.ledger.read_bytes() != self.want:
            return "a success was reported, its rows are not all there"
        verify = home.run("audit", "verify")
        if verify.returncode not in (0, 6):
            return f"audit verify after it: {harness.said(verify)}"
        again = home.run(*self.arguments)
        if again.returncode:
            return f"the next ingest: {harness.said(again)}"
        if home.ledger.read_bytes() != self.want:
            return f"after the next ingest the ledger is another one: {home.ledger.read_bytes()[-200:]!r}"
        for check in (("audit", "verify"), ("doctor", "--strict")):
            verify = home.run(*check)
            if verify.returncode:
                return f"{' '.join(check)} after the next ingest: {harness.said(verify)}"
        if harness.query(home.store, "pragma integrity_check") != [("ok",)]:
            return "integrity_check of the store fails"
        if self.mirrored and stored_ids(home) != harness.row_ids(home.ledger):
            return "the store does not mirror the ledger"
        return None


class Backup(Case):
    name = "backup"
    arguments = ("backup", "--output", "out/bundle")
    beside = ()  # names that lie beside the bundle before and after

    def __init__(self, binary, template):
        super().__init__(binary, template)
        (template.root / "out").mkdir(exist_ok=True)
        self.before = harness.tree(template.data)

    def problem(self, home, run):
        live = harness.tree(home.data)
        added = [n for n in live if n not in self.before and not PRIVATE.search(n)]
        changed = [n for n in self.before if live.get(n) != self.before[n]]
        if added or changed:
            return f"the live store was touched: added {added}, changed {changed}"
        bundle = home.root / "out/bundle"
        if acknowledged(run.stdout) and not bundle.exists():
            return "a success was reported, there is no bundle"
        if bundle.exists():
            return self.unsound(home, bundle)
        again = home.run(*self.arguments)
        if again.returncode:
            return f"the next backup: {harness.said(again)}"
        left = [p.name for p in (home.root / "out").iterdir() if p.name not in ("bundle", *self.beside)]
        return f"left behind: {left}" if left else self.unsound(home, bundle)

    @staticmethod
    def unsound(home, bundle):
        check = home.run("restore", "verify-backup", "--manifest", bundle / "BACKUP_MANIFEST", "--deep")
        return f"verify-backup --deep: {harness.said(check)}" if check.returncode else None


class Migrate(Case):
    name = "migrate"
    arguments = ("migrate", "v2", "--backup-manifest", "bundle/BACKUP_MANIFEST", "--operator-attestation", "att.json")
    exits = (0, 3, 7, 64)

    @staticmethod
    def prepare(binary):
        home = harness.Home(binary)
        (home.root / "seed.key").write_bytes(bytes([7]) * 32)
        harness.must(home.run("init"))
        harness.must(home.run("ingest", home.session("old.json", OLD, schema_version=1)))
        harness.must(home.run("doctor", "--repair"))
        harness.add_operator(home.store, "op")
        harness.must(home.run("migrate", "sign-operator-attestation", "--output", "att.json", "--signing-seed", "seed.key",
                              "--operator-key-id", "op"))
        harness.must(home.run("backup", "--output", "bundle"))
        return home

    def __init__(self, binary, template):
        super().__init__(binary, template)
        self.old = template.ledger.read_bytes()

    def problem(self, home, run):
        ledger = home.ledger.read_bytes()
        if not ledger.startswith(self.old):
            return "rows acknowledged before are gone or changed"
        if run.returncode == 0 and b"schema_migration.v1_to_v2" not in ledger:
            return "a success was reported, there is no boundary row"
        next_step = ("migrate", "v2", "--resume-mirror") if b"schema_migration.v1_to_v2" in ledger else self.arguments
        for step in (next_step, ("doctor", "--strict", "--deep"), ("audit", "verify", "--require-v1-to-v2-boundary")):
            result = home.run(*step)
            if result.returncode:
                return f"{' '.join(step)} after it: {harness.said(result)}"
        ids = [r[0] for r in harness.query(home.store, "select id from events where source_attestation_json is not null"
                                                       " order by rowid")]
        if ids != harness.row_ids(home.ledger):
            return "not every event of the ledger is mirrored and attested"
        anchors = harness.query(home.store, "select count(*) from events where source_attestation_json like"
                                            " '%post_migrate_manifest_blake3%'")
        return None if anchors == [(1,)] and (home.root / "bundle/POST_V2_MIGRATE_MANIFEST").exists() else \
            f"{anchors} anchors, or no manifest of the migration"


class Restore(Case):
    """A restore of an older bundle: afterwards there is the old pair or the new one, and nothing else."""

    exits = (0, 3, 5, 7, 64)

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        (home.root / "op.seed").write_bytes(SEED)
        (home.root / "op.pub").write_bytes(bytes.fromhex(KEY))
        (home.root / "witness.seed").write_bytes(bytes([9]) * 32)
        harness.add_operator(home.store, KEY)
        harness.must(home.run("backup", "--output", "bundle"))
        harness.must(home.run("audit", "anchor", "--output", "anchor", "--history", "history"))
        harness.must(home.run("ingest", "new.json"))
        return home

    def __init__(self, binary, template):
        super().__init__(binary, template)
        self.old = template.ledger.read_bytes()
        self.new = (template.root / "bundle/events.jsonl").read_bytes()

    def state(self, home):
        ledger = home.ledger.read_bytes()
        if ledger == self.old:
            return "old"
        rest = ledger[len(self.new):]
        return "new" if ledger.startswith(self.new) and (not rest or b"cortex_operation" in rest) else "mixed"

    def problem(self, home, run):
        if (home.data / "cortex_restore_state.json").exists():
            writer = home.run("ingest", "new.json")
            if writer.returncode != 7 or b"restore.apply.unfinished" not in writer.stderr:
                return f"unfinished, and a writer is not refused: {harness.said(writer)}"
            if home.run("doctor", "--strict").returncode == 0:
                return "unfinished, and doctor calls it sound"
        elif run.returncode == 0 and self.state(home) != "new":
            return "a success was reported, the restored ledger is not there"
        resumed = home.run("restore", "resume")
        if resumed.returncode:
            return f"restore resume: {harness.said(resumed)}"
        if self.state(home) == "mixed":
            return "the ledger is neither the old one nor the restored one"
        return self.afterwards(home, ("audit", "verify"), ("doctor", "--strict", "--deep"), ("ingest", "new.json"),
                               ("audit", "verify"))

    def afterwards(self, home, *commands):
        """What does not work once the restore was ended, or is left behind by it."""
        for command in commands:
            result = home.run(*command)
            if result.returncode:
                return f"{' '.join(command)} after it ({self.state(home)}): {harness.said(result)}"
        left = [p.name for p in home.data.iterdir() if re.search(LEFT, p.name)]
        return f"left behind: {left}" if left else None


class RestoreRun(Restore):
    name = "restore-run"
    arguments = ("restore", "run", "--from", "bundle", "--acknowledge-recovery-risk")


class RestoreSealed(RestoreRun):
    name = "restore-run-encrypted"
    arguments = (*RestoreRun.arguments[:2], "--from", "sealed", "--identity", "id", "--acknowledge-recovery-risk")

    @staticmethod
    def prepare(binary):
        home = Restore.prepare(binary)
        (home.root / "id").write_text(IDENTITY)
        shutil.rmtree(home.root / "bundle")
        harness.must(home.run("backup", "--output", "bundle"))
        harness.must(home.run("backup", "--encrypt-to", RECIPIENT, "--output", "sealed"))
        harness.must(home.run("ingest", home.session("newer.json", range(14, 17))))
        return home


class Disaster(Restore):
    """Nothing is there any more: then the bundle is there, or nothing, and the next run brings it back."""

    name = "restore-run-disaster"
    arguments = ("restore", "run", "--from", "bundle")

    @staticmethod
    def prepare(binary):
        home = Restore.prepare(binary)
        home.ledger.write_bytes(b"")  # what was there before
        return home

    def fresh(self):
        home = super().fresh()
        shutil.rmtree(home.data)
        return home

    def state(self, home):
        return super().state(home) if home.ledger.exists() else "old"

    def problem(self, home, run):
        if run.returncode == 0 and self.state(home) != "new":
            return "a success was reported, the restored ledger is not there"
        resumed = home.run("restore", "resume") if home.data.exists() else None
        if resumed and resumed.returncode:
            return f"restore resume: {harness.said(resumed)}"
        if self.state(home) == "mixed":
            return "the ledger is neither missing nor the restored one"
        again = self.arguments if self.state(home) == "old" else ("audit", "verify")
        return self.afterwards(home, again, ("audit", "verify"), ("doctor", "--strict", "--deep"))


class ApplyStage(Restore):
    name = "restore-apply-stage"
    arguments = ("restore", "apply-stage", "--manifest", "bundle/BACKUP_MANIFEST", "--stage-dir", "stage",
                 "--acknowledge-active-store-replacement", "--acknowledge-temp-test-data-dir", "--acknowledge-recovery-risk")

    @staticmethod
    def prepare(binary):
        home = Restore.prepare(binary)
        harness.must(home.run("restore", "stage", "--manifest", "bundle/BACKUP_MANIFEST", "--stage-dir", "stage",
                              "--acknowledge-destructive-restore", "--acknowledge-recovery-risk"))
        return home


class Production(ApplyStage):
    name = "restore-apply"
    arguments = ("restore", "apply", "--production", "--manifest", "bundle/BACKUP_MANIFEST", "--stage-dir", "stage",
                 "--restore-intent", "intent.json", "--restore-intent-signature", "intent.sig", "--operator-verification-key",
                 "op.pub", "--against", "anchor", "--against-history", "history", "--anchor-sink", "local-witness",
                 "--witness-key", "witness.seed", "--sink-path", "receipt", "--acknowledge-production-destructive-restore",
                 "--acknowledge-active-store-replacement", "--acknowledge-recovery-risk")

    def fresh(self):
        # The intent names the store that it is for.
        home = super().fresh()
        harness.must(home.run("restore", "intent", "build", "--backup-manifest", "bundle/BACKUP_MANIFEST", "--output",
                              "intent.json", "--sign", "--signing-key-file", "op.seed", "--accept-loss-of-stage", "stage"))
        return home

    def state(self, home):
        ledger = home.ledger.read_bytes()
        # A restore that was rolled back stands in the ledger.
        rolled_back = ledger.startswith(self.old) and b"restore.apply.rolled_back" in ledger[len(self.old):]
        return "old" if rolled_back else super().state(home)


class RecoverApply(ApplyStage):
    name = "restore-recover-apply"
    arguments = ("restore", "recover-apply", "--manifest", "data/.restore-apply-recovery/RECOVERY_MANIFEST.json",
                 "--acknowledge-current-backup-restore", "--acknowledge-temp-test-data-dir", "--attestation", "op.seed")

    def __init__(self, binary, template):
        super().__init__(binary, template)
        self.old, self.new = self.new, self.old  # there and back

    def fresh(self):
        home = super().fresh()
        harness.must(home.run(*ApplyStage.arguments))
        return home


class Increment(Backup):
    name = "increment"
    arguments = ("backup", "--since", "out/full", "--output", "out/bundle")
    beside = ("full",)

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        (home.root / "out").mkdir()
        harness.must(home.run("backup", "--output", "out/full"))
        (home.data / "cortex_last_backup.json").unlink()  # so that the run makes it, and changes nothing
        harness.must(home.run("ingest", "new.json"))
        return home

    def __init__(self, binary, template):
        super().__init__(binary, template)
        self.parent = harness.tree(template.root / "out/full")

    def problem(self, home, run):
        problem = super().problem(home, run)
        if not problem and harness.tree(home.root / "out/full") != self.parent:
            return "the parent was touched"
        return problem

    @staticmethod
    def unsound(home, bundle):
        check = home.run("backup", "verify", bundle)
        return f"backup verify: {harness.said(check)}" if check.returncode else None


class Encrypted(Backup):
    name = "encrypted"
    arguments = ("backup", "--encrypt-to", RECIPIENT, "--output", "out/bundle")

    @staticmethod
    def unsound(home, bundle):
        (home.root / "id").write_text(IDENTITY)
        check = home.run("backup", "verify", bundle, "--identity", "id")
        return f"backup verify: {harness.said(check)}" if check.returncode else None


class Prune(Case):
    name = "prune"
    arguments = ("backup", "prune", "out", "--keep-last", "1", "--apply")

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        for name in ("a", "b"):
            harness.must(home.run("backup", "--output", f"out/{name}"))
        return home

    def problem(self, home, run):
        listed = home.run("backup", "list", "out")
        if b"PROBLEM" in listed.stdout:
            return f"a bundle is half there: {harness.said(listed)}"
        again = home.run(*self.arguments)
        if again.returncode:
            return f"the next prune: {harness.said(again)}"
        left = sorted(p.name for p in (home.root / "out").iterdir())
        return None if left == ["b"] else f"left behind: {left}"


class Erase(Case):
    """The text is there or gone; the same command ends what was interrupted, and the ledger verifies all along."""

    name = "erase"
    text = "badge 4711 opens the locker of Anna"
    thinning = 8  # most points are SQLite's, in compacting the store

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        harness.must(home.run("memory", "note", Erase.text))
        return home

    def __init__(self, binary, template):
        super().__init__(binary, template)
        [(memory,)] = harness.query(template.store, "select id from memories")
        self.arguments = ("memory", "forget", memory, "--erase", "--confirm", memory, "--reason", "asked to")

    def problem(self, home, run):
        verify = home.run("audit", "verify")
        if verify.returncode:
            return f"audit verify after it: {harness.said(verify)}"
        mirror = home.run("audit", "verify", "--mirror")
        if mirror.returncode and b"end it with `cortex memory forget" not in mirror.stderr:
            return f"audit verify --mirror does not say what ends it: {harness.said(mirror)}"
        again = home.run(*self.arguments)
        if again.returncode and b"memory.erase.done" not in again.stderr:
            return f"the next erasure: {harness.said(again)}"
        for check in (("audit", "verify", "--mirror", "--strict"), ("doctor", "--strict", "--deep")):
            result = home.run(*check)
            if result.returncode:
                return f"{' '.join(check)} after the next erasure: {harness.said(result)}"
        left = [str(p) for p in home.data.rglob("*") if p.is_file() and self.text.encode() in p.read_bytes()]
        return f"the text is left in {left}" if left else None


CASES = (Ingest, Backup, Migrate, RestoreRun, RestoreSealed, Disaster, ApplyStage, Production, RecoverApply, Increment, Encrypted,
         Prune, Erase, *CHANGES)


def changes(call, arguments):
    return call not in ("open", "openat") or "O_CREAT" in arguments or "O_TRUNC" in arguments


def points(case):
    """(call, k) for every changing call of an undisturbed run, in order; k counts all calls of that name."""
    with case.fresh() as home:
        log = home.root / "strace.log"
        harness.must(home.run(*case.arguments, prefix=("strace", "-f", "-o", str(log), "-e",
                                                       "trace=" + ",".join("?" + c for c in CHANGING))))
        counted, found = {}, []
        for line in log.read_text(errors="replace").splitlines():
            match = CALL.match(line)
            if match and match[1] in CHANGING:
                counted[match[1]] = counted.get(match[1], 0) + 1
                if changes(*match.groups()):
                    found.append((match[1], counted[match[1]]))
        return found


def disturbances(case):
    found = points(case)
    for call, k in found:
        yield call, k, "signal=KILL"
    for error in ("EIO", "ENOSPC"):
        for call, k in found:
            if call in FAILING:
                yield call, k, f"error={error}"


def disturb(case, call, k, how):
    with case.fresh() as home:
        try:
            run = home.run(*case.arguments, prefix=("strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                                    f"inject={call}:{how}:when={k}"))
            if how.startswith("error") and run.returncode not in case.exits:
                return f"ended with {harness.said(run)}"
            return case.problem(home, run)
        except subprocess.TimeoutExpired:
            return "did not end in time"
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--sample", type=int, default=1, help="run every N-th point only")
    parser.add_argument("--only", choices=[case.name for case in CASES])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    harness.need_program(options.bin)
    if not shutil.which("strace"):
        sys.exit("strace is not installed (scripts/install-deps)")
    tally = harness.Tally()
    with concurrent.futures.ThreadPoolExecutor(max_workers=options.jobs) as pool:
        for kind in CASES:
            if options.only not in (None, kind.name):
                continue
            with kind.prepare(options.bin) as template:
                case = kind(options.bin, template)
                every = list(disturbances(case))
                chosen = every[::options.sample * case.thinning]
                print(f"{case.name}: {len(chosen)} of {len(every)} points", flush=True)
                results = pool.map(lambda point, case=case: disturb(case, *point), chosen)
                for (call, k, how), problem in zip(chosen, results):
                    tally.check(f"{case.name} {call} #{k} {how}", problem)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
