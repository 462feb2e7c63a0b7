"""Tiny sound files as libsndfile writes them, and what it reads from the Ogg: the fixtures of training/audio's tests.

    pip install soundfile && python audio.py

The lossless ones hold a signal that the test computes again: sample i of channel c is ((i * i * (c + 3)) % 2001 - 1000) / 1001, rounded to the file's bits
as round(v * (2^(bits-1) - 1)); 16 bits are PCM16, and so on.
"""

import pathlib

import numpy as np
import soundfile as sf

OUT = pathlib.Path(__file__).parent.parent / "training/src/test/resources/io/github/dyt4j/training/audio"
SAMPLES = 3000


def signal(channels):
    i = np.arange(SAMPLES, dtype=np.int64)
    return np.stack([((i * i * (c + 3)) % 2001 - 1000) / 1001 for c in range(channels)], 1)


def whole(channels, bits):
    """As int32 with the sample in the highest bits, which is what libsndfile takes."""
    return (np.round(signal(channels) * (2 ** (bits - 1) - 1)).astype(np.int64) << (32 - bits)).astype(np.int32)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, channels, bits, rate in [("mono16.flac", 1, 16, 8000), ("stereo24.flac", 2, 24, 16000)]:
        sf.write(OUT / name, whole(channels, bits), rate, subtype=f"PCM_{bits}")
    sf.write(OUT / "extensible24.wav", whole(2, 24), 44100, subtype="PCM_24", format="WAVEX")
    t = np.arange(6000) / 8000
    tone = 0.4 * np.sin(2 * np.pi * 300 * t) + 0.2 * np.sin(2 * np.pi * 1100 * t)
    sf.write(OUT / "tone.ogg", np.stack([tone, 0.5 * tone], 1), 8000, format="OGG", subtype="VORBIS")
    decoded, _ = sf.read(OUT / "tone.ogg", dtype="float32")
    decoded.mean(1).astype("<f4").tofile(OUT / "tone.f32")


if __name__ == "__main__":
    main()
