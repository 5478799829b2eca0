#!/usr/bin/env python3
"""`audit refresh-trust --tuf-root`: a repository in a folder, its keys ours, honest and otherwise.

    tests/e2e/tuf.py [--bin build/release/cortex]
"""
import hashlib
import json
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

ROOT_NEW = (harness.DATA / "ledger/trusted-root/root_new.json").read_bytes()
LATER, PAST = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"


class Repository:
    """Metadata signed with `cortex sign`; keys are seeds of one repeated byte."""

    def __init__(self, home):
        self.home = home
        self.folder = home.root / "repository"
        (self.folder / "targets").mkdir(parents=True)
        self.keys = {n: self.public(n) for n in range(1, 6)}

    def sign(self, n, data):
        seed, payload, output = (self.home.root / name for name in ("s.seed", "s.payload", "s.sig"))
        seed.write_bytes(bytes([n]) * 32)
        payload.write_bytes(data)
        output.unlink(missing_ok=True)
        run = harness.must(self.home.run("--json", "sign", "--signing-key-file", seed, "--payload", payload, "--output", output))
        return output.read_bytes().hex(), json.loads(run.stdout)["report"]["operator_pubkey_hex"]

    def public(self, n):
        return self.sign(n, b"x")[1]

    def put(self, name, part, signers):
        message = json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        signatures = [{"keyid": f"k{n}", "sig": self.sign(n, message)[0]} for n in signers]
        (self.folder / name).write_text(json.dumps({"signatures": signatures, "signed": part}))

    def root(self, version, holders, threshold, signers, expires=LATER):
        keys = {f"k{n}": {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": self.keys[n]}}
                for n in [*holders, 5]}
        roles = {role: {"keyids": ["k5"], "threshold": 1} for role in ("timestamp", "snapshot", "targets")}
        roles["root"] = {"keyids": [f"k{n}" for n in holders], "threshold": threshold}
        self.put(f"{version}.root.json", {"_type": "root", "consistent_snapshot": True, "expires": expires, "keys": keys,
                                          "roles": roles, "spec_version": "1.0", "version": version}, signers)

    def publish(self, version, target=ROOT_NEW, expires=LATER, signer=5):
        digest = hashlib.sha256(target).hexdigest()
        (self.folder / f"targets/{digest}.trusted_root.json").write_bytes(target)
        self.put(f"{version}.targets.json", {
            "_type": "targets", "expires": expires, "version": version, "spec_version": "1.0",
            "targets": {"trusted_root.json": {"length": len(target), "hashes": {"sha256": digest}}}}, [signer])
        for role, names in (("snapshot", "targets"), ("timestamp", "snapshot")):
            name = f"{version}.snapshot.json" if role == "snapshot" else "timestamp.json"
            self.put(name, {"_type": role, "expires": expires, "version": version, "spec_version": "1.0",
                            "meta": {f"{names}.json": {"version": version}}}, [signer])
        return digest


def main():
    tally = harness.Tally()
    with harness.Home(harness.program(__doc__)) as home:
        home.data.mkdir()
        made = Repository(home)
        made.root(1, [1, 2, 3], 2, [1, 2])
        trusted = home.root / "1.root.json"
        shutil.copy(made.folder / "1.root.json", trusted)
        digest = made.publish(3)
        cache = home.root / "cache.json"
        refresh = ("--json", "audit", "refresh-trust", "--url", f"file://{made.folder}/targets/trusted_root.json",
                   "--cache-path", cache, "--tuf-root", trusted)

        def check(name, code, outcome, text="", command=refresh):
            run = home.run(*command)
            report = json.loads(run.stdout)["report"] if run.stdout else {}
            good = run.returncode == code and report.get("outcome") == outcome and text in run.stderr.decode()
            tally.check(name, not good and harness.said(run) + run.stderr.decode()[-300:])
            return report

        report = check("verified from the trusted root on", 0, "ok")
        tally.check("and kept", not cache.exists() or report.get("tuf_root_version") != 1)
        made.root(2, [3, 4], 2, [1, 2, 3, 4])
        made.root(3, [4], 1, [3, 4])
        tally.check("roots are followed", check("a newer root", 0, "stale_to_stale").get("tuf_root_version") != 3)
        made.root(4, [1], 1, [1])
        check("a root that the one before did not sign", 7, "signature_invalid", "0 of the 1 keys")
        (made.folder / "4.root.json").unlink()
        made.publish(2)
        check("versions that go back", 7, "signature_invalid", "go back from version 3 to 2")
        made.publish(4, signer=1)
        check("metadata of another key", 7, "signature_invalid", "0 of the 1 keys")
        made.publish(4, expires=PAST)
        check("metadata that expired", 7, "signature_invalid", "expired")
        made.publish(4)
        (made.folder / f"targets/{digest}.trusted_root.json").write_bytes(ROOT_NEW.replace(b"rekor", b"rekox", 1))
        check("another file than was announced", 7, "signature_invalid", "another digest")
        (made.folder / f"targets/{digest}.trusted_root.json").unlink()
        check("a file that is missing", 7, "http_error")
        made.publish(5)
        check("and all is well again", 0, "stale_to_stale")
        made.root(4, [4], 1, [4], expires=PAST)
        check("a root that expired", 7, "signature_invalid", "expired")
        trusted.write_bytes(trusted.read_bytes().replace(b'"threshold": 2', b'"threshold": 1'))
        check("a trusted root that was changed", 7, "signature_invalid")
        check("the root in the program, which signed none of this", 7, "signature_invalid", "root 15",
              (*refresh[:7], "--tuf-root", "sigstore"))
        check("a URL that is no target", 2, "http_error", "/targets/trusted_root.json",
              (*refresh[:4], f"file://{made.folder}/x.json", *refresh[5:]))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
