"""How fast the tokenizers library is on the same file as tests/bench/tokenizer_bench.cc, or both in turns.

usage: python3 bench_tokenizers.py --base FOLDER --texts FILE.jsonl [--rounds N] [--against build/release/bin/tokenizer_bench]
Prints megabytes of text a second; with --against, the ratio of the best rounds. Needs tokenizers 0.23.3.
"""

import argparse
import json
import pathlib
import subprocess
import time

from tokenizers import Tokenizer


def measure(tokenizer, texts, size):
    begin = time.perf_counter()
    tokens = sum(map(len, tokenizer.encode_batch_fast(texts, add_special_tokens=False)))
    return {"encode_mb_s": size / 1e6 / (time.perf_counter() - begin), "tokens": tokens}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against")
    options = parser.parse_args()
    begin = time.perf_counter()
    tokenizer = Tokenizer.from_file(str(pathlib.Path(options.base, "tokenizer.json")))
    load = time.perf_counter() - begin
    texts = [json.loads(line) for line in open(options.texts)]
    size = sum(len(text.encode()) for text in texts)
    theirs, ours = [], []
    for _ in range(options.rounds):
        theirs.append(measure(tokenizer, texts, size))
        print(f"tokenizers: {theirs[-1]['encode_mb_s']:.1f} MB/s, {theirs[-1]['tokens']} tokens, loaded in {load:.2f} s")
        if options.against:
            command = [options.against, "--base", options.base, "--texts", options.texts, "--rounds", "2"]
            ours += map(json.loads, subprocess.check_output(command, text=True).splitlines())
            print(f"ropewalk:   {ours[-1]['encode_mb_s']:.1f} MB/s, {ours[-1]['tokens']} tokens, "
                  f"loaded in {ours[-1]['load_s']:.2f} s; one thread {ours[-1]['encode_one_thread_mb_s']:.1f} MB/s, "
                  f"decoding {ours[-1]['decode_one_thread_mb_s']:.1f} MB/s")
    if ours:
        best = [max(run["encode_mb_s"] for run in runs) for runs in (ours, theirs)]
        print(f"ratio of the best: {best[0] / best[1]:.2f}")


if __name__ == "__main__":
    main()
