#!/usr/bin/env python3
"""Repository lint as a test: include directions, sizes, banned calls, text hygiene. Exit status 1 on findings.

    tests/tidy/tidy.py [--root DIR]

The rules and their reasons stand in docs/architecture.md and docs/style.md; this file holds them as tables. Each finding
is one line: path:line: what is wrong. The closing line counts the files that hold and the findings.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp  # noqa: E402

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100

# Room -> rooms whose headers it may include directly, besides its own. Lower rooms are named where they are vocabulary.
ROOMS = {
    "base": set(),
    "crypto": {"base"},
    "json": {"base"},
    "net": {"base"},
    "sqlite": {"base"},
    "core": {"base", "crypto", "json"},
    "trust": {"base", "json", "core"},
    "llm": {"base", "crypto", "json", "net", "core"},
    "transcript": {"base", "crypto", "json", "core"},
    "ledger": {"base", "crypto", "json", "core", "trust"},
    "store": {"base", "crypto", "json", "sqlite", "core", "trust", "ledger"},
    "memory": {"base", "crypto", "json", "sqlite", "core", "trust", "ledger", "store"},
    "bundle": {"base", "crypto", "json", "sqlite", "core", "trust", "ledger", "store"},
    "retrieval": {"base", "crypto", "json", "sqlite", "core", "ledger", "store"},
    "context": {"base", "crypto", "json", "core", "trust"},
    "reflect": {"base", "crypto", "json", "core", "trust", "llm", "memory"},
    "app": {"base", "crypto", "json", "net", "sqlite", "core", "trust", "llm", "ledger", "store", "bundle",
            "memory", "retrieval", "context", "reflect", "transcript"},
    "mcp": {"base", "json", "net", "app"},
    "cli": {"base", "json", "app"},
    "main": {"base", "app", "cli", "mcp"},    # src/main.cc: puts the faces together
}

# Third-party header (pattern on the include text) -> the one room that may see it.
THIRD_PARTY = [
    (r"sqlite3\.h$", "sqlite"),
    (r"sodium(\.h$|/)", "crypto"),
    (r"blake3\.h$", "crypto"),
    (r"openssl/", "crypto"),
    (r"curl/", "net"),
    (r"CLI/", "cli"),
    (r"libstemmer\.h$|utf8proc\.h$", "retrieval"),
    (r"toml\+\+|toml\.hpp$", "app"),
]

# (pattern on code without comments and strings, what to say, folders or files where it is allowed, also in tests?)
BANNED = [
    (r"\b(?:f|v|vf)?printf\s*\(|\bf?puts\s*\(|\bputchar\s*\(|\bstd::(?:cout|cerr|clog)\b",
     "printing belongs to cli/", ("cli/",), False),
    (r"\bstd::filesystem\b|#include <filesystem>", "files go through base/fs", ("base/fs/",), False),
    (r"\bassert\s*\(", "use the checks of base/check.h", (), True),
    (r"(?<!operator )\bnew\s+[A-Za-z_:(]", "no new expressions: values or unique_ptr", (), True),
    (r"\bdelete\s*\[\]|\bdelete\s+[A-Za-z_*(]", "no delete expressions", (), True),
    (r"\bchrono::system_clock\b|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)|\bgettimeofday\b|\bclock_gettime\b",
     "the clock is a parameter; only base/ reads it", ("base/",), False),
    (r"\brandom_device\b|\bs?rand\s*\(", "randomness is a parameter", ("base/", "crypto/"), False),
    (r"\bfopen\s*\(|(?<!\w)::open(?:at)?\s*\(|\bO_CREAT\b|\bstd::[oi]?fstream\b",
     "files are opened by base/fs (key files by crypto/key*)", ("base/fs/", "crypto/key"), False),
    (r"\busing\s+namespace\s+(?!std::(?:string_view_|chrono_)?literals)\w", "no using namespace", (), True),
    (r"\bgoto\b|\bstrcpy\s*\(|\bsprintf\s*\(|\bgets\s*\(", "banned call", (), True),
]

MARKS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
URL = re.compile(r"https?" r"://(?!127\.0\.0\.1|localhost)")
BUILD_FILE = re.compile(r"(^|/)(CMakeLists\.txt|CMakePresets\.json|[^/]+\.cmake)$|^scripts/|^\.ci/")
BINARY = (".db", ".png", ".bin", ".ots", ".key", ".sig")
SWITCHED_OFF = re.compile(r"\b(?:GTEST_" r"SKIP|DIS" r"ABLED_)")


class Findings:
    def __init__(self):
        self.lines = []

    def add(self, path, line, text):
        self.lines.append(f"{path}:{line}: {text}")


def repository_files(root):
    """Tracked and new files, without ignored ones; a plain walk where there is no git."""
    run = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                         capture_output=True, check=False)
    if run.returncode == 0 and run.stdout:
        names = [n for n in run.stdout.decode().split("\0") if n]
    else:
        names = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
        names = [n for n in names if not n.startswith((".git/", "build/"))]
    return sorted(n for n in set(names) if (root / n).is_file())


def room_of(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else "main"


def check_includes(name, text, findings):
    room = room_of(name)
    allowed = ROOMS.get(room)
    if allowed is None:
        findings.add(name, 1, f"room {room}/ is not in the table of rooms")
        return
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", line)
        if not found:
            continue
        kind, header = found.groups()
        target = header.split("/")[0]
        if kind == '"' and "/" not in header and not header.startswith("gtest"):
            findings.add(name, number, f'include "{header}" with its full path from src/')
        if target in ROOMS and kind == '"' and target != room and target not in allowed:
            findings.add(name, number, f"{room}/ may not include {target}/ ({header})")
        for pattern, owner in THIRD_PARTY:
            if re.match(pattern, header) and room != owner:
                findings.add(name, number, f"{header} stays inside {owner}/")


def check_declared_rooms(name, text, findings):
    """The DEPS of src/<room>/CMakeLists.txt follow the same table."""
    room = name.split("/")[1]
    declared = re.search(r"\bDEPS\b([^)]*?)(?:\b[A-Z]{4,}\b|\))", text)
    for dependency in re.findall(r"[a-z]+", declared[1]) if declared else []:
        if dependency not in ROOMS.get(room, set()) and not (room == "cli" and dependency in ROOMS):
            findings.add(name, 1, f"{room}/ may not depend on {dependency}/")


def check_banned(name, code, findings):
    inside, is_test = name[len("src/"):], name.endswith(("_test.cc", "_test.h")) or "/testing/" in name
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, reason, allowed, in_tests in BANNED:
            if is_test and not in_tests:
                continue
            if re.search(pattern, line) and not inside.startswith(allowed):
                findings.add(name, number, reason)


def check_source(name, text, findings):
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES_MAX:
        findings.add(name, len(lines), f"{len(lines) - 1} lines, at most {FILE_LINES_MAX}: split it by subject")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX:
            findings.add(name, number, f"{len(line)} columns, at most {LINE_COLUMNS_MAX}")
        if not line.isascii() and not name.endswith("_test.cc"):
            findings.add(name, number, "not ASCII: write an escape")
        if SWITCHED_OFF.search(line):
            findings.add(name, number, "a test is switched off")
    if name.endswith(".h") and "#pragma once" not in lines:
        findings.add(name, 1, "#pragma once is missing")
    code = cpp.strip(text)
    check_banned(name, code, findings)
    for head, first, last in cpp.functions(code):
        if last - first + 1 > FUNCTION_LINES_MAX:
            findings.add(name, first, f"{last - first + 1} lines in {head}, at most {FUNCTION_LINES_MAX}")
    check_includes(name, text, findings)


def check_text(name, text, findings):
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line) or ("\t" in line and name.startswith("src/")):
            findings.add(name, number, "control character")
        if MARKS.search(line) and not name.startswith("docs/"):
            findings.add(name, number, "unfinished: finish it or write an issue")
        if line != line.rstrip() and name.startswith(("src/", "scripts/", "cmake/", "fuzz/")):
            findings.add(name, number, "trailing space")
        if BUILD_FILE.search(name) and URL.search(line):
            findings.add(name, number, "a URL in a build file: install by package name")
        if re.match(r"(<<<<<<<|>>>>>>>) ", line):
            findings.add(name, number, "merge conflict mark")


def check_mode(root, name, text, findings):
    script = text.startswith("#!")
    runs = os.access(root / name, os.X_OK)
    if script and not runs:
        findings.add(name, 1, "a script without the run bit")
    if runs and not script:
        findings.add(name, 1, "the run bit on a file that is not a script")


TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?\s*(?::[^:]|\{)", re.MULTILINE)


def check_types(headers, findings):
    """Two types of one name in one room break the one-definition rule, and no compiler says so."""
    seen = {}
    for name, text in headers:
        for match in TYPE.finditer(text):
            key = (name.split("/")[1], match[1])
            first = seen.setdefault(key, name)
            if first != name:
                findings.add(name, text.count("\n", 0, match.start()) + 1, f"type {match[1]} is defined in {first} too")


def check_detection(root, names, findings):
    """Every line of the table "what is detected" names its tests: `file: case`, and the cases are there."""
    name = "docs/security.md"
    text = (root / name).read_text()
    begin = text.index("## 3 ")
    section = text[begin:text.index("\n## 4 ", begin)]
    lines = text.count("\n", 0, begin)
    sources = {}
    for path in names:
        if path.startswith("tests/") and path.endswith(".py") or path.endswith("_test.cc"):
            sources.setdefault(pathlib.Path(path).stem, []).append(path)
    for number, line in enumerate(section.splitlines(), lines + 1):
        if not line.startswith("| ") or line.startswith("| Change |"):
            continue
        tests = re.findall(r"`(\w+): ([^`]+)`", line.rstrip("| ").rsplit(" | ", 1)[-1])
        if not tests:
            findings.add(name, number, "a line of the table without a test")
        for stem, case in tests:
            if not any(case.split(": ")[0] in (root / path).read_text() for path in sources.get(stem, [])):
                findings.add(name, number, f"there is no test {stem}: {case}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=str(pathlib.Path(__file__).resolve().parent.parent.parent))
    root = pathlib.Path(parser.parse_args().root)
    findings, good, headers = Findings(), 0, []
    for name in repository_files(root):
        before = len(findings.lines)
        data = (root / name).read_bytes()
        if name.startswith(("tests/data/", "tests/conformance/scenarios/", "fuzz/corpus/")) or name.endswith(BINARY):
            if len(data) > 1 << 20:
                findings.add(name, 1, "more than 1 MiB")
        else:
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                findings.add(name, 1, "not UTF-8")
                continue
            check_text(name, text, findings)
            check_mode(root, name, text, findings)
            if name.startswith("src/") and name.endswith((".h", ".cc")):
                check_source(name, text, findings)
                if name.endswith(".h"):
                    headers.append((name, text))
            if re.fullmatch(r"src/\w+/CMakeLists\.txt", name):
                check_declared_rooms(name, text, findings)
        good += len(findings.lines) == before
    check_types(headers, findings)
    check_detection(root, repository_files(root), findings)
    print("\n".join(findings.lines), end="\n" if findings.lines else "")
    print(f"{good} passed, {len(findings.lines)} failed")
    return 1 if findings.lines or not good else 0


if __name__ == "__main__":
    sys.exit(main())
