"""What is to be trained: the checked arguments of ``replicate`` in one form for both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_pkg.replicates.orders import Shuffle

__all__ = ["Data", "Outcome", "Plan", "nested"]

Array = np.ndarray[Any, Any]


def nested(function: Callable[[Any], Any], data: Any) -> Any:
    """Apply `function` to an array, or to every array of a list, tuple or dict."""
    if isinstance(data, Mapping):
        return {key: nested(function, value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(nested(function, value) for value in data)
    return function(data)


@dataclass(frozen=True)
class Data:
    """Samples, and which of them each replicate takes."""

    x: Any
    y: Any
    sample_weight: Array | None
    rows: list[Array]
    """R arrays of row numbers."""
    shared: bool
    """Whether all replicates take the same rows."""

    def of(self, replicate: int) -> tuple[Any, Any, Array | None]:
        """Return one replicate's x, y and sample weights."""
        rows = self.rows[replicate]
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return nested(lambda a: a[rows], self.x), nested(lambda a: a[rows], self.y), weight


@dataclass(frozen=True)
class Plan:
    """Everything that an engine needs to train."""

    build: Callable[..., Any]
    seeds: list[int]
    settings: list[dict[str, Any]]
    train: Data
    validation: Data | None
    epochs: int
    batch_size: int
    validation_batch_size: int
    shuffle: Shuffle
    callbacks: list[Any]
    chunk_size: int | None
    workers: int
    memory: float
    verbose: bool | None

    @property
    def count(self) -> int:
        """R, the number of replicates."""
        return len(self.seeds)


@dataclass
class Outcome:
    """What an engine hands back."""

    model: Any
    """A compiled model of the right architecture; its own weights mean nothing."""
    trainable: list[Array]
    """One array (R, *shape) per trainable variable."""
    non_trainable: list[Array]
    """One array (R, *shape) per non-trainable variable."""
    history: dict[str, Array]
    """Name as in Keras's History -> (R, epochs); NaN where an epoch was not run."""
    done: Array
    """(R,) epochs done by each replicate."""
    interrupted: bool = False
    timings: dict[str, float] = field(default_factory=dict)

    def keep(self, replicates: Sequence[int]) -> Outcome:
        """Return the outcome of some of the replicates."""
        index = np.asarray(replicates, int)
        return Outcome(
            self.model,
            [array[index] for array in self.trainable],
            [array[index] for array in self.non_trainable],
            {name: array[index] for name, array in self.history.items()},
            self.done[index],
            self.interrupted,
            self.timings,
        )
