"""What speaks for a ledger: the Merkle tree beside it, checkpoints, proofs, anchors and receipts of others.

Written from docs/formats.md (6.7, 16) and the specifications that it names: RFC 6962, C2SP tlog-tiles, tlog-checkpoint,
signed-note and tlog-proof, Rekor's entries, OpenTimestamps proofs.
"""
import base64
import hashlib
import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "servers")]
import p256  # noqa: E402

from primitives import base64_exact, checked_line, ed25519, need, read_time, ulid, write_time  # noqa: E402
from reader import HASH  # noqa: E402


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(entry):
    return sha256(b"\0" + entry)


def root_of(leaves):
    """RFC 6962, 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:]))


def root_of_path(index, size, digest, path):
    """RFC 9162, 2.1.3.2: the root that an inclusion path leads to."""
    need(index < size, "index behind the end")
    first, last = index, size - 1
    for sibling in path:
        need(last > 0, "path too long")
        if first & 1 or first == last:
            digest = sha256(b"\1" + sibling + digest)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            digest = sha256(b"\1" + digest + sibling)
        first, last = first >> 1, last >> 1
    need(last == 0, "path too short")
    return digest


# ---- the folder <ledger>.tlog

def tiles(leaves):
    """Path -> bytes of every tile, full and partial, of a tree over `leaves` (tlog-tiles)."""
    out, level, hashes = {}, 0, list(leaves)
    while hashes:
        for number in range(0, len(hashes), 256):
            part = hashes[number:number + 256]
            name = "".join(f"{'x' if more else ''}{n:03d}/" for n, more in _thousands(number // 256))[:-1]
            out[f"tile/{level}/{name}" + ("" if len(part) == 256 else f".p/{len(part)}")] = b"".join(part)
        hashes = [root_of(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)]
        level += 1
    return out


def _thousands(number):
    groups = [number % 1000]
    while number >= 1000:
        number //= 1000
        groups.insert(0, number % 1000)
    return [(n, i < len(groups) - 1) for i, n in enumerate(groups)]


def id_hint(event_id):
    """6.7: 32 bits of an id."""
    value = ulid(event_id[4:])
    mixed = (value >> 64 ^ (value & (1 << 64) - 1) * 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9
    return (mixed & (1 << 64) - 1) >> 1 >> 16 & 0xFFFFFFFF


def leaves_of(ledger):
    """The entries of the tree; an erased row has the leaf that it was first written with (6.10)."""
    return [bytes.fromhex(row.erased["leaf"]) if row.erased else leaf(line)
            for row, (_, line) in zip(ledger.rows, ledger.entries)]


def sidecar(ledger):
    """Checks every file of the tree against the ledger; returns the root."""
    folder = ledger.path.parent / (ledger.path.name + ".tlog")
    leaves = leaves_of(ledger)
    state = checked_line((folder / "state").read_bytes())
    root = root_of(leaves)
    need(state == {"format": 1, "head": ledger.head, "root": base64.b64encode(root).decode(), "rows": len(ledger.rows),
                   "size_bytes": len(ledger.data)}, "state of the tree:", state)
    offsets = b"".join(offset.to_bytes(8, "little") for offset, _ in ledger.entries)
    need((folder / "offsets").read_bytes() == offsets, "offsets of the tree")
    hints = b"".join(id_hint(row.id).to_bytes(4, "little") for row in ledger.rows)
    need((folder / "ids").read_bytes() == hints, "ids of the tree")
    wanted = tiles(leaves)
    for path, data in wanted.items():
        need((folder / path).is_file() and (folder / path).read_bytes() == data, "tile", path)
    full = {path.split(".p/")[0]: data for path, data in wanted.items()}
    for path in (folder / "tile").rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_file():  # partial tiles of before are beginnings of what is there now
            need(full[name.split(".p/")[0]].startswith(path.read_bytes()), "tile that is none:", name)
    return root


# ---- signed notes, checkpoints, proofs

def key_hash(name, key):
    return sha256(name.encode() + b"\n\1" + key)[:4]


def verifier(text):
    """<name>+<key id in hex>+<base64 of 0x01 and key> -> (name, key)."""
    name, shown, encoded = text.strip().split("+", 2)
    raw = base64_exact(encoded)
    need(raw[:1] == b"\1" and len(raw) == 33 and key_hash(name, raw[1:]).hex() == shown, "verifier key")
    return name, raw[1:]


def checkpoint(text, key=None):
    """(origin, size, root) of a checkpoint; with the 32 bytes of `key` its signature must be there and hold."""
    body, gap, signatures = text.partition("\n\n")
    lines = (body + "\n").split("\n")
    need(gap and len(lines) == 4 and lines[0] and signatures.endswith("\n"), "no checkpoint")
    need(re.fullmatch("0|[1-9][0-9]*", lines[1]), "size of a checkpoint")
    root = base64_exact(lines[2])
    need(len(root) == 32, "root of a checkpoint")
    good = key is None
    for line in signatures[:-1].split("\n"):
        found = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        need(found, "signature line:", line)
        raw = base64_exact(found[2])
        if key and found[1] == lines[0] and raw[:4] == key_hash(lines[0], key):
            need(ed25519(key, (body + "\n").encode(), raw[4:]), "signature of the checkpoint")
            good = True
    need(good, "no signature of the key")
    return lines[0], int(lines[1]), root


def proof(text, key):
    """The row that a tlog-proof proves; everything else is refused."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    need(gap and lines[0] == "c2sp.org/tlog-proof@v1", "no proof")
    extra, index = re.fullmatch("extra (.+)", lines[1]), re.fullmatch("index (0|[1-9][0-9]*)", lines[2])
    need(extra and index, "members of a proof")
    row, path = base64_exact(extra[1]), [base64_exact(line) for line in lines[3:]]
    need(all(len(h) == 32 for h in path), "hash of a proof")
    _, size, root = checkpoint(note, key)
    need(root_of_path(int(index[1]), size, leaf(row), path) == root, "audit.proof.not_included")
    return row


