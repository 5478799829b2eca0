"""Smaller formats of docs/formats.md: the proven prefix (6.11), timelines (18), imports (20.1), fixtures (19), witnesses (21).

Written from the document alone.
"""
import base64
import json
import pathlib
import tomllib

from canonical import canonical
from evidence import leaves_of, root_of
from primitives import blake3, checked_line, digest, ed25519, lp, need, read_time, signed_time, ulid, written_ulid


def key_file(path, private=False):
    """6.3: a seed or a public key is exactly 32 raw bytes; a seed has mode 0600."""
    path = pathlib.Path(path)
    need(path.stat().st_size == 32, "size of the key file")
    need(not private or path.stat().st_mode & 0o777 == 0o600, "mode of the seed")
    return path.read_bytes()


PROVEN = ["format", "path", "device", "inode", "ledger_id", "key_id", "standing", "first_row", "rows", "size_bytes", "head",
          "row_hash", "lineage", "root", "signature"]


def standing(tables, key_id):
    """6.11: the digest of a key's rows in the timelines of a store (store.tables_of)."""
    bound = sorted(r["key_id"] for r in tables["cortex_authority_keys"].values() if r["public_key"] == key_id)
    rows = sorted(tables["authority_key_timeline"].values(), key=lambda r: (r["effective_at"], r["state"]))
    text = [[r["key_id"], r["principal_id"], r["state"], r["effective_at"]] for name in [*bound, key_id] for r in rows if r["key_id"] == name]
    return blake3(canonical(text).encode())


def proven(path, ledger, tables):
    """6.11: a proven prefix of this ledger and its store; how many rows it proves, and from which one on."""
    raw = pathlib.Path(path).read_bytes()
    found = checked_line(raw)
    need(list(found) == PROVEN and found["format"] == 1, "members of the proven prefix")
    text = raw[:raw.index(b',"signature"')] + b"}"
    key = bytes.fromhex(found["key_id"])
    need(ed25519(key, b"\x12\0\1" + text, bytes.fromhex(found["signature"])), "signature of the proven prefix")
    where = ledger.path.resolve()
    need(found["path"] == str(where) and found["inode"] == where.stat().st_ino and found["device"] == where.stat().st_dev,
         "another file")
    need(found["ledger_id"] == ledger.ledger_id, "another ledger")
    need(found["standing"] == standing(tables, found["key_id"]), "another standing")
    rows = ledger.rows[:found["rows"]]
    offset, line = ledger.entries[found["rows"] - 1]
    need(found["size_bytes"] == offset + len(line) + 1 and found["head"] == rows[-1].event_hash, "head of the prefix")
    need(found["root"] == base64.b64encode(root_of(leaves_of(ledger)[:found["rows"]])).decode(), "root of the prefix")
    signed = [row for row in rows if row.signature]
    lineage = base64.urlsafe_b64decode(signed[-1].signature["bytes"] + "==")[:32].hex()
    covered = [row.row_hash for row in rows if row.row_hash]
    need((found["lineage"], found["row_hash"]) == (lineage, covered[-1] if covered else ""), "lineage of the prefix")
    return found["rows"], found["first_row"]


# ---- authority timelines (18)

TIERS = ("untrusted", "observed", "verified", "operator")


def judge(keys, principals, key_id, signed, now, minimum):
    """(allow, quarantine or reject, reasons) for a key; rows as they stand in the two tables, times as text."""
    mine = sorted((r for r in keys if r["key_id"] == key_id), key=lambda r: r["effective_at"])

    def latest(state, limit):
        return max((r["effective_at"] for r in mine if r["state"] == state and r["effective_at"] <= limit), default=None)

    def standing(limit):
        rows = [r for r in principals if r["principal_id"] == who and r["effective_at"] <= limit]
        return max(rows, key=lambda r: r["effective_at"], default={})

    known = [r for r in mine if r["effective_at"] <= signed] or [r for r in mine if r["effective_at"] <= now]
    who = known[-1]["principal_id"] if known else None
    current = standing(now)
    return verdict({"activated": latest("active", signed), "revoked": latest("revoked", now), "retired": latest("retired", now),
                    "then": standing(signed).get("trust_tier"), "now": current.get("trust_tier"),
                    "removed": current.get("removed_at"), "review": current.get("trust_review_due_at")}, signed, now, minimum)


