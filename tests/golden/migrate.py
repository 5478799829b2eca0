#!/usr/bin/env python3
"""Hold `migrate` to golden data: a store and bundle of reference 0.1.2 through dry run and cutover, and what must stop one.

    tests/golden/migrate.py [--bin build/release/cortex]
"""
import json
import re
import shutil
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

STORE = harness.DATA / "store"
CUTOVER = ("migrate", "v2", "--backup-manifest", "bundle/BACKUP_MANIFEST", "--operator-attestation", "att.json")
MASKED = ("operator_attestation_path", "operator_attestation_signed_at", "post_migrate_manifest",
          "post_migrate_manifest_blake3")


def deployment(binary):
    """The store of the golden bundle at work, and that bundle as the backup made before."""
    home = harness.Home(binary)
    home.data.mkdir(mode=0o700)
    for name in ("cortex.db", "events.jsonl"):
        shutil.copy(STORE / "pre-v2-bundle" / name, home.data / name)
    shutil.copytree(STORE / "pre-v2-bundle", home.root / "bundle")
    shutil.copy(STORE / "operator-attestation.json", home.root / "att.json")
    (home.root / "seed.key").write_bytes(bytes([7]) * 32)
    return home


def lines_of(text):
    """key=value words in order, machine-dependent values masked."""
    out = []
    for word in re.findall(r"\b[a-z_0-9]+=\S*", text):
        key, value = word.split("=", 1)
        out.append((key, "*" if key in MASKED else value))
    return out


def dry_run(tally, binary):
    with deployment(binary) as home:
        before = harness.tree(home.data, skip=())
        run = home.run("migrate", "v2", "--dry-run")
        want = (STORE / "dry-run.txt").read_text()
        tally.check("dry run", run.stdout.decode() != want and f"{harness.said(run)} {run.stdout.decode()[-300:]}")
        tally.check("dry run writes nothing", harness.tree(home.data, skip=()) != before)


def cutover(tally, binary):
    with deployment(binary) as home:
        run = home.run(*CUTOVER)
        tally.check("cutover", run.returncode and harness.said(run))
        want = lines_of((STORE / "cutover.keyvalues.txt").read_text())
        got = [line for line in lines_of(run.stderr.decode()) if line[0] not in ("events", "traces", "episodes", "memories")]
        got = [line for line in got if line[0] != "SCHEMA_VERSION"]
        tally.check("cutover lines", got != want and f"{got}\n{want}")
        manifest = json.loads((home.root / "bundle/POST_V2_MIGRATE_MANIFEST").read_text())
        recorded = json.loads((STORE / "POST_V2_MIGRATE_MANIFEST").read_text())
        tally.check("manifest keys", list(manifest) != list(recorded) and list(manifest))
        for key in recorded:
            if key not in ("manifest_blake3", "migrate_timestamp", "pre_v2_backup_manifest", "tool_version"):
                tally.check(f"manifest {key}", manifest[key] != recorded[key] and manifest[key])
        columns(tally, home)
        ledger = harness.rows(home.ledger)
        golden = harness.rows(STORE / "post-v2-bundle/events.jsonl")
        tally.check("boundary row", ledger[-1]["event_hash"] != golden[-1]["event_hash"] and ledger[-1])
        for check in (("doctor", "--strict", "--deep"), ("audit", "verify", "--require-v1-to-v2-boundary")):
            after = home.run(*check)
            tally.check(" ".join(check), after.returncode and harness.said(after))
        again = home.run(*CUTOVER)
        tally.check("a second cutover is refused", again.returncode != 7 and harness.said(again))


def columns(tally, home):
    """The columns that the cutover fills, against those of the recorded store."""
    for sql in ("select id, summary_spans_json from episodes order by id",
                "select claim, summary_spans_json, cross_session_use_count, validation_epoch from memories order by claim",
                "select consumer_advisory_json from context_packs",
                "select id, json_extract(source_attestation_json, '$.state'),"
                " json_extract(source_attestation_json, '$.value.original_recorded_at') from events"
                " where schema_version = 1 order by id"):
        got = harness.query(home.store, sql)
        want = harness.query(STORE / "post-v2-bundle/cortex.db", sql)
        tally.check(sql[:40], got != want and got)
    keys = harness.query(home.store, "select group_concat(key) from events, json_each(source_attestation_json)"
                                     " where schema_version = 2")
    tally.check("anchor is the third key", keys != [("state,value,post_migrate_manifest_blake3",)] and keys)


