"""The function that chapters call: check the arguments, choose the engine, train."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from course_pkg.presets import usable_cores
from course_pkg.replicates import loop, vectorized
from course_pkg.replicates.orders import SHUFFLES, Shuffle
from course_pkg.replicates.plan import Data, Plan, as_numbers, leaves, nested
from course_pkg.replicates.results import Replicates
from course_pkg.replicates.starts import generators_kept
from course_pkg.seeds import MAX_SEED

__all__ = ["replicate", "sweep"]

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
    hyperparameters: Mapping[str, Sequence[Any]] | None = None,
    train_indices: Sequence[Any] | None = None,
    validation_indices: Sequence[Any] | None = None,
    stacked_data: bool = False,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    chunk_size: int | None = None,
    workers: int | None = None,
    memory: float = 1e9,
    verbose: bool | None = None,
) -> Replicates:
    """Train a Keras model from many seeds at once.

    Replicate s starts from the very weights of ``keras.utils.set_random_seed(s); build()``. What it does then
    depends on its own seed, data and hyperparameters, never on how many others are trained beside it.
    Explained in :doc:`chapters/randomness`.

    Parameters
    ----------
    build : callable
        Returns a compiled, built Keras model (Sequential, functional or subclass). Called without arguments, or with
        a replicate's `hyperparameters` as keyword arguments.
    x : array (n, …), or a list, tuple or dict of such arrays
        Inputs. Floats are taken as float32.
    y : array (n, …), or a list, tuple or dict of such arrays
        Targets.
    seeds : int or sequence of int, default 30
        A number R means seeds 0 to R − 1. A sequence is taken as it is; a seed may occur more than once.
    epochs : int
    batch_size : int, default 32
        The last batch of an epoch may be smaller.
    validation_data : tuple (x, y) or (x, y, sample_weight), optional
        Evaluated after each epoch.
    validation_batch_size : int, default `batch_size`, but at least 256
        Changes nothing but speed and memory, apart from rounding (and from metrics that Keras averages over batches).
    shuffle : {"epoch", "fit", False}, default "epoch"
        The batch order. ``"epoch"``: a fresh one every epoch, by
        ``numpy.random.default_rng(child_seed(seed, "batch order")).permutation(n)``. ``"fit"``: that of
        ``model.fit`` after ``set_random_seed(seed)``, which is the same in every epoch. ``False``: as they come.
    callbacks : sequence of keras.callbacks.Callback, optional
        The vectorised engine knows ``EarlyStopping``, ``ReduceLROnPlateau`` and ``LearningRateScheduler``; each
        replicate has its own copy. A replicate that stops is frozen while the others go on.
    engine : {"auto", "vectorized", "loop"}, default "auto"
        ``"auto"`` is the vectorised engine. ``"loop"`` is one ``model.fit`` per replicate: slow, but it trains
        whatever Keras trains.
    hyperparameters : dict of str to sequence of length R, optional
        Keyword arguments of `build`, one value for each replicate; :func:`sweep` crosses them with seeds. Replicates
        that differ in learning rate, weight decay, dropout rate, L1 or L2 factor are trained side by side; any other
        difference costs a graph of its own (about half a second).
    train_indices, validation_indices : sequence of R integer arrays, optional
        Rows of `x` and `y` that each replicate trains with, and is validated with: folds. They may differ in length.
    stacked_data : bool, default False
        Whether `x`, `y` and `sample_weight` have a leading replicate axis: (R, n, …).
    sample_weight : array (n,), optional
    class_weight : dict of int to float, optional
        Weight of each class, as in ``model.fit``.
    chunk_size : int, optional
        How many replicates share a graph call; by default 16, or 8 or 1 where `memory` is short for large models.
    workers : int, optional
        Threads, one chunk each; by default one for each core. Changes nothing but speed.
    memory : float, default 1e9
        Bytes that the chunks in training may take, roughly.
    verbose : bool, optional
        Whether to show a progress bar on a terminal; by default after 3 seconds. Nothing is written elsewhere.

    Returns
    -------
    Replicates
        If Ctrl-C ends the training: what was done until then, with ``interrupted`` True.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong; the message names it.
    NotVectorizableError
        If the vectorised engine cannot train the model; the message names what is in the way.

    Notes
    -----
    Two calls give the same bits, in another process too, and a replicate's bits do not depend on the number of
    replicates: chunks have a fixed size, and a short one is padded. Kernels run in one thread per chunk.

    Python's and NumPy's global generators are left as they were; TensorFlow's and Keras's global seeds are not, as
    seeded builds set them.

    With ``shuffle="fit"`` losses agree with separate ``fit`` calls to about 1e-6; the rest is the order of
    summation inside a matrix product.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> def line():
    ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    ...     model.compile(keras.optimizers.SGD(0.1), loss="mse")
    ...     return model
    >>> x = np.linspace(-1, 1, 8)[:, None]
    >>> runs = replicate(line, x, 2 * x, seeds=3, epochs=2)
    >>> runs.history.shape
    (6, 5)
    >>> runs.predict(x).shape
    (3, 8, 1)
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(map(repr, ENGINES))}, got {engine!r}.")
    if shuffle not in SHUFFLES:
        raise ValueError(f"shuffle must be one of {', '.join(map(repr, SHUFFLES))}, got {shuffle!r}.")
    if not callable(build):
        raise TypeError(f"build must be a function that returns a compiled Keras model, got {type(build).__name__}.")
    numbers = checked_seeds(seeds)
    size = _positive("batch_size", batch_size)
    train = _training_data(x, y, sample_weight, class_weight, train_indices, stacked_data, len(numbers))
    plan = Plan(
        build=build,
        seeds=numbers,
        settings=_settings(hyperparameters, len(numbers)),
        train=train,
        validation=_validation_data(validation_data, validation_indices, train, len(numbers)),
        epochs=_positive("epochs", epochs),
        batch_size=size,
        validation_batch_size=_positive("validation_batch_size", validation_batch_size or max(size, 256)),
        shuffle=shuffle,
        callbacks=list(callbacks or []),
        chunk_size=None if chunk_size is None else _positive("chunk_size", chunk_size),
        workers=_positive("workers", workers or usable_cores()),
        memory=float(memory),
        verbose=verbose,
    )
    with generators_kept():
        outcome = loop.train(plan) if engine == "loop" else vectorized.train(plan)
    if not outcome.done.any():  # interrupted before the first epoch ended
        raise KeyboardInterrupt
    return Replicates(plan, outcome, "loop" if engine == "loop" else "vectorized")


