#!/usr/bin/env python3
"""The life of what is learned: a transcript comes in, its sentences become memories, memories a principle, the principle
doctrine, doctrine part of a context pack; memories fade; and the ledger accounts for every row.

    tests/e2e/life.py [--bin build/release/cortex]
"""
import json
import pathlib
import shutil
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

SAMPLES = harness.DATA / "import"
SESSIONS = harness.DATA / "agents" / "session"
TRACE = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def session_events(count):
    return {"events": [harness.event(n, id=f"evt_01ARZ3NDEKTSV4RRFFQ69G5FB{n}", trace_id=TRACE) for n in
                       range(1, count + 1)]}


def reflection(events, **changes):
    """An answer with one memory for each event."""
    document = {"trace_id": TRACE,
                "episode_candidates": [{"summary": f"episode {i}", "source_event_ids": [e["id"]],
                                        "domains": ["build", f"d{i}"], "entities": [], "candidate_meaning": None,
                                        "confidence": 0.9} for i, e in enumerate(events)],
                "memory_candidates": [{"memory_type": "semantic", "claim": f"Claim number {i} \u00e9.",
                                       "source_episode_indexes": [i], "applies_when": [], "does_not_apply_when": [],
                                       "confidence": 0.8, "initial_salience": {
                                           "reusability": 0.5, "consequence": 0.25, "emotional_charge": 0.0}}
                                      for i, _ in enumerate(events)],
                "contradictions": [], "doctrine_suggestions": []}
    document.update(changes)
    return document


