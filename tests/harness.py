"""What the black-box tests share: running the program in a private home, building sessions, reading its files, counting.

Python 3.9 or newer, standard library only. Nothing here or in the tests reads or writes outside a temporary folder.
"""
import argparse
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
REPO = TESTS.parent
DATA = TESTS / "data"
BIN = REPO / "build/release/cortex"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Tally:
    """Counts cases and prints a line for each one that failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, problem):
        """`problem` is empty or None when the case holds."""
        if problem:
            self.failed += 1
            print(f"FAIL {name}: {str(problem)[:900]}", flush=True)
        else:
            self.passed += 1
        return not problem

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def parser(doc):
    out = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    out.add_argument("--bin", default=str(BIN), help="the program under test")
    return out


def program(doc):
    """The program under test, from a command line that names nothing else."""
    binary = parser(doc).parse_args().bin
    need_program(binary)
    return binary


class Home:
    """A private home with its own data directory; a context manager that removes everything."""

    def __init__(self, binary, root=None):
        self.binary = os.path.realpath(binary)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cortex-test-", dir=root))
        self.data = self.root / "data"
        self.ledger = self.data / "events.jsonl"
        self.store = self.data / "cortex.db"

    @classmethod
    def begun(cls, *arguments, **settings):
        """A home after `cortex init`."""
        home = cls(*arguments, **settings)
        must(home.run("init"))
        return home

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.root, ignore_errors=True)

    def environment(self):
        home = str(self.root)
        return {"PATH": os.environ.get("PATH", ""), "HOME": home, "XDG_DATA_HOME": home + "/share",
                "XDG_CONFIG_HOME": home + "/config", "CORTEX_DATA_DIR": str(self.data), "TZ": "UTC",
                "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
                "UBSAN_OPTIONS": "halt_on_error=1"}

    def run(self, *arguments, cwd=None, prefix=(), timeout=120, **options):
        """Runs the program; returns a CompletedProcess with bytes."""
        command = [*prefix, self.binary, *map(str, arguments)]
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(command, cwd=cwd or self.root, env=self.environment(), capture_output=True,
                              timeout=timeout, check=False, **options)

    def session(self, name, numbers, **fields):
        """Writes a session file with one event per number; returns its path."""
        path = self.root / name
        path.write_text(json.dumps({"events": [event(n, **fields) for n in numbers]}))
        return path


def ulid(number, stamp=0x018F00000000):
    """A deterministic 26-character ULID: a fixed time and `number`."""
    value, out = (stamp << 80) | number, []
    for _ in range(26):
        out.append(CROCKFORD[value & 31])
        value >>= 5
    return "".join(reversed(out))


def event_id(number):
    return "evt_" + ulid(number)


def event(number, **fields):
    """One event as a session file holds it."""
    row = {"id": event_id(number), "schema_version": 2, "observed_at": "2026-01-02T03:04:05Z",
           "recorded_at": "2026-01-02T03:04:05Z", "source": {"type": "tool", "name": "test"},
           "event_type": "cortex.event.tool_result.v1", "trace_id": None, "session_id": "test",
           "domain_tags": ["test"], "payload": {"n": number, "text": f"event {number}"},
           "payload_hash": "", "prev_event_hash": None, "event_hash": ""}
    row.update(fields)
    return row


def rows(path):
    """The decoded lines of a ledger."""
    return [json.loads(line) for line in pathlib.Path(path).read_bytes().split(b"\n") if line.strip()]


def row_ids(path):
    return [row["id"] for row in rows(path)]


def said(result):
    """A finished run in one line, for failure messages."""
    text = (result.stderr or result.stdout).decode("utf-8", "replace").strip().replace("\n", " | ")
    return f"exit {result.returncode}: {text[:400]}"


def unexpected(result, code, *texts):
    """None when a run ended with `code` and said all `texts`, else what it did instead."""
    text = (result.stdout + result.stderr).decode("utf-8", "replace")
    missing = [t for t in texts if t not in text]
    if result.returncode != code or missing:
        return f"wanted exit {code} and {missing or list(texts)}, got {result.returncode}: {text[-600:]}"
    return None


def must(result, code=0):
    """Stops the test when a step that only prepares it failed."""
    if result.returncode != code:
        raise RuntimeError(f"{result.args[1:]}: wanted exit {code}, {said(result)}")
    return result


def tree(folder, skip=("-wal", "-shm")):
    """Every file below `folder` with its bytes."""
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and not p.name.endswith(skip)}


def query(store, sql):
    """All rows of a query on a copy-free read-only connection."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def execute(store, sql, parameters=()):
    """One statement that changes a store at rest."""
    connection = sqlite3.connect(store)
    try:
        with connection:
            connection.execute(sql, parameters)
    finally:
        connection.close()


def add_operator(store, key_id):
    """The principal `p`, an operator, and his key, active since 2020."""
    execute(store, "insert into authority_principal_timeline(principal_id, trust_tier, effective_at)"
                   " values('p', 'operator', '2020-01-01T00:00:00+00:00')")
    execute(store, "insert into authority_key_timeline(key_id, principal_id, state, effective_at)"
                   " values(?, 'p', 'active', '2020-01-01T00:00:00+00:00')", (key_id,))


def need_program(binary):
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary} is not there: build it first (scripts/build)")
