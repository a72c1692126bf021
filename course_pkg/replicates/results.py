"""What ``replicate`` returns: histories, weights, models and predictions of all replicates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from course_pkg.replicates.graph import Rows, metric_names
from course_pkg.replicates.inference import evaluate_plain, evaluate_stacked, predict_plain, predict_stacked
from course_pkg.replicates.plan import Outcome, Plan, as_numbers, nested
from course_pkg.replicates.starts import build_seeded, generators_kept
from course_pkg.replicates.vectorized import chunk_size_for

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
    hyperparameters : list of dict
        What `build` was called with, one dictionary for each replicate.
    epochs : ndarray of int, shape (R,)
        How many epochs each replicate was trained for.
    engine : {"vectorized", "loop"}
        Which engine trained them.
    replayed : bool
        Whether start weights came from the fast replay of seed draws; False if each replicate was built.
    interrupted : bool
        True if Ctrl-C ended the training; then the replicates and epochs that were done are here.
    timings : dict of str to float
        Seconds by stage.

    Examples
    --------
    >>> import keras
    >>> from course_pkg.replicates import replicate
    >>> def line():
    ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    ...     model.compile(keras.optimizers.SGD(0.1), loss="mse")
    ...     return model
    >>> x = np.linspace(-1, 1, 8)[:, None]
    >>> runs = replicate(line, x, 2 * x, seeds=3, epochs=2, validation_data=(x, 2 * x))
    >>> runs
    <Replicates: 3 replicates, 2 epochs, engine='vectorized'>
    >>> runs.final("loss", "validation").shape
    (3,)
    >>> [weight.shape for weight in runs.weights(seed=2)]
    [(1, 1), (1,)]
    >>> list(runs.evaluate(x, 2 * x).columns)
    ['seed', 'loss']
    >>> list(runs.summary().columns)
    ['n', 'mean', 'std', 'min', 'median', 'max']
    """

    def __init__(self, plan: Plan, outcome: Outcome, engine: str) -> None:
        begun = [i for i in range(plan.count) if outcome.done[i] > 0]
        self._plan = plan
        self._outcome = outcome
        self._values = [outcome.values[i] for i in begun]
        self._models = [outcome.models[outcome.model_of[i]] for i in begun]
        self._numbers = [outcome.numbers[i] for i in begun]
        self._columns = {name: values[begun] for name, values in outcome.history.items()}
        self.engine = engine
        self.seeds = [plan.seeds[i] for i in begun]
        self.hyperparameters = [dict(plan.settings[i]) for i in begun]
        self.replayed = outcome.replayed
        self.interrupted = outcome.interrupted
        self.timings = dict(outcome.timings)
        self.epochs = outcome.done[begun]
        self._history: pd.DataFrame | None = None

    def __len__(self) -> int:
        """The number of replicates."""
        return len(self.seeds)

    def __repr__(self) -> str:
        """One line."""
        return f"<Replicates: {len(self)} replicates, {int(self.epochs.max(initial=0))} epochs, engine={self.engine!r}>"

    @property
    def history(self) -> pd.DataFrame:
        """Tidy frame of losses and metrics; see the class."""
        if self._history is None:
            self._history = self._tidy()
        return self._history

    def _tidy(self) -> pd.DataFrame:
        frames = []
        count = len(self)
        for name, values in self._columns.items():
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
            for key in self.hyperparameters[0] if count else []:
                frame[key] = [self.hyperparameters[i][key] for i in replicate]
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

        Returns
        -------
        ndarray of float, shape (R,)
            In the order of ``seeds``.

        Raises
        ------
        ValueError
            If there is no such metric or split; names those that there are.
        """
        name = metric if split == "train" else f"val_{metric}"
        if split not in {"train", "validation"} or name not in self._columns:
            known = ", ".join(sorted({key.removeprefix("val_") for key in self._columns}))
            splits = "train, validation" if "val_loss" in self._columns else "train (no validation data)"
            raise ValueError(f"There is no metric {metric!r} of split {split!r}. Metrics: {known}; splits: {splits}.")
        return np.asarray(self._columns[name][np.arange(len(self)), np.maximum(self.epochs - 1, 0)])

    def weights(self, seed: int | None = None, *, replicate: int | None = None) -> list[Array]:
        """Return the trained weights of one replicate, in the order of ``model.get_weights()``.

        Parameters
        ----------
        seed : int, optional
            The replicate's seed, if it occurs once.
        replicate : int, optional
            The replicate's number (from 0) instead.

        Returns
        -------
        list of ndarray
            Copies.
        """
        row = self._row(seed, replicate)
        model = self._models[row]
        variables = model.trainable_variables + model.non_trainable_variables
        values = {id(variable): value for variable, value in zip(variables, self._values[row], strict=True)}
        return [values[id(variable)].copy() for variable in model.weights]

    def model(self, seed: int | None = None, *, replicate: int | None = None) -> Any:
        """Return one replicate as a normal, compiled Keras model, built anew and given the trained weights.

        Its optimizer is fresh: training further starts without the momentum gathered so far.

        Parameters
        ----------
        seed : int, optional
            The replicate's seed, if it occurs once.
        replicate : int, optional
            The replicate's number (from 0) instead.

        Returns
        -------
        keras.Model
        """
        row = self._row(seed, replicate)
        with generators_kept():
            model = build_seeded(self._plan.build, self.seeds[row], self.hyperparameters[row])
        model.set_weights(self.weights(replicate=row))
        return model

    def predict(self, x: Any, *, batch_size: int = 256) -> Any:
        """Predict with every replicate.

        Parameters
        ----------
        x : array (n, …), or a list, tuple or dict of such arrays
        batch_size : int, default 256

        Returns
        -------
        ndarray, shape (R, n, …)
            Of a model with several outputs, a list or dict of such arrays, as its own ``predict`` returns.
        """
        import tensorflow as tf

        x = nested(as_numbers, x)
        predictions: list[Any] = [None] * len(self)
        for model, members, values in self._by_model():
            if self.engine == "loop":
                outputs = predict_plain(model, values, x, batch_size)
            else:
                outputs = predict_stacked(model, chunk_size_for(self._plan, model), values, x, batch_size)
            for row, output in zip(members, outputs, strict=True):
                predictions[row] = output
        return tf.nest.map_structure(lambda *rows: np.stack(rows), *predictions)

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
        rows = Rows.of(
            nested(as_numbers, x), nested(as_numbers, y), None if sample_weight is None else as_numbers(sample_weight)
        )
        table: list[dict[str, Any]] = [{} for _ in self.seeds]
        for model, members, values in self._by_model():
            if self.engine == "loop":
                found = evaluate_plain(model, values, rows, batch_size)
            else:
                numbers = [self._numbers[i] for i in members]
                found = evaluate_stacked(model, chunk_size_for(self._plan, model), values, numbers, rows, batch_size)
            for row, results in zip(members, found, strict=True):
                table[row] = {"seed": self.seeds[row], **self.hyperparameters[row], **results}
        return pd.DataFrame(table)

    def _by_model(self) -> Iterator[tuple[Any, list[int], list[list[Array]]]]:
        """Yield each model with the numbers and the variables of its replicates."""
        for model in {id(model): model for model in self._models}.values():
            members = [i for i, other in enumerate(self._models) if other is model]
            yield model, members, [self._values[i] for i in members]

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
            for name, values in self._columns.items()
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

    @property
    def metrics(self) -> list[str]:
        """Names of the compiled metrics, without the loss."""
        return metric_names(self._models[0])


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown}, … ({len(numbers)} in all)"
