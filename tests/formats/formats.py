#!/usr/bin/env python3
"""Hold the program to docs/formats.md with a second reader: ledgers, what speaks for them, bundles, restores, migrations.

    tests/formats/formats.py [--bin build/release/cortex]

Everything is made by the program and read by code that was written from the document alone (reader.py and the files
beside it); one changed byte must be found where the document says so. stores.py does the same for stores.
"""
import base64
import json
import os
import random
import re
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "servers")]
import bundles  # noqa: E402
import canonical  # noqa: E402
import evidence  # noqa: E402
import harness  # noqa: E402
import models  # noqa: E402
import papers  # noqa: E402
import primitives  # noqa: E402
import services  # noqa: E402
import store  # noqa: E402
from primitives import Refused, blake3, ed25519  # noqa: E402
from reader import Ledger, attestations, preimage, session  # noqa: E402

DOCUMENT = harness.REPO / "docs/formats.md"


class Home(harness.Home):
    """A home whose environment can be added to."""

    def __init__(self, binary, **settings):
        super().__init__(binary)
        self.settings = settings

    def environment(self):
        return {**super().environment(), **self.settings}

    def do(self, *arguments, code=0):
        return harness.must(self.run(*arguments), code)

    def seed(self, name):
        path = self.root / name
        path.write_bytes(random.randbytes(32))
        path.chmod(0o600)
        return path

    def note(self, text, *flags):
        return re.search(r"mem_\w{26}", self.do("memory", "note", text, *flags).stdout.decode())[0]


def reads(tally, name, call, want=True):
    """A case in which the reader must accept what the program made; returns what it read."""
    try:
        found = call()
        tally.check(name, want is not True and found != want and f"{found!r} is not {want!r}")
        return found
    except (Refused, ValueError, KeyError, OSError, TypeError) as problem:
        tally.check(name, f"{type(problem).__name__}: {problem}")
        return None


def refuses(tally, name, call):
    try:
        found = call()
    except (Refused, ValueError, KeyError, IndexError, OSError, TypeError, UnicodeDecodeError):
        return tally.check(name, None)
    return tally.check(name, f"it was read: {found!r}")


def flips(data, count, pick):
    """`count` copies of the bytes with one bit changed, at places drawn from all of them."""
    for _ in range(count):
        at = pick.randrange(len(data))
        yield at, data[:at] + bytes([data[at] ^ 1 << pick.randrange(8)]) + data[at + 1:]


def all_refused(tally, name, data, call, count, pick):
    """One changed bit anywhere must be refused."""
    accepted = []
    for at, changed in flips(data, count, pick):
        try:
            call(changed)
            accepted.append(at)
        except (Refused, ValueError, KeyError, IndexError, TypeError, AttributeError):
            pass
    tally.check(name, accepted and f"read although a byte was changed at {accepted}")


# ---- what the document says of itself

def blocks_of(text):
    return {name: "".join(body.splitlines()) for name, body in re.findall(r"```text ([\w-]+)\n(.*?)```", text, re.S)}


def examples(tally):
    text = DOCUMENT.read_text()
    found = blocks_of(text)
    previous = None
    for n in ("1", "2"):
        row = json.loads(found["row-" + n])
        tally.check(f"example: payload hash {n}", row["payload_hash"] != found["payload-hash-" + n])
        made = preimage(previous, row["payload_hash"])
        tally.check(f"example: preimage {n}", made.hex() != found["preimage-" + n])
        tally.check(f"example: event hash {n}", blake3(made) != found["event-hash-" + n] or row["prev_event_hash"] != previous)
        previous = row["event_hash"]
    ledger = (found["row-1"] + "\n" + found["row-2"] + "\n").encode()
    manifest = bundles.manifest(re.search(r"```json manifest\n(.*?)\n```", text, re.S)[1].encode())
    reads(tally, "example: manifest", lambda: bundles.members(manifest, b"", ledger))
    for payload, digest in re.findall(r"^\| `(.+?)` \| `([0-9a-f]{64})` \|$", text, re.M):
        tally.check(f"example: hash of {payload}", blake3(payload.encode()) != digest)
    numbers = text[text.index("### 4.2"):text.index("### 4.3")]
    for written, value in re.findall(r"^\| `(.+?)` \| (?:`(.+?)`|error)", numbers, re.M):
        if value:
            tally.check(f"example: {written}", canonical.write_number(canonical.read_number(written)) != value)
        else:
            refuses(tally, f"example: {written}", lambda: canonical.read_number(written))


