"""The store as docs/formats.md (9, 10, 15.3 and 18) says that it follows from the ledger: the mirror and the projection.

`project` makes the tables from the rows of a ledger alone; nothing here reads a store but `tables_of` and `mirror`.
"""
import base64
import sqlite3

from canonical import canonical, load, plain
from primitives import blake3, ed25519, need, write_time
from reader import envelope_of, rotated

KEYS = {
    "memories": ("id",), "contradictions": ("id",), "audit_records": ("id",), "context_packs": ("id",), "traces": ("id",),
    "episodes": ("id",), "principles": ("id",), "doctrine": ("id",), "decay_jobs": ("id",), "cortex_decay_jobs": ("job_id",),
    "memory_session_uses": ("memory_id", "session_id"), "outcome_memory_relations": ("outcome_ref", "memory_id", "relation"),
    "memory_supersessions": ("source_memory_id", "summary_memory_id"),
    "episode_supersessions": ("source_episode_id", "summary_memory_id"),
    "authority_key_timeline": ("key_id", "effective_at", "state"),
    "authority_principal_timeline": ("principal_id", "effective_at"), "cortex_authority_keys": ("key_id",),
    "cortex_outcomes": ("event_id",), "cortex_precedence": ("contradiction_id",), "cortex_memory_history": ("memory_id", "event_id"),
    "cortex_operations": ("event_id",)}


