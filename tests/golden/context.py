#!/usr/bin/env python3
"""Golden data of memories, context packs, proofs and axiom admission: the program must answer as recorded.

    tests/golden/context.py --bin build/release/cortex

Rows in REPLACED and TIGHTER record what the program does better on purpose; what it does instead is tested beside the
sources.
"""
import copy
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402  the folder above is on the path only now

DATA = harness.DATA / "memory"
WORDING = {"detail", "reason", "message", "rationale"}
TOKEN = re.compile(r"\b[a-z][a-z_0-9]*(?:\.[a-z_0-9]+){2,}\b")
SUBSTITUTES = ((r"cmd_[0-9a-f]+_[0-9a-f]+", "<CID>"), (r"ctx_[0-9A-Z]{26}", "<CTX>"),
               (r"mem_(?!01ARZ3NDEKTSV4RRFFQ69G5)[0-7][0-9A-HJKMNP-TV-Z]{25}", "<NEWMEM>"),
               (r"20\d\d-(?!01-01T00:00)\d\d-\d\dT[0-9:.]+\+00:00", "<NOW>"))
MINE = ({"admit-axiom"}, {"proof"}, {"search"}, {"embed"}, {"context"})
REPLACED = {26, 27, 111, 37, 134}
STRICT = {117, 118, 119, 120, 121, 123, 124, 125}      # recorded result under --strict
STRICT_BUDGET = {113}                                  # recorded result under --strict-budget
TIGHTER = {"ctx_policy_deny", "ctx_acl_dup", "ctx_contradiction_unresolved", "ctx_promotion_promoted",
           "ctx_label_authority", "ex_audience_other", "ex_rev_unknown"}
ENVELOPES = {"ctx": ("cortex-context-trust", "--cortex-context-trust", "cortex_context_trust"),
             "ex": ("axiom-execution-trust", "--axiom-execution-trust", "axiom_execution_trust"),
             "lp": ("authority-feedback-loop", "--authority-feedback-loop", None)}


def masked(text, home):
    text = text.replace(home, "<HOME>")
    for pattern, substitute in SUBSTITUTES:
        text = re.sub(pattern, substitute, text)
    return text


def without_wording(value, key=None):
    if isinstance(value, dict):
        return {k: without_wording(v, k) for k, v in value.items()}
    if isinstance(value, list):
        if key in ("downgrade_reasons", "semantic_reasons"):
            return ["<PROSE>"] * len(value)
        return [without_wording(v, key) for v in value]
    if key in WORDING and isinstance(value, str) and value not in ("selected_by_caller", "accepted"):
        return "<PROSE>" + "".join(" " + token for token in sorted(set(TOKEN.findall(value))))
    return value


def keys_sorted(value):
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(keys_sorted, value.values()))
    return all(map(keys_sorted, value)) if isinstance(value, list) else True


def within(want, got):
    """Further keys may be added."""
    if isinstance(want, dict):
        return isinstance(got, dict) and all(k in got and within(v, got[k]) for k, v in want.items())
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(within, want, got))
    return want == got