def known(tally):
    """The reader's own tools against vectors of others."""
    for size, digest in ((0, "af1349b9f5f9a1a6a0404dea36dcc949"), (1, "2d3adedff11b61f14c886e35afa03673"),
                         (1024, "42214739f095a406f3fc83deb889744a"), (1025, "d00278ae47eb27b34faecf67b4fe263f"),
                         (31744, "62b6960e1a44bcc1eb1a611a8d6235b6"), (102400, "bc3e3d41a1146b069abffad3c0d44860")):
        tally.check(f"BLAKE3 of {size} bytes", not blake3(bytes(i % 251 for i in range(size))).startswith(digest))
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    good = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    tally.check("Ed25519 of RFC 8032", not ed25519(key, b"r", good) or ed25519(key, b"s", good))
    low = bytes([1]) + bytes(31)
    tally.check("Ed25519: a key of low order", ed25519(low, b"r", low + bytes(32)))
    folder = harness.DATA / "ledger"
    for line in (folder / "numbers/numbers.tsv").read_text().splitlines()[1:]:
        written, text, digest = line.split("\t")
        if text in ("error", "-"):
            refuses(tally, f"number {written}", lambda: canonical.read_number(written))
        else:
            made = canonical.canonical(canonical.load('{"v":' + written + "}"))
            tally.check(f"number {written}", (made != '{"v":' + text + "}" or blake3(made.encode()) != digest) and made)
    for row in json.loads((folder / "vectors.json").read_text()):
        if "event_hash_preimage_hex" in row:
            tally.check(row["name"], blake3(row["canonical_payload"].encode()) != row["payload_hash"]
                        or blake3(bytes.fromhex(row["event_hash_preimage_hex"])) != row["event_hash"])


# ---- ledgers

def events_of_all_kinds():
    out = [harness.event(n) for n in range(1, 7)]
    out[1]["payload"] = {"z": 1.5, "a": [1e-7, 0.1, -2.72422580300561e-11, 123456789012345678901234567890, "\u00e9\u2028\x01/\x7f"], "\u00e9": True}
    out[2].update(source={"type": "child_agent", "model": "m-1"}, observed_at="2026-01-02 03:04:05.1234567+01:30")
    out[3].update(trace_id="trc_" + harness.ulid(9).lower(), session_id=None, domain_tags=["b", "a", "b"])
    out[4].update(payload=None, recorded_at="2026-12-31T23:59:60Z", event_type="cortex.event.outcome.v1")
    out[5].update(source={"type": "external_outcome"}, payload="text \U0001f600")
    return out


def spelled(ledger):
    return [n for n, row in enumerate(ledger.rows, 1) if row.written() != row.raw]


def ledgers(tally, binary):
    with Home.begun(binary) as home:
        path = home.root / "s.json"
        path.write_text(json.dumps({"events": events_of_all_kinds()}))
        home.do("ingest", path, "--no-mirror")
        ledger = Ledger(home.ledger)
        tally.check("rows are spelled as written", spelled(ledger))
        tally.check("their chain holds", ledger.failures())
        wanted = [(e.id, e.observed_at, e.recorded_at, e.source, e.trace_id, e.session_id, e.domain_tags, e.payload_text)
                  for e in session(path.read_bytes())]
        tally.check("they are the events of the session", wanted != [
            (r.id, r.observed_at, r.recorded_at, r.source, r.trace_id, r.session_id, r.domain_tags, r.payload_text) for r in ledger.rows])
        seed = home.seed("op.seed")
        people = home.root / "people.json"
        people.write_text(json.dumps([harness.event(10, source={"type": "user"}),
                                      harness.event(11, source={"type": "manual_correction"})]))
        home.do("ingest", people, "--user-attestation", seed, "--row-hash")
        kept = home.note("A backup is only a backup once it has been read back")
        ledger = Ledger(home.ledger)
        tally.check("covered rows are spelled as written", spelled(ledger) or ledger.failures())
        tally.check("head file", {**ledger.head_file(), "format": 0} != {**ledger.standing(), "format": 0} and ledger.head_file())
        reads(tally, "user attestations", lambda: len(attestations(home.data / "audit_records.jsonl", ledger)), 2)
        reads(tally, "the tree beside it", lambda: evidence.sidecar(ledger))
        checkpoints(tally, home, ledger)
        one_byte(tally, home, ledger)
        home.do("memory", "forget", kept, "--erase", "--confirm", kept, "--reason", "private")
        after = Ledger(home.ledger)
        tally.check("erased rows are accounted for", after.failures() or spelled(after) or not any(r.erased for r in after.rows))
        reads(tally, "the tree keeps what they were", lambda: evidence.sidecar(after))
        refuses(tally, "its root is no root of the rows as they are", lambda: primitives.need(
            evidence.root_of([evidence.leaf(line) for _, line in after.entries]) == evidence.sidecar(after)))