def connect(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def tables_of(path):
    """Table -> key -> row of everything that operations write."""
    connection = connect(path)
    try:
        return {t: {tuple(r[k] for k in key): {n: r[n] for n in r.keys() if n != "seq"}
                    for r in connection.execute(f"select * from {t}")} for t, key in KEYS.items()}
    finally:
        connection.close()


# ---- the mirror (10)

def mirrored(row):
    """The columns of `events` for one row of a ledger (9.5)."""
    return {"id": row.id, "schema_version": row.schema_version, "observed_at": write_time(row.observed_at, "+00:00"),
            "recorded_at": write_time(row.recorded_at, "+00:00"), "source_json": canonical(row.source, ordered=False),
            "event_type": row.event_type, "trace_id": row.trace_id, "session_id": row.session_id,
            "domain_tags_json": canonical(row.domain_tags), "payload_json": row.payload_text,
            "payload_hash": row.payload_hash, "prev_event_hash": row.prev_event_hash, "event_hash": row.event_hash,
            "source_attestation_json": None}


def mirror(path, ledger):
    """Checks every event and the state of the mirror against the ledger; how many rows are mirrored."""
    connection = connect(path)
    try:
        there = {r["id"]: dict(r) for r in connection.execute("select * from events")}
        state = connection.execute("select * from cortex_mirror").fetchone()
    finally:
        connection.close()
    count = state["rows"] if state else 0
    for number, row in enumerate(ledger.rows[:count], 1):
        wanted = mirrored(row)
        need(there.get(row.id) == wanted, "row", number, "is not what the store mirrors:", there.get(row.id))
    need(len(there) == count, "events that the ledger does not have")
    if state:
        last = ledger.rows[count - 1]
        end = ledger.entries[count - 1][0] + len(ledger.entries[count - 1][1]) + 1
        need((state["offset_bytes"], state["head_hash"]) == (end, last.event_hash), "state of the mirror")
        need(state["max_event_id"] == max(row.id for row in ledger.rows[:count]), "highest id of the mirror")
    return count


# ---- the projection (10.1 to 10.6)

def columns(row):
    """A row by column (JSON columns are texts) -> the row of its table; reals may be written as texts."""
    return {name: float(value) if name in ("confidence", "validation", "brightness") else value for name, value in row.items()}


def of_memory(row):
    """The member `memory` of an operation, whose JSON columns are values (10.2)."""
    return {name: canonical(value) if name.endswith("_json") and not (value is None and name == "summary_spans_json") else value
            for name, value in columns(row).items()}


class Projection:
    def __init__(self):
        self.tables = {name: {} for name in KEYS}
        self.valid = {}  # memory id -> (valid_from, valid_until)

    def put(self, table, row, replace=True):
        key = tuple(row[k] for k in KEYS[table])
        if replace or key not in self.tables[table]:
            self.tables[table][key] = row
            return True
        return False

    def memory(self, memory_id):
        return self.tables["memories"][(memory_id,)]

    def version(self, event, memory_id, other=None, known_at=None):
        row, operation = self.memory(memory_id), event.operation
        begin, end = self.valid.get(memory_id, (None, None))
        self.put("cortex_memory_history", {
            "memory_id": memory_id, "event_id": event.id, "operation": operation["cortex_operation"],
            "known_at": known_at or operation["args"]["at"], "status": row["status"], "domains_json": row["domains_json"],
            "use_count": row["cross_session_use_count"] or 0, "validation_epoch": row["validation_epoch"] or 0,
            "valid_from": begin, "valid_until": end, "other_id": other or "", "actor": operation["actor"],
            "reason": operation.get("reason") or ""})

    def apply(self, event):
        name, args = event.operation["cortex_operation"], event.operation["args"]
        rule = RULES.get(name)
        need(rule, "unknown operation", name)
        rule(self, event, args)
        self.put("cortex_operations", {"event_id": event.id, "name": name, "outcome": "applied", "detail": ""})


def added(self, event, args):
    row = of_memory(args["memory"])
    if self.put("memories", row, replace=False):
        self.valid[row["id"]] = (args.get("valid_from"), args.get("valid_until"))
        self.version(event, row["id"])


def adopted(self, event, args):
    row = of_memory(args["memory"])
    if self.put("memories", row, replace=False):
        for table, rows in (("memory_session_uses", args["uses"]), ("outcome_memory_relations", args["relations"])):
            for item in rows:
                self.put(table, item)
    self.version(event, row["id"], known_at=row["created_at"])


def moved(self, event, args):
    row = self.memory(args["memory_id"])
    row.update(status=args["to"], updated_at=args["at"])
    name = event.operation["cortex_operation"]
    if name == "memory.supersede":
        self.put("memory_supersessions", {"source_memory_id": row["id"], "summary_memory_id": args["by"],
                                          "decay_job_id": None, "recorded_at": args["at"]})
    if name == "memory.restore":
        gone = [k for k, e in self.tables["memory_supersessions"].items() if k[0] == row["id"] and e["decay_job_id"] is None]
        for key in gone:
            del self.tables["memory_supersessions"][key]
    if name in ("memory.supersede", "memory.restore"):
        before = self.valid.get(row["id"], (None, None))
        whole = name == "memory.restore"
        self.valid[row["id"]] = (args.get("valid_from", None if whole else before[0]), args.get("valid_until"))
    if name == "memory.accept":
        self.put("audit_records", {
            "id": args["audit_id"], "operation": "memory.accept", "target_ref": row["id"],
            "before_hash": "status:" + args["from"], "after_hash": "status:" + args["to"], "reason": args["audit_reason"],
            "actor_json": canonical(args["audit_actor"]), "source_refs_json": canonical([row["id"]]),
            "created_at": args["at"]})
    self.version(event, row["id"], args.get("by"))


def tagged(self, event, args):
    row = self.memory(args["memory_id"])
    tags = plain(load(row["domains_json"]))
    if event.operation["cortex_operation"] == "memory.tag.remove":
        tags = [t for t in tags if t != args["tag"]]
    elif args["tag"] not in tags:
        tags.append(args["tag"])
    row.update(domains_json=canonical(tags), updated_at=args["at"])
    self.version(event, row["id"])


def outcome(self, event, args):
    self.put("memory_session_uses", args["use"])
    self.put("outcome_memory_relations", {**args["relation"], "source_event_id": None})
    self.memory(args["memory_id"]).update(args["totals"])
    self.put("cortex_outcomes", {"event_id": event.id, "memory_id": args["memory_id"], "session_id": args["session_id"],
                                 "result": args["result"], "recorded_at": args["at"], "note": args["note"]})
    self.version(event, args["memory_id"])


def disputed(self, event, args):
    self.put("contradictions", args["contradiction"])
    if args.get("winner"):
        self.put("cortex_precedence", {"contradiction_id": args["contradiction"]["id"], "winner": args["winner"],
                                       "loser": args["loser"], "reason": args["contradiction"]["interpretation"],
                                       "event_id": event.id})


def keyed(self, event, args):
    if args.get("rotation"):
        envelope, old = envelope_of(args["rotation"]), bytes.fromhex(args["bindings"][0]["public_key"])
        need(envelope and rotated(envelope, old) == bytes.fromhex(args["bindings"][1]["public_key"]), "rotation of keys")
    for row in args["keys"]:
        self.put("authority_key_timeline", {"reason": None, "audit_ref": None, **row})
    for row in args.get("principals", ()):
        self.put("authority_principal_timeline", {"trust_review_due_at": None, "removed_at": None, "audit_ref": None, **row})
    for row in args.get("bindings", ()):
        self.put("cortex_authority_keys", {**row, "bound_at": write_time(event.recorded_at, "+00:00")}, replace=False)


def packed(self, _event, args):
    advisory = args.get("consumer_advisory")
    self.put("context_packs", {"id": args["id"], "task": args["task"], "pack_json": canonical(args["pack"]),
                               "selection_audit": args["selection_audit"], "created_at": args["created_at"],
                               "consumer_advisory_json": None if advisory is None else canonical(advisory)})


def actor(event):
    return canonical({"client": event.operation["client"], "kind": event.operation["actor"]})


def decayed(self, event, args):
    job, own = dict(args["job"]), {}
    for name in ("supersede", "runner", "lease_until", "cancel_reason"):
        own[name] = job.pop(name)
    job["source_ids_json"] = canonical(job.pop("source_ids"))
    name = event.operation["cortex_operation"]
    if args.get("memory"):
        self.put("memories", of_memory(args["memory"]), replace=False)
        self.version(event, args["memory"]["id"])
        table = "memory" if job["kind"] == "candidate_compression" else "episode"
        for source in args["job"]["source_ids"]:
            self.put(f"{table}_supersessions", {f"source_{table}_id": source, "summary_memory_id": args["memory"]["id"],
                                                "decay_job_id": job["id"], "recorded_at": args["at"]})
    for source in args.get("retired", ()):
        self.memory(source).update(status="superseded", updated_at=args["at"])
        self.version(event, source, args["memory"]["id"])
    self.put("decay_jobs", job)
    self.put("cortex_decay_jobs", {"job_id": job["id"], **own, "supersede": int(own["supersede"])})
    before = "decay_job:state:" + args["from"] if args.get("from") else None
    self.put("audit_records", {"id": args["audit_id"], "operation": name, "target_ref": job["id"], "before_hash": before,
                               "after_hash": "decay_job:state:" + job["state"], "reason": args["audit_reason"],
                               "actor_json": actor(event), "source_refs_json": job["source_ids_json"], "created_at": args["at"]})


def principled(self, _event, args):
    self.put("principles", columns(args["principle"]))
    if args.get("doctrine"):
        self.put("doctrine", columns(args["doctrine"]))
        self.put("audit_records", columns(args["audit"]))


def committed(self, event, args):
    for item in args["memories"]:
        self.put("memories", of_memory(item), replace=False)
        self.memory(item["id"]).update(status="active", updated_at=args["at"])
        self.version(event, item["id"])
    self.put("audit_records", {
        "id": args["audit_id"], "operation": "session.commit", "target_ref": args["receipt_id"],
        "before_hash": "status:pending_mcp_commit", "after_hash": "status:active", "reason": "committed with the confirmation token",
        "actor_json": canonical({"client": event.operation["client"], "kind": "mcp", "tool": "cortex_session_commit"}),
        "source_refs_json": canonical([item["id"] for item in args["memories"]]), "created_at": args["at"]})


def quarantined(self, _event, args):
    self.put("audit_records", {
        "id": args["audit_id"], "operation": "reflection_quarantine", "target_ref": "reflection_output:" + args["output_hash"],
        "before_hash": None, "after_hash": args["output_hash"], "reason": args["reason"],
        "actor_json": canonical({"component": "parser", "kind": "cortex_reflect"}),
        "source_refs_json": canonical({"output_hash": args["output_hash"], "reason": args["reason"]}), "created_at": args["at"]})


IMPORTED = {"trace": "traces", "episode": "episodes", "memory": "memories", "contradiction": "contradictions",
            "principle": "principles", "doctrine": "doctrine", "use": "memory_session_uses",
            "outcome": "outcome_memory_relations", "outcome_report": "cortex_outcomes", "precedence": "cortex_precedence",
            "decay_job": "decay_jobs", "decay_lease": "cortex_decay_jobs", "memory_supersession": "memory_supersessions",
            "episode_supersession": "episode_supersessions", "context_pack": "context_packs", "audit_record": "audit_records"}


def imported(self, event, args):
    for item in args["rows"]:
        row = columns(item["row"])
        if self.put(IMPORTED[item["kind"]], row, replace=False) and item["kind"] == "memory":
            self.valid[row["id"]] = (item.get("valid_from"), item.get("valid_until"))
            self.version(event, row["id"])


def closed(self, event, args):
    for table in ("trace", "episode", "principle"):
        rows = args.get(table + "s", [args[table]] if args.get(table) else ())
        for row in rows:
            self.put(table + "s", columns(row), replace=False)
    for item in args.get("memories", ()):
        if self.put("memories", of_memory(item), replace=False):
            self.version(event, item["id"])


def nothing(_self, _event, _args):
    """11.7: recorded, and no table changes."""


RULES = {"memory.note": added, "memory.candidate": added, "memory.adopt": adopted, "memory.outcome": outcome,
         "memory.tag.add": tagged, "memory.tag.remove": tagged, "context.build": packed, "session.close": closed,
         "session.commit": committed, "reflection.quarantine": quarantined, "import.rows": imported,
         "episode.add": closed, "restore.run": nothing, "restore.apply": nothing, "restore.apply.rolled_back": nothing,
         **{"principle." + n: principled for n in ("candidate", "falsify", "promote")},
         **{"memory." + n: moved for n in ("accept", "reject", "pend", "commit", "restore", "supersede", "erase")},
         **{"contradiction." + n: disputed for n in ("add", "interpret", "resolve")},
         **{"authority.key." + n: keyed for n in ("register", "rotate", "revoke")},
         **{"decay." + n: decayed for n in ("schedule", "claim", "complete", "fail", "cancel", "recover")}}


def project(ledger):
    out = Projection()
    for row in ledger.rows:
        if row.operation:
            out.apply(row)
    return out.tables


def differences(path, ledger):
    """What the store has otherwise than its ledger says: [(table, key, what is there, what should be)]."""
    there, wanted = tables_of(path), project(ledger)
    out = []
    for table in KEYS:
        for key in sorted({*there[table], *wanted[table]}, key=str):
            a, b = there[table].get(key), wanted[table].get(key)
            names = [n for n in (a or b) if not a or not b or a[n] != b.get(n)]  # a column that is not named is NULL
            if names:
                out.append((table, key, {n: (a or {}).get(n) for n in names}, {n: (b or {}).get(n) for n in names}))
    return out


# ---- private tables that follow from others (9.7)

def derived(path):
    """Checks tags, tally, untold memories and the texts behind vectors; how many rows they have."""
    connection = connect(path)
    try:
        rows = connection.execute("select * from memories").fetchall()
        told = {r[0] for r in connection.execute("select memory_id from cortex_memory_history")}
        tags = {(t, r["status"], r["updated_at"], r["id"]) for r in rows for t in plain(load(r["domains_json"]))}
        tally = {}
        for r in rows:
            if r["status"] == "active":
                key = (int(r["confidence"] * 100), r["created_at"][:10], min(r["cross_session_use_count"] or 0, 6),
                       int(not r["validation_epoch"]))
                tally[key] = tally.get(key, 0) + 1
        found = {tuple(r) for r in connection.execute("select tag, status, updated_at, memory_id from cortex_memory_tags")}
        need(found == tags, "cortex_memory_tags")
        counted = {tuple(r)[:4]: r["memories"] for r in connection.execute("select * from cortex_memory_tally") if r["memories"]}
        need(counted == tally, "cortex_memory_tally")
        untold = {tuple(r) for r in connection.execute("select created_at, memory_id from cortex_memories_untold")}
        need(untold == {(r["created_at"], r["id"]) for r in rows if r["id"] not in told}, "cortex_memories_untold")
        texts = {r["id"]: blake3(canonical([r["claim"], plain(load(r["domains_json"]))]).encode()) for r in rows}
        for r in connection.execute("select memory_id, content_hash from cortex_embedding_content"):
            need(texts[r["memory_id"]] == r["content_hash"], "cortex_embedding_content")
        return len(found) + len(counted) + len(untold)
    finally:
        connection.close()


# ---- signatures of operations

def validation_signed(args, key):
    """10.2: whether an operation `memory.outcome` was signed by the key."""
    relation = args["relation"]
    text = "\n".join(["cortex.memory.outcome.validated.v1", args["memory_id"]] + [canonical(x) for x in (
        args["session_id"], relation["validation_scope"], relation["evidence_ref"])] + [args["at"]])
    return ed25519(key, text.encode(), base64.b64decode(args["attestation"]["signature"], validate=True))


def pack_signed(args, key):
    """15.3: whether the pack of an operator was signed by the key."""
    text = "\n".join(["cortex.context.operator_pack.v1", args["id"], canonical(args["task"]),
                      blake3(canonical(args["pack"]).encode()), args["created_at"]])
    return ed25519(key, text.encode(), base64.b64decode(args["attestation"]["signature"], validate=True))
