"""PyTorch's side of the comparison.

`compare.py` beside this file talks to it: a line of JSON with a row of rows.json and a number of repetitions on
standard input is answered by a line with the seconds of each repetition, for every variant that PyTorch offers: the
memory layouts NCHW and channels_last, the optimizers as they are and fused.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

MNIST = Path(__file__).parents[2] / "notebooks/data/mnist"
LAYOUTS = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}
SCALARS = {"f32": torch.float32, "f64": torch.float64}


def timed(work):
    """`work` as a function that says how many seconds it took."""

    def run():
        start = time.perf_counter()
        result = work()
        del result
        return time.perf_counter() - start

    return run


def scalar(row):
    return SCALARS[row.get("scalar") or "f32"]


def normal(row):
    return torch.randn(row["z"], dtype=scalar(row))


def layouts(row, prepare):
    """`prepare(z)` for z in each layout, where the layout makes a difference."""
    z = normal(row)
    return {name: prepare(z.to(memory_format=layout), layout) for name, layout in LAYOUTS.items()}


def forward_or_backward(row, forward, *inputs):
    """The work of one pass of `forward(*inputs)`: without a graph, or along one that is there already."""
    if row["pass"] == "forward":
        return timed(torch.inference_mode()(lambda: forward(*inputs)))
    inputs = [x.detach().requires_grad_() for x in inputs]
    y = forward(*inputs)
    next_dz = torch.randn_like(y)
    return timed(lambda: torch.autograd.grad(y, inputs, next_dz, retain_graph=True))


def gemm(row):
    a, b = (torch.randn(row["size"], row["size"], dtype=scalar(row)) for _ in range(2))
    return {"": timed(torch.inference_mode()(lambda: a @ b))}


def conv(row):
    size, depth = row["kernel"], row["depth"]
    k, b = torch.randn(depth, row["z"][1], size, size, dtype=scalar(row)), torch.zeros(depth, dtype=scalar(row))

    def prepare(z, layout):
        forward = lambda z, k, b: F.conv2d(z, k, b, padding=row["padding"])
        return forward_or_backward(row, forward, z, k.to(memory_format=layout), b)

    return layouts(row, prepare)


def copy(row):
    z = normal(row)
    old = z.clone()
    return {"": timed(lambda: old.copy_(z)) if row["into"] == "old" else timed(lambda: z.clone())}


def activation(row):
    function = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}[row["function"]]
    return {"": forward_or_backward(row, function, normal(row))}


def pooling(row):
    function = {"max": F.max_pool2d, "mean": F.avg_pool2d}[row["function"]]
    forward = lambda z: function(z, row["window"], row["stride"], row["padding"])
    return layouts(row, lambda z, _: forward_or_backward(row, forward, z))


def loss(row):
    y = normal(row).requires_grad_()
    if row["function"] == "cross_entropy":
        targets = torch.arange(y.shape[0]) % y.shape[1]
        value = lambda: F.cross_entropy(y, targets)
    else:
        targets = torch.zeros_like(y)
        value = lambda: F.mse_loss(y, targets)
    return {"": timed(lambda: torch.autograd.grad(value(), y))}


def optimizer_of(function, parameters, fused):
    if function == "sgd":
        return torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, fused=fused)
    return torch.optim.Adam(parameters, lr=1e-3, fused=fused)


def optimizer(row):
    def prepare(fused):
        w = torch.randn(row["size"], requires_grad=True)
        w.grad = torch.randn(row["size"])
        return timed(optimizer_of(row["function"], [w], fused).step)

    return {"as it is": prepare(None), "fused": prepare(True)}


def conv_relu(channels, depth, size, padding, pooled):
    layers = [nn.Conv2d(channels, depth, size, padding=padding), nn.ReLU()]
    return layers + [nn.MaxPool2d(2)] if pooled else layers


def lenet():
    return nn.Sequential(
        *conv_relu(1, 6, 5, 2, True), *conv_relu(6, 16, 5, 0, True), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )


def vgg11():
    depths = [(64, True), (128, True), (256, False), (256, True), (512, False), (512, True), (512, False), (512, True)]
    layers, channels = [], 3
    for depth, pooled in depths:
        layers += conv_relu(channels, depth, 3, 1, pooled)
        channels = depth
    head = [nn.Flatten(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    return nn.Sequential(*layers, *head)


MODELS = {"lenet": lenet, "mlp": mlp, "vgg11": vgg11}


def mnist(count):
    """The first training images as (N, 1, 28, 28) from 0 to 1, and their labels."""
    with gzip.open(MNIST / "train-images-idx3-ubyte.gz") as images, gzip.open(MNIST / "train-labels-idx1-ubyte.gz") as labels:
        images = torch.frombuffer(bytearray(images.read()[16 : 16 + 784 * count]), dtype=torch.uint8)
        labels = torch.frombuffer(bytearray(labels.read()[8 : 8 + count]), dtype=torch.uint8)
    return images.view(-1, 1, 28, 28).float() / 255, labels.long()


def descend(model, optimizer, z, labels):
    """One step: forward, loss, backward, step of the optimizer."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(z), labels)
    loss.backward()
    optimizer.step()
    return loss


def epoch(row):
    """All images are in memory and picked by a shuffled index: quicker than any DataLoader. The loss of each step is
    read, as it is for a curve of training."""
    images, labels = mnist(row["images"])

    def prepare(layout):
        inputs = images.to(memory_format=layout)

        def run():
            torch.manual_seed(1)
            model = MODELS[row["model"]]().to(memory_format=layout)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)
            start = time.perf_counter()
            for picked in torch.randperm(len(labels)).split(row["batch"]):
                descend(model, optimizer, inputs[picked], labels[picked]).item()
            return time.perf_counter() - start

        return run

    return {name: prepare(layout) for name, layout in LAYOUTS.items() if row["model"] != "mlp" or name == "NCHW"}


def step(row):
    labels = torch.arange(row["z"][0]) % 10

    def prepare(z, layout):
        model = MODELS[row["model"]]().to(memory_format=layout)
        optimizer = optimizer_of("sgd", model.parameters(), True)
        return timed(lambda: descend(model, optimizer, z, labels))

    return layouts(row, prepare)


def inference(row):
    def prepare(z, layout):
        model = MODELS[row["model"]]().to(memory_format=layout).eval()
        return timed(torch.inference_mode()(lambda: model(z)))

    return layouts(row, prepare)


KINDS = {f.__name__: f for f in [gemm, conv, copy, activation, pooling, loss, optimizer, epoch, step, inference]}


def main():
    torch.manual_seed(1)
    row, variants = None, {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["row"] != row:
            row, variants = request["row"], {}  # the old ones' memory goes first
            variants = KINDS[row["kind"]](row)
        seconds = {name: [run() for _ in range(request["repetitions"])] for name, run in variants.items()}
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"torch": torch.__version__, "build": torch.__config__.show()}), flush=True)
    main()