def verdict(found, signed, now, minimum):
    """The rules of the table in section 18, in their order."""
    active, revoked, retired, then, current = (found[k] for k in ("activated", "revoked", "retired", "then", "now"))
    low = TIERS.index(minimum)
    rules = (
        (active is None, "key_unknown", True, True),
        (active and signed < active, "signed_before_activation", True, True),
        (revoked and revoked <= signed, "signed_after_revocation", True, True),
        (revoked and signed < revoked <= now, "revoked_after_signing", False, True),
        (retired and retired <= signed, "signed_after_retirement", True, True),
        (retired and signed < retired <= now, "historical_retired_key", False, False),
        (then is None, "principal_unknown", True, True),
        (then and TIERS.index(then) < low, "insufficient_trust_at_signing", True, True),
        (current is None, "principal_unknown", False, True),
        (current and TIERS.index(current) < low, "trust_tier_downgraded", False, True),
        (found["removed"] and found["removed"] <= now, "principal_removed", False, True),
        (found["review"] and found["review"] < now, "trust_review_expired", False, True))
    met = [rule for rule in rules if rule[0]]
    judged = "reject" if any(r[2] for r in met) else "quarantine" if any(r[3] for r in met) else "allow"
    return judged, [r[1] for r in met]


# ---- ids of what is imported (20.1, 20.2)

def imported_id(domain, milliseconds, *parts):
    text = domain + "".join(f"\n{len(p.encode())}:{p}" for p in parts)
    return written_ulid(milliseconds << 80 | int.from_bytes(digest(text.encode())[:10], "big"))


def check_import(row, positional):
    """The id of an imported event follows from its payload, its session and its time; the trace from the session."""
    mark = row.payload["transcript"]
    parts = [mark["format"], row.session_id, mark["key"]]
    if positional:
        parts.append(canonical({k: v for k, v in row.payload.items() if k not in ("transcript", "unattested")}))
    wanted = imported_id("cortex.transcript.v1", ulid(row.id[4:]) >> 80, *parts)
    need(row.id == "evt_" + wanted, "id of an imported event:", row.id, wanted)
    trace = imported_id("cortex.import.trace.v1", 0, row.session_id)
    need(row.trace_id == "trc_" + trace, "trace of an imported event")


# ---- recorded answers (19.2), decay attestations (10.4), witnesses (21)

def fixtures(folder):
    """(model, prompt hash) -> response of every recorded answer of a folder, all of it proven by its index."""
    folder, out = pathlib.Path(folder), {}
    listed = tomllib.loads((folder / "INDEX.toml").read_text())["fixture"]
    need(len({f["path"] for f in listed}) == len(listed), "a fixture twice")
    on_disk = {p.name for p in folder.glob("*.json")} - {"schema.json"}
    need(on_disk <= {f["path"] for f in listed}, "a fixture without an entry")
    for entry in listed:
        need(".." not in pathlib.PurePath(entry["path"]).parts, "path of a fixture")
        raw = (folder / entry["path"]).read_bytes()
        need(blake3(raw) == entry["blake3"], "digest of", entry["path"])
        found = json.loads(raw)
        key = found["request_match"]["model"], found["request_match"]["prompt_hash"]
        need(key not in out, "an answer twice")
        out[key] = found["response"]
    return out


def decay_attestation(found):
    """10.4: whether a model's summary was allowed by the key of the attestation."""
    need((found["schema_version"], found["purpose"]) == (1, "cortex.decay.llm_summary"), "purpose of the attestation")
    names = ("purpose", "operator_key_id", "signed_at", "decay_job_id", "model_name", "prompt_template_blake3")
    message = b"\x21\0\1" + b"".join(lp(found[name]) for name in names)
    return ed25519(bytes.fromhex(found["operator_verifying_key_hex"]), message, bytes.fromhex(found["signature_hex"]))


