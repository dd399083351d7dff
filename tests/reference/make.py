"""Writes pytorch.json, the reference numbers that tests/reference.rs compares handgrad with.

    python tests/reference/make.py

Made with torch 2.15.0 and numpy 2.4.6, on the CPU in float64; the inputs of case number i come from numpy's
default_rng(20261123 + i). The file says so too. The test reads the file and needs no Python.

The file: {"made_with": {...}, "cases": [{"name", "op", "settings", "exact", "inputs", "outputs"}, ...]}; an array is
{"shape": [...], "values": [...]}, its last index fastest.

Inputs are whole numbers divided by a power of two. Sums and products of such numbers need no rounding in float64, and
neither does division by a power of two: a case that is "exact" has nothing else in it, and has one right answer to the
last bit, whoever computes it.

Where the conventions differ, this script translates PyTorch's into handgrad's:

* a kernel is (C, D, k1, k2) there, (D, C, k1, k2) in PyTorch; W is (l, m) there, (m, l) in PyTorch;
* dz is each sample's own gradient: what torch.autograd.grad answers for grad_outputs=next_dz;
* the gradient of a parameter is the batch mean: the same divided by N;
* the mean squared error is ½ Σ (y − y*)² a sample, averaged over the batch.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

SEED = 20261123
torch.set_num_threads(1)

cases = []
rng = np.random.default_rng(SEED)


def numbers(shape, steps=8, largest=3):
    """Random multiples of 1/steps from -largest to largest."""
    bound = largest * steps
    return torch.tensor(rng.integers(-bound, bound + 1, size=shape) / steps, dtype=torch.float64)


def add(name, op, settings, inputs, outputs, exact):
    """One case; every array a torch tensor in handgrad's layout."""
    global rng

    def arrays(tensors):
        values = lambda t: t.detach().numpy().ravel().tolist()
        return {key: {"shape": list(t.shape), "values": values(t)} for key, t in tensors.items()}

    cases.append({
        "name": name, "op": op, "settings": settings, "exact": exact,
        "inputs": arrays(inputs), "outputs": arrays(outputs),
    })
    rng = np.random.default_rng(SEED + len(cases))  # a new case leaves those before it as they are


def power_of_two(n):
    return n & (n - 1) == 0


def leaf(t):
    return t.clone().requires_grad_()


def linear(n, l, m):
    z, w, b = leaf(numbers((n, l))), leaf(numbers((l, m))), leaf(numbers((m,)))
    y = F.linear(z, w.T, b)
    next_dz = numbers(y.shape)
    dz, dw, db = torch.autograd.grad(y, (z, w, b), next_dz)
    add(f"linear ({n}, {l}) to {m}", "linear", {},
        {"z": z, "w": w, "b": b, "next_dz": next_dz},
        {"y": y, "dz": dz, "dw": dw / n, "db": db / n}, power_of_two(n))


def conv2d(n, c, d, image, kernel, stride=(1, 1), padding=(0, 0)):
    z = leaf(numbers((n, c) + image, steps=4))
    k = leaf(numbers((d, c) + kernel, steps=4))
    b = leaf(numbers((d,), steps=4))
    y = F.conv2d(z, k, b, stride, padding)
    next_dz = numbers(y.shape, steps=4)
    dz, dk, db = torch.autograd.grad(y, (z, k, b), next_dz)
    remainder = any((i + 2 * p - f) % s for i, p, f, s in zip(image, padding, kernel, stride))
    add(f"conv2d {(n, c) + image} by {(c, d) + kernel}, stride {stride}, padding {padding}", "conv2d",
        {"stride": stride, "padding": padding, "round_down": remainder},
        {"z": z, "k": k.transpose(0, 1).contiguous(), "b": b, "next_dz": next_dz},
        {"y": y, "dz": dz, "dk": dk.transpose(0, 1).contiguous() / n, "db": db / n}, power_of_two(n))


