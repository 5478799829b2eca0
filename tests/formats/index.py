"""The search index and static vectors (9.8 of docs/formats.md), read from a store and from a model's folder."""
import json
import math
import pathlib
import re
import struct

from primitives import digest, need
from store import connect

BODY, KIND = 0, 3
NOT_ASCII = re.compile("[^\x00-\x7f]")


def term(word, field):
    """The 48-bit hash of an analysed word."""
    value = 0xCBF29CE484222325 ^ field
    for byte in word.encode():
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor & (1 << 64) - 1
    return (value ^ value >> 33) & (1 << 48) - 1


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at


def forward(data):
    """A forward row: its length and {term: (count, whether it is of the body)}."""
    length, at = varint(data, 0)
    terms = {}
    while at < len(data):
        number = int.from_bytes(data[at:at + 6], "little")
        value, at = varint(data, at + 6)
        need(number not in terms, "a term twice")
        terms[number] = (value >> 1, bool(value & 1))
    return length, terms


def length_code(length):
    return length if length < 64 else min(255, 64 + math.floor(16 * math.log2(length / 64)))


RECORD = struct.Struct("<IIIIqIIIHBB")


def record(data, place):
    names = ("ref", "session", "prev", "next", "time", "observed", "source", "speaker", "length", "kind", "flags")
    return dict(zip(names, RECORD.unpack_from(data, place * RECORD.size)))


def postings(data):
    """A list of postings: [(document from 0, count, length code)]."""
    blocks, at = varint(data, 0)
    out, last = [], 0
    for _ in range(blocks):
        width, others = data[at], data[at + 1]
        need(width in (1, 2, 4), "width of a block")
        at += 2
        gaps = [int.from_bytes(data[at + i * width:at + (i + 1) * width], "little") for i in range(128)]
        at += 128 * width
        codes, at = data[at:at + 128], at + 128
        counts = [1] * 128
        for _ in range(others):
            counts[data[at]], at = data[at + 1], at + 2
        for gap, count, code in zip(gaps, counts, codes):
            last += gap
            out.append((last, count, code))
    while at < len(data):
        value, at = varint(data, at)
        last, count = last + (value >> 1), 1
        if not value & 1:
            count, at = data[at], at + 1
        out.append((last, count, data[at]))
        at += 1
    return out


