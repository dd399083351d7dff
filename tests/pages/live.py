"""Uses every live figure of the book in a real browser, and compares each picture with the native crate's.

    python3 tests/pages/live.py BOOK HANDGRAD [--only NAME] [--shots FOLDER]

BOOK is the folder that `cargo book` wrote and HANDGRAD the program. Every control is used as a reader would: choices
chosen, sliders moved by keys, numbers typed, points dragged, digits drawn, trainings stepped. After each of them the
page's picture is compared, element by element, with what `handgrad live` draws for the same settings. All text and all
attributes must be the same, but for the last digits of numbers: the exponential of WebAssembly is not that of the system.
It needs Chromium and Python's playwright.
"""

import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as tree
import zlib
from pathlib import Path

from playwright.sync_api import sync_playwright

NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("book", type=Path)
    arguments.add_argument("handgrad", type=Path)
    arguments.add_argument("--only", help="only figures of this name")
    arguments.add_argument("--shots", type=Path, help="write a picture of each figure in use to this folder")
    options = arguments.parse_args()
    pages = [page for page in sorted(options.book.glob("*.html")) if "<figure data-live=" in page.read_text("utf-8")]
    if not pages:
        sys.exit(f"{options.book} has no page with a live figure: run `cargo book` first")
    if not any(options.book.glob("live-*.js")):
        sys.exit(f"{options.book} has no scripts of live figures: `cargo book` says why")
    browser_path = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("Chromium is not installed")

    compared = failures = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for page in pages:
            tab = browser.new_page(viewport={"width": 1300, "height": 1000})
            errors = []
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.goto(page.resolve().as_uri())
            for place in range(tab.locator("figure[data-live]").count()):
                figure = Figure(tab, place, options.handgrad)
                if options.only and figure.name != options.only:
                    continue
                faults = figure.use(options.shots)
                compared += figure.compared
                failures += len(faults)
                mark = "✗" if faults else "✓"
                print(f"{mark} {page.name}, {figure.name}: {figure.compared} pictures, ready after {figure.ready:.0f} ms, "
                      f"{figure.rate} frames a second", flush=True)
                for fault in faults:
                    print(f"    {fault}")
            for error in errors:
                failures += 1
                print(f"✗ {page.name}: {error}")
            tab.close()
        browser.close()
    print(f"{compared} pictures compared with the native crate's")
    print(f"{compared - min(failures, compared)} passed, {failures} failed")
    sys.exit(1 if failures else 0)


