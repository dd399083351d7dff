(() => {
  const box = document.currentScript.parentElement;
  const film = box.querySelector("img");
  const captions = [...box.querySelectorAll("details img")].flatMap((strip) => strip.alt.split("\n"));
  const source = decodeURIComponent(film.src.slice(film.src.indexOf(",") + 1));
  const svg = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  const groups = [...svg.querySelectorAll("g[class]")].map((group) => {
    const [from, to] = group.getAttribute("style").match(/\d+/g).map(Number);
    group.style.animation = "none";
    return { group, from, to, result: group.querySelector(".result") };
  });
  const make = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  let timer = 0;
  const slider = make("input", { type: "range", min: 0, max: captions.length - 1, value: 0, ariaLabel: "step" });
  const play = make("button", { type: "button", textContent: "▶ play" });
  const spoken = make("span", { role: "status" });
  const show = (k) => {
    slider.value = (k + captions.length) % captions.length;
    const now = slider.valueAsNumber;
    groups.forEach(({ group, from, to }) => {
      group.style.visibility = from <= now && now < to ? "visible" : "hidden";
    });
    slider.ariaValueText = spoken.textContent = captions[now];
  };
  const pause = () => {
    timer = clearInterval(timer);
    play.textContent = "▶ play";
  };
  const go = (k) => {
    pause();
    show(k);
  };
  slider.oninput = () => go(slider.valueAsNumber);
  play.onclick = () => {
    if (timer) return pause();
    timer = setInterval(() => show(slider.valueAsNumber + 1), 2000);
    play.textContent = "❚❚ pause";
  };
  const by = (step, textContent, ariaLabel) =>
    make("button", { type: "button", textContent, ariaLabel, onclick: () => go(slider.valueAsNumber + step) });
  svg.onclick = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const hit = groups.find(({ result }) => {
      const inside = (start, size, x) => +result.getAttribute(start) <= x && x < +result.getAttribute(start) + +result.getAttribute(size);
      return result && inside("x", "width", at.x) && inside("y", "height", at.y);
    });
    if (hit) go(hit.from);
  };
  const bar = make("div", {}, by(-1, "◀", "one step back"), slider, by(1, "▶", "one step on"), play);
  const stage = make("div", { ariaHidden: "true" });
  bar.style.cssText = "display:flex;gap:8px;align-items:center;margin:4px 0";
  slider.style.cssText = "width:min(24em,50%)";
  svg.style.cssText = "max-width:100%;height:auto";
  spoken.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  stage.attachShadow({ mode: "open" }).append(svg);
  // Before Jupyter, which has a use of its own for these keys.
  const keys = (event) => {
    if (!bar.contains(event.target) || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    const now = slider.valueAsNumber;
    const to = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      go(to);
    } else if (event.target === slider || ![" ", "Enter"].includes(event.key)) return;
    event.stopImmediatePropagation();
  };
  addEventListener("keydown", keys, true);
  film.replaceWith(bar, stage, spoken);
  show(0);
})();