def one_byte(tally, home, ledger):
    """The reader and `audit verify` name the same rows of a ledger in which one bit is changed, nothing lying beside it."""
    pick = random.Random(7)
    copy = home.root / "copy" / "events.jsonl"
    copy.parent.mkdir()
    found, differ, quiet = 0, [], []
    for at, changed in flips(ledger.data, 60, pick):
        copy.write_bytes(changed)
        run = home.run("--json", "audit", "verify", "--event-log", copy)
        try:
            ours = sorted({n for n, _ in Ledger(copy).failures()})
        except (Refused, UnicodeDecodeError):
            ours = None
        report = json.loads(run.stdout)["report"]
        theirs = sorted({f["line"] for f in report.get("failures", ())}) if run.returncode in (0, 3) else None
        found += ours != []
        if ours != theirs:
            differ.append((at, ours, theirs))
        if ours == []:
            row = next(n for n, (offset, line) in enumerate(ledger.entries) if offset <= at <= offset + len(line))
            if ledger.rows[row].row_hash or b"payload" in changed[at:at + 9]:
                quiet.append(at)
    tally.check("one byte: both name the same rows", differ)
    tally.check("one byte: found in every covered row", quiet)
    tally.check("one byte: most are found", found < 30 and found)
    for name, call in (("head file", lambda: Ledger(home.ledger).head_file()), ("state", lambda: evidence.sidecar(ledger))):
        path = home.data / {"head file": "cortex_events.jsonl.head", "state": "events.jsonl.tlog/state"}[name]
        good = path.read_bytes()
        all_refused(tally, f"one byte: {name}", good, lambda changed: (path.write_bytes(changed), call()), 40, pick)
        path.write_bytes(good)
    path = home.data / "audit_records.jsonl"
    good = path.read_bytes()
    for part in re.split(rb'"aud_\w+"', good):  # every member but `id` is pinned
        begin = good.index(part)
        all_refused(tally, "one byte: attestations", part, lambda changed: (
            path.write_bytes(good[:begin] + changed + good[begin + len(part):]), attestations(path, ledger)), 25, pick)
    path.write_bytes(good)


def checkpoints(tally, home, ledger):
    pick = random.Random(8)
    seed, file, proof = home.seed("log.seed"), home.root / "log.checkpoint", home.root / "x.tlog-proof"
    said = home.do("audit", "checkpoint", "--key", seed, "--output", file).stderr.decode()
    name, key = evidence.verifier(re.search(r"verifier key (\S+)", said)[1])
    text = file.read_text()
    reads(tally, "checkpoint", lambda: evidence.checkpoint(text, key),
          (f"cortex.local/ledger/{ledger.rows[0].event_hash[:32]}", len(ledger.rows), evidence.sidecar(ledger)))
    tally.check("its name is the key's", name != text.splitlines()[0])
    for row in ledger.rows:
        proof.unlink(missing_ok=True)
        home.do("audit", "prove", row.id, "--output", proof)
        reads(tally, "proof of a row", lambda: evidence.proof(proof.read_text(), key), row.raw)
    for what, path, call in (("checkpoint", file, evidence.checkpoint), ("proof", proof, evidence.proof)):
        all_refused(tally, f"one byte: {what}", path.read_bytes(), lambda changed: call(changed.decode(), key), 60, pick)


