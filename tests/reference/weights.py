"""Weights that cross the border between PyTorch and handgrad, in both directions.

    python tests/reference/weights.py                      writes weights_f32.safetensors, weights_f64.safetensors
                                                           and weights.json, which tests/training/weights.rs reads
    python tests/reference/weights.py lenet.safetensors    loads a LeNet that handgrad saved, and prints what PyTorch
                                                           makes of a fixed image with it

Made with torch 2.15.0 and safetensors 0.8.0, on the CPU; the tests read the files and need no Python. The network and
its numbers are drawn from torch's generator with the seed below.

The second direction is run by hand:

    cargo test --test all -- --ignored --nocapture a_lenet_for_pytorch
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

SEED = 20261123


def network():
    """Every layer with weights, an unequal stride and padding, a rectangular kernel; for inputs (N, 2, 6, 5)."""
    return nn.Sequential(
        nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0)),  # 3×3×4
        nn.PReLU(3),
        nn.MaxPool2d((1, 2)),  # 3×3×2
        nn.Conv2d(3, 4, 2),  # 4×2×1
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8, 5),
        nn.PReLU(),
        nn.Linear(5, 3),
    )


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def write(here):
    torch.manual_seed(SEED)
    model = network()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn_like(p) / 2)
        inputs = torch.randn(4, 2, 6, 5)
        save_file(model.state_dict(), here / "weights_f32.safetensors")
        model, inputs = model.double(), inputs.double()
        save_file(model.state_dict(), here / "weights_f64.safetensors")
        logits = model(inputs)
    made_with = {"torch": torch.__version__, "seed": SEED, "by": "weights.py"}
    cases = {"made_with": made_with, "inputs": inputs.flatten().tolist(), "logits": logits.flatten().tolist()}
    (here / "weights.json").write_text(json.dumps(cases) + "\n")


def read(path):
    weights = load_file(path)
    model = lenet().to(next(iter(weights.values())).dtype)
    print(model.load_state_dict(weights, strict=True))
    # Pixel (i, j) of image n is ((7·i + 3·j + 11·n) mod 17) / 16.
    i, j, n = torch.arange(28).view(1, -1, 1), torch.arange(28), torch.arange(2).view(-1, 1, 1)
    images = ((7 * i + 3 * j + 11 * n) % 17) / 16
    with torch.no_grad():
        logits = model(images.view(2, 1, 28, 28).to(weights["0.weight"].dtype))
    for row in logits.tolist():
        print(" ".join(f"{x:.6f}" for x in row))


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        read(sys.argv[1])
    else:
        write(pathlib.Path(__file__).parent)
