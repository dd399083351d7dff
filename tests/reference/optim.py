"""Writes optim.json, the reference numbers that tests/optim.rs compares handgrad::optim with.

    python tests/reference/optim.py

Made with torch 2.15.0 and numpy 2.4.6, on the CPU in float64. The file says so too; the test reads it and needs no
Python.

Every case runs one optimizer of torch.optim on two problems for 30 steps, and keeps its parameters after some of them:

* "given": three parameter tensors and a fixed sequence of gradients, whose sizes go from 1e-4 to 1e3, with entries that
  are 0 in most steps and one that is 0 in all;
* "quadratic": L = θᵀAθ/2 − bᵀθ, where θ is two tensors put together and A has eigenvalues from 0.1 to 5; the gradient
  Aθ − b is taken where the optimizer has gone.

The settings of a case have handgrad's names; `TORCH` below says what they are called in PyTorch.
"""

import json
import math
import pathlib

import numpy as np
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR, StepLR

STEPS = 30
KEPT = [1, 2, 3, 10, 25, 30]
SHAPES = {"given": [(3, 4), (5,), (1,)], "quadratic": [(2, 3), (2,)]}
TORCH = {
    "Sgd": (torch.optim.SGD, {"momentum": "momentum", "weight_decay": "weight_decay"}),
    "AdaGrad": (torch.optim.Adagrad, {"initial_sum": "initial_accumulator_value", "epsilon": "eps"}),
    "RmsProp": (torch.optim.RMSprop, {"alpha": "alpha", "epsilon": "eps"}),
    "Adadelta": (torch.optim.Adadelta, {"rho": "rho", "epsilon": "eps"}),
    "Adam": (torch.optim.Adam, {"betas": "betas", "epsilon": "eps", "weight_decay": "weight_decay"}),
    "AdamW": (torch.optim.AdamW, {"betas": "betas", "epsilon": "eps", "weight_decay": "weight_decay"}),
}
CASES = [
    ("Sgd", 0.1, {}),
    ("Sgd", 0.05, {"momentum": 0.9}),
    ("Sgd", 0.05, {"nesterov": 0.9}),
    ("Sgd", 0.1, {"weight_decay": 0.3}),
    ("Sgd", 0.1, {"learning_rate_decay": 0.05}),
    ("Sgd", 0.01, {"momentum": 0.9, "learning_rate_decay": 1e-6}),  # the NumPy course's
    ("Sgd", 0.02, {"momentum": 0.8, "weight_decay": 0.1, "learning_rate_decay": 0.1}),
    ("Sgd", 0.02, {"nesterov": 0.8, "weight_decay": 0.1, "learning_rate_decay": 0.1}),
    ("Sgd", 0.05, {"momentum": 0.9, "step": [10, 0.5]}),
    ("AdaGrad", 0.1, {}),
    ("AdaGrad", 0.1, {"initial_sum": 0.5}),
    ("AdaGrad", 0.1, {"epsilon": 0.01}),
    ("RmsProp", 0.01, {}),
    ("RmsProp", 0.01, {"alpha": 0.9}),
    ("RmsProp", 0.01, {"epsilon": 0.01}),
    ("Adadelta", 1.0, {}),
    ("Adadelta", 1.0, {"rho": 0.95}),
    ("Adadelta", 0.5, {"epsilon": 0.01}),
    ("Adam", 0.05, {}),
    ("Adam", 0.05, {"betas": [0.8, 0.9]}),
    ("Adam", 0.05, {"epsilon": 0.01}),
    ("Adam", 0.05, {"weight_decay": 0.3}),
    ("Adam", 0.05, {"cosine": [5, 30]}),
    ("AdamW", 0.05, {}),
    ("AdamW", 0.05, {"weight_decay": 0.3}),
    ("AdamW", 0.05, {"betas": [0.8, 0.9], "weight_decay": 0.3}),
    ("AdamW", 0.05, {"epsilon": 0.01}),
    ("AdamW", 0.05, {"weight_decay": 0.3, "cosine": [5, 30]}),
]

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.default_rng(20261123)


def normal(shape):
    return torch.tensor(rng.standard_normal(shape))


def flat(tensors):
    return [t.detach().numpy().ravel().tolist() for t in tensors]


start = {problem: [normal(shape) for shape in shapes] for problem, shapes in SHAPES.items()}

sizes = [torch.tensor(10.0 ** rng.uniform(-4, 3, shape)) for shape in SHAPES["given"]]
given = [[normal(size.shape) * size for size in sizes] for _ in range(STEPS)]
for t, gradients in enumerate(given):
    gradients[0][1, 2] = 0.0
    if t % 7 != 3:
        gradients[1][::2] = 0.0

q = torch.linalg.qr(normal((8, 8)))[0]
a = q @ torch.diag(torch.logspace(-1, math.log10(5), 8)) @ q.T
a = (a + a.T) / 2
b = normal(8)


def quadratic_gradients(parameters):
    theta = torch.cat([p.detach().ravel() for p in parameters])
    return [g.reshape(p.shape) for g, p in zip((a @ theta - b).split([p.numel() for p in parameters]), parameters)]


def schedules(optimizer, settings):
    if "learning_rate_decay" in settings:
        return [LambdaLR(optimizer, lambda t: 1 / (1 + settings["learning_rate_decay"] * t))]
    if "step" in settings:
        every, factor = settings["step"]
        return [StepLR(optimizer, every, factor)]
    if "cosine" in settings:
        warmup, total = settings["cosine"]
        rise = LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        return [SequentialLR(optimizer, [rise, CosineAnnealingLR(optimizer, total - warmup)], [warmup])]
    return []


def run(optimizer, learning_rate, settings, problem):
    parameters = [p.clone().requires_grad_() for p in start[problem]]
    kind, names = TORCH[optimizer]
    options = {names[key]: value for key, value in settings.items() if key in names}
    if "nesterov" in settings:
        options |= {"momentum": settings["nesterov"], "nesterov": True}
    torch_optimizer = kind(parameters, lr=learning_rate, foreach=False, **options)
    schedulers = schedules(torch_optimizer, settings)
    kept = {}
    for t in range(STEPS):
        gradients = given[t] if problem == "given" else quadratic_gradients(parameters)
        for p, g in zip(parameters, gradients):
            p.grad = g.clone()
        torch_optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
        if t + 1 in KEPT:
            kept[t + 1] = flat(parameters)
    return kept


file = {
    "made_with": {"torch": torch.__version__, "numpy": np.__version__},
    "given": {"start": flat(start["given"]), "gradients": [flat(g) for g in given]},
    "quadratic": {"start": flat(start["quadratic"]), "a": a.tolist(), "b": b.tolist()},
    "cases": [
        {"optimizer": optimizer, "learning_rate": learning_rate, "settings": settings}
        | {problem: run(optimizer, learning_rate, settings, problem) for problem in SHAPES}
        for optimizer, learning_rate, settings in CASES
    ],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(file, ensure_ascii=False).replace('{"optimizer"', '\n{"optimizer"') + "\n")
