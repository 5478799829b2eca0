"""A second reader of a ledger, written from docs/formats.md alone (sections 1 to 7, 14 and 18).

Bytes that are not what the document says are `Refused`; what is wrong with single rows is a list of failures, named by
the tokens of section 7.
"""
import pathlib
import re

from canonical import Members, Number, canonical, load, plain, quote, read_number
from primitives import (BLANK, Refused, base64url, blake3, checked_line, ed25519, lp, need, read_id, read_time,
                        signed_time, write_time)

TYPES = ("user_message", "agent_response", "tool_call", "tool_result", "code_diff", "test_result", "decision",
         "correction", "outcome", "system_note")
SOURCES = {"user": None, "child_agent": "model", "tool": "name", "runtime": None, "external_outcome": None,
           "manual_correction": None}
HASH = re.compile("[0-9a-f]{64}")
ZEROS = "0" * 64
BOUNDARY = "schema_migration.v1_to_v2"


def _members(value, known, what):
    need(isinstance(value, Members), what, "is no object")
    found = {}
    for key, item in value:
        need(key not in known or key not in found, what, "has", key, "twice")
        found[key] = item
    return found


def _text(found, name, empty=False):
    value = found.get(name)
    if value is None and empty:
        return None
    need(isinstance(value, str) and not isinstance(value, Number), name, "is no string")
    return value


def _integer(found, name):
    value = found.get(name)
    need(isinstance(value, Number) and re.fullmatch(r"\d+", value) and read_number(value) <= 65535, name, "is no version")
    return read_number(value)


def _source(value):
    if isinstance(value, list) and not isinstance(value, Members):
        need(len(value) == 2 and value[0] in SOURCES and SOURCES[value[0]], "source")
        value = Members([("type", value[0]), (SOURCES[value[0]], value[1])])
    found = _members(value, ("type", "name", "model"), "source")
    kind = _text(found, "type")
    need(kind in SOURCES, "unknown source", kind)
    further = SOURCES[kind]
    return {"type": kind, **({further: _text(found, further)} if further else {})}


def _signature(value):
    if value is None:
        return None
    found = _members(value, ("schema_version", "key_id", "signed_at", "bytes"), "signature")
    return {"schema_version": _integer(found, "schema_version"), "key_id": _text(found, "key_id"),
            "signed_at": read_time(_text(found, "signed_at")), "bytes": _text(found, "bytes")}


