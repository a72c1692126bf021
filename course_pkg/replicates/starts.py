"""The weights that each replicate starts from: exactly those of ``set_random_seed(seed); build()``.

Building and compiling a Keras model takes 10 to 30 ms, so a thousand builds would cost more than a thousand
short trainings. Keras gives every initializer without a seed of its own one drawn from Python's :mod:`random`;
so after one true build per setting, the weights of another seed follow by replaying those draws. The replay is
checked against a second true build, bit for bit; where it differs, every replicate is built truly. A setting whose
first build starts exactly as an earlier setting did from that seed (a learning rate changes no weight) starts as that
one from the other seeds too.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Starts", "all_layers", "build_seeded", "generators_kept", "start_values"]

Build = Callable[..., Any]
Array = np.ndarray[Any, Any]

# How many seed draws of a build are known to the replay; a build with more is built truly.
_DRAWS = 512
# From so many replicates on, a graph for an initializer costs less than calling it for each.
_MANY = 100


@dataclass(frozen=True)
class Starts:
    """Start values of a list of replicates, and one compiled model of each setting."""

    models: list[Any]
    """One compiled Keras model per distinct setting, in order of first appearance."""
    setting_of: list[int]
    """R numbers: which of `models` each replicate belongs to."""
    values: list[list[Array]]
    """R lists: a replicate's trainable, then its non-trainable variables, states of seed generators included."""
    replayed: bool
    """Whether the fast replay was exact; if not, each replicate was built."""


@contextlib.contextmanager
def generators_kept() -> Iterator[None]:
    """Give Python's and NumPy's global generators their states back afterwards; seeded builds change them."""
    python, legacy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


def build_seeded(build: Build, seed: int, setting: Mapping[str, Any] | None = None) -> Any:
    """Return ``build(**setting)`` after ``keras.utils.set_random_seed(seed)``."""
    import keras

    keras.utils.set_random_seed(int(seed))
    return build(**(setting or {}))


def start_values(
    build: Build, seeds: Sequence[int], settings: Sequence[Mapping[str, Any]], check: Callable[[Any], None]
) -> Starts:
    """Return the start values of all replicates, by replay where that is exact.

    Parameters
    ----------
    build : callable
        Returns a compiled, built Keras model.
    seeds : sequence of int, length R
    settings : sequence of dict, length R
        Keyword arguments of `build` for each replicate.
    check : callable
        Called with the first model of each setting; raises if the model cannot be used.
    """
    keys = [repr(sorted(setting.items())) for setting in settings]
    distinct = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    setting_of = [distinct[key] for key in keys]
    models: list[Any] = []
    values: list[list[Array]] = [[] for _ in seeds]
    replayed = True
    earlier: list[_Known] = []
    for number in distinct.values():
        members = [i for i, setting in enumerate(setting_of) if setting == number]
        model, rows, exact = _setting_starts(build, [seeds[i] for i in members], settings[members[0]], check, earlier)
        models.append(model)
        replayed &= exact
        for i, row in zip(members, rows, strict=True):
            values[i] = row
    return Starts(models, setting_of, values, replayed)


_Known = dict[int, list[Array]]
"""Start values by seed, of one setting."""


def _setting_starts(
    build: Build,
    seeds: Sequence[int],
    setting: Mapping[str, Any],
    check: Callable[[Any], None],
    earlier: list[_Known],
) -> tuple[Any, list[list[Array]], bool]:
    """Return a setting's first model, its start values for each seed, and whether they are exact; add to `earlier`."""
    model = build_seeded(build, seeds[0], setting)
    check(model)
    first = _values(model)
    distinct = list(dict.fromkeys(seeds))
    for known in earlier:
        if known.keys() >= set(distinct) and _equal(known[seeds[0]], first):
            return model, [known[seed] for seed in seeds], True
    known = {seeds[0]: first}
    if len(distinct) > 1:
        replayed = _Replay(model, seeds[0], first)(distinct)
        truth = _values(build_seeded(build, distinct[-1], setting))
        if not (_equal(replayed[0], first) and _equal(replayed[-1], truth)):
            return model, [_values(build_seeded(build, seed, setting)) for seed in seeds], False
        known = dict(zip(distinct, replayed, strict=True))
    earlier.append(known)
    return model, [known[seed] for seed in seeds], True


_Source = Callable[[Array], Array]
"""From the draws of n builds, shape (n, draws), to a variable's n start values."""


