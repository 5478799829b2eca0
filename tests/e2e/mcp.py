#!/usr/bin/env python3
"""`cortex serve` against bad clients: what comes in, how the conversation ends, and what is left of the store.

    mcp.py [--bin build/release/cortex]
"""
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
from mcp_frames import call, hello, line, with_bytes_changed  # noqa: E402

PARSE_ERROR = {"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}}


class Cases:
    def __init__(self, home, tally):
        self.home, self.tally = home, tally

    def talk(self, data, code=0, arguments=(), timeout=60):
        """Runs a whole conversation; the replies as values, after checking the exit."""
        run = subprocess.run([self.home.binary, "serve", *arguments], input=data, env=self.home.environment(),
                             capture_output=True, timeout=timeout, check=False)
        if run.returncode != code:
            raise AssertionError(f"exit {run.returncode}, {harness.said(run)}")
        return [json.loads(text) for text in run.stdout.splitlines()]

    def case(self, name, work):
        try:
            problem = work()
        except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            problem = repr(error)
        self.tally.check(name, problem)

    def broken_frames(self):
        frames = [b"{", b"}", b"\x00", b"\xff\xfe", b"nul", b'{"jsonrpc":"2.0"', b"[" * 200 + b"]" * 200, b"[]",
                  b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 300 + b"]" * 300 + b"}"]
        replies = self.talk(hello() + b"\n".join(frames) + b"\n" + line("end", "ping"))
        if replies[1:-1] != [PARSE_ERROR] * len(frames):
            return replies[1:-1]
        return None if replies[-1]["id"] == "end" else replies[-1]

    def huge_frame(self):
        head = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"cortex_config","arguments":{"pad":"'
        replies = self.talk(hello() + head + b"x" * 100_000_000 + b'"}}}\n' + line("end", "ping"))
        return None if replies[1:] == [PARSE_ERROR, {"jsonrpc": "2.0", "id": "end", "result": {}}] else replies[1:]

    def wrong_types(self):
        wrong = [None, True, 5, -1, 1.5, "x", [], [1], {"a": 1}, "\u0000", "9" * 1000]
        tools = ["cortex_memory_list", "cortex_session_close", "cortex_session_commit", "cortex_show", "cortex_log",
                 "cortex_verify_backup"]
        names = ["limit", "offset", "domains", "events_json", "confirmation_token", "id", "since", "name", "memory_ids"]
        calls = [call(i, tool, **{name: value}) for i, (tool, name, value) in
                 enumerate((t, n, v) for t in tools for n in names for v in wrong)]
        before = self.home.ledger.read_bytes()
        replies = self.talk(hello() + b"".join(calls))
        if sorted(reply["id"] for reply in replies[1:]) != list(range(len(calls))):
            return f"{len(replies)} replies to {len(calls)} calls"
        odd = [r for r in replies[1:] if "error" in r and r["error"]["code"] not in (-32602, -32603)]
        if odd:
            return odd[0]
        return None if self.home.ledger.read_bytes() == before else "the ledger was changed"

    def same_ids(self):
        replies = self.talk(hello() + call(7, "cortex_config") * 3)
        return None if [r["id"] for r in replies] == ["hello", 7, 7, 7] else replies

    def thousands_in_flight(self):
        count = 5000
        replies = self.talk(hello() + b"".join(call(i, "cortex_memory_health") if i % 2 else line(i, "tools/nope")
                                               for i in range(count)))
        return None if [r["id"] for r in replies[1:]] == list(range(count)) else f"{len(replies)} replies"

    def client_that_does_not_read(self):
        """All requests are written before the first reply is read, far more than a pipe holds."""
        process = subprocess.Popen([self.home.binary, "serve"], env=self.home.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with process:
            process.stdin.write(hello() + b"".join(line(i, "tools/list") for i in range(300)))
            process.stdin.close()
            replies = process.stdout.read().splitlines()
        return None if len(replies) == 301 and process.returncode == 0 else f"{len(replies)}, {process.returncode}"

    def client_gone(self):
        """The reader of the replies goes away in the middle: what was asked for is done, and the end is quiet."""
        process = subprocess.Popen([self.home.binary, "serve"], env=self.home.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with process:
            process.stdin.write(hello())
            process.stdin.flush()
            process.stdout.readline()
            process.stdout.close()
            event = json.dumps([harness.event(900)])
            process.stdin.write(line(1, "tools/list") * 50 + call(2, "cortex_session_close", events_json=event))
            process.stdin.close()
            code = process.wait(30)
        if code != 0:
            return f"exit {code}"
        return None if harness.event_id(900) in harness.row_ids(self.home.ledger) else "the write is missing"

    def stop_signals(self):
        for which in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = subprocess.Popen([self.home.binary, "serve"], env=self.home.environment(),
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            with process:
                process.stdin.write(hello())
                process.stdin.flush()
                process.stdout.readline()
                process.send_signal(which)
                if process.wait(10) != 0:
                    return f"{which}: exit {process.returncode}"
        return None

    def idle_costs_nothing(self):
        process = subprocess.Popen([self.home.binary, "serve"], env=self.home.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with process:
            process.stdin.write(hello() + call(1, "cortex_memory_health"))
            process.stdin.flush()
            process.stdout.readline()
            process.stdout.readline()
            time.sleep(0.05)
            stat = pathlib.Path(f"/proc/{process.pid}/stat")
            before = stat.read_text().split()[13:15]
            time.sleep(0.5)
            after = stat.read_text().split()[13:15]
            process.stdin.close()
        return None if before == after else f"{before} -> {after}"

    def wrong_tokens(self):
        wrong = [call(i, "cortex_session_commit", confirmation_token="WRONG" + str(i)) for i in range(7)]
        replies = self.talk(hello() + b"".join(wrong))
        texts = [reply["error"]["message"] for reply in replies[1:]]
        if not all("invalid confirmation token" in text for text in texts):
            return texts
        return None if "too many" in texts[-1] and "too many" not in texts[4] else texts

    def token_file(self):
        path = self.home.root / "token"
        process = subprocess.Popen([self.home.binary, "serve", "--token-file", str(path)],
                                   env=self.home.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with process:
            process.stdin.write(hello())
            process.stdin.flush()
            process.stdout.readline()
            token, mode = path.read_text().strip(), path.stat().st_mode & 0o777
            process.stdin.write(call(1, "cortex_session_commit", confirmation_token=token))
            process.stdin.close()
            reply, notes = json.loads(process.stdout.readline()), process.stderr.read().decode()
        if token in notes or mode != 0o600 or path.exists():
            return f"mode {mode:o}, notes {notes!r}, still there: {path.exists()}"
        return None if reply["result"]["structuredContent"]["committed"] == 0 else reply

    def token_is_nowhere(self):
        run = subprocess.run([self.home.binary, "serve"], input=hello() + call(1, "cortex_config"),
                             env={**self.home.environment(), "RUST_LOG": "info"}, capture_output=True, timeout=30,
                             check=False)
        token = run.stderr.split(b"confirmation token: ")[1][:6]
        rest = run.stderr.replace(b"confirmation token: " + token, b"", 1)
        return "the token is in the output" if token in run.stdout or token in rest else None

    def stateless_without_handshake(self):
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}}
        replies = self.talk(line(1, "server/discover", _meta=meta) + line(2, "tools/list", _meta=meta)
                            + line(3, "tools/call", name="cortex_memory_health", _meta=meta)
                            + line(4, "tools/list", _meta={**meta, "io.modelcontextprotocol/protocolVersion": "x"}))
        kinds = [reply.get("result", {}).get("resultType") for reply in replies]
        if kinds != ["complete"] * 3 + [None]:
            return replies
        return None if replies[3]["error"]["code"] == -32022 else replies[3]

    def agents_cannot_leave_their_folder(self):
        names = ["../x", "/tmp/x", "a/b", ".", "..", "", "a\u0000b", "x" * 101]
        replies = self.talk(hello() + b"".join(call(i, "cortex_backup", name=name) for i, name in enumerate(names)
                                               if name.strip()))
        wrong = [reply for reply in replies[1:] if "error" not in reply]
        return wrong or None

    def backup_and_check(self):
        replies = self.talk(hello() + call(1, "cortex_backup", name="monday"))
        if "result" not in replies[1]:
            return replies[1]
        by_id = {r["id"]: r for r in self.talk(hello() + call(1, "cortex_verify_backup", name="monday", deep=True)
                                               + call(2, "cortex_backup", name="monday"))}
        if not by_id[1]["result"]["structuredContent"]["ok"]:
            return by_id[1]
        return None if "error" in by_id[2] else "a bundle was overwritten"

    def many_servers_on_one_store(self):
        servers, calls = 16, 3
        data = [hello() + b"".join(call(i, "cortex_session_close",
                                        events_json=json.dumps([harness.event(10_000 + s * 100 + i)]))
                                   + call(100 + i, "cortex_memory_list") for i in range(calls))
                for s in range(servers)]
        running = [subprocess.Popen([self.home.binary, "serve"], env=self.home.environment(), stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(servers)]
        for process, text in zip(running, data):
            process.stdin.write(text)
            process.stdin.close()
        replies = [json.loads(text) for process in running for text in process.stdout.read().splitlines()]
        codes = [process.wait(60) for process in running]
        for process in running:
            process.stdout.close()
        errors = [reply for reply in replies if "error" in reply]
        if errors or any(codes) or len(replies) != servers * (2 * calls + 1):
            return f"{codes}, {len(replies)} replies, {errors[:2]}"
        verified = self.home.run("audit", "verify")
        return None if verified.returncode == 0 else harness.said(verified)

    def random_frames(self):
        """Frames with bytes changed, taken out and doubled: every one is answered or dropped, none ends the server."""
        source = random.Random(20)
        seeds = [hello().strip(), line(1, "ping").strip(), line(2, "tools/list").strip(),
                 call(3, "cortex_memory_list", limit=3, domains=["a"]).strip(),
                 b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}']
        out = [hello().strip()]
        out += [with_bytes_changed(source, source.choice(seeds)) for _ in range(20_000)]
        before = self.home.ledger.read_bytes()
        replies = self.talk(b"\n".join(out) + b"\n" + line("end", "ping"))
        if {"jsonrpc": "2.0", "id": "end", "result": {}} not in replies:
            return "the last request was not answered"
        return None if self.home.ledger.read_bytes() == before else "the ledger was changed"


def main():
    tally = harness.Tally()
    with harness.Home.begun(harness.program(__doc__)) as home:
        cases = Cases(home, tally)
        for name in ("broken_frames", "huge_frame", "wrong_types", "same_ids", "thousands_in_flight",
                     "client_that_does_not_read", "client_gone", "stop_signals", "idle_costs_nothing", "wrong_tokens",
                     "token_file", "token_is_nowhere", "stateless_without_handshake",
                     "agents_cannot_leave_their_folder", "backup_and_check", "many_servers_on_one_store",
                     "random_frames"):
            cases.case(name.replace("_", " "), getattr(cases, name))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