def promotion(args, before):
    """10.5: whether a promotion was signed by the key that it names; `before` promotions were recorded before it."""
    attestation = json.loads(args["doctrine"]["promoted_by_json"])["attestation"]
    principle = args["principle"]["id"]
    payload = {"force": json.loads(args["audit"]["source_refs_json"])[2], "operation": "principle.promote",
               "principle_id": principle, "reason": args["doctrine"]["promotion_reason"]}
    message = (b"\x10\0\1" + lp("user") + lp("principle_promote:" + principle) + lp(blake3(canonical(payload).encode()))
               + lp("principle_promote") + lp("cortex-principle-promote") + b"\1" + lp(before.to_bytes(8, "big"))
               + lp(signed_time(read_time(attestation["signed_at"]))) + lp(attestation["key_id"]))
    return ed25519(bytes.fromhex(attestation["key_id"]), message, bytes.fromhex(attestation["signature_hex"]))


WITNESS = {"signed_ledger_chain_head": ("local_signed_ledger", ("chain_head_hash", "event_count")),
           "external_anchor_crossing": ("external_anchor_sink", ("chain_head_hash", "event_count", "sink_kind")),
           "remote_ci_conclusion": ("remote_ci_provider", ("workflow_run_id", "commit_sha", "conclusion_timestamp")),
           "reproducible_build_provenance": ("reproducible_build_provider", ("builder_id", "source_digest", "artifact_digest"))}


def witness_texts(found):
    """21.1: the two texts of which a witness signs one."""
    domain, names = WITNESS[found["class"]]
    need(found["authority_domain"] == domain, "verifier.witness.authority_overlap")
    head = [f"class={found['class']}", f"authority_domain={domain}"]
    tail = [f"asserted_subject_blake3={found['asserted_subject_blake3']}", f"asserted_at={found['asserted_at']}"]
    tail += [f"{name}={found['payload'][name]}" for name in names]
    second = [f"tier={found.get('tier', '')}", f"signer_id={found['signature'].get('signer_id', '')}"]
    return ["\n".join([f"cortex.verifier.witness.v{n}", *head, *(second if n == 2 else ()), *tail]).encode() + b"\n"
            for n in (1, 2)]


def witness(found):
    """Whether an Ed25519 witness signed its own text."""
    signature = found["signature"]
    key = bytes.fromhex(signature.get("public_key_bytes") or signature["verifying_key"])
    raw = bytes.fromhex(signature.get("signature_bytes") or signature["signature"])
    return any(ed25519(key, text, raw) for text in witness_texts(found))


# ---- configuration (13.2)

CONFIG = {"": {"data_dir", "db_path", "event_log_path"}, "llm": {"backend"}, "llm.ollama": {"endpoint", "model", "timeout_ms"},
          "llm.claude": {"model", "endpoint", "max_tokens", "timeout_ms", "max_sensitivity"},
          "llm.openai-compat": {"base_url", "model", "api_key", "max_sensitivity", "timeout_ms"},
          "embeddings": {"backend"}, "embeddings.ollama": {"endpoint", "model", "dim", "timeout_ms"},
          "mcp": {"auto_commit", "notes"}, "memory.write_gate": {"secrets", "personal", "duplicates", "recalled"},
          "ledger": {"signing_seed"}, "recall": {"vectors"}}


def config(text):
    """Table -> keys of a config.toml; what 13.2 does not list is refused."""
    out = {}

    def walk(name, table):
        need(name in CONFIG or any(t.startswith(name + ".") for t in CONFIG), "unknown table", name)
        for key, value in table.items():
            if isinstance(value, dict):
                walk(f"{name}.{key}".lstrip("."), value)
            else:
                need(key in CONFIG.get(name, ()), "unknown key", key)
                out.setdefault(name, {})[key] = value
    walk("", tomllib.loads(text))
    return out

