#!/usr/bin/env python3
"""Bundles and restores as a person meets them: bad input of every kind, and the whole way there and back.

    tests/e2e/restore.py [--bin build/release/cortex] [--only PART]

Each bad input must end with its exit code and leave the active store as it was, byte for byte. Then the good ways: production
with a local witness, encryption in both directions with Debian's `age`, increments, drills, pruning.
"""
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

KEY = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"  # of the seed 32 x 0x07
NOBODY = 65534


def filled(binary):
    """A store with five events and an operator, a bundle of it, and three events more."""
    home = harness.Home.begun(binary)
    harness.must(home.run("ingest", home.session("old.json", range(1, 6))))
    harness.add_operator(home.store, KEY)
    for name, byte in (("op.seed", 7), ("second.seed", 9)):
        (home.root / name).write_bytes(bytes([byte]) * 32)
    (home.root / "op.pub").write_bytes(bytes.fromhex(KEY))
    harness.must(home.run("backup", "--output", "bundle"))
    harness.must(home.run("audit", "anchor", "--output", "anchor", "--history", "history"))
    harness.must(home.run("ingest", home.session("new.json", range(6, 9))))
    return home


def manifest(home, edit):
    """Rewrites the manifest as text."""
    path = home.root / "bundle/BACKUP_MANIFEST"
    path.write_text(edit(path.read_text()))


def member(home, key, value):
    def edit(text):
        document = json.loads(text)
        document[key] = value
        return json.dumps(document, indent=2)
    manifest(home, edit)


def without(home, key):
    def edit(text):
        document = json.loads(text)
        del document[key]
        return json.dumps(document, indent=2)
    manifest(home, edit)


def cut(home, name):
    path = home.root / "bundle" / name
    path.write_bytes(path.read_bytes()[:-7])


def flip(home, name):
    path = home.root / "bundle" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def link(home, name):
    path = home.root / "bundle" / name
    shutil.move(path, home.root / name)
    path.symlink_to(home.root / name)


def newer(home):
    """A sound bundle of a store that a newer program wrote into."""
    harness.execute(home.root / "bundle/cortex.db",
                    "insert into events select 'evt_01JM0000000000000000000NEW', 3, observed_at, recorded_at, source_json,"
                    " event_type, trace_id, session_id, domain_tags_json, payload_json, payload_hash, prev_event_hash,"
                    " event_hash || 'x', source_attestation_json from events limit 1")
    resize(home)


def resize(home):
    """Makes the manifest fit the store again; the digest is what the program says it is."""
    path = home.root / "bundle/cortex.db"
    member(home, "sqlite_store_size_bytes", path.stat().st_size)
    said = home.run("restore", "verify-backup", "--manifest", "bundle/BACKUP_MANIFEST")
    found = re.search(r"the file has (blake3:[0-9a-f]{64})", said.stderr.decode())
    if found:
        member(home, "sqlite_store_blake3", found[1])


def other_deployment(home):
    with harness.Home.begun(home.binary) as other:
        harness.must(other.run("ingest", other.session("s.json", range(50, 53))))
        harness.must(other.run("backup", "--output", "bundle"))
        shutil.rmtree(home.root / "bundle")
        shutil.copytree(other.root / "bundle", home.root / "bundle")


# What is done to a sound bundle, the exit code of `restore run`, and of `backup verify` where it is another one.
BUNDLES = [
    ("manifest that is no JSON", lambda h: manifest(h, lambda t: t[:-1]), 7),
    ("manifest with a wrong type", lambda h: member(h, "sqlite_store_size_bytes", "5"), 7),
    ("manifest without a key", lambda h: without(h, "sqlite_store_blake3"), 5),
    ("manifest without a key that reference 0.1.2 does not look at", lambda h: without(h, "table_row_counts"), 5),
    ("manifest with a further key", lambda h: member(h, "more", 1), 5),
    ("manifest with a key twice", lambda h: manifest(h, lambda t: t.replace("{", '{"kind": "x",', 1)), 5),
    ("manifest of another kind", lambda h: member(h, "kind", "cortex_backup"), 7),
    ("manifest of a newer schema", lambda h: member(h, "schema_version", 3), 4),
    ("absolute path", lambda h: member(h, "sqlite_store", str(h.root / "bundle/cortex.db")), 7),
    ("path with ..", lambda h: member(h, "jsonl_mirror", "../bundle/events.jsonl"), 7),
    ("size that lies", lambda h: member(h, "sqlite_store_size_bytes", 4096), 5),
    ("linked store", lambda h: link(h, "cortex.db"), 5),
    ("linked manifest", lambda h: link(h, "BACKUP_MANIFEST"), 5),
    ("truncated store", lambda h: cut(h, "cortex.db"), 5),
    ("truncated ledger", lambda h: cut(h, "events.jsonl"), 5),
    ("changed store", lambda h: flip(h, "cortex.db"), 5),
    ("changed ledger", lambda h: flip(h, "events.jsonl"), 5),
    ("file that is no member", lambda h: (h.root / "bundle/cortex.db-wal").write_bytes(b""), 5),
    ("missing ledger", lambda h: (h.root / "bundle/events.jsonl").unlink(), 7),
    ("missing bundle", lambda h: shutil.rmtree(h.root / "bundle"), 7),
    ("store of a newer schema", newer, 4, 0),
    ("bundle of another deployment", other_deployment, 7, 0),
]