class _Replay:
    """Recompute a build's start values for other seeds from the draws that Keras makes of Python's generator."""

    def __init__(self, model: Any, seed: int, values: Sequence[Array]) -> None:
        draws = {draw: index for index, draw in reversed(list(enumerate(_draws(seed, _DRAWS))))}
        owners = _owners(model)
        variables = model.trainable_variables + model.non_trainable_variables
        self._plan = [
            _source(variable, value, draws, owners.get(id(variable), []))
            for variable, value in zip(variables, values, strict=True)
        ]

    def __call__(self, seeds: Sequence[int]) -> list[list[Array]]:
        draws = np.array([_draws(seed, _DRAWS) for seed in seeds])
        columns = [source(draws) for source in self._plan]
        return [list(row) for row in zip(*columns, strict=True)]


def _draws(seed: int, count: int) -> list[int]:
    """The first seeds that Keras draws after ``set_random_seed(seed)`` (``keras.src.random.make_default_seed``)."""
    generator = random.Random(seed)
    return [generator.randint(1, int(1e9)) for _ in range(count)]


def _source(variable: Any, value: Array, draws: Mapping[int, int], owners: Sequence[Any]) -> _Source:
    """Find what a start value was made from: a draw used as a seed state, a seeded initializer, or a constant."""
    import keras

    if value.dtype.kind in "iu" and value.shape == (2,) and int(value[0]) in draws:
        index = draws[int(value[0])]
        return lambda fresh: np.stack([fresh[:, index], np.full(len(fresh), value[1])], 1).astype(value.dtype)
    if value.dtype.kind != "f":
        return _constant_source(value)
    attributes = [attribute for owner in owners for attribute in vars(owner).values()]
    for initializer in attributes:
        if not isinstance(initializer, keras.initializers.Initializer):
            continue
        index_or_none = draws.get(getattr(initializer, "seed", None) or -1)
        if index_or_none is not None and np.array_equal(_initial(initializer, variable), value):
            return _seeded_source(initializer, variable, index_or_none)
    return _constant_source(value)


def _constant_source(value: Array) -> _Source:
    return lambda fresh: np.broadcast_to(value, (len(fresh), *value.shape))


def _seeded_source(initializer: Any, variable: Any, index: int) -> _Source:
    config = initializer.get_config()

    def with_seed(seed: Any) -> Any:
        return type(initializer).from_config({**config, "seed": seed})

    def source(fresh: Array) -> Array:
        seeds = fresh[:, index]
        if len(seeds) >= _MANY:
            with contextlib.suppress(TypeError, ValueError, AttributeError, NotImplementedError):
                return _initials(with_seed, variable, seeds)  # unless it wants its seed as a number
        return np.stack([_initial(with_seed(int(seed)), variable) for seed in seeds])

    return source


def _initials(with_seed: Callable[[Any], Any], variable: Any, seeds: Array) -> Array:
    """Run a Keras initializer for many seeds in one graph: a call from Python costs far more than the numbers."""
    import keras
    import tensorflow as tf

    generator = keras.random.SeedGenerator(0)
    initializer = with_seed(generator)

    def one(seed: Any) -> Any:
        object.__setattr__(generator, "next", lambda ordered=True: tf.stack([seed, tf.zeros([], seed.dtype)]))
        return initializer(variable.shape, dtype=variable.dtype)

    def all_of_them(seeds: Any) -> Any:
        return tf.map_fn(one, seeds, fn_output_signature=variable.dtype)

    return np.asarray(tf.function(all_of_them, autograph=False)(tf.constant(seeds, "uint32")))


def _initial(initializer: Any, variable: Any) -> Array:
    try:
        return np.asarray(initializer(variable.shape, dtype=variable.dtype))
    except (TypeError, ValueError):  # an initializer for another of the layer's variables
        return np.empty(0)


def _owners(model: Any) -> dict[int, list[Any]]:
    """Map the id of each variable to the layers (and cells) that hold it: one of them made it."""
    owners: dict[int, list[Any]] = {}
    for layer in all_layers(model):
        for variable in layer.variables:
            owners.setdefault(id(variable), []).append(layer)
    return owners


def all_layers(layer: Any) -> list[Any]:
    """Return a layer or model and all layers within it, each once, outer before inner."""
    found: dict[int, Any] = {}
    _collect(layer, found)
    return list(found.values())


def _collect(layer: Any, found: dict[int, Any]) -> None:
    import keras

    if id(layer) in found:
        return
    found[id(layer)] = layer
    for child in vars(layer).values():
        for item in child if isinstance(child, (list, tuple)) else [child]:
            if isinstance(item, keras.layers.Layer):
                _collect(item, found)


def _values(model: Any) -> list[Array]:
    return [np.asarray(variable) for variable in model.trainable_variables + model.non_trainable_variables]


def _equal(left: Sequence[Array], right: Sequence[Array]) -> bool:
    return len(left) == len(right) and all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))
