"""The still pictures of the widgets, for readers without JavaScript and for print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_pkg import plots

__all__ = ["STILLS", "draw_still"]

_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#8a8a8a"


def draw_still(name: str, values: Mapping[str, Any]) -> Figure:
    """Draw a widget's still picture.

    Parameters
    ----------
    name : str
        One of `STILLS`.
    values : mapping
        The recorded values that the widget reads.
    """
    with plt.rc_context():
        plots.use_style()
        figure, ax = plt.subplots(figsize=(6.4, 3.2))
        STILLS[name](ax, values)
    return figure


def _draw_another_run(ax: Any, values: Mapping[str, Any]) -> None:
    plots.running_mean(values["many_errors"], ylabel="mean error", ax=ax)


def _batch_calculator(ax: Any, values: Mapping[str, Any]) -> None:
    sizes = [5] * 40 + [1]
    ax.bar(range(1, 42), sizes, color=[_BLUE] * 40 + [_ORANGE])
    ax.set(xlabel="batch of the epoch", ylabel="samples", title="201 samples in batches of 5")


def _schedule_explorer(ax: Any, values: Mapping[str, Any]) -> None:
    epochs = np.arange(51)
    ax.plot(epochs, 0.1 / (1 + 0.001 * epochs), color=_BLUE, label="once per epoch")
    ax.plot(epochs, 0.1 / (1 + 0.001 * epochs * values["per_epoch"]), "--", color=_GREY, label="per update")
    ax.plot(epochs, 0.1 / np.cumprod(1 + 0.001 * epochs), ":", color=_ORANGE, label="repeated")
    ax.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    ax.legend()


def _dropout_mask(ax: Any, values: Mapping[str, Any]) -> None:
    layers = (4, 7, 7, 1)
    off = {(1, 1), (1, 4), (1, 5), (2, 0), (2, 2), (2, 6)}
    place = {(i, j): (i, (j + 0.5) / size) for i, size in enumerate(layers) for j in range(size)}
    for start, (x, y) in place.items():
        for end, (x2, y2) in place.items():
            if end[0] == start[0] + 1 and not {start, end} & off:
                ax.plot([x, x2], [y, y2], color=_GREY, linewidth=0.7, zorder=1)
    for unit, (x, y) in place.items():
        marker = {"marker": "x", "color": _ORANGE} if unit in off else {"marker": "o", "color": _BLUE}
        ax.scatter(x, y, s=90, zorder=2, **marker)
    ax.set_axis_off()


def _signal_through_depth(ax: Any, values: Mapping[str, Any]) -> None:
    layers, curves = values["depth_curves"]["layers"], values["depth_curves"]["values"]["relu"]
    for (rule, colour), style in zip((("he", _BLUE), ("normalized_xavier", _ORANGE)), plots.LINESTYLES, strict=False):
        ax.plot(layers, curves[rule]["forward"], style, color=colour, label=f"ReLU, {rule.replace('_', ' ')}")
    ax.set(xlabel="layer", ylabel="variance, power of ten")
    ax.legend()


def _folds_and_seeds(ax: Any, values: Mapping[str, Any]) -> None:
    scores = np.array(values["scores"])
    folds = np.repeat(np.arange(len(scores)), scores.shape[1])
    shift = np.tile(np.linspace(-0.2, 0.2, scores.shape[1]), len(scores))
    ax.plot(folds + shift, scores.ravel(), "o", markersize=3, alpha=0.4, color=_BLUE)
    ax.plot(range(len(scores)), scores.mean(axis=1), "_", markersize=22, color=_ORANGE)
    ax.set(xlabel="fold that is held out", ylabel="accuracy")


STILLS = {
    "batch_calculator": _batch_calculator,
    "draw_another_run": _draw_another_run,
    "dropout_mask": _dropout_mask,
    "folds_and_seeds": _folds_and_seeds,
    "schedule_explorer": _schedule_explorer,
    "signal_through_depth": _signal_through_depth,
}
"""What draws the still picture of each widget."""
