"""Makes the built-in subset of Fashion-MNIST: the first 1,200 training and 200 test images of each class, in file order, as IDX gz.

    python goldens/fashion_subset.py FOLDER-WITH-THE-FOUR-IDX-FILES training/src/main/resources/io/github/dyt4j/training/data/fashion-mnist

The data: https://github.com/zalandoresearch/fashion-mnist (MIT, see NOTICE). Needs numpy.
"""

import gzip
import struct
import sys
from pathlib import Path

import numpy as np


def read(path, header):
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    return data[header:]


def write(path, header, array):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(header + array.tobytes())


def main(source, target):
    for split, each in ("train", 1200), ("t10k", 200):
        y = np.frombuffer(read(source / f"{split}-labels-idx1-ubyte.gz", 8), np.uint8)
        x = np.frombuffer(read(source / f"{split}-images-idx3-ubyte.gz", 16), np.uint8).reshape(-1, 28, 28)
        keep = np.sort(np.concatenate([np.flatnonzero(y == c)[:each] for c in range(10)]))
        write(target / f"{split}-images-idx3-ubyte.gz", struct.pack(">4i", 0x803, len(keep), 28, 28), x[keep])
        write(target / f"{split}-labels-idx1-ubyte.gz", struct.pack(">2i", 0x801, len(keep)), y[keep])
        print(split, len(keep), np.bincount(y[keep]))


main(Path(sys.argv[1]), Path(sys.argv[2]))
