"""What ``replicate`` returns: histories, weights, models and predictions of all replicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from course_pkg.replicates.graph import metric_names
from course_pkg.replicates.plan import Outcome, Plan, nested
from course_pkg.replicates.starts import build_seeded

__all__ = ["Replicates"]

Array = np.ndarray[Any, Any]


class Replicates:
    """R trained replicates of one network.

    Made by :func:`~course_pkg.replicates.replicate`; replicates stand in the order of its `seeds`.

    Attributes
    ----------
    history : pandas.DataFrame
        One row per replicate, epoch, metric and split, with columns ``seed``, ``epoch`` (from 1), ``metric``
        (``"loss"`` or a metric's name), ``value`` and ``split`` (``"train"`` or ``"validation"``). A column for each
        hyperparameter follows, and ``replicate`` (from 0) if a seed occurs more than once.
    seeds : list of int
    engine : {"vectorized", "loop"}
        Which engine trained them.
    interrupted : bool
        True if Ctrl-C ended the training; then the replicates and epochs that were done are here.
    timings : dict of str to float
        Seconds by stage.
    """

    def __init__(self, plan: Plan, outcome: Outcome, engine: str) -> None:
        self._plan = plan
        self._outcome = outcome
        self.engine = engine
        self.seeds = list(plan.seeds)
        self.interrupted = outcome.interrupted
        self.timings = dict(outcome.timings)
        self._history: pd.DataFrame | None = None

    def __len__(self) -> int:
        """The number of replicates."""
        return len(self.seeds)

    def __repr__(self) -> str:
        """One line."""
        return f"<Replicates: {len(self)} replicates, {int(self.epochs.max(initial=0))} epochs, engine={self.engine!r}>"

    @property
    def epochs(self) -> Array:
        """Epochs that each replicate was trained for, shape (R,)."""
        return self._outcome.done

    @property
    def history(self) -> pd.DataFrame:
        """Tidy frame of losses and metrics; see the class."""
        if self._history is None:
            self._history = self._tidy()
        return self._history

    def _tidy(self) -> pd.DataFrame:
        frames = []
        count = len(self)
        for name, values in self._outcome.history.items():
            validation = name.startswith("val_")
            epochs = values.shape[1]
            replicate = np.repeat(np.arange(count), epochs)
            frame = pd.DataFrame(
                {
                    "seed": np.asarray(self.seeds)[replicate],
                    "epoch": np.tile(np.arange(1, epochs + 1), count),
                    "metric": name.removeprefix("val_"),
                    "value": values.ravel(),
                    "split": "validation" if validation else "train",
                }
            )
            for key in self._plan.settings[0]:
                frame[key] = [self._plan.settings[i][key] for i in replicate]
            if len(set(self.seeds)) < count:
                frame["replicate"] = replicate
            frames.append(frame[frame["epoch"].to_numpy() <= self.epochs[replicate]])
        return pd.concat(frames, ignore_index=True)

    def final(self, metric: str = "loss", split: str = "train") -> Array:
        """Return a metric after each replicate's last epoch, shape (R,).

        Parameters
        ----------
        metric : str, default "loss"
        split : {"train", "validation"}, default "train"
        """
        name = metric if split == "train" else f"val_{metric}"
        if split not in {"train", "validation"} or name not in self._outcome.history:
            known = ", ".join(sorted({key.removeprefix("val_") for key in self._outcome.history}))
            splits = "train, validation" if "val_loss" in self._outcome.history else "train (no validation data)"
            raise ValueError(f"There is no metric {metric!r} of split {split!r}. Metrics: {known}; splits: {splits}.")
        return np.asarray(self._outcome.history[name][np.arange(len(self)), np.maximum(self.epochs - 1, 0)])

    def weights(self, seed: int | None = None, *, replicate: int | None = None) -> list[Array]:
        """Return the trained weights of one replicate, in the order of ``model.get_weights()``.

        Parameters
        ----------
        seed : int, optional
            The replicate's seed, if it occurs once.
        replicate : int, optional
            The replicate's number (from 0) instead.
        """
        row = self._row(seed, replicate)
        values = self._values(row)
        return [values[id(variable)].copy() for variable in self._outcome.model.weights]

    def model(self, seed: int | None = None, *, replicate: int | None = None) -> Any:
        """Return one replicate as a normal, compiled Keras model, built anew and given the trained weights.

        Its optimizer is fresh: training further starts without the momentum gathered so far.

        Parameters
        ----------
        seed : int, optional
            The replicate's seed, if it occurs once.
        replicate : int, optional
            The replicate's number (from 0) instead.
        """
        row = self._row(seed, replicate)
        model = build_seeded(self._plan.build, self.seeds[row], self._plan.settings[row])
        model.set_weights(self.weights(replicate=row))
        return model

    def predict(self, x: Any, *, batch_size: int = 256) -> Array:
        """Predict with every replicate.

        Parameters
        ----------
        x : array (n, …), or a list, tuple or dict of such arrays
        batch_size : int, default 256

        Returns
        -------
        ndarray, shape (R, n, …)
        """
        x = nested(np.asarray, x)
        return np.stack([self._predict_one(row, x, batch_size) for row in range(len(self))])

    def _predict_one(self, row: int, x: Any, batch_size: int) -> Array:
        model = self._outcome.model
        model.set_weights(self.weights(replicate=row))
        return np.asarray(model.predict(x, batch_size=batch_size, verbose=0))

    def evaluate(self, x: Any, y: Any, *, sample_weight: Any = None, batch_size: int = 256) -> pd.DataFrame:
        """Evaluate every replicate with the loss and the metrics that the model was compiled with.

        Parameters
        ----------
        x, y : arrays (n, …), or lists, tuples or dicts of such arrays
        sample_weight : array (n,), optional
        batch_size : int, default 256

        Returns
        -------
        pandas.DataFrame
            One row per replicate; columns ``seed``, the hyperparameters, ``loss`` and the metrics.
        """
        rows = []
        for row, seed in enumerate(self.seeds):
            model = self._outcome.model
            model.set_weights(self.weights(replicate=row))
            values = model.evaluate(
                x, y, sample_weight=sample_weight, batch_size=batch_size, verbose=0, return_dict=True
            )
            rows.append({"seed": seed, **self._plan.settings[row], **values})
        return pd.DataFrame(rows)

    def summary(self) -> pd.DataFrame:
        """Summarise the last epoch over the replicates.

        Returns
        -------
        pandas.DataFrame
            One row per metric and split; columns ``n``, ``mean``, ``std`` (ddof = 1), ``min``, ``median``, ``max``.
        """
        last = {
            (name.removeprefix("val_"), "validation" if name.startswith("val_") else "train"): values[
                np.arange(len(self)), np.maximum(self.epochs - 1, 0)
            ]
            for name, values in self._outcome.history.items()
        }
        table = pd.DataFrame(
            {
                key: {
                    "n": len(v),
                    "mean": v.mean(),
                    "std": v.std(ddof=1) if len(v) > 1 else np.nan,
                    "min": v.min(),
                    "median": np.median(v),
                    "max": v.max(),
                }
                for key, v in last.items()
            }
        ).T
        table.index.names = ["metric", "split"]
        return table.astype({"n": int})

    def _row(self, seed: int | None, replicate: int | None) -> int:
        if (seed is None) == (replicate is None):
            raise TypeError("Pass either seed or replicate.")
        if replicate is not None:
            if not 0 <= replicate < len(self):
                raise ValueError(f"replicate must lie between 0 and {len(self) - 1}, got {replicate}.")
            return replicate
        rows = [i for i, known in enumerate(self.seeds) if known == seed]
        if not rows:
            raise ValueError(f"There is no replicate with seed {seed}. Seeds: {_some(self.seeds)}.")
        if len(rows) > 1:
            raise ValueError(f"Seed {seed} occurs {len(rows)} times. Pass replicate= instead, one of: {_some(rows)}.")
        return rows[0]

    def _values(self, row: int) -> Mapping[int, Array]:
        model, outcome = self._outcome.model, self._outcome
        trainable = zip(model.trainable_variables, outcome.trainable, strict=True)
        non_trainable = zip(model.non_trainable_variables, outcome.non_trainable, strict=True)
        return {id(variable): array[row] for variable, array in [*trainable, *non_trainable]}

    @property
    def metrics(self) -> list[str]:
        """Names of the compiled metrics, without the loss."""
        return metric_names(self._outcome.model)


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown}, … ({len(numbers)} in all)"
