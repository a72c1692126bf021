"""Learning-rate schedules that Keras lacks: time-based and step decay, one cycle, triangular cycles, warm-up.

They are Keras schedules: give one to an optimizer as its ``learning_rate``, train, save the model, load it again.
A program that loads such a model must import this module first, so that Keras knows the class. Keras's own schedules
(``ExponentialDecay``, ``PolynomialDecay``, ``CosineDecay``, ``PiecewiseConstantDecay`` …) are in
``keras.optimizers.schedules`` and are not repeated here.

A schedule sees nothing but the number of updates done so far, 0 before the first. Those that count epochs
therefore need `updates_per_epoch`, which the function of that name computes.

Explained in :doc:`chapters/learning_rate`.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

__all__ = [
    "OneCycle",
    "Schedule",
    "StepDecay",
    "StepDecayOneEarly",
    "TimeDecayPerEpoch",
    "TimeDecayPerUpdate",
    "TimeDecayRepeated",
    "TriangularCycle",
    "WarmUp",
    "rates",
    "updates_per_epoch",
]


def updates_per_epoch(samples: int, batch_size: int) -> int:
    """Count the updates in one epoch; the last batch may be smaller than the others.

    Parameters
    ----------
    samples : int
        Rows that are trained on, at least 1. With a validation split, only those left for training.
    batch_size : int
        At least 1.

    Returns
    -------
    int
        ``ceil(samples / batch_size)``.

    Raises
    ------
    TypeError, ValueError
        If a number is no integer, or below 1.

    Examples
    --------
    >>> updates_per_epoch(200, 5), updates_per_epoch(201, 5)
    (40, 41)
    """
    return -(-_count("samples", samples) // _count("batch_size", batch_size))


def rates(schedule: Any, updates: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Compute the learning rate of each update, to look at a schedule before training with it.

    Parameters
    ----------
    schedule : Keras LearningRateSchedule, or float
        This module's, Keras's own, or a constant rate.
    updates : array_like of int
        Numbers of updates done before the one in question, any shape; 0 is the first update.

    Returns
    -------
    ndarray of float64, in the shape of `updates`
        Exact to float64 for this module's schedules. Keras's own compute in float32.

    Raises
    ------
    TypeError, ValueError
        If `schedule` is neither a schedule nor a positive number, or an update is no integer or negative.

    Examples
    --------
    >>> rates(StepDecay(0.1, factor=0.5, epochs_per_drop=10, updates_per_epoch=7), [0, 69, 70])
    array([0.1 , 0.1 , 0.05])
    """
    numbers = np.asarray(updates)
    if numbers.dtype.kind not in "iu" and numbers.size:
        raise TypeError(f"updates must be integers, got {numbers.dtype}. Count the updates done before, from 0.")
    if numbers.size and numbers.min() < 0:
        raise ValueError(f"updates must be 0 or more, got {numbers.min()}. 0 is the first update.")
    if isinstance(schedule, Schedule):
        return np.asarray(schedule.rate(tf.constant(numbers, "float64")))
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return _one_by_one(schedule, numbers.astype("int64"))
    return np.full(numbers.shape, _positive("schedule", schedule))


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras has no types
    """Base of this module's schedules: derive from it and write the formula as :meth:`rate`.

    It computes in float64, because published tables have more digits than float32 holds, and hands Keras a tensor
    of ``keras.config.floatx()``, as Keras's own schedules do. The parameters of ``__init__`` must be stored under
    their own names, as in scikit-learn: ``get_config`` reads them there.

    Explained in :doc:`chapters/learning_rate`.

    Examples
    --------
    >>> class SquareRoot(Schedule):
    ...     def __init__(self, initial_learning_rate):
    ...         self.initial_learning_rate = initial_learning_rate
    ...     def rate(self, update):
    ...         return self.initial_learning_rate / (1 + update) ** 0.5
    >>> rates(SquareRoot(0.1), [0, 3])
    array([0.1 , 0.05])
    """

    def rate(self, update: Any) -> Any:
        """Compute the rate of each update.

        Parameters
        ----------
        update : float64 tensor
            Number of updates done before, any shape.

        Returns
        -------
        float64 tensor, in the shape of `update`
        """
        raise NotImplementedError(f"{type(self).__name__} must define rate(self, update), the formula of the schedule.")

    def __call__(self, step: Any) -> Any:
        """Return the rate of one update (or of a tensor of them) in Keras's float type."""
        return tf.cast(self.rate(tf.cast(step, "float64")), keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, so that Keras can save the schedule."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __repr__(self) -> str:
        """Show the call that makes this schedule."""
        arguments = (f"{name}={getattr(self, name)!r}" for name in inspect.signature(type(self)).parameters)
        return f"{type(self).__name__}({', '.join(arguments)})"


@keras.saving.register_keras_serializable(package="course_pkg")
class TimeDecayPerEpoch(Schedule):
    """Time-based decay, once per epoch: what the tutorials' text describes.

    It is computed as::

        def learning_rate(update):
            epoch = update // updates_per_epoch
            return initial_learning_rate / (1 + decay * epoch)

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    initial_learning_rate : float
        Rate of the first epoch, above 0.
    decay : float
        0 (constant rate) or more. After ``1 / decay`` epochs the rate is halved.
    updates_per_epoch : int
        See :func:`updates_per_epoch`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    See Also
    --------
    TimeDecayPerUpdate : the same formula for every update.
    TimeDecayRepeated : the formula applied to its own result.

    Examples
    --------
    >>> rates(TimeDecayPerEpoch(0.1, decay=0.5, updates_per_epoch=3), range(7))
    array([0.1       , 0.1       , 0.1       , 0.06666667, 0.06666667,
           0.06666667, 0.05      ])
    """

    def __init__(self, initial_learning_rate: float, decay: float, updates_per_epoch: int) -> None:
        self.initial_learning_rate = _positive("initial_learning_rate", initial_learning_rate)
        self.decay = _not_negative("decay", decay)
        self.updates_per_epoch = _count("updates_per_epoch", updates_per_epoch)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        return self.initial_learning_rate / (1 + self.decay * tf.floor(update / self.updates_per_epoch))


@keras.saving.register_keras_serializable(package="course_pkg")
class TimeDecayPerUpdate(Schedule):
    """Time-based decay at every update: what ``decay=`` did in the optimizers of Keras before version 2.11.

    With 9 updates an epoch it falls nine times as fast as :class:`TimeDecayPerEpoch`. It is computed as::

        def learning_rate(update):
            return initial_learning_rate / (1 + decay * update)

    Keras's ``InverseTimeDecay`` with ``decay_steps=1`` is the same formula in float32.

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    initial_learning_rate : float
        Rate of the first update, above 0.
    decay : float
        0 (constant rate) or more. After ``1 / decay`` updates the rate is halved.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    Examples
    --------
    >>> rates(TimeDecayPerUpdate(0.1, decay=0.5), range(3))
    array([0.1       , 0.06666667, 0.05      ])
    """

    def __init__(self, initial_learning_rate: float, decay: float) -> None:
        self.initial_learning_rate = _positive("initial_learning_rate", initial_learning_rate)
        self.decay = _not_negative("decay", decay)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        return self.initial_learning_rate / (1 + self.decay * update)


@keras.saving.register_keras_serializable(package="course_pkg")
class TimeDecayRepeated(Schedule):
    """Time-based decay applied to its own result each epoch: what the tutorials' published table shows.

    It is computed as::

        def learning_rate(update):
            rate = initial_learning_rate
            for epoch in range(1, update // updates_per_epoch + 1):
                rate = rate / (1 + decay * epoch)
            return rate

    The rate falls much faster than in :class:`TimeDecayPerEpoch`: like ``exp(-decay * epoch**2 / 2)`` at first.

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    initial_learning_rate : float
        Rate of the first epoch, above 0.
    decay : float
        0 (constant rate) or more.
    updates_per_epoch : int
        See :func:`updates_per_epoch`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    Notes
    -----
    The product ``(1 + decay) * (1 + 2 * decay) * … * (1 + epoch * decay)`` is computed in closed form, so that no
    update has to loop: it is ``decay**epoch * gamma(a + epoch + 1) / gamma(a + 1)`` with ``a = 1 / decay``.

    Examples
    --------
    The published table:

    >>> for rate in rates(TimeDecayRepeated(0.1, decay=0.001, updates_per_epoch=1), range(5)):
    ...     print(f"{rate:.10g}")
    0.1
    0.0999000999
    0.0997006985
    0.09940249103
    0.09900646517
    """

    def __init__(self, initial_learning_rate: float, decay: float, updates_per_epoch: int) -> None:
        self.initial_learning_rate = _positive("initial_learning_rate", initial_learning_rate)
        self.decay = _not_negative("decay", decay)
        self.updates_per_epoch = _count("updates_per_epoch", updates_per_epoch)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        epoch = tf.floor(update / self.updates_per_epoch)
        return self.initial_learning_rate * tf.exp(-_log_product(self.decay, epoch))


@keras.saving.register_keras_serializable(package="course_pkg")
class StepDecay(Schedule):
    """Drop the rate by a factor after every so many epochs.

    It is computed as::

        def learning_rate(update):
            epoch = update // updates_per_epoch
            return initial_learning_rate * factor ** (epoch // epochs_per_drop)

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    initial_learning_rate : float
        Rate of the first `epochs_per_drop` epochs, above 0.
    factor : float, default 0.5
        What each drop multiplies the rate by, above 0 and at most 1.
    epochs_per_drop : int, default 10
        At least 1.
    updates_per_epoch : int
        See :func:`updates_per_epoch`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    See Also
    --------
    StepDecayOneEarly : the tutorials' code, which drops one epoch too early.

    Examples
    --------
    >>> rates(StepDecay(0.1, epochs_per_drop=10, updates_per_epoch=1), [0, 8, 9, 10])
    array([0.1 , 0.1 , 0.1 , 0.05])
    """

    def __init__(
        self, initial_learning_rate: float, factor: float = 0.5, epochs_per_drop: int = 10, *, updates_per_epoch: int
    ) -> None:
        self.initial_learning_rate = _positive("initial_learning_rate", initial_learning_rate)
        self.factor = _positive("factor", factor, at_most=1)
        self.epochs_per_drop = _count("epochs_per_drop", epochs_per_drop)
        self.updates_per_epoch = _count("updates_per_epoch", updates_per_epoch)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        return self._after(tf.floor(update / self.updates_per_epoch))

    def _after(self, epoch: Any) -> Any:
        return self.initial_learning_rate * self.factor ** tf.floor(epoch / self.epochs_per_drop)


@keras.saving.register_keras_serializable(package="course_pkg")
class StepDecayOneEarly(StepDecay):
    """Step decay as the tutorials' code has it: every drop comes one epoch early.

    Epochs count from 0 already, so that adding 1 shortens the first stage by an epoch. It is computed as::

        def learning_rate(update):
            epoch = update // updates_per_epoch
            return initial_learning_rate * factor ** ((1 + epoch) // epochs_per_drop)

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    initial_learning_rate : float
        Rate of the first ``epochs_per_drop - 1`` epochs, above 0.
    factor : float, default 0.5
        What each drop multiplies the rate by, above 0 and at most 1.
    epochs_per_drop : int, default 10
        At least 1.
    updates_per_epoch : int
        See :func:`updates_per_epoch`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    See Also
    --------
    StepDecay : drops after as many epochs as it says.

    Examples
    --------
    >>> rates(StepDecayOneEarly(0.1, epochs_per_drop=10, updates_per_epoch=1), [0, 8, 9, 10])
    array([0.1 , 0.1 , 0.05, 0.05])
    """

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        return self._after(1 + tf.floor(update / self.updates_per_epoch))


@keras.saving.register_keras_serializable(package="course_pkg")
class OneCycle(Schedule):
    """One cycle over the whole training: linearly up, down again in the same time, then far below.

    It is computed as::

        def learning_rate(update):
            low = maximum_learning_rate / start_factor
            end = low / end_factor
            turn = ramp * updates                     # where the rate peaks
            if update < turn:
                return low + (maximum_learning_rate - low) * update / turn
            if update < 2 * turn:
                return maximum_learning_rate - (maximum_learning_rate - low) * (update - turn) / turn
            done = min((update - 2 * turn) / (updates - 2 * turn), 1)
            return low - (low - end) * done

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    maximum_learning_rate : float
        The peak, above 0; a range test finds it (:func:`course_pkg.range_test.range_test`).
    updates : int
        Length of the whole training, at least 1: ``epochs * updates_per_epoch``. The rate stays at its end value
        after that.
    start_factor : float, default 10
        How many times smaller than the peak the rate is at the start; at least 1.
    end_factor : float, default 100
        How many times smaller than at the start it is at the end; at least 1.
    ramp : float, default 0.45
        Share of the training in which the rate rises, and again in which it falls: above 0, at most 0.5.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    Notes
    -----
    Smith moves the momentum the other way, from 0.95 down to 0.85 and back. Keras's optimizers keep theirs constant.

    References
    ----------
    L. N. Smith, "A disciplined approach to neural network hyper-parameters: Part 1", 2018, arXiv:1803.09820.

    Examples
    --------
    >>> rates(OneCycle(1.0, updates=100), [0, 45, 90, 100])
    array([0.1  , 1.   , 0.1  , 0.001])
    """

    def __init__(
        self,
        maximum_learning_rate: float,
        updates: int,
        start_factor: float = 10.0,
        end_factor: float = 100.0,
        ramp: float = 0.45,
    ) -> None:
        self.maximum_learning_rate = _positive("maximum_learning_rate", maximum_learning_rate)
        self.updates = _count("updates", updates)
        self.start_factor = _positive("start_factor", start_factor, at_least=1)
        self.end_factor = _positive("end_factor", end_factor, at_least=1)
        self.ramp = _positive("ramp", ramp, at_most=0.5)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        low = self.maximum_learning_rate / self.start_factor
        end = low / self.end_factor
        turn = self.ramp * self.updates
        in_cycle = low + (self.maximum_learning_rate - low) * (1 - abs(update / turn - 1))
        # with ramp = 0.5 there is no tail, and 0 / 0 must not arise: at the last update the rate is low, then end
        tail = max(self.updates - 2 * turn, np.finfo(float).tiny)
        after = low - (low - end) * tf.clip_by_value((update - 2 * turn) / tail, 0, 1)
        return tf.where(update < 2 * turn, in_cycle, after)


@keras.saving.register_keras_serializable(package="course_pkg")
class TriangularCycle(Schedule):
    """Cyclical rate: linearly up and down between two bounds, again and again.

    It is computed as::

        def learning_rate(update):
            cycle = update // (2 * half_cycle)
            height = 1 - abs(update / half_cycle - 2 * cycle - 1)      # 0, up to 1, back to 0
            swing = maximum_learning_rate - minimum_learning_rate
            return minimum_learning_rate + swing * height * shrink ** cycle

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    minimum_learning_rate : float
        Rate at the start of each cycle, above 0.
    maximum_learning_rate : float
        Rate in the middle of the first cycle, at least `minimum_learning_rate`.
    half_cycle : int
        Updates from one bound to the other (Smith's *stepsize*), at least 1; 2 to 10 epochs are usual.
    shrink : float, default 1.0
        What the swing is multiplied by after each cycle, above 0 and at most 1. 0.5 is Smith's *triangular2*.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number, or out of range.

    References
    ----------
    L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, arXiv:1506.01186.

    Examples
    --------
    >>> rates(TriangularCycle(0.1, 0.3, half_cycle=2), range(6))
    array([0.1, 0.2, 0.3, 0.2, 0.1, 0.2])
    """

    def __init__(
        self, minimum_learning_rate: float, maximum_learning_rate: float, half_cycle: int, shrink: float = 1.0
    ) -> None:
        self.minimum_learning_rate = _positive("minimum_learning_rate", minimum_learning_rate)
        self.maximum_learning_rate = _positive(
            "maximum_learning_rate", maximum_learning_rate, at_least=self.minimum_learning_rate
        )
        self.half_cycle = _count("half_cycle", half_cycle)
        self.shrink = _positive("shrink", shrink, at_most=1)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        cycle = tf.floor(update / (2 * self.half_cycle))
        height = 1 - abs(update / self.half_cycle - 2 * cycle - 1)
        swing = self.maximum_learning_rate - self.minimum_learning_rate
        return self.minimum_learning_rate + swing * height * self.shrink**cycle


@keras.saving.register_keras_serializable(package="course_pkg")
class WarmUp(Schedule):
    """Raise the rate linearly to where another schedule begins, then follow that schedule.

    It is computed as::

        def learning_rate(update):
            if update < warmup_updates:
                top = schedule(0)
                return initial_learning_rate + (top - initial_learning_rate) * update / warmup_updates
            return schedule(update - warmup_updates)

    This is the warm-up of Keras's ``CosineDecay``, made available to every schedule.

    Explained in :doc:`chapters/learning_rate`.

    Parameters
    ----------
    schedule : Keras LearningRateSchedule, or float
        What follows, or a rate that stays constant. It counts its updates from the end of the warm-up.
    warmup_updates : int
        At least 1.
    initial_learning_rate : float, default 0.0
        Rate of the first update, 0 or more. With 0 that update changes nothing.

    Raises
    ------
    TypeError, ValueError
        If a parameter is of the wrong type, or out of range.

    References
    ----------
    P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, arXiv:1706.02677.

    Examples
    --------
    >>> rates(WarmUp(0.1, warmup_updates=4), range(6))
    array([0.   , 0.025, 0.05 , 0.075, 0.1  , 0.1  ])
    """

    def __init__(self, schedule: Any, warmup_updates: int, initial_learning_rate: float = 0.0) -> None:
        if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            schedule = _positive("schedule", schedule)
        self.schedule = schedule
        self.warmup_updates = _count("warmup_updates", warmup_updates)
        self.initial_learning_rate = _not_negative("initial_learning_rate", initial_learning_rate)

    def rate(self, update: Any) -> Any:
        """Compute the formula above."""
        top = self._then(tf.zeros_like(update))
        rising = self.initial_learning_rate + (top - self.initial_learning_rate) * update / self.warmup_updates
        # where() computes both sides: the schedule must not be asked for updates below 0
        after = self._then(tf.maximum(update - self.warmup_updates, 0))
        return tf.where(update < self.warmup_updates, rising, after)

    def _then(self, update: Any) -> Any:
        if isinstance(self.schedule, float):
            return tf.fill(tf.shape(update), tf.constant(self.schedule, "float64"))
        if isinstance(self.schedule, Schedule):
            return self.schedule.rate(update)
        return tf.cast(self.schedule(tf.cast(update, "int64")), "float64")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, the inner schedule as Keras serialises it."""
        config = super().get_config()
        if not isinstance(self.schedule, float):
            config["schedule"] = keras.saving.serialize_keras_object(self.schedule)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WarmUp:
        """Rebuild the schedule from what :meth:`get_config` returned."""
        inner = config["schedule"]
        if isinstance(inner, dict):
            inner = keras.saving.deserialize_keras_object(inner)
        return cls(**{**config, "schedule": inner})


def _log_product(decay: float, epoch: Any) -> Any:
    """Logarithm of (1 + decay)(1 + 2 decay)…(1 + epoch decay), elementwise in float64."""
    if decay == 0:
        return tf.zeros_like(epoch)
    a = 1 / decay
    if a < 100:
        return tf.math.lgamma(a + epoch + 1) - math.lgamma(a + 1) + epoch * math.log(decay)
    # lgamma(a) is so large here that the difference would lose digits: subtract Stirling's series term by term
    rest = _stirling_rest(a + epoch) - _stirling_rest(a)
    return (a + epoch + 0.5) * tf.math.log1p(decay * epoch) - epoch + rest


def _stirling_rest(z: Any) -> Any:
    """What Stirling's series adds to (z + 1/2) log z - z + log(2 pi)/2 for lgamma(z + 1); 1e-17 from it at z = 100."""
    return 1 / (12 * z) - 1 / (360 * z**3) + 1 / (1260 * z**5)


def _one_by_one(schedule: Any, updates: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Ask a schedule for one update at a time: some of Keras's own take only a scalar."""

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def ask(flat: Any) -> Any:
        return tf.map_fn(lambda update: tf.cast(schedule(update), "float64"), flat, fn_output_signature="float64")

    return np.asarray(ask(tf.constant(updates.ravel()))).reshape(updates.shape)


def _positive(name: str, value: Any, *, at_least: float = 0.0, at_most: float = math.inf) -> float:
    number = _number(name, value)
    if number <= 0 or not at_least <= number <= at_most:
        allowed = f"at least {at_least:g}" if at_least else "above 0"
        raise ValueError(f"{name} must be {allowed}{f' and at most {at_most:g}' * (at_most < math.inf)}, got {value}.")
    return number


def _not_negative(name: str, value: Any) -> float:
    number = _number(name, value)
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, got {value}.")
    return number


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}.")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}.")
    return float(value)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}.")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}.")
    return int(value)
