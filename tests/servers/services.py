"""Services of the outside world on loopback: a Rekor v1 log and an OpenTimestamps calendar, true to their protocols.

Each can be told to misbehave (`mode`): "slow", "broken" (half an answer), "oversized", "refuse" (status 500), "redirect",
"lie" (a well-formed answer about something else), "foreign" (signed by a key that nobody knows). Standard library only.
"""
import base64
import hashlib
import http.server
import json
import threading
import time

import p256


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes):
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node(root_of(hashes[:half]), root_of(hashes[half:]))


def path_to(index, hashes):
    if len(hashes) == 1:
        return []
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    if index < half:
        return path_to(index, hashes[:half]) + [root_of(hashes[half:])]
    return path_to(index - half, hashes[half:]) + [root_of(hashes[:half])]


class Service:
    """A context manager that answers on a free port of 127.0.0.1."""
    slow_seconds = 25
    oversized_bytes = 8 << 20

    def __init__(self):
        self.mode, self.requests, self.headers = "", [], []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.requests.append((self.command, self.path, body))
                service.headers.append({name.lower(): value for name, value in self.headers.items()})
                if service.mode == "slow":
                    time.sleep(service.slow_seconds)
                status, answer = service.answer(self.command, self.path, body)
                if service.mode == "refuse":
                    status, answer = 500, b"no"
                if service.mode == "oversized":
                    answer = b"x" * service.oversized_bytes
                try:
                    self.send_response(302 if service.mode == "redirect" else status)
                    if service.mode == "redirect":
                        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    if service.mode == "drip":
                        for line in answer.splitlines(keepends=True):
                            self.wfile.write(line)
                            self.wfile.flush()
                            time.sleep(0.3)
                    else:
                        self.wfile.write(answer[:len(answer) // 2] if service.mode == "broken" else answer)
                except OSError:
                    pass  # the program has heard enough

            do_GET = do_POST = handle_any

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


class Rekor(Service):
    def __init__(self):
        super().__init__()
        self.key, self.entries = p256.Key(), [b"an entry of somebody else", b"another one"]

    def trusted_root(self, start="2026-01-01T00:00:00Z", end=None):
        window = {"start": start, **({"end": end} if end else {})}
        return {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [{"baseUrl": self.url, "hashAlgorithm": "SHA2_256",
                           "publicKey": {"rawBytes": self.key.spki_base64(), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                                         "validFor": window},
                           "logId": {"keyId": base64.b64encode(self.key.hash).decode()}}],
                "certificateAuthorities": [], "ctlogs": [], "timestampAuthorities": []}

    def answer(self, method, path, body):
        if (method, path) != ("POST", "/api/v1/log/entries"):
            return 404, b"{}"
        proposal = json.loads(body)
        if proposal.get("kind") != "hashedrekord" or proposal.get("apiVersion") != "0.0.1":
            return 400, b'{"code":400,"message":"unknown kind"}'
        if not proposal["spec"]["signature"]["content"] or not proposal["spec"]["signature"]["publicKey"]["content"]:
            return 400, b'{"code":400,"message":"missing signature"}'
        if self.mode == "lie":
            proposal["spec"]["data"]["hash"]["value"] = "0" * 64
        entry = json.dumps(proposal, sort_keys=True, separators=(",", ":")).encode()
        key = p256.Key() if self.mode == "foreign" else self.key
        self.entries.append(entry)
        index, hashes = len(self.entries) - 1, [leaf(e) for e in self.entries]
        promised = {"body": base64.b64encode(entry).decode(), "integratedTime": int(time.time()),
                    "logID": self.key.hash.hex(), "logIndex": 1000 + index}
        text = json.dumps(promised, sort_keys=True, separators=(",", ":")).encode()
        note = f"test-log - 7\n{len(hashes)}\n{base64.b64encode(root_of(hashes)).decode()}\n"
        line = base64.b64encode(self.key.hash[:4] + key.sign(note.encode())).decode()
        promised["verification"] = {
            "signedEntryTimestamp": base64.b64encode(key.sign(text)).decode(),
            "inclusionProof": {"checkpoint": f"{note}\n\u2014 test-log {line}\n", "logIndex": index, "treeSize": len(hashes),
                               "rootHash": root_of(hashes).hex(), "hashes": [h.hex() for h in path_to(index, hashes)]}}
        return 201, json.dumps({"0000000000000007" + leaf(entry).hex(): promised}).encode()


class Calendar(Service):
    confirmed = False  # True: what was promised stands in block 7 now

    def answer(self, method, path, body):
        if method == "GET" and path.startswith("/timestamp/"):
            if not self.confirmed:
                return 404, b"Pending confirmation in Bitcoin blockchain"
            return 200, b"\xf0\x04path\x08" + bytes.fromhex("000588960d73d71901") + b"\x01\x07"
        if (method, path) != ("POST", "/digest") or len(body) != 32:
            return 404, b""
        uri = self.url.encode()
        promise = bytes.fromhex("0083dfe30d2ef90c8e") + bytes([len(uri) + 1, len(uri)]) + uri
        if self.mode == "lie":
            promise = bytes.fromhex("00") + b"nobodyxx" + b"\x01x"  # an attestation that does not count
        return 200, b"\xf0\x04salt\x08" + promise