def execute(home, sql):
    store = sqlite3.connect(home.store)
    with store:
        store.executescript(sql)
    store.close()


def tamper_ledger(home):
    text = home.ledger.read_bytes()
    home.ledger.write_bytes(text.replace(b'"payload":{', b'"payload":{"x":1,', 1))


def tamper_bundle(home):
    with (home.root / "bundle/events.jsonl").open("ab") as ledger:
        ledger.write(b"\n")


def count_again(home):
    path = home.root / "bundle/BACKUP_MANIFEST"
    path.write_text(path.read_text().replace('"memories": 2', '"memories": 3'))


def foreign_key(home):
    """The id belongs to another public key than the one that signed."""
    harness.must(home.run("doctor", "--repair"))
    execute(home, f"insert into cortex_authority_keys values('golden-operator', '{'00' * 32}', 'now')")


def backup_of_another(home):
    """A sound bundle with as many rows of everything: one row's times, which no hash covers, are others."""
    with deployment(home.binary) as other:
        other.ledger.write_bytes(re.sub(rb'"observed_at":"2', b'"observed_at":"1', other.ledger.read_bytes(), count=1))
        shutil.rmtree(other.root / "bundle")
        harness.must(other.run("backup", "--output", "bundle"))
        shutil.rmtree(home.root / "bundle")
        shutil.copytree(other.root / "bundle", home.root / "bundle")


def v2_row(home):
    harness.must(home.run("ingest", home.session("v2.json", [77])))


STOPPED = {  # what happened before, exit, token
    "tampered ledger": (tamper_ledger, 3, "migrate.v2.cutover_tx.rolled_back"),
    "tampered bundle": (tamper_bundle, 7, ""),
    "counts of another store": (count_again, 3, "schema_v2_post_migrate.row_count.memories.unchanged"),
    "backup of another ledger": (backup_of_another, 3, "the ledger does not begin with the rows that the backup holds"),
    "key id of another key": (foreign_key, 7, "migrate.v2.operator_key.mismatch"),
    "v2 rows in the ledger": (v2_row, 7, "migrate.v2.backup_manifest.pre_v2_kind_but_v2_rows_present"),
    "key was revoked": (lambda home: execute(home, "insert into authority_key_timeline values('golden-operator',"
                                             " 'golden-operator-principal', 'revoked', '2026-11-24T00:00:00+00:00', null,"
                                             " null)"), 7, "revoked_after_signing"),
}


def stopped(tally, binary):
    """Each is refused before the boundary row is written."""
    for name, (before, code, token) in STOPPED.items():
        with deployment(binary) as home:
            before(home)
            ledger = home.ledger.read_bytes()
            run = home.run(*CUTOVER)
            wrong = run.returncode != code or token.encode() not in run.stderr
            tally.check(name, wrong and harness.said(run))
            tally.check(f"{name}: the ledger is as it was", home.ledger.read_bytes() != ledger)


def operations(tally, binary):
    """Rows of our own operations do not make a v1 ledger one of v2; a seeded key is bound when its key is named."""
    with deployment(binary) as home:
        (home.root / "public.key").write_bytes(bytes.fromhex(json.loads((home.root / "att.json").read_text())
                                                             ["operator_verifying_key_hex"]))
        env = ("env", "CORTEX_DRILL_ALLOW_SEED_OPERATOR=1")
        seed = ("migrate", "seed-drill-operator", "--operator-key-id", "mine", "--public-key", "public.key")
        for attempt in ("seeded", "seeded again"):
            run = home.run(*seed, prefix=env)
            tally.check(attempt, run.returncode and harness.said(run))
        written = [row for row in harness.rows(home.ledger) if "cortex_operation" in row["payload"]]
        tally.check("one operation", len(written) != 1 and written)
        shutil.rmtree(home.root / "bundle")
        for step in (("backup", "--output", "bundle"),
                     ("migrate", "sign-operator-attestation", "--output", "att.json", "--signing-seed", "seed.key",
                      "--operator-key-id", "mine"), CUTOVER, ("audit", "verify", "--require-v1-to-v2-boundary")):
            run = home.run(*step)
            tally.check(f"then {' '.join(step[:2])}", run.returncode and harness.said(run))
            tally.check("no note about the key", b"note: the store does not know" in run.stderr)


def main():
    binary, tally = harness.program(__doc__), harness.Tally()
    for part in (dry_run, cutover, stopped, operations):
        part(tally, binary)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
