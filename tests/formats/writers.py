#!/usr/bin/env python3
"""What a second implementation writes by docs/formats.md alone, the program must take for its own.

    tests/formats/writers.py [--bin build/release/cortex]

Ledgers, trees, signatures (made of bytes that are put together here, by `cortex sign`), attestations, checkpoints, proofs,
anchors, bundles of every kind, intents, the marker of a dead restore. formats.py and stores.py read what the program writes.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import bundles  # noqa: E402
import evidence  # noqa: E402
import harness  # noqa: E402
import papers  # noqa: E402
from canonical import canonical  # noqa: E402
from formats import Home, reads  # noqa: E402
from primitives import blake3, chaining_value, lp, read_time, write_time, written_ulid  # noqa: E402
from reader import Ledger, Row, ZEROS, attested, preimage  # noqa: E402

NOW = "2026-01-02T03:04:05.678901Z"


class Maker(Home):
    """A home with a key; what is to be signed is signed by `cortex sign`."""

    def __enter__(self):
        self.do("init")
        self.signed = 0
        self.settings = {"CORTEX_DATA_DIR": str(self.root / "elsewhere")}
        self.do("init")
        self.do("key", "generate", "--output", "maker.seed", "--principal", "p", "--tier", "operator")
        self.settings = {}
        self.key_path = self.root / "maker.seed"
        self.key = papers.key_file(self.root / "maker.seed.pub")
        return self

    def sign(self, message):
        self.signed += 1
        payload, out = self.root / f"payload-{self.signed}", self.root / f"signature-{self.signed}"
        payload.write_bytes(message)
        self.do("sign", "--signing-key-file", self.key_path, "--payload", payload, "--output", out)
        return out.read_bytes()


def event(number, kind="tool_result", source=None, payload=None, session="s"):
    return {"id": "evt_" + written_ulid(0x018F00000000 << 80 | number), "schema_version": 2, "observed_at": NOW, "recorded_at": NOW,
            "source": source or {"type": "tool", "name": "made"}, "event_type": f"cortex.event.{kind}.v1", "trace_id": None,
            "session_id": session, "domain_tags": ["made"], "payload": payload if payload is not None else {"n": number},
            "payload_hash": "", "prev_event_hash": None, "event_hash": ""}


def operation(number, name, args, actor="operator"):
    made = event(number, "system_note", {"type": "runtime"}, {
        "actor": actor, "args": args, "client": "writers.py", "cortex_operation": name, "v": 1}, None)
    return {**made, "domain_tags": ["cortex", "operation"]}


def sealed(events, covered_from=1 << 30, signer=None):
    """6.1, 5, 6.5 and 6.3: a ledger of these events; rows from a number on are covered, all are signed by `signer`."""
    lines, previous, row_hash, lineage = [], None, "", ZEROS
    for number, made in enumerate(events, 1):
        row = Row(canonical(made, ordered=False).encode())
        row.payload_hash = blake3(canonical(row.document).encode())
        row.prev_event_hash, row.event_hash = previous, blake3(preimage(previous, row.payload_hash))
        previous = row.event_hash
        if number >= covered_from:
            row.row_hash = row_hash = blake3(b"\x30" + lp(row_hash) + lp(row.written(sealed=False)))
        if signer:
            at = read_time(NOW)
            raw = signer.sign(attested(row, "events", b"\2" + lp(lineage), at, signer.key.hex()))
            lineage = raw[:32].hex()
            row.signature = {"schema_version": 1, "key_id": signer.key.hex(), "signed_at": at,
                             "bytes": base64.urlsafe_b64encode(raw).decode().rstrip("=")}
        lines.append(row.written() + b"\n")
    return b"".join(lines)


def memory(number, claim, **more):
    at = write_time(read_time(NOW), "+00:00")
    return {"id": "mem_" + written_ulid(number), "memory_type": "operator_note", "status": "active", "claim": claim,
            "source_episodes_json": [], "source_events_json": [], "domains_json": ["made"], "salience_json": {}, "confidence": 0.9,
            "authority": "operator", "applies_when_json": [], "does_not_apply_when_json": [], "created_at": at, "updated_at": at, **more}


def takes(tally, name, home, *arguments, code=0, words=()):
    run = home.run(*arguments)
    tally.check(name, harness.unexpected(run, code, *words))
    return (run.stdout + run.stderr).decode("utf-8", "replace")


def checked_line(members):
    body = canonical(members, ordered=False)[:-1]
    return (body + f',"check":"{blake3(body.encode())}"}}\n').encode()


def beside(home):
    """Head file and tree of the ledger as it is (14, 6.7)."""
    ledger = Ledger(home.ledger)
    (home.data / "cortex_events.jsonl.head").write_bytes(checked_line({"format": 2, **ledger.standing()}))
    folder, leaves = home.data / "events.jsonl.tlog", evidence.leaves_of(ledger)
    files = {**evidence.tiles(leaves), "offsets": b"".join(o.to_bytes(8, "little") for o, _ in ledger.entries),
             "ids": b"".join(evidence.id_hint(row.id).to_bytes(4, "little") for row in ledger.rows),
             "state": checked_line({"format": 1, "head": ledger.head, "root": base64.b64encode(evidence.root_of(leaves)).decode(),
                                    "rows": len(ledger.rows), "size_bytes": len(ledger.data)})}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return ledger


def ledgers(tally, binary):
    with Maker(binary) as home:
        at = write_time(read_time(NOW), "+00:00")
        known = memory(1, "What was written elsewhere counts here")
        events = [event(n) for n in range(1, 300)] + [
            operation(300, "memory.note", {"at": at, "memory": known}),
            operation(301, "memory.tag.add", {"at": at, "memory_id": known["id"], "tag": "again"}),
            operation(302, "authority.key.register", {
                "at": at, "bindings": [{"key_id": home.key.hex(), "public_key": home.key.hex()}],
                "keys": [{"key_id": home.key.hex(), "principal_id": "p", "state": "active", "effective_at": "2020-01-01T00:00:00+00:00"}],
                "principals": [{"principal_id": "p", "trust_tier": "operator", "effective_at": "2020-01-01T00:00:00+00:00"}]}),
            operation(303, "somebody.elses", {"at": at})]
        home.ledger.write_bytes(sealed(events, covered_from=300))
        ledger = beside(home)
        said = json.loads(home.do("--json", "audit", "verify").stdout)["report"]
        tally.check("ledger: chain, row hashes, head file and tree are taken", (
            said["rows_covered"], said["local_anchor"]["status"], said["tree"]) != (4, "holds", {"status": "matches", "rows": 303}) and said)
        takes(tally, "ledger: it is mirrored", home, "doctor", "--repair")
        takes(tally, "ledger: its operations are applied", home, "audit", "verify", "--mirror", "--strict", words=["303 rows equal"])
        takes(tally, "ledger: its memory is there", home, "memory", "show", known["id"], words=[known["claim"], "again"])
        takes(tally, "ledger: its key is there", home, "key", "list", words=[home.key.hex()])
        found = harness.query(home.store, "select name, outcome from cortex_operations where outcome <> 'applied'")
        tally.check("ledger: an operation of others waits", found != [("somebody.elses", "unknown")] and found)
        home.note("and it goes on")
        tally.check("ledger: it goes on", Ledger(home.ledger).rows[-1].prev_event_hash != ledger.head or Ledger(home.ledger).failures())
        proofs(tally, home)
        people(tally, home)


def proofs(tally, home):
    """A checkpoint, a proof and an anchor of the ledger as it is."""
    ledger = Ledger(home.ledger)
    leaves = evidence.leaves_of(ledger)
    root, origin = base64.b64encode(evidence.root_of(leaves)).decode(), "made.example/log"
    note = f"{origin}\n{len(leaves)}\n{root}\n"
    raw = evidence.key_hash(origin, home.key) + home.sign(note.encode())
    checkpoint = f"{note}\n\u2014 {origin} {base64.b64encode(raw).decode()}\n"
    (home.root / "c").write_text(checkpoint)
    key = f"{origin}+{evidence.key_hash(origin, home.key).hex()}+{base64.b64encode(bytes([1]) + home.key).decode()}"
    takes(tally, "checkpoint", home, "audit", "verify", "--since", "c", "--checkpoint-key", key)

    def path(index, part):
        if len(part) == 1:
            return []
        half = 1 << (len(part) - 1).bit_length() - 1
        if index < half:
            return path(index, part[:half]) + [evidence.root_of(part[half:])]
        return path(index - half, part[half:]) + [evidence.root_of(part[:half])]
    for index in (0, 255, 256, len(leaves) - 1):
        lines = ["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(ledger.rows[index].raw).decode(), f"index {index}",
                 *(base64.b64encode(h).decode() for h in path(index, leaves))]
        (home.root / "p").write_text("\n".join(lines) + "\n\n" + checkpoint)
        takes(tally, f"proof of row {index + 1}", home, "audit", "check-proof", "p", "--key", key, words=[ledger.rows[index].id])
    record = evidence.anchor_text(read_time(NOW), 7, ledger.rows[6].event_hash)
    (home.root / "a").write_bytes(record)
    (home.root / "h").write_bytes(record + evidence.anchor_text(read_time(NOW), len(ledger.rows), ledger.head))
    takes(tally, "anchors", home, "audit", "verify", "--against", "a", "--against-history", "h")


def people(tally, home):
    """A user event with its attestation (6.8), behind the rows that are there."""
    ledger = Ledger(home.ledger)
    row = Row(canonical(event(400, "user_message", {"type": "user"}), ordered=False).encode())
    row.payload_hash, row.prev_event_hash = blake3(row.payload_text.encode()), ledger.head
    row.event_hash = blake3(preimage(ledger.head, row.payload_hash))
    last = [r.row_hash for r in ledger.rows if r.row_hash][-1]
    row.row_hash = blake3(b"\x30" + lp(last) + lp(row.written(sealed=False)))
    with open(home.ledger, "ab") as file:
        file.write(row.written() + b"\n")
    signature = home.sign(attested(row, "events", b"\1" + lp(len(ledger.rows).to_bytes(8, "big")), read_time(NOW), home.key.hex()))
    record = {"id": "aud_" + written_ulid(5), "schema_version": 2,
              "actor_json": {"event_id": row.id, "key_id": home.key.hex(), "kind": "user", "signature_hex": signature.hex(), "signed_at": NOW},
              "operation": "ingest_user_attested", "target_ref": row.id, "created_at": NOW, "outcome": {"status": "success"},
              "correlation_id": None}
    (home.data / "audit_records.jsonl").write_text(canonical(record, ordered=False) + "\n")
    takes(tally, "attestation of a user event", home, "audit", "verify", "--attestations", home.root / "maker.seed.pub", words=[
        "1 attestation of what people brought in"])


def signed(tally, binary):
    with Maker(binary) as home:
        sources = ({"type": "runtime"}, {"type": "child_agent", "model": "m"}, {"type": "tool", "name": "t"})
        home.ledger.write_bytes(sealed([event(n, source=s) for n, s in enumerate(sources, 1)], covered_from=1, signer=home))
        home.do("key", "register", "--public-key", "maker.seed.pub", "--principal", "p", "--tier", "operator", "--effective-at", "2020-01-01",
                "--db", home.store)
        run = home.run("--json", "audit", "verify", "--signed", "--verification-key", home.root / "maker.seed.pub")
        report = json.loads(run.stdout)["report"]
        tally.check("signed rows", [f for f in report["failures"] if not f["reason"].startswith("MissingSignature") or f["line"] < 4])


# ---- bundles (11)

def manifest_of(store, ledger, path):
    counts = bundles.counts(path)
    rows = len([line for line in ledger.split(b"\n") if line])
    values = ("cortex_pre_v2_backup", 1, "cortex.db", "events.jsonl", "writers.py 1", "2026-01-02T03:04:05Z", len(store), bundles.named(store),
              len(ledger), bundles.named(ledger), "verified", rows, 0, counts, "local_unsigned", "full_chain_verified",
              "local_unsigned", "observed")
    return bundles.pretty(dict(zip(bundles.MANIFEST, values))).encode()


def put(folder, files):
    folder.mkdir(mode=0o700)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)
    return folder


def increment_of(parent_raw, parent_name, before, after, manifest):
    """11.10: the two parts and the description of what changed between (store, ledger) and (store, ledger)."""
    size = int.from_bytes(after[0][16:18], "big")
    total = len(after[0]) // size
    numbers = [n for n in range(1, total + 1) if before[0][(n - 1) * size:n * size] != after[0][(n - 1) * size:n * size]]
    pages = b"".join(after[0][(n - 1) * size:n * size] for n in numbers) + b"".join(n.to_bytes(4, "big") for n in numbers)
    part = after[1][len(before[1]):]

    def told(data):
        return {"blake3": bundles.named(data), "size_bytes": len(data)}
    description = {"kind": "cortex_incremental_backup", "v": 1, "parent_manifest_blake3": bundles.named(parent_raw),
                   "parent_name": parent_name, "ledger_from_bytes": len(before[1]), "ledger_part": told(part), "page_bytes": size,
                   "pages_changed": len(numbers), "pages_total": total, "pages": told(pages), "manifest": json.loads(manifest)}
    return {"cortex_increment.json": bundles.pretty(description).encode(), "events.jsonl.part": part, "cortex.db.pages": pages}


def at_rest(home):
    """Store and ledger while nobody has them open."""
    return home.store.read_bytes(), home.ledger.read_bytes()


def backups(tally, binary):
    with Home.begun(binary) as home:
        (home.root / "s.json").write_text(json.dumps([event(n, payload={"t": "x" * 700_000}) for n in (1, 2)]))
        home.do("ingest", "s.json")
        shelf = home.root / "shelf"
        shelf.mkdir()
        before = at_rest(home)
        raw = manifest_of(*before, home.store)
        full = put(shelf / "full", {"cortex.db": before[0], "events.jsonl": before[1], "BACKUP_MANIFEST": raw})
        takes(tally, "bundle", home, "backup", "verify", full, "--drill", words=["verified"])
        members = [{"name": n, "size_bytes": len(d), "blake3": bundles.named(d), "values": "".join(
            chaining_value(d[i:i + bundles.BLOCK], i // 1024).hex() for i in range(0, len(d) - 1, bundles.BLOCK)
            if i + bundles.BLOCK < len(d))} for n, d in zip(("cortex.db", "events.jsonl"), before)]
        (shelf / "full.blocks").write_text(json.dumps({"kind": "cortex_bundle_blocks", "v": 1, "block_bytes": bundles.BLOCK, "members": members}))
        said = takes(tally, "block list", home, "backup", "verify", full, "--part", "1/1", words=["verified"])
        tally.check("it is used", "no block list" in said and said)
        home.note("what comes later")
        after = at_rest(home)
        later = put(shelf / "later", increment_of(raw, "full", before, after, manifest_of(*after, home.store)))
        takes(tally, "increment", home, "backup", "verify", later, words=["(incremental)", "verified"])
        home.do("backup", "compact", later, "--output", "whole")
        whole = home.root / "whole"
        tally.check("it gives the files", tuple((whole / n).read_bytes() for n in ("cortex.db", "events.jsonl")) != after)
        takes(tally, "and restores", home, "restore", "run", "--from", later)
        encrypted(tally, home, full)


def encrypted(tally, home, full):
    if not shutil.which("age"):
        print("skipped: encrypted bundles, the program age is not installed")
        return
    said = subprocess.run(["age-keygen", "-o", home.root / "age.txt"], capture_output=True, check=True)
    recipient = re.search(rb"age1\w+", said.stderr)[0].decode()
    files = {f"{n}.age": subprocess.run(["age", "-r", recipient, full / n], capture_output=True, check=True).stdout for n in bundles.SEALED}
    listed = [{"name": n, "size_bytes": len(d), "blake3": bundles.named(d)} for n, d in files.items()]
    files["cortex_encrypted_bundle.json"] = json.dumps({"kind": "cortex_encrypted_backup", "v": 1, "members": listed}).encode()
    folder = put(home.root / "sealed", files)
    takes(tally, "encrypted bundle", home, "backup", "verify", folder, words=["ciphertext", "verified"])
    takes(tally, "encrypted bundle, decrypted", home, "backup", "verify", folder, "--identity", "age.txt", words=["(full)", "verified"])


# ---- a restore in production (11.7)

def paper(home, name, members):
    raw = canonical(members).encode()
    (home.root / f"{name}.json").write_bytes(raw)
    (home.root / f"{name}.sig").write_bytes(home.sign(raw))
    return raw


def restores(tally, binary):
    with Maker(binary) as home:
        home.do("ingest", home.session("s.json", range(1, 5)))
        home.do("key", "register", "--public-key", "maker.seed.pub", "--principal", "p", "--tier", "operator", "--effective-at", "2020-01-01")
        home.do("audit", "anchor", "--output", "anchor.txt", "--history", "anchors.txt")
        home.do("backup", "--output", "b")
        home.do("restore", "stage", "--manifest", "b/BACKUP_MANIFEST", "--stage-dir", "stage", "--acknowledge-destructive-restore")
        hour = json.loads((home.root / "b/BACKUP_MANIFEST").read_text())["backup_timestamp"]
        begin = read_time(hour)
        window = {"not_before": write_time((begin[0] - 300, 0, False), "+00:00"), "not_after": write_time((begin[0] + 3600, 0, False), "+00:00")}
        who = {"deployment_id": bundles.deployment(home.data), "operator_principal_id": "operator:" + blake3(home.key)}
        paper(home, "intent", {
            "kind": "cortex_restore_intent", "schema_version": 1, "p_n_schema_version": 1, **who, **window,
            "active_db_path": str(home.store.resolve()), "active_event_log_path": str(home.ledger.resolve()),
            "backup_manifest_blake3": bundles.named((home.root / "b/BACKUP_MANIFEST").read_bytes()),
            "staged_sqlite_blake3": bundles.named((home.root / "stage/cortex.db").read_bytes()),
            "staged_jsonl_blake3": bundles.named((home.root / "stage/events.jsonl").read_bytes()),
            "site_id": (home.data / "cortex_site_id").read_text().strip()})
        marker = {"pid": "4194303", "host": "elsewhere", **who, "acquired_at": "2026-01-01T00:00:00Z", "scope": "production",
                  "restore_intent_blake3": "blake3:" + "0" * 64}
        path = home.data / ".cortex-restore-active-store.lock"
        path.write_text("cortex-restore-active-store-lock-v1\n" + "".join(f"{k}={v}\n" for k, v in marker.items()))
        takes(tally, "a marker stops a restore", home, "restore", "run", "--from", "b", code=7, words=[
            "restore-active-store.lock", "already exists", "cortex restore apply --force-lock-takeover"])
        home.seed("witness.seed")
        apply = ["restore", "apply", "--production", "--manifest", "b/BACKUP_MANIFEST", "--stage-dir", "stage", "--restore-intent", "intent.json",
                 "--restore-intent-signature", "intent.sig", "--operator-verification-key", "maker.seed.pub", "--against", "anchor.txt",
                 "--against-history", "anchors.txt", "--anchor-sink", "local-witness", "--witness-key", "witness.seed", "--sink-path", "r.txt",
                 "--acknowledge-production-destructive-restore", "--acknowledge-active-store-replacement"]
        takes(tally, "and another one", home, *apply, code=7, words=["restore-active-store.lock", "already exists"])
        paper(home, "takeover", {"kind": "cortex_restore_lock_takeover", "schema_version": 1, **who, **window, "stale_pid": 4194303,
                                 "stale_acquired_at": marker["acquired_at"], "justification": "the machine is gone"})
        takes(tally, "a signed takeover, a signed intent", home, *apply, "--force-lock-takeover", "--takeover-attestation", "takeover.json",
              "--takeover-attestation-signature", "takeover.sig")
        kept = [p.name for p in home.data.iterdir() if re.fullmatch(re.escape(path.name) + r"\.stale-\d{8}T\d{6}Z", p.name)]
        tally.check("the old marker is kept", (len(kept) != 1 or path.exists()) and kept)
        reads(tally, "its evidence", lambda: bundles.evidence(home.data / ".restore-apply-recovery"))


def interrupted(tally, binary):
    """A restore that another implementation left behind its journal (11.5): finished, and undone."""
    for flags, which in (((), "new"), (("--undo",), "old")):
        with Home(binary) as home:
            home.do("init")
            home.do("ingest", home.session("s.json", (1, 2)))
            home.do("backup", "--output", "b")
            home.do("ingest", home.session("t.json", (3, 4)))
            folder = home.data / ".restore-apply-recovery"
            folder.mkdir(mode=0o700)
            journal, files = {"kind": "cortex_restore_state", "v": 1, "operation": "restore run", "scope": "production", "started_at": NOW}, {}
            for part, name, word in (("db", "cortex.db", "cortex.db"), ("event_log", "events.jsonl", "events.jsonl")):
                active, temporary, kept = home.data / name, home.data / f".{word}.restore-4194303", folder / f"current.{name}"
                files[part] = {"old": active.read_bytes(), "new": (home.root / "b" / name).read_bytes()}
                temporary.write_bytes(files[part]["new"])
                kept.write_bytes(files[part]["old"])
                journal[part] = {"active": str(active), "temporary": str(temporary), "backup": str(kept), **{
                    age: {"blake3": bundles.named(data), "size_bytes": len(data)} for age, data in files[part].items()}}
            os.replace(journal["db"]["temporary"], home.store)  # killed between the two renames
            (home.data / "cortex_restore_state.json").write_text(json.dumps(journal))
            takes(tally, f"a journal stops writers, {which}", home, "ingest", "s.json", code=7, words=["restore.apply.unfinished"])
            takes(tally, f"a journal: {which}", home, "restore", "resume", *flags)
            tally.check(f"a journal: the {which} pair is there", home.ledger.read_bytes() != files["event_log"][which]
                        or (home.data / "cortex_restore_state.json").exists())
            takes(tally, f"a journal: the {which} pair is sound", home, "doctor", "--strict", "--deep")


def exports(tally, binary):
    """20.3: rows of another store, taken over as they are."""
    with Home.begun(binary) as home:
        row = {k: canonical(v) if k.endswith("_json") else v for k, v in memory(9, "Taken over as it is", memory_type="semantic").items()}
        lines = ['{"cortex_export":1}', canonical({"kind": "memory", "row": row, "valid_from": row["created_at"]})]
        (home.root / "e.jsonl").write_text("\n".join(lines) + "\n")
        takes(tally, "export", home, "session", "import", "e.jsonl", "--as-is")
        takes(tally, "export: the memory", home, "memory", "show", row["id"], words=[row["claim"]])
        takes(tally, "export: accounted for", home, "audit", "verify", "--mirror", "--strict")
        tally.check("export: the operation", plain_rows(home) != [("memory", row["id"])] and plain_rows(home))


def plain_rows(home):
    return [(item["kind"], item["row"]["id"]) for row in Ledger(home.ledger).rows if row.operation
            and row.operation["cortex_operation"] == "import.rows" for item in row.operation["args"]["rows"]]


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    for part in (ledgers, signed, backups, restores, interrupted, exports):
        part(tally, binary)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
