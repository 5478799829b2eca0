#!/usr/bin/env python3
"""Memories from outside: the life of one, both times, bad input, and random histories of verbs against a simple model.

    tests/e2e/memory.py --bin build/release/cortex
"""
import json
import pathlib
import random
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402  the folder above is on the path only now

GHOST = "mem_01KG0000000000000000000001"
HISTORIES, STEPS, SEED = 2, 25, 6


def unless(holds, seen):
    """What to tell when it does not hold, also where nothing was seen."""
    return "" if holds else f"seen: {seen}"


def ask(home, *words, code=0):
    """The envelope of a run that must end with `code`."""
    run = home.run("--json", "memory", *words)
    if run.returncode != code:
        raise RuntimeError(f"{words}: wanted exit {code}, {harness.said(run)}")
    return json.loads(run.stdout)["report"]


def note(home, claim, *words):
    return ask(home, "note", claim, *words)["memory_id"]


def now():
    time.sleep(0.002)     # the next operation gets another millisecond
    seconds, nanos = divmod(time.time_ns(), 10**9)  # read once: two readings may lie in two seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{nanos:09d}Z"


def held(home, *words):
    return {row["memory_id"] for row in ask(home, "list", *words)["matches"]}


def everything(home):
    """What the tables say of memories, without what belongs to the ledger."""
    tables = {"memories": "id", "contradictions": "id", "memory_session_uses": "memory_id, session_id",
              "outcome_memory_relations": "outcome_ref", "audit_records": "id",
              "memory_supersessions": "source_memory_id", "cortex_memory_history": "memory_id, seq"}
    with sqlite3.connect(home.store) as store:
        return {name: store.execute(f"select * from {name} order by {key}").fetchall()
                for name, key in tables.items()}


def rebuild(home):
    """The store made again from nothing but the ledger."""
    for path in home.data.glob("cortex.db*"):
        path.unlink()
    harness.must(home.run("init"))
    harness.must(home.run("doctor", "--repair"))


def without_numbers(tables):
    """The running numbers of the history depend on nothing but order, which sorting keeps."""
    return {name: [row[1:] if name == "cortex_memory_history" else row for row in rows]
            for name, rows in tables.items()}


def life_of_a_memory(binary, tally):
    with harness.Home.begun(binary) as home:
        first = note(home, "the port is 8080", "--domain", "net", "--reason", "read in the file")
        before = now()
        second = ask(home, "correct", first, "the port is 8443", "--reason", "measured")["memory_id"]
        tally.check("the corrected claim is listed, the wrong one not", held(home) ^ {second})
        tally.check("before, the other one was believed", held(home, "--as-of", before) ^ {first})
        tally.check("a wrong claim held at no time", held(home, "--valid-at", before) ^ {second})
        states = [row["status"] for row in ask(home, "history", first)["versions"]]
        tally.check("history", unless(states == ["active", "superseded"], states))
        changes = ask(home, "diff", "--since", before)["changes"]
        tally.check("diff", unless({row["memory_id"] for row in changes} == {first, second}, changes))
        ask(home, "restore", first)
        ask(home, "reject", second, "--reason", "no")
        tally.check("restored and rejected", held(home) ^ {first})
        ask(home, "outcome", "record", "--memory-id", first, "--session", "s", "--result", "helpful", "--note", "n")
        again = ask(home, "outcome", "record", "--memory-id", first, "--session", "s", "--result", "helpful")
        tally.check("a second use in one session counts", unless(again["use_count"] == 2, again))
        shown = ask(home, "show", first)
        tally.check("the note is kept", unless(shown["outcomes"][0]["note"] == "n", shown["outcomes"]))
        standing = shown["epistemic"] | shown["cross_session"]
        tally.check("what it is taken for, and its use apart from it", unless(standing == {
            "proof": "full_chain_verified", "truth": "supported", "usefulness": standing["usefulness"], "penalty": 0.0,
            "penalty_applies": True, "quarantine_due": False} and 0.19 < standing["usefulness"] < 0.21, standing))
        tally.check("proof", unless(shown["proof_state"] == "full_chain_verified", shown["proof_state"]))
        tally.check("why", unless(ask(home, "why", first)["usable_by_default"], "not usable"))
        pair = ask(home, "contradiction", "add", first, note(home, "the port is closed"))
        tally.check("a contradiction speaks against it", unless(not ask(home, "why", first)["usable_by_default"], "?"))
        ask(home, "contradiction", "interpret", pair["contradiction_id"], "--interpretation", "two machines")
        ask(home, "contradiction", "resolve", pair["contradiction_id"], "--interpretation", "measured", "--winner", first)
        row = ask(home, "contradiction", "list")["contradictions"][0]
        tally.check("the winner is selected", unless(row["resolution"]["selected"] == first, row))
        ask(home, "contradiction", "resolve", pair["contradiction_id"], "--interpretation", "x", code=7)
        harness.must(home.run("audit", "verify"))
        kept = without_numbers(everything(home))
        rebuild(home)
        tally.check("the ledger alone gives the same memories",
                    [k for k, v in without_numbers(everything(home)).items() if v != kept[k]])


