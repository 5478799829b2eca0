#!/usr/bin/env python3
"""One test for every line of the table "what is detected" of docs/security.md: the change, the command, its exit, its token.

    tests/e2e/detection.py [--bin build/release/cortex]
"""
import json
import os
import pathlib
import shutil
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402


class Deployment(harness.Home):
    """Five rows, a signed checkpoint, and a copy of it outside."""

    def __init__(self, binary, *ingest):
        super().__init__(binary)
        self.data.mkdir(mode=0o700)
        self.key = self.root / "log.seed"
        self.key.write_bytes(bytes(range(32)))
        self.key.chmod(0o600)
        self.checkpoint = self.root / "then.checkpoint"
        harness.must(self.run("ingest", self.session("s.json", range(1, 6)), *ingest))
        signed = harness.must(self.run("--json", "audit", "checkpoint", "--key", self.key, "--output", self.checkpoint))
        self.vkey = self.root / "log.vkey"
        self.vkey.write_text(json.loads(signed.stdout)["report"]["verifier_key"] + "\n")

    def rewrite(self, change):
        self.ledger.write_bytes(change(self.ledger.read_bytes()))

    def forget(self):
        """What stands beside the ledger is taken away too."""
        shutil.rmtree(f"{self.ledger}.tlog")
        (self.data / f"cortex_{self.ledger.name}.head").unlink()


def metadata(data):
    return data.replace(b"2026-01-02T03:04:05Z", b"2026-01-02T03:04:06Z", 1)


def payload(data):
    return data.replace(b'"event 2"', b'"event X"')


def lines(data):
    return data.splitlines(keepends=True)


def cut(data):
    return b"".join(lines(data)[:-2])


def spelling(data):
    return data.replace(b'"domain_tags":["test"]', b'"domain_tags": ["test"]', 1)


def hash_of(member):
    """Another digit in the hash of the second row."""
    def change(data):
        at = data.index(f'"{member}":"'.encode(), data.index(b"\n")) + len(member) + 4
        return data[:at] + (b"1" if data[at:at + 1] == b"0" else b"0") + data[at + 1:]
    return change


VERIFY = ("audit", "verify")
# name, change, command, exit, text that must be said ("" for none)
CASES = [
    ("payload changed", payload, VERIFY, 3, "HashBreak"),
    ("hash changed: payload_hash", hash_of("payload_hash"), VERIFY, 3, "HashBreak"),
    ("hash changed: event_hash", hash_of("event_hash"), VERIFY, 3, "HashBreak"),
    ("hash changed: prev_event_hash", hash_of("prev_event_hash"), VERIFY, 3, "Orphan"),
    ("unknown schema version", lambda d: d.replace(b'"schema_version":2', b'"schema_version":7', 1), VERIFY, 3,
     "UnknownEventSchemaVersion"),
    ("row removed in the middle", lambda d: b"".join(lines(d)[:2] + lines(d)[3:]), VERIFY, 3, "Orphan"),
    ("rows swapped", lambda d: b"".join([lines(d)[1], lines(d)[0]] + lines(d)[2:]), VERIFY, 3, "Orphan"),
    ("row repeated", lambda d: b"".join(lines(d) + lines(d)[-1:]), VERIFY, 3, "Orphan"),
    ("line that is no row", lambda d: d.replace(b"\n", b"\n{\n", 1), VERIFY, 6, "line 2"),
    ("half a row at the end", lambda d: d + b'{"id"', VERIFY, 6, "ledger.torn_tail"),
    ("metadata changed, tree beside it", metadata, VERIFY, 3, "audit.tree.row_changed"),
    ("spelling changed, tree beside it", spelling, VERIFY, 3, "audit.tree.row_changed"),
    ("tail cut", cut, VERIFY, 3, "ledger.tail_cut"),
    ("tail cut inside a row", lambda d: d[:-200], VERIFY, 6, "ledger.torn_tail"),
    ("nothing changed", lambda d: d, VERIFY, 0, ""),
]


