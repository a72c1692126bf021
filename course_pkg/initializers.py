"""Random initial weights: the plain formulae, what Keras offers, and how far a signal gets through many layers.

A layer's weights form an array of shape (fan_in, fan_out): `fan_in` inputs to each unit, called n in the formulae,
and `fan_out` units, called m.

Explained in :doc:`chapters/initialization`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from course_pkg.seeds import child_seed

if TYPE_CHECKING:
    from scipy.stats.distributions import rv_frozen

__all__ = [
    "ACTIVATIONS",
    "RULES",
    "bounds",
    "distribution",
    "draw",
    "keras_distribution",
    "keras_initializers",
    "layer_defaults",
    "signal_through_depth",
    "std",
    "truncated_normal",
]

FloatArray = npt.NDArray[np.float64]

_FORMULAE: dict[str, Callable[[int, int], rv_frozen]] = {
    "small_uniform": lambda n, m: _uniform(-0.3, 0.3),
    "unit_uniform": lambda n, m: _uniform(0, 1),
    "wide_uniform": lambda n, m: _uniform(-1, 1),
    "xavier": lambda n, m: _uniform(-1 / math.sqrt(n), 1 / math.sqrt(n)),
    "normalized_xavier": lambda n, m: _uniform(-math.sqrt(6 / (n + m)), math.sqrt(6 / (n + m))),
    "lecun": lambda n, m: stats.norm(0, math.sqrt(1 / n)),
    "he": lambda n, m: stats.norm(0, math.sqrt(2 / n)),
}

RULES = tuple(_FORMULAE)
"""Names of the rules that :func:`distribution` knows."""

_USES_FAN_OUT = {"normalized_xavier"}


def distribution(rule: str, fan_in: int, fan_out: int | None = None) -> rv_frozen:
    """Return the distribution from which a rule draws each weight.

    ===================== ========================================================
    `rule`                weights, with n = `fan_in` and m = `fan_out`
    ===================== ========================================================
    ``small_uniform``     uniform on [-0.3, 0.3]
    ``unit_uniform``      uniform on [0, 1]
    ``wide_uniform``      uniform on [-1, 1]
    ``xavier``            uniform on [-1/√n, 1/√n]
    ``normalized_xavier`` uniform on [-√6/√(n+m), √6/√(n+m)]; Glorot's
    ``lecun``             normal, mean 0, standard deviation √(1/n)
    ``he``                normal, mean 0, standard deviation √(2/n)
    ===================== ========================================================

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    fan_in : int
        Inputs to each unit, at least 1.
    fan_out : int, optional
        Units of the layer, at least 1. Only ``normalized_xavier`` needs it.

    Returns
    -------
    scipy.stats frozen distribution
        With methods ``support()``, ``std()``, ``pdf(x)``, ``rvs(size, random_state)`` …

    Raises
    ------
    TypeError, ValueError
        If there is no such rule, a fan is no integer or below 1, or `fan_out` is missing where it is needed.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010
    (``xavier`` is its equation 1, ``normalized_xavier`` its equation 16).
    K. He et al., "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.
    Y. LeCun et al., "Efficient backprop", 1998, section 4.6.

    Examples
    --------
    >>> print(f"{distribution('he', fan_in=10).std():.4f}")
    0.4472
    """
    if rule not in _FORMULAE:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}.")
    if fan_out is None and rule in _USES_FAN_OUT:
        raise ValueError(f"The rule {rule!r} needs fan_out, the number of units of the layer, got None.")
    return _FORMULAE[rule](_count("fan_in", fan_in), _count("fan_out", 1 if fan_out is None else fan_out))


def bounds(rule: str, fan_in: int, fan_out: int | None = None) -> tuple[float, float]:
    """Return the interval in which a rule's weights lie; infinite for normal ones.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    fan_in : int
        Inputs to each unit, at least 1.
    fan_out : int, optional
        Units of the layer, at least 1. Only ``normalized_xavier`` needs it.

    Returns
    -------
    (float, float)

    Raises
    ------
    TypeError, ValueError
        As :func:`distribution`.

    Examples
    --------
    >>> low, high = bounds("normalized_xavier", fan_in=10, fan_out=20)
    >>> print(f"{low:.4f} {high:.4f}")
    -0.4472 0.4472
    """
    low, high = distribution(rule, fan_in, fan_out).support()
    return float(low), float(high)


def std(rule: str, fan_in: int, fan_out: int | None = None) -> float:
    """Return the standard deviation of a rule's weights.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    fan_in : int
        Inputs to each unit, at least 1.
    fan_out : int, optional
        Units of the layer, at least 1. Only ``normalized_xavier`` needs it.

    Returns
    -------
    float
        Of a uniform rule, its width divided by √12.

    Raises
    ------
    TypeError, ValueError
        As :func:`distribution`.

    Examples
    --------
    >>> print(f"{std('xavier', fan_in=10):.4f}")
    0.1826
    """
    return float(distribution(rule, fan_in, fan_out).std())


def draw(
    rule: str,
    size: int | tuple[int, ...],
    rng: np.random.Generator,
    *,
    fan_in: int,
    fan_out: int | None = None,
) -> FloatArray:
    """Draw weights by a rule.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    size : int or tuple of int
        How many, or the shape of the array: ``(fan_in, fan_out)`` for a layer.
    rng : numpy.random.Generator
        The only source of randomness.
    fan_in, fan_out : int
        As for :func:`distribution`.

    Returns
    -------
    ndarray of float64, of shape `size`

    Raises
    ------
    TypeError, ValueError
        If `rng` is no generator; or as :func:`distribution`.

    Examples
    --------
    >>> weights = draw("xavier", (10, 20), np.random.default_rng(1), fan_in=10, fan_out=20)
    >>> weights.shape, bool(abs(weights).max() < 10**-0.5)
    ((10, 20), True)
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}. Pass numpy.random.default_rng(seed).")
    return np.asarray(distribution(rule, fan_in, fan_out).rvs(size=size, random_state=rng), dtype=np.float64)


