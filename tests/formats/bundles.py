"""Bundles of every kind, and the papers of restores: sections 11 and 17 of docs/formats.md, written from it alone."""
import json
import pathlib
import re
import sqlite3
import subprocess

from canonical import Members, canonical, load, plain
from primitives import base64_exact, blake3, digest, ed25519, lp, need, read_time, write_time
from reader import Ledger

KINDS = {"cortex_pre_v2_backup": 1, "cortex_post_v2_backup": 2}
TABLES = ("events", "traces", "episodes", "memories")
MANIFEST = ("kind", "schema_version", "sqlite_store", "jsonl_mirror", "tool_version", "backup_timestamp",
            "sqlite_store_size_bytes", "sqlite_store_blake3", "jsonl_mirror_size_bytes", "jsonl_mirror_blake3",
            "jsonl_mirror_audit_status", "jsonl_mirror_audit_rows_scanned", "jsonl_mirror_audit_failures",
            "table_row_counts", "runtime_mode", "proof_state", "claim_ceiling", "authority_class")
BLOCK = 1 << 20


def named(data):
    return "blake3:" + blake3(data)


def once(raw):
    """A JSON object without repeated members, at any level."""
    def check(value):
        if isinstance(value, Members):
            need(len(dict(value)) == len(value), "a member twice")
        for item in value if isinstance(value, list) else ():
            check(item[1] if isinstance(item, tuple) else item)
        return value
    return plain(check(load(raw)))


def pretty(value):
    """Two spaces a level, members as they are."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def manifest(raw):
    """11.2: the manifest, in the one spelling that it has."""
    found = once(raw)
    need(tuple(found) == MANIFEST, "keys of the manifest")
    need(pretty(found).encode() == raw, "spelling of the manifest")
    need(KINDS.get(found["kind"]) == found["schema_version"], "kind and version of the manifest")
    need((found["sqlite_store"], found["jsonl_mirror"]) == ("cortex.db", "events.jsonl"), "names in the manifest")
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["backup_timestamp"]), "time of the manifest")
    need((found["jsonl_mirror_audit_status"], found["jsonl_mirror_audit_failures"]) == ("verified", 0), "audit of the manifest")
    need(tuple(found["table_row_counts"]) == TABLES, "counts of the manifest")
    fixed = ("local_unsigned", "full_chain_verified", "local_unsigned", "observed")
    need(tuple(found[k] for k in MANIFEST[-4:]) == fixed, "words of the manifest")
    return found


def members(found, store, ledger):
    """11.4, files level: both files have the sizes and digests of the manifest."""
    for data, name in ((store, "sqlite_store"), (ledger, "jsonl_mirror")):
        need(len(data) == found[name + "_size_bytes"], "size mismatch of", name)
        need(named(data) == found[name + "_blake3"], "digest mismatch of", name)


def bundle(folder):
    """A full, plain bundle: its manifest, proven against everything that lies in the folder."""
    folder = pathlib.Path(folder)
    names = {p.name for p in folder.iterdir()} - {"POST_V2_MIGRATE_MANIFEST"}
    need(names == {"BACKUP_MANIFEST", "cortex.db", "events.jsonl"}, "inventory:", sorted(names))
    need(folder.stat().st_mode & 0o777 == 0o700, "mode of the folder")
    for path in folder.iterdir():
        need(path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o777 == 0o600, "mode of", path.name)
    found = manifest((folder / "BACKUP_MANIFEST").read_bytes())
    members(found, (folder / "cortex.db").read_bytes(), (folder / "events.jsonl").read_bytes())
    ledger = Ledger(folder / "events.jsonl")
    need(not ledger.failures() and ledger.data.endswith(b"\n") or not ledger.data, "chain of the bundle")
    need(len(ledger.rows) == found["jsonl_mirror_audit_rows_scanned"], "rows of the manifest")
    need((found["kind"] == "cortex_post_v2_backup") == bool(ledger.boundaries()[0]), "kind of the manifest")
    need(counts(folder / "cortex.db") == found["table_row_counts"], "counts of the manifest")
    return found


def counts(store):
    """Rows of the four tables of a store at rest; 0 for a missing one."""
    connection = sqlite3.connect(f"file:{store}?mode=ro&immutable=1", uri=True)
    try:
        there = {name for name, in connection.execute("select name from sqlite_master")}
        return {t: connection.execute(f"select count(*) from {t}").fetchone()[0] if t in there else 0 for t in TABLES}
    finally:
        connection.close()


# ---- increments (11.10)

def described(folder):
    """The digest of the description that a bundle is known by, and that description."""
    for name in ("BACKUP_MANIFEST", "cortex_increment.json"):
        if (folder / name).is_file():
            raw = (folder / name).read_bytes()
            return named(raw), once(raw), name
    return None, None, None


def assembled(folder):
    """(manifest, store, ledger) of a bundle or an increment, put together from the chain that lies beside it."""
    folder = pathlib.Path(folder)
    _, found, name = described(folder)
    need(found, folder, "is no bundle")
    if name == "BACKUP_MANIFEST":
        parts = manifest((folder / name).read_bytes()), (folder / "cortex.db").read_bytes(), (folder / "events.jsonl").read_bytes()
    else:
        need(found["kind"] == "cortex_incremental_backup" and found["v"] == 1, "kind of the increment")
        need({p.name for p in folder.iterdir()} == {"cortex_increment.json", "events.jsonl.part", "cortex.db.pages"}, "inventory")
        links = [p for p in folder.parent.iterdir() if p.is_dir() and described(p)[0] == found["parent_manifest_blake3"]]
        need(links, "a link is missing:", found["parent_name"])
        parts = increment(found, folder, *assembled(links[0])[1:])
    members(*parts)
    return parts


def increment(found, folder, store, ledger):
    part, pages = (folder / "events.jsonl.part").read_bytes(), (folder / "cortex.db.pages").read_bytes()
    for data, name in ((part, "ledger_part"), (pages, "pages")):
        need(found[name] == {"blake3": named(data), "size_bytes": len(data)}, "digest mismatch of", name)
    need(len(ledger) == found["ledger_from_bytes"], "ledger_from_bytes")
    size, changed = found["page_bytes"], found["pages_changed"]
    need(len(pages) == changed * (size + 4), "size of the pages")
    whole = bytearray(store[:found["pages_total"] * size].ljust(found["pages_total"] * size, b"\0"))
    numbers = [int.from_bytes(pages[at:at + 4], "big") for at in range(changed * size, len(pages), 4)]
    need(numbers == sorted(set(numbers)) and (not numbers or numbers[0] > 0), "numbers of the pages")
    for place, number in enumerate(numbers):
        whole[(number - 1) * size:number * size] = pages[place * size:(place + 1) * size]
    return manifest(pretty(found["manifest"]).encode()), bytes(whole), ledger + part


# ---- beside a bundle (11.8), encrypted ones (11.9)

def blocks(folder):
    """The block list beside a bundle: its values and the tails of the files give the files' digests."""
    folder = pathlib.Path(folder)
    found = once(pathlib.Path(f"{folder}.blocks").read_bytes())
    need((found["kind"], found["v"], found["block_bytes"]) == ("cortex_bundle_blocks", 1, BLOCK), "kind of the block list")
    for member in found["members"]:
        data = (folder / member["name"]).read_bytes()
        whole = max(0, len(data) - 1) // BLOCK
        values = bytes.fromhex(member["values"])
        need(len(data) == member["size_bytes"] and len(values) == 32 * whole, "values of", member["name"])
        known = [values[32 * i:32 * i + 32] for i in range(whole)]
        need("blake3:" + digest(data[whole * BLOCK:], known).hex() == member["blake3"] == named(data), "digest by the values")
    return [m["name"] for m in found["members"]]


