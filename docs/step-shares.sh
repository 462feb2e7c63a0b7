#!/usr/bin/env bash
# step-shares.sh RECIPE [options of train]: where the time of a training step goes, by samples of the processor (Linux, perf, a JDK's jcmd).
#
# "Products and convolutions" are what libtorch's OpenBLAS and oneDNN do, whose code is made at run time and has no symbols;
# Java's own, which has none either, is named by jcmd's map of it: that is this project's kernels and all else in Java.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5p' "$0" | cut -c3-; exit 2; }
command -v perf > /dev/null || { echo "step-shares.sh: there is no perf here (Debian: linux-perf)" >&2; exit 1; }
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
java=
trap '[ -z "$java" ] || kill "$java" 2> /dev/null || true; rm -rf "$work"' EXIT

"$here/dyt4j" train "$@" --out "$work/run" > "$work/log" 2>&1 &
launcher=$!
until [ -s "$work/run/metrics.jsonl" ] && [ "$(wc -l < "$work/run/metrics.jsonl")" -gt 30 ]; do # the compilers have settled by then
  kill -0 $launcher 2> /dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 1
done
java=$(pgrep -f "$work/run" | tail -n 1)
perf record -q -o "$work/samples" -F 300 -p "$java" -- sleep 12
jcmd "$java" Compiler.perfmap > /dev/null
kill "$java"
perf script -i "$work/samples" -F comm,ip,sym,dso 2> /dev/null | awk '
  $1 != "java" { next }                     # compilers and loaders have names of their own
  {
    n++
    dso = $NF; sym = $3; kind = "the rest"
    if (dso ~ /openblas/ || $0 ~ /gemm|dnnl|mkldnn/) kind = "products and convolutions"
    else if ($0 ~ /flash_attention/) kind = "attention"
    else if (dso ~ /perf-[0-9]+\.map/ && sym != "[unknown]") kind = "own kernels and Java"
    else if (dso ~ /perf-[0-9]+\.map|JIT|anon|unknown/) kind = "products and convolutions"
    else if (dso ~ /torch_cpu/) kind = "the rest of libtorch"
    else if ($0 ~ /mem(set|cpy|move)/) kind = "setting and copying memory"
    count[kind]++
  }
  END {
    if (n == 0) { print "no samples"; exit 1 }
    for (k in count) printf "%5.1f%%  %s\n", 100 * count[k] / n, k | "sort -rn"
  }'
