#!/usr/bin/env python3
"""Replays the recorded MCP conversations of tests/data/mcp against `cortex serve`, and pipelined bursts of calls.

    mcp.py [--bin build/release/cortex]

A conversation is a file of JSON lines: {"send": LINE}, {"send_raw": TEXT}, {"send_hex": BYTES}, {"expect": PATTERN} for the
next line of output, {"silent": SECONDS}, {"eof": true}, {"exit": CODE}; the first line may carry {"env": {...}}. In a
pattern further keys are allowed, "!k" says that k is absent, "<any>" is anything, "<id:mem>" and "<ulid>" ids,
"<capture:N>" remembers a value for ${N}, {"<all>": [...]} a text with all of these words, {"<json>": P} JSON text,
{"<approx>": [value, tolerance]} a number. ${TOKEN} is the confirmation token.

Where the recorded reference is known to be wrong, REPAIRED says what is right.
"""
import json
import pathlib
import queue
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

DATA = harness.DATA / "mcp"
AVAILABLE = ("01-handshake", "02-malformed", "03-notes-and-reads", "04-pending-and-token", "05-auto-commit",
             "06-working-day")
ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
BAD_ID = {"jsonrpc": "2.0", "!id": 1, "error": {"code": -32600}}


class Mismatch(Exception):
    pass


def fill(text, known):
    return re.sub(r"\$\{(\w+)\}", lambda m: str(known[m[1]]), text)


def need(holds, at, what):
    if not holds:
        raise Mismatch(f"{at}: {what}")


def match_text(pattern, value, known, at):
    if pattern == "<any>":
        return
    capture = re.fullmatch(r"<capture:(\w+)>", pattern)
    if capture:
        known[capture[1]] = value
        return
    kind = re.fullmatch(r"<id:(\w+)>", pattern)
    form = ULID if pattern == "<ulid>" else f"{kind[1]}_{ULID}" if kind else None
    if form:
        need(isinstance(value, str) and re.fullmatch(form, value), at, f"{value!r} is no {pattern}")
        return
    need(value == fill(pattern, known), at, f"want {pattern!r}, got {value!r}")


def match_object(pattern, value, known, at):
    if "<all>" in pattern:
        need(isinstance(value, str), at, f"{value!r} is no text")
        for word in pattern["<all>"]:
            need(fill(word, known) in value, at, f"{word!r} is not in {value!r}")
        return
    if "<json>" in pattern:
        match(pattern["<json>"], json.loads(value), known, at + "(json)")
        return
    if "<approx>" in pattern:
        wanted, tolerance = pattern["<approx>"]
        need(abs(value - wanted) <= tolerance, at, f"want {wanted}, got {value}")
        return
    if "<has>" in pattern:                     # an array that holds, in this order, what matches each of these
        rest = iter(value)
        for i, wanted in enumerate(pattern["<has>"]):
            need(any(holds(wanted, item, known) for item in rest), f"{at}[{i}]", f"nothing like {str(wanted)[:200]}")
        return
    if "<min>" in pattern:
        need(isinstance(value, int) and value >= pattern["<min>"], at, f"want {pattern}, got {value}")
        return
    need(isinstance(value, dict), at, f"{value!r} is no object")
    for key, wanted in pattern.items():
        if key.startswith("!"):
            need(key[1:] not in value, at, f"{key[1:]} must be absent")
        else:
            need(key in value, at, f"{key} is missing in {json.dumps(value)[:300]}")
            match(wanted, value[key], known, f"{at}.{key}")


def match(pattern, value, known, at="$"):
    if isinstance(pattern, str):
        match_text(pattern, value, known, at)
    elif isinstance(pattern, dict):
        match_object(pattern, value, known, at)
    elif isinstance(pattern, list):
        need(isinstance(value, list) and len(value) == len(pattern), at, f"want {len(pattern)} items, got {value!r}")
        for i, (wanted, item) in enumerate(zip(pattern, value)):
            match(wanted, item, known, f"{at}[{i}]")
    else:
        need(type(pattern) is type(value) and pattern == value, at, f"want {pattern!r}, got {value!r}")


def holds(pattern, value, known):
    try:
        match(pattern, value, dict(known))
        return True
    except Mismatch:
        return False


