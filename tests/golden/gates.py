#!/usr/bin/env python3
"""Hold the gates to golden data: the verifier's cases, recorded reports, and what is stricter than reference 0.1.2.

    tests/golden/gates.py [--bin build/release/cortex]
"""
import fcntl
import json
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

CASES = json.loads((harness.DATA / "trust/verifier_cases.json").read_text())["cases"]
GATES = harness.DATA / "agents/gates"
# What 0.1.2 lets pass and this program does not, and the other way round: exit and invariant.
STRICTER = {"weak_future_timestamp": (7, "verifier.witness.future"),
            "weak_one_key_for_all": (7, "verifier.witness.authority_overlap"),
            "weak_max_age_overflow": (0, None)}
ADDED = {"trust_root", "ledger_compared"}
OLD = ("--max-witness-age-seconds", "9000000000")


def differs(want, got, path="report"):
    """The first difference, or nothing; "<text>" stands for any text."""
    if want == "<text>":
        return None if isinstance(got, str) and got else f"{path}: no text"
    if isinstance(want, dict) and isinstance(got, dict):
        extra = set(got) - set(want) - ADDED
        if extra or set(want) - set(got):
            return f"{path}: keys {sorted(extra)} are new, {sorted(set(want) - set(got))} are missing"
        return next(filter(None, (differs(want[k], got[k], f"{path}.{k}") for k in want)), None)
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return next(filter(None, (differs(w, g, f"{path}[]") for w, g in zip(want, got))), None)
    return None if want == got else f"{path}: {got!r} instead of {want!r}"


def report_of(run):
    """The report of a run without --json: the JSON on stderr."""
    text = run.stderr.decode()
    return json.loads(text[text.index("{"):])


def case(tally, home, row):
    args = [*row["command"], "--evidence-json", row["evidence"], "--evidence-blake3", row["evidence_blake3"]]
    for witness in row["witnesses"]:
        args += ["--witness-json", json.dumps(witness)]
    args += row["extra_args"]
    want = row["expect"]
    exit_code, invariant = STRICTER.get(row["name"], (want["exit"], want["invariant"]))
    run = home.run(*args)
    name = f"verifier {row['name']}"
    if not tally.check(f"{name}: exit", run.returncode != exit_code and harness.said(run)):
        return
    tally.check(f"{name}: nothing on stdout", run.stdout)
    report = report_of(run)
    edge = report["verifier"].get("broken_edge")
    tally.check(f"{name}: invariant", (edge or {}).get("invariant") != invariant and edge)
    if row["name"] not in STRICTER:
        seen = {"verification_state": report["evidence_input"]["verification_state"],
                "failed_rule": report["evidence_input"]["failed_rule"], "verifier_invoked": report["verifier"]["invoked"],
                "state": report["verifier"].get("state"), "ceiling": report["verifier"].get("ceiling"),
                "policy_outcome": report["policy_outcome"], "claim_ceiling": report["claim_ceiling"],
                "claim_allowed": report["claim_allowed"]}
        wrong = {k: (v, want[k]) for k, v in seen.items() if v != want[k]}
        tally.check(f"{name}: report", wrong)
        missing = [r.split("class ")[1].split(" is")[0] for r in report["verifier"].get("reasons", [])]
        tally.check(f"{name}: missing classes", missing != want["missing_classes"] and missing)
    enveloped = home.run("--json", *args)
    tally.check(f"{name}: the envelope says the same", enveloped.returncode != exit_code and harness.said(enveloped))
    inside = json.loads(enveloped.stdout)["report"]
    # Reasons count seconds: a report is that of the run before or of the run after.
    tally.check(f"{name}: the same report", differs(report, inside) and differs(report_of(home.run(*args)), inside))


def recorded(tally, home):
    run = home.run("release", "readiness")
    tally.check("recorded: release without evidence",
                differs(json.loads((GATES / "release-missing.report.json").read_text()), report_of(run)))
    run = home.run("compliance", "evidence")
    tally.check("recorded: compliance without evidence",
                differs(json.loads((GATES / "compliance-missing.report.json").read_text()), report_of(run)))
    blake3 = json.loads((GATES / "vectors.json").read_text())["evidence_remote_ci_blake3"]
    witnesses = [w for c in ("signed_ledger_chain_head", "external_anchor_crossing", "remote_ci_conclusion",
                             "reproducible_build_provenance")
                 for w in ("--witness-file", GATES / f"witness-{c}.json")]
    run = home.run("release", "readiness", "--evidence-file", GATES / "evidence-remote-ci.json", "--evidence-blake3",
                   blake3, *witnesses, *OLD)
    report = report_of(run)
    # One key signed all four: 0.1.2 took that for four voices.
    tally.check("recorded: one key is one voice",
                report["verifier"]["broken_edge"]["invariant"] != "verifier.witness.authority_overlap" and report["verifier"])