DRILL = ("restore", "chain_audit", "open", "integrity", "foreign_keys", "mirror_parity", "search")


def drills(folder):
    """The records of drills beside a bundle, each of this bundle."""
    found = [once(line) for line in pathlib.Path(f"{folder}.drills.jsonl").read_bytes().splitlines()]
    of = manifest((pathlib.Path(folder) / "BACKUP_MANIFEST").read_bytes())
    for drill in found:
        need((drill["kind"], drill["v"]) == ("cortex_backup_drill", 1), "kind of the drill")
        need(drill["outcome"] in ("passed", "failed") and read_time(drill["drilled_at"]), "outcome of the drill")
        for name in ("sqlite_store_blake3", "jsonl_mirror_blake3"):
            need(drill[name] == of[name], "a drill of another bundle")
        need(tuple(step["name"] for step in drill["steps"]) == DRILL, "steps of the drill")
        for step in drill["steps"]:
            need(step["status"] in ("ok", "failed", "skipped") and isinstance(step["millis"], int)
                 and isinstance(step["detail"], str), "a step of the drill")
    return found


SEALED = ("BACKUP_MANIFEST", "cortex.db", "events.jsonl")


def sealed(folder):
    """An encrypted bundle as far as it can be checked without a key; the names of its members."""
    folder = pathlib.Path(folder)
    found = once((folder / "cortex_encrypted_bundle.json").read_bytes())
    need((found["kind"], found["v"]) == ("cortex_encrypted_backup", 1), "kind of the encrypted bundle")
    need(sorted(m["name"] for m in found["members"]) == [n + ".age" for n in SEALED], "members of the encrypted bundle")
    need({p.name for p in folder.iterdir()} == {n + ".age" for n in SEALED} | {"cortex_encrypted_bundle.json"}, "inventory")
    for member in found["members"]:
        data = (folder / member["name"]).read_bytes()
        need(data.startswith(b"age-encryption.org/v1\n-> X25519 "), "no age file")
        need((len(data), named(data)) == (member["size_bytes"], member["blake3"]), "digest mismatch of", member["name"])
    return [m["name"] for m in found["members"]]


