#!/usr/bin/env python3
"""Whole `cortex recall` processes, and what the index costs an ingest.

    bench/search.py --bin build/bench/cortex --tool build/bench/bench/cortex_search [--events 6000] [--rounds 200]

Ingests generated events (cortex_search session), then starts one process a question. Prints the median and the 95th of
a hundred of the wall time, and the peak memory of a process. Caches are warm. `start` is `--version`, for comparison.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import measure  # noqa: E402


def wall(command, environment):
    run = measure.timed(command, environment)
    assert run.code == 0, command
    return 1000 * run.seconds


def shown(millis):
    ordered = sorted(millis)
    return f"p50 {statistics.median(ordered):.2f} ms, p95 {ordered[int(0.95 * (len(ordered) - 1))]:.2f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--tool", required=True, help="cortex_search")
    parser.add_argument("--events", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    tool, events = os.path.realpath(arguments.tool), str(arguments.events)
    with tempfile.TemporaryDirectory(prefix="cortex-search-") as folder:
        binary = measure.installed(arguments.bin, folder)
        environment = dict(os.environ, HOME=folder, CORTEX_DATA_DIR=folder + "/data", NO_COLOR="1")
        session = folder + "/session.json"
        subprocess.run([tool, "session", session, events], check=True)
        subprocess.run([binary, "init"], env=environment, check=True, capture_output=True)
        took = wall([binary, "ingest", session], environment)
        print(f"ingest of {events} events, index included: {took:.0f} ms, {1000 * arguments.events / took:.0f} events/s")
        asked = subprocess.run([tool, "questions", events, str(arguments.rounds)], check=True, capture_output=True, text=True)
        questions = asked.stdout.splitlines()
        for question in questions[:5]:
            wall([binary, "--json", "recall", question], environment)
        print("start:  ", shown([wall([binary, "--version"], environment) for _ in questions]))
        print("recall: ", shown([wall([binary, "--json", "recall", question], environment) for question in questions]))
        peak = max(measure.peak([binary, "--json", "recall", question], environment).kib for question in questions[:10])
        print(f"peak memory: {peak / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
