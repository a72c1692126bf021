"""The small networks of the chapters, from a plain specification, as Keras models.

Explained in :doc:`chapters/initialization` and :doc:`chapters/dropout`.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

__all__ = ["mlp"]


def mlp(
    inputs: int | tuple[int, ...],
    units: int | Sequence[int],
    outputs: int = 1,
    *,
    activation: str | Callable[..., Any] = "relu",
    output_activation: str | Callable[..., Any] = "linear",
    initializer: Any = "glorot_uniform",
    output_initializer: Any = "glorot_uniform",
    dropout: float | Sequence[float] | None = None,
    visible_dropout: float | None = None,
    max_norm: float | None = None,
    optimizer: Any = None,
    loss: Any = None,
    metrics: Sequence[Any] = (),
    name: str = "mlp",
) -> keras.Model:
    """Build a multilayer perceptron, and compile it if a loss is given.

    Explained in :doc:`chapters/what_deep_learning_is`.

    Parameters
    ----------
    inputs : int or tuple of int
        Number of features; or the shape of one image, such as ``(28, 28)``, which is flattened first.
    units : int or sequence of int
        Width of each hidden layer. ``()`` is a linear model.
    outputs : int, default 1
        Number of output units.
    activation : str or callable, default "relu"
        Of the hidden layers.
    output_activation : str or callable, default "linear"
        Use "sigmoid" for two classes with one output, "softmax" for more classes.
    initializer : str, dict or keras.initializers.Initializer, default "glorot_uniform"
        Draws the kernels of the hidden layers. An object is copied for each layer, so that layers of
        equal shape do not start equal, unless you gave it a seed. Biases start at zero.
    output_initializer : str, dict or keras.initializers.Initializer, default "glorot_uniform"
        Draws the kernel of the output layer.
    dropout : float, sequence of float or None, default None
        Rate in [0, 1) of the dropout after each hidden layer, one for all or one each. ``None`` adds no
        dropout layer; 0.0 adds one that drops nothing, so that all rates of a sweep share one architecture.
    visible_dropout : float or None, default None
        The same for the inputs (the *visible* layer).
    max_norm : float or None, default None
        Upper bound for the norm of the weights that enter a hidden unit, kept after each update.
    optimizer : str, dict or keras.optimizers.Optimizer, default None
        ``None`` is Keras's Adam. Only together with `loss`.
    loss : str, dict or keras.losses.Loss, default None
        ``None`` returns the model uncompiled.
    metrics : sequence, default ()
        As in ``keras.Model.compile``. Only together with `loss`.
    name : str, default "mlp"

    Returns
    -------
    keras.Sequential
        Built. Layers are named ``visible_dropout``, ``hidden_1``, ``dropout_1``, …, ``output``.

    Raises
    ------
    TypeError, ValueError
        If a parameter has the wrong type or is out of range; the message names it.

    Notes
    -----
    Weights are drawn when the model is built: call ``keras.utils.set_random_seed(seed)`` just before.

    References
    ----------
    Dropout with max-norm: Srivastava et al. (2014), Journal of Machine Learning Research 15, 1929–1958.

    Examples
    --------
    A 1–2–1 network has (1 + 1)·2 + (2 + 1)·1 = 7 parameters:

    >>> mlp(1, 2).count_params()
    7

    The sonar network with dropout on its hidden layers:

    >>> model = mlp(60, (60, 30), output_activation="sigmoid", dropout=0.2, max_norm=3,
    ...             optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
    >>> [layer.name for layer in model.layers]
    ['hidden_1', 'dropout_1', 'hidden_2', 'dropout_2', 'output']
    """
    shape = _shape(inputs)
    widths = _widths(units)
    rates = _rates(dropout, len(widths))
    _check_count("outputs", outputs)
    _check_rate("visible_dropout", visible_dropout)
    if max_norm is not None and not (_is_number(max_norm) and 0 < max_norm < float("inf")):
        raise ValueError(f"max_norm must be a positive number, or None for no bound, got {max_norm!r}.")
    if loss is None and (optimizer is not None or len(metrics)):
        raise ValueError("optimizer and metrics need a loss: give one, such as loss='mse', or leave all three out.")

    import keras

    _check_activation("activation", activation)
    _check_activation("output_activation", output_activation)
    layers = [keras.Input(shape)]
    if len(shape) > 1:
        layers.append(keras.layers.Flatten(name="flatten"))
    if visible_dropout is not None:
        layers.append(keras.layers.Dropout(visible_dropout, name="visible_dropout"))
    for number, (width, rate) in enumerate(zip(widths, rates, strict=True), start=1):
        hidden = keras.layers.Dense(
            width,
            activation=activation,
            kernel_initializer=_fresh_initializer("initializer", initializer),
            kernel_constraint=None if max_norm is None else keras.constraints.MaxNorm(max_norm),
            name=f"hidden_{number}",
        )
        layers.append(hidden)
        if rate is not None:
            layers.append(keras.layers.Dropout(rate, name=f"dropout_{number}"))
    layers.append(
        keras.layers.Dense(
            outputs,
            activation=output_activation,
            kernel_initializer=_fresh_initializer("output_initializer", output_initializer),
            name="output",
        )
    )
    model = keras.Sequential(layers, name=name)  # all at once: each `add` would build the model anew
    if loss is not None:
        model.compile(optimizer=_fresh_optimizer(optimizer), loss=loss, metrics=list(metrics))
    return model


def _shape(inputs: Any) -> tuple[int, ...]:
    shape = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    if not shape:
        raise ValueError("inputs must be a number of features or the shape of one image, got an empty shape.")
    for size in shape:
        _check_count("inputs", size)
    return shape


def _widths(units: Any) -> tuple[int, ...]:
    widths = (units,) if isinstance(units, numbers.Number) else tuple(units)
    for width in widths:
        _check_count("units", width)
    return widths


def _rates(dropout: Any, layers: int) -> tuple[float | None, ...]:
    rates = (dropout,) * layers if dropout is None or _is_number(dropout) else tuple(dropout)
    if len(rates) != layers:
        raise ValueError(
            f"dropout must be one rate, or one for each of the {layers} hidden layers, got {len(rates)}: {dropout!r}."
        )
    for rate in (dropout, *rates) if _is_number(dropout) else rates:
        _check_rate("dropout", rate)
    return rates


def _check_count(parameter: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{parameter} must be a whole number, got {value!r} of type {type(value).__name__}.")
    if value < 1:
        raise ValueError(f"{parameter} must be 1 or more, got {value}.")


def _check_rate(parameter: str, value: Any) -> None:
    if value is None:
        return
    if not _is_number(value):
        raise TypeError(f"{parameter} must be a number in [0, 1), or None, got {value!r} ({type(value).__name__}).")
    if not 0 <= value < 1:
        raise ValueError(f"{parameter} is the share of units to drop: it must lie in [0, 1), got {value}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _check_activation(parameter: str, value: Any) -> None:
    import keras

    if callable(value):
        return
    helpers = {"get", "serialize", "deserialize"}
    known = sorted(key for key in vars(keras.activations) if key not in helpers and not key.startswith("_"))
    if value not in known:
        raise ValueError(f"{parameter} must be a function or one of: {', '.join(known)}; got {value!r}.")


def _fresh_initializer(parameter: str, value: Any) -> Any:
    """Copy an initializer: one object gives equal shapes the very same numbers at each call."""
    import keras

    try:
        found = keras.initializers.get(value)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{parameter} must be the name of a Keras initializer, such as 'he_normal', or an object; got {value!r}."
        ) from error
    if found is None:
        raise ValueError(f"{parameter} must name a Keras initializer, such as 'glorot_uniform'; got None.")
    return found.clone() if isinstance(found, keras.initializers.Initializer) else found


def _fresh_optimizer(optimizer: Any) -> Any:
    if optimizer is None:
        return "adam"
    if getattr(optimizer, "built", False):
        raise ValueError(
            "optimizer already belongs to another model, whose weights it keeps averages of: "
            "make a new one for each model, inside your build function."
        )
    return optimizer
