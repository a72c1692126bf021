"""Keras models as data: a configuration that names only Keras's own classes, and the weights.

A model that a student built is evaluated by the examiner on a copy which the examiner built itself. So a `predict` that
somebody replaced, a layer with code of its own or a lambda have no say in it: such a model is refused.
"""

from __future__ import annotations

import json
import math
import sys
from types import ModuleType
from typing import Any

from course_pkg.grading.values import ValueRefused

__all__ = ["is_model", "model_from", "model_to"]

_MODULES = {
    "keras",
    "keras.constraints",
    "keras.dtype_policies",
    "keras.initializers",
    "keras.layers",
    "keras.losses",
    "keras.metrics",
    "keras.models",
    "keras.optimizers",
    "keras.optimizers.schedules",
    "keras.random",
    "keras.regularizers",
}
_FORBIDDEN = {
    # what runs code that a configuration brings, or wraps what others have built
    "FlaxLayer",
    "JaxLayer",
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    # what reads files that a configuration names
    "IntegerLookup",
    "StringLookup",
    "TextVectorization",
}
_BUILTINS = {"__tuple__", "__keras_tensor__", "NoneType"}
_LAB = {"course_pkg.schedules", "course_pkg.initializers"}  # what they register with Keras is the examiner's own too
_OPERATIONS = {"keras.src.ops.nn", "keras.src.ops.numpy"}  # what `x + y` and `keras.ops.relu(x)` leave in a model
_INTERNAL = {("keras.src.models.functional", "Functional"), ("keras.src.models.sequential", "Sequential")}
_LARGEST = 20_000  # units, filters, words: a configuration may not make the examiner allocate what it likes
# These may be larger: they allocate nothing, or weights only, whose true sizes are looked at.
_UNBOUNDED = {"boundaries", "build_config", "decay_steps", "first_decay_steps", "seed", "warmup_steps"}
_DEEPEST = 60
_LONGEST = 2_000_000  # characters of a configuration


def is_model(value: Any) -> bool:
    """Tell whether a value is a Keras model, without importing Keras for it."""
    return any(base.__module__.startswith("keras.") and base.__name__ == "Model" for base in type(value).__mro__)


def model_to(model: Any) -> tuple[str, list[Any]]:
    """Return a model's configuration as JSON, and its weights."""
    from keras import saving

    return json.dumps(saving.serialize_keras_object(model)), list(model.get_weights())


def model_from(configuration: str, weights: list[Any]) -> Any:
    """Build a model from what `model_to` gave, trusting nothing in it.

    Parameters
    ----------
    configuration : str
    weights : list of ndarray

    Returns
    -------
    keras.Model
        Compiled as the original was, if that needs none of the student's code; else not compiled.

    Raises
    ------
    ValueRefused
        If it names a class that is not Keras's own, asks for absurd sizes, or the weights do not fit.
    """
    from keras import saving

    try:
        config = _checked(configuration)
        _check_sizes(configuration, weights)
        model = saving.deserialize_keras_object(config, safe_mode=True)
        model.set_weights(weights)
    except ValueRefused:
        raise
    except Exception as error:  # Keras raises anything on a hostile configuration
        raise ValueRefused(f"a model that cannot be built from Keras's own layers ({type(error).__name__})") from None
    if not is_model(model):
        raise ValueRefused("a configuration that is not a model's")
    return model


def _checked(configuration: str) -> dict[str, Any]:
    """Read a configuration; how the model was compiled is kept if it needs nothing of the student's."""
    if not isinstance(configuration, str) or len(configuration) > _LONGEST:
        raise ValueRefused("a model whose configuration is no text, or too long")
    config: dict[str, Any] = json.loads(configuration)
    compiled = config.pop("compile_config", None)
    _check(config)
    return {**config, "compile_config": compiled} if compiled is not None and _allowed(compiled) else config


def _check_sizes(configuration: str, weights: list[Any]) -> None:
    """Build the model without its weights, and see whether those fit which were small enough to travel."""
    from keras import StatelessScope, saving
    from keras.src.backend.common.global_state import get_global_attribute

    config = json.loads(configuration)  # anew: Keras empties the one that it gets
    config.pop("compile_config", None)
    try:
        with StatelessScope(initialize_variables=False):  # here variables have shapes, and no values
            wanted = [tuple(weight.shape) for weight in saving.deserialize_keras_object(config, safe_mode=True).weights]
    finally:
        get_global_attribute("uninitialized_variables", []).clear()  # lest the end of Keras's next scope allocates them
    if wanted != [getattr(weight, "shape", None) for weight in weights]:
        raise ValueRefused("a model whose weights do not fit its configuration")


def _allowed(config: Any) -> bool:
    try:
        _check(config)
    except ValueRefused:
        return False
    return True


def _check(node: Any, depth: int = 0, largest: float = _LARGEST) -> None:
    if depth > _DEEPEST:
        raise ValueRefused("a model configuration nested too deep")
    if isinstance(node, dict):
        if "class_name" in node:
            _check_class(node)
        for key, value in node.items():
            _check(value, depth + 1, math.inf if key in _UNBOUNDED else largest)
    elif isinstance(node, list):
        for value in node:
            _check(value, depth + 1, largest)
    elif isinstance(node, int) and not isinstance(node, bool) and abs(node) > largest:
        raise ValueRefused(f"a model with {node:,} of something; the examiner builds none so large")


def _is_known(name: str, node: dict[str, Any]) -> bool:
    module, registered = node.get("module"), node.get("registered_name")
    if module in _LAB:
        return isinstance(registered, str) and registered.endswith(f">{name}")
    if registered not in (None, name):
        return False
    if module in (None, "builtins"):
        return name in _BUILTINS
    if module in _OPERATIONS:
        return _is_operation(module, name)
    return (module, name) in _INTERNAL or (module in _MODULES and _is_class(module, name))


def _is_class(module: str, name: str) -> bool:
    """Tell whether it is a class of Keras's that can be built: not a function there, not a name with dots."""
    import keras

    found: Any = keras
    for part in [*module.split(".")[1:], name]:
        found = vars(found).get(part) if isinstance(found, ModuleType) else None
    return isinstance(found, type) and hasattr(found, "from_config")


def _is_operation(module: str, name: str) -> bool:
    import keras

    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return isinstance(found, type) and issubclass(found, keras.Operation) and found.__module__ == module


def _check_class(node: dict[str, Any]) -> None:
    name = node["class_name"]
    if not isinstance(name, str) or name in _FORBIDDEN or not _is_known(name, node):
        raise ValueRefused(f"a model with {str(name)[:40]!r}, which is not one of Keras's own classes")
