#!/usr/bin/env python3
"""`cortex serve --http` against good and bad clients: who may come in, sessions, streams, the stateless revision, many
clients on one store, and how it ends.

    mcp_http.py [--bin build/release/cortex]
"""
import fcntl
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}


def message(number, method, params=None):
    out = {"jsonrpc": "2.0", "method": method}
    if number is not None:
        out["id"] = number
    return json.dumps({**out, **({} if params is None else {"params": params})})


def call(number, tool, **arguments):
    return message(number, "tools/call", {"name": tool, "arguments": arguments})


class Client:
    """One connection and, after hello(), one session."""

    def __init__(self, server, token=None):
        self.http = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token or server.token}", "Content-Type": "application/json",
                        "Accept": "application/json, text/event-stream"}

    def send(self, body, method="POST", path="/mcp", **headers):
        """(status, headers, body) of the answer."""
        merged = {k: v for k, v in {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}.items()
                  if v is not None}
        self.http.request(method, path, body, merged)
        answer = self.http.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def hello(self, version="2025-11-25"):
        status, headers, body = self.send(message(0, "initialize", {
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "http client", "version": "1"}}))
        assert status == 200, (status, body)
        self.headers["Mcp-Session-Id"] = headers["Mcp-Session-Id"]
        self.headers["MCP-Protocol-Version"] = json.loads(body)["result"]["protocolVersion"]
        return self

    def ask(self, body):
        status, _, text = self.send(body)
        assert status == 200, (status, text)
        return json.loads(text)

    def modern(self, method, params=None, name=None, **headers):
        params = {**(params or {}), "_meta": META}
        return self.send(message(1, method, params),
                         **{"MCP_Protocol_Version": MODERN, "Mcp_Method": method, "Mcp_Name": name, **headers})


class Server:
    def __init__(self, home, *arguments):
        self.home = home
        self.process = subprocess.Popen([home.binary, "serve", "--http", "127.0.0.1:0", *arguments],
                                        env=home.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.told = ""
        for line in self.process.stderr:
            self.told += line
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)/mcp", line)
            if found:
                self.port = int(found[1])
                break
        else:
            raise AssertionError(self.told)
        self.token = (home.data / "cortex_mcp_token").read_text().strip()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self, which=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(which)
        out, rest = self.process.communicate(timeout=60)
        self.told += rest
        return self.process.returncode, out


