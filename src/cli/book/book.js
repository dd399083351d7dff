"use strict";

// Light or dark: the reader's last choice, else the system's setting.
const root = document.documentElement;
const stored = (() => { try { return localStorage.getItem("colours"); } catch { return null; } })();
if (stored) root.dataset.colours = stored;

document.addEventListener("DOMContentLoaded", () => {
  const colours = document.getElementById("colours");
  colours.hidden = false;
  colours.addEventListener("click", () => {
    const dark = root.dataset.colours
      ? root.dataset.colours === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.colours = dark ? "light" : "dark";
    try { localStorage.setItem("colours", root.dataset.colours); } catch { /* a page from a file may have no storage */ }
  });

  // On a narrow screen the contents unfold until a link is chosen or Escape is pressed.
  const menu = document.getElementById("menu");
  const contents = document.getElementById("contents");
  const unfold = (open) => {
    document.body.classList.toggle("menu", open);
    menu.setAttribute("aria-expanded", open);
  };
  menu.addEventListener("click", () => unfold(!document.body.classList.contains("menu")));
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) unfold(false); });
  document.querySelector("#contents [aria-current]")?.scrollIntoView({ block: "center" });

  // Code is copied with a button, where the browser allows it.
  if (navigator.clipboard) {
    for (const code of document.querySelectorAll("pre.code")) {
      const frame = document.createElement("div");
      frame.className = "copied";
      code.replaceWith(frame);
      const button = document.createElement("button");
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      frame.append(code, button);
    }
  }

  // On paper nothing can be unfolded or scrolled: what is folded is opened, and formulas that are too wide become smaller.
  const PAPER = 640;
  let opened = [];
  let shrunk = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
    shrunk = [...document.querySelectorAll(".wide:not(.parts) > math, .parts > math")].filter((math) => {
      const width = Math.max(...[...math.children].map((child) => child.getBoundingClientRect().right)) - math.getBoundingClientRect().left;
      if (width > PAPER) math.style.fontSize = `${1.08 * PAPER / width}em`;
      return width > PAPER;
    });
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    for (const math of shrunk) math.style.fontSize = "";
  });

  // The search: sections that contain all the words, those with a word in the heading first.
  const search = document.getElementById("search");
  const input = search.querySelector("input");
  const found = document.getElementById("found");
  const count = document.getElementById("count");
  search.hidden = false;
  // The index of all pages is loaded when a reader first turns to the search.
  let sections = null;
  let loading = false;
  const load = () => {
    if (loading) return;
    loading = true;
    const script = document.createElement("script");
    script.src = "search.js";
    script.onload = () => {
      sections = SECTIONS;
      show();
    };
    script.onerror = () => { loading = false; };
    document.head.append(script);
  };
  const plain = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found.replaceChildren();
    found.hidden = words.length === 0 || !sections;
    count.textContent = "";
    if (found.hidden) return;
    const hits = sections.map((section) => {
      const heading = (section.page + " " + section.heading).toLowerCase();
      const text = section.words.toLowerCase();
      if (!words.every((word) => text.includes(word) || heading.includes(word))) return null;
      const weight = words.reduce((sum, word) => sum + (heading.includes(word) ? 10 : 0) + text.split(word).length - 1, 0);
      return { section, weight };
    }).filter(Boolean).sort((a, b) => b.weight - a.weight).slice(0, 12);
    for (const { section } of hits) {
      const near = Math.max(0, section.words.toLowerCase().indexOf(words[0]) - 40);
      const at = near === 0 ? 0 : section.words.indexOf(" ", near) + 1;
      const link = document.createElement("a");
      link.href = section.address;
      const heading = document.createElement("strong");
      heading.textContent = plain(section.page) + (section.page === section.heading ? "" : " › " + plain(section.heading));
      const excerpt = document.createElement("small");
      excerpt.textContent = "…" + section.words.slice(at, at + 140) + "…";
      link.append(heading, excerpt);
      const item = document.createElement("li");
      item.append(link);
      found.append(item);
    }
    count.textContent = hits.length === 1 ? "1 section found" : `${hits.length} sections found`;
    if (hits.length === 0) found.append(Object.assign(document.createElement("li"), { textContent: "No section has all these words." }));
  };
  input.addEventListener("input", show);
  input.addEventListener("focus", () => {
    load();
    show();
  });
  search.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !search.contains(event.relatedTarget)) found.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, [contenteditable]")) {
      event.preventDefault();
      input.focus();
    }
    if (event.key === "Escape" && document.body.classList.contains("menu")) {
      unfold(false);
      menu.focus();
    }
    if (!search.contains(document.activeElement)) return;
    if (event.key === "Escape") {
      input.value = "";
      show();
      document.activeElement.blur();
    }
    // The arrow keys move from the search field down the results and up again; Enter opens the first.
    const stops = [input, ...found.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (next !== undefined) {
      stops[Math.min(Math.max(next, 0), stops.length - 1)].focus();
      event.preventDefault();
    }
    if (event.key === "Enter" && at === 0) stops[1]?.click();
  });
  document.addEventListener("click", (event) => { if (!search.contains(event.target)) found.hidden = true; });
  found.addEventListener("click", () => { found.hidden = true; });
});
