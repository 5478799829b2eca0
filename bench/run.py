#!/usr/bin/env python3
"""Speed of whole commands: medians of interleaved rounds, beside another binary and beside what the machine itself can do.

    bench/run.py [--bin build/release/cortex] [--reference PATH] [--rounds 5] [--events 100000] [--only NAME] [--json FILE]

Each task runs in a temporary folder, once for its peak memory and as warm-up, then `--rounds` times. In each round our
binary, the other one (--reference, optional, in a home of its own, where it has the command) and a baseline alternate. The
baseline is the same physical work without Cortex: copying the bytes and syncing them, reading them, starting a process.
The table shows medians; the ratios are other/ours and baseline/ours, so more is better for us. bench/README.md says what
each line means and holds the targets; a missed target does not change the exit status. --only takes the beginning of a
task's name; --list shows the names. --folder chooses the disk: the temporary folder is made there.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import data  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

TARGETS_EVENTS = 100000         # the targets hold for this many events of data.ROW_BYTES
LANES = ("ours", "other", "base")


class Side:
    """A program with a home of its own below the benchmark's folder."""

    def __init__(self, name, binary, root):
        self.name = name
        self.root = root / name
        self.root.mkdir()
        self.binary = measure.installed(binary, self.root)
        self.log = str(self.root / "output")

    def environment(self, folder):
        home = str(self.root)
        return {"PATH": os.environ.get("PATH", ""), "HOME": home, "XDG_DATA_HOME": home + "/share",
                "XDG_CONFIG_HOME": home + "/config", "CORTEX_DATA_DIR": str(self.root / folder), "TZ": "UTC",
                "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}

    def run(self, folder, *arguments):
        return measure.timed([self.binary, *arguments], self.environment(folder), self.log)

    def must(self, folder, *arguments):
        run = self.run(folder, *arguments)
        if run.code:
            text = pathlib.Path(self.log).read_text(errors="replace")
            sys.exit(f"{self.name}: {' '.join(map(str, arguments))}: exit {run.code}: {text[:600]}")
        return run

    def fresh(self, folder):
        """An empty store with its schema in place."""
        shutil.rmtree(self.root / folder, ignore_errors=True)
        self.must(folder, "init")
        self.must(folder, "doctor", "--repair")


class Bench:
    """What the tasks share: the programs, the session file, and one big store that is made when first asked for."""

    def __init__(self, options, root):
        self.options = options
        self.root = root
        self.sides = [Side("ours", options.bin, root)]
        if options.reference:
            self.sides.append(Side("other", options.reference, root))
        self.session = root / "session.json"
        with self.session.open("w", encoding="utf-8") as out:
            data.write_session(out, options.events)
        self.session_bytes = self.session.stat().st_size
        self._big = False

    def single(self, number):
        """A session file with one event that no other file holds."""
        path = self.root / f"single-{number}.json"
        if not path.exists():
            with path.open("w", encoding="utf-8") as out:
                data.write_session(out, 1, seed=data.SEED + 1 + number)
        return path

    def big(self):
        """Ledger and mirror of all events, for every side (the bytes are the same for both); returns the two files."""
        ours = self.sides[0].root / "big"
        if not self._big:
            self.sides[0].fresh("big")
            self.sides[0].must("big", "ingest", self.session)
            for side in self.sides[1:]:
                shutil.copytree(ours, side.root / "big")
            os.sync()
            self._big = True
        return ours / "events.jsonl", ours / "cortex.db"

    def big_bundle(self):
        self.big()
        ours = self.sides[0]
        bundle = ours.root / "kept"
        if not bundle.exists():
            ours.must("big", "backup", "--no-verify", "--output", bundle)
            for side in self.sides[1:]:
                shutil.copytree(bundle, side.root / "kept")
        return bundle


def copy_and_sync(files, folder):
    """Seconds to copy files into a new folder so that they survive a power cut: cp, fsync of each, of the folder, of its
    parent."""
    shutil.rmtree(folder, ignore_errors=True)
    os.sync()
    begin = time.perf_counter()
    folder.mkdir()
    measure.timed([shutil.which("cp"), *files, folder], dict(os.environ))
    for path in [*(folder / file.name for file in files), folder, folder.parent]:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return time.perf_counter() - begin


def read_through(files):
    return measure.timed([shutil.which("cat"), *files], dict(os.environ)).seconds


def megabytes(*files):
    return sum(file.stat().st_size for file in files) / 1e6


class Task:
    """One line of the table. `seconds_max`, `peak_mib_max` and `base_ratio_min` are its targets."""

    name = what = ""
    repeats = 1                 # runs a round
    same_for_other = None       # task whose times stand for the other program too: it has no such flag
    seconds_max = peak_mib_max = base_ratio_min = None

    def __init__(self, bench):
        self.bench = bench
        self.events = bench.options.events

    def set_up(self):
        pass

    def prepare(self, side, number):
        """Untimed work before a run; returns the data folder and the arguments."""
        raise NotImplementedError

    def baseline(self, number):
        raise NotImplementedError

    def figures(self, ours, base):
        """Counts, and rates for median times."""
        return ""


class Start(Task):
    name, what = "start", "--version"
    repeats = 50
    seconds_max = 0.005

    def prepare(self, side, number):
        return "big", ["--version"]

    def baseline(self, number):
        return measure.timed([shutil.which("true")], dict(os.environ)).seconds

    def figures(self, ours, base):
        return "baseline: /bin/true"


class Ingest(Task):
    name, what = "ingest-mirror", "ingest"
    same_for_other = "ingest-no-mirror"
    flags = ()
    seconds_max, peak_mib_max = 1.5, 64
    kept = ("events.jsonl", "cortex.db")

    def prepare(self, side, number):
        shutil.rmtree(side.root / "fresh", ignore_errors=True)
        side.must("fresh", "init")
        os.sync()
        return "fresh", ["ingest", self.bench.session, *(self.flags if side.name == "ours" else ())]

    def baseline(self, number):
        fresh = self.bench.sides[0].root / "fresh"
        return copy_and_sync([fresh / name for name in self.kept], self.bench.root / "copy")

    def figures(self, ours, base):
        return (f"{self.events:,} events of {self.bench.session_bytes / 1e6:.1f} MB: {self.events / ours / 1e3:.0f} k/s; "
                "baseline: cp + sync of what is written")


class IngestAlone(Ingest):
    name, what = "ingest-no-mirror", "ingest --no-mirror"
    same_for_other = None
    flags = ("--no-mirror",)
    seconds_max, peak_mib_max = 0.8, 64
    kept = ("events.jsonl",)


class AppendEmpty(Task):
    name, what = "append-to-empty", "ingest of one event, empty ledger"
    repeats = 10

    def prepare(self, side, number):
        side.fresh("one")
        os.sync()               # else the first sync of the run pays for what was removed and made here
        return "one", ["ingest", self.bench.single(number)]

    def baseline(self, number):
        begin = time.perf_counter()
        descriptor = os.open(self.bench.root / "physical", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, b"x" * data.ROW_BYTES)
        os.fdatasync(descriptor)
        os.close(descriptor)
        return time.perf_counter() - begin

    def figures(self, ours, base):
        return f"baseline: write + fdatasync of {data.ROW_BYTES} bytes, no process"


class AppendBig(AppendEmpty):
    name, what = "append-to-big", "ingest of one event, big ledger"
    base_ratio_min = 1 / 1.2

    def set_up(self):
        self.bench.big()
        for side in self.bench.sides:
            shutil.rmtree(side.root / "grown", ignore_errors=True)
            shutil.copytree(side.root / "big", side.root / "grown")
            side.fresh("one")
        os.sync()

    def prepare(self, side, number):
        os.sync()
        return "grown", ["ingest", self.bench.single(number)]

    def baseline(self, number):
        ours = self.bench.sides[0]
        folder, arguments = AppendEmpty.prepare(self, ours, number)
        return ours.must(folder, *arguments).seconds

    def figures(self, ours, base):
        return f"{self.events:,} events before; {ours / base:.2f}x of the baseline, which is append-to-empty"


class Verify(Task):
    name, what = "audit-verify", "audit verify"
    seconds_max, peak_mib_max = 0.13, 32

    def set_up(self):
        self.files = self.bench.big()

    def prepare(self, side, number):
        return "big", ["audit", "verify"]

    def baseline(self, number):
        return read_through(self.files[:1])

    def figures(self, ours, base):
        size = megabytes(self.files[0])
        return (f"{self.events:,} rows, {size:.1f} MB: {size / ours:.0f} MB/s, {self.events / ours / 1e3:.0f} k/s; "
                "baseline: cat")


class Log(Verify):
    name, what = "log", "log (last 20)"
    seconds_max = peak_mib_max = None

    def prepare(self, side, number):
        return "big", ["log"]

    def baseline(self, number):
        return measure.timed([shutil.which("tail"), "-n", "20", self.files[0]], dict(os.environ)).seconds

    def figures(self, ours, base):
        return "baseline: tail -n 20"


class Backup(Verify):
    name, what = "backup", "backup with verification"
    same_for_other = "backup-no-verify"
    flags = ()
    seconds_max = peak_mib_max = None
    base_ratio_min = 0.5

    def prepare(self, side, number):
        shutil.rmtree(side.root / "out", ignore_errors=True)
        os.sync()
        return "big", ["backup", "--output", side.root / "out", *(self.flags if side.name == "ours" else ())]

    def baseline(self, number):
        return copy_and_sync(self.files, self.bench.root / "copy")

    def figures(self, ours, base):
        size = megabytes(*self.files)
        return f"{size:.1f} MB in two files: {size / ours:.0f} MB/s; baseline: cp + sync, {size / base:.0f} MB/s"


class BackupAlone(Backup):
    name, what = "backup-no-verify", "backup --no-verify"
    same_for_other = None
    flags = ("--no-verify",)
    base_ratio_min = None


class VerifyDigests(Verify):
    """The digests of a warm bundle, beside the program that does nothing else."""

    name, what = "verify-backup", "restore verify-backup"
    flags = ()
    seconds_max = peak_mib_max = None
    base_ratio_min = 0.6

    def set_up(self):
        self.bundle = self.bench.big_bundle()
        self.files = [self.bundle / "events.jsonl", self.bundle / "cortex.db"]

    def prepare(self, side, number):
        return "big", ["restore", "verify-backup", "--manifest", side.root / "kept/BACKUP_MANIFEST", *self.flags]

    def baseline(self, number):
        b3sum = shutil.which("b3sum") or sys.exit(f"{self.name}: b3sum is not installed")
        return measure.timed([b3sum, "--num-threads", "2", *self.files], dict(os.environ)).seconds

    def figures(self, ours, base):
        size = megabytes(*self.files)
        return f"{size:.1f} MB in two files: {size / ours:.0f} MB/s; baseline: b3sum with two threads"


class VerifyBackupDeep(VerifyDigests):
    name, what = "verify-backup-deep", "restore verify-backup --deep"
    flags = ("--deep",)
    base_ratio_min = None


class VerifyBytes(VerifyDigests):
    """Every byte of a warm bundle and what they say: chain, store, both against each other."""

    name, what = "backup-verify", "backup verify"

    def prepare(self, side, number):
        return "big", ["backup", "verify", side.root / "kept"]


class Drill(VerifyDigests):
    name, what = "drill", "backup verify --drill"
    base_ratio_min = 0.5

    def prepare(self, side, number):
        os.sync()
        return "big", ["backup", "verify", side.root / "kept", "--drill"]

    baseline, figures = Backup.baseline, Backup.figures


class Restore(Drill):
    name, what = "restore-run", "restore run"

    def prepare(self, side, number):
        side.fresh("restored")
        os.sync()
        return "restored", ["restore", "run", "--from", side.root / "kept"]


class Increment(Task):
    """1 % more events since the parent, beside a full backup of the same store."""

    name, what = "increment", "backup --since"
    base_ratio_min = 5

    def set_up(self):
        ours = self.bench.sides[0]
        self.bench.big()
        self.shelf = ours.root / "shelf"
        shutil.rmtree(self.shelf, ignore_errors=True)
        self.shelf.mkdir()
        shutil.rmtree(ours.root / "more", ignore_errors=True)
        shutil.copytree(ours.root / "big", ours.root / "more")
        ours.must("more", "backup", "--output", self.shelf / "full")
        more = self.bench.root / "more.json"
        with more.open("w", encoding="utf-8") as out:
            data.write_session(out, self.events // 100, seed=data.SEED + 10**6)
        ours.must("more", "ingest", more)

    def prepare(self, side, number):
        shutil.rmtree(self.shelf / "part", ignore_errors=True)
        os.sync()
        return "more", ["backup", "--since", self.shelf / "full", "--output", self.shelf / "part"]

    def baseline(self, number):
        whole = self.bench.root / "whole"
        shutil.rmtree(whole, ignore_errors=True)
        os.sync()
        return self.bench.sides[0].must("more", "backup", "--output", whole).seconds

    def figures(self, ours, base):
        part, whole = (sum(f.stat().st_size for f in folder.iterdir())
                       for folder in (self.shelf / "part", self.bench.root / "whole"))
        return f"{part / 1e6:.1f} MB instead of {whole / 1e6:.1f}, {whole / part:.0f} times smaller; baseline: the full backup"


TASKS = (Start, IngestAlone, Ingest, AppendEmpty, AppendBig, Verify, Log, BackupAlone, Backup, VerifyDigests,
         VerifyBackupDeep, VerifyBytes, Drill, Restore, Increment)


class Result:
    """The times of one task, by lane, and the peak memory of each program."""

    def __init__(self, task):
        self.task = task
        self.times = {lane: [] for lane in LANES}
        self.cpu = []
        self.peak_mib = {}
        self.figures = ""

    def median(self, lane):
        return statistics.median(self.times[lane]) if self.times[lane] else None

    def ratio(self, lane):
        """How many times as long as we the other lane takes."""
        return self.median(lane) / self.median("ours") if self.times[lane] else None

    def verdicts(self):
        """(target, held) for each target of the task; none when the size is not that of the targets."""
        task, ours = self.task, self.median("ours")
        if task.events != TARGETS_EVENTS:
            return
        if task.seconds_max:
            yield f"<= {duration(task.seconds_max)}", ours <= task.seconds_max
        if task.peak_mib_max:
            yield f"< {task.peak_mib_max} MiB", self.peak_mib["ours"] < task.peak_mib_max
        if task.base_ratio_min:
            yield f"base/ours >= {task.base_ratio_min:.2f}", self.ratio("base") >= task.base_ratio_min

    def document(self):
        out = {"task": self.task.name, "figures": self.figures,
               "peak_mib": self.peak_mib, "cpu_seconds_ours": statistics.median(self.cpu),
               "other_over_ours": self.ratio("other"), "base_over_ours": self.ratio("base"),
               "targets": [{"target": text, "held": held} for text, held in self.verdicts()]}
        for lane in LANES:
            times = self.times[lane]
            out[lane] = {"median_s": self.median(lane), "best_s": min(times), "worst_s": max(times),
                         "runs": len(times)} if times else None
        return out


def warm_up(task, result, known):
    """One run a program for its peak memory; returns those to measure. One that cannot do the task is left out, ours must."""
    able = []
    for side in task.bench.sides:
        if side.name == "other" and known:
            result.times["other"], result.peak_mib["other"] = known.times["other"], known.peak_mib.get("other")
            continue
        folder, arguments = task.prepare(side, 0)
        peak = measure.peak([side.binary, *arguments], side.environment(folder), side.log)
        if peak.code == 0:
            able.append(side)
            result.peak_mib[side.name] = round(peak.kib / 1024, 1)
        elif side.name == "ours":
            text = pathlib.Path(side.log).read_text(errors="replace")
            sys.exit(f"{task.name}: exit {peak.code}: {text[:600]}")
    task.baseline(0)
    return able


def one_run(task, result, side, number):
    folder, arguments = task.prepare(side, number)
    run = side.must(folder, *arguments)
    result.times[side.name].append(run.seconds)
    if side.name == "ours":
        result.cpu.append(run.cpu_seconds)


def run_task(kind, bench, results):
    task = kind(bench)
    result = Result(task)
    task.set_up()
    able = warm_up(task, result, next((r for r in results if r.task.name == kind.same_for_other), None))
    number = 0
    for turn in range(bench.options.rounds):
        for _ in range(task.repeats):
            number += 1
            lanes = [*able, None]
            lanes = lanes[turn % len(lanes):] + lanes[:turn % len(lanes)]
            for side in lanes:
                if side is None:
                    result.times["base"].append(task.baseline(number))
                else:
                    one_run(task, result, side, number)
    result.figures = task.figures(result.median("ours"), result.median("base"))
    return result


def duration(seconds):
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.2f} ms"


def times(ratio):
    return "-" if ratio is None else f"{ratio:.2f}x"


HEAD = ("task", "ours", "best", "other", "base", "other/ours", "base/ours", "CPU", "peak MiB", "targets and counts")
WIDTHS = (19, 9, 9, 9, 9, 11, 10, 9, 9)


def print_row(cells):
    print(" ".join([cells[0].ljust(WIDTHS[0]), *(cell.rjust(width) for cell, width in zip(cells[1:-1], WIDTHS[1:]))]),
          "", cells[-1], flush=True)


def print_result(result):
    verdicts = [f"{text}: {'held' if held else 'MISSED'}" for text, held in result.verdicts()]
    print_row((result.task.name, duration(result.median("ours")), duration(min(result.times["ours"])),
               duration(result.median("other")), duration(result.median("base")), times(result.ratio("other")),
               times(result.ratio("base")), duration(statistics.median(result.cpu)), str(result.peak_mib["ours"]),
               "; ".join([*verdicts, result.figures])))


def parse():
    parser = harness.parser(__doc__)
    parser.add_argument("--reference", metavar="PATH", help="another binary to run beside ours")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=TARGETS_EVENTS)
    parser.add_argument("--only", metavar="NAME", default="", help="only tasks whose name begins so")
    parser.add_argument("--json", metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--folder", help="make the temporary folder here")
    parser.add_argument("--list", action="store_true", help="show the tasks")
    options = parser.parse_args()
    options.chosen = [kind for kind in TASKS if kind.name.startswith(options.only)]
    if options.list:
        print("\n".join(f"{kind.name.ljust(WIDTHS[0])} {kind.what}" for kind in TASKS))
        sys.exit(0)
    if not options.chosen or options.rounds < 1 or options.events < 1:
        parser.error("nothing to do")
    return options


def main():
    options = parse()
    for binary in filter(None, (options.bin, options.reference)):
        harness.need_program(binary)
    root = pathlib.Path(tempfile.mkdtemp(prefix="cortex-bench-", dir=options.folder))
    before, results = os.getloadavg()[0], []
    try:
        bench = Bench(options, root)
        print(f"{options.events:,} events, {options.rounds} rounds, {os.cpu_count()} processors, load {before:.1f}, "
              f"in {root}")
        print_row(HEAD)
        for kind in options.chosen:
            results.append(run_task(kind, bench, results))
            print_result(results[-1])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    missed = [f"{r.task.name} ({text})" for r in results for text, held in r.verdicts() if not held]
    if options.events == TARGETS_EVENTS:
        print(f"load {os.getloadavg()[0]:.1f} at the end; targets missed: {', '.join(missed) or 'none'}")
    if options.json:
        document = {"events": options.events, "row_bytes": data.ROW_BYTES, "rounds": options.rounds,
                    "processors": os.cpu_count(), "load_before": before, "tasks": [r.document() for r in results]}
        pathlib.Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
