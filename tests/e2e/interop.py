#!/usr/bin/env python3
"""Checkpoints, proofs and tiles against an independent implementation (tests/interop, Go), both ways.

    tests/e2e/interop.py [--bin build/release/cortex]

Needs `go` and its module in the module cache or reachable; without them the cases are skipped, and that is said.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402

SIZES = (1, 5, 256, 700)


def build(folder):
    """The Go program, or why there is none."""
    if not shutil.which("go"):
        return None, "go is not installed (scripts/install-deps --tests)"
    program = pathlib.Path(folder) / "interop"
    env = dict(os.environ, GOFLAGS="-mod=mod -modcacherw -buildvcs=false", CGO_ENABLED="0")
    made = subprocess.run(["go", "build", "-o", program, "."], cwd=HERE.parent / "interop", env=env, capture_output=True,
                          timeout=300, check=False)
    return (program, None) if made.returncode == 0 else (None, made.stderr.decode()[-300:])


class Interop:
    def __init__(self, binary, program):
        self.binary = binary
        self.program = program
        self.tally = harness.Tally()

    def go(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, timeout=120, check=False)

    def size(self, rows):
        with harness.Home(self.binary) as home:
            home.data.mkdir(mode=0o700)
            seed = home.root / "log.seed"
            seed.write_bytes(bytes(range(32)))
            seed.chmod(0o600)
            # In two batches: partial tiles give way to wider ones.
            for part in (range(1, rows // 2 + 1), range(rows // 2 + 1, rows + 1)):
                if part:
                    harness.must(home.run("ingest", home.session("s.json", part)))
            note = home.root / "cp"
            made = harness.must(home.run("--json", "audit", "checkpoint", "--key", seed, "--origin", "example.com/log",
                                         "--output", note))
            report = json.loads(made.stdout)["report"]
            vkey = home.root / "vkey"
            vkey.write_text(report["verifier_key"])
            root = self.go("root", home.ledger, rows)
            self.tally.check(f"{rows}: root", root.stdout.decode().strip() != report["root"] and harness.said(root))
            opened = self.go("open", vkey, note)
            want = f"example.com/log {rows} {report['root']}"
            self.tally.check(f"{rows}: checkpoint", opened.stdout.decode().strip() != want and harness.said(opened))
            tiles = self.go("tiles", f"{home.ledger}.tlog", rows, home.ledger)
            self.tally.check(f"{rows}: tiles", tiles.returncode and harness.said(tiles))
            for number in sorted({1, rows // 2 + 1, rows}):
                self.proof(home, vkey, seed, rows, number)

    def proof(self, home, vkey, seed, rows, number):
        row = home.ledger.read_bytes().split(b"\n")[number - 1]
        ours = home.root / f"{number}.tlog-proof"
        harness.must(home.run("audit", "prove", harness.event_id(number), "--output", ours))
        checked = self.go("check", vkey, ours)
        self.tally.check(f"{rows}: our proof of {number}", checked.stdout != row and harness.said(checked))
        theirs = home.root / f"{number}.go.tlog-proof"
        made = self.go("prove", home.ledger, "example.com/log", seed, number - 1)
        theirs.write_bytes(made.stdout)
        # The same key over the same tree: Ed25519 is deterministic, and so is the format.
        self.tally.check(f"{rows}: both proofs of {number} are the same bytes",
                         theirs.read_bytes() != ours.read_bytes() and harness.said(made))
        run = home.run("audit", "check-proof", theirs, "--key", vkey)
        self.tally.check(f"{rows}: their proof of {number}", run.returncode and harness.said(run))

    def run(self):
        for rows in SIZES:
            self.size(rows)
        return self.tally.finish()


def main():
    binary = harness.program(__doc__)
    with tempfile.TemporaryDirectory(prefix="cortex-interop-") as folder:
        program, why = build(folder)
        if program is None:
            print(f"skipped: no independent check of checkpoints and proofs: {why}", flush=True)
            print("0 passed, 0 failed")
            return 0
        return Interop(binary, program).run()


if __name__ == "__main__":
    sys.exit(main())
