#!/usr/bin/env python3
"""What the MCP server costs: from the start of the process to the reply of initialize, a list of 20 out of 10,000 memories,
and what a tool call costs beside the operation itself (`cortex_config` does nothing).

    bench/mcp.py [--bin build/release/cortex] [--memories 10000] [--rounds 30]

Medians in milliseconds, over stdio; resident memory of the server after the calls, in MiB. A few seconds.
"""
import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
REPO = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests"))
import harness  # noqa: E402
import measure  # noqa: E402

HELLO = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
         "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}}


def call(tool, **arguments):
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


class Server:
    def __init__(self, home):
        self.process = subprocess.Popen([home.binary, "serve"], env=home.environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def fill(store, count):
    """Memories as another program would have made them."""
    with sqlite3.connect(store) as db:
        db.executemany(
            "INSERT INTO memories(id,memory_type,status,claim,source_episodes_json,source_events_json,domains_json,"
            "salience_json,confidence,authority,applies_when_json,does_not_apply_when_json,created_at,updated_at) "
            "VALUES(?,'operator_note','active',?,'[]','[]','[\"bench\"]','{}',0.9,'operator','null','null',?,?)",
            [(f"mem_{harness.event_id(i)[4:]}", f"Fact number {i} of the bench.", f"2026-01-02T03:04:05.{i:06}+00:00",
              f"2026-01-02T03:04:05.{i:06}+00:00") for i in range(count)])


def median(rounds, work):
    return statistics.median(work() for _ in range(rounds)) * 1000


def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def start_to_reply(home):
    began = time.perf_counter()
    server = Server(home)
    server.ask(HELLO)
    took = time.perf_counter() - began
    server.end()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=str(REPO / "build/release/cortex"))
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    with harness.Home(os.path.realpath(arguments.bin)) as home:
        home.binary = measure.installed(arguments.bin, home.root)
        home.run("init")
        home.run("doctor", "--repair")
        fill(home.store, arguments.memories)
        bare = median(arguments.rounds, lambda: timed(lambda: subprocess.run([home.binary, "--version"], check=True,
                                                                             stdout=subprocess.DEVNULL)))
        print(f"process start alone          {bare:8.2f} ms")
        print(f"start to initialize          {median(arguments.rounds, lambda: start_to_reply(home)):8.2f} ms")
        server = Server(home)
        server.ask(HELLO)
        for name, message in (("ping", {"jsonrpc": "2.0", "id": 1, "method": "ping"}),
                              ("cortex_config", call("cortex_config")),
                              (f"list 20 of {arguments.memories:,}", call("cortex_memory_list", limit=20)),
                              ("search", call("cortex_search", query="fact number 77")),
                              ("suggest", call("cortex_suggest"))):
            server.ask(message)
            print(f"{name:28} {median(10 * arguments.rounds, lambda m=message: timed(lambda: server.ask(m))):8.2f} ms")
        print(f"resident                     {server.resident_mib():8.1f} MiB")
        server.end()


if __name__ == "__main__":
    main()
