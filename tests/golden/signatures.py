#!/usr/bin/env python3
"""Hold signatures, attestations and authority to golden data: signed ledgers, user attestations, detached signatures.

    tests/golden/signatures.py [--bin build/release/cortex]

Every `--signed` case runs with the key of seed 07 registered, as the golden rows were made.
"""
import json
import pathlib
import re
import sqlite3
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import harness  # noqa: E402

LEDGER = harness.DATA / "ledger"
TRUST = harness.DATA / "trust"
KEY = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
VARIANT = re.compile(r"(\w+)(?: \{ which: (\w+))?")
RULE = "audit.verify.temporal_authority"


class Signatures:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def store(self, home, keys=None, principals=None):
        """A migrated store with these timelines; by default the key is active and its holder an operator."""
        home.data.mkdir(mode=0o700, exist_ok=True)
        harness.must(home.run("init"))
        harness.must(home.run("doctor", "--repair"))
        keys = keys if keys is not None else [{"state": "active", "effective_at": "2020-01-01T00:00:00+00:00"}]
        principals = principals if principals is not None else [
            {"trust_tier": "operator", "effective_at": "2020-01-01T00:00:00+00:00"}]
        db = sqlite3.connect(home.store)
        with db:
            db.execute("delete from authority_key_timeline")
            db.execute("delete from authority_principal_timeline")
            for row in keys:
                db.execute("insert into authority_key_timeline(key_id, principal_id, state, effective_at) values(?,?,?,?)",
                           (row.get("key_id", KEY), row.get("principal_id", "op"), row["state"], row["effective_at"]))
            for row in principals:
                db.execute("insert into authority_principal_timeline(principal_id, trust_tier, effective_at,"
                           " trust_review_due_at, removed_at) values(?,?,?,?,?)",
                           (row.get("principal_id", "op"), row["trust_tier"], row["effective_at"],
                            row.get("trust_review_due_at"), row.get("removed_at")))
        db.close()

    def verify(self, home, path, *flags):
        run = home.run("--json", "audit", "verify", "--event-log", path, *flags)
        return run, json.loads(run.stdout)

    def signed_cases(self):
        with harness.Home(self.binary) as home:
            self.store(home)
            for line in (LEDGER / "verify-cases/expected.tsv").read_text().splitlines()[1:]:
                case, flags, code, failures = (line.split("\t") + ["", "", ""])[:4]
                if "--signed" not in flags:
                    continue
                folder = LEDGER / "verify-cases" / case
                if case.startswith("signed "):
                    path = LEDGER / "signed/signed.jsonl"
                elif case == "signed-by-reference":
                    path = LEDGER / "signed-by-reference/events.jsonl"
                else:
                    path = next(folder.glob("*.jsonl"))
                words = [str(LEDGER / word) if word.startswith("user/") else word for word in flags.split()]
                run, envelope = self.verify(home, path, *words)
                found = []
                for failure in envelope["report"].get("failures", []):
                    variant, which = VARIANT.match(failure["reason"]).groups()
                    found.append(f"{failure['line']}:{variant}" + (f".{which}" if which else ""))
                same = run.returncode == int(code) and found == failures.split()
                self.tally.check(f"{case} {flags}", not same and f"{harness.said(run)} {found}")

    def two_rows_of_the_reference(self):
        with harness.Home(self.binary) as home:
            self.store(home)
            path = home.root / "events.jsonl"
            path.write_bytes((TRUST / "signed_two_rows.jsonl").read_bytes())
            run, envelope = self.verify(home, path, "--signed", "--verification-key", LEDGER / "user/pub07.key")
            good = run.returncode == 0 and envelope["report"]["signed_verification"]["rows_verified"] == 2
            self.tally.check("signed_two_rows", not good and harness.said(run))

    def authority(self):
        """Rows signed later than every date of the timelines that lies in the past."""
        golden = json.loads((TRUST / "temporal_cli.json").read_text())
        with harness.Home(self.binary) as home:
            self.store(home)
            path = home.root / "events.jsonl"
            path.write_bytes((TRUST / "signed_two_rows.jsonl").read_bytes())
            seed = LEDGER / "user/seed07.key"
            for case in golden["cases"]:
                self.store(home, case["key_timeline"], case["principal_timeline"])
                want = case["expect"]
                run, envelope = self.verify(home, path, "--signed", "--attestation", seed)
                report = envelope["report"]
                votes = report["policy_outcome"]["contributing"] + report["policy_outcome"]["discarded"]
                vote = next(v for v in votes if v["rule_id"] == RULE)
                got = {"exit": run.returncode, "outcome": envelope["outcome"], "rule_outcome": vote["outcome"],
                       "final_outcome": report["policy_outcome"]["final_outcome"],
                       **{k: report[k] for k in ("runtime_mode", "proof_state", "claim_ceiling")}}
                if want["reasons"]:
                    got["reasons"] = vote["reason"].rsplit(": ", 1)[-1].split(",")
                    got["invariant_in_reason"] = "revalidation_failed" in vote["reason"]
                differing = {k: (v, want[k]) for k, v in got.items() if v != want[k]}
                self.tally.check(f"temporal_cli {case['name']}", differing)

    def detached(self):
        with harness.Home(self.binary) as home:
            out = home.root / "s"
            run = home.run("sign", "--signing-key-file", LEDGER / "user/seed07.key", "--payload", LEDGER / "sign/payload",
                           "--output", out)
            same = run.returncode == 0 and out.read_bytes() == (LEDGER / "sign/payload.sig").read_bytes()
            self.tally.check("sign/payload.sig", not same and harness.said(run))

    def user_attestations(self):
        """The same session gives the same ledger, and a row for the same events by the same key."""
        with harness.Home(self.binary) as home:
            home.data.mkdir(mode=0o700)
            path = home.data / "ledger.jsonl"
            run = home.run("ingest", LEDGER / "user/session.json", "--event-log", path, "--user-attestation",
                           LEDGER / "user/seed07.key")
            same = run.returncode == 0 and path.read_bytes() == (LEDGER / "user/ledger.jsonl").read_bytes()
            self.tally.check("user/ledger.jsonl", not same and harness.said(run))
            made = home.data / "audit_records.jsonl"
            shapes = [[(row["operation"], row["target_ref"], list(row), list(row["actor_json"]),
                        row["actor_json"]["key_id"], row["outcome"]) for row in harness.rows(p)
                       if row["actor_json"]["kind"] == "user"]
                      for p in (made, LEDGER / "user/audit_records.jsonl")] if made.exists() else [1, 2]
            self.tally.check("user/audit_records.jsonl", shapes[0] != shapes[1] and shapes)
            verify = ("audit", "verify", "--event-log", path, "--attestations", LEDGER / "user/pub07.key")
            run = home.run(*verify)
            self.tally.check("attestations made here", run.returncode and harness.said(run))
            made.write_bytes((LEDGER / "user/audit_records.jsonl").read_bytes())
            run = home.run(*verify)
            self.tally.check("attestations of the reference", run.returncode and harness.said(run))
            made.write_bytes(made.read_bytes().replace(b'"signature_hex":"3', b'"signature_hex":"4', 1))
            run = home.run(*verify)
            self.tally.check("a forged one", (run.returncode != 3 or b"audit.attestation.signature_invalid" not in run.stderr)
                             and harness.said(run))

    def run(self):
        self.signed_cases()
        self.two_rows_of_the_reference()
        self.authority()
        self.detached()
        self.user_attestations()
        return self.tally.finish()


if __name__ == "__main__":
    sys.exit(Signatures(harness.parser(__doc__).parse_args().bin).run())
