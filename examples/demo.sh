#!/usr/bin/env bash
# The main job on a local cluster of real processes: submit, train on two workers, publish, pull, and compare base and adapter on held-out rows.
# Figures go to build/demo.json. Run by `./dev demo`, which builds first.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=build/release/bin
work=build/demo
export ROPEWALK_STATE=$work/cluster
workers=${WORKERS:-2}

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
field() { sed -n "s/^ *\"$1\": \([^,]*\),\{0,1\}$/\1/p" "$2" | head -n 1; }

rm -rf "$work"
mkdir -p "$work"
trap '"$bin/ropewalk" down --state "$ROPEWALK_STATE" >/dev/null 2>&1 || true' EXIT

say "A cluster: coordinator, registry and $workers workers"
"$bin/ropewalk" up --workers "$workers" --port-base 0 --detach

say "The job: examples/dates/job.yaml"
start=$(date +%s.%N)
"$bin/ropewalk" submit examples/dates/job.yaml
seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')

say "What the registry has now"
"$bin/ropewalk" adapters get demo/dates

say "The adapter as a PEFT folder: $work/adapter"
"$bin/ropewalk" adapters pull demo/dates --to "$work/adapter"
ls "$work/adapter"

say "Held-out dates, the base alone"
"$bin/ropewalk" eval --base examples/tiny-base --data examples/dates/eval.jsonl --samples 5
say "Held-out dates, base and adapter"
"$bin/ropewalk" eval --base examples/tiny-base --adapter "$work/adapter" --data examples/dates/eval.jsonl --samples 5

for side in base adapter; do
  with=(); [[ $side == adapter ]] && with=(--adapter "$work/adapter")
  "$bin/ropewalk" eval --base examples/tiny-base "${with[@]}" --data examples/dates/eval.jsonl --samples 0 -o json >"$work/$side.json"
done
cat >build/demo.json <<JSON
{
  "base_exact_match": $(field exact_match "$work/base.json"),
  "adapter_exact_match": $(field exact_match "$work/adapter.json"),
  "job_seconds": $seconds,
  "workers": $workers,
  "adapter_sha256": "$(sha256sum "$work/adapter/adapter_model.safetensors" | cut -d ' ' -f 1)"
}
JSON
say "build/demo.json"
cat build/demo.json

awk -v base="$(field base_exact_match build/demo.json)" -v adapter="$(field adapter_exact_match build/demo.json)" \
  'BEGIN { exit !(adapter >= 0.9 && base < 0.05) }' || { say "the adapter did not learn the task"; exit 1; }
