"""Makes the built-in splice junctions: sequence, label and split as TSV gz, each sequence once.

    python goldens/splice_junctions.py DNA.rda training/src/main/resources/io/github/dyt4j/training/dna/splice-junctions

DNA.rda is the StatLog coding (three bits a base: 100 A, 010 C, 001 G, 000 T) as R's package mlbench ships it, xz and RDX2. The data: UCI
Molecular Biology (Splice-junction Gene Sequences), CC BY 4.0, see NOTICE. Needs nothing but Python.

A sequence that is there more than once is kept once, under the first label. A fifth of each class, by SHA-256 of the sequence, is the test set.
"""

import gzip
import hashlib
import lzma
import struct
import sys
from pathlib import Path

BASES = {"100": "A", "010": "C", "001": "G", "000": "T"}
LABELS = {"ei": "EI", "ie": "IE", "n": "N"}


class Xdr:
    """What R's serialisation (XDR, version 2) of a data frame of factors needs."""

    def __init__(self, data):
        self.data, self.at, self.symbols = data, 0, []

    def int(self):
        self.at += 4
        return struct.unpack_from(">i", self.data, self.at - 4)[0]

    def item(self):
        flags = self.int()
        kind, attributed, tagged = flags & 0xFF, flags & 0x200, flags & 0x400
        if kind == 254:
            return None
        if kind == 255:
            return self.symbols[(flags >> 8) - 1]
        if kind == 1:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == 2:  # a pairlist, as a dict
            attributed and self.item()
            key = self.item() if tagged else None
            value = self.item()
            return {key: value} | (self.item() or {})
        if kind == 9:
            n = self.int()
            self.at += n
            return self.data[self.at - n : self.at].decode()
        n = self.int()
        if kind == 13:
            value = list(struct.unpack_from(f">{n}i", self.data, self.at))
            self.at += 4 * n
        elif kind in (16, 19):
            value = [self.item() for _ in range(n)]
        else:
            raise ValueError(f"type {kind} at {self.at}")
        return (value, self.item()) if attributed else value


def main(source, target):
    data = lzma.decompress(source.read_bytes())
    assert data[:7] == b"RDX2\nX\n"
    xdr = Xdr(data)
    xdr.at = 7 + 3 * 4  # the versions
    columns, _ = xdr.item()["DNA"]
    factors = [[attributes["levels"][v - 1] for v in values] for values, attributes in columns]
    bits, classes = factors[:180], factors[180]
    rows = {}
    for i, label in enumerate(classes):
        sequence = "".join(BASES["".join(b[i] for b in bits[j : j + 3])] for j in range(0, 180, 3))
        rows.setdefault(sequence, LABELS[label])
    test = set()
    for label in LABELS.values():
        own = sorted((s for s in rows if rows[s] == label), key=lambda s: hashlib.sha256(s.encode()).digest())
        test.update(own[: round(len(own) / 5)])
    lines = ["sequence\tlabel\tsplit"] + [f"{s}\t{l}\t{'test' if s in test else 'train'}" for s, l in rows.items()]
    target.mkdir(parents=True, exist_ok=True)
    with open(target / "splice.tsv.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(("\n".join(lines) + "\n").encode())
    print(len(classes), "rows;", len(rows), "kept;", len(test), "of them test;", {l: list(rows.values()).count(l) for l in LABELS.values()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
