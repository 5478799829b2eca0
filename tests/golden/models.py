#!/usr/bin/env python3
"""Hold reflect, models list and run to golden data: recorded folders of answers, catalogs, request bodies and reports.

    tests/golden/models.py [--bin build/release/cortex]
"""
import json
import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "servers")]
import harness  # noqa: E402
import models  # noqa: E402

AGENTS = harness.DATA / "agents"
TRACE = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV"
RECORDED_HASH = re.compile(r'("model": "claude-3-5-sonnet-20240620",\s*"prompt_hash": ")[0-9a-f]{64}')
# Members of context packs that 0.1.2 does not have.
OURS = ("consumer_advisory",)


def differs(want, got, path="$"):
    """The first difference in keys, their order, or values; "<text>" is any text, ids and hashes of the moment count alike."""
    if want == "<text>":
        return None if isinstance(got, str) and got else f"{path}: no text"
    if isinstance(want, dict) and isinstance(got, dict):
        if list(want) != list(got):
            return f"{path}: keys {list(got)} instead of {list(want)}"
        return next(filter(None, (differs(want[k], got[k], f"{path}.{k}") for k in want)), None)
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return next(filter(None, (differs(w, g, f"{path}[]") for w, g in zip(want, got))), None)
    return None if want == got else f"{path}: {got!r} instead of {want!r}"


def asked_hash(home, folder):
    """The prompt hash that the program prints where nothing fits."""
    run = home.run("reflect", "--trace", TRACE, "--model", "replay", "--fixtures-dir", folder)
    return re.search(rb"prompt_hash=([0-9a-f]{64})", run.stderr)[1].decode()


def blake3_of(home, path):
    """By the program itself: it names the digest of a file that its index does not fit."""
    probe = home.root / "probe"
    shutil.rmtree(probe, ignore_errors=True)
    probe.mkdir()
    shutil.copy(path, probe / "a.json")
    (probe / "INDEX.toml").write_text('[[fixture]]\npath = "a.json"\nblake3 = "00"\n')
    run = home.run("reflect", "--trace", TRACE, "--model", "replay", "--fixtures-dir", probe)
    return re.search(rb"has ([0-9a-f]{64})", run.stderr)[1].decode()


def reflect(tally, home):
    empty = home.root / "empty"
    empty.mkdir()
    (empty / "INDEX.toml").write_text("")
    ours = asked_hash(home, empty)
    for name, want in json.loads((AGENTS / "replay-expected/exits.json").read_text()).items():
        folder = home.root / "replay" / name
        shutil.copytree(AGENTS / "replay" / name, folder)
        path = folder / "reflect.json"
        before = blake3_of(home, path)
        path.write_text(RECORDED_HASH.sub(rf"\g<1>{ours}", path.read_text()))
        after, index = blake3_of(home, path), folder / "INDEX.toml"
        index.write_text(index.read_text().replace(before, after).replace(before.upper(), after.upper()))
        run = home.run("reflect", "--trace", TRACE, "--model", "replay", "--fixtures-dir", folder)
        if not tally.check(f"reflect {name}: exit", run.returncode != want["exit"] and harness.said(run)):
            continue
        said = want.get("stderr_contains", "")
        said = "admission rejected: AXIOM admission rejected reflection candidates (" if "admission" in said else \
            re.sub(r" for <path>.*|: reflect\.json|<text>.*", "", said)
        tally.check(f"reflect {name}: stderr", said.encode() not in run.stderr and harness.said(run))
        recorded = AGENTS / "replay-expected" / f"{name}.stdout.json"
        if recorded.exists():
            tally.check(f"reflect {name}: stdout", differs(json.loads(recorded.read_text()), json.loads(run.stdout)))
        elif want["exit"]:
            tally.check(f"reflect {name}: nothing on stdout", run.stdout)


class Canned(models.ModelServer):
    """Answers with recorded bodies."""

    def __init__(self, bodies):
        super().__init__()
        self.bodies = bodies

    def answer(self, method, path, body):
        found = self.bodies.get(path)
        if found is None:
            return 404, b""
        stream = method == "POST" and json.loads(body).get("stream")
        return 200, found[1 if stream else 0]


def with_env(home, **settings):
    plain = type(home).environment
    home.environment = lambda: {**plain(home), **settings}
    return home


def catalogs(tally, binary):
    for backend, path, name, model in (("ollama", "/api/tags", "ollama.tags.json", "llama3:8b@sha256:" + "ab" * 32),
                                       ("openai-compat", "/v1/models", "openai.models.json", "local-model")):
        body = (AGENTS / "models" / name).read_bytes()
        with Canned({path: [body]}) as server, harness.Home(binary) as home:
            with_env(home, CORTEX_LLM_BACKEND=backend, CORTEX_LLM_ENDPOINT=server.url, CORTEX_LLM_MODEL=model)
            run = home.run("models", "list")
            table = AGENTS / "models" / (name.split(".")[0] + ".table.txt")
            want = table.read_text().replace("http://127.0.0.1:18434", server.url)
            got = run.stdout.decode()
            lines = zip(want.split("\n"), got.split("\n"))
            wrong = [(w, g) for w, g in lines if w != g and not w.startswith("<text>")]
            tally.check(f"models {backend}: table", (wrong or len(want.split("\n")) != len(got.split("\n"))) and (wrong, got))
            if backend == "ollama":
                envelope = json.loads((AGENTS / "models/ollama.envelope.json").read_text())
                got = json.loads(home.run("--json", "models", "list").stdout)
                envelope["report"]["endpoint"] = server.url
                envelope["correlation_id"] = got["correlation_id"]
                tally.check("models ollama: envelope", differs(envelope, got))
    with harness.Home(binary) as home:
        want = (AGENTS / "models/none.txt").read_text().split("\n")
        got = home.run("--json", "models", "list").stdout.decode().split("\n")
        tally.check("models: guidance", (want[1:] != got[1:] or "No LLM backend configured" not in got[0]) and got)