class Figure:
    def __init__(self, tab, place, handgrad):
        self.tab, self.handgrad, self.compared, self.faults, self.steps = tab, handgrad, 0, [], 0
        figure = tab.locator("figure[data-live]").nth(place)
        self.first = figure.get_attribute("data-live")
        self.name = self.first.split("?")[0]
        self.data = figure.evaluate("figure => ({ ...figure.dataset })")
        figure.evaluate("figure => { for (let fold = figure.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true; }")
        figure.evaluate("figure => { window.begun = performance.now(); figure.scrollIntoView({ block: 'center' }); }")
        self.box = figure.locator(".live")
        self.box.locator(".picture > svg").wait_for(timeout=60_000)
        self.ready = tab.evaluate("performance.now() - window.begun")
        self.settle()
        self.rate = 0

    def use(self, shots):
        """Uses every control, and returns what went wrong."""
        self.compare("at first")
        for k in range(self.box.locator(".knobs select").count()):
            name = self.box.locator(".knobs select").nth(k).get_attribute("name")
            for option in range(self.box.locator(".knobs select").nth(k).locator("option").count()):
                self.box.locator(".knobs select").nth(k).select_option(index=option)
                self.settle()
                self.compare(f"{name}, choice {option}", refusal_allowed=True)
            self.reset()
        for slider in self.box.locator('.knobs input[type="range"]').all():
            name = slider.get_attribute("name")
            for key in ["End", "ArrowLeft", "Home", "ArrowRight"]:
                slider.press(key)
                self.settle()
                self.compare(f"{name}, {key}", refusal_allowed=True)
            self.reset()
        for knob in self.box.locator(".cells").evaluate("cells => [...new Set([...cells.querySelectorAll('input')].map(input => input.dataset.knob))]"):
            cells = self.box.locator(f'.cells input[data-knob="{knob}"]')
            for cell, number in [(cells.first, "1.5"), (cells.last, "-7")]:
                cell.fill(number)
                self.settle()
                self.compare(f"{knob}, typed {number}")
            self.reset()
        for part in self.box.locator(".knobs input[data-part]").all():
            part.fill("0.5")
            self.settle()
            self.compare(f"{part.get_attribute('name')}, typed 0.5")
        self.drag()
        self.draw()
        self.hover()
        self.typing()
        self.link()
        if self.box.locator("[data-do=step]").count():
            for _ in range(3):
                self.box.locator("[data-do=step]").click()
                self.steps += 1
                self.settle()
                self.compare(f"step {self.steps}")
        self.measure()
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
            self.box.screenshot(path=shots / f"{self.name}.png")
        self.reset()
        self.compare("after the reset")
        return self.faults

    def drag(self):
        for knob in self.box.locator(".picture [data-drag]").evaluate_all("places => places.map(place => place.dataset.drag)"):
            handle = self.box.locator(f'.picture [data-drag="{knob}"] > circle, .picture [data-drag="{knob}"] > rect').last
            handle.scroll_into_view_if_needed()
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            before = self.query()
            self.tab.mouse.move(x, y)
            self.tab.mouse.down()
            self.tab.mouse.move(x + 40, y - 25, steps=5)
            self.tab.mouse.up()
            self.settle()
            self.compare(f"{knob}, dragged")
            if self.query() == before:
                self.faults.append(f"{knob}: dragging it changed nothing")
            self.reset()

    def draw(self):
        for pad in self.box.locator(".cells canvas").all():
            pad.scroll_into_view_if_needed()
            box = pad.bounding_box()
            before = self.query()
            self.tab.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
            self.tab.mouse.down()
            self.tab.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.2, steps=8)
            self.tab.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.9, steps=8)
            self.tab.mouse.up()
            self.settle()
            self.compare("drawn on")
            drawn = self.query()
            if drawn == before:
                self.faults.append("drawing changed nothing")
            pad.focus()
            for key in ["ArrowLeft", "ArrowUp", "Space", "Shift+ArrowLeft"]:
                pad.press(key)
            self.settle()
            self.compare("drawn on by keys")
            if self.query() == drawn:
                self.faults.append("drawing by keys changed nothing")

    def hover(self):
        cells = self.box.locator('.picture [data-from]:not([data-from=""])')
        if cells.count() == 0:
            return
        cells.first.hover(force=True)
        if self.box.locator(".picture .feeds").count() == 0:
            self.faults.append("nothing is lit that a hovered number was computed from")
        said = self.box.locator(".noted").inner_text()
        cell = cells.first.get_attribute("data-cell")
        native = cells.first.get_attribute("data-note") or self.native("--note", cell)
        if not said or said != " ".join(native.split()):
            self.faults.append(f"of the hovered {cell}, the page says {said!r}, native {native!r}")

    def typing(self):
        """What is typed into stays lit, and what is no number is taken back."""
        cells = self.box.locator(".cells input")
        if cells.count() == 0:
            return
        cells.last.fill("7")
        self.settle()
        if self.box.locator(".picture .here").count() == 0 and self.box.locator(".picture [data-from]").count():
            self.faults.append("the number that was typed is no longer lit")
        cells.last.fill("1e99")
        self.settle()
        if self.box.locator(".trouble").is_hidden():
            self.faults.append("1e99: no error is shown")
        cells.last.blur()
        self.tab.wait_for_timeout(100)
        if self.box.locator(".trouble").is_visible() or cells.last.input_value() == "1e99":
            self.faults.append("1e99 stays in the field that was left")
        self.reset()

    def link(self):
        """A link to the figure that is pasted into the page's address opens it as it was sent."""
        before = self.query()
        slider = self.box.locator('.knobs input[type="range"], .knobs select').first
        if slider.count() == 0:
            return
        if slider.evaluate("knob => knob.tagName") == "SELECT":
            slider.select_option(index=slider.locator("option").count() - 1)
        else:
            slider.press("End")
        self.settle()
        sent = self.query()
        self.reset()
        self.tab.evaluate("hash => { location.hash = hash; }", f"#{self.box.get_attribute('id')}?{sent.split('?')[1]}")
        self.tab.wait_for_timeout(100)
        self.settle()
        if self.query() != sent:
            self.faults.append(f"a link to {sent} opens {self.query()}, which was {before}")
        self.reset()

    def measure(self):
        """Frames a second while the first slider, or else the first number, changes in each of them."""
        self.rate = self.box.evaluate("""async (box) => {
            const slider = box.querySelector('.knobs input[type=range]');
            const input = slider ?? box.querySelector('.cells input') ?? box.querySelector('.knobs select');
            if (!input || input.tagName === 'SELECT') return 0;
            const frame = () => new Promise((next) => requestAnimationFrame(next));
            const from = performance.now();
            let frames = 0;
            while (performance.now() - from < 1000) {
                if (slider) slider.value = Number(slider.min) + (slider.max - slider.min) * (0.4 + 0.2 * Math.sin(frames / 20));
                else input.value = frames % 9;
                input.dispatchEvent(new Event('input', { bubbles: true }));
                await frame();
                frames += 1;
            }
            return frames;
        }""")
        self.settle()

    def reset(self):
        self.box.locator("[data-do=reset]").click()
        self.steps = 0
        self.settle()

    def settle(self):
        self.tab.wait_for_function("box => box.dataset.busy === undefined", arg=self.box.element_handle())

    def query(self):
        return self.box.get_attribute("data-query")

    def compare(self, when, refusal_allowed=False):
        """Compares the picture with the native crate's for the settings that the page says it has."""
        trouble = self.box.locator(".trouble")
        if trouble.is_visible() and not refusal_allowed:
            self.faults.append(f"{when}: {trouble.inner_text()}")
        self.compared += 1
        svg = self.box.locator(".picture > svg")
        native = self.native("--width", svg.get_attribute("width"), "--advance", str(self.steps))
        if not native:
            self.faults.append(f"{when}: the native crate draws nothing")
            return
        page = self.box.locator(".picture").evaluate("picture => new XMLSerializer().serializeToString(picture.firstElementChild)")
        # The curves of a step that is too small are the rounding errors of a sine, which WebAssembly computes otherwise.
        fault = difference(elements(page), elements(native), 60.0 if self.name == "step" else 1.0)
        if fault:
            self.faults.append(f"{when}, {self.query()}: {fault}")

    def native(self, *flags):
        """What the native program prints for the settings that the page says it has; its errors go to the terminal."""
        command = [self.handgrad, "live", self.query(), *flags]
        for name, value in self.data.items():
            if name != "live":
                command += ["--data", f"{name}={self.file(name, value)}"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()

    def file(self, name, value):
        """A data attribute as a file for the native program."""
        path = Path(os.environ.get("TMPDIR", "/tmp")) / f"handgrad_live_{os.getpid()}_{self.name}_{name}"
        if not path.is_file():
            path.write_bytes(base64.b64decode(value))
        return path


def elements(svg):
    """All elements as (tag, attributes, text), but for styles and the classes of what is hovered."""
    found = []
    for element in tree.fromstring(svg).iter():
        tag = element.tag.split("}")[-1]
        if tag == "style":
            continue
        attributes = {name.split("}")[-1]: value for name, value in element.attrib.items()}
        attributes["class"] = " ".join(sorted(set(attributes.get("class", "").split()) - {"feeds", "fed", "here"}))
        found.append((tag, attributes, (element.text or "").strip()))
    return found


def difference(page, native, slack):
    """The first difference, in words, or nothing. Places may be this many half pixels apart."""
    if len(page) != len(native):
        return f"the page has {len(page)} elements, the native picture {len(native)}"
    for (tag, ours, text), (other, theirs, words) in zip(page, native):
        if tag != other or ours.keys() != theirs.keys():
            return f"<{tag}> against <{other}>"
        for name in ours:
            if not alike(ours[name], theirs[name], slack):
                return f"<{tag} {name}> is {ours[name][:200]!r}, native {theirs[name][:200]!r}"
        if not alike(text, words, 0.0):
            return f"<{tag}> reads {text[:200]!r}, native {words[:200]!r}"
    return ""


def alike(a, b, slack):
    """Whether two texts are equal but for the last digits of their numbers, or for less than the slack."""
    if a == b:
        return True
    if a.startswith("data:image/png") and b.startswith("data:image/png"):
        x, y = pixels(a), pixels(b)
        return len(x) == len(y) and sum(p != q for p, q in zip(x, y)) <= len(x) // 50
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    pairs = zip(NUMBER.findall(a), NUMBER.findall(b))
    values = [[float(text.replace("−", "-")) for text in pair] for pair in pairs]
    return all(abs(x - y) <= max(slack, 1e-3 * max(abs(x), abs(y))) for x, y in values)


def pixels(address):
    """The pixels of a PNG whose rows are not filtered."""
    png = base64.b64decode(address.split(",")[1])
    at, data = 8, b""
    while at < len(png):
        length = int.from_bytes(png[at:at + 4], "big")
        if png[at + 4:at + 8] == b"IDAT":
            data += png[at + 8:at + 8 + length]
        at += 12 + length
    return zlib.decompress(data)


if __name__ == "__main__":
    main()
