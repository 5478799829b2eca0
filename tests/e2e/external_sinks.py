#!/usr/bin/env python3
"""Anchors that services outside witness: a Rekor log and timestamp calendars on loopback, honest ones and others.

    tests/e2e/external_sinks.py [--bin build/release/cortex]
"""
import base64
import hashlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "servers")]
import harness  # noqa: E402
from harness import unexpected  # noqa: E402
import services  # noqa: E402

RECEIPT = "# cortex-external-anchor-receipt-format: 1\n"


class Live(harness.Home):
    """A home with three events in which timestamp services may be reached."""

    def environment(self):
        return {**super().environment(), "CORTEX_OTS_LIVE": "1", "CORTEX_OTS_BTC_HEADER_PROVIDERS": ""}

    def fill(self):
        harness.must(self.run("init"))
        harness.must(self.run("ingest", self.session("s.json", range(1, 4)), "--no-mirror"))
        return self


def receipts(path):
    lines = pathlib.Path(path).read_text().splitlines()
    return [json.loads(line) for line in lines[1::2]]


def write_receipts(path, records):
    path.write_text("".join(RECEIPT + json.dumps(r, separators=(",", ":")) + "\n" for r in records))


def rekor(tally, binary):
    with services.Rekor() as log, Live(binary) as home:
        home.fill()
        (home.data / "trusted_root.json").write_text(json.dumps(log.trusted_root()))
        anchor = ["audit", "anchor", "--sink", "rekor", "--sink-endpoint", log.url]
        run = home.run(*anchor, "--sink-receipt", "r.txt", "--sink-receipt-history", "h.txt")
        tally.check("rekor: an honest log witnesses the anchor", unexpected(
            run, 0, "anchor_authority=external_authority_rekor", "external_anchor_authority=true", "rekor entry uuid="))
        run = home.run("audit", "verify", "--against-external", "r.txt")
        tally.check("rekor: its receipt verifies offline", unexpected(
            run, 0, "external_anchor_authority=external_authority_rekor", "external_anchor_receipts_verified=1"))
        home.run(*anchor, "--sink-receipt-history", "h.txt")
        tally.check("rekor: a history of two", unexpected(
            home.run("audit", "verify", "--against-external", "h.txt"), 0, "external_anchor_receipts_verified=2"))
        tampered(tally, home, receipts(home.root / "h.txt"))
        for mode, token in (("lie", "entry_not_of_this_anchor"), ("foreign", "set_signature_invalid")):
            log.mode = mode
            run = home.run(*anchor, "--sink-receipt", f"{mode}.txt")
            tally.check(f"rekor: an answer that is a {mode} is refused", unexpected(run, 3, token, "_rekor_rejected"))
            tally.check(f"rekor: {mode} leaves no receipt", (home.root / f"{mode}.txt").exists() and "there is one")
        for mode in ("broken", "oversized", "refuse", "redirect"):
            log.mode = mode
            run = home.run(*anchor, "--sink-receipt", f"{mode}.txt")
            tally.check(f"rekor: {mode} is a failed submission", unexpected(
                run, 7, "anchor_sink_reason=audit.anchor.rekor.submit_failed"))
        log.mode = ""
        (home.data / "trusted_root.json").write_text(json.dumps(log.trusted_root(start="2050-01-01T00:00:00Z")))
        tally.check("rekor: a key before its window", unexpected(
            home.run("audit", "verify", "--against-external", "r.txt"), 3, "log_key_not_valid_then"))
    with Live(binary) as home:
        home.fill()
        run = home.run("audit", "anchor", "--sink", "rekor", "--sink-endpoint", "http://127.0.0.1:1")
        tally.check("rekor: nobody listens", unexpected(run, 7, "audit.anchor.rekor.submit_failed"))


def tampered(tally, home, records):
    """Every record counts, the first as much as the latest."""
    def check(name, token, change, code=3):
        changed = json.loads(json.dumps(records))
        change(changed[0])
        write_receipts(home.root / "t.txt", changed)
        tally.check(f"rekor: {name}", unexpected(home.run("audit", "verify", "--against-external", "t.txt"), code, token))

    check("an unknown log", "tlog_logid_no_match", lambda r: r["receipt"].update(logID="00" * 32))
    check("another time", "set_signature_invalid", lambda r: r["receipt"].update(
        integratedTime=r["receipt"]["integratedTime"] + 1))
    check("another root", "inclusion_proof_invalid", lambda r: r["receipt"]["inclusionProof"].update(rootHash="0" * 64))
    check("a proof cut short", "inclusion_proof_invalid", lambda r: r["receipt"]["inclusionProof"]["hashes"].pop())
    check("another checkpoint", "checkpoint_invalid", lambda r: r["receipt"]["inclusionProof"].update(
        checkpoint=r["receipt"]["inclusionProof"]["checkpoint"].replace("test-log - 7", "test-log - 8")))
    check("another head", "anchor.head_mismatch", lambda r: r.update(anchor_chain_head_hash="0" * 64))
    other = hashlib.sha256(b"another anchor").hexdigest()
    check("another digest", "anchor_text_hash.mismatch", lambda r: r.update(anchor_text_sha256=other))
    run = home.run("audit", "verify", "--against-external", "t.txt")
    del run
    write_receipts(home.root / "t.txt", [dict(records[0], sink_endpoint="https://elsewhere.test")])
    tally.check("rekor: a changed free member is noticed", unexpected(
        home.run("audit", "verify", "--against-external", "t.txt"), 0, "record_not_registered"))
    tally.check("rekor: --strict refuses it", unexpected(
        home.run("audit", "verify", "--strict", "--against-external", "t.txt"), 3, "record_not_registered"))


