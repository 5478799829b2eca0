#!/usr/bin/env python3
"""`memory forget --erase` from the outside: every file is searched for the text, before and after, with backup and signature.

    tests/e2e/erase.py [--bin build/release/cortex]
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

CLAIM = "the vault opens with 9-31-7 and nothing else"
PARTS = (b"9-31-7", b"vault opens", b"nothing else")


def files_with(folder, parts=PARTS):
    return sorted({path.name for path in pathlib.Path(folder).rglob("*") if path.is_file()
                   for part in parts if part in path.read_bytes()})


class Erase:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def report(self, run):
        return json.loads(harness.must(run).stdout)["report"]

    def check(self, name, run, code, text=""):
        self.tally.check(name, harness.unexpected(run, code, text))

    def run(self):
        with harness.Home.begun(self.binary) as home:
            harness.must(home.run("key", "generate", "--output", "op.seed", "--principal", "anna", "--tier", "operator",
                                  "--sign"))
            harness.must(home.run("ingest", home.session("s.json", range(1, 40)), "--sign", "op.seed"))
            (home.root / "config/cortex").mkdir(parents=True)
            (home.root / "config/cortex/config.toml").write_text(f'[ledger]\nsigning_seed = "{home.root}/op.seed"\n')
            memory = self.report(home.run("--json", "memory", "note", CLAIM))["memory_id"]
            other = self.report(home.run("--json", "memory", "note", "the vault is in the cellar"))["memory_id"]
            harness.must(home.run("memory", "tag", "add", memory, "secret"))
            harness.must(home.run("memory", "search", "vault opens", "--semantic", "--score-version", "1"))  # keeps vectors
            harness.must(home.run("context", "build", "--task", "how does the vault open"))
            harness.must(home.run("audit", "checkpoint", "--key", "op.seed", "--output", "then.checkpoint"))
            before = files_with(home.data)
            self.tally.check("it stands in ledger and store", not {"events.jsonl", "cortex.db"} & set(before) and before)
            forget = ("memory", "forget", memory, "--erase", "--reason", "asked to")
            self.check("not without its confirmation", home.run(*forget), 2)
            self.check("not with another id", home.run(*forget, "--confirm", other), 2, "not confirmed")
            self.check("not without being told to erase", home.run("memory", "forget", memory, "--confirm", memory,
                                                                   "--reason", "x"), 2)
            self.tally.check("nothing was erased so far", files_with(home.data) != before and files_with(home.data))
            done = self.report(home.run("--json", *forget, "--confirm", memory))
            self.tally.check("rows are counted", done["ledger_rows"] < 1 and done)
            self.tally.check("no file is left with it", (done["remaining"], files_with(home.data)) != ([], []) and
                             (done, files_with(home.data)))
            self.check("the chain verifies", home.run("audit", "verify", "--strict"), 0, "erased on purpose")
            self.check("signatures verify", home.run("audit", "verify", "--signed", "--strict", "--verification-key",
                                                     "op.seed.pub"), 0)
            self.check("the store is what the ledger says", home.run("audit", "verify", "--mirror", "--strict"), 0)
            self.check("what was signed before holds", home.run("audit", "verify", "--since", "then.checkpoint",
                                                                "--checkpoint-key", "op.seed.pub"), 0, "extends")
            self.check("search finds nothing", home.run("memory", "search", "9-31-7"), 0)
            self.check("recall finds nothing", home.run("recall", "vault opens 9-31-7"), 0)
            self.check("doctor is content", home.run("doctor", "--strict", "--deep"), 0)
            harness.must(home.run("backup", "--output", "bundle"))
            self.tally.check("a new bundle does not hold it", files_with(home.root / "bundle"))
            self.check("and verifies", home.run("restore", "verify-backup", "--deep", "--manifest",
                                                "bundle/BACKUP_MANIFEST"), 0)
            self.check("once is enough", home.run(*forget, "--confirm", memory), 7, "memory.erase.done")
            self.check("the other memory is still there", home.run("memory", "show", other), 0, "in the cellar")
            harness.must(home.run("ingest", home.session("t.json", range(50, 60))))
            self.check("the ledger goes on", home.run("audit", "verify", "--signed", "--strict", "--verification-key",
                                                      "op.seed.pub"), 0)
        return self.tally.finish()


if __name__ == "__main__":
    sys.exit(Erase(harness.program(__doc__)).run())
