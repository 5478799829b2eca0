#!/usr/bin/env python3
"""Many processes write one store while backups and audits run; nothing is lost, doubled or seen half done.

    tests/concurrency/many_writers.py [--bin PATH] [--writers 16] [--events 40] [--seed N]

Each writer ingests several sessions of its own events and of events that others write too, in random order. Meanwhile one
loop takes backups to new names and one audits the ledger. At the end the ledger holds the union of all ids once each, the
chain is clean, the store mirrors it row for row, and every backup that was reported verifies to its depth. Of several backups to one name exactly one wins.
"""
import pathlib
import random
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

SHARED = 200        # events that several writers carry
SESSIONS = 4        # runs per writer
NAME_RIVALS, NAME_ROUNDS = 6, 10


class Race:
    def __init__(self, home, options):
        self.home = home
        self.options = options
        self.random = random.Random(options.seed)
        self.tally = harness.Tally()
        self.lock = threading.Lock()
        self.done = threading.Event()
        self.backups = []
        self.audits = 0
        self.looks = 0

    def plan(self, writer):
        """The sessions of one writer: lists of event numbers, half of them its own."""
        own = [1000 * (writer + 1) + n for n in range(self.options.events // 2)]
        shared = self.random.sample(range(1, SHARED + 1), self.options.events - len(own))
        numbers = own + shared
        self.random.shuffle(numbers)
        cut = max(1, len(numbers) // SESSIONS)
        parts = [numbers[i:i + cut] for i in range(0, len(numbers), cut)]
        return parts + [sorted(parts[0])]        # and one session a second time

    def check(self, name, problem):
        with self.lock:
            self.tally.check(name, problem)

    def write(self, writer, sessions):
        for index, path in enumerate(sessions):
            run = self.home.run("ingest", path)
            self.check(f"writer {writer} session {index}", run.returncode and harness.said(run))

    def back_up(self):
        while not self.done.is_set():
            bundle = self.home.root / f"bundle-{len(self.backups)}"
            run = self.home.run("backup", "--output", bundle)
            self.check(bundle.name, run.returncode and harness.said(run))
            self.backups.append(bundle)

    def audit(self):
        while not self.done.is_set():
            run = self.home.run("audit", "verify")
            self.audits += 1
            self.check(f"audit {self.audits}", run.returncode and harness.said(run))

    def look(self):
        """Commands that open the store to look at it."""
        while not self.done.is_set():
            for command in (("status",), ("doctor", "--strict"), ("log",)):
                run = self.home.run(*command)
                self.looks += 1
                self.check(f"look {self.looks}: {command[0]}", run.returncode and harness.said(run))

    def run(self):
        plans = [self.plan(writer) for writer in range(self.options.writers)]
        sessions = [[self.home.session(f"s-{writer}-{i}.json", part) for i, part in enumerate(plan)]
                    for writer, plan in enumerate(plans)]
        writers = [threading.Thread(target=self.write, args=pair) for pair in enumerate(sessions)]
        watchers = [threading.Thread(target=watch) for watch in (self.back_up, self.audit, self.look)]
        for thread in writers + watchers:
            thread.start()
        for thread in writers:
            thread.join()
        self.done.set()
        for thread in watchers:
            thread.join()
        self.judge({harness.event_id(n) for plan in plans for part in plan for n in part})

    def judge(self, want):
        try:
            ids = harness.row_ids(self.home.ledger)
        except ValueError as error:
            self.check("every line is a row", error)
            return
        self.check("no id twice", len(ids) != len(set(ids)) and f"{len(ids) - len(set(ids))} repeated")
        self.check("exactly the union", set(ids) != want and
                   f"missing {sorted(want - set(ids))[:5]}, unexpected {sorted(set(ids) - want)[:5]}")
        for command in (("audit", "verify"), ("doctor", "--strict")):
            run = self.home.run(*command)
            self.check(" ".join(command), run.returncode and harness.said(run))
        self.check_mirror()
        for bundle in self.backups:
            run = self.home.run("restore", "verify-backup", "--manifest", bundle / "BACKUP_MANIFEST", "--deep")
            self.check(f"verify {bundle.name}", run.returncode and harness.said(run))
            prefix = (bundle / "events.jsonl").read_bytes() if bundle.exists() else None
            same = prefix is not None and self.home.ledger.read_bytes().startswith(prefix)
            self.check(f"{bundle.name} is a prefix of the ledger", not same and "it is not")
        left = [p.name for p in self.home.root.iterdir() if ".staging" in p.name]
        self.check("no staging folder left", left)
        self.check("something ran meanwhile", not (self.backups and self.audits) and "no backup or no audit ran")

    def one_name(self):
        """Backups to one name at the same time: one makes the bundle, the others refuse and leave nothing."""
        for attempt in range(NAME_ROUNDS):
            bundle = self.home.root / f"one-name-{attempt}"
            codes = []
            threads = [threading.Thread(target=lambda: codes.append(
                self.home.run("backup", "--output", bundle).returncode)) for _ in range(NAME_RIVALS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wanted = [0] + [7] * (NAME_RIVALS - 1)
            self.check(f"{bundle.name}: exactly one wins", sorted(codes) != wanted and f"exit codes {codes}")
            run = self.home.run("restore", "verify-backup", "--manifest", bundle / "BACKUP_MANIFEST", "--deep")
            self.check(f"verify {bundle.name}", run.returncode and harness.said(run))
        left = [p.name for p in self.home.root.iterdir() if ".staging" in p.name]
        self.check("rivals leave no staging folder", left)

    def check_mirror(self):
        stored = harness.query(self.home.store, "select id, event_hash, prev_event_hash, payload_hash from events "
                                                "order by id")
        ledger = sorted((r["id"], r["event_hash"], r["prev_event_hash"], r["payload_hash"])
                        for r in harness.rows(self.home.ledger))
        self.check("the store mirrors the ledger", stored != ledger and f"{len(stored)} rows, {len(ledger)} wanted")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20260102)
    options = parser.parse_args()
    harness.need_program(options.bin)
    with harness.Home.begun(options.bin) as home:
        race = Race(home, options)
        race.run()
        race.one_name()
        print(f"seed {options.seed}: {len(race.backups)} backups and {race.audits} audits ran meanwhile")
        return race.tally.finish()


if __name__ == "__main__":
    sys.exit(main())
