"""Writes adamw.json: what PyTorch's AdamW does in 20 steps. Needs torch."""

import json
import pathlib

import torch

SIZE, STEPS = 7, 20
OPTIONS = {"learning_rate": 3e-3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-6, "weight_decay": 0.1}


def main():
    torch.manual_seed(7)
    start = torch.randn(SIZE)
    gradients = torch.randn(STEPS, SIZE) * torch.logspace(-4, 2, SIZE)
    parameters = start.clone().requires_grad_()
    optimizer = torch.optim.AdamW([parameters], lr=OPTIONS["learning_rate"], eps=OPTIONS["epsilon"],
                                  betas=(OPTIONS["beta1"], OPTIONS["beta2"]),
                                  weight_decay=OPTIONS["weight_decay"])
    after = []
    for gradient in gradients:
        parameters.grad = gradient.clone()
        optimizer.step()
        after.append(parameters.detach().tolist())
    golden = {"torch": torch.__version__, "options": OPTIONS, "start": start.tolist(),
              "gradients": gradients.tolist(), "after": after}
    path = pathlib.Path(__file__).with_name("adamw.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