def pool2d(op, n, c, image, window, stride, padding=(0, 0), steps=8, largest=3):
    z = leaf(numbers((n, c) + image, steps, largest))
    if op == "max_pool2d":
        y = F.max_pool2d(z, window, stride, padding)  # padded with -inf
    else:
        y = F.avg_pool2d(z, window, stride, padding, count_include_pad=True)
    next_dz = numbers(y.shape)
    (dz,) = torch.autograd.grad(y, z, next_dz)
    remainder = any((i + 2 * p - f) % s for i, p, f, s in zip(image, padding, window, stride))
    ties = ", ties" if steps == 1 else ""
    add(f"{op} {(n, c) + image} by {window}, stride {stride}, padding {padding}{ties}",
        op, {"window": window, "stride": stride, "padding": padding, "round_down": remainder},
        {"z": z, "next_dz": next_dz}, {"y": y, "dz": dz},
        op == "max_pool2d" or power_of_two(window[0] * window[1]))


def global_pool(op, shape, steps=8, largest=3):
    z = leaf(numbers(shape, steps, largest))
    y = getattr(F, op)(z, 1)[:, :, 0, 0]
    next_dz = numbers(y.shape)
    (dz,) = torch.autograd.grad(y, z, next_dz)
    ties = ", ties" if steps == 1 else ""
    add(f"{op} {shape} to 1{ties}", op, {}, {"z": z, "next_dz": next_dz}, {"y": y, "dz": dz},
        op == "adaptive_max_pool2d" or power_of_two(shape[2] * shape[3]))


def activation(op, f, z, name, settings=(), exact=False):
    z = leaf(z)
    y = f(z)
    next_dz = numbers(y.shape)
    (dz,) = torch.autograd.grad(y, z, next_dz)
    alpha = f" with alpha {settings['alpha']}" if settings else ""
    add(f"{op}{alpha} of {name}", op, dict(settings), {"z": z, "next_dz": next_dz}, {"y": y, "dz": dz}, exact)


def prelu(shape, slopes):
    z, alpha = leaf(numbers(shape)), leaf(numbers((slopes,)))
    y = F.prelu(z, alpha)
    next_dz = numbers(y.shape)
    dz, dalpha = torch.autograd.grad(y, (z, alpha), next_dz)
    add(f"prelu {shape} with {slopes} slopes", "prelu", {},
        {"z": z, "alpha": alpha, "next_dz": next_dz},
        {"y": y, "dz": dz, "dalpha": dalpha / shape[0]}, power_of_two(shape[0]))


def cross_entropy(name, y, targets):
    y = leaf(y)
    loss = F.cross_entropy(y, targets)  # targets as probabilities; the mean over the batch
    (dy,) = torch.autograd.grad(loss, y)
    add(f"cross_entropy, {name}", "cross_entropy", {}, {"y_predict": y, "y_true": targets},
        {"loss": loss, "dy": dy * y.shape[0]}, False)


def mse(n, d):
    y, targets = leaf(numbers((n, d))), numbers((n, d))
    loss = F.mse_loss(y, targets, reduction="sum") / 2 / n
    (dy,) = torch.autograd.grad(F.mse_loss(y, targets, reduction="sum") / 2, y)
    add(f"mse ({n}, {d})", "mse", {}, {"y_predict": y, "y_true": targets}, {"loss": loss, "dy": dy}, power_of_two(n))


def one_hot(labels, classes):
    return F.one_hot(torch.tensor(labels), classes).double()


for sizes in [(1, 1, 1), (2, 3, 4), (4, 7, 5), (3, 5, 2), (8, 16, 10), (5, 1, 6)]:
    linear(*sizes)

