#!/usr/bin/env python3
"""Complexity as a contract, tested by counting: system calls, bytes read and written, syncs, peak memory. Never by time.

    tests/complexity/counts.py [--bin PATH] [--only NAME]

Commands run under strace; its record says which byte of which file was read or written, how often, and in which order
files were synced and renamed. One sync a run however many events it brings, appending that does not depend on the length
of the ledger, audits and backups that touch each byte once, and memory that does not grow: what the tables below allow is
the contract. Peak memory is measured without strace.
"""
import collections
import json
import math
import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))
import data  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
TAIL_BYTES_MAX = 256 * KIB      # what looking at the end of a ledger may read
CALLS_SLACK = 0.2               # of the calls of one kind, and CALLS_FEW more: a deeper B-tree has more pages to read
CALLS_FEW = 8
PAGES_BYTES_MAX = 64 * KIB      # pages of a copied store that SQLite writes twice
# How often a published file is read to verify it. The integrity check of SQLite looks every index entry up, beyond its cache.
READ_BACK_MAX = {"events.jsonl": 2, "cortex.db": 4, "BACKUP_MANIFEST": 2}
# How often `restore run` reads what: the bundle by copying and by comparing it, its copy by reading it back, by looking at it
# in full and by a digest before the rename, and what is in place by a digest, beside the pass of the next append.
RESTORE_READS_MAX = {"kept/cortex.db": 2, "kept/events.jsonl": 2, "staged/cortex.db": 1 + READ_BACK_MAX["cortex.db"],
                     "staged/events.jsonl": 1, ".cortex.db": 1, ".events.jsonl": 1, "data/cortex.db": 1, "data/events.jsonl": 3}
SMALL, BIG = 100, 20_000
HUGE = 200_000

READS = {"read", "pread64", "readv", "preadv", "preadv2"}
WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2"}
SYNCS = {"fsync", "fdatasync", "sync_file_range", "syncfs"}
CHANGES = {"rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "truncate", "ftruncate",
           "fallocate", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "creat", "copy_file_range",
           "sendfile"}
CALL = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+|\?|0x[0-9a-f]+)(.*)$")
UNFINISHED = re.compile(r"^(\d+)\s+(\w+\(.*?),?\s*<unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")
DESCRIPTOR = re.compile(r"^(\d+|AT_FDCWD)<([^>]*)>")


class Call:
    """One call of the record: its name, the text of its arguments, its result, and the file its first argument names."""

    def __init__(self, name, arguments, result, rest):
        self.name = name
        self.arguments = arguments
        self.result = int(result, 16) if result.startswith("0x") else -1 if result == "?" else int(result)
        named = DESCRIPTOR.match(arguments)
        self.descriptor = named[1] if named else None
        self.path = named[2] if named else None
        self.opened = rest.strip("<>\n ") if name in ("open", "openat") else None

    def numbers(self):
        """The plain numbers at the end of the arguments: offset of pread64 and pwrite64, length of mmap."""
        return [int(word, 0) for word in self.arguments.split(", ") if re.fullmatch(r"\d+|0x[0-9a-f]+", word)]


def parse(text):
    """Calls in order of their end; those that another thread interrupted are put together."""
    begun = {}
    for line in text.splitlines():
        half = UNFINISHED.match(line)
        if half:
            begun[half[1]] = half[2]
            continue
        other = RESUMED.match(line)
        if other and other[1] in begun:
            line = f"{other[1]} {begun.pop(other[1])}{'' if other[3].startswith(')') else ', '}{other[3].lstrip(' ,')}"
        whole = CALL.match(line)
        if whole:
            yield Call(*whole.groups()[1:])


class Extents:
    """Byte ranges of one file, to tell how many bytes were touched and how many of them more than once."""

    def __init__(self):
        self.ranges = []

    def add(self, offset, size):
        if size > 0:
            self.ranges.append((offset, offset + size))

    def total(self):
        return sum(end - begin for begin, end in self.ranges)

    def distinct(self):
        covered, reach = 0, 0
        for begin, end in sorted(self.ranges):
            covered += max(0, end - max(begin, reach))
            reach = max(reach, end)
        return covered