def human(text):
    """Lines with tabs are data; of other lines only ids and numbers count."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    rest = " ".join(line for line in lines if "\t" not in line)
    return [line for line in lines if "\t" in line], re.findall(r"\b[a-z]{3}_[0-9A-Z]{26}\b|\d+(?:\.\d+)?", rest)


def environment(home, extra=None):
    return {"PATH": "/usr/bin:/bin", "HOME": home, "XDG_DATA_HOME": home + "/xdg", "CORTEX_SCORE_VERSION": "1",
            **(extra or {})}


def make_stores(binary, folder):
    """The stores of the cases: a fresh one, migrated, with the seed."""
    for seed in sorted((DATA / "seeds").glob("*.sql")):
        home = folder / f"make-{seed.stem}"
        data = home / "xdg/cortex"
        data.mkdir(parents=True, mode=0o700)
        for arguments in (["init"], ["doctor", "--repair"]):
            subprocess.run([binary, *arguments], env=environment(str(home)), check=True, capture_output=True)
        with sqlite3.connect(data / "cortex.db") as store:
            store.executescript(seed.read_text(encoding="utf-8"))
            store.commit()
        store.execute("pragma wal_checkpoint(truncate)")
        store.close()
        shutil.copy(data / "cortex.db", folder / f"{seed.stem}.db")


def problems_of_output(case, out):
    if "stdout_json" in case:
        prefix = case.get("stdout_prefix", "")
        try:
            got = json.loads(out[len(prefix):])
        except ValueError:
            return ["stdout is no JSON"]
        found = [] if within(case["stdout_json"], without_wording(got)) else ["the JSON differs: " + out[:1500]]
        return found if keys_sorted(got.get("report", got)) else found + ["keys are not sorted"]
    if human(out)[0] != human(case["stdout"])[0]:
        return ["stdout differs: " + out[:600]]
    return [] if set(human(case["stdout"])[1]) <= set(human(out)[1]) else ["numbers are missing: " + out[:600]]


def run_case(binary, stores, case):
    home = tempfile.mkdtemp(prefix="cortex-golden-")
    data = pathlib.Path(home, "xdg/cortex")
    try:
        if case["store"]:
            data.mkdir(parents=True, mode=0o700)
            shutil.copy(stores / f"{case['store']}.db", data / "cortex.db")
            (data / "events.jsonl").touch()
        else:
            data.parent.mkdir(mode=0o700)
        for arguments in case.get("before", []):
            subprocess.run([binary, *arguments], env=environment(home), cwd=home, capture_output=True, check=False)
        arguments = case["args"] + (["--strict"] if case["n"] in STRICT else [])
        arguments += ["--strict-budget"] if case["n"] in STRICT_BUDGET else []
        run = subprocess.run([binary, *arguments], env=environment(home, case.get("env")), cwd=home,
                             capture_output=True, text=True, check=False)
        why = [] if run.returncode == case["exit"] else [f"exit {run.returncode}, not {case['exit']}"]
        if (run.stderr == "") != case["stderr_empty"]:
            why.append("stderr: " + run.stderr[:300])
        why += ["no token " + token for token in case.get("stderr_tokens", []) if token not in run.stderr]
        why += problems_of_output(case, masked(run.stdout, home))
        for query, want in case.get("after", {}).items():
            store = sqlite3.connect(data / "cortex.db")
            if [masked(str(row), home) for row in store.execute(query)] != want:
                why.append("afterwards: " + query)
            store.close()
        return why
    finally:
        shutil.rmtree(home)


def put(value, path, new):
    steps = path.split(".")
    for step in steps[:-1]:
        value = value[int(step)] if step.isdigit() else value[step]
    last = int(steps[-1]) if steps[-1].isdigit() else steps[-1]
    if new == "__delete__":
        del value[last]
    else:
        value[last] = new


def exchange_arguments(row, folder):
    arguments = []
    for key, (name, flag, root) in ENVELOPES.items():
        envelope = json.loads((DATA / f"axiom/{name}.json").read_text())
        for path, new in row["mods"].items():
            if path.split(":", 1)[0] == key:
                put(envelope[root] if root else envelope, path.split(":", 1)[1], copy.deepcopy(new))
        target = folder / f"{key}.json"
        target.write_text(json.dumps(envelope))
        arguments += [flag, str(target)]
    return arguments + row["args"]


def check_exchange(tally, binary, folder):
    for line in (DATA / "axiom/trust-exchange-matrix.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["name"] in TIGHTER:
            continue
        run = subprocess.run([binary, "memory", "admit-axiom", *exchange_arguments(row, folder)],
                             env=environment(str(folder)), capture_output=True, text=True, check=False)
        report = json.loads(run.stdout) if run.stdout.strip() else {}
        why = [f"{key}: {report.get(key)}" for key in ("decision", "policy_outcome", "failing_edges")
               if report.get(key) != row[key]]
        if without_wording(report.get("named_quarantine_outputs")) != row["named_quarantine_outputs"]:
            why.append(f"named outputs {report.get('named_quarantine_outputs')}")
        if run.returncode != row["exit"]:
            why.append(f"exit {run.returncode}: {run.stderr}")
        if row.get("stderr_invariant", "") not in run.stderr:
            why.append("invariant: " + run.stderr)
        tally.check(f"exchange {row['name']}", why)


def check_generic(tally, binary, folder):
    for line in (DATA / "axiom/generic-matrix.jsonl").read_text().splitlines():
        row = json.loads(line)
        run = subprocess.run([binary, "memory", "admit-axiom", "--json", json.dumps(row["input"])],
                             env=environment(str(folder)), capture_output=True, text=True, check=False)
        why = [] if run.returncode == row["exit"] else [f"exit {run.returncode}: {run.stderr}"]
        if row["decision"]:
            report = json.loads(run.stdout) if run.stdout.strip() else {}
            why += [key for key in ("decision", "policy_outcome", "provenance_class", "semantic_trust",
                                    "semantic_policy_outcome", "semantic_claim_ceiling")
                    if report.get(key) != row[key]]
            if [vote["rule_id"] for vote in report.get("policy_contributing", [])] != row["rules"]:
                why.append("rules")
        elif row["stderr_contains"] not in run.stderr:
            why.append("stderr: " + run.stderr)
        tally.check(f"generic {row['name']}", why)


def main():
    binary = os.path.realpath(harness.program(__doc__))
    tally = harness.Tally()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cortex-golden-"))
    try:
        check_exchange(tally, binary, folder)
        check_generic(tally, binary, folder)
        tally.check("admission opens no store", "" if not (folder / "xdg").exists() else "a folder was made")
        make_stores(binary, folder)
        for line in (DATA / "cases.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if case["n"] in REPLACED or not any(words <= set(case["args"]) for words in MINE):
                continue
            tally.check(f"case {case['n']} {case['args']}", run_case(binary, folder, case))
    finally:
        shutil.rmtree(folder)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
