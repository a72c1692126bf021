"""What is to be trained: the checked arguments of ``replicate`` in one form for both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_pkg.replicates.orders import Shuffle

__all__ = ["Data", "Outcome", "Plan", "as_numbers", "leaves", "nested"]

Array = np.ndarray[Any, Any]


def nested(function: Callable[[Any], Any], data: Any) -> Any:
    """Apply `function` to an array, or to every array of a list, tuple or dict."""
    if isinstance(data, Mapping):
        return {key: nested(function, value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(nested(function, value) for value in data)
    return function(data)


def leaves(data: Any) -> list[Any]:
    """Return the arrays of a nest, in order."""
    if isinstance(data, Mapping):
        return [leaf for value in data.values() for leaf in leaves(value)]
    if isinstance(data, (list, tuple)):
        return [leaf for value in data for leaf in leaves(value)]
    return [data]


def as_numbers(data: Any) -> Array:
    """Return an array as Keras's array adapter would: floats become float32, integers stay."""
    values = np.asarray(data)
    if values.ndim == 0 or values.dtype.kind not in "biuf":
        found = f"{values.dtype} of shape {values.shape}"
        raise ValueError(f"x and y must be arrays of numbers with one row per sample, got {found}.")
    return values.astype("float32") if values.dtype.kind == "f" else values


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

    def of(self, replicate: int, limit: int | None = None) -> tuple[Any, Any, Array | None]:
        """Return one replicate's x, y and sample weights; of the first `limit` samples, if given."""
        rows = self.rows[replicate][:limit]
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
    """What an engine hands back, about all R replicates; those not begun have 0 epochs done."""

    models: list[Any]
    """Compiled models, one of each architecture; their own weights mean nothing."""
    model_of: list[int]
    """R numbers: which of `models` a replicate's variables belong to."""
    values: list[list[Array]]
    """R lists: a replicate's trainable, then its non-trainable variables."""
    numbers: list[dict[str, float]]
    """R dictionaries: numbers of the layers in which a replicate differs from its model."""
    history: dict[str, Array]
    """Name as in Keras's History -> (R, epochs); NaN where an epoch was not run."""
    done: Array
    """(R,) epochs done by each replicate."""
    interrupted: bool = False
    timings: dict[str, float] = field(default_factory=dict)
    replayed: bool = False
    """Whether start weights came from the replay of seed draws."""

    def record(self, name: str, replicates: Any, epochs: Any, values: Any) -> None:
        """Write history values; a new name starts as NaN."""
        if name not in self.history:
            self.history[name] = np.full(self._shape, np.nan)
        self.history[name][replicates, epochs] = values

    @classmethod
    def empty(cls, plan: Plan) -> Outcome:
        """Return an outcome with nothing done yet."""
        outcome = cls(
            [], [0] * plan.count, [[] for _ in plan.seeds], [{} for _ in plan.seeds], {}, np.zeros(plan.count, int)
        )
        outcome._shape = (plan.count, plan.epochs)
        return outcome

    _shape: tuple[int, int] = (0, 0)