class Detection:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def expect(self, name, run, code, text):
        self.tally.check(name, harness.unexpected(run, code, text))

    def table(self):
        for name, change, command, code, text in CASES:
            with Deployment(self.binary) as home:
                home.rewrite(change)
                self.expect(name, home.run(*command), code, text)

    def since(self):
        """Whoever also rewrites what stands beside the ledger is found by a checkpoint kept elsewhere."""
        def other(data):
            return b"".join(lines(data)[:1])
        for name, change, code, text in (
                ("metadata changed, against a checkpoint", metadata, 3, "audit.since.rewritten"),
                ("tail cut, against a checkpoint", cut, 3, "audit.since.truncated"),
                ("whole ledger rewritten, against a checkpoint", other, 3, "audit.since.truncated"),
                ("nothing changed, against a checkpoint", lambda d: d, 0, "extends the checkpoint")):
            with Deployment(self.binary) as home:
                home.rewrite(change)
                home.forget()
                self.expect(f"{name}: not found without it", home.run(*VERIFY), 0, "")
                run = home.run(*VERIFY, "--since", home.checkpoint, "--checkpoint-key", home.vkey)
                self.expect(name, run, code, text)
        with Deployment(self.binary) as home:
            harness.must(home.run("ingest", home.session("t.json", range(6, 9))))
            run = home.run("--json", *VERIFY, "--since", home.checkpoint, "--checkpoint-key", home.vkey)
            found = json.loads(run.stdout)["report"]["since"]
            self.tally.check("extension is said", found["status"] != "extended" and found)
            other = home.root / "other.pub"
            other.write_bytes(bytes.fromhex("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"))
            run = home.run(*VERIFY, "--since", home.checkpoint, "--checkpoint-key", other)
            self.expect("checkpoint of another key", run, 3, "audit.since.signature_invalid")

    def covered(self):
        """Row hashes find changed metadata without the tree, and rows of programs that write none."""
        with Deployment(self.binary, "--row-hash") as home:
            home.rewrite(metadata)
            home.forget()
            self.expect("metadata of a covered row changed", home.run(*VERIFY), 3, "RowHashMismatch")
        with Deployment(self.binary, "--row-hash") as home:
            rows = lines(home.ledger.read_bytes())
            bare = json.loads(rows[-1])
            del bare["x_row_hash"]
            home.ledger.write_bytes(b"".join(rows[:-1]) + json.dumps(bare, separators=(",", ":")).encode() + b"\n")
            home.forget()
            self.expect("row hash taken away: reported", home.run(*VERIFY), 0, "first_uncovered_row=5")
            self.expect("row hash taken away: --strict", home.run(*VERIFY, "--strict"), 3, "audit.row_coverage.gap")
            report = json.loads(home.run("--json", *VERIFY).stdout)["report"]
            self.tally.check("coverage is reported", (report["rows_covered"], report["rows_scanned"]) != (4, 5) and report)

    def repeated(self):
        """The chain does not bind ids: two rows may bear one."""
        with Deployment(self.binary) as home:
            home.rewrite(lambda d: d.replace(harness.event_id(5).encode(), harness.event_id(4).encode(), 1))
            home.forget()
            self.expect("repeated id: reported", home.run("--json", *VERIFY), 0, "duplicate_event_ids")
            self.expect("repeated id: --strict", home.run(*VERIFY, "--strict"), 3, "repeated event id")

    def anchored(self):
        with Deployment(self.binary) as home:
            harness.must(home.run("audit", "anchor", "--output", "anchor.txt", "--history", "history.txt"))
            home.rewrite(cut)
            home.forget()
            for flag, name in (("--against", "anchor.txt"), ("--against-history", "history.txt")):
                self.expect(f"tail cut, against an anchor: {flag}", home.run(*VERIFY, flag, name), 3, "anchor.")

    def stored(self):
        """The store says what the ledger says, or it is told."""
        changes = (("event changed in the store", "UPDATE events SET session_id = 'other' WHERE id = ?", "event"),
                   ("event hidden from the store", "DELETE FROM events WHERE id = ?", "hidden event"),
                   ("memory changed in the store", "UPDATE memories SET claim = 'the sky is green' WHERE id = ?", "memory"),
                   ("memory removed from the store", "DELETE FROM memories WHERE id = ?", "memory"))
        for name, change, of in changes:
            with Deployment(self.binary) as home:
                harness.must(home.run("init"))
                noted = harness.must(home.run("--json", "memory", "note", "the sky is blue"))
                target = json.loads(noted.stdout)["report"]["memory_id"] if of == "memory" else harness.event_id(2)
                self.expect(f"{name}: before", home.run(*VERIFY, "--mirror", "--strict"), 0, "")
                store = sqlite3.connect(home.store)
                if of == "hidden event":  # which otherwise lets the next program put it back
                    store.execute("DROP TRIGGER cortex_events_deleted")
                store.execute(change, (target,))
                store.commit()
                store.close()
                self.expect(name, home.run(*VERIFY, "--mirror"), 3, target if of == "memory" else "")

    def proofs(self):
        with Deployment(self.binary) as home:
            proof = home.root / "two.tlog-proof"
            harness.must(home.run("audit", "prove", harness.event_id(2), "--output", proof))
            alone = home.root / "elsewhere"
            alone.mkdir()
            for path in (proof, home.vkey):
                shutil.move(path, alone / path.name)
            shutil.rmtree(home.data)
            check = ("audit", "check-proof", alone / proof.name, "--key", alone / home.vkey.name)
            self.expect("proof alone", home.run(*check), 0, f"{harness.event_id(2)} is row 2 of 5")
            self.tally.check("checking makes nothing", home.data.exists() and "a data folder is there")
            text = (alone / proof.name).read_text()
            for name, changed, token in (
                    ("row of a proof changed", text.replace("extra eyJ", "extra eyK"), "audit.proof.not_included"),
                    ("place of a proof changed", text.replace("index 1\n", "index 2\n"), "audit.proof.not_included"),
                    ("checkpoint of a proof changed", text.replace("\n5\n", "\n6\n"), "audit.proof.signature_invalid"),
                    ("proof cut", text[:-9], "audit.proof.malformed")):
                (alone / proof.name).write_text(changed)
                self.expect(name, home.run(*check), 5, token)

    def life(self):
        """A cut is not hidden by what is appended later, and a replaced ledger is accepted on purpose only."""
        with Deployment(self.binary) as home:
            backup = cut(home.ledger.read_bytes())
            home.rewrite(cut)
            run = home.run("ingest", home.session("t.json", range(10, 20)))
            self.expect("append behind a cut says so", run, 0, "ledger.tail_cut")
            self.expect("append behind a cut does not hide it", home.run(*VERIFY), 3, "ledger.rows_replaced")
            home.ledger.write_bytes(backup)
            self.expect("restored by hand", home.run(*VERIFY), 3, "ledger.tail_cut")
            self.expect("no checkpoint over it", home.run("audit", "checkpoint", "--key", home.key), 3, "ledger.tail_cut")
            self.expect("accepted", home.run("audit", "checkpoint", "--reset"), 0, "is accepted as it is (3 rows)")
            self.expect("accepted for good", home.run(*VERIFY), 0, "")
            harness.must(home.run("ingest", home.session("t.json", range(10, 20))))
            self.expect("accepted, then appended", home.run(*VERIFY), 0, "")
        with Deployment(self.binary) as home:
            elsewhere = home.root / "copy"
            shutil.copytree(home.data, elsewhere)
            run = home.run(*VERIFY, "--event-log", elsewhere / home.ledger.name)
            self.expect("copied with all that is beside it", run, 0, "")
            shutil.rmtree(elsewhere / f"{home.ledger.name}.tlog")
            os.unlink(elsewhere / f"cortex_{home.ledger.name}.head")
            self.expect("copied alone", home.run(*VERIFY, "--event-log", elsewhere / home.ledger.name), 0, "")
        with Deployment(self.binary) as home:
            tile = pathlib.Path(f"{home.ledger}.tlog/tile/0/000.p/5")
            tile.write_bytes(bytes([tile.read_bytes()[0] ^ 1]) + tile.read_bytes()[1:])
            self.expect("damaged tree is said, no alarm", home.run(*VERIFY), 0, "tree=damaged tile/0/000.p/5")
            harness.must(home.run("ingest", home.session("t.json", [9])))
            run = home.run(*VERIFY)
            self.expect("damaged tree is made again", run, 0, "")
            self.tally.check("and no longer damaged", b"damaged" in run.stderr and run.stderr[-300:])

    def run(self):
        for part in (self.table, self.since, self.covered, self.repeated, self.anchored, self.stored, self.proofs, self.life):
            part()
        return self.tally.finish()


def main():
    return Detection(harness.program(__doc__)).run()


if __name__ == "__main__":
    sys.exit(main())
