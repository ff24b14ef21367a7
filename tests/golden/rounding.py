"""Whether two golden files say the same but for rounding: PyTorch's sums depend on the kind of processor."""

import json

import torch
from safetensors.torch import load

# How far a list or tensor may be from what is committed, relative to it, as Euclidean norms, and a number alone relative to it or to 1:
# far above what another order of sums does, and what the tests allow or below.
MOST = 1e-5


def parts(content, name):
    """(place, value) of all that a file holds. A list of numbers is one value."""
    if name.endswith(".safetensors"):
        return dict(load(content))
    if name.endswith(".json"):
        return dict(leaves(json.loads(content), ""))
    return {"": content}


def leaves(value, place):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{place}/{key}")
    elif isinstance(value, list) and not all(isinstance(item, float) for item in value):
        for i, item in enumerate(value):
            yield from leaves(item, f"{place}/{i}")
    else:
        yield place, value


def numbers(value):
    """Floating-point numbers as a tensor, also those written as the hexadecimal bytes of float32; None: it is something else."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else None
    if isinstance(value, str):
        try:
            return torch.frombuffer(bytearray.fromhex(value), dtype=torch.float32).double()
        except ValueError:
            return None
    is_number = isinstance(value, float) or isinstance(value, list) and value
    return torch.tensor(value, dtype=torch.float64) if is_number else None


def same(a, b):
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def difference(committed, made, name):
    """How far apart the contents are, at the worst place; infinity if in more than rounding could do."""
    old, new = parts(committed, name), parts(made, name)
    if old.keys() != new.keys():
        return float("inf")
    return max((value_difference(old[place], new[place]) for place in old), default=0.0)


def value_difference(old, new):
    if type(old) is type(new) and same(old, new):
        return 0.0
    a, b = numbers(old), numbers(new)
    if a is None or b is None or a.shape != b.shape:
        return float("inf")
    scale = a.norm() if a.ndim else a.abs().clamp(min=1)
    return ((a - b).norm() / scale).item()
