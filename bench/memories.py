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
import resource
import statistics
import subprocess
import sys
import time
import types

sys.dont_write_bytecode = True
import mcp  # noqa: E402

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


def run(command, environment):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(REPO / "build/release/cortex"))
    parser.add_argument("--folder", required=True)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    environment = dict(os.environ, CORTEX_DATA_DIR=os.path.realpath(arguments.folder), HOME=arguments.folder)
    listed = run([arguments.bin, "memory", "list", "--limit", "1"], environment)[2]
    for task, wanted in TASKS:
        times = []
        for turn in range(arguments.rounds):
            words = [{"ID": listed.split("\t")[0], "TEXT": note_text(turn)}.get(word, word) for word in task]
            times.append(run([arguments.bin, *words], environment)[:2])
        wall, cpu = ([1000 * one[i] for one in times] for i in range(2))
        print(f"{' '.join(task):70} {statistics.median(wall):8.1f}  best {min(wall):7.1f}  CPU {statistics.median(cpu):7.1f}"
              f"  {f'wanted {wanted}' if wanted else ''}")
    server = mcp.Server(types.SimpleNamespace(binary=arguments.bin, environment=lambda: environment))
    server.ask(mcp.HELLO)
    for tool, template, wanted in TOOLS:
        times = []
        for turn in range(arguments.rounds):
            message = mcp.call(tool, **{key: note_text(turn) if value == "TEXT" else value for key, value in template.items()})
            began = time.perf_counter()
            reply = json.loads(server.ask(message))
            times.append(1000 * (time.perf_counter() - began))
            if reply.get("result", {}).get("isError", True):
                sys.exit(f"{tool}: {reply}")
        print(f"{'serve: ' + tool:70} {statistics.median(times):8.1f}  best {min(times):7.1f}{'':16}"
              f"  {f'wanted {wanted}' if wanted else ''}")
    server.end()


if __name__ == "__main__":
    main()
