"""The learning-rate range test: raise the rate with every batch, watch the loss, and read off what to use.

Explained in :doc:`chapters/learning_rate`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import signal, stats

from course_pkg.evaluation import Interval, t_interval
from course_pkg.replicates import replicate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RULES", "RangeTest", "range_test", "read_losses"]

FloatArray = npt.NDArray[np.float64]

RULES = {"steepest": ("steepest", 1.0), "minimum/10": ("minimum", 0.1), "divergence/2": ("divergence", 0.5)}
"""Rule -> which of a curve's points it looks at, and what it multiplies the rate there by."""


@dataclass(frozen=True, repr=False)
class RangeTest:
    """The losses of a range test, and what three rules read off them.

    :func:`range_test` and :func:`read_losses` make it. R is the number of seeds, U that of updates.
    Explained in :doc:`chapters/learning_rate`.

    Attributes
    ----------
    learning_rates : ndarray of float64, shape (U,)
        The rate of each update, rising by a constant factor.
    seeds : list of int, length R
    losses : ndarray of float64, shape (R, U)
        Of each update's batch, before the update. NaN after a seed has diverged.
    smoothed : ndarray of float64, shape (R, U)
        The same, smoothed. NaN after a seed has diverged.
    points : DataFrame, index ``seed``
        For each seed the learning rate where the smoothed loss falls fastest (``steepest``), where it is lowest
        (``minimum``) and where it has diverged (``divergence``); NaN where there is no such point.
    """

    learning_rates: FloatArray
    seeds: list[int]
    losses: FloatArray
    smoothed: FloatArray
    points: pd.DataFrame

    @property
    def curve(self) -> pd.DataFrame:
        """The losses as a tidy frame.

        One row for each seed and update until the seed diverged, with columns ``seed``, ``update`` (from 0),
        ``learning_rate``, ``loss`` and ``smoothed``.
        """
        count, updates = self.losses.shape
        frame = pd.DataFrame(
            {
                "seed": np.repeat(self.seeds, updates),
                "update": np.tile(np.arange(updates), count),
                "learning_rate": np.tile(self.learning_rates, count),
                "loss": self.losses.ravel(),
                "smoothed": self.smoothed.ravel(),
            }
        )
        return frame[~np.isnan(self.smoothed).ravel()].reset_index(drop=True)

    @property
    def suggestions(self) -> pd.DataFrame:
        """What each rule suggests for each seed: columns ``seed``, ``rule``, ``learning_rate`` (NaN for nothing)."""
        wide = pd.DataFrame({rule: self._by(rule) for rule in RULES}, index=self.points.index)
        return wide.melt(var_name="rule", value_name="learning_rate", ignore_index=False).reset_index()

    def _by(self, rule: str) -> FloatArray:
        point, factor = RULES[rule]
        return self.points[point].to_numpy(dtype=float) * factor

    def suggestion(self, rule: str, *, confidence: float = 0.95) -> Interval:
        """Return what a rule suggests over all seeds, with an interval.

        Parameters
        ----------
        rule : {"steepest", "minimum/10", "divergence/2"}
        confidence : float, default 0.95

        Returns
        -------
        Interval
            The geometric mean of the seeds' suggestions, and the t interval of their logarithms' mean, as rates.

        Raises
        ------
        ValueError
            If there is no such rule, `confidence` is not between 0 and 1, there are fewer than 2 seeds, or the rule
            suggests nothing for some seed. A mean over the others would be one over chosen seeds.
        """
        if rule not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}.")
        if not 0 < confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, both excluded, got {confidence}.")
        rates = self._by(rule)
        missing = int(np.isnan(rates).sum())
        if missing:
            why = _WHY[RULES[rule][0]]
            raise ValueError(f"The rule {rule!r} suggests nothing for {missing} of {len(rates)} seeds: {why}")
        if len(rates) < 2:
            raise ValueError(f"An interval needs 2 seeds or more, got {len(rates)}. See suggestions for its rate.")
        logs = np.log10(rates)
        found = t_interval(float(logs.mean()), float(stats.sem(logs)), len(logs) - 1, confidence)
        return Interval(10**found.estimate, 10**found.low, 10**found.high, confidence)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the smoothed losses against the rate: each seed, the mean with its band, and the suggestions.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on new axes.

        Returns
        -------
        matplotlib Axes
            A rule is marked if it suggests something for every seed, at the geometric mean.
        """
        from course_pkg import plots

        marks = {rule: float(stats.gmean(self._by(rule))) for rule in RULES}
        marks = {rule: rate for rule, rate in marks.items() if not math.isnan(rate)}
        ax = plots.range_test(self.learning_rates, self.smoothed, marks=marks, label="mean smoothed loss", ax=ax)
        ax.set_ylabel("smoothed training loss")
        return ax

    def __repr__(self) -> str:
        """One line."""
        low, high = self.learning_rates[[0, -1]]
        diverged = int(self.points["divergence"].notna().sum())
        return (
            f"<RangeTest: {len(self.seeds)} seeds, {len(self.learning_rates)} updates from {low:g} to {high:g}, "
            f"{diverged} diverged>"
        )


_WHY = {
    "steepest": "the smoothed loss never falls before it diverges. Begin lower, or take more updates.",
    "minimum": "the smoothed loss still falls at the highest rate, or never fell. Widen the range of rates.",
    "divergence": "they have not diverged at the highest rate. Raise high.",
}


def range_test(
    build: Callable[[], Any],
    x: Any,
    y: Any,
    *,
    seeds: int | Sequence[int] = 10,
    batch_size: int = 32,
    low: float = 1e-5,
    high: float = 10.0,
    updates: int = 200,
    smoothing: float = 0.9,
    divergence: float = 0.5,
    engine: Literal["auto", "vectorized", "loop"] = "auto",
) -> RangeTest:
    """Train for a few updates while the learning rate rises, once for each seed.

    The rate of update k (from 0) is ``low * (high / low) ** (k / (updates - 1))``: equal steps on a logarithmic
    axis. What is recorded is the loss of each batch before it is learned from.

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    build : callable
        Takes no argument and returns a compiled, built Keras model. Its optimizer's learning rate is replaced.
    x, y : array (n, …), or a list, tuple or dict of such arrays
        Training data.
    seeds : int or sequence of int, default 10
        A number R means seeds 0 … R-1. Start weights and batches are those of :func:`course_pkg.replicates.replicate`.
    batch_size : int, default 32
        The one that you mean to train with: the best rate depends on it.
    low, high : float, default 1e-5 and 10
        The range of rates, above 0.
    updates : int, default 200
        How many, at least 10; more make the curve finer and less noisy.
    smoothing : float, default 0.9
        Share of the smoothed loss that is kept from one update to the next: 0 (no smoothing) to below 1.
    divergence : float, default 0.5
        A seed has diverged, and its curve ends, when its smoothed loss has risen by this share of what it had fallen,
        or is no longer finite; above 0. At 0.5 it is half-way back to where it began.
    engine : {"auto", "vectorized", "loop"}, default "auto"
        As for :func:`course_pkg.replicates.replicate`. ``"loop"`` is slower, and takes more kinds of models.

    Returns
    -------
    RangeTest

    Raises
    ------
    TypeError, ValueError
        If a parameter is of the wrong type or out of range, or the model has a ``train_step`` of its own.
    course_pkg.replicates.NotVectorizableError
        If the model cannot be trained so; ``engine="loop"`` can.

    Notes
    -----
    All seeds are trained to the end; what comes after one's divergence is thrown away.
    The three rules of ``RangeTest.suggestions``:

    - ``steepest``: where the smoothed loss falls fastest per step of the logarithm of the rate, before its minimum.
      The first ``1 / (1 - smoothing)`` updates are left out: as many are smoothed over.
    - ``minimum/10``: a tenth of the rate at which the smoothed loss is lowest.
    - ``divergence/2``: half of the rate at which the loss has diverged.

    Other programs (fastai) stop at four times the lowest loss. That works for losses without an upper limit, but a
    classifier that has gone to ruin answers at random, and its cross-entropy stays near the logarithm of the number
    of classes.

    Smoothing makes the curve lag by about ``smoothing / (1 - smoothing)`` updates, so that all points come late: by a
    factor of 1.9 in the rate at the default settings. More updates make the factor smaller.

    References
    ----------
    L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, arXiv:1506.01186, section 3.3.

    Examples
    --------
    >>> import keras
    >>> def build():
    ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
    ...     model.compile(optimizer="sgd", loss="mse")
    ...     return model
    >>> x = np.random.default_rng(1).normal(size=(64, 2))
    >>> test = range_test(build, x, x[:, :1] - x[:, 1:], seeds=3, low=1e-3, high=100.0, updates=60)
    >>> test
    <RangeTest: 3 seeds, 60 updates from 0.001 to 100, 3 diverged>
    >>> 0.01 < test.suggestion("steepest").estimate < 1
    True
    """
    from course_pkg.schedules import updates_per_epoch

    rates = _rising(low, high, updates)
    _check_reading(smoothing, divergence)
    recording = _recording(build, rates)
    epochs = math.ceil(updates / updates_per_epoch(_samples(x), batch_size))
    runs = replicate(recording, x, y, seeds=seeds, epochs=epochs, batch_size=batch_size, engine=engine)
    if runs.interrupted:
        raise KeyboardInterrupt  # half a curve would be read as a whole one
    template = recording()
    place = next(i for i, weight in enumerate(template.weights) if weight is template.record)
    losses = [runs.weights(replicate=row)[place] for row in range(len(runs))]
    return read_losses(rates, losses, seeds=runs.seeds, smoothing=smoothing, divergence=divergence)


def read_losses(
    learning_rates: npt.ArrayLike,
    losses: npt.ArrayLike,
    *,
    seeds: Sequence[int] | None = None,
    smoothing: float = 0.9,
    divergence: float = 0.5,
) -> RangeTest:
    """Smooth the losses of a range test that was run elsewhere, stop where they diverge, and apply the rules.

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    learning_rates : array_like of float, shape (U,)
        Above 0 and rising by a constant factor, U at least 10.
    losses : array_like of float, shape (R, U)
        One row for each seed.
    seeds : sequence of int, length R, optional
        By default 0 … R-1.
    smoothing, divergence : float
        As for :func:`range_test`, which explains the rules.

    Returns
    -------
    RangeTest

    Raises
    ------
    ValueError
        If shapes do not fit, or a parameter is out of range.

    Examples
    --------
    >>> rates = np.geomspace(1e-4, 1, 41)
    >>> loss = 1 - 0.5 * np.exp(-(np.log10(rates / 0.01) ** 2)) + 50 * rates**2
    >>> test = read_losses(rates, [loss], smoothing=0)
    >>> test.points.round(4).to_dict("list")
    {'steepest': [0.002], 'minimum': [0.01], 'divergence': [0.0501]}
    """
    _check_reading(smoothing, divergence)
    rates, raw = np.asarray(learning_rates, float), np.asarray(losses, float)
    names = list(range(len(raw))) if seeds is None else list(seeds)
    _check_shapes(rates, raw, names)
    smoothed = _smoothed(raw, smoothing)
    first = round(1 / (1 - smoothing)) if smoothing else 0
    found = [_points(row, divergence, first) for row in smoothed]
    ends = [len(rates) if diverged is None else diverged for _, _, diverged in found]
    after = np.arange(len(rates)) > np.array(ends)[:, None]
    points = pd.DataFrame(
        [[math.nan if update is None else rates[update] for update in row] for row in found],
        index=pd.Index(names, name="seed"),
        columns=["steepest", "minimum", "divergence"],
    )
    return RangeTest(rates, names, np.where(after, np.nan, raw), np.where(after, np.nan, smoothed), points)


# Reading a curve


def _smoothed(losses: FloatArray, smoothing: float) -> FloatArray:
    """Exponential moving average, divided by the sum of its weights so far: without that it would start near 0."""
    with np.errstate(invalid="ignore", over="ignore"):  # a loss that is not finite spoils what follows, as it should
        average = signal.lfilter([1 - smoothing], [1, -smoothing], losses, axis=-1)
    weight = 1 - smoothing ** np.arange(1, losses.shape[-1] + 1)
    return np.asarray(average / weight)


def _points(smoothed: FloatArray, divergence: float, first: int) -> tuple[int | None, int | None, int | None]:
    """Return the updates at which a curve is steepest, lowest and has diverged; None for what it has not."""
    finite = np.isfinite(smoothed)
    end = len(smoothed) if finite.all() else int(finite.argmin())
    overflow = end if end < len(smoothed) else None
    if end <= first + 2:
        return None, None, overflow
    bottom = first + int(smoothed[first:end].argmin())
    if bottom == first:  # it never fell
        return None, None, overflow
    limit = smoothed[bottom] + divergence * (smoothed[first] - smoothed[bottom])
    above = smoothed[bottom:end] > limit
    diverged = bottom + int(above.argmax()) if above.any() else overflow
    steepest = first + int(np.gradient(smoothed[first:end])[: bottom - first + 1].argmin())
    return steepest, None if bottom == len(smoothed) - 1 else bottom, diverged


# Training


def _recording(build: Callable[[], Any], rates: FloatArray) -> Callable[[], Any]:
    """Wrap `build`: its model trains at rising rates and writes down each batch's loss in a variable of its own.

    The replicate engine hands back histories by epoch, and variables. So the record is a variable.
    """
    import keras
    from keras import ops

    schedule = keras.optimizers.schedules.ExponentialDecay(
        float(rates[0]), decay_steps=len(rates) - 1, decay_rate=float(rates[-1] / rates[0])
    )

    class Recording(keras.Model):  # type: ignore[misc]  # Keras has no types
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner
            self.record = self.add_weight(shape=(len(rates),), initializer="zeros", trainable=False, name="record")
            self.update = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False, name="update")
            self.built = inner.built

        def call(self, x: Any, training: bool | None = None) -> Any:
            return self.inner(x, training=training)

        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            loss = self.inner.compute_loss(*args, **kwargs)
            here = ops.equal(ops.arange(len(rates)), self.update)
            self.record.assign(ops.where(here, loss, self.record))
            self.update.assign(self.update + 1)
            return loss

    def wrapped() -> Any:
        inner = build()
        if type(inner).train_step is not keras.Model.train_step:
            raise ValueError(f"{type(inner).__name__} trains with a train_step of its own, which would be passed over.")
        model = Recording(inner)
        optimizer = type(inner.optimizer).from_config(inner.optimizer.get_config())
        optimizer.learning_rate = schedule
        model.compile(optimizer, loss=inner.loss)
        return model

    return wrapped


def _samples(x: Any) -> int:
    first = x
    while isinstance(first, (list, tuple, dict)):
        first = next(iter(first.values() if isinstance(first, dict) else first))
    return len(first)


# At the door


def _rising(low: float, high: float, updates: int) -> FloatArray:
    if not 0 < low < high < math.inf:
        raise ValueError(f"low and high must be rates with 0 < low < high, got low={low} and high={high}.")
    return np.geomspace(low, high, _count("updates", updates, least=10))


def _check_reading(smoothing: float, divergence: float) -> None:
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be 0 or more and below 1, got {smoothing}.")
    if not 0 < divergence < math.inf:
        raise ValueError(f"divergence must be above 0 and finite, got {divergence}.")


def _check_shapes(rates: FloatArray, losses: FloatArray, seeds: list[int]) -> None:
    if rates.ndim != 1 or len(rates) < 10:
        raise ValueError(f"learning_rates must be a list of 10 or more, got shape {rates.shape}.")
    if losses.ndim != 2 or losses.shape != (len(seeds), len(rates)):
        raise ValueError(f"losses must have shape ({len(seeds)}, {len(rates)}), seeds × updates, got {losses.shape}.")
    if not (rates > 0).all() or not np.allclose(
        np.diff(np.log(rates)), np.log(rates[-1] / rates[0]) / (len(rates) - 1)
    ):
        raise ValueError("learning_rates must be above 0 and rise by a constant factor. Use numpy.geomspace.")
    if rates[-1] <= rates[0]:
        raise ValueError("learning_rates must rise. Turn the rates and the losses round.")


def _count(name: str, value: Any, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}.")
    if value < least:
        raise ValueError(f"{name} must be {least} or more, got {value}.")
    return int(value)
