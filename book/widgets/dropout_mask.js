// A small network whose units dropout switches off; press for another mask.

import { button, generator, number, picture, row, s, sentence, slider } from "./kit.js";

const LAYERS = [4, 7, 7, 1];
const NAMES = ["inputs", "hidden", "hidden", "output"];

export default {
  render({ el }) {
    const random = generator(7);
    const seen = new Set();
    let mask;
    const says = sentence();
    const dropped = (layer, unit) => mask[layer][unit];
    const possible = LAYERS.slice(1, -1).reduce((sum, size) => sum + size, 0);
    const draw = () => {
      mask = LAYERS.map((size, layer) => {
        const hidden = layer > 0 && layer < LAYERS.length - 1;
        return Array.from({ length: size }, () => hidden && random() < rate.value);
      });
      seen.add(JSON.stringify(mask));
      show();
    };
    const start = () => {
      seen.clear();
      draw();
    };
    const show = () => {
      const off = mask.flat().filter(Boolean).length;
      says.textContent =
        `${off} of ${possible} hidden units are off. Each of the others counts ${number(1 / (1 - rate.value), 2)} times, ` +
        `so that the sum stays what it was on average. You have seen ${number(seen.size)} of ` +
        `${number(2 ** possible)} possible networks.`;
      chart.redraw();
    };
    const rate = slider({ label: "rate", min: 0, max: 0.9, step: 0.05, value: 0.5, format: (v) => v.toFixed(2) }, start);
    const chart = picture(
      () => `A network of ${LAYERS.join(", ")} units; ${mask.flat().filter(Boolean).length} hidden units are crossed out.`,
      (svg, width, height) => {
        const at = (layer, unit) => [
          30 + ((width - 60) * layer) / (LAYERS.length - 1),
          ((height - 34) * (unit + 0.5)) / LAYERS[layer] + 4,
        ];
        for (let layer = 1; layer < LAYERS.length; layer += 1) {
          for (let from = 0; from < LAYERS[layer - 1]; from += 1) {
            for (let to = 0; to < LAYERS[layer]; to += 1) {
              const off = dropped(layer - 1, from) || dropped(layer, to);
              const [[x1, y1], [x2, y2]] = [at(layer - 1, from), at(layer, to)];
              svg.append(s("line", { x1, y1, x2, y2, class: off ? "cw-weight cw-off" : "cw-weight" }));
            }
          }
        }
        LAYERS.forEach((size, layer) => {
          for (let unit = 0; unit < size; unit += 1) {
            const [cx, cy] = at(layer, unit);
            const off = dropped(layer, unit);
            svg.append(s("circle", { cx, cy, r: 11, class: off ? "cw-unit cw-off" : "cw-unit" }));
            if (off) svg.append(s("path", { d: `M${cx - 6} ${cy - 6}l12 12m0 -12l-12 12`, class: "cw-cross" }));
          }
          svg.append(s("text", { x: at(layer, 0)[0], y: height - 6, "text-anchor": "middle", class: "cw-caption" }, NAMES[layer]));
        });
      },
      300,
    );
    el.append(row(button("Draw another mask", draw), rate.node), says, chart.node);
    start();
  },
};
