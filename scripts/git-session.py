#!/usr/bin/env python3
"""Turn a git history into a session file that `cortex ingest` takes.

    scripts/git-session.py [--repo DIR] [--max N] [--output FILE]

One event per commit, oldest first: what changed, when, how much. The id is made of the commit's time and hash, so that the
same history always gives the same events and ingesting it again appends nothing. No name and no address is taken over.
"""
import argparse
import datetime
import json
import subprocess
import sys

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECORD, FIELD = "\x1e", "\x1f"


def ulid(milliseconds, commit):
    """48 bits of time, then 80 bits of the commit hash."""
    value = ((milliseconds & (1 << 48) - 1) << 80) | int(commit[:20], 16)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def utc(seconds):
    stamp = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return stamp.strftime("%Y-%m-%dT%H:%M:%SZ")


def history(repo, count):
    """(hash, author time, commit time, subject, numstat lines) per commit, oldest first."""
    command = ["git", "-C", repo, "log", "--reverse", "--numstat",
               f"--format={RECORD}%H{FIELD}%at{FIELD}%ct{FIELD}%s"]
    if count:
        command.append(f"--max-count={count}")
    run = subprocess.run(command, capture_output=True, check=False)
    if run.returncode:
        sys.exit(f"git log failed in {repo}: {run.stderr.decode(errors='replace').strip()}")
    for record in run.stdout.decode("utf-8", "replace").split(RECORD)[1:]:
        head, _, stats = record.partition("\n")
        commit, authored, committed, subject = head.split(FIELD, 3)
        yield commit, int(authored), int(committed), subject, [line for line in stats.split("\n") if line]


def event(commit, authored, committed, subject, stats):
    counts = [line.split("\t")[:2] for line in stats]
    return {
        "id": "evt_" + ulid(committed * 1000, commit),
        "schema_version": 2,
        "observed_at": utc(authored),
        "recorded_at": utc(committed),
        "source": {"type": "tool", "name": "git"},
        "event_type": "cortex.event.code_diff.v1",
        "trace_id": None,
        "session_id": "git-history",
        "domain_tags": ["git"],
        "payload": {
            "commit": commit,
            "author_date": utc(authored),
            "subject": subject,
            "files_changed": len(counts),
            # A binary file counts as "-": no lines.
            "insertions": sum(int(added) for added, _ in counts if added != "-"),
            "deletions": sum(int(removed) for _, removed in counts if removed != "-"),
        },
        "payload_hash": "",
        "prev_event_hash": None,
        "event_hash": "",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", default=".")
    parser.add_argument("--max", type=int, default=0, help="the newest N commits only")
    parser.add_argument("--output", help="write here instead of to stdout")
    options = parser.parse_args()
    events = [event(*commit) for commit in history(options.repo, options.max)]
    text = json.dumps({"events": events}, indent=2, ensure_ascii=False) + "\n"
    if options.output:
        with open(options.output, "w", encoding="utf-8") as out:
            out.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