def truncated_normal(stddev: float, mean: float = 0.0) -> rv_frozen:
    """Return the normal distribution that Keras really draws from: what lies beyond two `stddev` is drawn again.

    Cutting the tails makes the standard deviation smaller than `stddev`, by the factor 0.8796. Keras's
    ``TruncatedNormal`` leaves it so; ``GlorotNormal``, ``HeNormal`` and ``LecunNormal`` divide by that factor first.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    stddev : float
        Of the normal distribution before it is cut, above 0.
    mean : float, default 0.0

    Returns
    -------
    scipy.stats frozen distribution

    Raises
    ------
    ValueError
        If `stddev` is not above 0 or not finite.

    Examples
    --------
    >>> print(f"{truncated_normal(0.05).std():.4f}")
    0.0440
    """
    if not (stddev > 0 and math.isfinite(stddev)):
        raise ValueError(f"stddev must be above 0 and finite, got {stddev}.")
    return stats.truncnorm(-2, 2, loc=mean, scale=stddev)


def keras_distribution(initializer: Any, fan_in: int, fan_out: int) -> rv_frozen | None:
    """Return the distribution of each weight that a Keras initializer draws, its truncation included.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    initializer : str, dict or keras.initializers.Initializer
        Whatever ``keras.initializers.get`` takes, such as ``"glorot_uniform"``.
    fan_in, fan_out : int
        Of a dense layer, at least 1.

    Returns
    -------
    scipy.stats frozen distribution, or None
        None if the weights are not drawn one by one (constants, ``Identity``, ``Orthogonal`` …).

    Raises
    ------
    TypeError, ValueError
        If a fan is no integer or below 1, or Keras knows no such initializer.

    Examples
    --------
    >>> print(f"{keras_distribution('truncated_normal', 10, 20).std():.4f}")
    0.0440
    >>> print(f"{keras_distribution('glorot_normal', 10, 20).std():.4f}")  # √(2/30)
    0.2582
    """
    import keras

    n, m = _count("fan_in", fan_in), _count("fan_out", fan_out)
    found = keras.initializers.get(initializer)
    if isinstance(found, keras.initializers.VarianceScaling):
        fan = {"fan_in": n, "fan_out": m, "fan_avg": (n + m) / 2}[found.mode]
        return _scaled(found.distribution, math.sqrt(found.scale / fan))
    if isinstance(found, keras.initializers.TruncatedNormal):
        return truncated_normal(found.stddev, found.mean)
    if isinstance(found, keras.initializers.RandomNormal):
        return stats.norm(found.mean, found.stddev)
    if isinstance(found, keras.initializers.RandomUniform):
        return _uniform(found.minval, found.maxval)
    return None


