"""Writes sampling.json: random logits and what transformers' own logits processors leave of them.

    ./dev oracles make_generate

worker/generate/sampling_test.cc reads the file.
"""

import json
import pathlib

import torch
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

VOCABULARY = 40
OPTIONS = [
    {},
    {"temperature": 0.7},
    {"temperature": 2.5},
    {"top_k": 1},
    {"top_k": 5},
    {"top_k": 1000},
    {"top_p": 0.9},
    {"top_p": 0.5},
    {"top_p": 0.01},
    {"min_p": 0.1},
    {"min_p": 1.0},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8, "temperature": 1.5},
    {"temperature": 0.8, "top_k": 12, "top_p": 0.8},
    {"temperature": 1.2, "top_p": 0.95, "min_p": 0.05},
    {"temperature": 0.9, "top_k": 20, "top_p": 0.9, "min_p": 0.02, "repetition_penalty": 1.1},
]


def processors(options):
    """In the order of GenerationMixin._get_logits_processor."""
    chain = LogitsProcessorList()
    if "repetition_penalty" in options:
        chain.append(RepetitionPenaltyLogitsProcessor(penalty=options["repetition_penalty"]))
    if "temperature" in options:
        chain.append(TemperatureLogitsWarper(options["temperature"]))
    if "top_k" in options:
        chain.append(TopKLogitsWarper(top_k=options["top_k"]))
    if "top_p" in options:
        chain.append(TopPLogitsWarper(top_p=options["top_p"]))
    if "min_p" in options:
        chain.append(MinPLogitsWarper(min_p=options["min_p"]))
    return chain


def random_logits(generator, kind):
    logits = torch.randn(VOCABULARY, generator=generator) * 2.5
    if kind == "ties":  # a quarter apart, so that several tokens are as likely as one another
        logits = (logits * 4).round() / 4
    return [round(x, 3) for x in logits.tolist()]


def main():
    generator = torch.Generator().manual_seed(20261125)
    cases = []
    for number, options in enumerate(OPTIONS * 3):
        # Which of several equals top-p removes is not laid down, so it gets none.
        kind = "ties" if number % 3 == 1 and "top_p" not in options else "distinct"
        logits = random_logits(generator, kind)
        text = torch.randint(VOCABULARY, (6,), generator=generator).tolist()
        scores = processors(options)(torch.tensor([text]), torch.tensor([logits]))[0]
        allowed = torch.isfinite(scores).nonzero().flatten().tolist()
        probabilities = torch.softmax(scores.double(), dim=-1)
        cases.append(
            {
                "options": options,
                "logits": logits,
                "text": text,
                "allowed": allowed,
                "probabilities": [float(f"{probabilities[t]:.9g}") for t in allowed],
            }
        )
    path = pathlib.Path(__file__).parent / "sampling.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