class Row:
    """One line of a ledger; times are those of read_time, `raw` is the line without its LF."""

    def __init__(self, raw, document=None):
        self.raw = raw
        found = _members(load(raw) if document is None else document, ROW_MEMBERS, "row")
        self.id = read_id("evt", _text(found, "id"))
        self.schema_version = _integer(found, "schema_version")
        self.observed_at = read_time(_text(found, "observed_at"))
        self.recorded_at = read_time(_text(found, "recorded_at"))
        self.source = _source(found.get("source"))
        self.event_type = _text(found, "event_type")
        need(re.fullmatch(rf"cortex\.event\.({'|'.join(TYPES)})\.v1", self.event_type), "event type", self.event_type)
        trace = _text(found, "trace_id", empty=True)
        self.trace_id = read_id("trc", trace) if trace is not None else None
        self.session_id = _text(found, "session_id", empty=True)
        tags = found.get("domain_tags")
        need(isinstance(tags, list) and all(isinstance(t, str) and not isinstance(t, Number) for t in tags), "domain_tags")
        self.domain_tags = tags
        need("payload" in found, "no payload")
        self.document = found["payload"]
        self.payload = plain(self.document)
        self.payload_text = canonical(self.document, lexical=True)
        self.payload_hash = _text(found, "payload_hash")
        self.prev_event_hash = _text(found, "prev_event_hash", empty=True)
        self.event_hash = _text(found, "event_hash")
        self.row_hash = _text(found, "x_row_hash", empty=True)
        self.signature = _signature(found.get("signature"))

    def written(self, sealed=True):
        """The line as 6.1 says it is written; not sealed: without row hash and signature (6.5)."""
        out = ['{"id":' + quote(self.id), f'"schema_version":{self.schema_version}',
               f'"observed_at":"{write_time(self.observed_at)}"', f'"recorded_at":"{write_time(self.recorded_at)}"',
               '"source":' + canonical(self.source, ordered=False), '"event_type":' + quote(self.event_type),
               '"trace_id":' + canonical(self.trace_id), '"session_id":' + canonical(self.session_id),
               '"domain_tags":' + canonical(self.domain_tags), '"payload":' + self.payload_text,
               '"payload_hash":' + quote(self.payload_hash), '"prev_event_hash":' + canonical(self.prev_event_hash),
               '"event_hash":' + quote(self.event_hash)]
        if sealed and self.row_hash is not None:
            out.append('"x_row_hash":' + quote(self.row_hash))
        if sealed and self.signature:
            out.append('"signature":' + canonical({**self.signature, "signed_at": write_time(self.signature["signed_at"])},
                                                  ordered=False))
        return (",".join(out) + "}").encode()

    @property
    def operation(self):
        """The payload of an operation (10.1), else None."""
        ours = self.source["type"] == "runtime" and self.event_type == "cortex.event.system_note.v1"
        named = isinstance(self.payload, dict) and isinstance(self.payload.get("cortex_operation"), str)
        return self.payload if ours and named else None

    @property
    def boundary(self):
        return (self.schema_version == 2 and self.event_type == "cortex.event.system_note.v1"
                and isinstance(self.payload, dict) and self.payload.get("kind") == BOUNDARY)

    @property
    def erased(self):
        mark = self.payload.get("cortex_erased") if isinstance(self.payload, dict) else None
        return mark if isinstance(mark, dict) and self.payload_hash not in hashes(self.document) else None


ROW_MEMBERS = ("id", "schema_version", "observed_at", "recorded_at", "source", "event_type", "trace_id", "session_id",
               "domain_tags", "payload", "payload_hash", "prev_event_hash", "event_hash", "x_row_hash", "signature")


def hashes(document):
    """4.4: the payload hashes that are right for a payload."""
    return {blake3(canonical(document, lexical=lexical).encode()) for lexical in (True, False)}


def preimage(previous, payload_hash):
    """Section 5: what an event hash is made of."""
    previous = previous or ""
    return b"\1" + b"".join(len(x).to_bytes(8, "little") + x.encode() for x in (previous, payload_hash))


def entries(data):
    """(offset, line) of every line that is not blank, as 6.1 cuts a ledger; a torn tail is refused (6.2)."""
    out, offset = [], 0
    for line in data.split(b"\n"):
        if line.strip(BLANK.encode()):
            out.append((offset, line))
        offset += len(line) + 1
    return out


