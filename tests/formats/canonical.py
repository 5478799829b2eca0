"""Section 4 of docs/formats.md: JSON as it is read, numbers that are not correctly rounded, the canonical form."""
import json
import math
import re

from primitives import need

LEVELS = 127
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_ESCAPED = re.compile('[\x00-\x1f"\\\\]')


class Number(str):
    """A number as it was written."""


class Members(list):
    """An object as the pairs that were written, repeated ones too."""


def load(data):
    """One document; objects are Members, numbers are Number. Bytes that are no such document are refused."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=_constant)
    except (ValueError, RecursionError) as problem:
        need(False, "no JSON:", problem)
    _check(value, 0)
    return value


def _constant(text):
    raise ValueError(text)


def _check(value, level):
    if isinstance(value, list):
        need(level < LEVELS, "nested too deeply")
        for item in value:
            _check(item, level + 1)
    elif isinstance(value, tuple):
        _check(value[0], level)
        _check(value[1], level)
    elif isinstance(value, str):
        need(not any("\ud800" <= c <= "\udfff" for c in value), "half a surrogate")
    if isinstance(value, Number):
        read_number(value)


def read_number(text):
    """4.2: an int of 64 bits or a float, by exactly the steps that are written there."""
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", text)
    need(found, "no number:", text)
    minus, whole, fraction, written = found.groups()
    sig, exp, full = 0, 0, False
    for digit in whole:
        full = full or sig * 10 + int(digit) >= 1 << 64
        sig, exp = (sig, exp + 1) if full else (sig * 10 + int(digit), exp)
    if not full and fraction is None and written is None:
        if not minus:
            return sig
        return -sig if 0 < sig <= 1 << 63 else -float(sig)
    ended = False  # "goes through the same test"
    for digit in fraction or "":
        ended = ended or sig * 10 + int(digit) >= 1 << 64
        sig, exp = (sig, exp) if ended else (sig * 10 + int(digit), exp - 1)
    if written and not -(1 << 31) <= int(written) < 1 << 31:
        need(int(written) < 0 or sig == 0, "exponent too large:", text)
        return -0.0 if minus else 0.0
    value = _scale(float(sig), exp + int(written or 0), text)
    return -value if minus else value


def _scale(value, exp, text):
    while abs(exp) > 308 and value != 0:
        need(exp < 0, "number too large:", text)
        value, exp = value / 1e308, exp + 308
    if value != 0:
        value = value * float(f"1e{exp}") if exp >= 0 else value / float(f"1e{-exp}")
    need(math.isfinite(value), "number too large:", text)
    return value


def write_number(value):
    """4.3."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    e = len(whole) - 1 + int(exponent or 0) - (len(digits) - len(digits.lstrip("0")))
    digits = digits.strip("0")
    sign = "-" if value < 0 else ""
    if -5 <= e <= 15:
        if e < 0:
            return f"{sign}0.{'0' * (-e - 1)}{digits}"
        digits = digits.ljust(e + 1, "0")
        return f"{sign}{digits[:e + 1]}.{digits[e + 1:] or '0'}"
    return f"{sign}{digits[0]}{'.' + digits[1:] if digits[1:] else ''}e{'+' if e > 0 else ''}{e}"


def is_final(text):
    """4.4: whether a number token is already laid out as 4.3 demands."""
    if re.fullmatch(r"-?\d+", text):
        return text != "-0" and str(int(text)) == text and -(1 << 63) <= int(text) < 1 << 64
    return math.isfinite(float(text)) and write_number(float(text)) == text


def quote(text):
    return '"' + _ESCAPED.sub(lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04x}"), text) + '"'


def canonical(value, lexical=False, ordered=True):
    """The canonical text of what `load` gave or of plain values; `lexical` keeps numbers that are final."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Number):
        return value if lexical and is_final(value) else write_number(read_number(value))
    if isinstance(value, (int, float)):
        return write_number(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, (Members, dict)):
        last = dict(value)
        keys = sorted(last, key=str.encode) if ordered else last
        return "{" + ",".join(quote(k) + ":" + canonical(last[k], lexical, ordered) for k in keys) + "}"
    return "[" + ",".join(canonical(item, lexical, ordered) for item in value) + "]"


def plain(value):
    """What `load` gave as dicts, lists, ints and floats."""
    if isinstance(value, Number):
        return read_number(value)
    if isinstance(value, Members):
        return {key: plain(item) for key, item in value}
    return [plain(item) for item in value] if isinstance(value, list) else value
