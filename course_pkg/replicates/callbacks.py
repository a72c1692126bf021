"""Keras callbacks for stacked replicates: each replicate has its own copy, and sees only itself.

A copy is Keras's own callback, talking to a stand-in for the model that offers what the callback uses: the weights,
the learning rate, ``stop_training``. A replicate that stops is *frozen*: its weights and history stay as they are
while the others go on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_pkg.replicates.errors import NotVectorizableError

__all__ = ["SUPPORTED", "Watcher", "check_callbacks"]

Array = np.ndarray[Any, Any]

SUPPORTED = ("EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler")
"""Names of the Keras callbacks that work in the vectorised engine."""


def check_callbacks(callbacks: Sequence[Any]) -> None:
    """Raise if a callback is not one of those in :data:`SUPPORTED`; subclasses are not."""
    import keras

    for callback in callbacks:
        name = type(callback).__name__
        if name not in SUPPORTED or type(callback) is not getattr(keras.callbacks, name):
            raise NotVectorizableError(
                f"callback {name}", f"only {', '.join(SUPPORTED)} have a meaning for stacked replicates"
            )


class Watcher:
    """The callbacks of one replicate.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        Copied.
    model : keras.Model
        Whose metrics the callbacks may look at.
    learning_rate : float or None
        None if a schedule sets it.
    read : callable
        Returns the replicate's current weights.
    """

    def __init__(
        self,
        callbacks: Sequence[Any],
        model: Any,
        learning_rate: float | None,
        read: Callable[[], list[Array]],
    ) -> None:
        self._model = _StandIn(model.metrics, learning_rate, read)
        self._callbacks = copy.deepcopy(list(callbacks))
        for callback in self._callbacks:
            callback.set_model(self._model)
            callback.on_train_begin()

    @property
    def learning_rate(self) -> float | None:
        """The learning rate that the callbacks have set."""
        return self._model.optimizer.current

    @property
    def replaced(self) -> list[Array] | None:
        """Weights that the callbacks have put in place of the trained ones, such as the best."""
        return self._model.replaced

    def begin_epoch(self, epoch: int) -> None:
        """Tell the callbacks that an epoch (from 0) begins."""
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch)

    def end_epoch(self, epoch: int, logs: dict[str, float]) -> bool:
        """Tell the callbacks that an epoch ended; they may add to `logs`. Returns whether to stop."""
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, logs)
        return self._model.stop_training

    def end_training(self) -> None:
        """Tell the callbacks that the replicate's training ended."""
        for callback in self._callbacks:
            callback.on_train_end()


class _StandIn:
    """What a callback sees in place of the model."""

    def __init__(self, metrics: list[Any], learning_rate: float | None, read: Callable[[], list[Array]]) -> None:
        self.metrics = metrics
        self.optimizer = _StandInOptimizer(learning_rate)
        self.stop_training = False
        self.replaced: list[Array] | None = None
        self._read = read

    def get_weights(self) -> list[Array]:
        return self._read()

    def set_weights(self, weights: list[Array]) -> None:
        self.replaced = weights


class _StandInOptimizer:
    def __init__(self, learning_rate: float | None) -> None:
        self.current = learning_rate

    @property
    def learning_rate(self) -> np.float32:
        if self.current is None:
            raise TypeError("The optimizer has a learning-rate schedule: a callback cannot set its learning rate.")
        return np.float32(self.current)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.current = float(np.float32(value))
