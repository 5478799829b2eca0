"""Semantic snapshots of stores and their difference (11.6), the loss that an intent accepts (11.7): from docs/formats.md alone."""
import json
import math

from bundles import named
from canonical import canonical
from store import connect

MEMORY_TYPES = ("episodic", "semantic", "procedural", "strategic", "affective")
TRUTH = ("unknown", "candidate", "active", "validated", "full_chain_verified", "authority_grade")
TIERS = ("untrusted", "observed", "verified", "operator")
KEY_STATES = ("revoked", "retired", "active")
OF_AUTHORITY = {"verified": "validated", "operator": "validated", "candidate": "active", "runtime": "active", "user": "active",
                "derived": "active"}
ORDERED = {"active_principles": "active_principle", "active_doctrine": "active_doctrine", "active_memories": "active_memory"}


def salience(text):
    score = json.loads(text).get("score", 0)
    return math.floor(min(max(score, 0), 1) * 100 + 0.5) if isinstance(score, (int, float)) else 0


def level(value):
    return "critical" if value >= 90 else "high" if value >= 75 else "medium" if value >= 25 else "low"


def snapshot(path):
    """The snapshot of a store, with its members in their order."""
    connection = connect(path)

    def rows(sql):
        return connection.execute(sql).fetchall()
    try:
        principles = {r["id"]: {"title": r["statement"], "truth_state": "active",
                                "supporting_memory_ids": sorted(set(json.loads(r["supporting_memories_json"])))}
                      for r in rows("select * from principles where status in ('active', 'promoted_to_doctrine') order by id")}
        doctrine = {r["id"]: {"rule": r["rule"], "source_principle_id": r["source_principle"], "force": r["force"].lower(),
                              "truth_state": "active"} for r in rows("select * from doctrine order by id")}
        memories = {r["id"]: {"claim": r["claim"], "memory_type": r["memory_type"] if r["memory_type"] in MEMORY_TYPES else "semantic",
                              "claim_key": None, "truth_state": OF_AUTHORITY.get(r["authority"], "unknown"),
                              "salience": salience(r["salience_json"])}
                    for r in rows("select * from memories where status = 'active' order by id")}
        disputes = {r["id"]: {"claim_key": f"{r['left_ref']}|{r['right_ref']}", "memory_ids": sorted({r["left_ref"], r["right_ref"]}),
                              "reason": r["contradiction_type"]}
                    for r in rows("select * from contradictions where status = 'unresolved' order by id")}
        principals, keys = {}, {}
        for r in rows("select * from authority_principal_timeline order by principal_id, effective_at"):
            principals[r["principal_id"]] = {"trust_tier": r["trust_tier"], "key_ids": []}
        for r in rows("select * from authority_key_timeline order by key_id, effective_at, state"):
            keys[r["key_id"]] = {"principal_id": r["principal_id"], "key_state": r["state"]}
        for key_id, key in keys.items():
            principals[key["principal_id"]]["key_ids"].append(key_id)
        version = rows("select max(v) from (select max(schema_version) v from events union all select max(schema_version) from traces)")
    finally:
        connection.close()
    levels = [level(m["salience"]) for m in memories.values()]
    return {"snapshot_id": "store-current", "schema_version": version[0][0], "active_principles": principles,
            "active_doctrine": doctrine, "active_memories": memories,
            "salience_distribution": {name: levels.count(name) for name in ("low", "medium", "high", "critical")},
            "unresolved_contradictions": disputes, "trust_state": {"principals": principals, "keys": keys},
            "truth_ceiling": {"runtime_mode": "unknown", "proof_state": "unknown", "claim_ceiling": "unknown", "per_claim": {}}}


def _walk(current, restored, noun, both):
    out = []
    for name in sorted(current):
        if name not in restored:
            out.append((noun + "_missing", {"id": name}, True))
        elif current[name] != restored[name]:
            out += both(name, current[name], restored[name])
    return out + [(noun + "_added", {"id": name}, False) for name in sorted(restored) if name not in current]


def _principal(name, a, b):
    if a["trust_tier"] == b["trust_tier"]:
        return [("principal_changed", {"id": name}, False)]
    lower = TIERS.index(b["trust_tier"]) < TIERS.index(a["trust_tier"])
    fields = {"id": name, "current": a["trust_tier"], "restored": b["trust_tier"]}
    return [("trust_tier_downgraded" if lower else "trust_tier_changed", fields, lower)]


def _key(name, a, b):
    if a["principal_id"] != b["principal_id"]:
        return [("key_principal_changed", {"id": name, "current": a["principal_id"], "restored": b["principal_id"]}, True)]
    fields = {"id": name, "current": a["key_state"], "restored": b["key_state"]}
    if b["key_state"] == "active":
        return [("key_reactivated", fields, True)]
    if KEY_STATES.index(b["key_state"]) < KEY_STATES.index(a["key_state"]):
        return [("key_state_downgraded", fields, True)]
    return [("key_changed", {"id": name}, False)]


def difference(current, restored):
    """The changes between two snapshots of stores, whose ceilings are always the same."""
    out = []
    for member, noun in ORDERED.items():
        def changed(name, a, b, noun=noun):
            if TRUTH.index(b["truth_state"]) < TRUTH.index(a["truth_state"]):
                return [("truth_state_downgraded", {"id": name, "current": a["truth_state"], "restored": b["truth_state"],
                                                    "artifact": noun}, True)]
            return [(noun + "_changed", {"id": name}, False)]
        out += _walk(current[member], restored[member], noun, changed)
    levels = current["salience_distribution"], restored["salience_distribution"]
    if levels[0] != levels[1]:
        out.append(("salience_distribution_changed", {"current": levels[0], "restored": levels[1]}, False))
    out += _walk(current["unresolved_contradictions"], restored["unresolved_contradictions"], "unresolved_contradiction",
                 lambda name, a, b: [("unresolved_contradiction_changed", {"id": name}, True)])
    for member, noun, both in (("principals", "principal", _principal), ("keys", "key", _key)):
        out += _walk(current["trust_state"][member], restored["trust_state"][member], noun, both)
    return [{"kind": {kind: fields}, "severity": "precondition_unmet" if lost else "warning"} for kind, fields, lost in out]


def loss(changes, active, staged):
    """11.7: the digest of what is lost when the staged ledger takes the place of the active one."""
    common = 0
    for (_, a), (_, b) in zip(active.entries, staged.entries):
        if a != b:
            break
        common += 1
    return named(canonical({"changes": changes, "current_head": active.head, "rows_lost": len(active.rows) - common}).encode())
