#!/usr/bin/env python3
"""Stores and questions for cortex_recall_ablation, from conversations with labelled evidence (LoCoMo format).

    bench/recall_prepare.py --bin build/release/cortex --data conversations.json --output FOLDER
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def event_id(conversation, number):
    value, text = conversation * 100000 + number, ""
    for _ in range(16):
        text, value = ALPHABET[value & 31] + text, value >> 5
    return "evt_01KG000000" + text


def turns(conversation):
    for session in sorted(int(key.split("_")[1]) for key in conversation if re.fullmatch(r"session_\d+", key)):
        for turn in conversation[f"session_{session}"]:
            text = turn.get("text") or turn.get("clean_text") or ""
            if turn.get("blip_caption"):
                text += f" [image: {turn['blip_caption']}]"
            yield session, conversation.get(f"session_{session}_date_time", ""), turn["dia_id"], turn["speaker"], text


def prepare(binary, folder, number, data):
    home = folder / str(number)
    home.mkdir(parents=True)
    rows, events = {}, []
    for row, (session, said, turn, who, text) in enumerate(turns(data["conversation"])):
        rows[turn] = row + 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + session * 86400 + row * 60))
        events.append({"id": event_id(number, row), "schema_version": 2, "observed_at": stamp, "recorded_at": stamp,
                       "source": {"type": "tool", "name": "chat"}, "event_type": "cortex.event.tool_result.v1",
                       "trace_id": None, "session_id": f"session-{session}", "domain_tags": [],
                       "payload": {"speaker": who, "said_at": said, "text": text}, "payload_hash": "",
                       "prev_event_hash": None, "event_hash": ""})
    (home / "session.json").write_text(json.dumps({"events": events}))
    environment = dict(os.environ, CORTEX_DATA_DIR=str(home), HOME=str(home))
    for command in (["init"], ["ingest", str(home / "session.json")]):
        subprocess.run([binary, *command], env=environment, check=True, capture_output=True)
    with open(folder / f"{number}.tsv", "w") as out:
        for question in data["qa"]:
            wanted = {f"D{int(a)}:{int(b)}" for text in question.get("evidence") or []
                      for a, b in re.findall(r"D:?(\d+):(\d+)", text)} & set(rows)
            if wanted:
                text = question["question"].replace("\t", " ")
                out.write(f"{question['category']}\t{text}\t{','.join(str(rows[turn]) for turn in sorted(wanted))}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.output).resolve()
    for number, data in enumerate(json.loads(pathlib.Path(arguments.data).read_text())):
        prepare(os.path.realpath(arguments.bin), folder, number, data)


if __name__ == "__main__":
    main()