def signed(tally, binary):
    with models.Ollama("An answer") as server, Home.begun(binary) as home:
        home.do("key", "generate", "--output", "op.seed", "--principal", "anna", "--tier", "operator", "--sign")
        key = papers.key_file(home.root / "op.seed.pub")
        papers.key_file(home.root / "op.seed", private=True)
        home.settings = {"CORTEX_SIGNING_SEED": str(home.root / "op.seed"), "CORTEX_LLM_BACKEND": "ollama",
                         "CORTEX_LLM_ENDPOINT": server.url, "CORTEX_LLM_MODEL": "tiny:1b@sha256:" + "ab" * 32}
        home.do("ingest", home.session("s.json", (1, 2)))
        events = events_of_all_kinds()
        (home.root / "all.json").write_text(json.dumps(events[2:]))
        home.do("ingest", "all.json")
        home.do("run", "--task", "x", "--trusted-history", "--attestation", home.root / "op.seed")
        ledger = Ledger(home.ledger)
        tally.check("signed rows are spelled as written", spelled(ledger) or ledger.failures())
        reads(tally, "every signature verifies", lambda: ledger.signature_failures(key), ([], key))
        prefix = home.data / "cortex_events.jsonl.proven"
        reads(tally, "proven prefix", lambda: papers.proven(prefix, ledger, store.tables_of(home.store)), (len(ledger.rows) - 1, 1))
        good, tables = prefix.read_bytes(), store.tables_of(home.store)
        all_refused(tally, "one byte: proven prefix", good,
                    lambda changed: (prefix.write_bytes(changed), papers.proven(prefix, ledger, tables)), 30, random.Random(9))
        prefix.write_bytes(good)
        bound(tally, home, ledger, key)
        home.do("key", "rotate", "--seed", home.root / "op.seed", "--output", "op2.seed")
        home.settings["CORTEX_SIGNING_SEED"] = str(home.root / "op2.seed")
        home.note("signed by another key")
        ledger = Ledger(home.ledger)
        reads(tally, "a rotation makes the new key active", lambda: ledger.signature_failures(key),
              ([], papers.key_file(home.root / "op2.seed.pub")))
        tally.check("and its row is spelled as written", spelled(ledger))
        tally.check("another name of the ledger", len(ledger.signature_failures(key, "other")[0]) != len(ledger.rows))
    reference = Ledger(harness.DATA / "trust/signed_two_rows.jsonl")
    tally.check("signed rows of reference 0.1.2", reference.failures())


def bound(tally, home, ledger, key):
    """What a signature binds, changed: the row is named, and `audit verify --signed` names the same."""
    copy = home.root / "signed" / "events.jsonl"
    copy.parent.mkdir()
    for what, old, new in (("session", b'"session_id":"test"', b'"session_id":"Test"'), ("tool", b'"name":"test"', b'"name":"tesT"'),
                           ("id", b"000002\",", b"000009\","), ("model", b'"model":"m-1"', b'"model":"m-2"'),
                           ("time", b'"signed_at":"20', b'"signed_at":"19')):
        at = ledger.data.index(old)
        copy.write_bytes(ledger.data[:at] + new + ledger.data[at + len(old):])
        row = next(n for n, (offset, line) in enumerate(ledger.entries, 1) if offset <= at <= offset + len(line))
        ours = Ledger(copy).signature_failures(key)[0]
        run = home.run("--json", "audit", "verify", "--signed", "--verification-key", home.root / "op.seed.pub", "--event-log", copy)
        theirs = [f["line"] for f in json.loads(run.stdout)["report"]["failures"] if "BadSignature" in f["reason"]]
        tally.check(f"signature binds the {what}", (ours != [(row, "bad_signature")] or theirs != [row]) and (ours, theirs, row))


# ---- anchors and receipts