class Cases:
    def __init__(self, home, server, tally):
        self.home, self.server, self.tally = home, server, tally

    def case(self, name):
        try:
            problem = getattr(self, name)()
        except (AssertionError, OSError, ValueError, KeyError, http.client.HTTPException) as error:
            problem = repr(error)
        self.tally.check(name, problem)

    def expect(self, wanted, got):
        return None if wanted == got else f"want {wanted}, got {got}"

    def only_with_the_token(self):
        codes = [Client(self.server, token).send(message(1, "ping"))[0] for token in ("wrong", self.server.token + "x")]
        codes.append(Client(self.server).send(message(1, "ping"), Authorization=None)[0])
        mode = (self.home.data / "cortex_mcp_token").stat().st_mode & 0o777
        return self.expect([401, 401, 401, 0o600], [*codes, mode])

    def pages_of_other_machines_are_refused(self):
        client = Client(self.server).hello()
        codes = [client.send(message(1, "ping"), Origin=origin)[0] for origin in
                 ("http://evil.example", "https://localhost.evil.example", "null", "http://localhost:3000")]
        codes += [Client(self.server).send(message(1, "ping"), Host="evil.example:80")[0]]
        return self.expect([403, 403, 403, 200, 403], codes)

    def a_session_from_start_to_end(self):
        client = Client(self.server).hello()
        first = client.ask(call(1, "cortex_memory_note", claim="HTTP clients may write."))
        accepted = client.send(message(None, "notifications/initialized"))[0]
        unknown = Client(self.server).hello()
        unknown.headers["Mcp-Session-Id"] = "0" * 32
        codes = [accepted, unknown.send(message(1, "ping"))[0],
                 client.send(message(1, "ping"), Mcp_Session_Id=None)[0],
                 client.send(message(1, "ping"), MCP_Protocol_Version="2024-11-05")[0],
                 client.send(None, "DELETE")[0], client.send(message(1, "ping"))[0]]
        if "result" not in first:
            return first
        return self.expect([202, 404, 400, 400, 200, 404], codes)

    def bad_bodies_and_methods(self):
        client = Client(self.server).hello()
        codes = [client.send(body)[0] for body in ("", "{", "[]", "\xff", "5", '{"jsonrpc":"2.0","id":null,"method":"x"}')]
        codes += [client.send(message(1, "ping"), method)[0] for method in ("PUT", "OPTIONS", "HEAD", "PATCH")]
        codes += [Client(self.server).send(message(1, "ping"), path="/other")[0],
                  Client(self.server).send(message(1, "ping"), Content_Type="text/plain")[0]]
        return self.expect([400] * 6 + [405] * 4 + [404, 415], codes)

    def batches_where_the_revision_has_them(self):
        client = Client(self.server).hello("2025-03-26")
        batch = f"[{message(1, 'ping')},{message(None, 'notifications/initialized')},{call('b', 'cortex_config')}]"
        replies = client.ask(batch)
        newer = Client(self.server).hello("2025-06-18").send(batch)[0]
        return self.expect([[1, "b"], 400], [[reply["id"] for reply in replies], newer])

    def the_stateless_revision(self):
        client = Client(self.server)
        discovered = client.modern("server/discover")
        listed = client.modern("tools/list")
        called = client.modern("tools/call", {"name": "cortex_config"}, "cortex_config")
        codes = [answer[0] for answer in (discovered, listed, called)]
        if codes != [200] * 3 or json.loads(called[2])["result"]["resultType"] != "complete":
            return codes, called[2]
        wrong = [client.modern("tools/call", {"name": "cortex_config"}, "other"),
                 client.modern("tools/call", {"name": "cortex_config"}),
                 client.modern("tools/list", Mcp_Method="ping"), client.modern("nope/nope"),
                 client.send(message(1, "tools/list", {"_meta": META}), MCP_Protocol_Version="2025-06-18",
                             Mcp_Method="tools/list"),
                 client.send(message(1, "tools/list", {"_meta": {**META, "io.modelcontextprotocol/protocolVersion": "x"}}),
                             MCP_Protocol_Version="x", Mcp_Method="tools/list")]
        told = [(status, json.loads(body)["error"]["code"]) for status, _, body in wrong]
        return self.expect([(400, -32020)] * 3 + [(404, -32601), (400, -32020), (400, -32022)], told)

    def stream(self, client, body, events, method="POST", **headers):
        """The first `events` events of a stream."""
        merged = {**client.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        client.http.request(method, "/mcp", body, merged)
        answer = client.http.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream", answer.headers["Content-Type"]
        out = []
        while len(out) < events:
            line = answer.readline().decode()
            assert line, "the stream has ended"
            if line.startswith("data: "):
                out.append(json.loads(line[6:]))
        return out

    def a_subscriber_is_told(self):
        listener, writer = Client(self.server).hello(), Client(self.server).hello()
        listener.ask(message(1, "resources/subscribe", {"uri": "cortex://ledger/head"}))
        threading.Timer(0.3, lambda: writer.ask(call(2, "cortex_memory_note", claim="Something that is new."))).start()
        told = self.stream(listener, None, 1, "GET")
        return self.expect("cortex://ledger/head", told[0]["params"]["uri"])

    def a_stateless_listener_is_told(self):
        listener, writer = Client(self.server), Client(self.server).hello()
        body = message("l", "subscriptions/listen", {"_meta": META, "notifications": {
            "resourceSubscriptions": ["cortex://ledger/head"], "toolsListChanged": True}})
        threading.Timer(0.3, lambda: writer.ask(call(2, "cortex_memory_note", claim="Another thing to know."))).start()
        told = self.stream(listener, body, 2, MCP_Protocol_Version=MODERN, Mcp_Method="subscriptions/listen")
        listener.http.close()
        return self.expect(["notifications/subscriptions/acknowledged", "notifications/resources/updated"],
                           [event["method"] for event in told])

    def slow_and_silent_clients_hold_nobody_up(self):
        held = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(40)]
        for one in held[:20]:
            one.sendall(b"POST /mcp HTTP/1.1\r\nHost: local")
        began = time.monotonic()
        Client(self.server).hello().ask(message(1, "ping"))
        took = time.monotonic() - began
        for one in held:
            one.close()
        return f"{took:.2f} s" if took > 5 else None

    def sixteen_clients_on_one_store(self):
        problems, clients, calls = [], 16, 6

        def work(number):
            try:
                client = Client(self.server).hello()
                for i in range(calls):
                    event = harness.event(50_000 + number * 100 + i)
                    for body in (call(1, "cortex_session_close", events_json=json.dumps([event])),
                                 call(2, "cortex_memory_note", claim=f"Client {number} says {i}, in its own words."),
                                 call(3, "cortex_memory_list"), call(4, "cortex_recall", query="words")):
                        reply = client.ask(body)
                        if "result" not in reply or reply["result"].get("isError"):
                            problems.append(reply)
            except (AssertionError, OSError, ValueError) as error:
                problems.append(repr(error))
        threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        if problems:
            return problems[:2]
        verified = self.home.run("audit", "verify", "--mirror")
        return None if verified.returncode == 0 else harness.said(verified)

    def many_sessions_are_bounded(self):
        client = Client(self.server)
        for _ in range(300):
            client.headers.pop("Mcp-Session-Id", None)
            client.headers.pop("MCP-Protocol-Version", None)
            client.hello()
        return None if client.ask(message(1, "ping"))["id"] == 1 else "no answer"

    def a_client_that_hangs_up_calls_off(self):
        for _ in range(10):
            raw = socket.create_connection(("127.0.0.1", self.server.port))
            body = call(1, "cortex_backup", name=f"gone{time.monotonic_ns()}").encode()
            raw.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                        + self.server.token.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            raw.close()
        return None if Client(self.server).hello().ask(message(1, "ping"))["result"] == {} else "no answer"

    def a_batch_is_called_off_too(self):
        client = Client(self.server).hello("2025-03-26")
        claims = [f"The batch brings line {number}." for number in range(3)]
        batch = ",".join(call(number, "cortex_memory_note", claim=claim) for number, claim in enumerate(claims))
        ledger = self.home.data / "events.jsonl"
        with open(ledger, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # the first one waits here, the others behind it
            client.http.request("POST", "/mcp", f"[{batch}]", client.headers)
            time.sleep(1)
            client.http.close()
            time.sleep(2)
        other = Client(self.server).hello()
        other.ask(call(1, "cortex_memory_note", claim="Behind the batch."))
        text = ledger.read_text()
        return self.expect([False, False, True], [claim in text for claim in [*claims[1:], "Behind the batch."]])


def the_end(home):
    """A signal ends streams and the process, with exit 0, an empty stdout, and the token file in place."""
    for which in (signal.SIGTERM, signal.SIGINT):
        server = Server(home)
        client = Client(server).hello()
        client.http.request("GET", "/mcp", headers=client.headers)
        client.http.getresponse().readline()
        code, out = server.stop(which)
        if code != 0 or out or not (home.data / "cortex_mcp_token").exists():
            return f"{which}: exit {code}, stdout {out!r}"
    return None


def refusals(home):
    """Other addresses, a token file that others may read."""
    (home.root / "open").write_text("a" * 64)
    os.chmod(home.root / "open", 0o644)
    codes = [home.run("serve", *arguments).returncode for arguments in
             (("--http", "0.0.0.0:0"), ("--http", "localhost:0"), ("--bearer-token-file", "x"),
              ("--http", "127.0.0.1:0", "--bearer-token-file", home.root / "open"))]
    return None if codes == [2, 2, 2, 7] else codes


def main():
    tally = harness.Tally()
    with harness.Home.begun(harness.program(__doc__)) as home:
        with Server(home) as server:
            cases = Cases(home, server, tally)
            for name in ("only_with_the_token", "pages_of_other_machines_are_refused", "a_session_from_start_to_end",
                         "bad_bodies_and_methods", "batches_where_the_revision_has_them", "the_stateless_revision",
                         "a_subscriber_is_told", "a_stateless_listener_is_told", "slow_and_silent_clients_hold_nobody_up",
                         "sixteen_clients_on_one_store", "many_sessions_are_bounded", "a_client_that_hangs_up_calls_off",
                         "a_batch_is_called_off_too"):
                cases.case(name)
            token_told = server.token in server.told
        tally.check("the token is told to nobody", "it is on stderr" if token_told or server.token in server.told else None)
        tally.check("the_end", the_end(home))
        tally.check("refusals", refusals(home))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
