"""The function that chapters call: check the arguments, choose the engine, train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from course_pkg.replicates import loop, vectorized
from course_pkg.replicates.errors import NotVectorizableError
from course_pkg.replicates.orders import SHUFFLES, Shuffle
from course_pkg.replicates.plan import Data, Plan, nested
from course_pkg.replicates.results import Replicates
from course_pkg.seeds import MAX_SEED

__all__ = ["replicate"]

Array = np.ndarray[Any, Any]
Engine = Literal["auto", "vectorized", "loop"]
ENGINES: tuple[Engine, ...] = ("auto", "vectorized", "loop")


def replicate(
    build: Callable[..., Any],
    x: Any,
    y: Any,
    *,
    seeds: int | Sequence[int] = 30,
    epochs: int,
    batch_size: int = 32,
    validation_data: tuple[Any, ...] | None = None,
    validation_batch_size: int | None = None,
    shuffle: Shuffle = "epoch",
    callbacks: Sequence[Any] | None = None,
    engine: Engine = "auto",
    sample_weight: Any = None,
    chunk_size: int | None = None,
    workers: int | None = None,
    memory: float = 1e9,
    verbose: bool | None = None,
) -> Replicates:
    """Train a Keras model from many seeds at once.

    Replicate s starts from the very weights of ``keras.utils.set_random_seed(s); build()``. With
    ``shuffle="fit"`` it then does what ``model.fit`` does; see :mod:`course_pkg.replicates`.

    Parameters
    ----------
    build : callable
        Takes no argument and returns a compiled, built Keras model (Sequential, functional or subclass).
    x : array (n, …), or a list, tuple or dict of such arrays
        Training inputs.
    y : array (n, …), or a list, tuple or dict of such arrays
        Training targets.
    seeds : int or sequence of int, default 30
        A number R means seeds 0 to R − 1.
    epochs : int
    batch_size : int, default 32
        The last batch of an epoch may be smaller.
    validation_data : tuple (x, y) or (x, y, sample_weight), optional
        Evaluated after each epoch.
    validation_batch_size : int, default `batch_size`, at least 256
    shuffle : {"epoch", "fit", False}, default "epoch"
        ``"epoch"``: a fresh order every epoch. ``"fit"``: the order of a seeded ``model.fit``, which is the same in
        every epoch. ``False``: as the samples come.
    callbacks : sequence of keras.callbacks.Callback, optional
    engine : {"auto", "vectorized", "loop"}, default "auto"
        ``"auto"`` is the vectorised engine. ``"loop"`` is one ``model.fit`` per replicate.
    sample_weight : array (n,), optional
    chunk_size : int, optional
        How many replicates are trained in one graph; by default 16.
    workers : int, optional
        Threads; by default one per core.
    memory : float, default 1e9
        Bytes that the chunks in training may take, roughly.
    verbose : bool, optional
        Whether to show a progress bar; by default for long runs on a terminal.

    Returns
    -------
    Replicates

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    NotVectorizableError
        If the vectorised engine cannot train the model; the message names what is in the way.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(map(repr, ENGINES))}, got {engine!r}.")
    if shuffle not in SHUFFLES:
        raise ValueError(f"shuffle must be one of {', '.join(map(repr, SHUFFLES))}, got {shuffle!r}.")
    numbers = checked_seeds(seeds)
    train = _data(x, y, sample_weight, len(numbers), "x")
    held = None
    if validation_data is not None:
        if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
            raise ValueError("validation_data must be a tuple (x, y) or (x, y, sample_weight).")
        weight = validation_data[2] if len(validation_data) == 3 else None
        held = _data(validation_data[0], validation_data[1], weight, len(numbers), "validation_data")
    size = _positive("batch_size", batch_size)
    plan = Plan(
        build=build,
        seeds=numbers,
        settings=[{} for _ in numbers],
        train=train,
        validation=held,
        epochs=_positive("epochs", epochs),
        batch_size=size,
        validation_batch_size=_positive("validation_batch_size", validation_batch_size or max(size, 256)),
        shuffle=shuffle,
        callbacks=list(callbacks or []),
        chunk_size=None if chunk_size is None else _positive("chunk_size", chunk_size),
        workers=_positive("workers", workers or vectorized.cores()),
        memory=memory,
        verbose=verbose,
    )
    if engine == "loop":
        return Replicates(plan, loop.train(plan), "loop")
    if plan.callbacks:
        raise NotVectorizableError(f"callback {type(plan.callbacks[0]).__name__}", "it runs Python code")
    return Replicates(plan, vectorized.train(plan), "vectorized")


def checked_seeds(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds as a list of integers; a number R means 0 to R − 1."""
    if isinstance(seeds, (int, np.integer)) and not isinstance(seeds, bool):
        return list(range(_positive("seeds", int(seeds))))
    numbers = list(np.asarray(seeds).ravel().tolist())
    if not numbers:
        raise ValueError("seeds must hold at least one seed, got none.")
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MAX_SEED:
            raise ValueError(f"seeds must be integers between 0 and {MAX_SEED}, got {number!r}.")
    return numbers


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}.")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}.")
    return int(value)


def _data(x: Any, y: Any, weight: Any, count: int, name: str) -> Data:
    x, y = nested(_numbers, x), nested(_numbers, y)
    weight = None if weight is None else _numbers(weight)
    lengths = {len(array) for array in [*_leaves(x), *_leaves(y), *([] if weight is None else [weight])]}
    if len(lengths) != 1:
        raise ValueError(f"{name}: inputs, targets and weights must have equally many samples, got {sorted(lengths)}.")
    (samples,) = lengths
    if samples == 0:
        raise ValueError(f"{name} must hold at least one sample, got none.")
    rows = np.arange(samples)
    return Data(x, y, weight, [rows] * count, shared=True)


def _numbers(array: Any) -> Array:
    """As Keras's array adapter does: floats become float32, integers stay."""
    values = np.asarray(array)
    if values.ndim == 0:
        raise ValueError("x and y must be arrays with one row per sample, got a single number.")
    return values.astype("float32") if values.dtype.kind == "f" else values


def _leaves(data: Any) -> list[Array]:
    if isinstance(data, Mapping):
        return [leaf for value in data.values() for leaf in _leaves(value)]
    if isinstance(data, (list, tuple)):
        return [leaf for value in data for leaf in _leaves(value)]
    return [data]
