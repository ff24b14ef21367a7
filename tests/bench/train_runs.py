"""What the training benchmarks share: model folders and tokens that all systems see, and runs of train_bench."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = ["smollm2-135m", "smollm2-360m", "qwen2.5-0.5b", "llama-3.2-1b"]  # by size; train_bench knows more of them


def add_arguments(parser):
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin", help="folder with train_bench")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir(), "ropewalk-bench"),
                        help="for models and tokens; they are kept there and used again")
    parser.add_argument("--seconds", type=float, default=15, help="measured time of a run, at least")
    parser.add_argument("--threads", type=int, default=2)


def run(command):
    """The standard output of a process that must succeed."""
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-3000:]}")
    return done.stdout


class Bench:
    """A train_bench, and a folder for what the systems share."""

    def __init__(self, options):
        self.program = options.programs / "train_bench"
        self.folder = options.folder
        self.seconds = options.seconds
        self.folder.mkdir(parents=True, exist_ok=True)

    def model(self, shape):
        folder = self.folder / shape
        if not (folder / "config.json").exists():
            print(f"making {folder}", file=sys.stderr)
            run([self.program, "--shape", shape, "--write-model", folder])
        return folder

    def tokens(self, shape, sequence, step_tokens):
        """The documents of a step, all of one length."""
        path = self.folder / f"{shape}-{step_tokens}-{sequence}.jsonl"
        if not path.exists():
            vocabulary = json.loads((self.model(shape) / "config.json").read_text())["vocab_size"]
            draw = random.Random(1)
            documents = [[draw.randrange(vocabulary) for _ in range(sequence)] for _ in range(step_tokens // sequence)]
            path.write_text("".join(json.dumps(document) + "\n" for document in documents))
        return path

    def ropewalk(self, shape, tokens, *arguments):
        """A run in a process of its own: what train_bench says of it."""
        with tempfile.NamedTemporaryFile("r") as result:
            run([self.program, "--shape", shape, "--model", self.model(shape), "--tokens", tokens, "--seconds", self.seconds,
                 "--warm-up-steps", 1, "--json", result.name, *arguments])
            return json.loads(result.read())


def append(path, record):
    """A line more in a file of results, if there is to be one."""
    if path:
        with open(path, "a") as file:
            file.write(json.dumps(record) + "\n")


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