# ---- anchors (16.1) and receipts (16.2)

ANCHOR = "# cortex-ledger-anchor-format: 1"
RECEIPT = "# cortex-external-anchor-receipt-format: 1"


def records(data, header):
    """The lines behind each header, with the bytes of each record."""
    lines = data.split(b"\n")
    need(data and (not lines[-1] or len(lines) % 2 == 0), "anchor.format.empty")
    lines = lines[:-1] if not lines[-1] else lines
    out = []
    for i in range(0, len(lines), 2):
        need(lines[i].removesuffix(b"\r").decode() == header, "anchor.format.header")
        need(i + 1 < len(lines), "anchor.format.body")
        raw = b"\n".join(lines[i:i + 2]) + b"\n"
        out.append((lines[i + 1].removesuffix(b"\r").decode(), raw if data.endswith(b"\n") else data))
    return out


def anchors(data, ledger):
    """Every record of an anchor or a history: (time, count, hash), each true of the ledger."""
    out = []
    for text, _ in records(data, ANCHOR):
        fields = text.split(" ")
        need(len(fields) == 3 and text.strip() == text, "anchor.format.fields")
        need(re.fullmatch(r"\+?\d+", fields[1]), "anchor.format.count")
        need(HASH.fullmatch(fields[2]), "anchor.format.hash")
        out.append((read_time(fields[0]), int(fields[1]), fields[2]))
        _stands(ledger, *out[-1][1:])
    counts = [count for _, count, _ in out]
    need(counts == sorted(counts), "anchor.history.count_decreases")
    return out


def _stands(ledger, count, head):
    need(count > 0, "anchor.no_position")
    need(count <= len(ledger.rows), "anchor.ledger_shorter")
    need(ledger.rows[count - 1].event_hash == head, "anchor.head_mismatch")


def anchor_text(time, count, head):
    return f"{ANCHOR}\n{write_time((time[0], 0, time[2]))} {count} {head}\n".encode()


def receipts(data, ledger):
    """Every receipt, true of the ledger and of the anchor that it is for."""
    out = []
    for text, _ in records(data, RECEIPT):
        found = json.loads(text)
        need(list(found)[:7] == ["sink", "anchor_text_sha256", "anchor_event_count", "anchor_chain_head_hash", "submitted_at",
                                 "sink_endpoint", "receipt"], "receipt.format.members")
        _stands(ledger, found["anchor_event_count"], found["anchor_chain_head_hash"])
        built = anchor_text(read_time(found["submitted_at"]), found["anchor_event_count"], found["anchor_chain_head_hash"])
        need(sha256(built).hex() == found["anchor_text_sha256"], "external_anchor_receipts.anchor_text_hash.mismatch")
        out.append(found)
    return out


def registered(register, data, header, name=None):
    """16.6: whether every record of a file stands in the register, with the name of a history where it has one."""
    known = [line.split(" ", 1) for line in register.read_text().splitlines()]
    for _, raw in records(data, header):
        names = [line[1:] for line in known if line[0] == sha256(raw).hex()]
        need(names and (not name or [name] in names), "audit.verify.record_not_registered")


