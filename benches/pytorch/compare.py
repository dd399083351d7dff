#!/usr/bin/env python3
"""handgrad beside PyTorch: the same work, on the same machine and as many threads, in turns.

    python3 benches/pytorch/compare.py                     # every row, some six minutes on two cores
    python3 benches/pytorch/compare.py --only Convolution  # the rows whose names match a regular expression
    python3 benches/pytorch/compare.py --peer --scaling    # and burn, and handgrad on a single thread
    python3 benches/pytorch/compare.py --memory            # the peak memory of a training

The first run makes a virtual environment with PyTorch under .bench/ in this project. README.md beside this file says
how it is measured. Results are kept in speed.json, from which `handgrad plots --only speed` draws plots/speed.svg.
"""

import argparse
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BENCH = ROOT / ".bench"
PYTHON = BENCH / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RESULTS = HERE / "speed.json"

OURS, THEIRS, PEER, SINGLE = "handgrad", "PyTorch", "burn", "handgrad, 1 thread"
TURN = 0.15  # seconds that a side works before it is the other's turn
PAUSE = 0.02  # seconds between turns, in which the threads of the one before fall asleep
MNIST_IMAGES = 60_000


def main():
    arguments = parse()
    sides = start(arguments)
    if arguments.memory:
        return print_memory(sides)
    machine = describe(arguments.threads, sides)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results = known.get("rows", {}) if known.get("machine") == machine else {}
    wanted = [row for row in rows() if re.search(arguments.only, title(row))]
    for number, row in enumerate(wanted, 1):
        print(f"{number:>3} of {len(wanted)}: {title(row)}", file=sys.stderr, flush=True)
        results[title(row)] = measure(row, sides, arguments.rounds)
    results = {title(row): results[title(row)] for row in rows() if title(row) in results}
    for row in rows():
        if title(row) in results:
            results[title(row)].update(beside(row, results))
    RESULTS.write_text(json.dumps({"machine": machine, "rows": results}, indent=1, ensure_ascii=False) + "\n")
    print(table(machine, results))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of each side (2)")
    parser.add_argument("--only", default="", metavar="REGEX", help="the rows that match; the others keep their results")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="turns of each side at a row (9)")
    parser.add_argument("--peer", action="store_true", help="burn too, at the rows that it has")
    parser.add_argument("--scaling", action="store_true", help="handgrad on a single thread too")
    parser.add_argument("--memory", action="store_true", help="the peak memory of training LeNet, and nothing else")
    return parser.parse_args()


# What is measured


def rows():
    """Every row of rows.json, for each of its passes and scalars."""
    for row in json.loads((HERE / "rows.json").read_text(encoding="utf-8")):
        for scalar in row.pop("scalars", ["f32"]):
            for one in row.get("passes", [""]):
                yield {**{key: value for key, value in row.items() if key != "passes"}, "pass": one, "scalar": scalar}


def title(row):
    words = [f"{row['group']}: {row['name']}", row["pass"], "" if row["scalar"] == "f32" else row["scalar"]]
    return ", ".join(filter(None, words))


def measure(row, sides, rounds):
    """Turns of all sides at a row: of each side the best of its variants."""
    scale = MNIST_IMAGES / row["images"] if row["kind"] == "epoch" else 1
    turns = {}
    for side in sides:
        trial = side.ask(row, 2)
        if trial:
            one_turn = sum(min(seconds) for seconds in trial.values())
            turns[side] = max(1, min(200, int(TURN / one_turn)))
    seconds = {side: {} for side in turns}
    for round in range(rounds):
        for side in list(turns) if round % 2 == 0 else reversed(turns):
            time.sleep(PAUSE)
            count = turns[side]
            # The first call of a turn finds its caches full of the other side's numbers.
            answer = side.ask(row, count + 1 if count > 1 else 1)
            for variant, times in answer.items():
                seconds[side].setdefault(variant, []).append([scale * t for t in (times[1:] if count > 1 else times)])
    result = {side.name: summary(variants) for side, variants in seconds.items()}
    if OURS in result and THEIRS in result:
        ours, theirs = result[OURS], result[THEIRS]
        ratios = [a / b for a, b in zip(ours["rounds"], theirs["rounds"])]
        result["ratio"] = ours["median"] / theirs["median"]
        result["ratios"] = [min(ratios), max(ratios)]
    for side in result.values():
        if isinstance(side, dict):
            side.pop("rounds", None)
    return {"group": row["group"], "name": row["name"], "pass": row["pass"], "scalar": row["scalar"], **result}


def summary(variants):
    medians = {name: statistics.median(t for turn in turns for t in turn) for name, turns in variants.items()}
    best = min(medians, key=medians.get)
    turns = variants[best]
    return {
        "variant": best,
        "median": medians[best],
        "min": min(t for turn in turns for t in turn),
        "rounds": [statistics.median(turn) for turn in turns],
    }


def operations(row):
    """Floating-point operations of a matrix product or a convolution: two for each multiply-add."""
    if row["kind"] == "gemm":
        return 2 * row["size"] ** 3
    if row["kind"] == "conv":
        (n, c, h, w), d, k, p = row["z"], row["depth"], row["kernel"], row["padding"]
        passes = 2 if row["pass"] == "backward" else 1
        return passes * 2 * n * d * c * k * k * (h + 2 * p - k + 1) * (w + 2 * p - k + 1)
    return None


