"""What the scripts share that train with Ropewalk and with PEFT: a local cluster, the plan of a job, and PEFT's steps over it."""

import argparse
import json
import pathlib
import subprocess
import sys

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parser(description):
    """With the one argument that every comparison has."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin",
                        help="folder with ropewalk and ropewalk-worker")
    return result


class Cluster:
    """A local one of two workers, for as long as it is entered."""

    def __init__(self, programs, folder):
        self.command = str(programs / "ropewalk")
        self.state = ["--state", str(folder / "cluster")]

    def run(self, *arguments):
        done = subprocess.run([self.command, *map(str, arguments)], text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"ropewalk {' '.join(map(str, arguments))} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def __enter__(self):
        self.run("up", "--workers", "2", "--port-base", "0", "--detach", *self.state)
        return self

    def __exit__(self, *_):
        self.run("down", *self.state)

    def train(self, job, folder):
        """Runs a job file and pulls its adapter into the folder; the record of each step."""
        self.run("submit", job, *self.state)
        self.run("adapters", "pull", json.loads(job.read_text())["adapter"], "--to", folder, *self.state)
        lines = (folder / "training.jsonl").read_text().splitlines()
        return [step for step in map(json.loads, lines) if "loss" in step]


def write_job(path, job):
    path.write_text(json.dumps(job))  # JSON is YAML
    return path


def preview(programs, job, steps):
    """The documents that a job trains on, in order: each its step, its tokens and which of them are learnt."""
    command = [programs / "ropewalk", "preview", job, "--steps", str(steps), "-o", "json"]
    lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [json.loads(line) for line in lines]


def backward(model, documents):
    """Adds the gradients of a step's mean loss over what is learnt; returns that loss."""
    count = sum(end - begin for document in documents for begin, end in document["learnt"])
    total = 0.0
    for document in documents:
        ids = torch.tensor([document["tokens"]])
        labels = torch.full_like(ids, -100)
        for begin, end in document["learnt"]:
            labels[0, begin:end] = ids[0, begin:end]
        logits = model(input_ids=ids).logits[0, :-1]
        loss = torch.nn.functional.cross_entropy(logits, labels[0, 1:], reduction="sum") / count
        loss.backward()
        total += loss.item()
    return total


def peft_losses(model, optimizer, planned, rates):
    """The loss of each step, at these learning rates; a parameter group may learn "ratio" times as fast."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    losses = []
    for step, rate in enumerate(rates, 1):
        optimizer.zero_grad()
        losses.append(backward(model, [document for document in planned if document["step"] == step]))
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("ratio", 1)
        optimizer.step()
    return losses
