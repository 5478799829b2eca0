#!/usr/bin/env python3
"""Golden data of the memory commands: note, accept, list, tag, outcome, health.

    tests/golden/memory.py --bin build/release/cortex

Rows in REPLACED record what the program does better on purpose; what it does instead is tested in tests/e2e/memory.py.
"""
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import context  # noqa: E402  the test beside this one knows how to run a case
import harness  # noqa: E402

MINE = {"note", "accept", "list", "tag", "outcome", "health"}
REPLACED = {60, 61, 74, 77, 133}


def main():
    binary = os.path.realpath(harness.program(__doc__))
    tally = harness.Tally()
    with tempfile.TemporaryDirectory(prefix="cortex-golden-") as folder:
        stores = pathlib.Path(folder)
        context.make_stores(binary, stores)
        for line in (context.DATA / "cases.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            words = [word for word in case["args"] if word != "--json"]
            if words[0] == "memory" and words[1] in MINE and case["n"] not in REPLACED:
                problems = context.run_case(binary, stores, case)
                tally.check(f"case {case['n']} {case['args']}", "; ".join(problems))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