def trust_root(tally, home):
    row = next(c for c in CASES if c["name"] == "full")
    args = ["release", "readiness", "--evidence-json", row["evidence"], "--evidence-blake3", row["evidence_blake3"], *OLD]
    for witness in row["witnesses"]:
        args += ["--witness-json", json.dumps(witness)]
    run = home.run(*args)
    tally.check("unregistered keys are marked", report_of(run)["verifier"]["trust_root"] != "unregistered_keys")
    tally.check("unregistered keys are a loud warning", b"WARNING: nobody vouches" not in run.stderr and harness.said(run))
    run = home.run(*args, "--require-registered-witnesses")
    tally.check("required: refused without a registry",
                (run.returncode != 7 or b"key_unregistered" not in run.stderr) and harness.said(run))
    registry = home.root / "keys.toml"

    def write(classes):
        registry.write_text("".join(
            f'[[keys]]\nkey_id = "k{i}"\nalgorithm = "ed25519"\nkey_bytes_hex = "{w["signature"]["public_key_bytes"]}"\n'
            f'classes = ["{classes(w)}"]\n' for i, w in enumerate(row["witnesses"])))

    write(lambda w: w["class"])
    run = home.run(*args, "--witness-key-registry", registry, "--require-registered-witnesses")
    tally.check("registered keys pass", run.returncode and harness.said(run))
    tally.check("registered keys are said", report_of(run)["verifier"]["trust_root"] != "registry")
    tally.check("registered keys need no warning", b"WARNING" in run.stderr and harness.said(run))
    write(lambda w: "remote_ci_conclusion")
    run = home.run(*args, "--witness-key-registry", registry)
    tally.check("a key may witness only its classes",
                (run.returncode != 7 or b"key_unregistered" not in run.stderr) and harness.said(run))
    for text in ("", "keys = 1", "[[keys]]\nkey_id = 1", "[[keys", "[[keys]]\nkey_id='a'\nalgorithm='rsa'\nkey_bytes_hex=''"):
        registry.write_text(text)
        run = home.run(*args, "--witness-key-registry", registry)
        tally.check(f"registry {text!r}", run.returncode != 7 and harness.said(run))


def against_ledger(tally, home):
    row = next(c for c in CASES if c["name"] == "full")
    harness.must(home.run("init"))
    harness.must(home.run("ingest", home.session("s.json", range(1, 4))))
    args = ["--json", "release", "readiness", "--evidence-json", row["evidence"], "--evidence-blake3",
            row["evidence_blake3"], *OLD]
    for witness in row["witnesses"]:
        args += ["--witness-json", json.dumps(witness)]
    run = home.run(*args, "--against-ledger", home.ledger)
    report = json.loads(run.stdout)["report"]["verifier"]
    tally.check("a head that the ledger does not have",
                report["broken_edge"]["invariant"] != "verifier.witness.ledger_mismatch" and report)
    run = home.run(*args, "--against-ledger", home.root / "none.jsonl")
    tally.check("a ledger that is not there", run.returncode != 7 and harness.said(run))
    key = home.root / "key"
    key.write_bytes(bytes([7]) * 32)
    key.chmod(0o600)
    writing(tally, home, [*args[1:], "--against-ledger", home.ledger])
    writing(tally, home, ["release", "readiness", "--from-store", "--attestation", key])


def writing(tally, home, args):
    """Somebody is in the middle of a row: the ledger is judged when it is whole again, and as it was before."""
    before, whole = home.run(*args), home.ledger.read_bytes()
    with home.ledger.open("ab") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        ledger.write(b'{"half')
        ledger.flush()
        with subprocess.Popen([home.binary, *map(str, args)], env=home.environment(), cwd=home.root,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(0.5)
            early = process.poll() is not None
            ledger.truncate(len(whole))
            fcntl.flock(ledger, fcntl.LOCK_UN)
            out, err = process.communicate()
    same = (process.returncode, out, err) == (before.returncode, before.stdout, before.stderr)
    tally.check(f"{args[-2]}: waits for a writer", (early or not same) and (early, process.returncode, out, err))


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    with harness.Home(binary) as home:
        for row in CASES:
            case(tally, home, row)
        recorded(tally, home)
        trust_root(tally, home)
        against_ledger(tally, home)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