def calendars(tally, binary):
    with services.Calendar() as calendar, Live(binary) as home:
        home.fill()
        anchor = ["audit", "anchor", "--sink", "opentimestamps", "--sink-endpoint", calendar.url]
        run = home.run(*anchor, "--sink-receipt", "p.txt")
        tally.check("ots: a promise is no confirmation", unexpected(
            run, 7, "ots_pending_rejected_under_require_non_pending", "ots_outcome=partial"))
        run = home.run(*anchor, "--sink-receipt", "p.txt", "--allow-pending")
        tally.check("ots: a promise may be accepted", unexpected(
            run, 0, "ots_pending_accepted_under_allow_pending", "external_anchor_authority=false"))
        verify = home.run("audit", "verify", "--against-external", "p.txt")
        tally.check("ots: it is counted as pending", unexpected(verify, 0, "ots_receipts_pending=1"))
        fabricated(tally, home, receipts(home.root / "p.txt")[0])
        upgrade = ["audit", "upgrade-receipts", "p.txt", "--output", "u.txt"]
        tally.check("ots: no block yet", unexpected(home.run(*upgrade), 0, "1 still pending", "nothing was written"))
        calendar.confirmed = True
        tally.check("ots: a promise that came true", unexpected(home.run(*upgrade), 0, "1 upgraded, 0 still pending"))
        verify = home.run("audit", "verify", "--against-external", "u.txt", prefix=["env", "-u", "CORTEX_OTS_LIVE"])
        tally.check("ots: the upgraded proof waits for its header", unexpected(
            verify, 0, "ots_receipts_bitcoin_partial=1", "block_header_mismatch"))
        tally.check("ots: an output that exists is kept", unexpected(home.run(*upgrade), 7))
        for mode in ("broken", "oversized", "refuse", "redirect", "lie"):
            calendar.mode = mode
            run = home.run(*anchor, "--sink-receipt", f"{mode}.txt", "--allow-pending")
            tally.check(f"ots: {mode} is refused", unexpected(run, 7, "anchor_authority=external_unconfigured"))


def fabricated(tally, home, record):
    """Proofs and headers that somebody made up."""
    proof = base64.b64decode(record["receipt"]["ots_proof_base64"])
    start = proof.index(b"\x01\x08", 30) + 2
    head, digest = proof[:start], proof[start:start + 32]
    block = bytes.fromhex("000588960d73d71901") + b"\x01\x07"

    def check(name, body, code, *tokens, flags=()):
        changed = dict(record, receipt=dict(record["receipt"], ots_proof_base64=base64.b64encode(body).decode()))
        write_receipts(home.root / "f.txt", [changed])
        run = home.run("audit", "verify", "--against-external", "f.txt", *flags)
        tally.check(f"ots: {name}", unexpected(run, code, *tokens))

    check("a proof of another digest", head + bytes(32) + block, 3, "ots.digest.not_of_this_anchor")
    check("an unknown attestation", head + digest + b"\x00" + b"somebody" + b"\x00", 3, "unknown_tag")
    check("half a proof", proof[:-3], 7, "ots.proof.malformed")
    (home.root / "b.height").write_text("7\n")
    (home.root / "b.bin").write_bytes(bytes(36) + digest + bytes(12))
    flags = ("--bitcoin-header", "b.bin")
    check("a header without work", head + digest + block, 3, "pow_invalid", flags=flags)
    (home.root / "b.bin").write_bytes(bytes(80))
    check("a header of another block", head + digest + block, 3, "merkle_path_invalid", flags=flags)
    check("no header of that height", head + digest + block[:-1] + b"\x08", 7, "header_quorum.unreachable", flags=flags)


def main():
    binary = harness.program(__doc__)
    tally = harness.Tally()
    rekor(tally, binary)
    calendars(tally, binary)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
