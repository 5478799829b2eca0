#!/usr/bin/env python3
"""Hold the restore commands to golden data (tests/data/restore): recorded runs, snapshot pairs, signed intents.

    tests/golden/restore.py [--bin build/release/cortex] [--only PART]

Every case starts from a fresh copy of home/ in a temporary folder, so that its store counts as one for trials. Cases that
record a defect of reference 0.1.2 carry `may_improve`; what the program does instead is held by tests/e2e/restore.py.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]
import harness  # noqa: E402

DATA = str(harness.DATA / "restore")
SEED = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="          # 32 bytes of 0x07
TOKEN = re.compile(r"\b[a-z][a-z_0-9]*(?:\.[a-z_0-9]+){2,}\b")
KEYWORDS = ["no state was changed", "active store was not changed", "active store was mutated", "already exists", "digest mismatch",
            "size mismatch", "is a symlink", "not a regular file", "recovery evidence directory", "active backups were restored",
            "pre-apply state", "post-restore anchor verification failed", "current backups restored", "malformed", "is missing",
            "outside the recovery manifest directory", "not under the system temp directory", "is required", "are required",
            "rolling back", "expected cortex_pre_v2_backup", "invalid kind", "was not found", "failed to parse", "ambiguous",
            "exactly 32", "no such row", "lock marker", "key_unknown", "signed_after_revocation", "revoked_after_signing",
            "refusing to overwrite a prior Rekor receipt", "parent of --sink-path", "jsonl_mirror_blake3", "sqlite_store", "jsonl_mirror",
            "active SQLite path", "active JSONL path", "does not exist", "does not match", "validity window", "does not share", "do not share",
            "--acknowledge-destructive-restore", "--acknowledge-active-store-replacement", "--acknowledge-temp-test-data-dir",
            "--acknowledge-current-backup-restore", "--attestation <PATH> is required", "production active-store restore plan is blocked",
            "exactly 64 bytes", "schema_version", "tool_version", "backup_timestamp", "BLAKE3 digest verified", "--production is required", "schema_migration.known_to_code"]
PROSE = {"reason", "detail", "operator_action", "after_hash_semantics", "adr_0028_residual_risk", "safe_next_step"}

def env_of(home, extra):
    e = {"PATH": "/usr/bin:/bin", "HOME": home, "XDG_DATA_HOME": home + "/xdg", "TZ": "UTC"}
    e.update(extra or {}); return {k: v.replace("<H>", home) for k, v in e.items()}

def norm(text, home):
    text = text.replace(os.path.realpath(home), "<H>").replace(home, "<H>")
    for pat, sub in ((r"\baud_[0-9A-HJKMNP-TV-Z]{26}\b", "<AUD>"), (r"\bcmd_[0-9a-f]+_[0-9a-f]+\b", "<CID>"),
                     (r"deployment:[0-9a-f]{64}", "<DEP>"), (r"(\.tmp|apply-stage|recover-apply)-\d+", r"\1-<PID>"),
                     (r"\.stale-\d{8}T\d{6}Z", ".stale-<T>"),
                     (r"20(?!26-0[1-9])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*(Z|\+00:00)", "<NOW>")):
        text = re.sub(pat, sub, text)
    return text

def scrub(o, key=None):
    if isinstance(o, dict): return {k: scrub(v, k) for k, v in o.items()}
    if isinstance(o, list): return [scrub(x, key) for x in o]
    if key in PROSE and isinstance(o, str): return "<PROSE>"
    if key == "canonical_blake3": return "<B3>"
    if key == "canonical_bytes_len": return "<NUM>"
    return o

def ordered(o):
    if isinstance(o, dict): return list(o) == sorted(o) and all(map(ordered, o.values()))
    return all(map(ordered, o)) if isinstance(o, list) else True

def tree(home):
    out = {}
    for d, dirs, files in os.walk(home):
        for n in files + [x for x in dirs if os.path.islink(os.path.join(d, x))]:
            p = os.path.join(d, n); rel = os.path.relpath(p, home)
            if n.endswith(("-wal", "-shm")): continue
            out[rel] = "link:" + os.readlink(p) if os.path.islink(p) else hashlib.sha256(open(p, "rb").read()).hexdigest()
        for n in dirs:
            out[os.path.relpath(os.path.join(d, n), home) + "/"] = "dir"
    return out

def dotted(o, path, val):
    ks = path.split(".")
    for k in ks[:-1]: o = o[k]
    if val == "__delete__": del o[ks[-1]]
    else: o[ks[-1]] = val

def setup(op, home, binary):
    kind, *a = op; a = [x.replace("<H>", home) if isinstance(x, str) else x for x in a]
    P = lambda p: os.path.join(home, p)
    if kind == "rm": shutil.rmtree(P(a[0])) if os.path.isdir(P(a[0])) else os.remove(P(a[0]))
    elif kind == "mkdir": os.makedirs(P(a[0]))
    elif kind == "text": open(P(a[0]), "w").write(a[1])
    elif kind == "append": open(P(a[0]), "a").write(a[1])
    elif kind == "hex": open(P(a[0]), "wb").write(bytes.fromhex(a[1]))
    elif kind == "patch":                                              # overwrite bytes in place: file, offset, hex
        with open(P(a[0]), "r+b") as f: f.seek(a[1]); f.write(bytes.fromhex(a[2]))
    elif kind == "link": os.symlink(a[0], P(a[1]))
    elif kind == "cp": shutil.copy(P(a[0]), P(a[1]))
    elif kind == "mv": os.rename(P(a[0]), P(a[1]))
    elif kind == "age": t = time.time() - a[1]; os.utime(P(a[0]), (t, t))
    elif kind == "json":
        o = json.load(open(P(a[0])))
        for k, v in a[1].items(): dotted(o, k, v.replace("<H>", home) if isinstance(v, str) else v)
        open(P(a[0]), "w").write(json.dumps(o))
    elif kind == "sql":
        c = sqlite3.connect(P(a[0])); c.executescript(a[1]); c.commit(); c.execute("pragma wal_checkpoint(truncate)"); c.close()
    elif kind == "wal":                                                # commit SQL but leave it in the -wal, like a killed writer
        code = "import sqlite3,sys,os\nc=sqlite3.connect(sys.argv[1]);c.execute('pragma journal_mode=wal');c.execute('pragma wal_autocheckpoint=0')\nc.executescript(sys.argv[2]);c.commit();os._exit(0)"
        subprocess.run([sys.executable, "-c", code, P(a[0]), a[1]], check=True)
    elif kind == "run":
        p = subprocess.run([binary] + [x.replace("<H>", home) for x in a[0]], env=env_of(home, a[1] if len(a) > 1 else None), cwd=home, capture_output=True, text=True)
        if p.returncode: raise RuntimeError(f"setup {a[0]}: {p.returncode} {p.stderr}")
    elif kind == "dep":                                                # put the deployment id into a JSON file
        d = subprocess.run([binary, "doctor", "--print-deployment-id"], env=env_of(home, None), cwd=home, capture_output=True, text=True).stdout.strip()
        o = json.load(open(P(a[0]))); o["deployment_id"] = d; open(P(a[0]), "w").write(json.dumps(o))
    elif kind == "sign":
        if os.path.exists(P(a[1])): os.remove(P(a[1]))
        subprocess.run([binary, "sign", "--signing-key-b64", SEED, "--payload", a[0], "--output", a[1]], env=env_of(home, None), cwd=home, check=True, capture_output=True)
    else: raise ValueError(kind)

def observe(case, binary):
    home = os.path.join(tempfile.mkdtemp(prefix="cortexrestore"), "h")
    try:
        shutil.copytree(DATA + "/home", home, symlinks=True); os.chmod(home + "/xdg/cortex", 0o700)
        for op in case.get("setup", []): setup(op, home, binary)
        for d in ("xdg/cortex", "stage", "backup-old", "backup-new"):        # empty sidecars left by read-only opens
            w = f"{home}/{d}/cortex.db-wal"
            if os.path.exists(w) and os.path.getsize(w) == 0:
                for x in (w, w[:-3] + "shm"): os.path.exists(x) and os.remove(x)
        before = tree(home)
        p = subprocess.run([binary] + [x.replace("<H>", home) for x in case["args"]], env=env_of(home, case.get("env")), cwd=home,
                           capture_output=True, text=True, input=case.get("stdin"))
        after = tree(home)
        ob = {"exit": p.returncode}
        so = norm(p.stdout, home)
        try:
            raw = json.loads(so); ob["stdout_json"] = scrub(raw); ob["sorted"] = ordered(raw.get("report", raw) if isinstance(raw, dict) else raw)
        except ValueError: ob["stdout"] = so
        ob["stderr_empty"] = p.stderr == ""
        ob["stderr_tokens"] = sorted(set(TOKEN.findall(p.stderr)) - {"x"}) 
        ob["stderr_tokens"] = [t for t in ob["stderr_tokens"] if not re.search(r"\.(db|json|jsonl|lock)$|^cortex\.|\.tmp", t)]
        ob["stderr_keywords"] = [k for k in KEYWORDS if k in p.stderr]
        n = lambda s: re.sub(r"\d{8}T\d{6}Z", "<T>", re.sub(r"-\d+$", "-<PID>", s))
        ob["changed"] = {n(k): "new" if k not in before else "gone" if k not in after else "modified"
                         for k in sorted(set(before) | set(after)) if before.get(k) != after.get(k)}
        if case.get("probes"):
            ob["probes"] = {}
            for q in case["probes"]:
                db, stmt = q.split("|", 1); c = sqlite3.connect(os.path.join(home, db))
                ob["probes"][q] = [norm(json.dumps(r), home) for r in c.execute(stmt)]; c.close()
        if case.get("same"):                                            # pairs of files that must be byte-equal afterwards
            rd = lambda f: open(os.path.join(home, f), "rb").read()
            ob["same"] = {f"{x} {y}": rd(x) == rd(y) for x, y in case["same"]}
        return ob
    finally: shutil.rmtree(os.path.dirname(home))

def within(want, got):          # further keys may be added
    if isinstance(want, dict): return isinstance(got, dict) and all(k in got and within(v, got[k]) for k, v in want.items())
    if isinstance(want, list): return isinstance(got, list) and len(want) == len(got) and all(map(within, want, got))
    return want == got
PRIVATE = re.compile(r"(^|/)cortex_|\.(lock|flock)$|(^|/)(events\.jsonl|cortex\.db)\.[^/]*(/|$)|\.tlog(/|$)")

def diffs(want, got, case):
    bad = []
    for k, v in want.items():
        g = got.get(k)
        if k in ("stderr_tokens", "stderr_keywords"):
            miss = [t for t in v if t not in g]
            if miss: bad.append(f"{k} missing {miss}")
        elif k == "stdout" and case.get("stdout_free"): continue
        elif k == "changed" and v == {p: x for p, x in (g or {}).items() if p in v or not PRIVATE.search(p)}: continue
        elif k == "stdout_json" and within(v, g): continue
        elif g != v: bad.append(f"{k}: want {json.dumps(v)[:300]} got {json.dumps(g)[:300]}")
    return bad

def run_case(case, binary):
    try:
        bad = diffs(case["expect"], observe(case, binary), case)
    except (OSError, ValueError, RuntimeError, sqlite3.Error, subprocess.SubprocessError) as error:
        bad = [f"could not be run: {error!r}"]
    return "" if case.get("may_improve") else "; ".join(bad)


def run_diff(pair, binary, folder):
    for side in ("current", "restored"):
        text = pair[side] if isinstance(pair[side], str) else json.dumps(pair[side])
        pathlib.Path(folder, side + ".json").write_text(text, encoding="utf-8")
    words = ["--acknowledge-recovery-risk"] if pair["ack"] else []
    done = subprocess.run([binary, "restore", "semantic-diff", "--current", folder + "/current.json", "--restored",
                           folder + "/restored.json", *words], env=env_of(folder, None), cwd=folder, capture_output=True,
                          text=True, check=False)
    got = scrub(json.loads(done.stdout)) if done.stdout.strip() else None
    if done.returncode != pair["exit"] or not within(pair["report"], got):
        return f"exit {done.returncode}: {json.dumps(got)[:400]}"
    return ""


def lines_of(name):
    with open(f"{DATA}/{name}", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--only", default="", help="run the cases whose name has this part")
    arguments = parser.parse_args()
    harness.need_program(arguments.bin)
    binary = os.path.realpath(arguments.bin)
    tally = harness.Tally()
    cases = [case for case in lines_of("cases.jsonl") if arguments.only in case["name"]]
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for case, problem in zip(cases, pool.map(lambda case: run_case(case, binary), cases)):
            tally.check(case["name"], problem)
    with tempfile.TemporaryDirectory(prefix="cortex-diff-") as folder:
        for pair in lines_of("diff.jsonl"):
            if arguments.only in pair["name"]:
                tally.check("diff: " + pair["name"], run_diff(pair, binary, folder))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