conv2d(1, 1, 1, (1, 1), (1, 1))
conv2d(1, 1, 1, (5, 5), (3, 3))
conv2d(1, 1, 1, (5, 5), (3, 3), padding=(1, 1))
conv2d(1, 1, 1, (5, 5), (3, 3), stride=(2, 2))
conv2d(1, 1, 1, (5, 5), (3, 3), stride=(2, 2), padding=(1, 1))
conv2d(1, 1, 1, (5, 5), (3, 3), stride=(2, 2), padding=(1, 0))
conv2d(1, 1, 1, (5, 5), (3, 3), stride=(2, 1), padding=(1, 1))
conv2d(2, 3, 4, (6, 6), (3, 3))
conv2d(2, 3, 4, (6, 5), (1, 1))
conv2d(4, 2, 3, (6, 7), (2, 3))
conv2d(2, 2, 3, (7, 5), (3, 1), padding=(2, 0))
conv2d(2, 2, 2, (5, 8), (1, 4), padding=(0, 3))
conv2d(2, 3, 2, (8, 8), (5, 5), padding=(2, 2))
conv2d(2, 2, 2, (4, 4), (4, 4))
conv2d(2, 2, 2, (3, 3), (5, 5), padding=(1, 1))
conv2d(2, 2, 2, (2, 2), (3, 3), padding=(3, 3))
conv2d(4, 2, 2, (8, 9), (3, 3), stride=(1, 2), padding=(1, 1))
conv2d(2, 2, 3, (9, 7), (3, 2), stride=(3, 1))
conv2d(2, 1, 2, (9, 9), (2, 2), stride=(3, 3))
conv2d(2, 1, 2, (8, 8), (1, 1), stride=(3, 2))
conv2d(2, 2, 2, (6, 6), (3, 3), stride=(2, 2))
conv2d(2, 2, 2, (10, 7), (3, 4), stride=(4, 2), padding=(2, 1))
conv2d(1, 2, 2, (8, 8), (5, 3), stride=(2, 3), padding=(2, 1))
conv2d(3, 2, 4, (6, 6), (3, 3), stride=(2, 2), padding=(1, 1))
conv2d(5, 1, 3, (5, 4), (2, 2), padding=(1, 1))
conv2d(2, 1, 6, (12, 12), (5, 5), padding=(2, 2))
conv2d(1, 6, 4, (9, 9), (5, 5))
conv2d(16, 2, 3, (4, 4), (3, 3), padding=(1, 1))

for op in ["max_pool2d", "avg_pool2d"]:
    pool2d(op, 1, 1, (4, 4), (2, 2), (2, 2))
    pool2d(op, 2, 3, (6, 8), (2, 2), (2, 2))
    pool2d(op, 2, 2, (5, 5), (3, 3), (1, 1))
    pool2d(op, 2, 2, (7, 7), (3, 3), (2, 2))
    pool2d(op, 2, 2, (6, 7), (2, 4), (1, 3))
    pool2d(op, 2, 2, (5, 5), (2, 2), (2, 2))
    pool2d(op, 2, 2, (7, 8), (1, 2), (3, 3))
    pool2d(op, 2, 2, (6, 6), (2, 2), (2, 2), (1, 1))
    pool2d(op, 2, 2, (5, 6), (4, 4), (2, 1), (2, 1))
    pool2d(op, 3, 1, (7, 5), (3, 2), (2, 2), (1, 1))
pool2d("max_pool2d", 2, 2, (6, 6), (3, 3), (2, 2), (1, 1), steps=1, largest=1)
pool2d("max_pool2d", 4, 1, (5, 5), (2, 2), (1, 1), steps=1, largest=1)

for op in ["adaptive_max_pool2d", "adaptive_avg_pool2d"]:
    for shape in [(1, 1, 1, 1), (2, 3, 4, 4), (3, 2, 5, 3)]:
        global_pool(op, shape)
global_pool("adaptive_max_pool2d", (2, 2, 3, 4), steps=1, largest=1)

