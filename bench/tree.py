#!/usr/bin/env python3
"""What the Merkle tree and row hashes cost an ingest, and how long a proof takes: ratios within one run.

    bench/tree.py [--bin build/release/cortex] [--events 100000] [--rounds 5] [--proofs 1000000]

Rounds alternate the variants, each into a fresh ledger, so that a slow minute hits all of them. The figures are medians.
With --proofs N a ledger of N events is made and proofs are made and checked from it, a process each.
"""
import argparse
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
import data  # noqa: E402
import harness  # noqa: E402

VARIANTS = {"neither": ["--no-tree"], "tree": [], "tree and row hash": ["--row-hash"]}


def timed(home, *arguments):
    begin = time.perf_counter()
    harness.must(home.run(*arguments, timeout=3600))
    return time.perf_counter() - begin


def start_over(home):
    """Tiles are moved aside, not removed: some file systems pass over inodes that were freed lately, one by one, and whoever
    makes files next would pay for it."""
    tiles = home.data / f"{home.ledger.name}.tlog"
    if tiles.exists():
        aside = home.root / "aside"
        aside.mkdir(exist_ok=True)
        tiles.rename(aside / str(len(list(aside.iterdir()))))
    shutil.rmtree(home.data, ignore_errors=True)
    harness.must(home.run("init"))
    subprocess.run(["sync"], check=False)


def ingest(options, home, session):
    times = {name: [] for name in VARIANTS}
    for mirror in ([], ["--no-mirror"]):
        for name in times:
            times[name].clear()
        for _ in range(options.rounds):
            for name, flags in VARIANTS.items():
                start_over(home)
                times[name].append(timed(home, "ingest", session, *mirror, *flags))
        base = statistics.median(times["neither"])
        for name, seconds in times.items():
            middle = statistics.median(seconds)
            print(f"ingest {' '.join(mirror) or 'with mirror':12} {name:18} {options.events / middle:10.0f} events/s"
                  f"  {100 * (1 - base / middle):5.1f} % of the throughput", flush=True)


def proofs(options, home):
    shutil.rmtree(home.data, ignore_errors=True)
    home.data.mkdir(mode=0o700)
    session = home.root / "many.json"
    with session.open("w", encoding="utf-8") as out:
        data.write_session(out, options.proofs, data.ROW_BYTES, 1)
    harness.must(home.run("ingest", session, "--no-mirror", timeout=3600))
    session.unlink()
    seed = home.root / "seed"
    seed.write_bytes(bytes(range(32)))
    seed.chmod(0o600)
    signed = harness.must(home.run("audit", "checkpoint", "--key", seed))
    (home.root / "vkey").write_text(signed.stderr.decode().split("verifier key ")[1].split()[0])
    ids = []
    with home.ledger.open("rb") as ledger:
        for number, row in enumerate(ledger):
            if number % max(1, options.proofs // 50) == 0:
                ids.append(row.split(b'"')[3].decode())
    random.Random(1).shuffle(ids)
    start = statistics.median(timed(home, "--version") for _ in range(20))
    times = {"prove": [], "check-proof": []}
    for event in ids:
        proof = home.root / f"{event}.proof"
        times["prove"].append(timed(home, "audit", "prove", event, "--output", proof))
        times["check-proof"].append(timed(home, "audit", "check-proof", proof, "--key", home.root / "vkey"))
    for name, seconds in times.items():
        print(f"{name} of {options.proofs} events: {1000 * statistics.median(seconds):.2f} ms, of which a process that "
              f"does nothing takes {1000 * start:.2f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(harness.BIN))
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--proofs", type=int, default=0)
    options = parser.parse_args()
    harness.need_program(options.bin)
    with tempfile.TemporaryDirectory(prefix="cortex-tree-") as folder, harness.Home(options.bin, folder) as home:
        session = home.root / "session.json"
        with session.open("w", encoding="utf-8") as out:
            data.write_session(out, options.events, data.ROW_BYTES, 1)
        ingest(options, home, session)
        if options.proofs:
            proofs(options, home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