def keras_initializers(fan_in: int = 100, fan_out: int = 100) -> pd.DataFrame:
    """List the initializers of the installed Keras, and what they draw for one dense layer.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    fan_in, fan_out : int, default 100
        The layer, each at least 1.

    Returns
    -------
    DataFrame
        One row for each initializer, in the order of the alphabet, with columns ``initializer`` (the class),
        ``identifier`` (its other name there, and the string that layers take; only ``"constant"`` they refuse),
        ``arguments`` (other than the seed, with their defaults), and of each weight ``low``, ``high`` and ``std``: the
        bounds and the standard deviation. These are NaN where weights are not drawn one by one.

    Raises
    ------
    TypeError, ValueError
        If a fan is no integer or below 1.

    Examples
    --------
    >>> table = keras_initializers(fan_in=10, fan_out=20).set_index("initializer")
    >>> table.loc["HeNormal", ["low", "high", "std"]].astype(float).round(4).to_dict()
    {'low': -1.0168, 'high': 1.0168, 'std': 0.4472}
    >>> table.loc["RandomUniform", "arguments"]
    'minval=-0.05, maxval=0.05'
    """
    import keras

    n, m = _count("fan_in", fan_in), _count("fan_out", fan_out)
    public = {item for item in vars(keras.initializers).values() if isinstance(item, type)}
    rows = []
    for kind in sorted(public - {keras.initializers.Initializer}, key=lambda kind: kind.__name__):
        weights = keras_distribution(kind(), n, m)
        low, high, spread = (*weights.support(), weights.std()) if weights else (math.nan,) * 3
        rows.append((kind.__name__, _identifier(kind), _arguments(kind()), float(low), float(high), float(spread)))
    return pd.DataFrame(rows, columns=["initializer", "identifier", "arguments", "low", "high", "std"])


def layer_defaults() -> pd.DataFrame:
    """List which initializer each layer of the installed Keras uses unless told otherwise.

    One thing it cannot show: LSTM layers set the part of the bias that belongs to the forget gate to 1
    (``unit_forget_bias=True``).

    Explained in :doc:`chapters/initialization`.

    Returns
    -------
    DataFrame
        One row for each layer and kind of weight, with columns ``layer``, ``weight`` (``kernel``, ``recurrent``,
        ``bias`` …) and ``initializer`` (the class).

    Examples
    --------
    >>> table = layer_defaults()
    >>> table[table["layer"] == "LSTM"].to_string(index=False, header=False).split("\\n")
    ['LSTM    kernel GlorotUniform', 'LSTM recurrent    Orthogonal', 'LSTM      bias         Zeros']
    """
    import inspect

    import keras

    # Conv2D is also called Convolution2D there: one name for each class, its own if it is public
    names = {layer: name for name, layer in sorted(vars(keras.layers).items()) if _is_layer(layer)}
    names.update({layer: layer.__name__ for layer in names if hasattr(keras.layers, layer.__name__)})
    rows = [
        (name, parameter.removesuffix("_initializer"), type(keras.initializers.get(details.default)).__name__)
        for layer, name in sorted(names.items(), key=lambda item: item[1])
        for parameter, details in inspect.signature(layer).parameters.items()
        if parameter.endswith("_initializer") and details.default is not None
    ]
    return pd.DataFrame(rows, columns=["layer", "weight", "initializer"])