def ecdsa_p256(spki, message, signature):
    """Whether a DER signature by the key of a SubjectPublicKeyInfo is one of the message (SHA-256)."""
    need(spki.startswith(p256.SPKI) and len(spki) == len(p256.SPKI) + 64, "no P-256 key")
    point = int.from_bytes(spki[-64:-32], "big"), int.from_bytes(spki[-32:], "big")
    numbers, at = [], 2
    for _ in range(2):
        need(signature[at] == 2, "no DER")
        numbers.append(int.from_bytes(signature[at + 2:at + 2 + signature[at + 1]], "big"))
        at += 2 + signature[at + 1]
    r, s = numbers
    if not (0 < r < p256.N and 0 < s < p256.N):
        return False
    w = pow(s, -1, p256.N)
    u = int.from_bytes(sha256(message), "big") * w % p256.N, r * w % p256.N
    found = p256.add(p256.multiply(u[0], p256.G), p256.multiply(u[1], point))
    return found is not None and found[0] % p256.N == r


def rekor(receipt, trusted_root):
    """16.3: the checks of a Rekor receipt, in their order; the leaf's index in the log's tree."""
    entry, wanted = receipt["receipt"], receipt["anchor_text_sha256"]
    body = base64_exact(entry["body"])
    logs = {base64.b64decode(log["logId"]["keyId"]).hex(): base64.b64decode(log["publicKey"]["rawBytes"])
            for log in trusted_root["tlogs"]}
    need(entry["logID"] in logs, "rekor.trusted_root.tlog_logid_no_match")
    log = logs[entry["logID"]]
    promised = {name: entry[name] for name in ("body", "integratedTime", "logID", "logIndex")}
    need(ecdsa_p256(log, json.dumps(promised, separators=(",", ":")).encode(),
                    base64_exact(entry["signedEntryTimestamp"])), "audit.anchor.rekor.set_signature_invalid")
    spec = json.loads(body)["spec"]
    need(spec["data"]["hash"]["value"] == wanted and entry["uuid"].endswith(leaf(body).hex()),
         "audit.anchor.rekor.entry_not_of_this_anchor")
    pem = base64.b64decode(spec["signature"]["publicKey"]["content"]).decode().split("-----")
    anchor = anchor_text(read_time(receipt["submitted_at"]), receipt["anchor_event_count"], receipt["anchor_chain_head_hash"])
    need(ecdsa_p256(base64.b64decode("".join(pem[2].split())), anchor, base64.b64decode(spec["signature"]["content"])),
         "audit.anchor.rekor.entry_signature_invalid")
    inclusion = entry["inclusionProof"]
    path = [bytes.fromhex(h) for h in inclusion["hashes"]]
    root = root_of_path(inclusion["logIndex"], inclusion["treeSize"], leaf(body), path)
    need(root.hex() == inclusion["rootHash"], "audit.anchor.rekor.inclusion_proof_invalid")
    note, _, signature = inclusion["checkpoint"].partition("\n\n")
    _, size, text = note.split("\n")[:3]
    raw = base64_exact(signature.strip().split(" ")[2])
    need(int(size) == inclusion["treeSize"] and base64_exact(text) == root and raw[:4] == sha256(log)[:4]
         and ecdsa_p256(log, (note + "\n").encode(), raw[4:]), "audit.anchor.rekor.checkpoint_invalid")
    return inclusion["logIndex"]


OTS_MAGIC = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
OTS_PENDING, OTS_BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")


class _Proof:
    def __init__(self, data):
        self.data, self.at, self.found = data, 0, []

    def take(self, count):
        need(self.at + count <= len(self.data), "ots.proof.malformed")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    def steps(self, message):
        tag = self.take(1)[0]
        while tag == 0xFF:
            self.step(self.take(1)[0], message)
            tag = self.take(1)[0]
        self.step(tag, message)

    def step(self, tag, message):
        if tag == 0:
            kind, content = self.take(8), self.take(self.varint())
            need(kind in (OTS_PENDING, OTS_BITCOIN), "ots.tag_whitelist.unknown_tag")
            self.found.append(("pending" if kind == OTS_PENDING else "bitcoin", message, content))
        elif tag in (0xF0, 0xF1):
            more = self.take(self.varint())
            self.steps(message + more if tag == 0xF0 else more + message)
        else:
            need(tag == 8, "ots.proof.malformed")
            self.steps(sha256(message))


def opentimestamps(raw, digest):
    """16.4: the attestations of a detached proof of this digest: (kind, message, content)."""
    found = _Proof(raw)
    need(found.take(len(OTS_MAGIC)) == OTS_MAGIC and found.take(2) == b"\1\x08", "ots.proof.malformed")
    need(found.take(32) == digest, "ots.digest.not_of_this_anchor")
    found.steps(digest)
    need(found.at == len(raw), "ots.proof.malformed")
    return found.found