class Trace:
    """What one run did to files."""

    def __init__(self, text):
        self.calls = list(parse(text))
        self.kinds = collections.Counter(call.name for call in self.calls)
        self.read = collections.defaultdict(Extents)
        self.written = collections.defaultdict(Extents)
        positions = {}
        for call in self.calls:
            if call.opened:
                positions[call.result] = 0
            if call.result < 0 or not call.path:
                continue
            if call.name == "lseek":
                positions[int(call.descriptor)] = call.result
            elif call.name in READS | WRITES:
                self._transfer(call, positions)

    def _transfer(self, call, positions):
        extents = self.read[call.path] if call.name in READS else self.written[call.path]
        if call.name.startswith("p"):
            extents.add(call.numbers()[-1], call.result)
            return
        begin = positions.get(int(call.descriptor), 0)
        extents.add(begin, call.result)
        positions[int(call.descriptor)] = begin + call.result

    def mapped(self, path):
        """True when the file was mapped into memory: then reads of it cannot be counted."""
        return any(call.name == "mmap" and f"<{path}>" in call.arguments for call in self.calls)

    def syncs(self, path):
        return sum(call.name in SYNCS and call.path == str(path) for call in self.calls)

    def synced(self):
        return {call.path for call in self.calls if call.name in SYNCS}

    def opened_for_writing(self):
        """Files that were opened for writing or made; devices and pipes do not count."""
        found = [call.opened or call.arguments for call in self.calls if call.name in ("open", "openat", "creat")
                 and re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", call.arguments)]
        return [path for path in found if not path.startswith(("/dev/", "/proc/"))]

    def changes(self):
        return [f"{call.name}({call.arguments})" for call in self.calls if call.name in CHANGES and call.result >= 0]


class Counts:
    def __init__(self, binary, only):
        self.binary = binary
        self.only = only
        self.tally = harness.Tally()

    def check(self, name, problem):
        self.tally.check(name, problem)

    def traced(self, home, *arguments):
        """Runs the program under strace; it must succeed."""
        log = home.root / "strace.log"
        harness.must(home.run(*arguments, prefix=("strace", "-f", "-y", "-s", "0", "-o", str(log))))
        return Trace(log.read_text(errors="replace"))

    def home(self, rows=0):
        """A store with its schema and `rows` mirrored events."""
        home = harness.Home.begun(self.binary)
        harness.must(home.run("doctor", "--repair"))
        if rows:
            harness.must(home.run("ingest", session(home, "first.json", rows, seed=1)))
        return home

    def run(self):
        for name in ("one_sync", "mutation", "append", "nothing_new", "audit", "anchors", "proof", "trusted_run",
                     "backup_alone", "backup_verified", "restored", "memory"):
            if name.startswith(self.only):
                try:
                    getattr(self, name)()
                except Exception as error:
                    self.check(name, f"{type(error).__name__}: {error}")
        return self.tally.finish()

    # ---- ingest

    def one_sync(self):
        for count in (1, 10, 1000):
            with self.home() as home:
                trace = self.traced(home, "ingest", session(home, "new.json", count, seed=2))
                written, size = trace.written[str(home.ledger)], home.ledger.stat().st_size
                self.check(f"ingest of {count}: one sync of the ledger", differs(trace.syncs(home.ledger), 1))
                self.check(f"ingest of {count}: each ledger byte written once", differs(written.total(), size))

    def mutation(self):
        """A change is acknowledged by one sync, of the ledger. The store commits without one; closing it copies its WAL into
        it, in the order that keeps it sound. Reading syncs nothing."""
        with self.home() as home:
            noted = harness.must(home.run("--json", "memory", "note", "The first one makes what others only add to."))
            memory = json.loads(noted.stdout)["report"]["memory_id"]
            for words in (("memory", "note", "Something else was said about the weather."),
                          ("memory", "tag", "add", memory, "seen"),
                          ("memory", "outcome", "record", "--memory-id", memory, "--session", "s", "--result", "helpful"),
                          ("context", "build", "--task", "weather")):
                trace, name = self.traced(home, *words), " ".join(words[:2])
                self.check(f"{name}: one sync of the ledger", differs(trace.syncs(home.ledger), 1))
                wal = trace.syncs(f"{home.store}-wal")
                self.check(f"{name}: the WAL is synced as it begins and before it is copied", wal > 2 and f"{wal} times")
                self.check(f"{name}: one sync of the store", differs(trace.syncs(home.store), 1))
                others = trace.synced() - {str(home.ledger), str(home.store), f"{home.store}-wal", str(home.data)}
                self.check(f"{name}: no other file is synced", others)
            for words in (("memory", "list"), ("memory", "search", "weather"), ("memory", "health"), ("status",),
                          ("context", "build", "--task", "weather", "--no-persist")):
                self.check(f"{' '.join(words[:2])}: nothing is synced", self.traced(home, *words).synced())

    def append(self):
        traces = {}
        for rows in (SMALL, BIG):
            with self.home(rows) as home:
                trace = traces[rows] = self.traced(home, "ingest", session(home, "new.json", 1, seed=2))
                read = trace.read[str(home.ledger)].total()
                self.check(f"append to {rows} rows: ledger bytes read",
                           read > TAIL_BYTES_MAX and f"{read}, at most {TAIL_BYTES_MAX}")
                self.check(f"append to {rows} rows: the ledger is not mapped", trace.mapped(home.ledger) and "it is")
                self.check(f"append to {rows} rows: one sync of the ledger", differs(trace.syncs(home.ledger), 1))
        small, big = traces[SMALL].kinds, traces[BIG].kinds
        for kind in sorted(set(small) | set(big)):
            # The indexes of the store and the tree beside the ledger are as deep as the logarithm of the rows.
            slack = max(CALLS_FEW, CALLS_SLACK * small[kind], 2 * math.log2(BIG / SMALL))
            self.check(f"append: calls of {kind} grow with the logarithm of the rows at most",
                       abs(big[kind] - small[kind]) > slack and f"{small[kind]} with {SMALL} rows, {big[kind]} with {BIG}")

    def nothing_new(self):
        with self.home(SMALL) as home:
            before = home.ledger.read_bytes(), home.ledger.stat().st_mtime_ns
            trace = self.traced(home, "ingest", home.root / "first.json")
            self.check("ingest of nothing new: no byte to the ledger", trace.written[str(home.ledger)].total())
            self.check("ingest of nothing new: no sync of the ledger", trace.syncs(home.ledger))
            self.check("ingest of nothing new: the ledger is as it was",
                       before != (home.ledger.read_bytes(), home.ledger.stat().st_mtime_ns) and "it changed")

    # ---- audit and backup

    def audit(self):
        with self.home(BIG) as home:
            before = stamps(home.data)
            trace = self.traced(home, "audit", "verify")
            self.check_read_once("audit verify", trace, home.ledger, TAIL_BYTES_MAX)
            self.check("audit verify: opens nothing for writing", trace.opened_for_writing())
            self.check("audit verify: changes nothing", trace.changes())
            self.check("audit verify: every file is as it was", before != stamps(home.data) and "some file changed")

    def anchors(self):
        """Ten anchors, a history and a single one cost the pass that is made anyway."""
        with self.home(SMALL) as home:
            for step in range(9):
                harness.must(home.run("ingest", session(home, "more.json", BIG // 10, seed=10 + step)))
                harness.must(home.run("audit", "anchor", "--history", "history.txt"))
            harness.must(home.run("audit", "anchor", "--history", "history.txt", "--output", "anchor.txt"))
            trace = self.traced(home, "audit", "verify", "--against", "anchor.txt", "--against-history", "history.txt")
            self.check_read_once("audit verify with ten anchors", trace, home.ledger, TAIL_BYTES_MAX)

    def proof(self):
        """A proof reads one row of the ledger, 4 bytes a row of the index and a few tiles; checking it reads none of that."""
        with self.home(BIG) as home:
            seed = home.root / "log.seed"
            seed.write_bytes(bytes(range(32)))
            seed.chmod(0o600)
            signed = harness.must(home.run("audit", "checkpoint", "--key", seed))
            key = home.root / "log.vkey"
            key.write_text(signed.stderr.decode().split("verifier key ")[1].split()[0])
            proof = home.root / "x.tlog-proof"
            trace = self.traced(home, "audit", "prove", harness.row_ids(home.ledger)[BIG // 2], "--output", proof)
            read = trace.read[str(home.ledger)].total()
            self.check("audit prove: ledger bytes read", read > TAIL_BYTES_MAX and f"{read}, at most {TAIL_BYTES_MAX}")
            beside = sum(extents.total() for path, extents in trace.read.items() if path.startswith(f"{home.ledger}.tlog/"))
            self.check("audit prove: tree and index bytes read", beside > 4 * BIG + TAIL_BYTES_MAX and f"{beside}")
            self.check("audit prove: the ledger is not mapped", trace.mapped(home.ledger) and "it is")
            trace = self.traced(home, "audit", "check-proof", proof, "--key", key)
            touched = [path for path in trace.read if path.startswith(str(home.data))]
            self.check("audit check-proof: reads nothing of the deployment", touched)

    def trusted_run(self):
        """A trusted run proves what came since the last one: some rows, tiles, and the end of the ledger."""
        read = {}
        for rows in (BIG // 4, BIG):
            with self.home() as home:
                seed = home.root / "op.seed"
                harness.must(home.run("key", "generate", "--sign", "--principal", "anna", "--tier", "operator", "--output", seed))
                harness.must(home.run("ingest", "--sign", seed, session(home, "many.json", rows, seed=5)))
                run = ("run", "--task", "t", "--trusted-history", "--attestation", seed)
                first = self.traced(home, *run).read[str(home.ledger)].total()
                self.check(f"first trusted run on {rows} rows: reads all of them",
                           first < home.ledger.stat().st_size - TAIL_BYTES_MAX and f"{first} bytes")
                harness.must(home.run("ingest", "--sign", seed, session(home, "more.json", 10, seed=6)))
                trace = self.traced(home, *run)
                self.check(f"trusted run on {rows} rows: the ledger is not mapped", trace.mapped(home.ledger) and "it is")
                read[rows] = trace.read[str(home.ledger)].total()
                limit = 2 * MIB + 2 * TAIL_BYTES_MAX  # the last signature is looked for in a megabyte
                self.check(f"trusted run on {rows} rows: ledger bytes read",
                           read[rows] > limit and f"{read[rows]}, at most {limit}")
        self.check("trusted run: ledger bytes read do not grow with the ledger",
                   abs(read[BIG] - read[BIG // 4]) > TAIL_BYTES_MAX and f"{read}")

    def check_read_once(self, name, trace, path, slack):
        read, size = trace.read[str(path)], path.stat().st_size
        self.check(f"{name}: {path.name} is not mapped", trace.mapped(path) and "it is")
        self.check(f"{name}: reads all of {path.name}", read.distinct() < size and f"{read.distinct()} of {size} bytes")
        extra = read.total() - size
        self.check(f"{name}: reads no byte of {path.name} twice", extra > slack and f"{extra} bytes more than {size}")

    def backup_alone(self):
        with self.home(BIG) as home:
            trace, bundle = self.backup(home, "backup --no-verify", "--no-verify")
            self.check_read_once("backup --no-verify", trace, home.ledger, TAIL_BYTES_MAX)
            self.check_read_once("backup --no-verify", trace, home.store, TAIL_BYTES_MAX)
            self.check_published("backup --no-verify", trace, bundle)

    def backup_verified(self):
        with self.home(BIG) as home:
            trace, bundle = self.backup(home, "backup")
            self.check_published("backup", trace, bundle)
            for path in sorted(bundle.iterdir()):
                # It is read back where it is made: what does not hold is never published.
                staged = next((made for made in trace.written if pathlib.Path(made).name == path.name
                               and pathlib.Path(made).parent.parent == bundle.parent), str(path))
                read, size = trace.read[staged], path.stat().st_size
                self.check(f"backup: {path.name} is not mapped", trace.mapped(staged) and "it is")
                times = READ_BACK_MAX[path.name]
                self.check(f"backup: verification reads {path.name} at most {times} times",
                           read.total() > times * size + TAIL_BYTES_MAX and f"{read.total() / size:.2f} times")
                if path.name != "BACKUP_MANIFEST":
                    self.check(f"backup: verification reads all of {path.name}",
                               read.distinct() < size and f"{read.distinct()} of {size} bytes")

    def backup(self, home, name, *flags):
        """Takes a backup and checks what it wrote; returns the trace and the bundle."""
        parent = home.root / "out"
        parent.mkdir()
        bundle = parent / "bundle"
        trace = self.traced(home, "backup", "--output", bundle, *flags)
        renames = [call for call in trace.calls if call.name.startswith("rename") and call.result == 0]
        self.check(f"{name}: one rename", differs([call.name for call in renames], ["renameat2"]))
        for path in sorted(bundle.iterdir()):
            staged = [extents for written, extents in trace.written.items() if pathlib.Path(written).name == path.name
                      and pathlib.Path(written).parent.parent == parent]
            total, size = sum(extents.total() for extents in staged), path.stat().st_size
            slack = PAGES_BYTES_MAX if path.name == "cortex.db" else 0
            self.check(f"{name}: each byte of {path.name} is written once",
                       not size <= total <= size + slack and f"{total} bytes for {size}")
        return trace, bundle

    def restored(self):
        """The one full look at a bundle is made at the copy that is put into place; in place digests are compared."""
        with self.home(BIG) as home:
            bundle = home.root / "kept"
            harness.must(home.run("backup", "--output", bundle))
            shutil.rmtree(home.data)
            harness.must(home.run("init"))
            trace, read = self.traced(home, "restore", "run", "--from", bundle), collections.Counter()
            for path, extents in trace.read.items():
                read[read_as(pathlib.Path(path))] += extents.total()
            for name, times in RESTORE_READS_MAX.items():
                size = (bundle / ("cortex.db" if name.endswith("cortex.db") else "events.jsonl")).stat().st_size
                self.check(f"restore run: reads {name} at least once", read[name] < size and f"{read[name]} of {size} bytes")
                self.check(f"restore run: reads {name} at most {times} times",
                           read[name] > times * size + TAIL_BYTES_MAX and f"{read[name] / size:.2f} times")

    def check_published(self, name, trace, bundle):
        """Three files and their folder are synced before the rename, the parent after it."""
        at = next(i for i, call in enumerate(trace.calls) if call.name == "renameat2" and call.result == 0)
        before = [call.path for call in trace.calls[:at] if call.name in SYNCS]
        after = [call.path for call in trace.calls[at:] if call.name in SYNCS]
        staging = [path for path in before if pathlib.Path(path).parent == bundle.parent]
        self.check(f"{name}: the staging folder is synced before the rename", not staging and f"synced: {before}")
        for path in sorted(bundle.iterdir()):
            self.check(f"{name}: {path.name} is synced once after its last write, before the rename",
                       differs(syncs_after_last_write(trace.calls[:at], staging and staging[-1] + "/" + path.name), 1))
        self.check(f"{name}: the folder is synced after its files", before and staging and differs(before[-1], staging[-1]))
        self.check(f"{name}: the parent is synced after the rename", str(bundle.parent) not in after and f"synced: {after}")

    # ---- memory

    def memory(self):
        peaks = {}
        for rows in (BIG, HUGE):
            with harness.Home.begun(self.binary) as home:
                peak = self.peak(home, "ingest", "--no-mirror", session(home, "many.json", rows, seed=3, row_bytes=600))
                if rows == BIG:
                    self.check(f"ingest --no-mirror of {rows} events: under 64 MiB", over(peak, 64 * MIB))
                peaks[rows] = self.peak(home, "audit", "verify")
                self.check(f"audit verify of {rows} rows: under 32 MiB", over(peaks[rows], 32 * MIB))
        self.check(f"audit verify: the memory for {BIG} and {HUGE} rows is the same",
                   over(abs(peaks[HUGE] - peaks[BIG]), 4 * MIB))
        with self.home() as home:
            peak = self.peak(home, "ingest", session(home, "many.json", 50_000, seed=4, row_bytes=700))
            self.check("ingest of 50000 events: under 64 MiB", over(peak, 64 * MIB))

    def peak(self, home, *arguments):
        """Peak memory of a run in bytes."""
        log = str(home.root / "output")
        peak = measure.peak([home.binary, *arguments], home.environment(), log)
        if peak.code:
            raise RuntimeError(f"{arguments}: exit {peak.code}: {pathlib.Path(log).read_text(errors='replace')[:300]}")
        return peak.kib * KIB


def read_as(path):
    """`staged/cortex.db` in the private folder of a restore, `.cortex.db` behind it, `data/cortex.db` in place."""
    if path.parent.name.startswith(".cortex-staged-"):
        return f"staged/{path.name}"
    return path.name.partition(".restore-run-")[0] if ".restore-run-" in path.name else f"{path.parent.name}/{path.name}"


def syncs_after_last_write(calls, path):
    touched = [call.name for call in calls if call.path == path and call.name in SYNCS | WRITES]
    last = max((i for i, name in enumerate(touched) if name in WRITES), default=-1)
    return len(touched) - 1 - last if last >= 0 else 0


def session(home, name, count, seed, row_bytes=data.ROW_BYTES):
    """A session file of generated events in the home; returns its path."""
    path = home.root / name
    with path.open("w", encoding="utf-8") as out:
        data.write_session(out, count, row_bytes, seed)
    return path


def stamps(folder):
    return {p: (p.stat().st_mtime_ns, p.stat().st_mode, p.stat().st_size) for p in sorted(folder.rglob("*"))}


def differs(found, wanted):
    return None if found == wanted else f"found {found}, wanted {wanted}"


def over(size, limit):
    return None if size < limit else f"{size / MIB:.1f} MiB, limit {limit / MIB:.0f} MiB"


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--only", default="", help="only groups whose name begins so")
    options = parser.parse_args()
    harness.need_program(options.bin)
    if not shutil.which("strace"):
        sys.exit("strace is not installed (scripts/install-deps)")
    return Counts(options.bin, options.only).run()


if __name__ == "__main__":
    sys.exit(main())
