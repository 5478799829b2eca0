#!/usr/bin/env python3
"""Hold the program to docs/formats.md with a second reader: stores, the search index, imports, keys, agents.

    tests/formats/stores.py [--bin build/release/cortex]

The store is compared with what the ledger's operations make of it by the rules of the document; see formats.py.
"""
import json
import os
import random
import re
import shutil
import struct
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "servers")]
import harness  # noqa: E402
import index  # noqa: E402
import mcp_frames  # noqa: E402
import models  # noqa: E402
import papers  # noqa: E402
import snapshots as snapshot_of  # noqa: E402
import store  # noqa: E402
from canonical import canonical  # noqa: E402
from formats import Home, blocks_of, reads, refuses, spelled  # noqa: E402
from primitives import blake3, digest  # noqa: E402
from reader import Ledger  # noqa: E402

SAMPLES = harness.DATA / "import"


def compared(tally, name, home):
    """Mirror and projection of the store, by the reader and by the program; returns the ledger."""
    ledger = Ledger(home.ledger)
    tally.check(f"{name}: rows", spelled(ledger) or ledger.failures())
    reads(tally, f"{name}: mirror", lambda: store.mirror(home.store, ledger), len(ledger.rows))
    reads(tally, f"{name}: what the operations make is what the store has", lambda: store.differences(home.store, ledger), [])
    reads(tally, f"{name}: private tables follow from the others", lambda: store.derived(home.store) >= 0)
    home.do("audit", "verify", "--mirror", "--strict")
    return ledger


def first(home, *arguments):
    """The first id of a kind that a command names."""
    return re.search(r"\b(mem|con|dcy|prn)_[0-9A-Z]{26}\b", home.do(*arguments).stdout.decode())[0]


def memories(home, seed):
    """Every operation on memories, contradictions, packs and decay jobs."""
    fridays = home.note("Deploys run on Fridays at noon", "--domain", "ops")
    never = home.note("Deploys never run on Fridays", "--domain", "ops")
    mondays = home.note("Deploys run on Mondays", "--domain", "ops")
    home.do("memory", "tag", "add", fridays, "extra")
    home.do("memory", "tag", "remove", fridays, "ops")
    dispute = first(home, "memory", "contradiction", "add", fridays, never, "--reason", "cannot both")
    home.do("memory", "contradiction", "interpret", dispute, "--interpretation", "one is old")
    home.do("memory", "contradiction", "resolve", dispute, "--winner", never, "--interpretation", "the newer one")
    home.do("memory", "outcome", "record", "--memory-id", never, "--session", "s1", "--result", "helpful", "--note", "good")
    home.do("memory", "outcome", "record", "--memory-id", never, "--session", "s1", "--result", "validated", "--scope", "deploy",
            "--evidence", "ticket:1", "--attestation", seed)
    home.do("memory", "supersede", fridays, "--by", mondays, "--reason", "moved")
    home.do("memory", "restore", fridays, "--reason", "not at all")
    home.do("memory", "reject", mondays, "--reason", "no")
    home.do("memory", "restore", mondays)
    home.do("memory", "correct", never, "Deploys never run on Saturdays")
    home.do("context", "build", "--task", "when do deploys run", "--max-tokens", "500")
    home.do("context", "build", "--task", "deploys", "--mode", "operator", "--attestation", seed)
    home.do("decay", "schedule", "--kind", "candidate-compression", "--memory-ids", f"{fridays},{mondays}", "--supersede-sources")
    home.do("decay", "run", "--next-pending")
    other = home.note("A cache is filled at night")
    job = first(home, "decay", "schedule", "--kind", "candidate-compression", "--memory-ids", f"{other},{never}")
    home.do("decay", "cancel", job, "--reason", "not wanted")


SAID = ("We decided to keep prices as whole cents from now on.", "We decided to deploy from the main branch only.",
        "We decided to keep every migration reversible.", "I prefer tabs over spaces in this repository.")


