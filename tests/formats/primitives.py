"""What the formats are made of: BLAKE3, Ed25519, lengths in front, base64url, ULIDs, times, checked lines.

Written from docs/formats.md alone, with the standard library alone: nothing here shares code with the program.
"""
import base64
import hashlib
import json
import re
from array import array

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BLANK = " \t\n\r\v\f"


class Refused(Exception):
    """What is read is not what docs/formats.md says it must be."""


def need(condition, *words):
    if not condition:
        raise Refused(" ".join(str(word) for word in words))


# ---- BLAKE3, section 5. All chunks are hashed at once: a state word is one integer with 64 bits for each of them.

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
CHUNK = 1024


def _compress(chain, words, counter, length, flags, lanes):
    ones = int.from_bytes(b"\1\0\0\0\0\0\0\0" * lanes, "little")
    mask = ones * 0xFFFFFFFF
    v = list(chain) + [ones * x for x in IV[:4]] + [counter & mask, counter >> 32 & mask, ones * length, ones * flags]

    def turn(x, n):
        return (x >> n | x << 32 - n) & mask

    def mix(a, b, c, d, x, y):
        for m, first, second in ((x, 16, 12), (y, 8, 7)):
            v[a] = v[a] + v[b] + m & mask
            v[d] = turn(v[d] ^ v[a], first)
            v[c] = v[c] + v[d] & mask
            v[b] = turn(v[b] ^ v[c], second)

    for _ in range(7):
        for i in range(4):
            mix(i, 4 + i, 8 + i, 12 + i, words[2 * i], words[2 * i + 1])
        for i in range(4):
            mix(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, words[8 + 2 * i], words[9 + 2 * i])
        words = [words[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def _column(values):
    return int.from_bytes(array("Q", values).tobytes(), "little")


def _values(column, lanes):
    return array("Q", column.to_bytes(8 * lanes, "little"))


def _chunks(data, first):
    """Chaining values of whole chunks, eight arrays; the first one has the number `first`."""
    lanes = len(data) // CHUNK
    words = array("I", data)
    chain = [_column([x] * lanes) for x in IV]
    counter = _column(range(first, first + lanes))
    for block in range(16):
        flags = (CHUNK_START if block == 0 else 0) | (CHUNK_END if block == 15 else 0)
        message = [_column(words[block * 16 + i::256]) for i in range(16)]
        chain = _compress(chain, message, counter, 64, flags, lanes)
    return [_values(column, lanes) for column in chain]


def _last_chunk(data, number, root):
    """The chaining value of one chunk of 0 to 1024 bytes."""
    chain, blocks = list(IV), max(1, (len(data) + 63) // 64)
    for block in range(blocks):
        part = data[64 * block:64 * block + 64]
        flags = CHUNK_START if block == 0 else 0
        if block == blocks - 1:
            flags |= CHUNK_END | (ROOT if root else 0)
        chain = _compress(chain, list(array("I", part.ljust(64, b"\0"))), number, len(part), flags, 1)
    return chain


def _join(columns, root):
    """The value at the top of a tree over chaining values: neighbours join, an odd last one goes up as it is."""
    while len(columns[0]) > 1:
        count = len(columns[0])
        pairs = count // 2
        words = [_column(c[0:2 * pairs:2]) for c in columns] + [_column(c[1:2 * pairs:2]) for c in columns]
        flags = PARENT | (ROOT if root and count == 2 else 0)
        joined = _compress([_column([x] * pairs) for x in IV], words, 0, 64, flags, pairs)
        columns = [_values(j, pairs) + c[2 * pairs:] for j, c in zip(joined, columns)]
    return [c[0] for c in columns]


def _text(words):
    return b"".join(word.to_bytes(4, "little") for word in words)


def chaining_value(data, first_chunk):
    """The value of a subtree over whole chunks, a power of two of them, inside a longer file (11.8)."""
    return _text(_join(_chunks(data, first_chunk), False))


def digest(data, known=()):
    """BLAKE3 of `data`; with `known` the chaining values of whole MiB in front of it."""
    data = bytes(data)
    begin = len(known) << 10
    if len(data) <= CHUNK and not known:
        return _text(_last_chunk(data, 0, True))
    whole = max(0, len(data) - 1) // CHUNK
    columns = _chunks(data[:whole * CHUNK], begin) if whole else [array("Q") for _ in range(8)]
    for column, value in zip(columns, _last_chunk(data[whole * CHUNK:], begin + whole, False)):
        column.append(value)
    if not known:
        return _text(_join(columns, True))
    tail = _join(columns, False)
    tops = [array("Q", [int.from_bytes(k[4 * i:4 * i + 4], "little") for k in known] + [tail[i]]) for i in range(8)]
    return _text(_join(tops, True))


def blake3(data):
    return digest(data).hex()


# ---- Ed25519 as 6.3 accepts it

Q = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, Q) % Q


def _point(raw):
    """Decompresses; None where the encoding is no canonical one of a point."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= Q:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    if x * x % Q != square:
        x = x * pow(2, (Q - 1) // 4, Q) % Q
    if x * x % Q != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = Q - x
    return x, y, 1, x * y % Q


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % Q, (p[1] + p[0]) * (q[1] + q[0]) % Q
    c, d = 2 * p[3] * q[3] * D % Q, 2 * p[2] * q[2] % Q
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % Q, g * h % Q, f * g % Q, e * h % Q


def _times(n, p):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = _add(out, p)
        p, n = _add(p, p), n >> 1
    return out


def _same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % Q == 0 and (p[1] * q[2] - q[1] * p[2]) % Q == 0


_BASE = _point((4 * pow(5, -1, Q) % Q).to_bytes(32, "little"))
_ZERO = (0, 1, 1, 0)


def ed25519(key, message, signature):
    """Whether the signature is one of the message: S in range, no low order, canonical forms, no cofactor."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or _same(_times(8, a), _ZERO) or _same(_times(8, r), _ZERO):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return _same(_times(s, _BASE), _add(r, _times(k, a)))


# ---- lengths, texts, ids, times

def lp(data):
    data = data.encode() if isinstance(data, str) else bytes(data)
    return len(data).to_bytes(8, "big") + data


def base64url(text):
    """6.3: no padding, unused bits do not matter."""
    need(re.fullmatch(r"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1, "no base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64_exact(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "another spelling of base64")
    return raw


def ulid(text):
    """The 128 bits of a ULID; the two highest of its 130 are dropped."""
    need(len(text) == 26 and all(c in CROCKFORD for c in text.upper()), "no ULID:", text)
    value = 0
    for c in text.upper():
        value = value << 5 | CROCKFORD.index(c)
    return value & (1 << 128) - 1


def written_ulid(value):
    return "".join(CROCKFORD[value >> 5 * i & 31] for i in range(25, -1, -1))


def read_id(prefix, text):
    """Section 1: the id as it is written."""
    need(isinstance(text, str) and text.startswith(prefix + "_"), "no id of", prefix)
    return prefix + "_" + written_ulid(ulid(text[len(prefix) + 1:]))


def checked_line(raw):
    """A checked line of section 14: the members before `check`."""
    need(raw.endswith(b"}\n") and raw.count(b"\n") == 1, "no line of its own")
    body, mark, rest = raw[:-1].rpartition(b',"check"')
    need(mark, "no check")
    need(json.loads(raw)["check"] == blake3(body), "the check does not fit")
    need(re.fullmatch(rb':"[0-9a-f]{64}"}', rest), "check is not the last member")
    return json.loads(body + b"}")


_RELAXED = re.compile(
    r"[B]*(\d{1,4}|[+-]\d+)[B]*-[B]*(\d\d?)[B]*-[B]*(\d\d?)(?:[Tt][B]*|[B]+)(\d\d?)[B]*:[B]*(\d\d?)[B]*:[B]*(\d\d?)"
    r"(?:\.(\d+))?[B]*([Zz]|[Uu][Tt][Cc]|([+\-\u2212])(\d\d)[B]*:?[B]*(\d\d))[B]*".replace("[B]", "[ \t\n\r\v\f]"))


def _days(year, month, day):
    """Days since 1970-01-01, proleptic Gregorian."""
    y = year - (month <= 2)
    era, y = y // 400, y % 400
    in_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + y * 365 + y // 4 - y // 100 + in_year - 719468


def read_time(text):
    """2.2: (Unix seconds, nanoseconds, whether it is a leap second)."""
    found = _RELAXED.fullmatch(text)
    need(found, "no time:", text)
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    lengths = (31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    need(-262143 <= year <= 262142, "no year:", text)
    need(1 <= month <= 12 and 1 <= day <= lengths[month - 1], "no day:", text)
    need(hour < 24 and minute < 60 and second <= 60, "no time of day:", text)
    offset = 0
    if found[9]:
        need(int(found[10]) < 24 and int(found[11]) < 60, "no offset:", text)
        offset = (int(found[10]) * 60 + int(found[11])) * (1 if found[9] == "+" else -1)
    leap = second == 60
    seconds = _days(year, month, day) * 86400 + hour * 3600 + (minute - offset) * 60 + min(second, 59)
    return seconds, int((found[7] or "0")[:9].ljust(9, "0")), leap


def _date(days):
    z = days + 719468
    era, z = z // 146097, z % 146097
    year = (z - z // 1460 + z // 36524 - z // 146096) // 365
    z -= 365 * year + year // 4 - year // 100
    month = (5 * z + 2) // 153
    day = z - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day


def _clock(time):
    seconds, _, leap = time
    days, rest = divmod(seconds, 86400)
    year, month, day = _date(days)
    shown = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+05d}"
    return f"{shown}-{month:02d}-{day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60 + leap:02d}"


def write_time(time, suffix="Z"):
    """2.1: the fewest of 0, 3, 6 or 9 digits that lose nothing."""
    nanos = f"{time[1]:09d}"
    digits = next(n for n in (0, 3, 6, 9) if not nanos[n:].strip("0"))
    return _clock(time) + ("." + nanos[:digits] if digits else "") + suffix


def signed_time(time):
    """6.3: exactly six digits, truncated."""
    return f"{_clock(time)}.{time[1] // 1000:06d}Z"
