// Draw whole cross-validations from recorded scores: with other seeds only, and with other folds too.

import { axes, button, deviation, generator, line, mean, number, picture, row, s, sentence } from "./kit.js";

export default {
  render({ model, el }) {
    const scores = model.get("scores"); // folds × seeds
    const [folds, seeds] = [scores.length, scores[0].length];
    const random = generator(3);
    const pick = (count) => Math.floor(random() * count);
    let drawn = { seeds: [], both: [] };
    const says = sentence();
    const once = () => {
      drawn.seeds.push(mean(scores.map((fold) => fold[pick(seeds)])));
      drawn.both.push(mean(scores.map(() => scores[pick(folds)][pick(seeds)])));
    };
    const tell = () => {
      const n = drawn.seeds.length;
      if (n < 2) return "Each draw is a cross-validation of ten folds. Draw some.";
      const [narrow, wide] = [deviation(drawn.seeds), deviation(drawn.both)];
      return (
        `${number(n)} cross-validations. Standard deviation of the mean with other seeds: ${number(narrow, 4)}; ` +
        `with other folds too: ${number(wide, 4)}, ${number(wide / narrow, 1)} times as much.`
      );
    };
    const chart = picture(tell, (svg, width, height) => {
      const all = scores.flat();
      const middle = mean(all);
      const reach = Math.max(0.01, ...drawn.both.map((value) => Math.abs(value - middle))) * 1.1;
      const at = axes(svg, {
        width,
        height,
        left: 24,
        x: { from: middle - reach, to: middle + reach, label: "mean accuracy of one cross-validation", format: (v) => v.toFixed(3) },
        y: { from: 0, to: 1, label: "", at: [] },
      });
      const strips = [["seeds", 0.3, "other seeds, the same folds"], ["both", 0.8, "other seeds and other folds"]];
      strips.forEach(([name, place, text], which) => {
        const base = at.top + (at.bottom - at.top) * place;
        drawn[name].forEach((value, i) => {
          const y = base + ((i * 7) % 31) - 12;
          svg.append(line([[at.x(value), y], [at.x(value), y + 4]], which ? "cw-dot cw-second" : "cw-dot"));
        });
        svg.append(s("text", { x: at.left, y: base - 20 }, text));
      });
    }, 210);
    const show = () => {
      says.textContent = tell();
      chart.redraw();
    };
    const draw = (times) => () => {
      for (let i = 0; i < times && drawn.seeds.length < 2000; i += 1) once();
      show();
    };
    const again = () => {
      drawn = { seeds: [], both: [] };
      show();
    };
    el.append(row(button("Draw one", draw(1)), button("Draw a hundred", draw(100)), button("Start over", again)), says, chart.node);
    draw(1)();
  },
};