def beside(row, results):
    """What the machine could do at best: its own matrix product, or copying as many bytes."""
    result, found = results[title(row)], {}
    if count := operations(row):
        found["gflops"] = count / result[OURS]["median"] / 1e9
        product = results.get(title({"group": "Matrix product", "name": "1024³", "pass": "", "scalar": row["scalar"]}))
        if product and row["kind"] == "conv":
            found["of_product"] = found["gflops"] / (2 * 1024**3 / product[OURS]["median"] / 1e9)
    if "copies" in row:
        into = "old" if row["kind"] == "optimizer" else "new"
        of = [r for r in rows() if r["kind"] == "copy" and r["into"] == into and numbers(r) == numbers(row)]
        if of and title(of[0]) in results:
            copy = min(results[title(of[0])][side]["median"] for side in (OURS, THEIRS))
            found["of_copy"] = result[OURS]["median"] / (row["copies"][row["pass"]] * copy)
    return found


def numbers(row):
    """How many numbers a row's work begins with."""
    return math.prod(row["z"]) if "z" in row else row["size"]


# The sides


class Side:
    """A process that answers a line with a line."""

    def __init__(self, name, command, threads):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.name = name
        self.process = subprocess.Popen(command, env=environment, text=True, encoding="utf-8", **pipes)
        self.about = self.read()

    def ask(self, row, repetitions):
        self.process.stdin.write(json.dumps({"row": row, "repetitions": repetitions}) + "\n")
        self.process.stdin.flush()
        return self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} has ended: its error stands above")
        return json.loads(line)

    def memory(self):
        """Its peak so far, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])


def start(arguments):
    install()
    ours = build(ROOT, "--bench", "pytorch")
    sides = [Side(OURS, [ours, "--serve"], arguments.threads)]
    sides.append(Side(THEIRS, [PYTHON, "-W", "ignore::UserWarning", HERE / "theirs.py", str(arguments.threads)], arguments.threads))
    if arguments.peer:
        sides.append(Side(PEER, [build(HERE.parent / "peer", "--bin", "peer", "--target-dir", BENCH / "peer"), "--serve"], arguments.threads))
    if arguments.scaling:
        sides.append(Side(SINGLE, [ours, "--serve"], 1))
    return sides


def install():
    """A virtual environment with what requirements.txt names, if it is not there yet."""
    requirements, stamp = HERE / "requirements.txt", BENCH / "venv" / "requirements.txt"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return
    print(f"installing PyTorch into {BENCH / 'venv'}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", BENCH / "venv"], check=True)
    pip = [PYTHON, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "--requirement", requirements], check=True)
    stamp.write_text(requirements.read_text())


def build(project, *target):
    """Compiles a target of a cargo project at full speed, and says where it is."""
    command = ["cargo", "build", "--profile", "bench", *target, "--message-format", "json", "--quiet"]
    done = subprocess.run(command, cwd=project, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == target[1])


# What is printed


def describe(threads, sides):
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", cpu)
    vectors = [name for flag, name in [("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON")] if flag in cpu]
    about = {side.name: side.about for side in sides}
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
    return {
        "cpu": model[1] if model else platform.processor(),
        "vectors": vectors[0] if vectors else "",
        "cores": os.cpu_count(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "rust": rust[1] if len(rust) > 1 else "",
        "python": platform.python_version(),
        "torch": about[THEIRS]["torch"],
        "torch_build": [line.strip(" -") for line in about[THEIRS]["build"].splitlines() if "MKL" in line][:2],
    }


def table(machine, results):
    vectors = f" with {machine['vectors']}" if machine["vectors"] else ""
    lines = [
        f"{machine['cpu']}{vectors}, {machine['cores']} cores, {machine['threads']} threads, {machine['system']}; "
        f"rustc {machine['rust']}, PyTorch {machine['torch']}, Python {machine['python']}.",
        "Milliseconds: medians of alternating turns, in brackets the quickest. Below 1, handgrad is faster.",
    ]
    others = [name for name in (PEER, SINGLE) if any(name in result for result in results.values())]
    group = None
    for result in results.values():
        if result["group"] != group:
            group = result["group"]
            header = [group, THEIRS, OURS, "ratio", "turns", "", *others]
            lines += ["", row_of(header), row_of(["---", "---:", "---:", "---:", "---:", "---", *["---:"] * len(others)])]
        words = [result["name"], result["pass"], "" if result["scalar"] == "f32" else result["scalar"]]
        low, high = result["ratios"]
        lines.append(
            row_of([
                ", ".join(filter(None, words)),
                milliseconds(result[THEIRS]),
                milliseconds(result[OURS]),
                f"**{result['ratio']:.2f}**",
                f"{low:.2f} … {high:.2f}",
                remark(result),
                *[milliseconds(result[name]) if name in result else "" for name in others],
            ])
        )
    return "\n".join(lines)


def row_of(cells):
    return "| " + " | ".join(cells) + " |"


def milliseconds(side):
    return f"{digits(1e3 * side['median'])} ({digits(1e3 * side['min'])})"


def digits(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 1 else f"{value:.2g}" if value < 0.1 else f"{value:.3f}"


def remark(result):
    words = []
    if "gflops" in result:
        words.append(f"{result['gflops']:.0f} GF/s")
    if "of_product" in result:
        words.append(f"{100 * result['of_product']:.0f} % of the product's")
    if "of_copy" in result:
        words.append(f"{result['of_copy']:.2f} of copying the bytes")
    variant = result[THEIRS]["variant"]
    return ", ".join(words + [f"PyTorch {variant}"] if variant else words)


def print_memory(sides):
    row = next(row for row in rows() if row["kind"] == "epoch" and row["model"] == "lenet")
    print("| | before | peak of an epoch of LeNet |\n| --- | ---: | ---: |")
    for side in sides:
        before = side.memory()
        if side.ask(row, 1):
            print(row_of([side.name, f"{before / 2**20:.0f} MiB", f"{side.memory() / 2**20:.0f} MiB"]))


if __name__ == "__main__":
    main()