GRID = torch.arange(-24, 25, dtype=torch.float64).reshape(7, 7) / 8  # -3 to 3, with 0 in the middle
FAR = torch.tensor([[-1000.0, -745.0, -100.0, -37.5, -20.0], [0.0, 20.0, 37.5, 100.0, 1000.0]], dtype=torch.float64)
TINY = torch.tensor([[-(2.0**-k), 2.0**-k] for k in (10, 27, 40, 52, 60)], dtype=torch.float64)
for name, z in [("a grid", GRID), ("far numbers", FAR), ("tiny numbers", TINY)]:
    short = z is not TINY  # the decimals of 2^-60 are so many that a reader of JSON may miss by an ulp
    activation("relu", F.relu, z, name, exact=short)
    activation("leaky_relu", lambda z: F.leaky_relu(z, 0.125), z, name, {"alpha": 0.125}, exact=short)
    activation("elu", lambda z: F.elu(z, 1.0), z, name, {"alpha": 1.0})
    activation("elu", lambda z: F.elu(z, 0.5), z, name, {"alpha": 0.5})
    activation("selu", F.selu, z, name)
    activation("sigmoid", torch.sigmoid, z, name)
    activation("tanh", torch.tanh, z, name)
    activation("softmax", lambda z: F.softmax(z, dim=1), z, name)
activation("softmax", lambda z: F.softmax(z, dim=1), torch.zeros((2, 5), dtype=torch.float64), "zeros")
activation("softmax", lambda z: F.softmax(z, dim=1), torch.full((3, 1), 7.0, dtype=torch.float64), "one class")

prelu((2, 3, 4, 4), 3)
prelu((2, 3, 4, 4), 1)
prelu((4, 1, 3, 5), 1)
prelu((3, 2, 2, 2), 2)

cross_entropy("one-hot", numbers((4, 5)), one_hot([0, 4, 2, 2], 5))
cross_entropy("one-hot, one sample", numbers((1, 10)), one_hot([7], 10))
cross_entropy("one-hot, far logits", 200 * numbers((4, 6)), one_hot([5, 0, 3, 1], 6))
cross_entropy("soft targets", numbers((3, 4)),
              torch.tensor([[8, 4, 2, 2], [16, 0, 0, 0], [4, 4, 4, 4]], dtype=torch.float64) / 16)
cross_entropy("smoothed labels", numbers((4, 5)), 0.9 * one_hot([0, 1, 2, 3], 5) + 0.1 / 5)
cross_entropy("targets that do not sum to 1", numbers((2, 3)),
              torch.tensor([[2, 1, 0.5], [0, 0, 0.25]], dtype=torch.float64))
cross_entropy("one class", numbers((2, 1)), one_hot([0, 0], 1))

for sizes in [(1, 1), (4, 3), (8, 10), (3, 5)]:
    mse(*sizes)


def write(path):
    """One array a line: small enough to read, and to see what changed."""
    made_with = {"torch": torch.__version__, "numpy": np.__version__, "dtype": "float64", "seed": SEED}
    lines = ['{"made_with": ' + json.dumps(made_with) + ',', '"cases": [']
    for number, case in enumerate(cases):
        head = {key: case[key] for key in ("name", "op", "settings", "exact")}
        lines.append(json.dumps(head)[:-1] + ',')
        for part in ("inputs", "outputs"):
            arrays = [f'  {json.dumps(key)}: {json.dumps(array)}' for key, array in case[part].items()]
            lines.append(f' "{part}": {{\n' + ',\n'.join(arrays) + '}' + (',' if part == "inputs" else '}'))
        if number + 1 < len(cases):
            lines[-1] += ','
    path.write_text('\n'.join(lines + [']}', '']))


assert len({case["name"] for case in cases}) == len(cases), "every case needs a name of its own"
write(pathlib.Path(__file__).with_name("pytorch.json"))
for op in dict.fromkeys(case["op"] for case in cases):
    print(f'{op:>20} {sum(case["op"] == op for case in cases)}')
print(f'{"together":>20} {len(cases)}')