def write_gate(binary, tally):
    with harness.Home.begun(binary) as home:
        secret = "ghp_" + "a1B2" * 9
        report = ask(home, "note", f"the token is {secret}")
        tally.check("a secret is taken out", unless("[redacted:github_token]" in report["claim"], report))
        raw = b"".join(p.read_bytes() for p in home.data.rglob("*") if p.is_file())
        tally.check("and reached no file", "it did" if secret.encode() in raw else "")
        run = home.run("--json", "memory", "note", "--", "-----BEGIN " + "PRIVATE KEY-----")
        tally.check("a private key is refused", unless(run.returncode == 7, harness.said(run)))
        one = note(home, "the deploy of the shop waits for the migration of the ledger")
        near = ask(home, "note", "The deploy of the shop waits for the migration of the ledger!")
        tally.check("a near duplicate is named", unless(near["near_duplicates"][0]["memory_id"] == one, near))
        ask(home, "note", f"{one} says: the deploy of the shop waits for the migration of the ledger", code=7)
        config = home.root / "config/cortex/config.toml"
        config.parent.mkdir(parents=True)
        config.write_text('[memory.write_gate]\nduplicates = "refuse"\nsecrets = "refuse"\n')
        ask(home, "note", "the deploy of the shop waits for the migration of the ledger", code=7)
        ask(home, "note", "the deploy of the shop waits for the migration of the ledger", "--allow-duplicate")
        ask(home, "note", f"the token is {secret}", code=7)
        config.write_text('[memory.write_gate]\nsecrets = "maybe"\n')
        ask(home, "note", "x", code=2)


def bad_input(binary, tally):
    with harness.Home.begun(binary) as home:
        size = home.ledger.stat().st_size
        cases = [(["note", " "], 2), (["note", "x", "--confidence", "nan"], 2), (["note", "x", "--confidence", "1.01"], 2),
                 (["note", "x", "--confidence", "wide"], 2), (["note", "\udcff\udcfe"], 2),
                 (["note", "x", "--valid-from", "soon"], 2),
                 (["note", "x", "--valid-from", "2026-02-02", "--valid-until", "2026-02-01"], 2),
                 (["show", GHOST], 7), (["show", "mem_1"], 2), (["why", GHOST], 7), (["history", GHOST], 7),
                 (["reject", GHOST], 7), (["restore", GHOST], 7), (["correct", GHOST, "x"], 7),
                 (["supersede", GHOST, "--by", GHOST], 7), (["accept", GHOST], 7), (["accept", "x"], 2),
                 (["tag", "add", GHOST, "t"], 7), (["tag", "add", GHOST, " "], 7),
                 (["outcome", "record", "--memory-id", GHOST, "--session", " ", "--result", "helpful"], 2),
                 (["outcome", "record", "--memory-id", GHOST, "--session", "s", "--result", "validated"], 2),
                 (["outcome", "record", "--memory-id", GHOST, "--session", "s", "--result", "helpful"], 7),
                 (["health", "--older-than", "99999999999999999999"], 2), (["health", "--older-than", "4000000"], 2),
                 (["health", "--confidence-below", "nan"], 2), (["list", "--as-of", "262143-99-99"], 2),
                 (["list", "--status", "gone"], 2), (["diff", "--since", "x"], 2),
                 (["contradiction", "add", GHOST, GHOST], 7), (["contradiction", "resolve", "con_1", "--interpretation", "x"], 2)]
        for words, code in cases:
            run = home.run("--json", "memory", *words)
            good = run.returncode == code and (run.stdout or run.stderr)
            tally.check(f"{ascii(words)} ends with {code}", unless(good, harness.said(run)))
        tally.check("nothing of it is in the ledger", unless(home.ledger.stat().st_size == size, "it grew"))
        known = note(home, "it is known")
        run = home.run("--json", "memory", "outcome", "record", "--memory-id", known, "--session", "s", "--result", "validated",
                       "--scope", "a", "--evidence", "b", "--attestation", "no-such-seed")
        told = json.loads(run.stdout)["report"]["memory_id"]
        tally.check("a refused validation names the memory that was looked at", unless(run.returncode and told == known, told))
        harness.must(home.run("memory", "reject", known))
        odd = note(home, "bell \a and \x1b[31mred")
        run = home.run("memory", "list")
        tally.check("no control character leaves", unless(b"\x1b" not in run.stdout, run.stdout))
        with sqlite3.connect(home.store) as store:
            store.execute("pragma ignore_check_constraints = 1")
            store.execute("update memories set domains_json = '[1e999]' where id = ?", (odd,))
        good = note(home, "a good one")
        report = ask(home, "list")
        tally.check("one unreadable row is named, the rest is listed",
                    unless([m["memory_id"] for m in report["matches"]] == [good] and
                           report["unreadable"][0]["memory_id"] == odd, report))
        with sqlite3.connect(home.store) as store:
            store.execute("update memories set domains_json = ? where id = ?",
                          (json.dumps([f"tag {n}" for n in range(100_000)]), good))
        report = ask(home, "list", "--tag", "tag 99999")
        tally.check("a memory with 100,000 tags is found by the last of them",
                    unless([m["memory_id"] for m in report["matches"]] == [good], "it is not"))
        ask(home, "tag", "add", good, "one more")
        tally.check("and can be given another", unless(len(ask(home, "show", good)["memory"]["domains_json"]) == 100_001, "?"))
        pack = json.loads(harness.must(home.run("context", "build", "--task", "a good one")).stdout)
        tally.check("no pack breaks its budget for them", unless(not pack["selected_refs"] and pack["exclusions"], "it did"))


