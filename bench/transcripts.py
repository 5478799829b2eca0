#!/usr/bin/env python3
"""How fast a transcript comes in, once and again, and in how much memory.

    bench/transcripts.py [--bin build/release/cortex] [--lines 100000] [--words 60] [--floor 20000]
    bench/transcripts.py --bytes 1000000000 --words 1500 --floor 0     # a transcript of 1 GB

Lines are those of Claude Code sessions, 0.8 kB each with 60 words. Exit status 1 when importing is slower than the floor, in
lines a second, or when memory grows with more than 64 bytes a line. With --bytes there are as many lines as make a file of
that size. The peak is the largest resident set of the whole process, as the kernel counts it.
"""
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
import data  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

BYTES_A_LINE_MAX = 64
FIXED_KIB = 96 << 10


def write_transcript(path, options):
    """Returns the number of lines."""
    words, n = random.Random(data.SEED), 0
    with path.open("w", encoding="utf-8") as out:
        while out.tell() < options.bytes if options.bytes else n < options.lines:
            text = " ".join(words.choices(data.WORDS, k=options.words))
            user = n % 2 == 0
            content = {"type": "tool_result", "tool_use_id": f"t{n}", "content": text} if user else \
                {"type": "text", "text": text}
            message = {"role": "user" if user else "assistant", "content": [content]}
            if not user:
                message["model"] = data.MODELS[n % 3]
            stamp = f"2026-03-02T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}Z"
            print(json.dumps({"parentUuid": None, "isSidechain": False, "cwd": "/srv/shop", "sessionId": "5b6f5f0e",
                              "version": "2.0.14", "type": message["role"], "message": message, "uuid": f"u-{n}",
                              "timestamp": stamp}), file=out)
            n += 1
    return n


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("--words", type=int, default=60)
    parser.add_argument("--floor", type=int, default=20_000)
    options = parser.parse_args()
    missed = []
    with harness.Home(options.bin) as home:
        harness.must(home.run("init"))
        path = home.root / "t.jsonl"
        lines = write_transcript(path, options)
        size = path.stat().st_size
        print(f"{lines:,} lines, {size:,} bytes")
        command = [home.binary, "session", "import", path]
        for name in ("first import", "again"):
            run = measure.timed(command, home.environment())
            rate = lines / run.seconds
            print(f"{name}: {run.seconds:.2f} s, {rate:,.0f} lines/s, {size / run.seconds / 1e6:,.0f} MB/s", flush=True)
            if run.code or rate < options.floor:
                missed.append(name)
        with harness.Home(options.bin) as other:
            harness.must(other.run("init"))
            peak = measure.peak(command, other.environment())
            print(f"peak memory: {peak.kib / 1024:.1f} MiB")
            if peak.kib > FIXED_KIB + lines * BYTES_A_LINE_MAX / 1024:
                missed.append("memory")
    print("missed: " + ", ".join(missed) if missed else "all targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
