#!/usr/bin/env python3
"""Session files of realistic events: deterministic, of any length, never held in memory.

    bench/data.py --events N [--row-bytes 900] [--seed N] [--output FILE]

Five kinds of events take turns at random: tool calls, tool results, answers, decisions and test results. Their payloads
hold text of words (some of it not ASCII, some with quotes and line breaks), numbers and nested objects whose keys are in
the order a program writes them, not in the canonical one. The text is as long as it takes for the ledger rows to be
`--row-bytes` on average, from three quarters to five quarters of it. The same arguments give the same bytes.
"""
import argparse
import contextlib
import json
import random
import sys

ROW_BYTES = 900
SEED = 20260102
START_MS = 1767322800000        # 2026-01-02T03:00:00Z
HASHES_BYTES = 64 + 62 + 64     # what sealing adds to the text of a session event: three hashes, one of them for null
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOOLS = ("shell", "read_file", "search", "edit_file", "http_get")
MODELS = ("planner-large", "coder-small", "reviewer-2")
TAGS = ("build", "tests", "storage", "network", "docs", "release")
WORDS = ("the of and to in that is was for on are with as be at one have this from or had by not but what all were when we "
         "there can an your which their if will each about how up out them then she many some so these would other into "
         "has more two like him see time could no make than first been its who now people my made over did down only way "
         "find use may water long little very after words called just where most know ledger append commit branch merge "
         "compile linker header function return value buffer offset checksum snapshot restore verify timeout retry socket "
         "request response status error warning passed failed skipped cache index table column transaction rollback "
         "migration schema version release deploy rollout canary metric latency percentile throughput queue worker thread "
         "lock mutex atomic memory allocation page file folder path symlink permission owner config token session").split()
SPECIAL = ("na\u00efve", "Z\u00fcrich", "\u2192", "caf\u00e9", "\u65e5\u672c", '"quoted"', "a\\b", "\n", "\n", "\t")


def ulid(random_bits, stamp_ms):
    value = (stamp_ms << 80) | random_bits
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def rfc3339(stamp_ms):
    """The benchmark's hours all lie within January 2026."""
    seconds, millis = divmod(stamp_ms - START_MS + 3 * 3600 * 1000 + 86400 * 1000, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"2026-01-{day + 1:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"


class Writer:
    """Makes one event after another; the state is a random generator, a clock and the current trace."""

    def __init__(self, row_bytes, seed):
        self.random = random.Random(seed)
        self.row_bytes = row_bytes
        self.now_ms = START_MS
        self.number = 0
        self.trace = None
        self.kinds = (self.tool_call, self.tool_result, self.answer, self.decision, self.test_result)

    def words(self, size):
        """About `size` bytes of text."""
        chosen = self.random.choices(WORDS, k=size // 6 + 1)
        for _ in range(len(chosen) // 25):
            chosen[self.random.randrange(len(chosen))] = self.random.choice(SPECIAL)
        return " ".join(chosen)[:max(size, 0)]

    def path(self):
        return "/src/" + "/".join(self.random.choices(WORDS, k=3)) + ".cc"

    # Each kind: event type, source, payload and the payload member that takes the text.
    def tool_call(self):
        tool = self.random.choice(TOOLS)
        payload = {"tool": tool, "call": self.number, "arguments": {
            "path": self.path(), "line": self.random.randrange(1, 4000), "timeout_ms": 120000, "flags": ["-n", "--all"]},
            "dry_run": self.number % 7 == 0, "parent": None, "note": ""}
        return "tool_call", {"type": "child_agent", "model": self.random.choice(MODELS)}, payload, "note"

    def tool_result(self):
        tool = self.random.choice(TOOLS)
        payload = {"tool": tool, "call": self.number, "ok": True, "exit_code": self.random.randrange(2),
                   "elapsed_ms": self.random.randrange(1, 400000) / 8, "output": "",
                   "usage": {"lines": self.random.randrange(900), "bytes": self.random.randrange(1 << 20)}}
        return "tool_result", {"type": "tool", "name": tool}, payload, "output"

    def answer(self):
        model = self.random.choice(MODELS)
        payload = {"text": "", "model": model, "finish": "stop", "usage": {
            "input_tokens": self.random.randrange(100000), "output_tokens": self.random.randrange(4000),
            "cost": self.random.randrange(1, 2000) / 1000}, "citations": [self.path(), self.path()]}
        return "agent_response", {"type": "child_agent", "model": model}, payload, "text"

    def decision(self):
        options = [{"name": name, "score": self.random.randrange(100) / 100} for name in ("keep", "split", "drop")]
        payload = {"question": self.words(60), "options": options, "chosen": self.random.randrange(3), "reason": ""}
        return "decision", {"type": "child_agent", "model": self.random.choice(MODELS)}, payload, "reason"

    def test_result(self):
        payload = {"suite": self.random.choice(WORDS), "passed": self.random.randrange(2000), "failed": 0,
                   "elapsed_s": self.random.randrange(1, 6000) / 16, "failures": [], "log": "",
                   "host": {"cores": 2, "load": [self.random.randrange(400) / 100, 0.5]}}
        return "test_result", {"type": "runtime"}, payload, "log"

    def event(self):
        """The next event as it stands in a session file, as text."""
        self.number += 1
        self.now_ms += self.random.randrange(5, 40)
        if self.number % 50 == 1:
            self.trace = "trc_" + ulid(self.random.getrandbits(80), self.now_ms)
        kind, source, payload, text = self.random.choice(self.kinds)()
        row = {"id": "evt_" + ulid(self.random.getrandbits(80), self.now_ms), "schema_version": 2,
               "observed_at": rfc3339(self.now_ms), "recorded_at": rfc3339(self.now_ms + 3), "source": source,
               "event_type": f"cortex.event.{kind}.v1", "trace_id": self.trace,
               "session_id": f"session-{self.number // 400:05}", "domain_tags": self.random.sample(TAGS, 2),
               "payload": payload, "payload_hash": "", "prev_event_hash": None, "event_hash": ""}
        bare = len(json.dumps(row, separators=(",", ":"), ensure_ascii=False)) + HASHES_BYTES
        payload[text] = self.words(int(self.row_bytes * self.random.uniform(0.75, 1.25)) - bare)
        return json.dumps(row, separators=(",", ":"), ensure_ascii=False)


def events(count, row_bytes=ROW_BYTES, seed=SEED):
    """`count` events, one text each."""
    writer = Writer(row_bytes, seed)
    for _ in range(count):
        yield writer.event()


def write_session(out, count, row_bytes=ROW_BYTES, seed=SEED):
    """Writes {"events":[...]} with one event a line to an open text file."""
    out.write('{"events":[\n')
    for number, text in enumerate(events(count, row_bytes, seed)):
        out.write(text if number == 0 else ",\n" + text)
    out.write("\n]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--row-bytes", type=int, default=ROW_BYTES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", default="-", help="file to write; default: stdout")
    options = parser.parse_args()
    opened = open(options.output, "w", encoding="utf-8") if options.output != "-" else contextlib.nullcontext(sys.stdout)
    with opened as out:
        write_session(out, options.events, options.row_bytes, options.seed)


if __name__ == "__main__":
    main()
