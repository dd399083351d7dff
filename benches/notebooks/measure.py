#!/usr/bin/env python3
"""How long a reader of the notebooks waits: for the set-up, for the first cell, and for every cell behind it.

    python3 benches/notebooks/measure.py            # a fresh clone, set up from nothing, and every notebook in it
    python3 benches/notebooks/measure.py 02 07      # these notebooks only
    python3 benches/notebooks/measure.py --here 02  # in this checkout, set up as it is

README.md beside this file says what is measured. The tables are Markdown.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GIVEN = "HANDGRAD_EVCXR"  # names a kernel that is built already
FOLDER = "HANDGRAD_KERNEL_FOLDER"  # names the folder that a kernel compiles in
CHANGE_BUILDS = [FOLDER, "CARGO_INCREMENTAL", "CARGO_TARGET_DIR", "RUSTFLAGS"]

# In seconds, on two cores.
GOALS = {"set-up": 300, "first cell, nothing compiled": 45, "first cell": 9, "median cell": 0.7}


def main():
    arguments = parse()
    if arguments.here:
        cargo(ROOT, "lab", "--", "--setup-only")
        return report(ROOT, [], arguments)
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "handgrad"
        subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True)
        report(checkout, set_up(checkout), arguments)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks, by the beginnings of their names; else all")
    parser.add_argument("--cold", default="00", metavar="NAME", help="the notebook for the first cell of all (00)")
    parser.add_argument("--here", action="store_true", help="no clone and no set-up: this checkout as it is")
    return parser.parse_args()


def report(checkout, steps, arguments):
    """Runs the notebooks of a checkout that is set up, and prints the tables."""
    with tempfile.TemporaryDirectory(dir=checkout / ".lab/kernels") as empty:
        cold = times(checkout, [arguments.cold], **{FOLDER: empty})[-1]
    rows = times(checkout, arguments.names)
    warm = rows[-1]
    found = dict(zip(GOALS, [dict(steps).get("all", ""), cold[2], warm[2], warm[3]]))
    print(f"{machine()}\n")
    print_table([["seconds", "measured", "goal"], *([name, found[name], goal] for name, goal in GOALS.items())])
    print_table([["the set-up's seconds", ""], *steps])
    print_table(rows)


def set_up(checkout):
    """Sets a fresh clone up; each step with its seconds."""
    begin = time.monotonic()
    cargo(checkout, "build", "--release")
    built = time.monotonic()
    said = cargo(checkout, "lab", "--", "--setup-only")
    end = time.monotonic()
    steps = re.findall(r"^✓ (.*?)(?: \([^)]* once\))? \((\d+) s\)$", said, re.MULTILINE)
    return [["the program itself", f"{built - begin:.0f}"], *map(list, steps), ["all", f"{end - begin:.0f}"]]


def times(checkout, names, **variables):
    """The rows of the table that `cargo notebooks -- --times` prints, without the line below its head."""
    said = cargo(checkout, "notebooks", "--", "--times", *names, stream="stdout", **variables)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines()]
    return [rows[0], *rows[2:]]


def cargo(checkout, *arguments, stream="stderr", **variables):
    """Runs a command of the checkout, and returns what it wrote to a stream; what it says of itself is shown."""
    kept = {name: value for name, value in os.environ.items() if name not in CHANGE_BUILDS}
    command = subprocess.Popen(
        ["cargo", *arguments],
        cwd=checkout,
        env={**kept, **variables},
        text=True,
        encoding="utf-8",
        **{stream: subprocess.PIPE},
    )
    said = ""
    for line in getattr(command, stream):
        said += line
        if stream == "stderr":
            print(line, end="", file=sys.stderr, flush=True)
    if command.wait() != 0:
        sys.exit(f"cargo {' '.join(arguments)} failed: its error stands above")
    return said


def machine():
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", cpu)
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
    names = [model[1] if model else platform.processor(), f"{os.cpu_count()} cores"]
    names += [f"{platform.system()} {platform.machine()}", f"rustc {rust[1]}", f"Python {platform.python_version()}"]
    return ", ".join(names) + (", the kernel not built but given." if GIVEN in os.environ else ".")


def print_table(rows):
    if len(rows) > 1:
        rule = ["---", *["---:"] * (len(rows[0]) - 1)]
        print("\n".join("| " + " | ".join(map(str, row)) + " |" for row in [rows[0], rule, *rows[1:]]) + "\n")


if __name__ == "__main__":
    main()