def learned(home, seed):
    """A transcript to candidates, a principle to doctrine, an export taken over."""
    lines = [{"type": "user", "uuid": f"u{n}", "sessionId": "s9", "timestamp": f"2026-03-03T10:00:0{n}Z",
              "message": {"role": "user", "content": text}} for n, text in enumerate(SAID)]
    (home.root / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    home.do("session", "close", "said.jsonl", "--mark-user-lines", "--extract", "--label", "day")
    for found in re.findall(r"mem_\w{26}", home.do("memory", "candidates").stdout.decode()):
        home.do("memory", "accept", found)
    home.do("principles", "extract", "--window", "all", "--model", "replay", "--persist")
    principle = first(home, "principle", "list")
    home.do("principle", "falsify", principle, "--failed-attempt", "looked for a release without it")
    home.do("principle", "promote", principle, "--force", "advisory", "--reason", "four cases", "--attestation", seed)
    home.do("export", "--format", "jsonl", "--output", "all.jsonl")


# Made in other cases here (adopted, committed, modelled), by formats.py, or the same rule under another name.
ELSEWHERE = {"memory.adopt", "session.commit", "import.rows", "reflection.quarantine", "decay.claim", "decay.fail", "decay.recover",
             "memory.candidate", "memory.pend", "memory.commit", "episode.add", "restore.run", "restore.apply",
             "restore.apply.rolled_back"}


def operations(tally, binary):
    with Home(binary) as home, Home(binary) as other:
        home.do("init")
        home.do("ingest", home.session("s.json", (1, 2, 3)))
        home.do("key", "generate", "--output", "op.seed", "--principal", "anna", "--tier", "operator")
        seed = home.root / "op.seed"
        memories(home, seed)
        learned(home, seed)
        gone = home.note("The door code is four seven one one")
        home.do("memory", "forget", gone, "--erase", "--confirm", gone, "--reason", "private")
        home.do("key", "rotate", "--seed", seed, "--output", "op2.seed")
        home.do("key", "revoke", papers.key_file(home.root / "op2.seed.pub").hex(), "--reason", "lost")
        ledger = compared(tally, "all operations", home)
        seen = {row.operation["cortex_operation"] for row in ledger.rows if row.operation}
        tally.check("they are all there", set(store.RULES) - seen - ELSEWHERE)
        signatures(tally, ledger)
        timelines(tally, home, ledger)
        hidden(tally, home, ledger)
        other.do("init")
        lines = [json.loads(line) for line in (home.root / "all.jsonl").read_text().splitlines()]
        tally.check("export: its first line", lines[0] != {"cortex_export": 1} and lines[0])
        tally.check("export: canonical rows of known kinds", [x for x, raw in zip(lines, (home.root / "all.jsonl").read_text().splitlines())
                                                              if canonical(x) != raw or x.get("kind", "trace") not in store.IMPORTED])
        other.do("session", "import", home.root / "all.jsonl", "--as-is")
        compared(tally, "export taken over", other)


def adopted(tally, binary):
    """The first operation on a memory that reference 0.1.2 made; a restore, which changes no table."""
    with Home(binary) as home:
        home.data.mkdir(mode=0o700)
        for name in ("cortex.db", "events.jsonl"):
            shutil.copy(harness.DATA / "store/pre-v2-bundle" / name, home.data / name)
        home.do("doctor", "--repair")
        home.do("backup", "--output", "b")
        known = first(home, "memory", "list")
        home.do("memory", "tag", "add", known, "again")
        home.do("memory", "tag", "add", known, "again")
        ledger = Ledger(home.ledger)
        found = store.differences(home.store, ledger)
        tally.check("adopted: only older rows are not accounted for", [d for d in found if any(d[3].values())])
        tally.check("adopted: its row is", [d for d in found if d[1][0] == known])
        home.do("restore", "run", "--from", "b", "--acknowledge-recovery-risk")
        last = Ledger(home.ledger).rows[-1].operation
        tally.check("restored: its operation", (last["cortex_operation"] != "restore.run" or set(last["args"]) != {
            "backup_timestamp", "evidence", "jsonl_mirror_blake3", "rows", "sqlite_store_blake3"}) and last)


def snapshots(tally, binary):
    """What a store believes, what another one would take away, and the loss that an operator signs for."""
    with Home.begun(binary) as home:
        home.do("ingest", home.session("s.json", (1, 2, 3)))
        home.do("key", "generate", "--output", "op.seed", "--principal", "anna", "--tier", "operator")
        left, right = home.note("The port is 8080"), home.note("The cache is filled at night")
        learned(home, home.root / "op.seed")
        home.do("backup", "--output", "b")
        home.do("restore", "stage", "--manifest", "b/BACKUP_MANIFEST", "--stage-dir", "stage", "--acknowledge-destructive-restore")
        home.do("memory", "reject", left)
        home.note("A thing that was learned since")
        home.do("memory", "contradiction", "add", right, first(home, "memory", "list"))
        home.do("key", "rotate", "--seed", "op.seed", "--output", "op2.seed")
        current, restored = snapshot_of.snapshot(home.store), snapshot_of.snapshot(home.root / "stage/cortex.db")
        shown = home.do("restore", "snapshot").stdout.decode()
        tally.check("snapshot", shown.strip() != json.dumps(current, indent=2, ensure_ascii=False) and shown[-600:])
        changes = snapshot_of.difference(current, restored)
        tally.check("snapshots differ in many ways", len({next(iter(c["kind"])) for c in changes}) < 5 and changes)
        for one, other in ((current, restored), (restored, current)):
            (home.root / "a.json").write_text(json.dumps(one))
            (home.root / "b.json").write_text(json.dumps(other))
            told = json.loads(home.run("restore", "semantic-diff", "--current", "a.json", "--restored", "b.json").stdout)
            tally.check("semantic diff", told["changes"] != snapshot_of.difference(one, other)
                        and (told, snapshot_of.difference(one, other)))
        home.do("restore", "intent", "build", "--backup-manifest", "b/BACKUP_MANIFEST", "--output", "i.json", "--sign", "--signing-key-file",
                "op2.seed", "--accept-loss-of-stage", "stage")
        accepted = json.loads((home.root / "i.json").read_text())["accepted_loss_blake3"]
        tally.check("the loss that is signed for", accepted != snapshot_of.loss(changes, Ledger(home.ledger), Ledger(
            home.root / "stage/events.jsonl")) and accepted)


def modelled(tally, binary):
    """What a model proposes, what is refused of it, and a summary by a model."""
    reflection = {"trace_id": "trc_" + harness.ulid(7), "contradictions": [], "doctrine_suggestions": [],
                  "episode_candidates": [{"summary": "s", "source_event_ids": [harness.event_id(1)], "domains": ["net"],
                                          "entities": [], "confidence": 0.9}],
                  "memory_candidates": [{"memory_type": "semantic", "claim": "The port is 8080.", "source_episode_indexes": [0],
                                         "applies_when": [], "does_not_apply_when": [], "confidence": 0.8,
                                         "initial_salience": {"reusability": 0.5, "consequence": 0.5, "emotional_charge": 0}}]}
    with models.Ollama(json.dumps(reflection)) as server, Home(binary) as home:
        home.settings = {"CORTEX_LLM_BACKEND": "ollama", "CORTEX_LLM_ENDPOINT": server.url,
                         "CORTEX_LLM_MODEL": "tiny:1b@sha256:" + "ab" * 32}
        home.do("init")
        source = {"type": "child_agent", "model": "m"}
        path = home.session("s.json", (1, 2), trace_id=reflection["trace_id"], source=source)
        home.do("session", "close", path, "--live-reflect")
        invented = reflection["episode_candidates"][0] | {"source_event_ids": [harness.event_id(99)]}
        server.text = json.dumps(reflection | {"episode_candidates": [invented]})
        home.do("session", "close", path, "--live-reflect")
        home.do("key", "generate", "--output", "op.seed", "--principal", "anna", "--tier", "operator")
        ids = ",".join(home.note(text) for text in SAID[:2])
        alone = home.run("decay", "schedule", "--kind", "candidate-compression", "--memory-ids", ids, "--summary-method", "llm")
        tally.check("modelled: a job with a model says how it is attested", harness.unexpected(alone, 7, "afterwards, by `cortex decay attest`"))
        job = first(home, "decay", "schedule", "--kind", "candidate-compression", "--memory-ids", ids, "--summary-method", "llm",
                    "--operator-attestation", "a.json")
        home.do("decay", "attest", job, "--model", "tiny:1b@sha256:" + "ab" * 32, "--signing-key", "op.seed", "--output", "a.json")
        found = json.loads((home.root / "a.json").read_text())
        tally.check("modelled: the attestation holds", not papers.decay_attestation(found))
        server.text = "Two decisions about prices and branches."
        home.do("decay", "run", "--job-id", job, "--operator-attestation", "a.json", "--ollama-summary")
        text = blocks_of((harness.REPO / "docs/formats.md").read_text())["summary-prompt"] + "\n\n"
        tally.check("modelled: its prompt is that of the document", found["prompt_template_blake3"] != "blake3:" + blake3((text + "{claims}").encode()))
        sent = server.asked("/api/chat")[-1]["messages"][-1]["content"]
        tally.check("modelled: what was sent", sent != text + "\n".join(f"- {claim}" for claim in SAID[:2]) and sent)
        ledger = compared(tally, "modelled", home)
        seen = {row.operation["cortex_operation"] for row in ledger.rows if row.operation}
        tally.check("modelled: its operations", {"session.close", "reflection.quarantine", "decay.claim", "decay.complete"} - seen)


def signatures(tally, ledger):
    promotions, checked = 0, {"memory.outcome": 0, "context.build": 0, "principle.promote": 0}
    for row in ledger.rows:
        name, args = (row.operation["cortex_operation"], row.operation["args"]) if row.operation else ("", {})
        if name == "principle.promote":
            checked[name] += 1
            reads(tally, "signature of a promotion", lambda: papers.promotion(args, promotions))
            promotions += 1
        elif args.get("attestation") and name in checked:
            checked[name] += 1
            key = bytes.fromhex(args["attestation"]["key_id"])
            holds = store.validation_signed if name == "memory.outcome" else store.pack_signed
            reads(tally, f"signature of {name}", lambda: holds(args, key))
            changed = json.loads(json.dumps(args).replace("deploy", "destroy"))
            tally.check(f"signature of {name} changed", holds(changed, key))
    tally.check("every kind of signature was there", not all(checked.values()) and checked)
    packs = [row.operation["args"] for row in ledger.rows if row.operation and row.operation["cortex_operation"] == "context.build"]
    claims = {blake3(row.operation["args"]["memory"]["claim"].encode()) for row in ledger.rows
              if row.operation and "memory" in row.operation["args"] and not row.erased}
    used = {ref["claim_blake3"] for args in packs for ref in args["pack"]["selected_refs"]}
    tally.check("a pack holds hashes of claims", not used or used - claims)


def timelines(tally, home, ledger):
    found = store.tables_of(home.store)
    keys, principals = (list(found[f"authority_{t}_timeline"].values()) for t in ("key", "principal"))
    listed = json.loads(home.do("--json", "key", "list").stdout)["report"]["keys"]
    for key in listed:
        judged, reasons = papers.judge(keys, principals, key["key_id"], "2999-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00", "verified")
        tally.check(f"key {key['state']}: may it sign", (key["entitled_now"] != (judged == "allow") or key["reasons"] != reasons)
                    and (key["reasons"], reasons))
    times = {"-": None, "a": "500", "=": "1000", "b": "1500", "n": "2000", "f": "2500"}
    tiers = {"-": None, "u": "untrusted", "o": "observed", "v": "verified", "O": "operator"}
    for line in (harness.DATA / "trust/temporal_revalidation.txt").read_text().splitlines():
        if not line.startswith("#"):
            case, _, _, _, reasons, outcome = line.split(" ")
            times4 = {k: v and v.rjust(4, "0") for k, v in times.items()}
            facts = {"activated": times4[case[0]], "revoked": times4[case[1]], "retired": times4[case[2]], "then": tiers[case[3]],
                     "now": tiers[case[4]], "removed": times4[case[5]], "review": times4[case[6]]}
            judged = papers.verdict(facts, "1000", "2000", "verified")
            tally.check(f"timeline {case}", judged != (outcome, [r for r in reasons.split(",") if r != "-"]) and judged)


def hidden(tally, home, ledger):
    """A row of the store that is changed behind the ledger's back."""
    harness.execute(home.store, "update memories set claim = 'x' where rowid = 1")
    tally.check("a changed memory is found", [d[0] for d in store.differences(home.store, ledger)] != ["memories"])
    harness.execute(home.store, "update events set session_id = 'x' where rowid = 1")
    refuses(tally, "a changed event is found", lambda: store.mirror(home.store, ledger))


# ---- search index and vectors (9.8)

WORDS = ["kitten", "cat", "deploy", "port", "cache", "night", "river", "zinc"] + [f"w{n}" for n in range(40)]


def model(folder, pick):
    folder.mkdir()
    words = ["[UNK]", "kitten", "cat", "young", "a", "is", "deploy", "##s", "cache", "night"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    data = b"".join(struct.pack("<5f", *(pick.uniform(-1, 1) for _ in range(5))) for _ in words)
    data += struct.pack(f"<{len(words)}f", *(pick.uniform(0.1, 1) for _ in words))
    rows = 20 * len(words)
    header = json.dumps({"embeddings": {"dtype": "F32", "shape": [len(words), 5], "data_offsets": [0, rows]},
                         "weights": {"dtype": "F32", "shape": [len(words)], "data_offsets": [rows, len(data)]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    return index.Model(folder)


def search(tally, binary):
    pick = random.Random(1)
    with Home.begun(binary) as home:
        texts = [" ".join(pick.choice(WORDS) for _ in range(pick.randrange(1, 200 if n % 50 == 0 else 9))) for n in range(1, 701)]
        events = [harness.event(n, payload={"text": text}) for n, text in enumerate(texts, 1)]
        (home.root / "s.json").write_text(json.dumps({"events": events}))
        home.do("ingest", "s.json")
        home.note("A kitten is a young cat", "--domain", "night")
        found = reads(tally, "index: forward rows, records and postings agree", lambda: index.check(home.store)) or (0, 0)
        tally.check("index: all documents, lists of a segment", (found[0] != 701 or found[1] < 40) and found)
        made = model(home.root / "model", pick)
        home.do("recall", "kitten", "--vectors", "model")
        name, vectors = index.vectors(home.store)
        tally.check("vectors: digest of the model", name != made.digest)
        tally.check("vectors: one a document", sorted(vectors) != list(range(1, 702)))
        wrong = []
        for doc, text in enumerate(texts + ["A kitten is a young cat"], 1):
            fingerprint, scale, numbers = vectors[doc]
            wanted = made.vector(text) or (0.0, [0] * 5)
            near = all(abs(a - b) <= 1 for a, b in zip(numbers, wanted[1])) and max(map(abs, numbers)) in (0, 127)
            if fingerprint != digest(text.encode())[:8] or abs(scale - wanted[0]) > 1e-6 or not near:
                wrong.append((doc, text, vectors[doc], wanted))
        tally.check("vectors: as the document computes them", wrong and wrong[0])
        harness.execute(home.store, "update cortex_recall_terms set df = df + 1 where rowid = (select min(rowid) from cortex_recall_terms)")
        refuses(tally, "index: a changed list is found", lambda: index.check(home.store))


# ---- imports (20), recorded answers (19), attestations of summaries (10.4), witnesses (21), configuration (13)

def imports(tally, binary):
    with Home.begun(binary) as home:
        for name in ("claude-code.jsonl", "chat.jsonl", "conversations.json", "dialogue.md", "history.log", "mem0.json",
                     "memory.jsonl", "claude-mem.json", "note.md"):
            home.do("session", "import", SAMPLES / name, "--mark-user-lines", "--no-redact")
        ledger = Ledger(home.ledger)
        turns = [row for row in ledger.rows if isinstance(row.payload, dict) and "transcript" in row.payload]
        for row in turns:
            mark = row.payload["transcript"]
            positional = mark["format"] in ("mem0", "claude-mem", "mcp-memory", "basic-memory") or re.match(
                r"(line|element|section) \d+", mark["key"])
            reads(tally, f"id of a turn of {mark['format']}, {mark['key']}", lambda: papers.check_import(row, positional), None)
        tally.check("all formats had turns", len({row.payload["transcript"]["format"] for row in turns}) != 9)


def recorded(tally):
    for name, good in (("ok", True), ("tamper", False), ("dupidx", False), ("unsigned", False)):
        call = lambda: len(papers.fixtures(harness.DATA / "agents/replay" / name))  # noqa: E731
        reads(tally, f"recorded answers: {name}", call, 2) if good else refuses(tally, f"recorded answers: {name}", call)
    folder = harness.DATA / "agents/decay"
    found = json.loads((folder / "attestation.json").read_text())
    tally.check("attestation of a summary", not papers.decay_attestation(found))
    tally.check("… of another model", papers.decay_attestation({**found, "model_name": "m2"}))
    wanted = json.loads((folder / "vectors.json").read_text())["summary_request_hash"]
    request = json.loads((folder / "summary-request.preimage.json").read_text())
    tally.check("request for a summary", blake3(canonical(request, ordered=False).encode()) != wanted)
    for path in sorted((harness.DATA / "agents/gates").glob("witness-*.json")):
        found = json.loads(path.read_text())
        reads(tally, path.name, lambda: papers.witness(found))
        changed = {**found, "asserted_at": found["asserted_at"].replace("2026", "2027")}
        tally.check(f"{path.name} at another time", papers.witness(changed))


def configuration(tally, binary):
    full = (harness.DATA / "config/full.toml").read_text()
    more = ('[memory.write_gate]\nsecrets = "redact"\npersonal = "report"\nduplicates = "report"\nrecalled = "refuse"\n'
            '[ledger]\nsigning_seed = "/k/op.seed"\n[recall]\nvectors = "/m"\n')
    with Home(binary) as home:
        path = home.root / "c.toml"
        home.settings = {"CORTEX_CONFIG": str(path)}
        for text, good in ((full + more, True), ("unknown = 1\n", False), ("[llm]\nmodel = 'x'\n", False), ("[mcp]\nnote = 'x'\n", False)):
            path.write_text(text)
            call = lambda: papers.config(path.read_text())  # noqa: E731
            reads(tally, "configuration", call, None if not good else papers.config(text)) if good else refuses(tally, text, call)
            tally.check(f"configuration: the program says the same of {text[:20]!r}", home.run("--print-config").returncode != (0 if good else 2))
        path.write_text(full + more)
        shown = json.loads(home.do("--print-config").stdout)
        tally.check("configuration: folders", shown["db_path"] != papers.config(full)[""]["db_path"] and shown)


# ---- agents (docs/mcp.md, formats.md 10.6)

def agents(tally, binary):
    with Home.begun(binary) as home:
        home.do("doctor", "--repair")
        (home.root / "s.json").write_text(json.dumps([harness.event(
            n, payload={"text": text}, source={"type": "child_agent", "model": "m"}) for n, text in enumerate(SAID, 1)]))
        frames = (mcp_frames.hello("2025-11-25") + mcp_frames.line(1, "tools/list") + mcp_frames.line(2, "resources/templates/list")
                  + mcp_frames.line(3, "prompts/list") + mcp_frames.call(4, "cortex_show", id="no id")
                  + mcp_frames.call(5, "cortex_memory_note", claim="The port is 8080", domains=["net"])
                  + mcp_frames.call(6, "cortex_status") + mcp_frames.line(7, "resources/read", uri="cortex://ledger/head"))
        run = home.run("serve", stdin=None, input=frames)
        answers = {a["id"]: a.get("result", a.get("error")) for a in map(json.loads, run.stdout.splitlines()) if "id" in a}
        text = (harness.REPO / "docs/mcp.md").read_text()
        documented = set()
        for names in re.findall(r"^\| (`cortex_\w+`(?:, `\w+`)*) \| (?:session|supervised|confirmed) ", text, re.M):
            base, *others = re.findall(r"`(\w+)`", names)
            documented |= {base} | {base.rsplit("_", other.count("_"))[0] + other for other in others}
        listed = {tool["name"] for tool in answers[1]["tools"]}
        tally.check("agents: the tools are those of the document", listed ^ documented)
        tally.check("agents: every tool has schemas and hints", [t["name"] for t in answers[1]["tools"] if not (
            t["inputSchema"] and t["outputSchema"] and {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} <= set(t["annotations"]))])
        uris = {t["uriTemplate"] for t in answers[2]["resourceTemplates"]}
        tally.check("agents: templates", uris ^ {f"cortex://{kind}/{{id}}" for kind in ("memory", "event", "session", "pack")})
        tally.check("agents: prompts", {p["name"] for p in answers[3]["prompts"]} ^ {"session_start", "session_end", "review"})
        refusal = answers[4]["_meta"]["cortex/refusal"]
        tally.check("agents: a refusal", not answers[4]["isError"] or refusal["schema"] != "cortex_refusal_resolution.v1"
                    or not {"kind", "summary", "detail", "next_actions"} <= set(refusal))
        ledger = compared(tally, "agents", home)
        last = ledger.rows[-1].operation
        tally.check("agents: who noted it", (last["actor"], last["client"]) != ("agent", "mcp: bad client 1") and last)
        head = json.loads(answers[7]["contents"][0]["text"])
        tally.check("agents: head of the ledger", ledger.head not in json.dumps(head) and head)


def committed(tally, binary):
    """What an agent noted waits, and a person's token makes it active."""
    with Home.begun(binary) as home:
        home.do("doctor", "--repair")
        (home.root / "c.toml").write_text('[mcp]\nnotes = "pending"\n')
        home.settings = {"CORTEX_CONFIG": str(home.root / "c.toml"), "CORTEX_MCP_AUTO_COMMIT": "1"}
        home.run("serve", stdin=None, input=mcp_frames.hello() + mcp_frames.call(
            1, "cortex_memory_note", claim="The port is 8080") + mcp_frames.call(2, "cortex_session_commit", confirmation_token=""))
        ledger = compared(tally, "committed", home)
        tally.check("committed: by an operation", ledger.rows[-1].operation["cortex_operation"] != "session.commit")


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    for part in (operations, adopted, snapshots, modelled, search, imports, configuration, agents, committed):
        part(tally, binary)
    recorded(tally)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
