"""What every case of the crash matrix is: a command, a store at rest to run it on, and what must be true afterwards."""
import shutil

import harness

OLD, NEW = range(1, 6), range(6, 14)


def acknowledged(output):
    """Whether a run told its caller that it had succeeded."""
    return b"chain_head" in output or b" bundle = " in output


class Case:
    """One command on one store, and what must be true however it ended."""

    exits = (0, 7, 64)  # of a run in which a call failed
    thinning = 1  # of so many points one runs

    @staticmethod
    def prepare(binary):
        """A store at rest to run the command on."""
        return template_store(binary)

    def __init__(self, binary, template):
        self.binary = binary
        self.template = template

    def fresh(self):
        home = harness.Home(self.binary)
        shutil.copytree(self.template.root, home.root, dirs_exist_ok=True)
        return home


def stored_ids(home):
    # A store that was never opened has no tables yet.
    known = harness.query(home.store, "select count(*) from sqlite_master where name = 'events'")
    return [r[0] for r in harness.query(home.store, "select id from events order by rowid")] if known[0][0] else []


def template_store(binary):
    """A store with a schema and a few acknowledged rows, at rest."""
    home = harness.Home.begun(binary)
    harness.must(home.run("doctor", "--repair"))
    harness.must(home.run("ingest", home.session("old.json", OLD)))
    home.session("new.json", NEW)
    return home
