#!/usr/bin/env python3
"""Bad input and bad surroundings: the right exit code, one short error, and nothing changed.

    tests/e2e/bad_input.py [--bin PATH]

The tables name a broken thing and the exit codes that are right for it. Each run must also say exactly one error on stderr
(a short paragraph that starts with `cortex `), must not crash, and must leave ledger and store byte for byte alone.
"""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

ERROR_BYTES_MAX = 600
MANY_MIB = 10 << 20


def session_text(*events):
    return json.dumps({"events": list(events)}).encode()


def nested(depth):
    return b'{"events":' + b"[" * depth + b"]" * depth + b"}"


# Contents of a session file -> exit codes that are right.
SESSIONS = {
    "empty": (b"", (2,)),
    "not JSON": (b"hello\n", (2,)),
    "truncated": (session_text(harness.event(90))[:-40], (2,)),
    "one line of 10 MB": (b"x" * MANY_MIB, (2,)),
    "one string of 10 MB": (b'"' + b"x" * MANY_MIB, (2,)),
    "128 levels": (nested(128), (2,)),
    "a million levels": (b"[" * 1_000_000, (2,)),
    "invalid UTF-8": (session_text(harness.event(90)).replace(b"event 90", b"event \xff\xfe"), (2, 7)),
    "NUL bytes": (b"\0" * 4096, (2,)),
    "NUL inside": (session_text(harness.event(90)).replace(b"event 90", b"event \0"), (2,)),
    "duplicate ids": (session_text(harness.event(90), harness.event(91), harness.event(90)), (2,)),
    "schema version 3": (session_text(harness.event(90), harness.event(91, schema_version=3)), (2,)),
    "schema version 0": (session_text(harness.event(90), harness.event(91, schema_version=0)), (2,)),
    "schema version as text": (session_text(harness.event(90, schema_version="2")), (2,)),
    "unknown event type": (session_text(harness.event(90, event_type="cortex.event.nothing.v1")), (2,)),
    "id of another kind": (session_text(harness.event(90, id="mem_" + harness.ulid(90))), (2,)),
    "time that is none": (session_text(harness.event(90, observed_at="yesterday")), (2,)),
    "user event without a key": (session_text(harness.event(90, source={"type": "user"})), (7,)),
    "second of two events broken": (session_text(harness.event(90), {"id": 5}), (2,)),
}

# What is appended to (or, from a function, made of) a sound ledger -> exit codes of audit verify and of backup.
LEDGERS = {
    "not JSON": (lambda data: data + b"hello\n", (6,), (6,)),
    # The torn row was acknowledged: the store mirrors it.
    "torn": (lambda data: data[:-30], (6,), (6,)),
    "cut at a row border": (lambda data: b"".join(data.splitlines(True)[:-1]), None, (3,)),
    "one line of 10 MB": (lambda data: data + b"x" * MANY_MIB + b"\n", (6,), (6,)),
    "128 levels": (lambda data: data + nested(128) + b"\n", (6,), (6,)),
    "a million levels": (lambda data: data + b"[" * 1_000_000 + b"\n", (6,), (6,)),
    "invalid UTF-8": (lambda data: data + b"\xff\xfe\n", (6, 7), (6, 7, 64)),
    "NUL bytes": (lambda data: data + b"\0" * 4096 + b"\n", (6,), (6,)),
    "payload changed": (lambda data: data.replace(b'"event 2"', b'"event X"'), (3,), (3,)),
    "row removed": (lambda data: b"".join(data.splitlines(True)[1:]), (3,), (3,)),
    "schema version 9": (lambda data: data.replace(b'"schema_version":2', b'"schema_version":9', 1), (3,), (3,)),
}

# What becomes of the manifest text of a sound bundle -> exit codes of verify-backup.
MANIFESTS = {
    "empty": (lambda text: b"", (7,)),
    "not JSON": (lambda text: b"hello\n", (7,)),
    "truncated": (lambda text: text[:-40], (7,)),
    "one line of 10 MB": (lambda text: b"x" * MANY_MIB, (7,)),
    "128 levels": (lambda text: nested(128), (7,)),
    "invalid UTF-8": (lambda text: text.replace(b"cortex.db", b"cortex\xff.db"), (7,)),
    "NUL bytes": (lambda text: b"\0" * 4096, (7,)),
    "schema version 2": (lambda text: text.replace(b'"schema_version": 1', b'"schema_version": 2'), (4,)),
    "another kind": (lambda text: text.replace(b"cortex_pre_v2_backup", b"cortex_thing"), (7,)),
    "another digest": (lambda text: text.replace(b'"blake3:', b'"blake3:0', 1), (5,)),
    "another size": (lambda text: text.replace(b'_bytes": ', b'_bytes": 1', 1), (5,)),
    "a path outside": (lambda text: text.replace(b'"cortex.db"', b'"../cortex.db"', 1), (7,)),
}