class Model:
    """States, tags and uses of memories, and what was believed when."""

    def __init__(self):
        self.state, self.tags, self.uses, self.before, self.past = {}, {}, {}, {}, []
        self.erased = set()

    def move(self, one, to):
        self.before[one], self.state[one] = self.state[one], to

    def active(self):
        return {one for one, state in self.state.items() if state == "active"}


def step(home, model, dice, number):
    verb = dice.choice(["note", "note", "reject", "supersede", "correct", "restore", "tag", "untag", "outcome", "forget"])
    known = sorted(model.state)
    if verb == "note" or not known:
        one = note(home, f"fact number {number} of {dice.random()}", "--domain", "d")
        model.state[one], model.tags[one], model.uses[one] = "active", ["d"], 0
        return
    one, other = dice.choice(known), dice.choice(known)
    state = model.state[one]
    if verb == "reject":
        good = state in ("active", "candidate")
        ask(home, "reject", one, code=0 if good else 7)
        if good:
            model.move(one, "rejected")
    elif verb == "supersede":
        good = state == "active" and model.state[other] == "active" and one != other
        ask(home, "supersede", one, "--by", other, code=0 if good else 7)
        if good:
            model.move(one, "superseded")
    elif verb == "correct":
        good = state == "active"
        report = ask(home, "correct", one, f"right number {number} of {dice.random()}", code=0 if good else 7)
        if good:
            new = report["memory_id"]
            model.state[new], model.tags[new], model.uses[new] = "active", list(model.tags[one]) or ["operator_note"], 0
            model.move(one, "superseded")
    elif verb == "restore":
        good = state in ("rejected", "superseded") and one not in model.erased
        ask(home, "restore", one, code=0 if good else 7)
        if good:
            model.state[one] = model.before[one]
    elif verb == "forget":
        ask(home, "forget", one, "--erase", "--confirm", one, "--reason", "a test", code=7 if one in model.erased else 0)
        if one not in model.erased and state == "active":
            model.move(one, "rejected")
        model.erased.add(one)
    elif verb in ("tag", "untag"):
        tag = dice.choice("abd")
        ask(home, "tag", "add" if verb == "tag" else "remove", one, tag)
        model.tags[one] = [t for t in model.tags[one] if t != tag] + ([tag] if verb == "tag" else []) \
            if verb == "untag" or tag not in model.tags[one] else model.tags[one]
    else:
        ask(home, "outcome", "record", "--memory-id", one, "--session", dice.choice("st"), "--result", "helpful",
            code=0 if state == "active" else 7)
        model.uses[one] += state == "active"


def agrees(home, model):
    with sqlite3.connect(home.store) as store:
        rows = store.execute("select id, status, domains_json, coalesce(cross_session_use_count, 0) from memories").fetchall()
    got = {row[0]: (row[1], json.loads(row[2]), row[3]) for row in rows}
    want = {one: (model.state[one], model.tags[one], model.uses[one]) for one in model.state}
    return {one: (got.get(one), want.get(one)) for one in got.keys() | want.keys() if got.get(one) != want.get(one)}


def random_histories(binary, tally):
    for history in range(HISTORIES):
        dice, model = random.Random(SEED + history), Model()
        with harness.Home.begun(binary) as home:
            for number in range(STEPS):
                step(home, model, dice, number)
                if number % 5 == 4:
                    model.past.append((now(), model.active()))
            tally.check(f"history {history}: every state", agrees(home, model))
            for moment, active in model.past:
                got = held(home, "--as-of", moment)
                tally.check(f"history {history}: as of {moment}", got ^ active)
                found = {row["memory_id"] for row in ask(home, "search", "number fact right", "--limit", 1000, "--as-of", moment)["matches"]}
                tally.check(f"history {history}: found as of {moment}", found ^ (active - model.erased))
                pack = harness.must(home.run("context", "build", "--task", "t", "--max-tokens", 100000, "--as-of", moment))
                used = {ref["ref_id"]["memory_id"] for ref in json.loads(pack.stdout)["selected_refs"]}
                tally.check(f"history {history}: packed as of {moment}", used ^ (active - model.erased))
            kept = without_numbers(everything(home))
            rebuild(home)
            tally.check(f"history {history}: replay of the ledger",
                        [k for k, v in without_numbers(everything(home)).items() if v != kept[k]])
            for moment, active in model.past:
                tally.check(f"history {history}: replayed, as of {moment}", held(home, "--as-of", moment) ^ active)


def main():
    binary, tally = harness.program(__doc__), harness.Tally()
    for test in (life_of_a_memory, write_gate, bad_input, random_histories):
        test(binary, tally)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