def witnesses(tally, binary):
    with services.Rekor() as log, services.Calendar() as calendar, Home(binary) as home:
        home.settings = {"CORTEX_OTS_LIVE": "1", "CORTEX_OTS_BTC_HEADER_PROVIDERS": ""}
        home.do("init")
        home.do("ingest", home.session("s.json", (1, 2, 3)), "--no-mirror")
        ledger, register = Ledger(home.ledger), home.data / "cortex_events.jsonl.anchors"
        home.do("audit", "anchor", "--output", "a.txt", "--history", "h.txt")
        home.do("audit", "anchor", "--history", "h.txt")
        for name, count in (("a.txt", 1), ("h.txt", 2)):
            data = (home.root / name).read_bytes()
            reads(tally, f"anchors of {name}", lambda: len(evidence.anchors(data, ledger)), count)
            history = name if count == 2 else None
            reads(tally, f"{name} is registered", lambda: evidence.registered(register, data, evidence.ANCHOR, history))
            all_refused(tally, f"one byte: {name}", data, lambda changed: (
                evidence.anchors(changed, ledger), evidence.registered(register, changed, evidence.ANCHOR)), 40, random.Random(3))
        (home.data / "trusted_root.json").write_text(json.dumps(log.trusted_root()))
        home.do("audit", "anchor", "--sink", "rekor", "--sink-endpoint", log.url, "--sink-receipt", "r.txt")
        data = (home.root / "r.txt").read_bytes()
        found = reads(tally, "receipt of a log", lambda: evidence.receipts(data, ledger)) or [{}]
        reads(tally, "all that a log signed", lambda: evidence.rekor(found[0], log.trusted_root()), 2)
        reads(tally, "it is registered", lambda: evidence.registered(register, data, evidence.RECEIPT))
        for member in ("integratedTime", "logIndex"):
            changed = json.loads(json.dumps(found[0]))
            changed["receipt"][member] += 1
            refuses(tally, f"another {member}", lambda: evidence.rekor(changed, log.trusted_root()))
        home.do("audit", "anchor", "--sink", "opentimestamps", "--sink-endpoint", calendar.url, "--sink-receipt", "o.txt",
                "--allow-pending")
        found = reads(tally, "receipt of a calendar", lambda: evidence.receipts((home.root / "o.txt").read_bytes(), ledger)) or [{}]
        inner = found[0]["receipt"]
        digest = bytes.fromhex(found[0]["anchor_text_sha256"])
        tally.check("its members", (list(inner) != ["calendar_url", "ots_proof_base64", "submitted_digest_hex"]
                                    or inner["submitted_digest_hex"] != digest.hex()) and inner)
        raw = base64.b64decode(inner["ots_proof_base64"])
        proof = reads(tally, "its proof", lambda: evidence.opentimestamps(raw, digest)) or [()]
        tally.check("is a promise of the calendar", proof[0][0] != "pending" or calendar.url.encode() not in proof[0][2])
        refuses(tally, "a proof of another digest", lambda: evidence.opentimestamps(raw, bytes(32)))
        refuses(tally, "half a proof", lambda: evidence.opentimestamps(raw[:-1], digest))


# ---- bundles, restores, migrations

def backups(tally, binary):
    with Home.begun(binary) as home:
        large = [harness.event(n, payload={"text": random.Random(n).randbytes(140_000).hex()}) for n in (1, 2, 3, 4)]
        (home.root / "s.json").write_text(json.dumps(large))
        home.do("ingest", "s.json")
        shelf = home.root / "shelf"
        shelf.mkdir()
        home.do("backup", "--output", "shelf/full")
        for n in (1, 2):
            home.note(f"note {n}")
            home.do("backup", "--since", ("shelf/full", "shelf/inc1")[n - 1], "--output", f"shelf/inc{n}")
        home.do("backup", "compact", "shelf/inc2", "--output", "whole")
        reads(tally, "bundle", lambda: bundles.bundle(shelf / "full"))
        made = reads(tally, "chain of increments", lambda: bundles.assembled(shelf / "inc2")) or (None,) * 3
        whole = home.root / "whole"
        tally.check("it is what `compact` makes", made[1:] != tuple((whole / n).read_bytes() for n in ("cortex.db", "events.jsonl")))
        tally.check("with its manifest", made[0] != bundles.bundle(whole) and made[0])
        home.do("backup", "verify", "shelf/full", "--drill")
        reads(tally, "drill", lambda: [d["outcome"] for d in bundles.drills(shelf / "full")], ["passed"])
        home.do("backup", "verify", "shelf/full", "--sample", "50%")
        reads(tally, "block list", lambda: bundles.blocks(shelf / "full"), ["cortex.db", "events.jsonl"])
        damaged(tally, shelf)
        encrypted(tally, home)