class Life:
    def __init__(self, binary):
        self.binary = binary
        self.tally = harness.Tally()

    def home(self):
        home = harness.Home.begun(self.binary)
        return home

    def json(self, home, *arguments, code=0):
        return json.loads(harness.must(home.run("--json", *arguments), code).stdout)["report"]

    def check(self, name, problem):
        return self.tally.check(name, problem)

    def accounted(self, name, home):
        run = home.run("--json", "audit", "verify", "--mirror", "--strict")
        self.check(f"{name}: the ledger accounts for every row", run.returncode and harness.said(run))

    def operator(self, home):
        seed = home.root / "op.seed"
        harness.must(home.run("key", "generate", "--principal", "ada", "--tier", "operator", "--output", seed))
        return seed

    # From a transcript to a backup.
    def whole_life(self):
        with self.home() as home:
            seed = self.operator(home)
            imported = self.json(home, "session", "import", SAMPLES / "claude-code.jsonl", "--user-attestation", seed,
                                 "--extract")
            first = imported["files"][0]
            self.check("a transcript becomes events", first["appended_count"] != 13 and first)
            self.check("sentences become candidates", first["proposed_count"] != 4 and first)
            before = home.ledger.read_bytes()
            again = self.json(home, "session", "import", SAMPLES / "claude-code.jsonl", "--user-attestation", seed,
                              "--extract")
            self.check("importing again changes nothing", home.ledger.read_bytes() != before or again["appended_count"])
            candidates = [row["memory_id"] for row in self.json(home, "memory", "candidates")["candidates"]]
            for memory in candidates:
                harness.must(home.run("memory", "accept", memory))
            found = json.loads(harness.must(home.run("principles", "extract", "--window", "all", "--model", "replay",
                                                     "--persist")).stdout)["candidate_principles"]
            if not self.check("memories make a principle", len(found) != 1 and found):
                return
            principle = found[0]["principle_id"]
            promote = ("principle", "promote", principle, "--force", "advisory", "--reason", "four cases",
                       "--attestation", seed)
            run = home.run(*promote)
            self.check("an untested principle is not promoted",
                       (run.returncode != 7 or b"principle_promotion.falsification" not in run.stderr)
                       and harness.said(run))
            harness.must(home.run("principle", "falsify", principle, "--failed-attempt", "looked for a counterexample"))
            run = home.run(*promote)
            if not self.check("a tested one is", run.returncode and harness.said(run)):
                return
            proof = json.loads(harness.must(home.run("principle", "verify-promotion", principle,
                                                     "--require-registered-key")).stdout)
            self.check("the promotion can be replayed", not proof["promotion_attestation_replay_verified"])
            pack = harness.must(home.run("context", "build", "--task", "ship the checkout", "--include-doctrine")).stdout
            self.check("doctrine is in the pack", proof["doctrine_id"].encode() not in pack and pack[:300])
            self.fade(home, candidates)
            harness.must(home.run("backup", "--output", home.root / "bk"))
            harness.must(home.run("restore", "verify-backup", "--manifest", home.root / "bk/BACKUP_MANIFEST"))
            self.accounted("whole life", home)
            shutil.copy(home.store, home.root / "kept.db")
            home.store.write_bytes(b"")
            for ending in ("-wal", "-shm"):
                pathlib.Path(f"{home.store}{ending}").unlink(missing_ok=True)
            listed = harness.must(home.run("memory", "list")).stdout
            self.check("a store made from the ledger alone remembers", b"whole cents" not in listed and listed[:300])
            self.accounted("after the rebuild", home)

    def fade(self, home, memories):
        job = self.json(home, "decay", "schedule", "--kind", "candidate-compression", "--memory-ids",
                        ",".join(memories[:2]), "--supersede-sources")
        done = self.json(home, "decay", "run", "--next-pending")
        self.check("a summary takes the place of its sources", sorted(done.get("superseded_sources", [])) !=
                   sorted(memories[:2]) and done)
        status = self.json(home, "decay", "status", job["job_id"])
        self.check("and stays linked to them", sorted(status["superseded_memory_ids"]) != sorted(memories[:2]) and status)
        states = dict(harness.query(home.store, "select id, status from memories"))
        self.check("they are superseded, it is active",
                   [states[m] for m in memories[:2]] != ["superseded"] * 2 or states[done["result_memory_id"]] != "active")

    # Two runners, one job each.
    def two_runners(self):
        with self.home() as home:
            notes = [self.json(home, "memory", "note", f"note {word}")["memory_id"] for word in ("alpha", "beta")]
            for _ in range(6):
                harness.must(home.run("decay", "schedule", "--kind", "candidate-compression", "--memory-ids",
                                      ",".join(notes)))
            done, lock = [], threading.Lock()

            def work():
                for _ in range(4):
                    run = home.run("--json", "decay", "run", "--next-pending")
                    if run.returncode == 0:
                        with lock:
                            done.append(json.loads(run.stdout)["report"]["job_id"])
            runners = [threading.Thread(target=work) for _ in range(2)]
            for runner in runners:
                runner.start()
            for runner in runners:
                runner.join()
            self.check("two runners: every job once", (len(done) != 6 or len(set(done)) != 6) and done)
            self.accounted("two runners", home)

    # Recorded answers, keyed by our own prompt.
    def prompt_hash(self, home, session):
        empty = home.root / "empty"
        empty.mkdir(exist_ok=True)
        (empty / "INDEX.toml").write_text("")
        run = home.run("session", "close", session, "--fixtures-dir", empty)
        self.check("no recording: 64, events kept", run.returncode != 64 and harness.said(run))
        return run.stderr.decode().split("prompt_hash=")[1][:64]

    def recordings(self, home, name, digest, text, document=None):
        folder = home.root / name
        folder.mkdir()
        response = {"text": text}
        if document is not None:
            response["parsed_json"] = document
        (folder / "close.json").write_text(json.dumps({
            "request_match": {"model": "replay-reflection-v1", "prompt_hash": digest}, "response": response}))
        (folder / "INDEX.toml").write_text(
            f'[[fixture]]\npath = "close.json"\nblake3 = "{self.blake3(home, folder / "close.json")}"\n')
        return folder

    def blake3(self, home, path):
        """The digest as the program's own refusal names it."""
        folder = home.root / "digest"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(path, folder / "close.json")
        (folder / "INDEX.toml").write_text('[[fixture]]\npath = "close.json"\nblake3 = "' + "0" * 64 + '"\n')
        said = home.run("session", "close", home.root / "s.json", "--fixtures-dir", folder)
        return said.stderr.decode().split('" has ')[1][:64]

    def golden(self, name, run, expected):
        want, got = json.loads((SESSIONS / expected).read_text()), json.loads(run.stdout)
        problem = [key for key in ("command", "exit_code", "outcome") if got[key] != want[key]]
        for key, value in want["report"].items():
            mine = got["report"].get(key)
            loose = key in ("detail", "activated_memory_ids")
            if (len(mine or []) == 0) != (len(value) == 0) if loose else mine != value:
                problem.append(f"{key}: {mine!r}, not {value!r}")
        self.check(f"session close: {name}", "; ".join(problem))

    def closing(self):
        with self.home() as home:
            session = home.root / "s.json"
            events = session_events(3)
            session.write_text(json.dumps(events))
            digest = self.prompt_hash(home, session)
            document = reflection(events["events"])
            good = self.recordings(home, "ok", digest, json.dumps(document), document)
            run = home.run("--json", "session", "close", session, "--fixtures-dir", good)
            self.golden("three events", run, "three-events.json")
            again = self.json(home, "session", "close", session, "--fixtures-dir", good)
            self.check("closing again changes nothing", (again["already_existed_count"] != 3 or again["activated_count"])
                       and again)
            self.check("episodes are kept", harness.query(home.store, "select count(*) from episodes") != [(3,)])
            for name, text in (("words", "not json"), ("foreign", json.dumps(reflection(events["events"],
                                                                                    trace_id="trc_" + harness.ulid(1)))),
                               ("dispute", json.dumps(reflection(events["events"], contradictions=["x"])))):
                run = home.run("--json", "session", "close", session, "--fixtures-dir",
                               self.recordings(home, name, digest, text))
                report = json.loads(run.stdout)["report"]
                self.check(f"hostile answer, {name}: nothing admitted",
                           (run.returncode or report["activated_count"] or not report["no_candidates"]) and report)
            audits = harness.query(home.store, "select count(*) from audit_records where operation ="
                                   " 'reflection_quarantine'")
            self.check("one audit record each", audits != [(3,)] and audits)
            (good / "close.json").write_text("{}")
            run = home.run("--json", "session", "close", session, "--fixtures-dir", good)
            self.golden("a tampered recording", run, "fixture-tampered.json")
            self.accounted("closing", home)

    # Everything learned goes out and comes back.
    def export(self):
        with self.home() as home:
            for sample in ("memory.jsonl", "mem0.json", "claude-mem.json", "note.md"):
                harness.must(home.run("session", "import", SAMPLES / sample))
            harness.must(home.run("memory", "note", "a --> b\n\u00fc"))
            out = {}
            for form in ("jsonl", "markdown"):
                harness.must(home.run("export", "--format", form, "--output", home.root / form))
                out[form] = (home.root / form).read_bytes()
            self.check("stdout gets the same bytes", home.run("export", "--format", "jsonl").stdout != out["jsonl"])
            for form in out:
                with self.home() as other:
                    refused = other.run("session", "import", home.root / form)
                    self.check(f"{form}: states are not taken over unasked", refused.returncode != 7)
                    harness.must(other.run("session", "import", home.root / form, "--as-is"))
                    back = other.run("export", "--format", "jsonl").stdout
                    self.check(f"{form}: comes back without loss", back != out["jsonl"])
                    self.accounted(form, other)

    # What an agent program calls.
    def hook(self, home, *arguments, call):
        begin = time.monotonic()
        run = home.run("hook", "run", *arguments, input=json.dumps(call).encode() if isinstance(call, dict) else call,
                       stdin=None)
        return run, time.monotonic() - begin

    def hooks(self):
        with self.home() as home:
            settings = home.root / ".claude/settings.json"
            settings.parent.mkdir()
            original = b'{\n  "model" : "opus",\n  "hooks": {"Stop": [ ]}\n}'
            settings.write_bytes(original)
            harness.must(home.run("hook", "install", "claude-code"))
            hooks = json.loads(settings.read_bytes())["hooks"]
            self.check("hooks are in the settings", sorted(hooks) != ["SessionEnd", "SessionStart", "Stop",
                                                                     "UserPromptSubmit"] and hooks)
            harness.must(home.run("hook", "uninstall"))
            self.check("uninstall restores byte for byte", settings.read_bytes() != original)
            for n in range(30):
                harness.must(home.run("memory", "note", f"the shop counts prices in cents, case {n}"))
            harness.must(home.run("recall", "prices"))
            call = {"session_id": "s", "cwd": "/srv/shop", "hook_event_name": "SessionStart", "source": "startup"}
            fastest = 9.0
            for _ in range(5):
                run, seconds = self.hook(home, "session-start", call=call)
                fastest = min(fastest, seconds)
            self.check("a session begins with what is remembered", b"prices in cents" not in run.stdout and run)
            self.check("in under 50 ms", fastest > 0.05 and f"{fastest:.3f} s")
            call = {"session_id": "s", "hook_event_name": "SessionEnd",
                    "transcript_path": str(SAMPLES / "claude-code.jsonl")}
            run, seconds = self.hook(home, "session-end", call=call)
            self.check("the end of a session does not wait", (run.returncode or seconds > 1) and seconds)
            deadline = time.monotonic() + 20
            while b"whole cents" not in home.ledger.read_bytes() and time.monotonic() < deadline:
                time.sleep(0.05)
            self.check("and the session is recorded", b"whole cents" not in home.ledger.read_bytes())
            for name, bad in (("no JSON", b"\xff"), ("nothing", b""), ("no transcript", {}),
                              ("a transcript that is gone", {"transcript_path": "/nowhere"})):
                for word in ("session-start", "user-prompt", "session-end"):
                    run, _ = self.hook(home, word, call=bad)
                    self.check(f"hook {word}, {name}: never stops the agent", (run.returncode or run.stdout) and run)
            home.store.write_bytes(b"no database at all, " * 400)
            run, _ = self.hook(home, "session-start", call=call)
            self.check("a broken store does not stop the agent", run.returncode and harness.said(run))

    def refusals(self):
        with self.home() as home:
            before = harness.tree(home.data)
            for name, arguments, code in (
                    ("no such file", ("session", "import", "/nowhere"), 7),
                    ("unknown format", ("session", "import", home.binary), 2),
                    ("unknown job", ("decay", "status", "dcy_" + harness.ulid(1)), 7),
                    ("no source", ("decay", "schedule", "--kind", "candidate-compression", "--memory-ids",
                                   "mem_" + harness.ulid(1)), 7),
                    ("nothing fades", ("decay", "schedule", "--kind", "candidate-compression", "--fading"), 7),
                    ("no principle", ("principle", "falsify", "prn_" + harness.ulid(1), "--failed-attempt", "x"), 7)):
                run = home.run(*arguments)
                self.check(f"refused: {name}", (run.returncode != code or not run.stderr.startswith(b"cortex "))
                           and harness.said(run))
            after = {name: data for name, data in harness.tree(home.data).items() if name == "events.jsonl"}
            self.check("refusals change nothing", after["events.jsonl"] != before["events.jsonl"])

    # Commands that print a report without an envelope give one when it is asked for.
    def envelopes(self):
        with self.home() as home:
            unknown = "prn_" + harness.ulid(1)
            for arguments, code, member in (
                    (("principles", "extract", "--window", "all", "--model", "replay"), 0, "candidate_principles"),
                    (("principles", "extract", "--window", "all", "--model", "other"), 2, "detail"),
                    (("principle", "promote", unknown, "--force", "advisory", "--reason", "x"), 7, "detail"),
                    (("principle", "verify-promotion", unknown), 7, "detail"),
                    (("reflect", "--trace", TRACE, "--model", "replay"), None, "detail"),
                    (("models", "list"), 0, None)):
                name = "cortex." + ".".join(word for word in arguments[:2] if not word.startswith("-"))
                # With logs, which are no part of what a command says.
                logged = {"prefix": ("env", "RUST_LOG=info")}
                plain, whole = home.run("--json", *arguments), home.run("--json=v2", *arguments, **logged)
                wanted = plain.returncode if code is None else code
                try:
                    document = json.loads(whole.stdout)
                except ValueError:
                    document = {}
                problem = (whole.returncode != wanted or plain.returncode != wanted or document.get("exit_code") != wanted
                           or document.get("command") != name.replace("-", "_")
                           or (member and member not in document["report"])
                           or b"command_completed" in whole.stdout or b"command_completed" not in whole.stderr)
                self.check(f"--json=v2 {' '.join(arguments[:2])}", problem and harness.said(whole))
                behind = home.run(*arguments, "--json=v2")
                self.check(f"{' '.join(arguments[:2])} --json=v2", (
                    behind.returncode != wanted or not behind.stdout.startswith(b'{\n  "command"')
                    or json.loads(behind.stdout)["report"] != document["report"]) and harness.said(behind))
                self.check(f"--json {' '.join(arguments[:2])} stays as it was",
                           plain.stdout.startswith(b'{\n  "command"') and harness.said(plain))

    # A transcript is closed as a session is, without being imported first.
    def transcripts(self):
        with self.home() as home:
            close = ("session", "close", SAMPLES / "claude-code.jsonl", "--extract")
            first = self.json(home, *close)
            self.check("a transcript is closed", (first["format"] != "claude-code" or not first["appended_count"]
                                                  or not first["proposed_count"] or not first["user_lines_skipped"]) and first)
            before = home.ledger.read_bytes()
            again = self.json(home, *close)
            self.check("closing it again changes nothing",
                       (home.ledger.read_bytes() != before or again["appended_count"]) and again)
            run = home.run("session", "close", SAMPLES / "claude-code.jsonl", "--format", "cortex")
            self.check("as a session of Cortex it is none", (run.returncode != 7 or b"session.close.ingest_failed" not in run.stderr)
                       and harness.said(run))
            self.accounted("a closed transcript", home)

    def run(self):
        self.envelopes()
        self.transcripts()
        self.whole_life()
        self.two_runners()
        self.closing()
        self.export()
        self.hooks()
        self.refusals()
        return self.tally.finish()


if __name__ == "__main__":
    sys.exit(Life(harness.program(__doc__)).run())
