#!/usr/bin/env python3
"""Hold the program to golden data (tests/data): ledger bytes, recorded output, envelopes, bundles, the store's schema.

    tests/golden/foundation.py [--bin build/release/cortex]

Golden rows that record a defect of reference 0.1.2 are turned around here, by name (BETTER): there the program must refuse.
"""
import json
import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import harness  # noqa: E402
import schema  # noqa: E402

# Session files that reference 0.1.2 took although the resulting ledger is unsound: unsupported schema versions, and
# the same id twice in a batch.
BETTER = {"sv0", "sv3", "dupids"}
VARIANT = re.compile(r"(\w+)(?: \{ which: (\w+))?")


class Golden:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def home(self):
        """A fresh home with a private copy of the golden ledgers: the program must not be able to touch the originals."""
        home = harness.Home(self.binary)
        home.data.mkdir(mode=0o700)
        shutil.copytree(harness.DATA / "ledger", home.root / "ledger")
        return home

    # -- ingest ------------------------------------------------------------------------------------------------------

    def canonical(self):
        with self.home() as home:
            source = home.root / "ledger/canonical"
            for name, run in (("ingest", home.run("ingest", source / "session.json")),
                              ("reingest", home.run("ingest", source / "session.json"))):
                want = (source / f"{name}.stdout").read_bytes()
                same = run.returncode == 0 and run.stdout == want
                self.tally.check(f"canonical/{name}.stdout", not same and f"{harness.said(run)} {run.stdout[-300:]!r}")
                self.same_bytes(f"canonical/{name} events.jsonl", home.ledger, source / "events.jsonl")

    def numbers(self):
        with self.home() as home:
            source = home.root / "ledger/numbers"
            run = home.run("ingest", source / "session.json")
            self.tally.check("numbers/session.json", run.returncode and harness.said(run))
            self.same_bytes("numbers/events.jsonl", home.ledger, source / "events.jsonl")
            run = home.run("audit", "verify", "--event-log", source / "unstable.jsonl")
            self.tally.check("numbers/unstable.jsonl", run.returncode and harness.said(run))

    def same_bytes(self, name, got, want):
        got = got.read_bytes() if got.exists() else b""
        want = want.read_bytes()
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        self.tally.check(name, got != want and
                         f"differs at byte {at}: {got[at - 40:at + 40]!r} instead of {want[at - 40:at + 40]!r}")

    def ingest_cases(self):
        source = harness.DATA / "ledger/ingest-cases"
        for line in (source / "expected.tsv").read_text().splitlines()[1:]:
            case, code, count = line.split("\t")
            code, count = (2, 0) if case in BETTER else (int(code), int(count))
            with harness.Home(self.binary) as home:
                home.data.mkdir(mode=0o700)
                shutil.copy(source / f"{case}.json", home.root)
                run = home.run("ingest", f"{case}.json")
                data = home.ledger.read_bytes() if home.ledger.exists() else b""
                want = source / f"{case}.expected.jsonl"
                problem = run.returncode != code and f"wanted exit {code}, {harness.said(run)}"
                if not problem and data.count(b"\n") != count:
                    problem = f"wanted {count} rows, got {data.count(bytes([10]))}"
                if not problem and count and data != want.read_bytes():
                    problem = f"rows differ: {data!r}"
                self.tally.check(f"ingest-cases/{case}", problem)

    # -- audit verify ------------------------------------------------------------------------------------------------

    def verify_cases(self):
        with self.home() as home:
            base = home.root / "ledger"
            for line in (base / "verify-cases/expected.tsv").read_text().splitlines()[1:]:
                case, flags, code, failures = (line.split("\t") + [""])[:4]
                if "--signed" in flags:
                    continue
                if case.startswith("boundary/"):
                    path = base / f"{case}.jsonl"
                elif case.startswith("signed "):
                    path = base / "signed/signed.jsonl"
                else:
                    path = next((base / "verify-cases" / case).glob("*.jsonl"))
                before = path.read_bytes()
                run = home.run("--json", "audit", "verify", "--event-log", path, *flags.split())
                problem = self.verify_problem(run, int(code), failures.split())
                if not problem and path.read_bytes() != before:
                    problem = "the ledger was changed"
                self.tally.check(f"verify-cases/{case}", problem)

    @staticmethod
    def verify_problem(run, code, failures):
        if run.returncode != code:
            return f"wanted exit {code}, {harness.said(run)}"
        try:
            report = json.loads(run.stdout)["report"]
        except ValueError as error:
            return f"no envelope: {error}"
        got = []
        for failure in report.get("failures", []):
            variant, which = VARIANT.match(failure["reason"]).groups()
            got.append(f"{failure['line']}:{variant}" + (f".{which}" if which else ""))
        return got != failures and f"wanted {failures}, got {got}"

    # -- envelopes ---------------------------------------------------------------------------------------------------

    def envelopes(self):
        canonical = "canonical/events.jsonl"
        verify = ("--json", "audit", "verify", "--event-log")
        cases = [("verify-ok", (*verify, canonical)),
                 ("verify-payload", (*verify, "verify-cases/payload/signed.jsonl")),
                 ("verify-missing", (*verify, "nowhere/events.jsonl")),
                 ("verify-torn", (*verify, "verify-cases/torn/signed.jsonl")),
                 ("verify-boundary-missing", (*verify, canonical, "--require-v1-to-v2-boundary")),
                 ("ingest-noop", ("--json", "ingest", "canonical/session.json")),
                 ("ingest-refused", ("--json", "ingest", "ingest-cases/user.json")),
                 ("missing-subcommand", ("--json",))]
        with self.home() as home:
            base = home.root / "ledger"
            harness.must(home.run("ingest", base / "canonical/session.json"))
            for name, arguments in cases:
                want = (base / f"envelopes/{name}.json").read_text()
                run = home.run(*arguments, cwd=base)
                try:
                    got = json.loads(run.stdout, object_pairs_hook=Ordered)
                except ValueError as error:
                    self.tally.check(f"envelopes/{name}", f"{error}; {harness.said(run)}")
                    continue
                found = list(envelope_differences(json.loads(want, object_pairs_hook=Ordered), got))
                if not found and run.returncode != dict(got)["exit_code"]:
                    found = [f"exit status {run.returncode}, envelope {dict(got)['exit_code']}"]
                if not found and not layout_is_pretty(run.stdout.decode()):
                    found = ["not pretty JSON with two spaces and a final newline"]
                self.tally.check(f"envelopes/{name}", "; ".join(found))

    # -- store and bundles -------------------------------------------------------------------------------------------

    def bundles(self):
        with self.home() as home:
            for name, code in (("pre-v2-bundle", 0), ("post-v2-bundle", 0)):
                bundle = home.root / name
                shutil.copytree(harness.DATA / "store" / name, bundle)
                before = harness.tree(bundle, skip=())
                run = home.run("restore", "verify-backup", "--manifest", bundle / "BACKUP_MANIFEST")
                problem = run.returncode != code and f"wanted exit {code}, {harness.said(run)}"
                if not problem and harness.tree(bundle, skip=()) != before:
                    problem = "the bundle was changed"
                self.tally.check(f"verify-backup {name}", problem)

    def backup_of_reference_store(self):
        source = harness.DATA / "store/pre-v2-bundle"
        golden_text = (source / "BACKUP_MANIFEST").read_text()
        golden = json.loads(golden_text)
        with self.home() as home:
            for name in ("cortex.db", "events.jsonl"):
                shutil.copyfile(source / name, home.data / name)
            run = home.run("backup", "--output", home.root / "bundle")
            if not self.tally.check("backup of a reference store", run.returncode and harness.said(run)):
                return
            text = (home.root / "bundle/BACKUP_MANIFEST").read_text()
            manifest = json.loads(text)
            keys = [k for k in manifest if k in golden]
            self.tally.check("manifest key order", keys != list(golden) and f"{list(manifest)}")
            self.tally.check("manifest final newline", text.endswith("\n") and "there is one")
            loose = ("tool_version", "backup_timestamp", "sqlite_store_size_bytes", "sqlite_store_blake3")
            for key in golden:
                if key not in loose:
                    self.tally.check(f"manifest {key}", manifest.get(key) != golden[key] and f"{manifest.get(key)!r}")
            run = home.run("restore", "verify-backup", "--manifest", home.root / "bundle/BACKUP_MANIFEST")
            self.tally.check("verify-backup of that", run.returncode and harness.said(run))

    def fresh_schema(self):
        golden = json.loads((harness.DATA / "store/schema.json").read_text())
        with self.home() as home:
            harness.must(home.run("init"))
            empty = home.store.stat().st_size == 0 and home.ledger.stat().st_size == 0
            self.tally.check("init leaves two empty files", not empty and "they are not empty")
            harness.must(home.run("doctor", "--repair"))
            found = schema.differences(home.store, golden)
            self.tally.check("schema of a new store", "; ".join(found))
            names = [r[0] for r in harness.query(home.store, "select name from _migrations order by name")]
            self.tally.check("ten migrations on record", len(names) != 10 and f"{names}")
            run = home.run("doctor", "--strict")
            self.tally.check("doctor --strict of a new store", run.returncode and harness.said(run))

    def sealed_chain_head(self):
        """The store corpus names this head for its three version 1 rows."""
        with self.home() as home:
            shutil.copy(harness.DATA / "store/in_v1.json", home.root)
            run = home.run("ingest", "in_v1.json")
            want = b"33b000163f103c75bdc6dcca3092e8217d70de2133e8f79e059bb58fb57cdf1a"
            self.tally.check("in_v1.json chain head", want not in run.stdout and harness.said(run))

    def run(self):
        for part in (self.canonical, self.numbers, self.ingest_cases, self.verify_cases, self.envelopes, self.bundles,
                     self.backup_of_reference_store, self.fresh_schema, self.sealed_chain_head):
            try:
                part()
            except Exception as error:  # one part that cannot run is a failure of that part
                self.tally.check(part.__name__, f"{type(error).__name__}: {error}")
        return self.tally.finish()


