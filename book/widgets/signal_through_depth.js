// What is left of signal and gradient, layer by layer, for an activation and an initializer.

import { axes, choice, h, line, picture, row, sentence } from "./kit.js";

const power = (value) => (Math.abs(value) < 2 ? (10 ** value).toPrecision(2) : `10^${Math.round(value)}`);

export default {
  render({ model, el }) {
    const { layers, values } = model.get("depth_curves");
    const same = (names) => Object.fromEntries(names.map((name) => [name, name.replaceAll("_", " ")]));
    const says = sentence();
    const curves = () => values[activation.value][rule.value];
    const show = () => {
      const { forward, back } = curves();
      says.textContent =
        `Variance of the activations in layer ${layers.at(-1)}: ${power(forward.at(-1))}. ` +
        `Variance of the gradient in layer ${layers[0]}: ${power(back[0])}. ` +
        (Math.abs(forward.at(-1)) < 1 && Math.abs(back[0]) < 1 ? "Both keep their size." : "They do not keep their size.");
      chart.redraw();
    };
    const activation = choice({ label: "activation", options: same(Object.keys(values)), value: "relu" }, show);
    const rule = choice({ label: "initializer", options: same(Object.keys(values.relu)), value: "he" }, show);
    const chart = picture(
      () => says.textContent,
      (svg, width, height) => {
        const { forward, back } = curves();
        const both = [...forward, ...back];
        const [from, to] = [Math.min(-3, ...both), Math.max(3, ...both)];
        const at = axes(svg, {
          width,
          height,
          x: { from: layers[0], to: layers.at(-1), label: "layer" },
          y: { from, to, label: "variance, power of ten" },
        });
        svg.append(line([[at.left, at.y(0)], [at.right, at.y(0)]], "cw-reference"));
        svg.append(line(layers.map((layer, i) => [at.x(layer), at.y(forward[i])]), "cw-line"));
        svg.append(line(layers.map((layer, i) => [at.x(layer), at.y(back[i])]), "cw-line cw-second"));
      },
    );
    const legend = h(
      "p",
      { class: "cw-note" },
      h("span", { class: "cw-key cw-key-first" }),
      " activations, forward ",
      h("span", { class: "cw-key cw-key-second" }),
      " gradient, back",
    );
    el.append(row(activation.node, rule.node), says, chart.node, legend);
    show();
  },
};
