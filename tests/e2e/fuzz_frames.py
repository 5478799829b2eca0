#!/usr/bin/env python3
"""Mutated frames against a real server on a real store: it lives on, answers each id at most once and every barrier, keeps
its memory, and every row of the store is accounted for by the ledger.

    fuzz_frames.py [--bin build/release/cortex] [--frames 20000] [--round 50000] [--seed 20] [--seconds 0]

A round is one server on a store of its own; its frames are calls of all tools (those that write among them), other methods
and notifications, half of them changed: bytes, pieces of two frames, or values of the JSON. A finding names its round; the same
--seed gives the same frames, but for the ids that the server draws. With --seconds it ends at the first round after that time.
"""
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
from mcp_frames import with_bytes_changed  # noqa: E402

BLOCK = 500  # frames between two barriers
ANSWER_SECONDS = 120
GROWTH_KIB = 48 << 10  # of a server between the first quarter of a round and its end
SANITIZED = 8  # times more under a sanitizer, which keeps what was freed
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "x")
ODD = (None, True, False, 0, -1, 1.5, 1e308, 2**63, 2**64, "", " ", "\u0000", "\U0001F600", "x" * 5000, [], {}, [[]],
       {"a": None}, "mem_", "evt_" + "0" * 26, "9" * 400, "../..", "\u202e", ["a"] * 50)
WORDS = ("deploy", "migration", "prefers", "tabs", "we", "decided", "the", "cache", "never", "on", "Friday",
         "password=hunter2222", "AKIAABCDEFGHIJKLMNOP", "-->", "\u00fc")


