"""What the reference library writes, and what it says of damaged files.

    pip install -r goldens/requirements.txt
    python goldens/safetensors_fixture.py

reference.safetensors: a tensor of each dtype that fills whole bytes, a scalar, an empty one, names beyond ASCII, metadata (one entry: the order of several is not fixed).
verdicts.bin.gz: seeded lies and damage. One record a file: length (u32), the file, accepted (u8) and, when accepted, the first 8
bytes of the SHA-256 of the lines "name|dtype|shape|data in hex" in the order of names.
"""

import ctypes
import gzip
import hashlib
import json
import random
import struct
from pathlib import Path

import safetensors

OUT = Path(__file__).parent.parent / "formats/src/test/resources/io/github/dyt4j/formats"
WIDTH = {"uint64": 8, "int64": 8, "float64": 8, "complex64": 8, "float32": 4, "uint32": 4, "int32": 4, "bfloat16": 2,
         "float16": 2, "uint16": 2, "int16": 2, "float8_e5m2fnuz": 1, "float8_e4m3fnuz": 1, "float8_e8m0fnu": 1,
         "float8_e4m3fn": 1, "float8_e5m2": 1, "int8": 1, "uint8": 1, "bool": 1}
NAMES = {"F32": 4, "F64": 8, "BF16": 2, "I64": 8, "U8": 1, "BOOL": 1, "F4": 1, "f32": 4, "F8_E4M3": 1}


def reference() -> bytes:
    alive = []

    def tensor(dtype, shape, data):
        buffer = ctypes.create_string_buffer(data, max(1, len(data)))
        alive.append(buffer)
        return safetensors.TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffer), data_len=len(data))

    tensors = {}
    for i, (dtype, width) in enumerate(sorted(WIDTH.items())):
        data = bytes((31 * i + j) % 2 if dtype == "bool" else (31 * i + 7 * j) % 256 for j in range(6 * width))
        tensors["of." + dtype] = tensor(dtype, [2, 3], data)
    tensors["scalar"] = tensor("float32", [], struct.pack("<f", 0.5))
    tensors["empty"] = tensor("float32", [3, 0], b"")
    for name in ("é/\"quoted\"", "\ue000", "\U0001f600"):  # the last two differ in order between UTF-8 and UTF-16
        tensors[name] = tensor("uint8", [1], b"\x07")
    return bytes(safetensors.serialize(tensors, {"format": "pt é\n"}))


def header(r: random.Random) -> tuple[str, int]:
    """A header by the format's grammar, with lies of every kind at a low rate; and the bytes that its tensors need."""

    def lie(rate=0.04):
        return r.random() < rate

    def offset(n):
        if not lie():
            return n
        return r.choice([n + 1, n - 1, -1, 0, 2**31, 2**63, 2**64, 10**30, 1.0, "0", None])

    at, fields = 0, []
    for i in range(r.randrange(5)):
        dtype = r.choice(["F32", "F32", "U8", *NAMES]) if lie(0.3) else "F32"
        shape = [r.randrange(3 if lie() else 1, 4) for _ in range(r.randrange(3))]
        size = NAMES[dtype]
        for d in shape:
            size *= d
        if lie():
            shape = r.choice([shape + [-1], shape + [2**62, 4], shape + [0], [2.0], ["1"], None, 3, [[1]], shape + [True], [1] * 9])
        begin, end = offset(at), offset(at + size)
        at += size
        tensor = [("dtype", None if lie(0.01) else dtype), ("shape", shape), ("data_offsets", [begin, end] if not lie(0.02) else [begin])]
        if lie(0.02):
            tensor.append(r.choice([("x", 1), ("dtype", "F32"), ("shape", [])]))
        if lie(0.02):
            tensor.pop(0)
        r.shuffle(tensor)
        body = "{" + ",".join(json.dumps(k) + ":" + json.dumps(v) for k, v in tensor) + "}"
        if lie(0.01):
            body = json.dumps([v for _, v in tensor])
        fields.append((f"t{r.randrange(i + 1) if lie(0.05) else i}", body))
    if r.random() < 0.3:
        fields.append(("__metadata__", r.choice(['{"a":"b"}', "{}", '{"a":1}', "null", '{"a":"b","a":"c"}', '{"a":{}}', "[]"])))
    if lie():
        fields.append(("empty", '{"dtype":"F32","shape":[0],"data_offsets":[%d,%d]}' % (at, at)))
        if lie(0.5):
            fields.append(("empty2", '{"dtype":"F32","shape":[0],"data_offsets":[%d,%d]}' % (at, at)))
    if lie(0.02):
        fields.append((r.choice(["\\ud800", "\\ud83d\\ude00", "a\\u0000b", "\\x"]), '{"dtype":"U8","shape":[0],"data_offsets":[%d,%d]}' % (at, at)))
    if r.random() < 0.3:
        r.shuffle(fields)
    text = "{" + ",".join('"%s":%s' % f for f in fields) + "}"
    return text + r.choice(["", " ", "  ", "\n", "\t "]) + ("" if not lie(0.02) else r.choice(["x", "{}", "\0", ",", "//"])), at


def damaged(r: random.Random) -> bytes:
    text, size = header(r)
    head = bytearray(text.encode())
    if r.random() < 0.15:
        for _ in range(r.randrange(1, 4)):
            what, i = r.randrange(4), r.randrange(len(head))
            if what == 0:
                head[i] = r.randrange(256)
            elif what == 1 and len(head) > 1:
                del head[i]
            elif what == 2:
                head.insert(i, r.choice(b'{}[]",:0123456789 -.e\\'))
            else:
                j = r.randrange(len(head) + 1)
                head[i:i] = head[i:j]
    n = len(head)
    if r.random() < 0.05:
        n = r.choice([n + 1, n - 1, 0, 1, 100_000_001, 2**63, 2**64 - 1, 2**32, n + size, n + size + 1])
    if r.random() < 0.04:
        size = max(0, size + r.choice([-1, 1, 4, -4]))
    whole = struct.pack("<Q", n % 2**64) + bytes(head) + bytes(r.randrange(256) for _ in range(size))
    return whole[: r.randrange(len(whole))] if r.random() < 0.03 else whole


def verdict(file: bytes) -> bytes:
    try:
        tensors = safetensors.deserialize(file)
    except safetensors.SafetensorError:
        return b"\0"
    lines = sorted((name.encode(), f"|{t['dtype']}|{list(t['shape'])}|{bytes(t['data']).hex()}\n".encode()) for name, t in tensors)
    return b"\1" + hashlib.sha256(b"".join(a + b for a, b in lines)).digest()[:8]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "reference.safetensors").write_bytes(reference())
    r = random.Random(20250)
    records, accepted = [], 0
    for _ in range(4000):
        file = damaged(r)
        v = verdict(file)
        accepted += v[0]
        records.append(struct.pack("<I", len(file)) + file + v)
    (OUT / "verdicts.bin.gz").write_bytes(gzip.compress(b"".join(records), 9, mtime=0))
    print(len(records), "files,", accepted, "accepted")


if __name__ == "__main__":
    main()