def check(path):
    """Every list of postings must be what the forward rows say; how many documents and lists were compared."""
    connection = connect(path)
    try:
        state = connection.execute("select * from cortex_recall").fetchone()
        need((state["format"], state["analyzer"]) == (3, 1), "format of the index")
        rows = {r["doc"]: forward(r["terms"]) for r in connection.execute("select doc, terms from cortex_recall_docs")}
        gone = {r["doc"] for r in connection.execute("select doc from cortex_recall_deleted")}
        need(max(rows, default=0) == state["docs"], "highest number")
        blocks = {r["block"]: r["data"] for r in connection.execute("select * from cortex_recall_blocks")}
        for doc, (length, _) in rows.items():
            found = record(blocks[(doc - 1) // 50], (doc - 1) % 50)
            need(found["length"] == min(length, 65535), "length of document", doc)
            need(bool(found["flags"] & 2) == (doc in gone), "whether document", doc, "is deleted")
        for row in connection.execute("select ref, doc from cortex_recall_memories"):
            found = record(blocks[(row["doc"] - 1) // 50], (row["doc"] - 1) % 50)
            need((found["kind"], found["ref"]) == (1, row["ref"]), "record of a memory")
            need(term("memory", KIND) in rows[row["doc"]][1], "every memory holds the term `memory`")
        lists = _segments(connection, rows)
    finally:
        connection.close()
    return len(rows), lists


def _segments(connection, rows):
    lists = 0
    for segment in connection.execute("select * from cortex_recall_segments").fetchall():
        first, wanted = segment["first_doc"], {}
        for doc in range(first, segment["last_doc"] + 1):
            for number, (count, _) in rows[doc][1].items() if doc in rows else ():
                wanted.setdefault(number, []).append((doc - first, min(count, 255), length_code(rows[doc][0])))
        for row in connection.execute("select * from cortex_recall_terms where id >> 48 = ?", (segment["id"],)):
            found, lists = postings(row["postings"]), lists + 1
            number = row["id"] & (1 << 48) - 1
            need(found == wanted.pop(number, None), "postings of term", number)
            need(row["df"] == len(found), "df of term", number)
        need(not wanted, "terms without a list")
    return lists


# ---- static vectors

class Model:
    """A folder with `model.safetensors` and `vocab.txt` or `tokenizer.json`, for words in ASCII lower case."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        raw = (folder / "model.safetensors").read_bytes()
        words = folder / "tokenizer.json"
        words = words if words.is_file() else folder / "vocab.txt"
        self.digest = digest(digest(raw) + digest(words.read_bytes()))
        size = int.from_bytes(raw[:8], "little")
        header, self.data = json.loads(raw[8:8 + size]), raw[8 + size:]
        header.pop("__metadata__", None)
        end = 0
        for entry in sorted(header.values(), key=lambda e: e["data_offsets"]):
            need(set(entry) == {"dtype", "shape", "data_offsets"} and entry["data_offsets"][0] == end, "tensor")
            end = entry["data_offsets"][1]
        need(end == len(self.data), "end of the tensors")
        self.rows = self.tensor(header.get("embeddings") or header["embedding.weight"])
        self.weights = self.tensor(header["weights"]) if "weights" in header else [1.0] * len(self.rows)
        self.prefix = "##"
        if words.name == "vocab.txt":
            self.vocabulary = {line: number for number, line in enumerate(words.read_text().splitlines())}
        else:
            model = json.loads(words.read_text())["model"]
            need(model["type"] == "WordPiece", "kind of the tokenizer")
            self.vocabulary, self.prefix = model["vocab"], model.get("continuing_subword_prefix", "##")

    def tensor(self, entry):
        code = {"F32": "f", "F16": "e", "F64": "d"}[entry["dtype"]]
        begin, end = entry["data_offsets"]
        values = struct.unpack(f"<{math.prod(entry['shape'])}{code}", self.data[begin:end])
        width = entry["shape"][1] if len(entry["shape"]) == 2 else 0
        return [values[i:i + width] for i in range(0, len(values), width)] if width else list(values)

    def tokens(self, text):
        out = []
        for word in re.findall(r"[a-z0-9]+|[^a-z0-9\s]", text.lower()):
            pieces, at = [], 0
            while at < len(word):
                mark = self.prefix if at else ""
                end = next((e for e in range(len(word), at, -1) if mark + word[at:e] in self.vocabulary), None)
                if end is None:
                    break
                pieces.append(self.vocabulary[mark + word[at:end]])
                at = end
            out += pieces if at == len(word) else []
        return out[:4096]

    def vector(self, text):
        """(scale, whole numbers) of a text; None where no token is known."""
        tokens = self.tokens(text)
        total = [sum(self.weights[t] * self.rows[t][i] for t in tokens) for i in range(len(self.rows[0]))]
        norm = math.sqrt(sum(x * x for x in total))
        if not norm:
            return None
        total = [x / norm for x in total]
        scale = max(abs(x) for x in total) / 127
        return scale, [round(x / scale) for x in total]


def vectors(path):
    """(digest of the model, {document: (fingerprint, scale, numbers)})."""
    connection = connect(path)
    out, model = {}, None
    try:
        for row in connection.execute("select * from cortex_recall_vectors order by block"):
            model, size = row["model"], 12 + row["dim"]
            for place in range(len(row["data"]) // size):
                part = row["data"][place * size:(place + 1) * size]
                numbers = struct.unpack(f"{row['dim']}b", part[12:])
                out[row["block"] * 64 + place + 1] = (part[:8], struct.unpack("<f", part[8:12])[0], list(numbers))
    finally:
        connection.close()
    return model, out
