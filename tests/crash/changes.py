"""Cases of the crash matrix: commands that change memories, keys, the store alone, or settings of other programs."""
import re

import harness
from crash_case import NEW, Case, template_store

PASSING = re.compile(r"\.tlog/tile/|\.db-(wal|shm|journal)$|\.torn-|\.before-repair-[0-9A-Z]{26}$")


def names(home):
    return {str(p.relative_to(home.root)) for p in home.root.rglob("*") if not PASSING.search(str(p))}


def unsound(home, *checks):
    for check in (("audit", "verify", "--mirror"), ("doctor", "--strict", "--deep"), *checks):
        result = home.run(*check)
        if result.returncode:
            return f"{' '.join(check)} at the end: {harness.said(result)}"
    return None


class Change(Case):
    """Its rows are in the ledger, all or none; the same command does it or says that it is done."""

    exits = (0, 7, 64)
    thinning = 4  # most points are SQLite's

    def __init__(self, binary, template):
        super().__init__(binary, template)
        self.old = template.ledger.read_bytes()
        with self.fresh() as home:
            harness.must(home.run(*self.arguments))
            self.rows = len(harness.rows(home.ledger))
            self.names = names(home)

    def again(self):
        return self.arguments

    def between(self, home, done):
        """What must be true before anything else is run."""

    def problem(self, home, run):
        ledger = home.ledger.read_bytes()
        if not ledger.startswith(self.old):
            return "rows acknowledged before are gone or changed"
        count = ledger.count(b"\n")
        done = count == self.rows
        if not done and (run.returncode == 0 or ledger != self.old):
            return f"a success was reported, or a part of it recorded: {count} rows of {self.rows}"
        if run.returncode == 64 and b"Next: " not in run.stderr:
            return f"an error without a next step: {harness.said(run)}"
        problem = self.between(home, done)
        if problem:
            return problem
        again = home.run(*self.again())
        if again.returncode and (not done or again.returncode != 7):
            return f"the same once more: {harness.said(again)}"
        if len(harness.rows(home.ledger)) < self.rows:
            return "not done after the second run"
        return unsound(home) or self.left(home)

    def left(self, home):
        left = names(home) - self.names
        return f"left behind: {sorted(left)}" if left else None


class Correct(Change):
    name = "correct"
    claim = "The service listens on 8080"

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        harness.must(home.run("memory", "note", Correct.claim))
        return home

    def __init__(self, binary, template):
        [(memory,)] = harness.query(template.store, "select id from memories")
        self.arguments = ("memory", "correct", memory, "The service listens on 8443")
        super().__init__(binary, template)


class Rotate(Change):
    """Of a signed ledger: no key is retired whose successor's seed is not there."""

    name = "rotate"
    arguments = ("key", "rotate", "--seed", "op.seed", "--output", "new.seed")

    @staticmethod
    def prepare(binary):
        home = harness.Home.begun(binary)
        harness.must(home.run("key", "generate", "--sign", "--principal", "ada", "--tier", "operator", "--output", "op.seed"))
        harness.must(home.run("ingest", "--sign", "op.seed", home.session("old.json", NEW)))
        return home

    def again(self):
        return (*self.arguments[:-1], "other.seed")  # a key is never replaced

    def between(self, home, done):
        seed = home.root / "new.seed"
        if done and (not seed.exists() or seed.stat().st_size != 32):
            return "the old key is retired, the new one is not there"
        return unsound(home, ("audit", "verify", "--signed", "--attestation", "op.seed"))

    def left(self, home):
        left = {n for n in names(home) - self.names if not n.startswith("other.seed")}
        return f"left behind: {sorted(left)}" if left else None


class NewStore(Change):
    """The first write of all: a new store gets its tables, one migration after the other."""

    name = "new-store"
    arguments = ("doctor", "--repair")
    thinning = 12

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        home.store.write_bytes(b"")
        return home

    def problem(self, home, run):
        if home.ledger.read_bytes() != self.old:
            return "the ledger was changed"
        deep = home.run("doctor", "--strict", "--deep")
        if deep.returncode and b"cortex doctor --repair" not in deep.stderr:
            return f"doctor does not say what ends it: {harness.said(deep)}"
        again = home.run(*self.arguments)
        return f"the next repair: {harness.said(again)}" if again.returncode else unsound(home) or self.left(home)


class FromLedger(Change):
    """The store is what it was or what the ledger says; a copy under its name is a whole one."""

    name = "from-ledger"
    arguments = ("doctor", "--repair", "--from-ledger")
    thinning = 12

    @staticmethod
    def prepare(binary):
        home = Correct.prepare(binary)
        harness.execute(home.store, "update memories set claim = 'nobody said this'")
        return home

    def problem(self, home, run):
        mirror = home.run("audit", "verify", "--mirror")
        if run.returncode == 0 and mirror.returncode:
            return f"a success was reported, the store is not mended: {harness.said(mirror)}"
        again = home.run(*self.arguments)
        if again.returncode:
            return f"the next repair: {harness.said(again)}"
        left = self.left(home)
        if left:
            return left
        for copy in home.data.glob("*.before-repair-*"):
            if harness.query(copy, "pragma integrity_check") != [("ok",)] or not harness.query(copy, "select id from memories"):
                return f"{copy.name} is no copy of the store"
        claims = harness.query(home.store, "select claim from memories")
        return unsound(home) or (f"memories: {claims}" if claims != [(Correct.claim,)] else None)


class Hooks(Case):
    """Settings of another program are what they were, or have the hooks; taken out, they are what they were."""

    name = "hooks"
    arguments = ("hook", "install", "claude-code", "--settings", "settings.json")
    text = '{\n  "model" :  "opus"\n}'

    @staticmethod
    def prepare(binary):
        home = template_store(binary)
        (home.root / "settings.json").write_text(Hooks.text)
        return home

    def problem(self, home, run):
        before = names(self.template)
        for step in (self.arguments, ("hook", "uninstall")):
            again = home.run(*step)
            if again.returncode:
                return f"{' '.join(step)} after it: {harness.said(again)}"
        if (home.root / "settings.json").read_text() != self.text:
            return "the settings are not what they were"
        left = names(home) - before
        return f"left behind: {sorted(left)}" if left else None


class Unhook(Hooks):
    name = "unhook"
    arguments = ("hook", "uninstall")

    def fresh(self):
        home = super().fresh()  # the record names the file by its path
        harness.must(home.run(*Hooks.arguments[:-1], home.root / "settings.json"))
        return home

    def problem(self, home, run):
        again = home.run(*self.arguments)
        if again.returncode:
            return f"the next one: {harness.said(again)}"
        return super().problem(home, run)


CHANGES = (Correct, Rotate, NewStore, FromLedger, Hooks, Unhook)
