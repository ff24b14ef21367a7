"""What reads.py and writes.py have in common."""

import huggingface_hub


def paths(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def raises(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind:
        return
    raise AssertionError(f"{call.__name__}{arguments} does not raise {kind.__name__}")


def run(*checks):
    """Runs one after another; the first that fails ends the program."""
    for check in checks:
        check()
        print(f"huggingface_hub {huggingface_hub.__version__}: {check.__name__} ok", flush=True)
