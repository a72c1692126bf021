// Ten shapes of a learning rate over the epochs, and the published table beside the one that you see.

import { axes, button, choice, h, line, picture, row, sentence, slider } from "./kit.js";

const PUBLISHED = [0.1, 0.0999000999, 0.0997006985, 0.09940249103, 0.09900646517];
const EPOCHS = 50;
const share = (value) => `${Math.round(100 * value)} %`;
const whole = (value) => `${value}`;
const KNOBS = {
  decay: { label: "decay", min: 0, max: 0.1, step: 0.001, value: 0.001, format: (v) => v.toFixed(3) },
  factor: { label: "factor", min: 0.1, max: 0.9, step: 0.05, value: 0.5, format: (v) => v.toFixed(2) },
  every: { label: "every … epochs", min: 1, max: 25, step: 1, value: 10, format: whole },
  power: { label: "power", min: 0.5, max: 4, step: 0.5, value: 2, format: (v) => v.toFixed(1) },
  end: { label: "left at the end", min: 0, max: 0.5, step: 0.01, value: 0.01, format: share },
  warm: { label: "epochs of warm-up", min: 1, max: 25, step: 1, value: 5, format: whole },
};

function cosine(rate, done, end) {
  return rate * (end + ((1 - end) * (1 + Math.cos(Math.PI * Math.min(1, done)))) / 2);
}

// name, formula, knobs, and the rate at an epoch (perEpoch updates each)
const SCHEDULES = {
  epoch: ["time-based, once per epoch", "rate / (1 + decay × epoch)", ["decay"], (e, r, k) => r / (1 + k.decay * e)],
  repeated: [
    "time-based, repeated",
    "each epoch divides the rate of the epoch before by (1 + decay × epoch)",
    ["decay"],
    (e, r, k) => {
      let rate = r;
      for (let i = 1; i <= Math.floor(e); i += 1) rate /= 1 + k.decay * i;
      return rate;
    },
  ],
  update: ["time-based, per update", "rate / (1 + decay × updates)", ["decay"], (e, r, k, perEpoch) => r / (1 + k.decay * Math.floor(e * perEpoch))],
  step: ["step", "rate × factor^⌊epoch / every⌋", ["factor", "every"], (e, r, k) => r * k.factor ** Math.floor(Math.floor(e) / k.every)],
  early: [
    "step, one epoch early",
    "rate × factor^⌊(1 + epoch) / every⌋",
    ["factor", "every"],
    (e, r, k) => r * k.factor ** Math.floor((1 + Math.floor(e)) / k.every),
  ],
  exponential: ["exponential", "rate × factor^(epoch / every)", ["factor", "every"], (e, r, k) => r * k.factor ** (e / k.every)],
  polynomial: [
    "polynomial",
    "from the rate to what is left, as (1 − epoch / epochs)^power",
    ["power", "end"],
    (e, r, k) => r * (k.end + (1 - k.end) * (1 - e / EPOCHS) ** k.power),
  ],
  cosine: ["cosine", "half a cosine from the rate to what is left", ["end"], (e, r, k) => cosine(r, e / EPOCHS, k.end)],
  warm: [
    "warm-up, cosine",
    "a straight rise, then half a cosine",
    ["warm", "end"],
    (e, r, k) => (e < k.warm ? (r * e) / k.warm : cosine(r, (e - k.warm) / (EPOCHS - k.warm), k.end)),
  ],
  cyclical: [
    "cyclical, triangular",
    "up and down between what is left and the rate, half a cycle every … epochs",
    ["every", "end"],
    (e, r, k) => {
      const phase = (e / k.every) % 2;
      return r * (k.end + (1 - k.end) * (phase <= 1 ? phase : 2 - phase));
    },
  ],
};

export default {
  render({ model, el }) {
    const perEpoch = model.get("per_epoch");
    const says = sentence();
    const table = h("table", { class: "cw-table" });
    const knobs = {};
    const holder = h("div", { class: "cw-row" });
    const rateAt = (epoch) => {
      const set = Object.fromEntries(Object.entries(knobs).map(([name, knob]) => [name, knob.value]));
      return SCHEDULES[kind.value][3](epoch, rate.value, set, perEpoch);
    };
    const show = () => {
      const formula = SCHEDULES[kind.value][1];
      says.textContent = `${formula[0].toUpperCase()}${formula.slice(1)}. Epoch 0: ${rateAt(0).toPrecision(4)}; epoch ${EPOCHS}: ${rateAt(EPOCHS).toPrecision(4)}.`;
      const head = h("tr", {}, ...["epoch", "published", "this schedule"].map((text) => h("th", { scope: "col" }, text)));
      const rows = PUBLISHED.map((value, epoch) => {
        const ours = rateAt(epoch);
        const same = Math.abs(ours - value) < 1e-9;
        return h(
          "tr",
          { class: same ? "cw-same" : undefined },
          h("td", {}, `${epoch}`),
          h("td", { class: "published" }, `${value}`),
          h("td", {}, `${Number(ours.toPrecision(10))}`),
        );
      });
      table.replaceChildren(h("caption", {}, "The tutorial’s table, for the rate 0.1 and the decay 0.001. Bold: equal."), h("thead", {}, head), h("tbody", {}, ...rows));
      chart.redraw();
    };
    const chosen = () => {
      holder.replaceChildren(...SCHEDULES[kind.value][2].map((name) => knobs[name].node));
      show();
    };
    const names = Object.fromEntries(Object.entries(SCHEDULES).map(([key, [name]]) => [key, name]));
    const kind = choice({ label: "schedule", options: names, value: "repeated" }, chosen);
    const rate = slider({ label: "initial or highest rate", min: 0.01, max: 1, step: 0.01, value: 0.1, format: (v) => v.toFixed(2) }, show);
    for (const [name, settings] of Object.entries(KNOBS)) knobs[name] = slider(settings, show);
    const chart = picture(
      () => `Learning rate over ${EPOCHS} epochs: ${names[kind.value]}.`,
      (svg, width, height) => {
        const at = axes(svg, {
          width,
          height,
          x: { from: 0, to: EPOCHS, label: "epoch" },
          y: { from: 0, to: rate.value * 1.05, label: "learning rate" },
        });
        const points = [];
        for (let epoch = 0; epoch <= EPOCHS; epoch += 1 / perEpoch) points.push([at.x(epoch), at.y(rateAt(epoch))]);
        svg.append(line(points, "cw-line"));
      },
    );
    const reset = button("As in the table: rate 0.1, decay 0.001", () => {
      rate.value = 0.1;
      knobs.decay.value = 0.001;
      show();
    });
    el.append(row(kind.node, rate.node), holder, row(reset), says, h("div", { class: "cw-beside" }, chart.node, table));
    chosen();
  },
};