def sweep(seeds: int | Sequence[int], **hyperparameters: Sequence[Any]) -> dict[str, Any]:
    """Cross hyperparameters with seeds: every combination of values, each with every seed.

    Parameters
    ----------
    seeds : int or sequence of int
        A number R means seeds 0 to R − 1.
    **hyperparameters : sequence
        Values of each keyword argument of `build`.

    Returns
    -------
    dict
        ``seeds`` and ``hyperparameters`` for :func:`replicate`. The last hyperparameter varies fastest, seeds faster
        still.

    Examples
    --------
    >>> sweep(2, learning_rate=[0.1, 0.01])
    {'seeds': [0, 1, 0, 1], 'hyperparameters': {'learning_rate': [0.1, 0.1, 0.01, 0.01]}}
    """
    numbers = checked_seeds(seeds)
    combinations = list(itertools.product(*hyperparameters.values(), numbers))
    columns = list(zip(*combinations, strict=True))
    values = {name: list(column) for name, column in zip(hyperparameters, columns[:-1], strict=True)}
    return {"seeds": list(columns[-1]), "hyperparameters": values}


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


def _settings(hyperparameters: Mapping[str, Sequence[Any]] | None, count: int) -> list[dict[str, Any]]:
    settings: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, values in (hyperparameters or {}).items():
        if len(values) != count:
            raise ValueError(
                f"hyperparameters[{name!r}] must have one value for each of the {count} seeds, got {len(values)}. "
                "To run every value with every seed: replicate(…, **sweep(seeds, name=values))."
            )
        for setting, value in zip(settings, values, strict=True):
            setting[name] = value.item() if isinstance(value, np.generic) else value
    return settings