class Matrix:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def home(self):
        """A store with three acknowledged rows and a session with two new ones, good.json."""
        home = harness.Home.begun(self.binary)
        harness.must(home.run("doctor", "--repair"))
        harness.must(home.run("ingest", home.session("first.json", range(1, 4))))
        home.session("good.json", range(4, 6))
        return home

    def refused(self, name, home, run, codes, before=None, watch=None):
        """One refused run: code, error text, and everything under `watch` (the data directory) as it was."""
        watch = watch or home.data
        text = run.stderr.decode("utf-8", "replace")
        errors = [line for line in text.splitlines() if line.startswith("cortex ")]
        problem = None
        if run.returncode not in codes:
            problem = f"wanted exit {codes}, {harness.said(run)}"
        elif len(errors) != 1:
            problem = f"{len(errors)} errors on stderr: {text[:300]!r}"
        elif len(errors[0]) >= ERROR_BYTES_MAX:
            problem = f"an error of {len(errors[0])} characters: {errors[0]!r}"
        elif before is not None and not unchanged(before, harness.tree(watch)):
            problem = "files were changed"
        self.tally.check(name, problem)

    def sessions(self):
        for name, (content, codes) in SESSIONS.items():
            with self.home() as home:
                (home.root / "bad.json").write_bytes(content)
                before = harness.tree(home.data)
                self.refused(f"ingest, session {name}", home, home.run("ingest", "bad.json"), codes, before)

    def session_paths(self):
        with self.home() as home:
            (home.root / "dangling.json").symlink_to("nowhere.json")
            (home.root / "folder.json").mkdir()
            before = harness.tree(home.data)
            for name in ("nothing.json", "dangling.json", "folder.json", "first.json/inside.json", "../x.json"):
                self.refused(f"ingest {name}", home, home.run("ingest", name), (7,), before)
            for name, path, codes in (("in a missing folder", home.root / "no/where/events.jsonl", (64,)),
                                      ("below a file", home.root / "first.json/events.jsonl", (64, 7)),
                                      ("in /proc", "/proc/cortex-test/events.jsonl", (64,)),
                                      ("that is a folder", home.root / "folder.json", (64, 7, 6))):
                run = home.run("ingest", "good.json", "--event-log", path)
                self.refused(f"ingest, ledger {name}", home, run, codes, before)

    def ledgers(self):
        for name, (change, verify, backup) in LEDGERS.items():
            with self.home() as home:
                home.ledger.write_bytes(change(home.ledger.read_bytes()))
                before = harness.tree(home.data)
                if verify:
                    self.refused(f"audit verify, ledger {name}", home, home.run("audit", "verify"), verify, before)
                out = home.root / "out"
                out.mkdir()
                run = home.run("backup", "--output", out / "bundle")
                self.refused(f"backup, ledger {name}", home, run, backup, before)
                left = [p.name for p in out.iterdir()]
                self.tally.check(f"backup, ledger {name}, leaves nothing", left)

    def ledger_paths(self):
        with self.home() as home:
            (home.root / "dangling.jsonl").symlink_to("nowhere.jsonl")
            (home.root / "folder.jsonl").mkdir()
            before = harness.tree(home.data)
            for name in ("nothing.jsonl", "dangling.jsonl", "folder.jsonl", "first.json/events.jsonl",
                         "/proc/cortex-test/events.jsonl"):
                run = home.run("audit", "verify", "--event-log", name)
                self.refused(f"audit verify {name}", home, run, (7,), before)
            left = (home.root / "nothing.jsonl").exists() or (home.root / "nowhere.jsonl").exists()
            self.tally.check("audit verify creates nothing", left and "it made a ledger")

    def backup_paths(self):
        with self.home() as home:
            for name in ("taken", "file"):
                (home.root / name).mkdir() if name == "taken" else (home.root / name).write_text("mine")
            (home.root / "dangling").symlink_to("nowhere")
            before = harness.tree(home.root)
            for name in ("taken", "file", "dangling", "file/below", "/proc/cortex-test/bundle"):
                run = home.run("backup", "--output", name)
                self.refused(f"backup to {name}", home, run, (7,), before, home.root)
            home.store.rename(home.root / "aside.db")
            self.refused("backup without a store", home, home.run("backup", "--output", "b"), (7,))
            home.store.mkdir()
            self.refused("backup, store is a folder", home, home.run("backup", "--output", "b"), (7,))
            home.store.rmdir()
            home.store.write_bytes(b"no database " * 500)
            self.refused("backup, store is no database", home, home.run("backup", "--output", "b"), (7,))
            self.tally.check("backup leaves nothing", (home.root / "b").exists() and "there is a bundle")

    def manifests(self):
        with self.home() as home:
            harness.must(home.run("backup", "--output", "sound"))
            for name, (change, codes) in MANIFESTS.items():
                bundle = home.root / "bundle"
                shutil.copytree(home.root / "sound", bundle)
                path = bundle / "BACKUP_MANIFEST"
                path.write_bytes(change(path.read_bytes()))
                before = harness.tree(bundle, skip=())
                run = home.run("restore", "verify-backup", "--manifest", path)
                self.refused(f"verify-backup, manifest {name}", home, run, codes, before, bundle)
                shutil.rmtree(bundle)
            self.artifacts(home)

    def artifacts(self, home):
        def flip(path):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)

        def folder(path):
            path.unlink()
            path.mkdir()

        changes = {"cut": (lambda p: os.truncate(p, p.stat().st_size - 1), 5), "one bit changed": (flip, 5),
                   "missing": (pathlib.Path.unlink, 7), "a folder": (folder, 7)}
        for name, (change, code) in changes.items():
            for artifact in ("cortex.db", "events.jsonl"):
                bundle = home.root / "bundle"
                shutil.copytree(home.root / "sound", bundle)
                change(bundle / artifact)
                run = home.run("restore", "verify-backup", "--manifest", bundle / "BACKUP_MANIFEST")
                self.refused(f"verify-backup, {artifact} {name}", home, run, (code,))
                shutil.rmtree(bundle)
        (home.root / "dangling").symlink_to("nowhere")
        for name in ("nothing", "sound", "dangling", "sound/BACKUP_MANIFEST/x"):
            run = home.run("restore", "verify-backup", "--manifest", name)
            self.refused(f"verify-backup {name}", home, run, (7,))

    # -- a disk that is full -----------------------------------------------------------------------------------------

    def full_disk(self):
        """Writes fail part way: by a limit on file size everywhere, on a small file system where one can be mounted."""
        with self.home() as home:
            big = home.root / "big.json"
            big.write_text(json.dumps({"events": [harness.event(n, payload={"text": "x" * 4000})
                                                  for n in range(100, 300)]}))
            before = harness.tree(home.data)
            limit = home.ledger.stat().st_size + 100_000
            run = home.run("ingest", big, preexec_fn=lambda: limit_file_size(limit))
            self.refused("ingest, file size limit", home, run, (64,), before)
            again = home.run("ingest", big)
            self.tally.check("ingest with room again", again.returncode and harness.said(again))
            run = home.run("backup", "--output", "b", preexec_fn=lambda: limit_file_size(20_000))
            self.refused("backup, file size limit", home, run, (7,))
            left = [p.name for p in home.root.iterdir() if p.name == "b" or ".b." in p.name]
            self.tally.check("backup, file size limit, leaves nothing", left)
        self.full_file_system()

    def full_file_system(self):
        with self.home() as home:
            small = home.root / "small"
            small.mkdir()
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(small)],
                                     capture_output=True, check=False)
            if mounted.returncode:
                print("note: no tmpfs can be mounted here, the full file system is covered by the size limit alone")
                return
            try:
                ledger = small / "events.jsonl"
                shutil.copyfile(home.ledger, ledger)
                big = home.root / "big.json"
                big.write_text(json.dumps({"events": [harness.event(n, payload={"text": "x" * 4000})
                                                      for n in range(100, 300)]}))
                before = ledger.read_bytes()
                run = home.run("ingest", big, "--event-log", ledger, "--db", home.store)
                self.refused("ingest, full disk", home, run, (64,))
                kept = ledger.read_bytes() == before
                self.tally.check("ingest, full disk, ledger as it was", not kept and "it was changed")
                run = home.run("backup", "--output", small / "bundle")
                self.refused("backup, full disk", home, run, (7,))
                left = [p.name for p in small.iterdir() if "bundle" in p.name]
                self.tally.check("backup, full disk, leaves nothing", left)
                self.full_store(home, small, big)
            finally:
                subprocess.run(["umount", "-l", str(small)], check=False)

    def full_store(self, home, small, big):
        """The ledger has what the store has no room for: no repair says that it mirrors it."""
        for name in os.listdir(small):
            (small / name).unlink()
        store = small / "cortex.db"
        room = home.store.stat().st_size + 100_000
        harness.must(subprocess.run(["mount", "-o", f"remount,size={room}", str(small)], capture_output=True, check=False))
        shutil.copyfile(home.store, store)
        harness.must(home.run("ingest", big, "--no-mirror"))
        run = home.run("doctor", "--repair", "--db", store, "--event-log", home.ledger)
        told = b"full" in run.stderr and b"now mirrors" not in run.stdout
        self.tally.check("doctor --repair, full disk", not told and harness.said(run))

    # -- a disk that cannot be written --------------------------------------------------------------------------------

    def read_only_disk(self):
        """Looking and backing up to another place work; what would have to write says so and changes nothing."""
        with harness.Home(self.binary) as home:
            disk = home.root / "disk"
            disk.mkdir()
            mount = ["mount", "-t", "tmpfs", "none", str(disk)]
            if subprocess.run(mount, capture_output=True, check=False).returncode:
                print("note: no tmpfs can be mounted here, a read-only disk is not tried")
                return
            try:
                home.data, home.ledger, home.store = disk / "data", disk / "data/events.jsonl", disk / "data/cortex.db"
                harness.must(home.run("init"))
                harness.must(home.run("ingest", home.session("first.json", range(1, 4))))
                session = home.session("more.json", range(4, 6))
                harness.must(subprocess.run(["mount", "-o", "remount,ro", str(disk)], capture_output=True, check=False))
                before = harness.tree(home.data)
                for arguments in (("status",), ("log",), ("show", harness.event_id(1)), ("audit", "verify"), ("doctor", "--strict"),
                                  ("doctor", "--deep"), ("backup", "--output", home.root / "bundle")):
                    run = home.run(*arguments)
                    self.tally.check(f"read-only disk: {arguments[0]} {arguments[1:2]}", run.returncode and harness.said(run))
                for arguments, codes in ((("ingest", session), (64,)), (("backup", "--output", disk / "bundle"), (7,)),
                                         (("doctor", "--repair"), (7,)), (("audit", "repair-tail", "--apply"), (7,))):
                    self.refused(f"read-only disk: {arguments[0]}", home, home.run(*arguments), codes, before, home.data)
            finally:
                subprocess.run(["umount", "-l", str(disk)], check=False)

    # -- a reader that goes away -------------------------------------------------------------------------------------

    def closed_output(self):
        with self.home() as home:
            for arguments in (("log",), ("--help",), ("audit", "verify"), ("--json", "audit", "verify"), ("status",),
                              ("completions", "bash"), ("ingest", "good.json")):
                reader, writer = os.pipe()
                os.close(reader)
                run = subprocess.run([home.binary, *arguments], cwd=home.root, env=home.environment(), stdout=writer,
                                     stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, check=False)
                os.close(writer)
                noise = [x for x in (b"SIGPIPE", b"ipe", b"terminate", b"abort") if x in run.stderr]
                problem = run.returncode != 0 and f"exit {run.returncode}: {run.stderr[:200]!r}"
                self.tally.check(f"closed stdout: {' '.join(arguments)}", problem or noise)
            self.tally.check("ingest with a closed stdout is done",
                             len(harness.row_ids(home.ledger)) != 5 and "rows are missing")

    def full_output(self):
        """A full device behind stdout is a failure and is said, except that the work stays done."""
        if not os.path.exists("/dev/full"):
            return
        with self.home() as home, open("/dev/full", "wb") as full:
            run = subprocess.run([home.binary, "audit", "verify"], cwd=home.root, env=home.environment(), stdout=full,
                                 stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.tally.check("stdout is full", run.returncode != 64 and f"exit {run.returncode}")

    def run(self):
        for part in (self.sessions, self.session_paths, self.ledgers, self.ledger_paths, self.backup_paths,
                     self.manifests, self.full_disk, self.read_only_disk, self.closed_output, self.full_output):
            try:
                part()
            except Exception as error:
                self.tally.check(part.__name__, f"{type(error).__name__}: {error}")
        return self.tally.finish()


def unchanged(before, after):
    """Private lock files may appear; nothing else may differ."""
    return before == {name: data for name, data in after.items() if name in before or not name.endswith(".lock")}


def limit_file_size(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # as a shell leaves it: it ends who does not ignore it
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def main():
    return Matrix(harness.program(__doc__)).run()


if __name__ == "__main__":
    sys.exit(main())