class Ledger:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.data = self.path.read_bytes()
        self.entries = entries(self.data)
        self.rows = []
        for number, (offset, line) in enumerate(self.entries, 1):
            try:
                self.rows.append(Row(line.strip(BLANK.encode())))
            except Refused as problem:
                raise Refused(f"row {number} at byte {offset}: {problem}") from problem
        if self.data and not self.data.endswith(b"\n") and self.entries:
            last = self.rows[-1]
            need(blake3(preimage(last.prev_event_hash, last.payload_hash)) == last.event_hash, "torn tail")

    @property
    def ledger_id(self):
        return self.path.stem

    @property
    def head(self):
        return self.rows[-1].event_hash if self.rows else None

    def erasures(self):
        """event id -> what `memory.erase` says of it (6.10)."""
        return {entry["event_id"]: entry for row in self.rows if row.operation
                and row.operation["cortex_operation"] == "memory.erase" for entry in row.operation["args"]["rows"]}

    def failures(self):
        """Section 7 and 6.5: [(row number, token)] in the order of the checks."""
        out, expected, covered, erasures = [], None, "", self.erasures()
        for number, row in enumerate(self.rows, 1):
            before = len(out)
            if row.schema_version not in (1, 2):
                out.append((number, "unknown_event_schema_version"))
                continue
            if row.payload_hash not in hashes(row.document):
                if not row.erased:
                    out.append((number, "PayloadHashMismatch"))
                elif row.erased["leaf"] != erasures.get(row.id, {}).get("leaf"):
                    out.append((number, "audit.erasure.not_recorded"))
            if blake3(preimage(row.prev_event_hash, row.payload_hash)) != row.event_hash:
                out.append((number, "EventHashMismatch"))
            if row.prev_event_hash != expected:
                out.append((number, "orphan"))
            expected = row.event_hash
            if row.row_hash is not None:
                right = blake3(b"\x30" + lp(covered) + lp(row.written(sealed=False)))
                if not row.erased and len(out) == before and right != row.row_hash:
                    out.append((number, "RowHashMismatch"))
                covered = row.row_hash
        return out

    def boundaries(self):
        """6.4 and 7: row numbers, and those of them that name another head than the one before."""
        found = [n for n, row in enumerate(self.rows, 1) if row.boundary]
        wrong = [n for n in found if "previous_v1_head_hash" in (self.rows[n - 1].payload.get("payload") or {})
                 and self.rows[n - 1].payload["payload"]["previous_v1_head_hash"] != self.rows[n - 1].prev_event_hash]
        return found, wrong

    def repeated_ids(self):
        seen, again = set(), []
        for row in self.rows:
            if row.id in seen and row.id not in again:
                again.append(row.id)
            seen.add(row.id)
        return again

    def signature_failures(self, key, ledger_id=None):
        """7.1: [(row number, token)] with the key of the first row, and the key that is active at the end."""
        out, lineage = [], ZEROS
        for number, row in enumerate(self.rows, 1):
            signature = row.signature
            if signature is None:
                out.append((number, "missing_signature"))
                continue
            if signature["schema_version"] != 1:
                out.append((number, "unknown_attestation_schema_version"))
                continue
            try:
                raw = base64url(signature["bytes"])
                need(len(raw) == 64, "length")
            except Refused:
                out.append((number, "bad_signature"))
                continue
            message = attested(row, ledger_id or self.ledger_id, b"\2" + lp(lineage), signature["signed_at"], key.hex())
            lineage = raw[:32].hex()
            if not ed25519(key, message, raw):
                out.append((number, "bad_signature"))
                continue
            envelope = rotation(row)
            if envelope:
                successor = rotated(envelope, key)
                out += [] if successor else [(number, "rotation_envelope_rejected")]
                key = successor or key
        return out, key

    def standing(self):
        """What the head file and the tree's state say of this ledger (6.6)."""
        covered = [row.row_hash for row in self.rows if row.row_hash]
        return {"head": self.head, "row_hash": covered[-1] if covered else None, "rows": len(self.rows),
                "size_bytes": len(self.data)}

    def head_file(self):
        """14: the members of the head file, which must hold for this ledger."""
        found = checked_line((self.path.parent / f"cortex_{self.path.name}.head").read_bytes())
        need(found["format"] == 2, "format of the head file")
        before = self.data[:found["size_bytes"]]
        need(len(before) == found["size_bytes"], "ledger.tail_cut")
        last = entries(before)
        need(before.endswith(b"\n") and Row(last[-1][1]).event_hash == found["head"], "ledger.rows_replaced")
        need(len(last) == found["rows"], "rows of the head file")
        return found


def attested(row, ledger_id, lineage, signed_at, key_id):
    """6.3: the preimage of a signature over a row."""
    kind = row.source["type"]
    fields = {"tool": lp(row.source.get("name", "")), "child_agent": lp("") * 3 + lp(row.source.get("model", ""))}
    return (b"\x10\0\1" + lp(kind) + fields.get(kind, b"") + lp(row.id) + lp(row.payload_hash) + lp(row.session_id or "")
            + lp(ledger_id) + lineage + lp(signed_time(signed_at)) + lp(key_id))


