"""Frames of MCP over stdio for the tests: requests a line each, and lines with bytes changed."""
import json


def line(number, method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


def hello(version="2025-06-18"):
    return line("hello", "initialize", protocolVersion=version, capabilities={},
                clientInfo={"name": "bad client", "version": "1"})


def call(number, tool, **arguments):
    return line(number, "tools/call", name=tool, arguments=arguments)


def with_bytes_changed(pick, frame, splice=None):
    """The frame with bytes of it replaced, taken out, repeated, and, with `splice`, the end of that frame in place of its own."""
    out = bytearray(frame)
    for _ in range(pick.randrange(1, 4)):
        at = pick.randrange(len(out))
        kind = pick.randrange(3 if splice is None else 4)
        if kind == 0:
            out[at] = pick.randrange(256)
        elif kind == 1:
            del out[at:at + pick.randrange(1, 9)]
        elif kind == 2:
            out[at:at] = out[at:at + pick.randrange(1, 40)]
        else:
            out[at:] = splice[pick.randrange(len(splice)):]
        out = out or bytearray(b"x")
    return bytes(out).replace(b"\n", b" ")