def unchanged(home, before):
    now = harness.tree(home.data)
    now, before = ({name: data for name, data in tree.items() if not name.endswith(".flock")} for tree in (now, before))
    if now == before:
        return None
    return f"the active store was changed: {sorted(n for n in set(now) | set(before) if now.get(n) != before.get(n))}"


def bad_bundle(binary, spoil, code, verify_code=None):
    with filled(binary) as home:
        spoil(home)
        before = harness.tree(home.data)
        acknowledged = () if verify_code == 0 and code == 7 else ("--acknowledge-recovery-risk",)
        run = home.run("restore", "run", "--from", "bundle", *acknowledged)
        if run.returncode != code:
            return f"restore run: wanted {code}, {harness.said(run)}"
        verify = home.run("backup", "verify", "bundle")
        wanted = code if verify_code is None else verify_code
        if verify.returncode != wanted:
            return f"backup verify: wanted {wanted}, {harness.said(verify)}"
        return unchanged(home, before)


APPLY = ("restore", "apply", "--production", "--manifest", "bundle/BACKUP_MANIFEST", "--stage-dir", "stage", "--restore-intent",
         "intent.json", "--restore-intent-signature", "intent.sig", "--operator-verification-key", "op.pub", "--against",
         "anchor", "--against-history", "history", "--anchor-sink", "local-witness", "--witness-key", "second.seed",
         "--sink-path", "receipt", "--acknowledge-production-destructive-restore", "--acknowledge-active-store-replacement",
         "--acknowledge-recovery-risk")


def with_intent(home):
    harness.must(home.run("restore", "stage", "--manifest", "bundle/BACKUP_MANIFEST", "--stage-dir", "stage",
                          "--acknowledge-destructive-restore", "--acknowledge-recovery-risk"))
    sign_intent(home)


def sign_intent(home, seed="op.seed"):
    for name in ("intent.json", "intent.sig"):
        (home.root / name).unlink(missing_ok=True)
    harness.must(home.run("restore", "intent", "build", "--backup-manifest", "bundle/BACKUP_MANIFEST", "--output",
                          "intent.json", "--sign", "--signing-key-file", seed, "--accept-loss-of-stage", "stage"))


def re_signed(home, edit, seed="op.seed"):
    path = home.root / "intent.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    (home.root / "intent.sig").unlink()
    harness.must(home.run("sign", "--signing-key-file", seed, "--payload", "intent.json", "--output", "intent.sig"))


def expired(home):
    re_signed(home, lambda d: d.update(not_before="2026-01-01T00:00:00Z", not_after="2026-01-01T01:00:00Z"))


INTENTS = [
    ("expired intent", expired, 5),
    ("intent of another deployment", lambda h: re_signed(h, lambda d: d.update(deployment_id="deployment:0")), 5),
    ("intent for another bundle", lambda h: re_signed(h, lambda d: d.update(backup_manifest_blake3="blake3:0")), 5),
    ("signature by another key", lambda h: re_signed(h, lambda d: None, "second.seed"), 5),
    ("intent of another operator", lambda h: sign_intent(h, "second.seed"), 5),
    ("intent changed after it was signed", lambda h: (h.root / "intent.json").write_text(
        (h.root / "intent.json").read_text() + " "), 5),
    ("no signature", lambda h: (h.root / "intent.sig").unlink(), 5),
    ("loss that was not signed for", lambda h: re_signed(h, lambda d: d.pop("accepted_loss_blake3")), 7),
    ("stage that was changed", lambda h: (h.root / "stage/events.jsonl").write_bytes(b""), 5),
]