ID = re.compile(r"\b(ctx|cor|evt|cmd)_[0-9A-Za-z_]+")


def still(value):
    """The value without what belongs to the moment: ids, times, hashes over them."""
    if isinstance(value, dict):
        moment = ("observed_at", "recorded_at", "payload_hash", "prev_event_hash", "event_hash", "prompt_hash")
        return {k: "<moment>" if k in moment else still(v) for k, v in value.items()}
    if isinstance(value, list):
        return [still(v) for v in value]
    return ID.sub(r"\1_", value) if isinstance(value, str) else value


def without_ours(content):
    document = json.loads(content)
    for key in OURS:
        document["context_pack"].pop(key, None)
    document["context_pack"]["selection_audit"].pop("exclusion_counts", None)
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def body_of(raw):
    """A request body as text, without what belongs to the moment."""
    document = json.loads(raw)
    tidy = raw.decode() == json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for message in document["messages"]:
        message["content"] = ID.sub(r"\1_", without_ours(message["content"]))
    return json.dumps(document, sort_keys=True), tidy


def served_runs(tally, binary):
    for name, backend, path, model in (("ollama", "ollama", "/api/chat", "llama3:8b@sha256:" + "ab" * 32),
                                       ("openai", "openai-compat", "/v1/chat/completions", "local-model")):
        llm = AGENTS / "llm"
        stream = llm / ("ollama.stream-body.ndjson" if name == "ollama" else "openai.stream-body.sse")
        bodies = {path: [(llm / f"{name}.response-body.json").read_bytes(), stream.read_bytes()],
                  "/api/tags": [(AGENTS / "models/ollama.tags.json").read_bytes()]}
        with Canned(bodies) as server, harness.Home(binary) as home:
            with_env(home, CORTEX_LLM_BACKEND=backend, CORTEX_LLM_ENDPOINT=server.url, CORTEX_LLM_MODEL=model)
            harness.must(home.run("init"))
            run = home.run("run", "--task", "say hi")
            if not tally.check(f"run {name}", run.returncode and harness.said(run)):
                continue
            want = json.loads((llm / f"{name}.run-report.json").read_text())
            tally.check(f"run {name}: report", differs(still(want), still(json.loads(run.stdout))))
            sent = [body for method, p, body in server.requests if p == path]
            got, tidy = body_of(sent[0])
            tally.check(f"run {name}: request", got != body_of((llm / f"{name}.request-body.json").read_bytes())[0] and got)
            tally.check(f"run {name}: compact and sorted", not tidy and sent[0])
            run = home.run("run", "--task", "say hi", "--stream")
            text = run.stdout.decode()
            tally.check(f"run {name}: stream", not text.startswith("Hello\n{") and text[:200])
            tally.check(f"run {name}: one call a run", len([1 for m, p, b in server.requests if p == path]) != 2)


def offline_runs(tally, binary):
    run_data = AGENTS / "run"
    with harness.Home.begun(binary) as home:
        run = home.run("run", "--task", "say hi")
        tally.check("run: report", differs(still(json.loads((run_data / "unsigned.report.json").read_text())),
                                           still(json.loads(run.stdout))))
        run = home.run("--json", "run", "--task", "say hi")
        tally.check("run: envelope", differs(still(json.loads((run_data / "unsigned.envelope.json").read_text())),
                                             still(json.loads(run.stdout))))
        order = {"permitted": True, "attested": True, "reason_code": "diagnostic_only",
                 "scope": {"operation_type": "run.persist", "artifact_refs": ["run:diag"], "not_before": None,
                           "not_after": None}}
        run = home.run("run", "--task", "say hi", "--break-glass", json.dumps(order))
        tally.check("run: break glass", differs(still(json.loads((run_data / "break-glass.report.json").read_text())),
                                                still(json.loads(run.stdout))))
        rows = [still(r) for r in harness.rows(run_data / "unsigned.events.jsonl")]
        got = [still(r) for r in harness.rows(home.ledger)]
        tally.check("run: ledger rows", differs([rows[0], rows[0], rows[1]], got))
        for check in (("audit", "verify", "--mirror"), ("doctor", "--strict")):
            run = home.run(*check)
            tally.check(f"run: then {' '.join(check)}", run.returncode and harness.said(run))


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    with harness.Home(binary) as home:
        reflect(tally, home)
    catalogs(tally, binary)
    served_runs(tally, binary)
    offline_runs(tally, binary)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