class Frames:
    """The frames of a round: requests with ids of their own, notifications, and what becomes of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0
        self.memories = ["mem_" + "0" * 26]
        self.last = b"{}"

    def text(self):
        return " ".join(self.random.choices(WORDS, k=self.random.randrange(1, 9)))

    def memory(self):
        return self.random.choice(self.memories[-50:])

    def arguments(self):
        """A tool and arguments that it takes. The many cheap ones stand for themselves, the others come now and then."""
        pick, rare = self.random, self.random.random()
        if rare < 0.0002:
            return "cortex_backup", {"name": "fuzz"}
        if rare < 0.0004:
            return pick.choice((("cortex_verify_backup", {"name": "fuzz", "deep": True}),
                                ("cortex_doctor", {"deep": True}), ("cortex_audit_verify", {}),
                                ("cortex_memory_embed", {"preview": False})))
        if rare < 0.02:
            return "cortex_memory_note", {"claim": f"{self.text()} {self.number}", "domains": ["d"], "confidence": 0.5}
        if rare < 0.07:
            return pick.choice((
                ("cortex_memory_outcome", {"memory_id": self.memory(), "session_id": "s", "result": "helpful"}),
                ("cortex_memory_tag_add", {"memory_id": self.memory(), "tag": "t"}),
                ("cortex_memory_tag_remove", {"memory_id": self.memory(), "tag": "t"}),
                ("cortex_contradiction_add", {"left": self.memory(), "right": self.memory(), "reason": self.text()}),
                ("cortex_memory_correct", {"memory_id": self.memory(), "claim": f"no, {self.text()} {self.number}",
                                           "confirmation_token": ""}),
                ("cortex_memory_reject", {"memory_id": self.memory(), "confirmation_token": ""}),
                ("cortex_memory_accept", {"memory_id": self.memory(), "confirmation_token": ""}),
                ("cortex_memory_supersede", {"memory_id": self.memory(), "by": self.memory(), "confirmation_token": ""}),
                ("cortex_session_close", {"events_json": json.dumps({"events": [
                    harness.event(self.number, payload={"text": "We decided to " + self.text() + "."},
                                  trace_id="trc_" + harness.ulid(self.number % 7))]})}),
                ("cortex_session_commit", {"confirmation_token": ""}),
                ("cortex_decay_schedule", {"kind": "candidate_compression", "summary_method": "deterministic_concatenate",
                                           "source_ids": [self.memory()]}),
                ("cortex_decay_run", {"next_pending": True}), ("cortex_run", {"task": self.text()}),
                ("cortex_context", {"query": self.text()}), ("cortex_search", {"query": self.text()}),
                ("cortex_recall", {"query": self.text(), "limit": 3}), ("cortex_memory_list", {"limit": 5}),
                ("cortex_status", {}), ("cortex_log", {"limit": 3}), ("cortex_reflect", {"trace_id": "trc_x"})))
        return pick.choice((("cortex_config", {}), ("cortex_models_list", {"backend": "offline"}),
                            ("cortex_show", {"id": self.memory()}), ("cortex_proof", {"memory_id": self.memory()}),
                            ("cortex_memory_history", {"memory_id": self.memory()}),
                            ("cortex_decay_status", {}), ("cortex_nope", {})))

    def message(self):
        pick = self.random
        kind = pick.random()
        self.number += 1
        if kind < 0.06:
            return {"jsonrpc": "2.0", "method": pick.choice(("notifications/cancelled", "notifications/initialized")),
                    "params": {"requestId": max(1, self.number - pick.randrange(1, 4))}}
        out = {"jsonrpc": "2.0", "id": self.number if pick.random() < 0.9 else f"s{self.number}"}
        if kind < 0.08:
            return {**out, "method": "initialize", "params": {
                "protocolVersion": pick.choice(VERSIONS), "capabilities": {},
                "clientInfo": {"name": "fuzz", "version": "1"}}}
        if kind < 0.3:
            method, params = pick.choice((
                ("ping", {}), ("resources/list", {}), ("prompts/list", {}), ("resources/templates/list", {}),
                ("resources/read", {"uri": f"cortex://memory/{self.memory()}"}), ("tools/nope", {}),
                ("resources/read", {"uri": "cortex://ledger/head"}),
                ("resources/subscribe", {"uri": f"cortex://memory/{self.memory()}"}),
                ("completion/complete", {"ref": {"type": "ref/resource", "uri": "cortex://memory/{id}"},
                                         "argument": {"name": "id", "value": "mem_"}}),
                ("server/discover", {"_meta": META}), ("subscriptions/listen", {"_meta": META, "notifications": {}})))
            return {**out, "method": method, "params": params}
        tool, arguments = self.arguments()
        params = {"name": tool, "arguments": arguments}
        if pick.random() < 0.2:
            params["_meta"] = pick.choice((META, {"progressToken": self.number}))
        return {**out, "method": "tools/call", "params": params}

    def changed_value(self, value, depth=0):
        """The value with one part of it replaced, taken out or repeated."""
        pick = self.random
        if depth == 0 or pick.random() < 0.7:
            if isinstance(value, dict) and value:
                key = pick.choice(list(value))
                out = dict(value)
                if depth and pick.random() < 0.2:
                    del out[key]
                elif key != "id":
                    out[key] = self.changed_value(out[key], depth + 1)
                return out
            if isinstance(value, list) and value:
                at = pick.randrange(len(value))
                return value[:at] + [self.changed_value(value[at], depth + 1)] + value[at + pick.randrange(2):]
        return pick.choice(ODD)

    def next(self):
        message = self.message()
        kind = self.random.random()
        if kind < 0.3:
            message = self.changed_value(message)
        if kind > 0.97:
            message = [message, self.message(), self.message()]
        frame = json.dumps(message, ensure_ascii=self.random.random() < 0.5).encode("utf-8", "surrogatepass")
        out = with_bytes_changed(self.random, frame, self.last) if 0.3 <= kind < 0.5 else frame
        self.last = frame
        return out


def ids_of(frame):
    """The ids of the requests that the frame may be, as JSON texts; a reader stricter than this one answers fewer."""
    try:
        value = json.loads(frame.decode("utf-8").lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return []
    messages = value if isinstance(value, list) else [value]
    return [json.dumps(m["id"]) for m in messages if isinstance(m, dict) and "id" in m and "method" in m]


class Server:
    """The process, and a thread that reads its replies and counts them against what was asked."""

    def __init__(self, home):
        environment = {**home.environment(), "CORTEX_MCP_AUTO_COMMIT": "1", "CORTEX_LLM_BACKEND": "offline"}
        self.process = subprocess.Popen([home.binary, "serve"], env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=(home.root / "stderr").open("wb"))
        self.open = collections.Counter()
        self.lock = threading.Lock()
        self.problem, self.replies, self.new_memories = None, 0, []
        self.barriers = set()
        self.passed = threading.Condition()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for text in self.process.stdout:
            try:
                value = json.loads(text)
            except ValueError:
                self.problem = self.problem or f"no JSON on stdout: {text[:200]}"
                continue
            for message in value if isinstance(value, list) else [value]:
                self.take(message)
        with self.passed:
            self.passed.notify_all()

    def take(self, message):
        if "method" in message or message.get("id") is None:
            return  # a notification, or an answer to what has no id
        self.replies += 1
        number = json.dumps(message["id"])
        with self.lock:
            self.open[number] -= 1
            left = self.open[number]
            if left <= 0:
                del self.open[number]
        if left < 0:
            self.problem = self.problem or f"an answer that nobody asked for: {str(message)[:300]}"
        found = message.get("result", {}).get("structuredContent", {}) if isinstance(message.get("result"), dict) else {}
        if isinstance(found, dict) and isinstance(found.get("memory_id"), str):
            self.new_memories.append(found["memory_id"])
        if isinstance(message["id"], str) and message["id"].startswith("barrier-"):
            with self.passed:
                self.barriers.add(message["id"])
                self.passed.notify_all()

    def send(self, frames, barrier):
        end = json.dumps({"jsonrpc": "2.0", "id": barrier, "method": "tools/call",
                          "params": {"name": "cortex_config", "arguments": {}}}).encode()
        with self.lock:
            for frame in [*frames, end]:
                self.open.update(ids_of(frame))
        self.process.stdin.write(b"\n".join([*frames, end]) + b"\n")
        self.process.stdin.flush()
        with self.passed:
            if not self.passed.wait_for(lambda: barrier in self.barriers or not self.thread.is_alive(), ANSWER_SECONDS):
                raise AssertionError(f"{barrier} was not answered within {ANSWER_SECONDS} s")
        if barrier not in self.barriers:
            raise AssertionError(f"the server ended: exit {self.process.wait(10)}")
        if self.problem:
            raise AssertionError(self.problem)

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(ANSWER_SECONDS)
        self.thread.join()
        self.process.stdout.close()
        if code != 0 or self.problem:
            raise AssertionError(self.problem or f"exit {code}")


def verify(home):
    """Every row of the store follows from the ledger, and there is none besides."""
    run = home.run("audit", "verify", "--mirror", "--strict", timeout=600)
    if run.returncode != 0:
        raise AssertionError(harness.said(run))


def run_round(home, number, options, count):
    harness.must(home.run("init"))
    frames = Frames(f"{options.seed}/{number}")
    server = Server(home)
    sent, early = 0, 0
    try:
        server.send([json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "1"}}}).encode()],
            "barrier-start")
        while sent < count:
            block = [frames.next() for _ in range(min(BLOCK, count - sent))]
            server.send(block, f"barrier-{sent}")
            sent += len(block)
            frames.memories += server.new_memories[len(frames.memories) - 1:]
            if early == 0 and sent * 4 >= count:
                early = server.memory_kib()
                verify(home)  # also while it runs
        late = server.memory_kib()
        server.end()
    finally:
        server.process.kill()
        server.process.wait()
    verify(home)
    room = GROWTH_KIB * (SANITIZED if options.sanitized else 1)
    if late - early > room:
        raise AssertionError(f"memory grew from {early} to {late} KiB")
    noted = (home.root / "stderr").read_bytes()
    if b"Sanitizer" in noted or b"runtime error" in noted:
        raise AssertionError(noted[-2000:].decode(errors="replace"))
    return server.replies, len(harness.row_ids(home.ledger)), early, late


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--round", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0)
    options = parser.parse_args()
    options.sanitized = b"__asan_init" in pathlib.Path(options.bin).read_bytes()
    tally, sent, begun = harness.Tally(), 0, time.monotonic()
    for number in range(-(-options.frames // options.round)):
        if options.seconds and time.monotonic() - begun > options.seconds:
            break
        count = min(options.round, options.frames - sent)
        with harness.Home(os.path.realpath(options.bin)) as home:
            try:
                replies, rows, early, late = run_round(home, number, options, count)
                problem = None
                print(f"round {number}: {count} frames, {replies} replies, {rows} ledger rows, "
                      f"memory {early} -> {late} KiB, {time.monotonic() - begun:.0f} s", flush=True)
            except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
                problem = repr(error)
            tally.check(f"round {number}", problem)
        sent += count
    print(f"{sent} frames in {time.monotonic() - begun:.0f} s")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