def bad_intent(binary, spoil, code):
    with filled(binary) as home:
        with_intent(home)
        spoil(home)
        before = harness.tree(home.data)
        run = home.run(*APPLY)
        if run.returncode != code:
            return f"wanted {code}, {harness.said(run)}"
        return unchanged(home, before)


def production(binary):
    with filled(binary) as home:
        with_intent(home)
        run = home.run(*APPLY)
        if run.returncode:
            return harness.said(run)
        report = json.loads(run.stdout)
        if report["command"] != "restore.apply.production" or not report["restore_performed"]:
            return f"another report: {report}"
        if not home.ledger.read_bytes().startswith((home.root / "bundle/events.jsonl").read_bytes()):
            return "the ledger is not the bundle's"
        for check in (("doctor", "--strict", "--deep"), ("audit", "verify"), ("ingest", "new.json")):
            harness.must(home.run(*check))
        before = harness.tree(home.data)
        (home.root / "receipt").unlink()
        replayed = home.run(*APPLY)
        if replayed.returncode != 7:
            return f"the same intent once more: wanted 7, {harness.said(replayed)}"
        return unchanged(home, before)


def production_undone(binary):
    with filled(binary) as home:
        with_intent(home)
        before = home.ledger.read_bytes()
        harness.must(home.run(*APPLY))
        evidence = home.data / ".restore-apply-recovery/RECOVERY_MANIFEST.json"
        undo = ("restore", "recover-apply", "--manifest", evidence, "--manifest-signature", "rm.sig",
                "--operator-verification-key", "op.pub", "--acknowledge-current-backup-restore")
        after = harness.tree(home.data)
        harness.must(home.run("sign", "--signing-key-file", "second.seed", "--payload", evidence, "--output", "rm.sig"))
        for arguments in (undo, undo[:4] + undo[8:], undo[:4] + ("--attestation", "op.seed") + undo[8:]):
            refused = home.run(*arguments)
            if refused.returncode != 7:
                return f"{arguments[4:]}: wanted 7, {harness.said(refused)}"
        problem = unchanged(home, after)
        if problem:
            return problem
        (home.root / "rm.sig").unlink()
        harness.must(home.run("sign", "--signing-key-file", "op.seed", "--payload", evidence, "--output", "rm.sig"))
        # The store that is there knows the key: that the kept one has not heard of its revocation does not count.
        revoke = (f"insert into authority_key_timeline(key_id, principal_id, state, effective_at) values('{KEY}', 'p', 'revoked',"
                  " '2021-01-01T00:00:00+00:00')")
        harness.execute(home.store, revoke)
        after = harness.tree(home.data)
        refused = home.run(*undo)
        if refused.returncode != 7 or b"may not recover" not in refused.stderr:
            return f"with a revoked key: wanted 7, {harness.said(refused)}"
        problem = unchanged(home, after)
        if problem:
            return problem
        harness.execute(home.store, "delete from authority_key_timeline where state = 'revoked'")
        harness.must(home.run(*undo))
        if home.ledger.read_bytes() != before:
            return "the ledger is not the one from before"
        return None if home.run("doctor", "--strict", "--deep").returncode == 0 else "not sound"


def damaged_store(binary):
    """Page 1 is gone and the log of a dead process is there: replaced. While somebody has the store open: not."""
    row = "insert into traces values('trc_1', 2, 'now', null, 'x', 'y')"
    restore = ("restore", "run", "--from", "bundle", "--acknowledge-recovery-risk")
    with filled(binary) as home:
        log = home.data / "cortex.db-wal"
        holder = sqlite3.connect(home.store, isolation_level=None)
        holder.execute("pragma wal_autocheckpoint = 0")
        holder.execute(row)
        # By another process: closing the file in this one would give up the locks of `holder`.
        zero = ["dd", "if=/dev/zero", f"of={home.store}", "bs=4096", "count=1", "conv=notrunc"]
        subprocess.run(zero, check=True, capture_output=True)
        before, ledger = log.read_bytes(), home.ledger.read_bytes()
        refused = home.run(*restore)
        if refused.returncode != 7 or b"is in use" not in refused.stderr:
            return f"with the store open: wanted 7, {harness.said(refused)}"
        if log.read_bytes() != before or home.ledger.read_bytes() != ledger or (home.data / ".restore-apply-recovery").exists():
            return "the refused restore changed something"
        holder.close()
        log.write_bytes(before)
        damaged = home.store.read_bytes()
        harness.must(home.run(*restore))
        kept = home.data / ".restore-apply-recovery"
        if (kept / "current.cortex.db").read_bytes() != damaged or (kept / "current.cortex.db-wal").read_bytes() != before:
            return "the damaged store and its log were not kept"
        return None if home.run("doctor", "--strict", "--deep").returncode == 0 else "not sound"


