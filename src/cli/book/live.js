"use strict";

// The live figures. They are computed and drawn by the crate itself, compiled to WebAssembly (src/live/wasm.rs); this
// script tells it what the reader changes, and shows the picture that it draws.
(() => {
  const places = [...document.querySelectorAll("[data-live]")];
  if (places.length === 0 || !window.WebAssembly || !window.DecompressionStream) return;

  // The module lies in a script beside the page, so that a page opened from a file may load it.
  const { module: source } = document.currentScript.dataset;
  const load = () => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => resolve(start(window.handgradLive));
    script.onerror = reject;
    document.head.append(script);
  });
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const start = async (base64) => {
    const bytes = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const module = await WebAssembly.compile(await new Response(bytes).arrayBuffer());
    return (await WebAssembly.instantiate(module, {})).exports;
  };

  // Text in and out of the module.
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const put = (wasm, text, data = []) => {
    const bytes = new Uint8Array([...encoder.encode(text), ...data]);
    const at = wasm.buffer(bytes.length); // which may give the memory another buffer
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  };
  const answer = (wasm) => decoder.decode(new Uint8Array(wasm.memory.buffer, wasm.reply(), wasm.reply_length()));
  const reply = (wasm) => {
    const [error, controls, query, alt, picture] = answer(wasm).split("\0");
    return { error, controls, query, alt, picture };
  };

  // The figure and its settings that the address names. In them, a space is written as +.
  const linked = () => {
    try { return decodeURIComponent(location.hash.slice(1).replaceAll("+", " ")); } catch { return ""; }
  };

  const make = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // A figure on the page.
  const mount = (wasm, place, id) => {
    const sent = linked().split("?");
    // Data that no knob holds, trained weights or images, are in base64 in the place's other attributes.
    const { live, ...given } = place.dataset;
    const [name, first] = live.split("?");
    const data = Object.entries(given).map(([name, base64]) => [name, bytesOf(base64)]);
    const open = (settings) => {
      put(wasm, settings);
      const figure = wasm[`open_${name}`]();
      if (figure < 0) return figure;
      for (const [name, bytes] of data) {
        put(wasm, `${name}\0`, bytes);
        if (wasm.load(figure) < 0) return -1;
      }
      return figure;
    };
    let figure = sent[0] === id && sent.length > 1 ? open(sent[1]) : -1;
    if (figure < 0) figure = open(first);
    if (figure < 0) return;

    const controls = make("div", { className: "knobs" });
    const picture = make("div", { className: "picture" });
    const cells = make("div", { className: "cells" });
    const note = make("p", { className: "noted", textContent: "" });
    const trouble = make("p", { className: "trouble", hidden: true });
    trouble.setAttribute("role", "alert");
    const spoken = make("p", { className: "unseen" });
    spoken.setAttribute("role", "status");
    const stage = make("div", { className: "stage" }, picture, cells);
    const box = make("div", { className: "live", id }, controls, stage, note, trouble, spoken);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `Live figure: ${name.replaceAll("_", " ")}`);
    place.replaceChildren(box);

    let settings = new URLSearchParams();
    let shape = "";
    let hint = "";
    const notes = new Map(); // of the cells of this picture that were pointed at
    let touched = false;
    let speaking = 0;

    // What the module replied, on the page.
    const show = ({ error, controls: knobs, query, alt, picture: svg }) => {
      trouble.hidden = !error;
      trouble.textContent = error;
      if (svg === undefined) return;
      box.dataset.query = query;
      settings = new URLSearchParams(query.slice(query.indexOf("?") + 1).replaceAll("+", "%2B"));
      const form = knobs.replace(/ value="[^"]*"| selected|<output[^>]*>[^<]*<\/output>/g, "");
      if (form !== shape) {
        shape = form;
        const name = controls.contains(document.activeElement) && document.activeElement.name;
        controls.innerHTML = knobs;
        if (!navigator.clipboard) controls.querySelector("[data-do=link]").hidden = true;
        if (name) controls.querySelector(`[name="${name}"]`)?.focus();
      }
      fill();
      picture.innerHTML = svg;
      notes.clear();
      note.hidden = !/ data-cell="[^"]/.test(svg);
      hint = svg.includes(" data-knob=") ? "Numbers in a dark frame can be edited. " : "";
      hint += "Point at a number to see how it was computed.";
      overlay();
      light(lit && picture.querySelector(lit));
      // A screen reader hears the picture when the reader pauses.
      clearTimeout(speaking);
      if (touched) speaking = setTimeout(() => { spoken.textContent = alt; }, 700);
    };
    const fill = () => {
      for (const input of controls.querySelectorAll("[name]")) {
        const value = settings.get(input.name);
        if (input.type === "range") {
          input.value = "log" in input.dataset ? Math.log10(value) : value;
          input.nextElementSibling.textContent = value.replaceAll("-", "−");
          input.setAttribute("aria-valuetext", value);
        } else if (input !== document.activeElement) {
          input.value = "part" in input.dataset ? value.split(",")[parts(input).indexOf(input)] : value;
        }
      }
    };
    const parts = (input) => [...controls.querySelectorAll(`[name="${input.name}"]`)];

    // Fields over the numbers of the picture that can be typed, and a canvas where one draws.
    const overlay = () => {
      const svg = picture.firstElementChild;
      const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
      stage.style.setProperty("--unit", `calc(100cqw / ${width})`);
      const left = new Map([...cells.children].map((child) => [child.dataset.key, child]));
      for (const rect of svg.querySelectorAll("rect[data-knob]")) {
        const { knob, at, label, side } = rect.dataset;
        const key = `${knob}:${at}`;
        let field = left.get(key);
        left.delete(key);
        if (!field) {
          field = side ? pad(knob, Number(side)) : make("input", { type: "number", step: "any" });
          Object.assign(field.dataset, { key, knob, at: at ?? "" });
          cells.append(field);
        }
        const keys = ". Arrow keys move the pen, space draws a dot, and Shift with an arrow key draws a line.";
        field.setAttribute("aria-label", side ? label + keys : label);
        const box = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
        ["left", "top", "width", "height"].forEach((name, k) => {
          field.style[name] = `${100 * box[k] / (k % 2 ? height : width)}%`;
        });
        if (side) continue;
        field.style.fontSize = `calc(${rect.nextElementSibling.closest("[font-size]").getAttribute("font-size")} * var(--unit))`;
        if (field !== document.activeElement) field.value = settings.get(knob).split(",")[at];
      }
      for (const child of left.values()) child.remove();
    };

    // What fails inside the module leaves it in no state to go on.
    const attempt = (work) => {
      try { return work(); } catch (error) {
        trouble.hidden = false;
        trouble.textContent = "This figure has failed. Load the page again.";
        throw error;
      }
    };

    // Changes are sent once a frame: of several changes of a knob, the last.
    const waiting = new Map();
    let frame = 0;
    const change = (name, value) => {
      waiting.set(name, value);
      box.dataset.busy = "";
      touched = touched || name !== "width";
      frame ||= requestAnimationFrame(() => attempt(() => {
        frame = 0;
        const changes = [...waiting];
        waiting.clear();
        let error = "";
        for (const [knob, setting] of changes) {
          put(wasm, `${knob}=${setting}`);
          wasm.set(figure);
          error ||= reply(wasm).error;
        }
        wasm.draw(figure);
        const now = reply(wasm);
        show({ ...now, error: error || now.error });
        delete box.dataset.busy;
        if (touched) remember();
      }));
    };
    let remembering = 0;
    const remember = () => {
      clearTimeout(remembering);
      remembering = setTimeout(() => history.replaceState(null, "", `#${id}?${settings}`), 300);
    };
    const entry = (knob, at, value) => {
      const list = (waiting.get(knob) ?? settings.get(knob)).split(",");
      list[at] = value;
      change(knob, list.join(","));
    };
    const changed = (event) => {
      const { target } = event;
      if (target.dataset.knob) {
        if (target.value !== "") entry(target.dataset.knob, target.dataset.at, target.value);
      } else if ("part" in target.dataset) {
        if (target.value !== "") entry(target.name, parts(target).indexOf(target), target.value);
      } else if (target.type === "range") {
        change(target.name, "log" in target.dataset ? Number((10 ** target.value).toPrecision(3)) : target.value);
      } else if (target.name) change(target.name, target.value);
    };
    box.addEventListener("input", changed);

    // Buttons.
    let playing = 0;
    const pause = () => {
      cancelAnimationFrame(playing);
      playing = 0;
      const button = controls.querySelector("[data-do=play]");
      if (button?.dataset.label) button.textContent = button.dataset.label;
    };
    const play = () => attempt(() => {
      const until = performance.now() + 12;
      let more = true;
      while (more && performance.now() < until) more = wasm.advance(figure) === 1;
      wasm.draw(figure);
      show(reply(wasm));
      if (more) playing = requestAnimationFrame(play);
      else pause();
    });
    const buttons = {
      play: (button) => {
        if (playing) return pause();
        touched = true;
        button.dataset.label ??= button.textContent;
        button.textContent = "❚❚ Pause";
        playing = requestAnimationFrame(play);
      },
      step: () => {
        pause();
        touched = true;
        wasm.advance(figure);
        wasm.draw(figure);
        show(reply(wasm));
      },
      reset: () => {
        pause();
        put(wasm, first);
        wasm.reset(figure);
        touched = false;
        shape = ""; // the controls are made anew
        clearTimeout(remembering);
        history.replaceState(null, "", location.pathname + location.search);
        cells.replaceChildren();
        change("width", stage.clientWidth);
      },
      link: async (button) => {
        const words = button.textContent;
        await navigator.clipboard.writeText(`${location.href.split("#")[0]}#${id}?${settings}`);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = words; }, 1500);
      },
      erase: (button) => button.setAttribute("aria-pressed", !erases(button.dataset.knob)),
      clear: (button) => cells.querySelector(`canvas[data-knob="${button.dataset.knob}"]`).wipe(),
    };
    const erases = (knob) =>
      controls.querySelector(`[data-do="erase"][data-knob="${knob}"]`).getAttribute("aria-pressed") === "true";
    controls.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) attempt(() => buttons[button.dataset.do](button));
    });

    // A point is dragged, or moved by the arrow keys in its two fields; so is a slider's number, or one of a list.
    let dragged = null;
    const drag = (event) => {
      const svg = picture.firstElementChild;
      const { drag: knob, at: part } = dragged;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const place = picture.querySelector(`[data-drag="${knob}"]${part ? `[data-at="${part}"]` : ""}`);
      const rect = place.querySelector("rect");
      const share = (from, size, value) => Math.min(Math.max((value - rect.getAttribute(from)) / rect.getAttribute(size), 0), 1);
      const shares = { x: () => share("x", "width", at.x), y: () => 1 - share("y", "height", at.y) };
      const value = (name) => {
        const [from, to] = place.dataset[name].split(" ").map(Number);
        const value = from + (to - from) * shares[name]();
        return Number(("log" in place.dataset ? 10 ** value : value).toPrecision(3));
      };
      const values = ["x", "y"].filter((name) => name in place.dataset).map(value).join(",");
      // A slider keeps its number in its range and on its steps.
      const slider = controls.querySelector(`input[type="range"][name="${knob}"]`);
      if (part) entry(knob, part, values);
      else if (slider) {
        slider.value = "log" in slider.dataset ? Math.log10(values) : values;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      } else change(knob, values);
    };
    picture.addEventListener("pointerdown", (event) => {
      const place = event.target.closest("[data-drag]");
      // A finger scrolls the page, unless it is on the handle, which lies above the area that it moves over.
      const area = place?.childElementCount > 1 && event.target === place.firstElementChild;
      if (!place || (area && event.pointerType === "touch")) return;
      dragged = { ...place.dataset };
      picture.setPointerCapture(event.pointerId);
      event.preventDefault();
      drag(event);
    });
    picture.addEventListener("pointermove", (event) => { if (dragged) drag(event); });
    for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { dragged = null; });

    // What is said about a cell: the picture has it, or the module is asked.
    const about = ({ dataset: { note, cell } }) => {
      if (note !== undefined) return note;
      if (!notes.has(cell)) {
        put(wasm, cell);
        wasm.note(figure);
        notes.set(cell, answer(wasm));
      }
      return notes.get(cell);
    };

    // What a cell was computed from, and what is computed from it.
    let lit = ""; // where the cell is that the reader points at
    const light = (cell) => {
      for (const lit of picture.querySelectorAll(".feeds, .fed, .here")) lit.classList.remove("feeds", "fed", "here");
      note.textContent = cell ? about(cell) : hint;
      if (!cell) return;
      // Cells of one name show the same number at several places.
      const all = [...picture.querySelectorAll("[data-cell]")];
      const list = (other) => other.dataset.from.split(" ").filter(Boolean);
      const id = cell.dataset.cell;
      const here = all.filter((other) => other === cell || (id && other.dataset.cell === id));
      const feeds = new Set(here.flatMap(list));
      const fed = new Set(all.filter((other) => id && list(other).includes(id)).map((other) => other.dataset.cell));
      for (const other of all) {
        const name = other.dataset.cell;
        if (here.includes(other)) other.classList.add("here");
        else if (name && feeds.has(name)) other.classList.add("feeds");
        else if (name && fed.has(name)) other.classList.add("fed");
      }
    };
    const cellOf = (target) => {
      if (!target.dataset?.key) return target.closest("[data-cell]");
      const { knob, at } = target.dataset;
      return picture.querySelector(`rect[data-knob="${knob}"][data-at="${at}"]`)?.closest("[data-cell]");
    };
    const point = (cell) => {
      lit = cell?.dataset.cell ? `[data-cell="${CSS.escape(cell.dataset.cell)}"]` : "";
      light(cell);
    };
    for (const name of ["pointerover", "focusin", "click"]) stage.addEventListener(name, (event) => point(cellOf(event.target)));
    stage.addEventListener("pointerleave", () => point(null));
    // A field that is left with no number in it shows the number that counts.
    cells.addEventListener("focusout", () => {
      trouble.hidden = true;
      requestAnimationFrame(overlay);
    });

    // A square on which the reader draws, 16 shades a pixel.
    const pad = (knob, side) => {
      const canvas = make("canvas", { width: side, height: side, tabIndex: 0 });
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-roledescription", "drawing");
      let pen = null; // the pixel that the arrow keys move over
      let shades = [...settings.get(knob)].map((digit) => parseInt(digit, 16));
      const paint = () => {
        const context = canvas.getContext("2d");
        const image = context.createImageData(side, side);
        // Black on white, as the picture below it.
        shades.forEach((shade, k) => image.data.set([...Array(3).fill(255 - 17 * shade), 255], 4 * k));
        context.putImageData(image, 0, 0);
        if (!pen) return;
        context.fillStyle = "#d55e00";
        context.fillRect(...pen, 1, 1);
      };
      const send = () => {
        paint();
        change(knob, shades.map((shade) => shade.toString(16)).join(""));
      };
      // A round pen, two pixels wide, with a soft edge. It draws, or erases.
      const dot = (x, y) => {
        const erase = erases(knob);
        for (let k = 0; k < shades.length; k += 1) {
          const away = Math.hypot(k % side + 0.5 - x, Math.floor(k / side) + 0.5 - y);
          const ink = Math.round(15 * Math.min(Math.max(2 - away, 0), 1));
          shades[k] = erase ? Math.min(shades[k], 15 - ink) : Math.max(shades[k], ink);
        }
      };
      let last = null;
      const stroke = (event) => {
        const box = canvas.getBoundingClientRect();
        const now = [(event.clientX - box.left) / box.width * side, (event.clientY - box.top) / box.height * side];
        const steps = Math.ceil(2 * Math.hypot(now[0] - last[0], now[1] - last[1])) || 1;
        for (let k = 1; k <= steps; k += 1) dot(...last.map((from, axis) => from + (now[axis] - from) * k / steps));
        last = now;
        send();
      };
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        canvas.setPointerCapture(event.pointerId);
        pen = null;
        const box = canvas.getBoundingClientRect();
        last = [(event.clientX - box.left) / box.width * side, (event.clientY - box.top) / box.height * side];
        stroke(event);
        event.preventDefault();
      });
      canvas.addEventListener("pointermove", (event) => { if (last) stroke(event); });
      for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
      const lift = (place) => { pen = place; paint(); };
      const middle = [side >> 1, side >> 1];
      canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) lift(middle); });
      canvas.addEventListener("blur", () => lift(null));
      canvas.addEventListener("keydown", (event) => {
        const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0] };
        const way = ways[event.key];
        if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        pen = (pen ?? middle).map((at, axis) => Math.min(Math.max(at + way[axis], 0), side - 1));
        if (event.key !== " " && !event.shiftKey) return paint();
        dot(pen[0] + 0.5, pen[1] + 0.5);
        send();
      });
      canvas.wipe = () => { shades = shades.map(() => 0); send(); };
      paint();
      return canvas;
    };

    // The picture fits the page. The first one is drawn at once, so that no field is without its name.
    let wide = Math.round(stage.clientWidth);
    attempt(() => {
      put(wasm, `width=${wide}`);
      wasm.set(figure);
      wasm.draw(figure);
      show(reply(wasm));
    });
    new ResizeObserver(() => {
      if (wide === Math.round(stage.clientWidth)) return;
      wide = Math.round(stage.clientWidth);
      change("width", wide);
    }).observe(stage);
    if (sent[0] === id) box.scrollIntoView({ block: "center" });
    addEventListener("hashchange", () => {
      const [name, query] = linked().split("?");
      if (name !== id || query === undefined) return;
      attempt(() => {
        pause();
        put(wasm, query);
        wasm.reset(figure);
        cells.replaceChildren();
        change("width", Math.round(stage.clientWidth));
      });
    });
  };

  // The module is loaded when a figure comes near, once for all of them.
  let loading = null;
  const ids = new Map();
  const named = places.map((place) => {
    const name = place.dataset.live.split("?")[0];
    ids.set(name, (ids.get(name) ?? 0) + 1);
    return [place, `live-${name}${ids.get(name) === 1 ? "" : `-${ids.get(name)}`}`];
  });
  const near = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      loading ??= load();
      const [, id] = named.find(([place]) => place === target);
      loading.then((wasm) => mount(wasm, target, id), () => { /* the still pictures stay */ });
    }
  }, { rootMargin: "800px" });
  const wanted = linked().split("?")[0];
  for (const [place, id] of named) {
    if (id === wanted) place.scrollIntoView({ block: "center" });
    near.observe(place);
  }
})();