def damaged(tally, shelf):
    """One byte of a part of a chain, or a link that is gone."""
    pick = random.Random(4)
    for name in ("full/cortex.db", "full/events.jsonl", "inc1/cortex.db.pages", "inc1/events.jsonl.part", "inc1/cortex_increment.json",
                 "full/BACKUP_MANIFEST"):
        path = shelf / name
        good = path.read_bytes()
        for _, changed in flips(good, 1, pick):
            path.write_bytes(changed)
            refuses(tally, f"one byte: {name}", lambda: bundles.assembled(shelf / "inc2"))
        path.write_bytes(good)
    path = shelf / "full.blocks"
    good = path.read_bytes()
    at = good.index(b'"values":"') + 12
    path.write_bytes(good[:at] + (b"0" if good[at:at + 1] != b"0" else b"1") + good[at + 1:])
    refuses(tally, "one byte: block list", lambda: bundles.blocks(shelf / "full"))
    shutil.move(shelf / "inc1", shelf.parent / "elsewhere")
    refuses(tally, "a link is gone", lambda: bundles.assembled(shelf / "inc2"))


def encrypted(tally, home):
    if not shutil.which("age"):
        print("skipped: encrypted bundles, the program age is not installed")
        return
    identity, folder = home.root / "age.txt", home.root / "sealed"
    said = harness.subprocess.run(["age-keygen", "-o", identity], capture_output=True, check=True)
    recipient = re.search(rb"age1\w+", said.stderr)[0].decode()
    home.do("backup", "--encrypt-to", recipient, "--output", folder)
    reads(tally, "encrypted bundle, without a key", lambda: len(bundles.sealed(folder)), 3)
    reads(tally, "decrypted by age", lambda: bundles.unsealed(folder, identity, home.root / "plain"))
    path = folder / "events.jsonl.age"
    good = path.read_bytes()
    path.write_bytes(good[:-20] + bytes([good[-20] ^ 1]) + good[-19:])
    refuses(tally, "one byte: ciphertext", lambda: bundles.sealed(folder))


def restores(tally, binary):
    with Home.begun(binary) as home:
        home.do("ingest", home.session("s.json", range(1, 5)))
        home.settings = {"CORTEX_DATA_DIR": str(home.root / "elsewhere")}  # where the key was made, long ago
        home.do("init")
        home.do("key", "generate", "--output", "op.seed", "--principal", "anna", "--tier", "operator")
        home.settings = {}
        home.do("key", "register", "--public-key", "op.seed.pub", "--principal", "anna", "--tier", "operator", "--effective-at",
                "2020-01-01")
        key = papers.key_file(home.root / "op.seed.pub")
        home.do("sign", "--signing-key-file", "op.seed", "--payload", "s.json", "--output", "s.sig")
        tally.check("detached signature", not ed25519(key, (home.root / "s.json").read_bytes(), (home.root / "s.sig").read_bytes()))
        home.do("audit", "anchor", "--output", "anchor.txt", "--history", "anchors.txt")
        home.do("backup", "--output", "b")
        home.do("restore", "stage", "--manifest", "b/BACKUP_MANIFEST", "--stage-dir", "stage", "--acknowledge-destructive-restore")
        home.do("restore", "intent", "build", "--backup-manifest", "b/BACKUP_MANIFEST", "--output", "intent.json", "--sign",
                "--signing-key-file", "op.seed")
        raw, signature = (home.root / "intent.json").read_bytes(), (home.root / "intent.sig").read_bytes()
        found = reads(tally, "intent", lambda: bundles.intent(raw, signature, key, home.data)) or {}
        wanted = {"backup_manifest_blake3": bundles.named((home.root / "b/BACKUP_MANIFEST").read_bytes()),
                  "staged_sqlite_blake3": bundles.named((home.root / "stage/cortex.db").read_bytes()),
                  "staged_jsonl_blake3": bundles.named((home.root / "stage/events.jsonl").read_bytes()),
                  "site_id": (home.data / "cortex_site_id").read_text().strip()}
        tally.check("its digests", any(found.get(k) != v for k, v in wanted.items()) and found)
        all_refused(tally, "one byte: intent", raw, lambda changed: bundles.intent(changed, signature, key, home.data), 40, random.Random(5))
        home.seed("witness.seed")
        home.do("restore", "apply", "--production", "--manifest", "b/BACKUP_MANIFEST", "--stage-dir", "stage", "--restore-intent",
                "intent.json", "--restore-intent-signature", "intent.sig", "--operator-verification-key", "op.seed.pub", "--against",
                "anchor.txt", "--against-history", "anchors.txt", "--anchor-sink", "local-witness", "--witness-key", "witness.seed",
                "--sink-path", "receipt.txt", "--acknowledge-production-destructive-restore", "--acknowledge-active-store-replacement")
        receipt = (home.root / "receipt.txt").read_bytes()
        staged = Ledger(home.root / "stage/events.jsonl")
        said = json.loads(receipt)
        moment = primitives.read_time(said["anchor_text"].splitlines()[1].split(" ")[0])
        anchor = evidence.anchor_text(moment, len(staged.rows), staged.head).decode()
        reads(tally, "receipt of a local witness", lambda: bundles.witness(receipt, anchor, raw))
        all_refused(tally, "one byte: its receipt", receipt, lambda changed: bundles.witness(changed, anchor, raw), 40, random.Random(6))
        reads(tally, "evidence", lambda: bundles.evidence(home.data / ".restore-apply-recovery"))
        last = Ledger(home.ledger).rows[-1].operation
        names = {"anchor_sink", "backup_timestamp", "evidence", "jsonl_mirror_blake3", "operator_principal_id",
                 "restore_intent_blake3", "rows", "sqlite_store_blake3"}
        tally.check("its operation", (last["cortex_operation"] != "restore.apply" or set(last["args"]) != names) and last)
        deployment = json.loads(home.do("--json", "doctor", "--print-deployment-id").stdout)["report"]["deployment_id"]
        tally.check("deployment id", deployment != bundles.deployment(home.data))


