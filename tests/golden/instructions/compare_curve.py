#!/usr/bin/env python3
"""Trains a LoRA adapter on 2700 instructions in three formats, here and with transformers + PEFT, and compares the loss curves.

First the data: every row's tokens and assistant mask must be those of transformers' apply_chat_template (whose template has generation
markers; ours gets none). Then 200 steps from the same base, the same first adapter, in the same order of rows: the mean absolute
difference of the losses must be under 0.5 % of their mean.

    ./dev oracles instructions        or, with the packages of ../requirements.txt:  compare_curve.py --programs build/release/bin
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from oracles_common import ROOT, Cluster, parser, peft_losses, preview, write_job

HERE = pathlib.Path(__file__).resolve().parent
FILES = ["messages.jsonl", "alpaca.jsonl", "sharegpt.jsonl"]
STEPS = 200
MOST = 0.005  # mean absolute difference, as a share of the mean loss
MARKERS = {"{#- ANSWER BEGINS #}": "{%- generation %}", "{#- ANSWER ENDS #}": "{%- endgeneration %}"}


def conversation(row):
    """Any row as messages and tools: our own reading of the formats, apart from Ropewalk's."""
    if "messages" in row:
        return row["messages"], row.get("tools")
    if "instruction" in row:
        messages = [{"role": "system", "content": row["system"]}] if "system" in row else []
        for asked, said in row.get("history", []):
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        asked = row["instruction"] + ("\n" + row["input"] if row.get("input") else "")
        return messages + [{"role": "user", "content": asked}, {"role": "assistant", "content": row["output"]}], None
    messages = [{"role": "system", "content": row["system"]}] if "system" in row else []
    for turn in row["conversations"]:
        if turn["from"] == "function_call":
            call = {"type": "function", "function": json.loads(turn["value"])}
            messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        else:
            role = {"human": "user", "gpt": "assistant", "observation": "tool"}[turn["from"]]
            messages.append({"role": role, "content": turn["value"]})
    return messages, json.loads(row["tools"]) if "tools" in row else None


def make_tokenizer(rows, template, folder):
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    texts = [message["content"] for row in rows for message in conversation(row)[0]]
    core.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=1200, show_progress=False, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    for mark, tag in MARKERS.items():
        template = template.replace(mark, tag)
    tokenizer.chat_template = template
    return tokenizer


def make_base(vocabulary, folder, documents):
    """A small model that has seen some of the text, so that there is something to adapt."""
    torch.manual_seed(1)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=vocabulary, hidden_size=128, intermediate_size=352, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=512, tie_word_embeddings=True, eos_token_id=2, bos_token_id=None))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(60):
        optimizer.zero_grad()
        for tokens in documents[8 * step: 8 * step + 8]:
            ids = torch.tensor([tokens])
            (model(input_ids=ids, labels=ids).loss / 8).backward()
        optimizer.step()
    model.save_pretrained(folder)


def make_job(folder, **settings):
    training = {"max_steps": STEPS, "epochs": 3, "global_batch_size": 16, "micro_batch_tokens": 1024, "max_sequence_length": 512,
                "learning_rate": 2e-3, "schedule": "cosine", "warmup_ratio": 0.05, "max_grad_norm": 1.0, "seed": 5, "checkpoint_every_steps": 0}
    return write_job(folder / "job.yaml", {
        "base_model": str(folder / "base"), "train_data": [str(folder / name) for name in FILES], "adapter": "check/curve",
        "method": {"lora": {"rank": 8, "alpha": 16, "target_modules": ["all-linear"]}}, "training": training | settings})


def check_documents(planned, rows, tokenizer):
    """Every planned document against transformers; how many different ones there were."""
    seen = {}
    for document in planned:
        seen[document["document"]] = document
    for index, document in seen.items():
        messages, tools = conversation(rows[index])
        wanted = tokenizer.apply_chat_template(messages, tools=tools, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        mask = [0] * len(document["tokens"])
        for begin, end in document["learnt"]:
            mask[begin:end] = [1] * (end - begin)
        if document["tokens"] != wanted["input_ids"] or mask != wanted["assistant_masks"]:
            sys.exit(f"row {index} differs from transformers:\n{messages}\n{document}\n{wanted}")
    return len(seen)


def losses_in_peft(base, first_adapter, planned, rates):
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), first_adapter, is_trainable=True)
    trained = [p for p in model.parameters() if p.requires_grad]
    return peft_losses(model, torch.optim.AdamW(trained, lr=1.0, weight_decay=0.0), planned, rates)


def check_first(folder):
    """A rate too small to move anything: A is what it starts from, B as good as zero."""
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        if "lora_B" in name and tensor.abs().max() > 1e-20:
            sys.exit(f"{name} is not where it starts")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        subprocess.run([sys.executable, ROOT / "examples/instructions/generate.py", "--to", folder, "--seed", str(options.seed)], check=True)
        rows = [json.loads(line) for name in FILES for line in (folder / name).read_text().splitlines()]
        tokenizer = make_tokenizer(rows, (HERE / "template.jinja").read_text(), folder / "base")
        render = lambda row: tokenizer.apply_chat_template(conversation(row)[0], tools=conversation(row)[1], return_dict=True)["input_ids"]
        make_base(len(tokenizer), folder / "base", [render(row) for row in rows[::5]])
        with Cluster(options.programs, folder) as cluster:
            cluster.train(make_job(folder, max_steps=1, learning_rate=1e-30), folder / "first")
            check_first(folder / "first")
            job = make_job(folder)
            record = cluster.train(job, folder / "trained")
        planned = preview(options.programs, job, STEPS)
        print(f"{check_documents(planned, rows, tokenizer)} of {len(rows)} rows: tokens and masks equal transformers'")
        ours = [line["loss"] for line in record]
        theirs = losses_in_peft(folder / "base", folder / "first", planned, [line["learning_rate"] for line in record])
    difference = sum(abs(a - b) for a, b in zip(ours, theirs)) / len(ours)
    share = difference / (sum(theirs) / len(theirs))
    for step in [0, 49, 99, 149, 199]:
        print(f"step {step + 1:3}: ropewalk {ours[step]:.6f}  PEFT {theirs[step]:.6f}")
    print(f"mean absolute difference over {len(ours)} steps: {100 * share:.4f} % of the loss")
    if len(ours) != STEPS or share >= MOST or not ours[-1] < 0.7 * ours[0]:
        sys.exit("the curves differ, or do not fall")


if __name__ == "__main__":
    main()