def unsealed(folder, identity, target):
    """Decrypts with the program `age` into a new folder and reads that as a plain bundle."""
    target.mkdir(mode=0o700)
    for name in SEALED:
        out = subprocess.run(["age", "-d", "-i", identity, pathlib.Path(folder) / (name + ".age")], capture_output=True, check=False)
        need(out.returncode == 0, "age:", out.stderr.decode())
        (target / name).write_bytes(out.stdout)
        (target / name).chmod(0o600)
    return bundle(target)


# ---- papers of restores and migrations

INTENT = {"kind", "schema_version", "p_n_schema_version", "deployment_id", "active_db_path", "active_event_log_path",
          "backup_manifest_blake3", "staged_sqlite_blake3", "staged_jsonl_blake3", "operator_principal_id", "not_before",
          "not_after"}


def deployment(data_dir):
    return "deployment:" + blake3(str(pathlib.Path(data_dir).resolve()).encode())


def intent(raw, signature, key, data_dir):
    """11.7: a signed intent of the operator with this key for this data folder."""
    found = once(raw)
    need(raw == canonical(found).encode(), "spelling of the intent")
    need(set(found) - {"accepted_loss_blake3", "site_id"} == INTENT, "members of the intent:", sorted(found))
    need(found["kind"] == "cortex_restore_intent" and found["schema_version"] == found["p_n_schema_version"] == 1, "kind")
    need(found["operator_principal_id"] == "operator:" + blake3(key), "operator of the intent")
    need(found["deployment_id"] == deployment(data_dir), "deployment of the intent")
    need(ed25519(key, raw, signature), "signature of the intent")
    begin, end = read_time(found["not_before"]), read_time(found["not_after"])
    need(3600 <= end[0] - begin[0] - 300 <= 86400 and (end[0] - begin[0] - 300) % 3600 == 0, "window of the intent")
    return found


def witness(raw, anchor, intent_raw):
    """11.7: the receipt of a local witness for an anchor; the witness's key."""
    found = once(raw)
    need(raw == canonical(found).encode() + b"\n", "spelling of the witness's receipt")
    need(set(found) == {"anchor_text", "anchor_text_sha256", "kind", "restore_intent_blake3", "v", "witness_public_key",
                        "signature"}, "members of the witness's receipt")
    need((found["kind"], found["v"], found["anchor_text"]) == ("cortex_restore_witness", 1, anchor), "kind of the witness")
    need(found["restore_intent_blake3"] == named(intent_raw), "intent of the witness")
    key = bytes.fromhex(found["witness_public_key"])
    signed = canonical({k: v for k, v in found.items() if k != "signature"}).encode()
    need(ed25519(key, signed, base64_exact(found["signature"])), "signature of the witness")
    return key


def evidence(folder):
    """11.5: the evidence folder of a restore; its manifest, true of the files beside it."""
    found = once((pathlib.Path(folder) / "RECOVERY_MANIFEST.json").read_bytes())
    need((found["kind"], found["schema_version"], found["status"]) ==
         ("cortex_restore_apply_stage_recovery_manifest", 1, "prepared_before_active_replacement"), "kind of the evidence")
    need(set(found) == {"active", "active_backups", "kind", "operator_action", "schema_version", "scope", "staged", "status",
                        "temporary_apply"}, "members of the evidence")
    for part in ("db", "event_log"):
        kept = found["active_backups"][part]
        data = pathlib.Path(kept["path"]).read_bytes()
        need((kept["size_bytes"], kept["blake3"]) == (len(data), named(data)), "digest mismatch of the kept", part)
    return found


def operator_attestation(raw):
    """17.2: the boundary that an operator attested, and his key."""
    found = once(raw)
    need(pretty({k: found[k] for k in sorted(found)}).encode() == raw, "spelling of the attestation")
    need((found["purpose"], found["schema_version"]) == ("cortex.schema_migration.v1_to_v2", 1), "purpose")
    boundary, key = found["boundary"], bytes.fromhex(found["operator_verifying_key_hex"])
    message = b"\x20\0\1" + b"".join(map(lp, (
        found["purpose"], found["operator_key_id"], write_time(read_time(found["signed_at"]), "+00:00"),
        boundary["previous_v1_head_hash"], boundary["migration_script_digest"],
        boundary["fixture_verification_result_hash"])))
    need(ed25519(key, message, bytes.fromhex(found["signature_hex"])), "signature of the attestation")
    return boundary, key


def post_migrate(raw):
    """17.3: the digest that POST_V2_MIGRATE_MANIFEST gives itself."""
    found = once(raw)
    need(pretty({k: found[k] for k in sorted(found)}).encode() == raw, "spelling of the manifest of the migration")
    rest = {k: v for k, v in found.items() if k != "manifest_blake3"}
    need(found["manifest_blake3"] == named(canonical(rest).encode()), "digest of the manifest of the migration")
    return found