class Conversation:
    def __init__(self, home, environment):
        # The recorded exchanges name a placeholder as their commit, which nobody accepts unasked.
        env = {**home.environment(), "CORTEX_AXIOM_ACCEPTED_SOURCE_COMMITS": "a" * 40, **environment}
        subprocess.run([home.binary, "init"], env=env, check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen([home.binary, "serve"], env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.known, self.told = queue.Queue(), {}, threading.Event()
        for work in (self.read_replies, self.read_notes):
            threading.Thread(target=work, daemon=True).start()
        if not self.told.wait(10):
            raise Mismatch("no confirmation token on stderr")

    def read_replies(self):
        for line in iter(self.process.stdout.readline, b""):
            self.lines.put(line)
        self.lines.put(None)

    def read_notes(self):
        for line in iter(self.process.stderr.readline, b""):
            found = re.match(rb"cortex serve: confirmation token: ([A-Z0-9]{6})\s*$", line)
            if found:
                self.known["TOKEN"] = found[1].decode()
                self.told.set()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def step(self, step):
        if "send" in step:
            self.write(fill(step["send"], self.known).encode() + b"\n")
        elif "send_raw" in step:
            self.write(step["send_raw"].encode())
        elif "send_hex" in step:
            self.write(bytes.fromhex(step["send_hex"]))
        elif "expect" in step:
            line = self.lines.get(timeout=10)
            need(line is not None, "$", "the output has ended")
            match(step["expect"], json.loads(line), self.known)
        elif "silent" in step:
            try:
                line = self.lines.get(timeout=step["silent"])
                need(line is None, "$", f"unexpected output {line!r}")
            except queue.Empty:
                pass
        elif "eof" in step:
            self.process.stdin.close()
        elif "exit" in step:
            code = self.process.wait(10)
            need(code == step["exit"], "$", f"exit {code}")


def repaired(steps):
    """The recorded steps with the reference's defects taken out, and with what a newer server may add."""
    for step in steps:
        text = step.get("send", "")
        if "silent" in step:
            step["silent"] = min(step["silent"], 0.1)
        yield step
        if re.search(r'"id":(null|1\.5|9223372036854775808|true|18,"id":19),', text):
            yield {"expect": BAD_ID}           # dropped in silence by the reference


def relaxed(expect):
    error, result = expect.get("error", {}), expect.get("result", {})
    if error.get("code") == -32601 and error.get("message") in ({"<all>": ["tools/call"]}, {"<all>": ["prompts/get"]}):
        error["code"] = -32602                 # known method, unfit params
    for key in ("tools", "resources", "resourceTemplates", "prompts"):
        if isinstance(result.get(key), list):
            result[key] = {"<has>": result[key]}
    for where in [result.get("structuredContent", {})] + [c["text"]["<json>"] for c in result.get("content", [])]:
        if "chain_length" in where:            # operations stand in the ledger too
            where["chain_length"] = {"<min>": where["chain_length"]}
    return expect


def play(binary, path):
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    environment = lines.pop(0)["env"] if "env" in lines[0] else {}
    with harness.Home(binary) as home:
        talk = Conversation(home, environment)
        try:
            for number, step in enumerate(repaired(lines), 1):
                if "expect" in step:
                    step["expect"] = relaxed(step["expect"])
                try:
                    talk.step(step)
                except (Mismatch, queue.Empty) as problem:
                    return f"step {number}: {problem or 'no reply'}"
        finally:
            talk.process.kill()
    return None


def burst(binary, count, padding):
    """Pipelined calls, end of input right behind: all answered, in order."""
    def request(number, method, params):
        return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"
    text = request(0, "initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                                     "clientInfo": {"name": "burst", "version": "1"}})
    text += "".join(request(i, "tools/call", {"name": "cortex_config", "arguments": {"pad": "x" * padding}})
                    for i in range(1, count + 1))
    with harness.Home.begun(binary) as home:
        run = subprocess.run([home.binary, "serve"], input=text.encode(), env=home.environment(), capture_output=True,
                             timeout=60, check=False)
        ids = [json.loads(line).get("id") for line in run.stdout.splitlines()]
    if run.returncode != 0:
        return f"exit {run.returncode}"
    return None if ids == list(range(count + 1)) else f"{len(ids)} replies, first ids {ids[:20]}"


def main():
    binary, tally = harness.program(__doc__), harness.Tally()
    for name in AVAILABLE:
        tally.check(name, play(binary, DATA / f"{name}.jsonl"))
    for count, padding in ((500, 0), (50, 5000), (20, 100000)):
        tally.check(f"burst of {count} x {padding}", burst(binary, count, padding))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
