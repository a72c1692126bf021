"""The weights that each replicate starts from: exactly those of ``set_random_seed(seed); build()``.

Building and compiling a Keras model takes 10 to 30 ms, so a thousand builds would cost more than a thousand
short trainings. Keras gives every initializer without a seed of its own one drawn from Python's :mod:`random`;
so after one true build per setting, the weights of another seed follow by replaying those draws. The replay is
checked against a second true build, bit for bit; where it differs, every replicate is built truly.
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
    for number in distinct.values():
        members = [i for i, setting in enumerate(setting_of) if setting == number]
        model, rows, exact = _setting_starts(build, [seeds[i] for i in members], settings[members[0]], check)
        models.append(model)
        replayed &= exact
        for i, row in zip(members, rows, strict=True):
            values[i] = row
    return Starts(models, setting_of, values, replayed)


def _setting_starts(
    build: Build, seeds: Sequence[int], setting: Mapping[str, Any], check: Callable[[Any], None]
) -> tuple[Any, list[list[Array]], bool]:
    model = build_seeded(build, seeds[0], setting)
    check(model)
    first = _values(model)
    if len(set(seeds)) == 1:
        return model, [first for _ in seeds], True
    other = next(seed for seed in reversed(seeds) if seed != seeds[0])
    truth = _values(build_seeded(build, other, setting))
    replay = _Replay(model, seeds[0], first)
    if _equal(replay(other), truth):
        known = {seeds[0]: first, other: truth}
        return model, [known[seed] if seed in known else replay(seed) for seed in seeds], True
    return model, [_values(build_seeded(build, seed, setting)) for seed in seeds], False


_Source = Callable[[Sequence[int]], Array]


class _Replay:
    """Recompute a build's start values for another seed from the draws that Keras makes of Python's generator."""

    def __init__(self, model: Any, seed: int, values: Sequence[Array]) -> None:
        draws = {draw: index for index, draw in reversed(list(enumerate(_draws(seed, _DRAWS))))}
        owners = _owners(model)
        variables = model.trainable_variables + model.non_trainable_variables
        self._plan = [
            _source(variable, value, draws, owners.get(id(variable), []))
            for variable, value in zip(variables, values, strict=True)
        ]

    def __call__(self, seed: int) -> list[Array]:
        draws = _draws(seed, _DRAWS)
        return [source(draws) for source in self._plan]


def _draws(seed: int, count: int) -> list[int]:
    """The first seeds that Keras draws after ``set_random_seed(seed)`` (``keras.src.random.make_default_seed``)."""
    generator = random.Random(seed)
    return [generator.randint(1, int(1e9)) for _ in range(count)]


def _source(
    variable: Any, value: Array, draws: Mapping[int, int], owners: Sequence[Any]
) -> Callable[[Sequence[int]], Array]:
    """Find what a start value was made from: a draw used as a seed state, a seeded initializer, or a constant."""
    import keras

    if value.dtype.kind in "iu" and value.shape == (2,) and int(value[0]) in draws:
        index = draws[int(value[0])]
        return lambda fresh: np.array([fresh[index], value[1]], dtype=value.dtype)
    if value.dtype.kind != "f":
        return lambda fresh: value
    attributes = [attribute for owner in owners for attribute in vars(owner).values()]
    for initializer in attributes:
        if not isinstance(initializer, keras.initializers.Initializer):
            continue
        index_or_none = draws.get(getattr(initializer, "seed", None) or -1)
        if index_or_none is not None and np.array_equal(_initial(initializer, variable), value):
            return _seeded_source(initializer, variable, index_or_none)
    return lambda fresh: value


def _seeded_source(initializer: Any, variable: Any, index: int) -> _Source:
    config = initializer.get_config()

    def source(fresh: Sequence[int]) -> Array:
        return _initial(type(initializer).from_config({**config, "seed": fresh[index]}), variable)

    return source


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
