#!/usr/bin/env python3
"""Hold anchors, receipts, trusted roots and their reports to golden data.

    tests/golden/evidence.py [--bin build/release/cortex]

Rows that record a defect of reference 0.1.2 are turned around here, by name (BETTER): there the program must refuse.
"""
import json
import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

# Timestamp proofs of another digest, and a receipt of an unknown log that is not the latest one.
BETTER = {"ots-pending.txt": "ots.digest.not_of_this_anchor", "ots-bitcoin-no-header.txt": "ots.digest.not_of_this_anchor",
          "rekor-not-latest.txt": "rekor.trusted_root.tlog_logid_no_match"}
# The kind that real logs give is read now; what is wrong with this one is its log.
OTHER_TOKEN = {"rekor-real-kind.txt": "invariant=rekor.trusted_root.tlog_logid_no_match"}


def table(path):
    return [line.split("\t") for line in path.read_text().splitlines()[1:]]


def masked(text):
    """Reasons are wording; the correlation id and the added members of our own are not on record."""
    text = re.sub(r'("reason": )"(?:[^"\\]|\\.)*"', r'\1"<text>"', text)
    return re.sub(r'"cmd_[0-9a-f]+_[0-9a-f]+"', '"cmd_<hex>_<hex>"', text)


def holds(want, got):
    """Members on record are there, in their order; further ones may stand between."""
    if isinstance(want, dict):
        keys = [key for key in got if key in want] if isinstance(got, dict) else None
        return keys == list(want) and all(holds(want[key], got[key]) for key in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(holds, want, got))
    return want == got


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    with harness.Home(binary) as home:
        shutil.copytree(harness.DATA / "ledger", home.root, dirs_exist_ok=True)
        verify = ["audit", "verify", "--event-log", "anchors/events.jsonl"]
        for name, flag, code in table(home.root / "anchors/expected.tsv"):
            run = home.run(*verify, flag, f"anchors/{name}")
            tally.check(f"anchors/{name}", run.returncode != int(code) and f"wanted {code}, {harness.said(run)}")
        for name, code, tokens in table(home.root / "receipts/expected.tsv"):
            run = home.run(*verify, "--against-external", f"receipts/{name}")
            code = 3 if name in BETTER else int(code)
            wanted = BETTER.get(name) or OTHER_TOKEN.get(name) or tokens
            said = run.stderr.decode()
            missing = [token for token in wanted.split(" | ") if token not in said]
            tally.check(f"receipts/{name}", (run.returncode != code or missing) and f"wanted {code} {missing}, {said}")
        for name, flags in (("verify-against", ["--against", "anchors/ok.txt", "--against-history", "anchors/h-ok.txt"]),
                            ("verify-external", ["--against-external", "receipts/rekor-parsed-only.txt"]),
                            ("export", None)):
            command = ["audit", "export", "--event-log", "anchors/events.jsonl"] if flags is None else verify + flags
            got = masked(home.run("--json", *command).stdout.decode())
            want = (home.root / f"envelopes/{name}.json").read_text()
            tally.check(f"envelopes/{name}", not holds(json.loads(want), json.loads(got)) and got)
        cache = home.root / "cache.json"
        run = home.run("audit", "refresh-trust", "--url", f"file://{home.root}/trusted-root/root_new.json",
                       "--cache-path", cache)
        same = run.returncode == 0 and \
            cache.read_bytes() == (home.root / "trusted-root/installed-from-root_new.json").read_bytes()
        tally.check("trusted-root/root_new.json", not same and harness.said(run))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
