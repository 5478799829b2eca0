#!/usr/bin/env python3
"""Run the recorded scenarios and hold the program to those named in expected_pass.txt.

    run.py [--bin build/release/cortex] [--verbose]

Runs the scenarios and the edges beside this file and, where it is there, a newer collection: $CORTEX_SHARED/conformance or
../shared/conformance beside the repository. A scenario whose name matches a pattern of expected_pass.txt must pass in
every collection that has it. The others are run too, and those that pass already are named: they belong in the list.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))
import conformance  # noqa: E402


def patterns():
    lines = (HERE / "expected_pass.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def collections():
    """Folders of scenarios; a collection with the same content as an earlier one is run once."""
    shared = pathlib.Path(os.environ.get("CORTEX_SHARED") or REPO.parent / "shared")
    found = [HERE / "scenarios", HERE / "edges", shared / "conformance" / "scenarios"]
    return [folder for folder in found if folder.is_dir()]


def scenarios():
    """(name, path, where) of every scenario, identical copies left out."""
    seen = {}
    for folder in collections():
        label = "" if folder.parent == HERE else " (shared)"
        for path in sorted(folder.rglob("*.json")):
            name = f"{path.parent.name}/{path.stem}"
            text = path.read_bytes()
            if seen.get(name) == text:
                continue
            seen[name] = text
            yield name, path, label


def attempt(path, binary):
    try:
        return conformance.run_scenario(path, binary)
    except Exception as error:  # a broken scenario is a failed one, not the end of the run
        return [f"could not be run: {error!r}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(REPO / "build/release/cortex"))
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    binary, wanted = os.path.realpath(options.bin), patterns()
    every = list(scenarios())
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda row: attempt(row[1], binary), every))
    passed, failed, bonus, missing = 0, 0, [], set(wanted)
    for (name, _, label), problems in zip(every, results):
        matching = {p for p in wanted if fnmatch.fnmatchcase(name, p)}
        missing -= matching
        if not matching:
            if not problems:
                bonus.append(name)
            continue
        if not problems:
            passed += 1
            continue
        failed += 1
        print(f"FAIL {name}{label}")
        for line in problems if options.verbose else problems[:4]:
            print(f"     {line[:600]}")
    for pattern in sorted(missing):
        failed += 1
        print(f"FAIL {pattern}: no scenario of this name")
    if bonus:
        print(f"{len(bonus)} further scenarios hold and are not in expected_pass.txt: {' '.join(sorted(set(bonus)))}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