class Ordered(list):
    """A JSON object as its list of (key, value) pairs: order counts."""


def envelope_differences(want, got, at=""):
    if isinstance(want, str) and ("<text>" in want or "<hex>" in want):
        if not isinstance(got, str) or not got:
            yield f"{at}: want a text, got {got!r}"
    elif isinstance(want, Ordered):
        if not isinstance(got, Ordered):
            yield f"{at}: want an object, got {got!r}"
            return
        known = dict(want)
        order = [key for key, _ in got if key in known]
        if order != list(known):
            yield f"{at}: keys {order}, want {list(known)}"
        for key, value in got:
            if key in known:
                yield from envelope_differences(known[key], value, f"{at}.{key}")
    elif isinstance(want, list):
        if not isinstance(got, list) or isinstance(got, Ordered) or len(got) != len(want):
            yield f"{at}: want {len(want)} items, got {got!r}"
            return
        for index, (a, b) in enumerate(zip(want, got)):
            yield from envelope_differences(a, b, f"{at}[{index}]")
    elif want != got or isinstance(want, bool) != isinstance(got, bool):
        yield f"{at}: want {want!r}, got {got!r}"


def layout_is_pretty(text):
    return text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def main():
    return Golden(harness.program(__doc__)).run()


if __name__ == "__main__":
    sys.exit(main())
