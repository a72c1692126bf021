// Draw recorded runs one after another, and watch their mean and its interval settle.

import { axes, band, button, deviation, generator, line, mean, number, picture, row, sentence, shuffled, student } from "./kit.js";

function settled(runs) {
  const points = [];
  let [sum, squares] = [0, 0];
  runs.forEach((run, i) => {
    const n = i + 1;
    sum += run;
    squares += run * run;
    if (n < 2) return;
    const middle = sum / n;
    const error = Math.sqrt(Math.max(0, (squares - n * middle * middle) / (n - 1)) / n);
    points.push({ n, middle, half: student(n - 1) * error });
  });
  return points;
}

export default {
  render({ model, el }) {
    const all = model.get("many_errors");
    const truth = mean(all);
    let seed = 1;
    let order = shuffled(all, generator(seed));
    let n = 1;

    const says = sentence();
    const tell = () => {
      const drawn = order.slice(0, n);
      if (n < 2) return `Run 1 ended at an error of ${number(order[0])}. One run has no interval.`;
      const [middle, half] = [mean(drawn), (student(n - 1) * deviation(drawn)) / Math.sqrt(n)];
      const [low, high] = [middle - half, middle + half];
      const holds = low <= truth && truth <= high ? "holds" : "misses";
      return (
        `${number(n)} runs: mean ${number(middle)}, 95 % interval ${number(low)} to ${number(high)}. ` +
        `It ${holds} the mean of all ${number(all.length)}, ${number(truth)}.`
      );
    };
    const chart = picture(tell, (svg, width, height) => {
      const points = settled(order.slice(0, n));
      const shown = points.slice(Math.min(3, points.length - 1));
      const top = Math.max(2 * truth, ...order.slice(0, Math.min(n, 10)), ...shown.map((p) => p.middle + p.half));
      const at = axes(svg, {
        width,
        height,
        x: { from: 1, to: Math.max(10, n), log: n > 30, label: "runs drawn" },
        y: { from: 0, to: Math.min(top, 8 * truth), label: "error" },
      });
      const cut = (value) => at.y(Math.min(Math.max(value, 0), Math.min(top, 8 * truth)));
      svg.append(line([[at.left, at.y(truth)], [at.right, at.y(truth)]], "cw-reference"));
      order.slice(0, n).forEach((run, i) => {
        if (n <= 100) svg.append(line([[at.x(i + 1), cut(run) - 2], [at.x(i + 1), cut(run) + 2]], "cw-dot"));
      });
      const upper = points.map((p) => [at.x(p.n), cut(p.middle + p.half)]);
      const lower = points.map((p) => [at.x(p.n), cut(p.middle - p.half)]);
      svg.append(band(upper, lower, "cw-band"), line(points.map((p) => [at.x(p.n), cut(p.middle)]), "cw-line"));
    });
    const show = () => {
      says.textContent = tell();
      chart.redraw();
    };
    const draw = (more) => () => {
      n = Math.min(all.length, n + more);
      show();
    };
    const again = () => {
      seed += 1;
      order = shuffled(all, generator(seed));
      n = 1;
      show();
    };
    el.append(
      row(button("One more run", draw(1)), button("Ten more", draw(10)), button("A hundred more", draw(100)), button("Start over", again)),
      says,
      chart.node,
    );
    says.textContent = tell();
  },
};
