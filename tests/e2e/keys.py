#!/usr/bin/env python3
"""Keys from the outside: made, registered, rotated, revoked; a ledger that is signed from its first row on.

    tests/e2e/keys.py [--bin build/release/cortex]
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

SEED = bytes([7]) * 32
PUBLIC = bytes.fromhex("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c")
GENERATE = ("key", "generate", "--principal", "anna", "--tier", "operator", "--output")


class Keys:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def home(self):
        home = harness.Home.begun(self.binary)
        return home

    def expect(self, name, run, code, text=""):
        return self.tally.check(name, harness.unexpected(run, code, text))

    def report(self, run):
        return json.loads(harness.must(run).stdout)["report"]

    def generated(self):
        with self.home() as home:
            made = self.report(home.run("--json", *GENERATE, "op.seed"))
            seed, public = home.root / "op.seed", home.root / "op.seed.pub"
            self.tally.check("seed: 32 bytes, 0600", (seed.stat().st_size, seed.stat().st_mode & 0o777) != (32, 0o600))
            self.tally.check("key id is the public key", made["key_id"] != public.read_bytes().hex() and made)
            before = home.ledger.read_bytes()
            self.expect("a key file is never replaced", home.run(*GENERATE, "op.seed"), 7, "key.file_exists")
            self.tally.check("and nothing is recorded", home.ledger.read_bytes() != before)
            hidden = [seed.read_bytes().hex(), str(list(seed.read_bytes()))]
            shown = []
            for command in (("key", "list"), ("key", "show", "--seed", seed), ("--json", "key", "show", "--seed", seed),
                            ("log",), ("--print-config",)):
                run = harness.must(home.run(*command))
                shown.append((run.stdout + run.stderr).decode())
            shown.append(home.ledger.read_bytes().decode())
            self.tally.check("the seed is shown nowhere", [h for h in hidden if any(h in text for text in shown)])

    def refused(self):
        with self.home() as home:
            key = home.root / "k.pub"
            register = ("key", "register", "--public-key", key, "--principal", "anna", "--tier", "operator")
            field = bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
            bad = {"empty": b"", "short": bytes(31), "long": bytes(33), "hex text": PUBLIC.hex().encode(),
                   "final newline": PUBLIC + b"\n", "low order": bytes(32), "identity": b"\x01" + bytes(31),
                   "not canonical": field}
            for name, data in bad.items():
                key.write_bytes(data)
                self.expect(f"public key: {name}", home.run(*register), 7)
            for name, data in (("seed too short", SEED[:31]), ("seed too long", SEED + b"\n")):
                key.write_bytes(data)
                self.expect(name, home.run("key", "show", "--seed", key), 7, "exactly 32 raw bytes")
            self.tally.check("nothing is recorded", home.ledger.read_bytes())
            key.write_bytes(PUBLIC)
            self.expect("tier that no key may have", home.run(*register[:-1], "observed"), 2)
            self.expect("nobody named", home.run("key", "show"), 2, "--key-id, --public-key or --seed")
            self.expect("two names", home.run("key", "show", "--key-id", "a", "--seed", key), 2)
            self.expect("unknown principal", home.run(*register[:-2]), 7, "key.principal")
            self.expect("not yet", home.run(*register, "--effective-at", "2999-01-01"), 7, "key.time_out_of_order")
            self.expect("no time", home.run(*register, "--effective-at", "soon"), 2)
            self.expect("unknown id", home.run("key", "revoke", "nobody"), 7, "key.unknown")
            harness.must(home.run(*register))
            self.expect("registered twice", home.run(*register), 7, "key.registered")
            harness.must(home.run("key", "revoke", PUBLIC.hex(), "--reason", "a test"))
            self.expect("revoked twice", home.run("key", "revoke", PUBLIC.hex()), 7, "key.revoked")
            self.expect("a revoked key does not come back", home.run(*register, "--key-id", "other"), 7, "key.revoked")
            self.expect("the store is what the ledger says", home.run("audit", "verify", "--mirror", "--strict"), 0)
            home.store.unlink()
            self.expect("no store", home.run("key", "list"), 7)

    def clock(self):
        """A key that was registered by a clock far ahead is not revoked in its own past."""
        with self.home() as home:
            harness.must(home.run(*GENERATE, "op.seed"))
            made = self.report(home.run("--json", "key", "list"))["keys"][0]["key_id"]
            run = home.run("key", "revoke", made, "--effective-at", "1970-01-01")
            self.expect("revoked before it began", run, 7, "key.time_out_of_order")

    def signed(self):
        """From the registration on every row is signed, over a rotation, by whichever command writes it."""
        with self.home() as home:
            harness.must(home.run(*GENERATE, "op.seed", "--sign"))
            harness.must(home.run("ingest", home.session("s.json", range(1, 4)), "--sign", "op.seed"))
            verify = ("audit", "verify", "--signed", "--strict", "--verification-key", "op.seed.pub")
            self.expect("signed by ingest", home.run(*verify), 0, "every row is signed, 4 signatures")
            harness.must(home.run("key", "rotate", "--seed", "op.seed", "--output", "op2.seed"))
            self.expect("rotation in a signed ledger", home.run(*verify), 0, "6 signatures")
            session = home.session("t.json", range(4, 6))
            self.expect("the old key signs no more", home.run("ingest", session, "--sign", "op.seed"), 7,
                        "ledger.signer_not_active")
            other = home.root / "other.seed"
            other.write_bytes(SEED)
            self.expect("a stranger signs nothing", home.run("ingest", session, "--sign", other), 7)
            config = home.root / "config.toml"
            config.write_text(f'[ledger]\nsigning_seed = "{home.root / "op2.seed"}"\n')
            folder = home.root / "config" / "cortex"
            folder.mkdir(parents=True)
            config.rename(folder / "config.toml")
            harness.must(home.run("memory", "note", "water boils at 100 degrees at sea level"))
            harness.must(home.run("ingest", session))
            self.expect("signed as configured", home.run(*verify), 0, "9 signatures")
            self.expect("and mirrored", home.run("audit", "verify", "--mirror", "--strict"), 0)
            rows = home.ledger.read_bytes().splitlines(keepends=True)
            bare = json.loads(rows[-1])
            del bare["signature"]
            home.ledger.write_bytes(b"".join(rows[:-1]) + json.dumps(bare, separators=(",", ":")).encode() + b"\n")
            self.expect("a row unsigned", home.run(*verify), 3, "MissingSignature")

    def named(self):
        """A key with a name of its own is the same key wherever its signatures are judged."""
        with self.home() as home:
            harness.must(home.run(*GENERATE, "op.seed", "--key-id", "op", "--sign"))
            harness.must(home.run("ingest", home.session("s.json", range(1, 4)), "--sign", "op.seed"))
            verify = ("audit", "verify", "--signed", "--strict", "--verification-key", "op.seed.pub")
            self.expect("signed by a named key", home.run(*verify), 0, "every row is signed, 4 signatures")
            report = self.report(home.run("--json", *verify))
            self.tally.check("it is registered", [s for s in report["signed_verification"]["signers"]
                                                  if not s["registered"]])
            noted = harness.must(home.run("--json", "memory", "note", "water boils at 100 degrees at sea level"))
            memory = json.loads(noted.stdout)["report"]["memory_id"]
            harness.must(home.run("memory", "outcome", "record", "--memory-id", memory, "--session", "s",
                                  "--result", "validated", "--scope", "kitchen", "--evidence", "pot",
                                  "--attestation", "op.seed"))
            harness.must(home.run("key", "rotate", "--seed", "op.seed", "--output", "op2.seed"))
            self.expect("rotated", home.run("key", "show", "--key-id", "op"), 0, "retired")

    def configured(self):
        """A ledger without signed rows goes to the new key by whatever path the old one is named."""
        with self.home() as home:
            harness.must(home.run(*GENERATE, "op.seed"))
            folder = home.root / "config" / "cortex"
            folder.mkdir(parents=True)
            config = folder / "config.toml"
            config.write_text(f'[ledger]\nsigning_seed = "{home.root / "op.seed"}"\n')
            harness.must(home.run("key", "rotate", "--seed", "op.seed", "--output", "op2.seed"))
            config.write_text(f'[ledger]\nsigning_seed = "{home.root / "op2.seed"}"\n')
            self.expect("the new key signs", home.run("memory", "note", "water boils at 100 degrees"), 0)

    def unregistered(self):
        with self.home() as home:
            seed = home.root / "k.seed"
            seed.write_bytes(SEED)
            session = home.session("s.json", [1])
            self.expect("a key that nobody registered signs nothing", home.run("ingest", session, "--sign", seed), 7,
                        "ledger.append_signed.key_state_current_use")
            self.tally.check("nothing is appended", home.ledger.read_bytes())

    def run(self):
        for case in (self.generated, self.refused, self.clock, self.signed, self.named, self.configured,
                     self.unregistered):
            case()
        return self.tally.finish()


if __name__ == "__main__":
    sys.exit(Keys(harness.program(__doc__)).run())