def signal_through_depth(
    initializers: Iterable[str] = RULES,
    activations: Iterable[str] = ("linear", "sigmoid", "tanh", "relu", "selu"),
    *,
    depth: int | Sequence[int] = 50,
    width: int = 100,
    samples: int = 64,
    seeds: int | Sequence[int] = 10,
    memory_limit: float = 64e6,
) -> pd.DataFrame:
    """Measure how activations and gradients grow or vanish through the layers of untrained dense networks.

    For each seed, initializer and activation, standard normal inputs go forward through `depth` layers of `width`
    units without biases, and a standard normal gradient of the loss comes back from the last layer's outputs.

    Explained in :doc:`chapters/initialization`.

    Parameters
    ----------
    initializers : iterable of str, default all
        From ``RULES``, with ``fan_in = fan_out = width``.
    activations : iterable of str
        From ``ACTIVATIONS``; defined as in Keras, with its default parameters.
    depth : int or sequence of int, default 50
        Number of layers, at least 1. A sequence measures one network for each depth; the shorter ones are the first
        layers of the longest.
    width, samples : int, default 100 and 64
        Units in each layer and rows of input, at least 2 each.
    seeds : int or sequence of int, default 10
        A number R means seeds 0 … R-1.
    memory_limit : float, default 64e6
        Bytes that the arrays may take. Networks are computed in chunks that fit; a single network that does not fit
        is computed nevertheless. The results do not depend on it.

    Returns
    -------
    DataFrame
        One row for each network and layer, with columns ``initializer``, ``activation``, ``seed``, ``depth``,
        ``layer`` (1 is the first), ``activation_variance`` (of the layer's outputs) and ``gradient_variance`` (of the
        loss's gradient with respect to these outputs: about 1 in the last layer), both over samples and units.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a number is out of range, or there is nothing to measure.

    Notes
    -----
    Everything is computed in float64, so that a variance may grow to 1e308 before it becomes infinite; float32
    networks fail earlier. The weights of seed s are the same for each activation and depth, and depend on nothing
    that is measured beside them: all layers together are drawn as ``draw(rule, (depth, width, width), rng, …)`` with
    ``rng = numpy.random.default_rng(child_seed(s, f"weights of {rule}"))``; the inputs and the gradients that come
    back come from generators seeded with ``child_seed(s, "inputs")`` and ``child_seed(s, "gradients")``.

    Examples
    --------
    >>> frame = signal_through_depth(["xavier", "he"], ["relu"], depth=20, width=64, seeds=3)
    >>> last = frame[frame["layer"] == 20].groupby("initializer")["activation_variance"].mean()
    >>> bool(last["he"] > 0.1), bool(last["xavier"] < 1e-12)
    (True, True)
    """
    networks = [(seed, rule) for seed in _seeds(seeds) for rule in _known("initializers", initializers, RULES)]
    functions = _known("activations", activations, ACTIVATIONS)
    depths = _depths(depth)
    width, samples = _count("width", width, least=2), _count("samples", samples, least=2)
    if not networks:
        raise ValueError("seeds must not be empty: give a number of seeds, or a sequence of them.")

    network_bytes = 8 * width * (depths[-1] * width + samples * len(functions) * (depths[-1] + 4 * len(depths)))
    size = max(1, int(memory_limit // network_bytes))
    chunks = (networks[start : start + size] for start in range(0, len(networks), size))
    measured = [_measure(chunk, functions, depths, width, samples) for chunk in chunks]
    forward, backward = (np.concatenate(parts) for parts in zip(*measured, strict=True))
    frames = [_frame(networks, functions, d, forward, backward[:, :, k]) for k, d in enumerate(depths)]
    return pd.concat(frames, ignore_index=True)


# Activations: value and derivative at z


def _linear(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    return z, np.ones_like(z)


def _sigmoid(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    value = special.expit(z)
    return value, value * (1 - value)


def _tanh(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    value = np.tanh(z)
    return value, 1 - value**2


def _relu(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.maximum(z, 0), np.where(z > 0, 1.0, 0.0)


def _leaky_relu(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    slope = np.where(z > 0, 1.0, 0.2)
    return slope * z, slope


def _elu(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    below = np.expm1(np.minimum(z, 0))
    return np.where(z > 0, z, below), np.where(z > 0, 1.0, below + 1)


def _selu(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    alpha, scale = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017, arXiv:1706.02515
    below = alpha * np.expm1(np.minimum(z, 0))
    return scale * np.where(z > 0, z, below), scale * np.where(z > 0, 1.0, below + alpha)


_FUNCTIONS = {
    "linear": _linear,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
}

ACTIVATIONS = tuple(_FUNCTIONS)
"""Names of the activations that :func:`signal_through_depth` knows."""


def _measure(
    networks: list[tuple[int, str]], activations: list[str], depths: list[int], width: int, samples: int
) -> tuple[FloatArray, FloatArray]:
    """Return the variances of outputs (network, activation, layer) and of gradients (…, depth, layer)."""
    weights = np.stack([_weights(seed, rule, depths[-1], width) for seed, rule in networks])
    inputs = np.stack([_normal(seed, "inputs", samples, width) for seed, _ in networks])
    gradients = np.stack([_normal(seed, "gradients", samples, width) for seed, _ in networks])
    with np.errstate(over="ignore", invalid="ignore"):  # infinity is the answer then
        variances, slopes = _forward(weights, inputs, activations)
        return variances, _backward(weights, gradients, slopes, depths)


def _frame(
    networks: list[tuple[int, str]], activations: list[str], depth: int, forward: FloatArray, backward: FloatArray
) -> pd.DataFrame:
    """Lay the variances of all networks of one depth out in rows."""
    seeds, rules = zip(*networks, strict=True)
    each = len(activations) * depth
    return pd.DataFrame(
        {
            "initializer": np.repeat(rules, each),
            "activation": np.tile(np.repeat(activations, depth), len(networks)),
            "seed": np.repeat(seeds, each),
            "depth": depth,
            "layer": np.tile(np.arange(1, depth + 1), len(networks) * len(activations)),
            "activation_variance": forward[..., :depth].ravel(),
            "gradient_variance": backward[..., :depth].ravel(),
        }
    )


def _forward(weights: FloatArray, inputs: FloatArray, activations: list[str]) -> tuple[FloatArray, list[FloatArray]]:
    """Return the variance of each layer's outputs (network, activation, layer), and its activation's slopes."""
    signal = np.repeat(inputs[:, None], len(activations), axis=1)
    variances, slopes = [], []
    for layer in range(weights.shape[1]):
        signal = _times(signal, weights[:, layer])
        slope = np.empty_like(signal)
        for place, name in enumerate(activations):
            signal[:, place], slope[:, place] = _FUNCTIONS[name](signal[:, place])
        variances.append(signal.var(axis=(-2, -1)))
        slopes.append(slope)
    return np.stack(variances, axis=-1), slopes


def _backward(weights: FloatArray, gradients: FloatArray, slopes: list[FloatArray], depths: list[int]) -> FloatArray:
    """Return the variance of the gradient at each layer's outputs (network, activation, depth, layer)."""
    networks, activations, samples, width = slopes[0].shape
    variances = np.full((networks, activations, len(depths), len(slopes)), np.nan)
    # the shorter networks join on the way back, each where it ends
    arriving = np.empty((networks, activations, 0, samples, width))
    for layer in range(len(slopes), 0, -1):
        if layer in depths:
            start = np.broadcast_to(gradients[:, None, None], (networks, activations, 1, samples, width))
            arriving = np.concatenate([start, arriving], axis=2)
        variances[:, :, len(depths) - arriving.shape[2] :, layer - 1] = arriving.var(axis=(-2, -1))
        arriving = _times(arriving * slopes[layer - 1][:, :, None], weights[:, layer - 1].swapaxes(-2, -1))
    return variances


def _times(signal: FloatArray, matrices: FloatArray) -> FloatArray:
    """Multiply all rows of each network by its matrix, in one product for each network."""
    networks, width = len(signal), signal.shape[-1]
    product: FloatArray = np.matmul(signal.reshape(networks, -1, width), matrices)
    return product.reshape(signal.shape)


def _weights(seed: int, rule: str, depth: int, width: int) -> FloatArray:
    rng = np.random.default_rng(child_seed(seed, f"weights of {rule}"))
    return draw(rule, (depth, width, width), rng, fan_in=width, fan_out=width)


def _normal(seed: int, name: str, samples: int, width: int) -> FloatArray:
    return np.random.default_rng(child_seed(seed, name)).standard_normal((samples, width))


def _uniform(low: float, high: float) -> rv_frozen:
    return stats.uniform(low, high - low)


def _scaled(kind: str, spread: float) -> rv_frozen:
    """Return Keras's distribution of that kind with standard deviation `spread`."""
    if kind == "uniform":
        return _uniform(-math.sqrt(3) * spread, math.sqrt(3) * spread)
    if kind == "untruncated_normal":
        return stats.norm(0, spread)
    return truncated_normal(spread / float(truncated_normal(1).std()))


def _is_layer(item: Any) -> bool:
    import keras

    return isinstance(item, type) and issubclass(item, keras.layers.Layer)


def _identifier(kind: type) -> str:
    """Return the lower-case name that Keras gives an initializer."""
    import keras

    aliases = [name for name, item in vars(keras.initializers).items() if item is kind and name.islower()]
    return min(aliases, default=kind.__name__)


def _arguments(initializer: Any) -> str:
    config = initializer.get_config()
    return ", ".join(f"{name}={value!r}" for name, value in config.items() if name != "seed" and value is not None)


def _known(parameter: str, names: Iterable[str], allowed: Sequence[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError(f"{parameter} must be a list of names, got the string {names!r}. Write [{names!r}].")
    wanted = list(names)
    for name in wanted:
        if name not in allowed:
            raise ValueError(f"{parameter} must be among {', '.join(allowed)}, got {name!r}.")
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"{parameter} must be one or more different names, got {wanted}.")
    return wanted


def _seeds(seeds: int | Sequence[int]) -> list[int]:
    return list(range(seeds)) if isinstance(seeds, int) else list(seeds)


def _depths(depth: int | Sequence[int]) -> list[int]:
    wanted = [depth] if isinstance(depth, (int, np.integer)) else list(depth)
    if not wanted:
        raise ValueError("depth must be a number of layers or a sequence of such numbers, got an empty one.")
    return sorted({_count("depth", layers) for layers in wanted})


def _count(name: str, value: Any, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}.")
    if value < least:
        raise ValueError(f"{name} must be {least} or more, got {value}.")
    return int(value)