def rotation(row):
    """The envelope of a rotation row, None where the row is none."""
    payload = row.payload
    if row.event_type != "cortex.event.system_note.v1" or not isinstance(payload, dict) or payload.get("kind") != "identity.rotate":
        return None
    return envelope_of(payload.get("envelope"))


def envelope_of(found):
    """6.3: an envelope with its byte arrays as bytes; None where it does not parse."""
    try:
        raw = {name: bytes(found[name]) for name in ("new_pubkey", "old_pubkey", "signature")}
        sizes = {"new_pubkey": 32, "old_pubkey": 32, "signature": 64}
        return {**raw, "schema_version": found["schema_version"], "signed_at": read_time(found["signed_at"]),
                "spelled": found["signed_at"]} if all(len(raw[n]) == size for n, size in sizes.items()) else None
    except (KeyError, TypeError, ValueError, Refused):
        return None


def rotated(envelope, key):
    """The key that a rotation makes active after `key`; None where it does not hold."""
    message = b"\x11\0\1" + lp(envelope["old_pubkey"]) + lp(envelope["new_pubkey"]) + lp(signed_time(envelope["signed_at"]))
    holds = (envelope["schema_version"] == 1 and envelope["old_pubkey"] == key
             and ed25519(key, message, envelope["signature"]))
    return envelope["new_pubkey"] if holds else None


def attestations(path, ledger):
    """6.8: event id -> (key, signed at) of every row of audit_records.jsonl; each must be the one of its event."""
    out = {}
    places = {row.id: number for number, row in enumerate(ledger.rows)}
    for line in pathlib.Path(path).read_bytes().splitlines():
        found = plain(load(line))
        actor = found["actor_json"]
        need(list(found) == ["id", "schema_version", "actor_json", "operation", "target_ref", "created_at", "outcome",
                             "correlation_id"], "members of an attestation")
        read_id("aud", found["id"])
        need(HASH.fullmatch(actor["key_id"]) and re.fullmatch("[0-9a-f]{128}", actor["signature_hex"]), "hex of an attestation")
        kind = actor["kind"]
        operation = {"user": "ingest_user_attested", "manual_correction": "ingest_manual_correction_attested"}[kind]
        need(found["operation"] == operation and found["schema_version"] == 2, "operation of an attestation")
        need(found["outcome"] == {"status": "success"} and found["correlation_id"] is None, "outcome of an attestation")
        need(found["target_ref"] == actor["event_id"] and actor["event_id"] in places, "event of an attestation")
        need(found["created_at"] == actor["signed_at"] == write_time(read_time(actor["signed_at"])), "times of an attestation")
        place = places[actor["event_id"]]
        row = ledger.rows[place]
        need(row.source["type"] == kind, "audit.attestation.kind_mismatch")
        message = attested(row, ledger.ledger_id, b"\1" + lp(place.to_bytes(8, "big")), read_time(actor["signed_at"]),
                           actor["key_id"])
        need(ed25519(bytes.fromhex(actor["key_id"]), message, bytes.fromhex(actor["signature_hex"])),
             "audit.attestation.signature_invalid")
        out[row.id] = (actor["key_id"], actor["signed_at"])
    return out


def session(data):
    """Section 8: the events of a session file, as rows that are not sealed; repeated members count once, the last."""
    document = load(data)
    if isinstance(document, Members):
        found = dict(document)
        document = found["events"] if "events" in found else [document]
    need(isinstance(document, list) and not isinstance(document, Members), "events is no array")
    need(all(isinstance(item, Members) for item in document), "an event that is no object")

    def last(value):  # of repeated members the last one counts
        return Members(dict(value).items()) if isinstance(value, Members) else value
    rows = [Row(None, Members((k, last(v) if k in ("source", "signature") else v) for k, v in dict(item).items()))
            for item in document]
    for row in rows:
        row.payload_text = canonical(row.document)  # read by 4.2, written by 4.3
    return rows
