"""Which settings can share one graph, and the numbers in which they differ.

A hyperparameter is whatever `build` takes. Settings whose models differ only in numbers that the graph takes as
input (learning rate, weight decay, dropout rate, L1 and L2 factors) form one *family* and are trained side by side.
So do settings that differ in how the start values are drawn. Any other difference (units, activation, momentum, …)
makes another family, with a graph of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_pkg.replicates.starts import all_layers

Array = np.ndarray[Any, Any]

OPTIMIZER_NUMBERS = ("learning_rate", "weight_decay")
"""Numbers of an optimizer that may differ between replicates of a family."""

__all__ = ["OPTIMIZER_NUMBERS", "Family", "families", "numbered_parts"]


@dataclass(frozen=True)
class Family:
    """Settings whose models can be stacked."""

    model: Any
    """The first setting's compiled model: its code is traced."""
    settings: list[int]
    """Numbers of the settings."""
    numbers: dict[str, Array]
    """Name of a number -> (settings,) its values; only numbers that differ."""


def families(models: Sequence[Any]) -> list[Family]:
    """Group the models of all settings, in order of first appearance."""
    members: dict[str, list[int]] = {}
    for index, model in enumerate(models):
        members.setdefault(_signature(model, index), []).append(index)
    return [_family(models, settings) for settings in members.values()]


def numbered_parts(model: Any) -> dict[str, tuple[Any, str]]:
    """Name the stackable numbers of a model's layers: name -> (object, attribute)."""
    import keras

    parts: dict[str, tuple[Any, str]] = {}
    for index, layer in enumerate(all_layers(model)):
        if type(layer) is keras.layers.Dropout and layer.rate > 0:
            parts[f"{index}.rate"] = (layer, "rate")
        for name, value in sorted(vars(layer).items()):
            if type(value) is keras.regularizers.L2:
                parts[f"{index}.{name}.l2"] = (value, "l2")
            if type(value) is keras.regularizers.L1:
                parts[f"{index}.{name}.l1"] = (value, "l1")
    return parts


def _family(models: Sequence[Any], settings: list[int]) -> Family:
    table = [_numbers(models[index]) for index in settings]
    columns = {name: np.array([row[name] for row in table], float) for name in table[0]}
    return Family(models[settings[0]], settings, {k: v for k, v in columns.items() if (v != v[0]).any()})


def _numbers(model: Any) -> dict[str, float]:
    config = model.optimizer.get_config()
    numbers = {n: float(config[n]) for n in OPTIMIZER_NUMBERS if _is_number(config.get(n))}
    numbers.update({name: float(getattr(*part)) for name, part in numbered_parts(model).items()})
    return numbers


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _signature(model: Any, index: int) -> str:
    """Equal for models that differ in nothing but stackable numbers, names, seeds and start values."""
    import keras

    parts = numbered_parts(model)
    saved = {name: getattr(*part) for name, part in parts.items()}
    try:
        for part, attribute in parts.values():
            setattr(part, attribute, 0.5)
        architecture = keras.saving.serialize_keras_object(model)
    except (NotImplementedError, TypeError, ValueError):  # a subclass without get_config
        return f"model {index}"
    finally:
        for name, (part, attribute) in parts.items():
            setattr(part, attribute, saved[name])
    optimizer = keras.optimizers.serialize(model.optimizer)
    for name in OPTIMIZER_NUMBERS:
        if _is_number(optimizer["config"].get(name)):
            optimizer["config"][name] = 0.5
    shapes = [tuple(variable.shape) for variable in model.variables]
    return json.dumps([_plain(architecture), _plain(optimizer), shapes, list(parts)], default=str, sort_keys=True)


def _plain(config: Any) -> Any:
    """Leave out what no graph contains: automatic names, seeds, initializers, the compile settings."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items() if not _is_outside(key)}
    if isinstance(config, (list, tuple)):
        return [_plain(item) for item in config]
    return config


def _is_outside(key: str) -> bool:
    # every replicate brings its start values, so how they were drawn makes no family
    return key in {"name", "seed", "build_config", "compile_config"} or key.endswith("_initializer")