def other_file_system(binary):
    shared = pathlib.Path("/dev/shm")
    with filled(binary) as home:
        if not os.access(shared, os.W_OK) or shared.stat().st_dev == home.root.stat().st_dev:
            return None
        with harness.Home(binary, root=shared) as target:
            run = target.run("restore", "run", "--from", home.root / "bundle")
            if run.returncode:
                return harness.said(run)
            return None if target.run("doctor", "--strict", "--deep").returncode == 0 else "not sound"


def no_permission(binary):
    if os.geteuid() != 0:
        return None  # a user who cannot become another one
    with filled(binary) as home:
        # The folder that the program was built in may be closed to others.
        home.binary = shutil.copy2(home.binary, home.root / "program")
        for path in [home.root, *home.root.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        home.data.chmod(0o500)
        before = harness.tree(home.data)
        run = home.run("restore", "run", "--from", "bundle", "--acknowledge-recovery-risk", user=NOBODY, group=NOBODY)
        if run.returncode not in (7, 64):
            return f"wanted 7 or 64, {harness.said(run)}"
        return unchanged(home, before)


def identity(home, name="id"):
    made = subprocess.run(["age-keygen", "-o", str(home.root / name)], capture_output=True, check=True, text=True)
    return re.search(r"age1\S+", made.stderr)[0]


def encryption(binary):
    if not shutil.which("age"):
        sys.exit("age is not installed (scripts/install-deps --tests)")
    with filled(binary) as home:
        mine, other = identity(home), identity(home, "other")
        harness.must(home.run("backup", "--encrypt-to", mine, "--encrypt-to", other, "--output", "sealed"))
        status = json.loads(home.run("--json", "status").stdout)["report"]["last_backup"]
        if not status["present"] or not status["bundle_dir"].endswith("/sealed"):
            return f"status does not see the bundle: {status}"
        names = sorted(p.name for p in (home.root / "sealed").iterdir())
        if names != ["BACKUP_MANIFEST.age", "cortex.db.age", "cortex_encrypted_bundle.json", "events.jsonl.age"]:
            return f"the bundle holds {names}"
        if any(p.name.startswith(".cortex") and "plain" in p.name for p in home.data.iterdir()):
            return "plain text was left behind"
        for key in ("id", "other"):
            plain = subprocess.run(["age", "-d", "-i", str(home.root / key), str(home.root / "sealed/events.jsonl.age")],
                                   capture_output=True, check=False)
            if plain.stdout != home.ledger.read_bytes():
                return f"age does not decrypt what we encrypted: {plain.stderr!r}"
        # The other way round: members that age itself encrypted.
        listed = json.loads((home.root / "sealed/cortex_encrypted_bundle.json").read_text())
        for entry in listed["members"]:
            path = home.root / "sealed" / entry["name"]
            plain = subprocess.run(["age", "-d", "-i", str(home.root / "id"), str(path)], capture_output=True, check=True).stdout
            path.unlink()
            subprocess.run(["age", "-r", mine, "-o", str(path)], input=plain, check=True)
            entry["size_bytes"] = path.stat().st_size
            (home.root / "sealed/cortex_encrypted_bundle.json").write_text(json.dumps(listed))
            shown = home.run("backup", "verify", "sealed").stderr.decode()
            entry["blake3"] = re.search(r"the file has (blake3:\w+)", shown)[1]
            (home.root / "sealed/cortex_encrypted_bundle.json").write_text(json.dumps(listed))
        before = harness.tree(home.data)
        for wanted, arguments in ((7, ()), (7, ("--identity", "op.seed")), (7, ("--identity", "none"))):
            refused = home.run("restore", "run", "--from", "sealed", *arguments)
            if refused.returncode != wanted:
                return f"{arguments}: {harness.said(refused)}"
        problem = unchanged(home, before)
        if problem:
            return problem
        harness.must(home.run("backup", "verify", "sealed"))  # the ciphertext alone
        harness.must(home.run("backup", "verify", "sealed", "--identity", "id", "--drill"))
        harness.must(home.run("restore", "run", "--from", "sealed", "--identity", "id"))
        harness.must(home.run("doctor", "--strict", "--deep"))
        path = home.root / "sealed/cortex.db.age"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        broken = home.run("restore", "run", "--from", "sealed", "--identity", "id", "--acknowledge-recovery-risk")
        return None if broken.returncode == 5 else f"changed ciphertext: {harness.said(broken)}"


def increments(binary):
    with filled(binary) as home:
        harness.must(home.run("backup", "--since", "bundle", "--output", "one"))
        want = home.ledger.read_bytes()
        harness.must(home.run("ingest", home.session("more.json", range(9, 12))))
        harness.must(home.run("backup", "--since", "one", "--output", "two"))
        harness.must(home.run("backup", "verify", "two", "--drill"))
        harness.must(home.run("backup", "compact", "one", "--output", "whole"))
        if (home.root / "whole/events.jsonl").read_bytes() != want:
            return "the chain gives another ledger"
        harness.must(home.run("restore", "verify-backup", "--manifest", "whole/BACKUP_MANIFEST", "--deep"))
        shutil.rmtree(home.data)
        harness.must(home.run("restore", "run", "--from", "two"))
        harness.must(home.run("doctor", "--strict", "--deep"))
        if len(harness.rows(home.ledger)) != 12:  # and the row about the restore
            return "not all rows came back"
        before = harness.tree(home.data)
        part = home.root / "one/events.jsonl.part"
        part.write_bytes(part.read_bytes()[:-1] + b" ")
        broken = home.run("restore", "run", "--from", "two", "--acknowledge-recovery-risk")
        if broken.returncode != 5:
            return f"a broken link: {harness.said(broken)}"
        shutil.rmtree(home.root / "one")
        gone = home.run("restore", "run", "--from", "two", "--acknowledge-recovery-risk")
        if gone.returncode != 7:
            return f"a missing link: {harness.said(gone)}"
        return unchanged(home, before)


def shelf(binary):
    with filled(binary) as home:
        harness.must(home.run("backup", "--to", "shelf"))
        [name] = [p.name for p in (home.root / "shelf").iterdir()]
        if not re.fullmatch(r"cortex-\d{8}T\d{6}Z", name):
            return f"another name: {name}"
        harness.must(home.run("backup", "--output", "shelf/other"))
        for _ in range(2):  # the record of the first lies beside the bundle, not in it
            harness.must(home.run("backup", "verify", ".", "--drill", cwd=home.root / "shelf/other"))
        listed = harness.must(home.run("backup", "list", "shelf"))
        if listed.stdout.count(b"\n") != 2 or b"drill passed" not in listed.stdout:
            return f"the list: {harness.said(listed)}"
        for arguments, left in ((("--keep-last", "1"), 2), (("--keep-last", "1", "--apply"), 1)):
            harness.must(home.run("backup", "prune", "shelf", *arguments))
            bundles = [p for p in (home.root / "shelf").iterdir() if p.is_dir()]
            if len(bundles) != left:
                return f"after {arguments}: {bundles}"
        return None


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--only", default="", help="run the cases whose name has this part")
    arguments = parser.parse_args()
    harness.need_program(arguments.bin)
    cases = [("bundle: " + name, lambda rest=rest: bad_bundle(arguments.bin, *rest)) for name, *rest in BUNDLES]
    cases += [("intent: " + name, lambda rest=rest: bad_intent(arguments.bin, *rest)) for name, *rest in INTENTS]
    for case in (production, production_undone, damaged_store, other_file_system, no_permission, encryption, increments, shelf):
        cases.append((case.__name__, lambda case=case: case(arguments.bin)))
    tally = harness.Tally()
    for name, run in cases:
        if arguments.only not in name:
            continue
        try:
            tally.check(name, run())
        except (OSError, RuntimeError, ValueError, TypeError, sqlite3.Error, subprocess.SubprocessError) as error:
            tally.check(name, f"{type(error).__name__}: {error}")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
