#!/usr/bin/env python3
"""Calls that are called off while they run: they are not answered, they end soon, and nothing is left of them but what the
ledger holds, which the log says.

    mcp_cancel.py [--bin build/release/cortex]
"""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
from mcp_frames import call, hello, line  # noqa: E402

EVENTS, PAYLOAD_BYTES = 6000, 20_000  # 120 MB: what reads it all takes its time


def cancelled(number):
    return json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled",
                       "params": {"requestId": number, "reason": "no longer wanted"}}).encode() + b"\n"


HELLO = hello("2025-11-25")


class Server:
    """A server over stdio whose replies are read on a thread of their own."""

    def __init__(self, home):
        self.process = subprocess.Popen([home.binary, "serve"], env={**home.environment(), "RUST_LOG": "info"},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.replies, self.log = [], []
        self.threads = [threading.Thread(target=self.read, args=(self.process.stdout, self.replies)),
                        threading.Thread(target=self.read, args=(self.process.stderr, self.log))]
        for thread in self.threads:
            thread.start()
        self.send(HELLO)
        self.wait(lambda: self.reply("hello"))

    @staticmethod
    def read(stream, out):
        for text in stream:
            out.append(text)

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def reply(self, number):
        found = [r for r in map(json.loads, list(self.replies)) if r.get("id") == number]
        return found[0] if found else None

    def logged(self, text):
        return [row.decode() for row in list(self.log) if text in row.decode()]

    @staticmethod
    def wait(ready, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ready():
                return True
            time.sleep(0.002)
        raise AssertionError("waited in vain")

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(60)
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        if code != 0:
            raise AssertionError(f"exit {code}")


class Cases:
    def __init__(self, home):
        self.home = home
        self.bundles = home.data / "cortex_backups"

    def staged(self):
        return self.bundles.is_dir() and any(".staging." in name for name in os.listdir(self.bundles))

    def left(self):
        return sorted(os.listdir(self.bundles)) if self.bundles.is_dir() else []

    def backup_while_it_copies(self):
        server = Server(self.home)
        server.send(call(1, "cortex_backup", name="copying"))
        server.wait(self.staged)
        begun = time.monotonic()
        server.send(cancelled(1) + call(2, "cortex_memory_health"))
        server.wait(lambda: server.logged("tool=cortex_backup") and server.reply(2))
        seconds = time.monotonic() - begun
        server.end()
        if server.reply(1) or self.left() or not server.logged("outcome=cancelled"):
            return f"{server.reply(1)}, {self.left()}, {server.log}"
        return None if seconds < 20 else f"it took {seconds:.1f} s"

    def backup_while_it_is_verified(self):
        """Too late now and then: then there is an answer and a whole bundle, else neither."""
        server = Server(self.home)
        server.send(call(1, "cortex_backup", name="verifying"))
        server.wait(lambda: "verifying" in self.left())
        server.send(cancelled(1))
        server.wait(lambda: server.logged("tool=cortex_backup"))
        server.end()
        off, there = bool(server.logged("outcome=cancelled")), self.left()
        if there not in ([], ["verifying"]) or (off and server.reply(1)):
            return f"{there}, {server.reply(1)}"
        if not off and server.reply(1) is None:
            return "finished, but not answered"
        if not there:
            return None
        checked = self.home.run("restore", "verify-backup", "--manifest",
                                self.bundles / "verifying/BACKUP_MANIFEST", "--deep")
        return None if checked.returncode == 0 else harness.said(checked)

    def reading_calls(self):
        """Others behind them are answered, and those called off are not."""
        server = Server(self.home)
        tools = [("cortex_audit_verify", {}), ("cortex_doctor", {"deep": True}),
                 ("cortex_recall", {"query": "event text"}), ("cortex_log", {"limit": 500, "session": "nobody"}),
                 ("cortex_show", {"id": harness.event_id(999_999)})]
        for number, (tool, arguments) in enumerate(tools):
            server.send(call(number, tool, **arguments))
            time.sleep(0.02)
            server.send(cancelled(number))
        server.send(call("after", "cortex_memory_health"))
        server.wait(lambda: server.reply("after"))
        server.end()
        known = {r["id"] for r in map(json.loads, server.replies)} - {"hello", "after"}
        if "result" not in server.reply("after"):
            return server.reply("after")
        return f"answered: {sorted(known)}" if 0 in known or 1 in known else None

    def writing_calls(self):
        """All of the rows or none, and the log says which."""
        for delay in (0, 0.005, 0.02, 0.05, 0.1):
            numbers = range(int(1_000_000 + delay * 1_000_000), int(1_000_000 + delay * 1_000_000) + 1000)
            events = json.dumps([harness.event(n) for n in numbers])
            server = Server(self.home)
            server.send(call(1, "cortex_session_close", events_json=events, skip_reflect=True))
            time.sleep(delay)
            server.send(cancelled(1))
            server.end()
            rows = self.home.run("log", "--limit", "1100", "--json").stdout
            held = sum(rows.count(harness.event_id(n).encode()) > 0 for n in (numbers[0], numbers[-1]))
            told = bool(server.logged("1,000 ledger rows, which stay"))
            answered = server.reply(1) is not None
            if held == 1 or (held == 0 and (told or answered)) or (held == 2 and not told and not answered):
                return f"after {delay} s: {held} of 2 held, told {told}, answered {answered}: {server.log}"
        verified = self.home.run("audit", "verify", "--mirror", "--strict")
        return None if verified.returncode == 0 else harness.said(verified)

    def closed_stream(self):
        """Over HTTP whoever closes the stream of an answer calls its request off."""
        process = subprocess.Popen([self.home.binary, "serve", "--http", "127.0.0.1:0"],
                                   env={**self.home.environment(), "RUST_LOG": "info"}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        log, port = [], []

        def read():
            for text in process.stderr:
                log.append(text.decode())
                if b"listening on" in text:
                    port.append(int(text.decode().rsplit(":", 1)[1].split("/")[0]))

        reader = threading.Thread(target=read)
        reader.start()
        Server.wait(lambda: port)
        token = (self.home.data / "cortex_mcp_token").read_text().strip()
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}}
        before = self.left()
        client = http.client.HTTPConnection("127.0.0.1", port[0], timeout=60)
        client.request("POST", "/mcp", json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
             "params": {"name": "cortex_backup", "arguments": {"name": "closed"}, "_meta": meta}}), {
            "Authorization": f"Bearer {token}", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call", "Mcp-Name": "cortex_backup"})
        Server.wait(self.staged)
        client.close()
        Server.wait(lambda: any("tool=cortex_backup" in text for text in log))
        process.terminate()
        code = process.wait(60)
        reader.join()
        process.stderr.close()
        if code != 0 or self.left() != before or not any("outcome=cancelled" in text for text in log):
            return f"exit {code}, {self.left()}, {log}"
        return None


def main():
    tally = harness.Tally()
    with harness.Home.begun(harness.program(__doc__)) as home:
        session = home.session("session.json", range(EVENTS), payload={"text": "event text " * (PAYLOAD_BYTES // 11)})
        harness.must(home.run("ingest", session))
        session.unlink()
        cases = Cases(home)
        for name in ("backup_while_it_copies", "backup_while_it_is_verified", "reading_calls", "writing_calls",
                     "closed_stream"):
            try:
                problem = getattr(cases, name)()
            except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
                problem = repr(error)
            tally.check(name.replace("_", " "), problem)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
