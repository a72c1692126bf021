// What the widgets share: elements, controls, pictures with axes, a little statistics. No library, no network.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element: attributes, then children (nodes or text). */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A button that does something. */
export function button(text, act) {
  const node = h("button", { type: "button", class: "cw-button" }, text);
  node.addEventListener("click", act);
  return node;
}

let controls = 0;

function labelled(text, input, shown) {
  input.id = `cw-${(controls += 1)}`;
  return h("div", { class: "cw-control" }, h("label", { for: input.id }, text, " ", shown ?? ""), input);
}

/** A slider; `value` is a number, `node` goes into the page. `change` is called whenever it moves. */
export function slider({ label, min, max, step, value, format = String }, change) {
  const input = h("input", { type: "range", min, max, step, value });
  const shown = h("span", { class: "cw-value" }, format(value));
  const told = () => {
    shown.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => {
    told();
    change();
  });
  told();
  return {
    node: labelled(label, input, shown),
    get value() {
      return Number(input.value);
    },
    set value(number) {
      input.value = number;
      told();
    },
  };
}

/** A field for a whole number, held within its bounds. */
export function field({ label, min, max, value }, change) {
  const input = h("input", { type: "number", min, max, step: 1, value, inputmode: "numeric" });
  input.addEventListener("input", change);
  input.addEventListener("change", () => (input.value = read()));
  const read = () => Math.min(max, Math.max(min, Math.round(Number(input.value)) || min));
  return {
    node: labelled(label, input),
    get value() {
      return read();
    },
  };
}

/** A list to choose from: `options` maps values to what is shown. */
export function choice({ label, options, value }, change) {
  const entries = Object.entries(options).map(([key, text]) =>
    h("option", { value: key, selected: key === value }, text),
  );
  const input = h("select", {}, ...entries);
  input.addEventListener("change", change);
  return {
    node: labelled(label, input),
    get value() {
      return input.value;
    },
    set value(key) {
      input.value = key;
    },
  };
}

/** A sentence that screen readers read out when it changes. */
export function sentence() {
  return h("p", { class: "cw-says", role: "status" });
}

/** Put nodes beside each other, or below each other where there is no room. */
export function row(...nodes) {
  return h("div", { class: "cw-row" }, ...nodes);
}

/** A picture that is drawn again when it changes or its width does: `draw(svg, width, height)`; one unit is a pixel. */
export function picture(describe, draw, height = 260) {
  const svg = s("svg", { role: "img", height });
  const node = h("div", { class: "cw-picture" }, svg);
  const redraw = () => {
    const width = Math.max(240, node.clientWidth);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", describe());
    svg.replaceChildren();
    draw(svg, width, height);
  };
  let last = 0;
  new ResizeObserver(() => {
    if (node.clientWidth !== last) redraw();
    last = node.clientWidth;
  }).observe(node);
  return { node, redraw };
}

/** Draw two axes; return the functions that place numbers on them. */
export function axes(svg, { width, height, x, y, left = 56 }) {
  const box = { left, right: width - 12, top: 10, bottom: height - 44 };
  const place = {
    x: scale(x, box.left, box.right),
    y: scale(y, box.bottom, box.top),
  };
  const lines = s("g", { class: "cw-axis" });
  for (const tick of ticks(x, width < 420 ? 4 : 7)) {
    lines.append(
      s("line", { x1: place.x(tick), x2: place.x(tick), y1: box.bottom, y2: box.bottom + 4 }),
      s("text", { x: place.x(tick), y: box.bottom + 18, "text-anchor": "middle" }, short(tick, x)),
    );
  }
  for (const tick of ticks(y, 5)) {
    lines.append(
      s("line", { x1: box.left, x2: box.right, y1: place.y(tick), y2: place.y(tick), class: "cw-grid" }),
      s("text", { x: box.left - 6, y: place.y(tick) + 4, "text-anchor": "end" }, short(tick, y)),
    );
  }
  lines.append(
    s("line", { x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }),
    s("text", { x: (box.left + box.right) / 2, y: height - 8, "text-anchor": "middle" }, x.label),
    s(
      "text",
      { x: 12, y: (box.top + box.bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(box.top + box.bottom) / 2})` },
      y.label,
    ),
  );
  svg.append(lines);
  return { ...place, ...box };
}

function scale({ from, to, log }, start, end) {
  const straight = log ? Math.log10 : (value) => value;
  const [low, high] = [straight(from), straight(to)];
  return (value) => start + ((straight(value) - low) / (high - low || 1)) * (end - start);
}

function ticks({ from, to, log, at }, most) {
  if (at) return at;
  if (log) {
    const powers = [];
    for (let power = Math.ceil(Math.log10(from)); power <= Math.log10(to) + 1e-9; power += 1) powers.push(10 ** power);
    return powers;
  }
  const rough = (to - from || 1) / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  const found = [];
  for (let tick = Math.ceil(from / step - 1e-9) * step; tick <= to + step * 1e-9; tick += step) found.push(tick);
  return found;
}

function short(value, { format }) {
  return format ? format(value) : String(Number(value.toPrecision(4)));
}

/** A line through points [x, y], already placed. */
export function line(points, name) {
  return s("polyline", { points: points.map((point) => point.map((v) => v.toFixed(1)).join(",")).join(" "), class: name });
}

/** A band between two lines of points. */
export function band(upper, lower, name) {
  const around = [...upper, ...[...lower].reverse()];
  return s("polygon", { points: around.map((point) => point.map((v) => v.toFixed(1)).join(",")).join(" "), class: name });
}

/** A generator of random numbers with a seed (mulberry32), so that a draw can be repeated. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The items in a random order. */
export function shuffled(items, random) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation with n - 1. */
export function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

const FEW = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469];

/** Student's t for a 95 % interval: a table for few degrees of freedom, else Cornish and Fisher's expansion. */
export function student(df) {
  if (df <= FEW.length) return FEW[df - 1];
  const z = 1.959964;
  const [g1, g2] = [(z ** 3 + z) / 4, (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96];
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / df + g2 / df ** 2 + g3 / df ** 3;
}

/** A number with few digits, and thousands set apart. */
export function number(value, digits = 3) {
  return Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(digits);
}

/** Show a widget in place of its still picture. `found` is the element that the page has for it. */
export function mount(widget, found) {
  const data = JSON.parse(found.querySelector("script[type='application/json']").textContent);
  const model = { get: (name) => data[name] };
  const el = found.querySelector(".course-widget-live");
  widget.render({ model, el });
  el.hidden = false;
  found.querySelector(".course-widget-still").hidden = true;
}
