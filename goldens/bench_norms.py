"""What LayerNorm and DyT cost in PyTorch, eager and compiled: the Python twin of `dyt4j bench`, whose JSON it writes.

    pip install -r goldens/requirements.txt
    python goldens/bench_norms.py --threads 2 --json pytorch.json

Each norm is a module with parameters that take gradients; forward runs without autograd, forward and backward with it. All norms take
turns in every round, and a ratio is over eager LayerNorm in the same round. torch.compile needs a C++ compiler; where it fails, the
environment says why and those rows are left out.

Pins: torch 2.13.0.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time
from pathlib import Path

import torch

from dyt import DyT

SHAPES = ["4096x192", "8192x384", "8192x768", "2048x4096"]
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
BASELINE = "pytorch layernorm"
MIN_ROUNDS = 9


def shape(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not ROWSxWIDTH, as 4096x192 is")
    return int(match[1]), int(match[2])


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def norms(width: int, dtype: torch.dtype, compiled: bool) -> dict[str, torch.nn.Module]:
    eager = {BASELINE: torch.nn.LayerNorm(width).to(dtype), "pytorch dyt": DyT(width).to(dtype)}
    if not compiled:
        return eager
    # Each shape starts from nothing, or the second would be compiled for sizes that vary.
    torch.compiler.reset()
    return {name + suffix: make(module) for name, module in eager.items()
            for suffix, make in (("", lambda m: m), (" compiled", lambda m: torch.compile(m, dynamic=False)))}


def forward(module, x, dy):
    with torch.no_grad():
        module(x)


def both(module, x, dy):
    x.grad = None
    for p in module.parameters():
        p.grad = None
    module(x).backward(dy)


def compile_error() -> str | None:
    """Why torch.compile cannot run here; None where it can."""
    try:
        x = torch.ones(4, 8, requires_grad=True)
        torch.compile(DyT(8), dynamic=False)(x).sum().backward()
        return None
    except Exception as e:  # no compiler, no writable cache, an unsupported platform: whatever it is, it is told
        lines = str(e).strip().splitlines()
        return f"{type(e).__name__}: {lines[0] if lines else ''}".strip(": ")


def repeats(call) -> int:
    """Calls a measurement, so that one takes a millisecond or more."""
    call()
    begin = time.perf_counter()
    call()
    return max(1, round(1e-3 / max(time.perf_counter() - begin, 1e-9)))


def percentile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = int(at)
    return ordered[low] + (at - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def spread(values: list[float]) -> float:
    return (percentile(values, 0.9) - percentile(values, 0.1)) / 2 / statistics.median(values)


def rounds(calls: dict, seconds: float) -> dict[str, list[float]]:
    """Seconds a call, one measurement of every norm a round; where a round begins moves on by one each time."""
    names = list(calls)
    for call in calls.values():
        for _ in range(3):
            call()  # compiles and warms
    count = {name: repeats(call) for name, call in calls.items()}
    times = {name: [] for name in names}
    end = time.perf_counter() + seconds
    done = 0
    while done < MIN_ROUNDS or time.perf_counter() < end:
        for i in range(len(names)):
            name = names[(done + i) % len(names)]
            begin = time.perf_counter()
            for _ in range(count[name]):
                calls[name]()
            times[name].append((time.perf_counter() - begin) / count[name])
        done += 1
    return times


def measure(rows: int, width: int, dtype: str, seconds: float, compiled: bool) -> list[dict]:
    found = []
    torch.manual_seed(0)
    modules = norms(width, DTYPES[dtype], compiled)
    dy = torch.randn(rows, width).to(DTYPES[dtype])
    for direction, way in (("forward", forward), ("both", both)):
        x = torch.randn(rows, width).to(DTYPES[dtype]).requires_grad_(direction == "both")
        times = rounds({n: (lambda m=m: way(m, x, dy)) for n, m in modules.items()}, seconds)
        for name, t in times.items():
            ns = [v * 1e9 / (rows * width) for v in t]
            ratios = None if name == BASELINE else [a / b for a, b in zip(t, times[BASELINE])]
            # The fields of BenchRow; what the Java bench alone looks at is null.
            found.append(dict(
                what="pytorch", norm=name, baseline=None if ratios is None else BASELINE, dtype=dtype, rows=rows, width=width,
                direction=direction, threads=torch.get_num_threads(), nsPerElement=statistics.median(ns),
                p10=percentile(ns, 0.1), p90=percentile(ns, 0.9), ratio=None if ratios is None else statistics.median(ratios),
                spread=spread(ns if ratios is None else ratios), gbPerSecond=None, ofLimit=None, error=None, peakBytes=None,
                value=None, unit=None, goal=None, reached=None))
    return found


def line(r: dict) -> str:
    ratio = "" if r["ratio"] is None else f"  {r['ratio']:.2f} x ± {r['spread']:.0%}"
    return (f"{r['rows']:>6} x {r['width']:<5} {r['direction']:<8} {r['norm']:<27} {r['nsPerElement']:7.3f} ns an element "
            f"({r['p10']:.3f} to {r['p90']:.3f}){ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Times LayerNorm and DyT in PyTorch, eager and compiled.")
    parser.add_argument("--shape", type=shape, action="append", metavar="RxC", help=f"rows x width; default {' '.join(SHAPES)}")
    parser.add_argument("--dtype", choices=DTYPES, default="f32")
    parser.add_argument("--threads", type=int, help="default: PyTorch's own")
    parser.add_argument("--seconds", type=float, default=3, help="a shape and direction; default 3")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what `dyt4j bench --with` reads")
    options = parser.parse_args()
    if options.threads is not None:
        if options.threads < 1:
            parser.error("--threads is at least 1")
        torch.set_num_threads(options.threads)

    why_not = compile_error()
    environment = dict(
        cpu=cpu(), os=platform.platform(), python=platform.python_version(), torch=torch.__version__,
        instructions=torch.backends.cpu.get_cpu_capability(), threads=torch.get_num_threads(),
        torchCompile=f"left out, it fails here: {why_not}" if why_not else "inductor", loadBefore=load(),
        command=" ".join(["python", "goldens/bench_norms.py", *sys.argv[1:]]))
    if why_not:
        print(f"torch.compile fails here, so its rows are left out: {why_not}", file=sys.stderr)
    rows = []
    for r, c in options.shape or map(shape, SHAPES):
        for row in measure(r, c, options.dtype, options.seconds, why_not is None):
            print(line(row), flush=True)
            rows.append(row)
    environment["loadAfter"] = load()
    if options.json:
        options.json.write_text(json.dumps(dict(environment=environment, rows=rows), indent=2) + "\n")


if __name__ == "__main__":
    main()