def migrations(tally, binary):
    golden = harness.DATA / "store"
    with Home(binary) as home:
        home.data.mkdir(mode=0o700)
        for name in ("cortex.db", "events.jsonl"):
            shutil.copy(golden / "pre-v2-bundle" / name, home.data / name)
        (home.root / "seed.key").write_bytes(bytes([7]) * 32)
        shutil.copytree(golden / "pre-v2-bundle", home.root / "bundle")
        shutil.copy(golden / "operator-attestation.json", home.root / "att.json")
        boundary, _ = reads(tally, "operator attestation", lambda: bundles.operator_attestation(
            (home.root / "att.json").read_bytes())) or ({}, None)
        home.do("migrate", "v2", "--backup-manifest", "bundle/BACKUP_MANIFEST", "--operator-attestation", "att.json")
        ledger = Ledger(home.ledger)
        tally.check("boundary row", ledger.boundaries() != ([len(ledger.rows)], []) or ledger.failures())
        inner = ledger.rows[-1].payload["payload"]
        tally.check("it is what was attested", any(inner[k] != v for k, v in boundary.items()) and inner)
        script = re.search(r"constant, `(blake3:[0-9a-f]{64})`", DOCUMENT.read_text())[1]
        tally.check("the script's digest is that of the document", inner["migration_script_digest"] != script)
        reads(tally, "manifest of the migration", lambda: bundles.post_migrate(
            (home.root / "bundle/POST_V2_MIGRATE_MANIFEST").read_bytes()))
        home.do("backup", "--output", "after")
        reads(tally, "bundle of a migrated ledger", lambda: bundles.bundle(home.root / "after")["kind"], "cortex_post_v2_backup")
    reads(tally, "manifest of the migration by reference 0.1.2", lambda: bundles.post_migrate(
        (golden / "POST_V2_MIGRATE_MANIFEST").read_bytes()))
    for name in ("pre-v2-bundle", "post-v2-bundle"):
        tally.check(f"ledger of the {name} of reference 0.1.2", Ledger(golden / name / "events.jsonl").failures())


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    random.seed(1)
    examples(tally)
    known(tally)
    for part in (ledgers, signed, witnesses, backups, restores, migrations):
        part(tally, binary)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
