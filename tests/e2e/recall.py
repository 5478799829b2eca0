#!/usr/bin/env python3
"""`cortex recall` from outside: bad input, a store without its index, a damaged one, writers at work.

    tests/e2e/recall.py [--bin build/release/cortex]
"""
import json
import pathlib
import sqlite3
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

TALK = [("Ann", "I bought a red bicycle yesterday"), ("Bob", "Which colour has it?"), ("Ann", "Red, as I said."),
        ("Bob", "The caf\u00e9 in \u6771\u4eac\u90fd was lovely"), ("Ann", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd"),
        ("Bob", "party \U0001F389\U0001F468\u200d\U0001F469\u200d\U0001F467 tonight"), ("Ann", "see src/app/recall.cc and parseHTTPBody")]


def talk(home, name="talk.json", start=1, rows=TALK):
    events = [harness.event(start + i, session_id="s", payload={"speaker": who, "text": text})
              for i, (who, text) in enumerate(rows)]
    path = home.root / name
    path.write_text(json.dumps({"events": events}))
    return home.run("ingest", path)


def recall(home, *arguments):
    result = home.run("--json", "recall", *arguments)
    if result.returncode != 0:
        return result, None
    return result, json.loads(result.stdout)["report"]


def ids(report):
    return [hit.get("event_id") or hit.get("memory_id") for hit in report["hits"]]


def check_related(tally, home):
    talk(home, "beach.json", 80_000, [("Ann", "Then the puppy ran into the waves")])
    _, report = recall(home, "Which pets does she have?")
    hit = report["hits"][0] if report["hits"] else {}
    tally.check("what is said where something is asked for is found", hit.get("event_id") != harness.event_id(80_000) and report)
    text = hit["snippet"]["text"].encode() if hit else b""
    marked = [text[a:b] for a, b in hit["snippet"]["highlight_ranges"]] if hit else []
    tally.check("and marked", marked != [b"puppy"] and (marked, text))


def check_found(tally, home):
    first = harness.event_id(1)
    for query in ("bicycle", "BICYCLES", '"red" AND (bicycle OR NOT boat) NEAR/3 *', "bicycle'; DROP TABLE events; --",
                  "bicycle \u0000"[:-1], "caf\u00e9 bicycle red yesterday"):
        _, report = recall(home, query)
        tally.check(f"found: {query!r}", not report or not report["hits"] or first not in ids(report))
    for query, number in (("\u4eac\u90fd", 4), ("CAFE", 4), ("\u05e9\u05dc\u05d5\u05dd", 5), ("src/app/recall.cc", 7),
                          ("http body", 7)):
        _, report = recall(home, query)
        tally.check(f"found: {query}", not report["hits"] or ids(report)[0] != harness.event_id(number))


def check_bad_input(tally, home):
    for query in ("", " \t\n"):
        result, _ = recall(home, query)
        tally.check(f"empty query {query!r}", result.returncode != 2 and harness.said(result))
    for query in ("the of and", "\U0001F389", "zzqxv", "...", "\u200d\u0301", "x" * 100_000):
        result, report = recall(home, query)
        tally.check(f"nothing to find: {query[:20]!r}", report is None or report["hits"] != [] or result.returncode)
    result = home.run("recall", b"bicycle \xff\xfe red")
    tally.check("invalid UTF-8", b"bicycle" not in result.stdout and harness.said(result))
    long = "bicycle " * 12_000  # one argument may have 128 KiB
    _, report = recall(home, long)
    tally.check("a very long question", not report["hits"] or not report["notes"])
    for flags in (["--limit", "0"], ["--limit", "x"], ["--since", "soon"], ["--kind", "cats"], ["--budget-tokens", "0"],
                  ["--offset", "-1"]):
        tally.check(f"refused: {flags}", home.run("recall", "x", *flags).returncode != 2)


def check_reply(tally, home):
    _, report = recall(home, "bicycle red")
    hit = report["hits"][0]
    missing = {"event_id", "kind", "score", "snippet", "session", "time", "speaker", "trust", "provenance"} - set(hit)
    tally.check("keys of a hit", missing)
    text = hit["snippet"]["text"].encode()
    words = [text[a:b].decode() for a, b in hit["snippet"]["highlight_ranges"]]
    tally.check("ranges of the snippet", words != ["red", "bicycle"] and words)
    scores = [h["score"] for h in report["hits"]]
    tally.check("best first", scores != sorted(scores, reverse=True))
    _, one = recall(home, "bicycle red", "--limit", "1")
    tally.check("next_offset", one["next_offset"] != 1)
    _, two = recall(home, "bicycle red", "--limit", "1", "--offset", "1")
    tally.check("offset", ids(one) + ids(two) != ids(report)[:2])
    for budget in (1, 100, 200, 400, 1000):
        result, report = recall(home, "bicycle red party", "--budget-tokens", str(budget))
        printed = len(json.dumps(report["hits"], separators=(",", ":"), ensure_ascii=False).encode())
        tally.check(f"budget {budget}", report["hits"] and printed > 4 * budget and printed)
    runs = {recall(home, "red bicycle colour")[0].stdout.split(b'"correlation_id"')[0] for _ in range(5)}
    tally.check("the same answer again", len(runs) != 1)
    plain = home.run("recall", "bicycle", "--explain")
    tally.check("text for people", (plain.returncode or b"bicycle" not in plain.stdout or b"\x1b" in plain.stdout)
                and harness.said(plain))


def check_index(tally, home):
    _, before = recall(home, "bicycle red colour")
    damages = ["DROP TABLE cortex_recall", "DELETE FROM cortex_recall", "UPDATE cortex_recall SET format = 99",
               "UPDATE cortex_recall_docs SET terms = x'ff'", "DELETE FROM cortex_recall_docs",
               "DELETE FROM cortex_recall_blocks", "UPDATE cortex_recall SET docs = 3"]
    for damage in damages:
        with sqlite3.connect(home.store) as db:
            db.execute(damage)
        db.close()
        result, after = recall(home, "bicycle red colour")
        tally.check(f"after {damage}", (after is None or after["hits"] != before["hits"] or not after["notes"])
                    and harness.said(result))
    with sqlite3.connect(home.store) as db:
        db.execute("DELETE FROM events WHERE id = ?", (harness.event_id(1),))
    db.close()
    _, after = recall(home, "bicycle")
    tally.check("a deleted row comes back from the ledger", harness.event_id(1) not in ids(after))


def check_writers(tally, home):
    """Searches never fail, and find whatever was acknowledged before they began."""
    acknowledged, problems, stop = [], [], threading.Event()

    def write():
        for number in range(100, 125):
            rows = [("Ann", f"token{number}x of the day")]
            if talk(home, f"w{number}.json", number, rows).returncode == 0:
                acknowledged.append(number)
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not stop.is_set():
        known = acknowledged[-1:] or [None]
        result, report = recall(home, f"token{known[0]}x" if known[0] else "bicycle")
        if report is None or (known[0] and harness.event_id(known[0]) not in ids(report)):
            problems.append(harness.said(result))
    writer.join()
    tally.check("acknowledged while writing", problems[:1])
    tally.check("all were written", len(acknowledged) != 25 and acknowledged)


def check_read_only(tally, home):
    """A store that another program holds, and one that cannot be written, are searched as they are."""
    with sqlite3.connect(home.store, isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        _, report = recall(home, "bicycle")
        tally.check("a store that is locked", not report or harness.event_id(1) not in ids(report))
        db.execute("ROLLBACK")
    db.close()


def static_model(folder, boat=1.0):
    """Three tokens: "lamp" and "lantern" mean the same."""
    folder.mkdir(exist_ok=True)
    header = json.dumps({"embeddings": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}}).encode()
    data = struct.pack("<6f", 1, 0, 1, 0, 0, boat)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    (folder / "vocab.txt").write_text("lamp\nlantern\nboat\n")


def check_vectors(tally, home):
    talk(home, "lights.json", 90_000, [("Ann", "my lantern is dim"), ("Bob", "the boat leaks")])
    model = home.root / "model"
    static_model(model)
    _, report = recall(home, "lamp")
    tally.check("no vectors unless they are asked for", report["hits"] != [])
    _, report = recall(home, "lamp", "--vectors", model, "--explain")
    tally.check("what means the same is found", not report["hits"] or ids(report)[0] != harness.event_id(90_000))
    tally.check("and explained", not report["hits"] or report["hits"][0]["explanation"].get("vectors", 0) <= 0)
    result = home.run("--json", "recall", "lamp", prefix=("env", f"CORTEX_RECALL_VECTORS={model}"))
    report = json.loads(result.stdout)["report"]
    tally.check("the environment names a model", harness.event_id(90_000) not in ids(report))
    settings = home.root / "config" / "cortex" / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"[recall]\nvectors = {json.dumps(str(model))}\n")
    _, report = recall(home, "lamp")
    tally.check("the configuration names a model", not report or harness.event_id(90_000) not in ids(report))
    settings.unlink()
    result, _ = recall(home, "lamp", "--vectors", home.root / "none")
    tally.check("a missing model is an error", result.returncode != 7 and harness.said(result))
    _, report = recall(home, "unheard", "--vectors", model)
    tally.check("no vectors were compared: a note says so", "no vectors were compared" not in "".join(report["notes"]))
    with sqlite3.connect(home.store) as db:
        db.execute("UPDATE cortex_recall_vectors SET data = x'00'")
    db.close()
    _, report = recall(home, "lamp", "--vectors", model)
    notes = "; ".join(report["notes"])
    tally.check("damaged vectors are made again", not report["hits"] or ids(report)[0] != harness.event_id(90_000))
    tally.check("and notes say only what is true now", "built anew" not in notes or "not brought up to date" in notes)
    static_model(model, 0.5)
    _, report = recall(home, "lamp", "--vectors", model)
    tally.check("another model: vectors are made again", not report["hits"] or report["notes"])
    (model / "model.safetensors").write_bytes(b"\xff" * 64)
    result, _ = recall(home, "lamp", "--vectors", model)
    tally.check("a damaged model is an error", result.returncode != 7 or b"safetensors" not in result.stderr)
    result = home.run("doctor", "--repair")
    tally.check("doctor finds the vectors in order", result.returncode)


def main():
    tally = harness.Tally()
    with harness.Home(harness.program(__doc__)) as home:
        result = home.run("recall", "x")
        tally.check("no store", result.returncode != 7 and harness.said(result))
        home.run("init")
        _, report = recall(home, "anything")
        tally.check("an empty store", not report or report["hits"])
        tally.check("ingest", talk(home).returncode)
        for check in (check_found, check_bad_input, check_reply, check_index, check_writers, check_read_only,
                      check_related, check_vectors):
            check(tally, home)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
