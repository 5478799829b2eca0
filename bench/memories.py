#!/usr/bin/env python3
"""Commands on a store of many memories, as whole processes, and the same asked of a running server.

    build/bench/bench/cortex_memories fill FOLDER 100000      # once, some minutes
    bench/memories.py --folder FOLDER [--bin build/release/cortex] [--rounds 15]

Medians, the shortest run and the processor time, in milliseconds; caches are warm. `memory note`, `tag`, `outcome` and
`context build` add to the store. What is wanted holds for an idle machine; what is counted (`cortex_memories count FOLDER`) holds anywhere.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time
import types

sys.dont_write_bytecode = True
import mcp  # noqa: E402
import measure  # noqa: E402

REPO = pathlib.Path(__file__).resolve().parent.parent
WORDS = "fubababa kigababa gamufuba"
# Command, and what is wanted of it.
TASKS = (
    (("--version",), None),
    (("memory", "list", "--limit", "50"), 20),
    (("memory", "list", "--limit", "50", "--offset", "950"), 20),
    (("memory", "list", "--limit", "50", "--tag", "area-7"), 20),
    (("memory", "list", "--limit", "50", "--as-of", "2099-01-01"), 20),
    (("memory", "candidates"), 20),
    (("memory", "health", "--limit", "50"), 20),
    (("memory", "show", "ID"), 20),
    (("memory", "search", WORDS), None),
    (("context", "build", "--task", WORDS, "--no-persist"), 30),
    (("context", "build", "--task", WORDS), 30),
    (("context", "build", "--task", WORDS, "--as-of", "2099-01-01"), None),
    (("memory", "note", "TEXT"), 10),
    (("memory", "tag", "add", "ID", "TEXT"), 10),
    (("memory", "outcome", "record", "--memory-id", "ID", "--session", "bench", "--result", "helpful"), 10),
)
# What agents ask: tool, arguments, and what is wanted of it.
TOOLS = (
    ("cortex_memory_list", {"limit": 50}, 20),
    ("cortex_search", {"query": WORDS}, None),
    ("cortex_context", {"query": WORDS}, 30),
    ("cortex_memory_note", {"claim": "TEXT"}, 10),
)


def note_text(turn):
    return f"Note {turn} of {time.time_ns()} in the bench of memories"


def ask_processes(binary, environment, log, rounds):
    """Each command as a process of its own."""
    def run(words):
        done = measure.timed([binary, *words], environment, log)
        if done.code:
            sys.exit(f"{' '.join(words)}: exit {done.code}: {pathlib.Path(log).read_text(errors='replace')[:600]}")
        return 1000 * done.seconds, 1000 * done.cpu_seconds

    run(("memory", "list", "--limit", "1"))
    newest = pathlib.Path(log).read_text().split("\t")[0]
    for task, wanted in TASKS:
        runs = [run([{"ID": newest, "TEXT": note_text(turn)}.get(word, word) for word in task]) for turn in range(rounds)]
        wall, cpu = zip(*runs)
        show(" ".join(task), wall, f"CPU {statistics.median(cpu):7.1f}", wanted)


def ask_server(binary, environment, rounds):
    server = mcp.Server(types.SimpleNamespace(binary=binary, environment=lambda: environment))
    server.ask(mcp.HELLO)
    for tool, template, wanted in TOOLS:
        times = []
        for turn in range(rounds):
            message = mcp.call(tool, **{key: note_text(turn) if value == "TEXT" else value for key, value in template.items()})
            began = time.perf_counter()
            reply = json.loads(server.ask(message))
            times.append(1000 * (time.perf_counter() - began))
            if reply.get("result", {}).get("isError", True):
                sys.exit(f"{tool}: {reply}")
        show(f"serve: {tool}", times, "", wanted)
    server.end()


def show(name, times, cpu, wanted):
    print(f"{name:70} {statistics.median(times):8.1f}  best {min(times):7.1f}  {cpu:11}  {f'wanted {wanted}' if wanted else ''}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(REPO / "build/release/cortex"))
    parser.add_argument("--folder", required=True)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    environment = dict(os.environ, CORTEX_DATA_DIR=os.path.realpath(arguments.folder), HOME=arguments.folder)
    with tempfile.TemporaryDirectory(prefix="cortex-memories-") as folder:
        binary = measure.installed(arguments.bin, folder)
        ask_processes(binary, environment, os.path.join(folder, "output"), arguments.rounds)
        ask_server(binary, environment, arguments.rounds)


if __name__ == "__main__":
    main()