def _training_data(
    x: Any,
    y: Any,
    sample_weight: Any,
    class_weight: Mapping[int, float] | None,
    train_indices: Sequence[Any] | None,
    stacked_data: bool,
    count: int,
) -> Data:
    if stacked_data:
        if train_indices is not None:
            raise ValueError("train_indices and stacked_data=True exclude each other.")
        x, y, sample_weight, train_indices = _flattened(x, y, sample_weight, count)
    x, y = nested(as_numbers, x), nested(as_numbers, y)
    weight = None if sample_weight is None else as_numbers(sample_weight).astype("float32")
    samples = _samples("x", x, y, weight)
    if class_weight is not None:
        by_class = _class_weights(y, class_weight)
        weight = by_class if weight is None else weight * by_class
    if train_indices is None:
        return Data(x, y, weight, [np.arange(samples)] * count, shared=True)
    return Data(x, y, weight, _rows("train_indices", train_indices, samples, count), shared=False)


def _validation_data(
    validation_data: tuple[Any, ...] | None, validation_indices: Sequence[Any] | None, train: Data, count: int
) -> Data | None:
    if validation_data is not None and validation_indices is not None:
        raise ValueError("Pass validation_data or validation_indices, not both.")
    if validation_indices is not None:
        samples = len(leaves(train.x)[0])
        rows = _rows("validation_indices", validation_indices, samples, count)
        return Data(train.x, train.y, train.sample_weight, rows, shared=False)
    if validation_data is None:
        return None
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise ValueError("validation_data must be a tuple (x, y) or (x, y, sample_weight).")
    x, y = (nested(as_numbers, part) for part in validation_data[:2])
    weight = as_numbers(validation_data[2]).astype("float32") if len(validation_data) == 3 else None
    return Data(x, y, weight, [np.arange(_samples("validation_data", x, y, weight))] * count, shared=True)


def _samples(name: str, x: Any, y: Any, weight: Array | None) -> int:
    lengths = {len(array) for array in [*leaves(x), *leaves(y), *([] if weight is None else [weight])]}
    if len(lengths) != 1:
        raise ValueError(f"{name}: inputs, targets and weights must have equally many samples, got {sorted(lengths)}.")
    (samples,) = lengths
    if samples == 0:
        raise ValueError(f"{name} must hold at least one sample, got none.")
    return samples


def _rows(name: str, indices: Sequence[Any], samples: int, count: int) -> list[Array]:
    if len(indices) != count:
        raise ValueError(f"{name} must hold one array for each of the {count} seeds, got {len(indices)}.")
    rows = [np.asarray(index) for index in indices]
    for replicate_number, row in enumerate(rows):
        where = f"{name}[{replicate_number}]"
        if row.ndim != 1 or row.dtype.kind not in "iu" or len(row) == 0:
            raise ValueError(f"{where} must be a one-dimensional, non-empty array of row numbers.")
        if row.min() < 0 or row.max() >= samples:
            raise ValueError(f"{where} must lie between 0 and {samples - 1}, got {row.min()} to {row.max()}.")
    return rows


def _flattened(x: Any, y: Any, weight: Any, count: int) -> tuple[Any, Any, Any, list[Array]]:
    """Turn arrays (R, n, …) into (R * n, …) with the row numbers of each replicate."""

    def flat(data: Any) -> Array:
        array = as_numbers(data)
        if array.ndim < 2 or len(array) != count:
            raise ValueError(f"With stacked_data=True arrays must have the shape ({count}, n, …), got {array.shape}.")
        return array.reshape(-1, *array.shape[2:])

    samples = np.shape(leaves(x)[0])[1]
    rows = [number * samples + np.arange(samples) for number in range(count)]
    return nested(flat, x), nested(flat, y), None if weight is None else flat(weight), rows


def _class_weights(y: Any, class_weight: Mapping[int, float]) -> Array:
    """Weight of each sample: by the largest entry of one-hot rows, else by the rounded label, as Keras does."""
    if not isinstance(y, np.ndarray):
        raise ValueError("class_weight needs one array of targets.")
    labels = y.argmax(1) if y.ndim == 2 and y.shape[1] > 1 else np.round(y.reshape(len(y), -1)[:, 0])
    return np.array([class_weight.get(int(label), 1.0) for label in labels], "float32")
