// From samples, batch size and epochs to updates, with the uneven last batch.

import { field, h, number, picture, row, s, sentence } from "./kit.js";

const MOST_SHOWN = 400;

export default {
  render({ model, el }) {
    const says = sentence();
    const counted = h("p", { class: "cw-note" });
    const show = () => {
      const { full, rest, updates, total } = plan();
      const last = rest === 0 ? "All batches are full." : `The last batch has ${number(rest)} sample${rest === 1 ? "" : "s"}.`;
      says.textContent =
        `${number(samples.value)} samples in batches of ${number(batch.value)}: ${number(updates)} ` +
        `update${updates === 1 ? "" : "s"} an epoch (${number(full)} full). ${last} ` +
        `${number(epochs.value)} epochs: ${number(total)} updates.`;
      const known = batch.value === 5 && epochs.value === 1000 ? model.get(`updates_${samples.value}`) : undefined;
      counted.textContent = known === undefined ? "" : `Counted in a real training, above: ${number(known)}.`;
      chart.redraw();
    };
    const samples = field({ label: "samples", min: 1, max: 100000, value: 201 }, show);
    const batch = field({ label: "batch size", min: 1, max: 100000, value: 5 }, show);
    const epochs = field({ label: "epochs", min: 1, max: 100000, value: 1000 }, show);
    const plan = () => {
      const full = Math.floor(samples.value / batch.value);
      const rest = samples.value % batch.value;
      const updates = full + (rest > 0 ? 1 : 0);
      return { full, rest, updates, total: updates * epochs.value };
    };
    const chart = picture(
      () => `One epoch: ${plan().full} full batches${plan().rest ? ` and one of ${plan().rest}` : ""}, drawn as boxes.`,
      (svg, width, height) => {
        const { full, rest, updates } = plan();
        const shown = Math.min(updates, MOST_SHOWN);
        const side = Math.max(8, Math.min(30, Math.floor(Math.sqrt((width * (height - 30)) / shown)) - 1));
        const columns = Math.max(1, Math.floor(width / side));
        for (let i = 0; i < shown; i += 1) {
          const uneven = i === full;
          const share = uneven ? Math.max(0.12, rest / batch.value) : 1;
          const [x, y] = [(i % columns) * side, Math.floor(i / columns) * side];
          svg.append(
            s("rect", {
              x: x + 1,
              y: y + 1 + (1 - share) * (side - 3),
              width: side - 3,
              height: share * (side - 3),
              class: uneven ? "cw-uneven" : "cw-full",
            }),
          );
        }
        const more = updates > shown ? `the first ${number(shown)} of ${number(updates)} batches` : "one box is one batch, one update";
        svg.append(s("text", { x: 2, y: height - 8, class: "cw-caption" }, more));
      },
      150,
    );
    el.append(row(samples.node, batch.node, epochs.node), says, counted, chart.node);
    show();
  },
};
