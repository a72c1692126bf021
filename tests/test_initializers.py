"""Initial weights against closed forms, against what Keras really draws, and against automatic differentiation."""

from __future__ import annotations

import tracemalloc

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import course_pkg.seeds
from course_pkg.initializers import (
    ACTIVATIONS,
    RULES,
    bounds,
    distribution,
    draw,
    keras_distribution,
    keras_initializers,
    layer_defaults,
    signal_through_depth,
    std,
    truncated_normal,
)

checked = settings(deadline=None, max_examples=50)
fans = st.integers(1, 5000)

# rule -> (half width of the interval, or None if normal; standard deviation), straight from the course's table
CLOSED = {
    "small_uniform": lambda n, m: (0.3, 0.6 / 12**0.5),
    "wide_uniform": lambda n, m: (1, 2 / 12**0.5),
    "xavier": lambda n, m: (n**-0.5, (3 * n) ** -0.5),
    "normalized_xavier": lambda n, m: (6**0.5 / (n + m) ** 0.5, (2 / (n + m)) ** 0.5),
    "lecun": lambda n, m: (None, n**-0.5),
    "he": lambda n, m: (None, (2 / n) ** 0.5),
}


@checked
@given(st.sampled_from(sorted(CLOSED)), fans, fans)
def test_bounds_and_std_are_the_formulae(rule, n, m):
    half, spread = CLOSED[rule](n, m)
    low, high = bounds(rule, n, m)
    assert (low, high) == pytest.approx((-np.inf, np.inf) if half is None else (-half, half))
    assert std(rule, n, m) == pytest.approx(spread)
    assert distribution(rule, n, m).mean() == pytest.approx(0, abs=1e-12)


def test_unit_uniform_is_the_one_rule_that_is_not_centred():
    assert bounds("unit_uniform", 1) == (0, 1)
    assert std("unit_uniform", 1) == pytest.approx(12**-0.5)
    assert set(RULES) == {*CLOSED, "unit_uniform"}


def test_the_published_figures():
    assert bounds("xavier", 10)[1] == pytest.approx(0.3162, abs=5e-5)
    assert bounds("normalized_xavier", 10, 20)[1] == pytest.approx(0.4472, abs=5e-5)
    assert std("he", 10) == pytest.approx(0.4472, abs=5e-5)
    # published from 1,000 draws: 0.178 and 0.258; the standard error of such a figure is under 0.004
    assert std("xavier", 10) == pytest.approx(0.178, abs=0.008)
    assert std("normalized_xavier", 10, 20) == pytest.approx(0.258, abs=0.008)


@checked
@given(st.sampled_from(RULES), fans, fans, st.integers(0, 2**32 - 1))
def test_draws_have_the_bounds_and_the_moments(rule, n, m, seed):
    weights = draw(rule, (40, 50), np.random.default_rng(seed), fan_in=n, fan_out=m)
    law = distribution(rule, n, m)
    low, high = bounds(rule, n, m)
    assert weights.shape == (40, 50)
    assert weights.dtype == "float64"
    assert low <= weights.min() <= weights.max() <= high
    # six standard errors: of the mean, and of the standard deviation (at most 1 / sqrt(2 n) of it, for the normal)
    assert abs(weights.mean() - law.mean()) < 6 * law.std() / 2000**0.5
    assert abs(weights.std() / law.std() - 1) < 6 / 4000**0.5


def test_draws_come_from_the_generator_alone():
    np.random.seed(1)
    first = draw("he", 5, np.random.default_rng(3), fan_in=10)
    np.random.seed(2)
    np.testing.assert_array_equal(first, draw("he", 5, np.random.default_rng(3), fan_in=10))


# what Keras draws


@pytest.mark.parametrize("identifier", keras_initializers()["identifier"])
def test_the_distribution_is_what_keras_really_draws(identifier):
    n, m = 300, 700
    initializer = getattr(keras.initializers, identifier)()
    law = keras_distribution(initializer, n, m)
    if law is None:
        assert identifier in {"constant", "identity", "ones", "orthogonal", "stft", "zeros"}
        return
    weights = np.asarray(initializer((n, m)))
    low, high = law.support()
    assert low * (1 + 1e-6) <= weights.min()
    assert weights.max() <= high * (1 + 1e-6)
    assert np.isinf(high) or weights.max() == pytest.approx(high, rel=0.01)
    assert weights.std() == pytest.approx(law.std(), rel=6 / (2 * n * m) ** 0.5)


def test_truncation_shrinks_the_standard_deviation_and_keras_corrects_it_in_some():
    assert truncated_normal(1).std() == pytest.approx(0.87962566103423978)  # the constant in Keras's source
    assert keras_distribution(keras.initializers.TruncatedNormal(stddev=1.0), 5, 5).std() == pytest.approx(
        0.8796, abs=5e-5
    )
    assert keras_distribution("he_normal", 10, 1).std() == pytest.approx(std("he", 10))
    assert keras_distribution("glorot_uniform", 10, 20).support() == pytest.approx(bounds("normalized_xavier", 10, 20))
    mode = keras.initializers.VarianceScaling(scale=3.0, mode="fan_out", distribution="untruncated_normal")
    assert keras_distribution(mode, 10, 12).std() == pytest.approx(0.5)


def test_the_table_of_initializers_is_complete():
    table = keras_initializers(10, 20).set_index("initializer")
    public = {item.__name__ for item in vars(keras.initializers).values() if isinstance(item, type)}
    assert set(table.index) == public - {"Initializer"}
    for row in table.itertuples():
        assert getattr(keras.initializers, row.identifier).__name__ == row.Index
        if row.identifier != "constant":
            assert type(keras.initializers.get(row.identifier)).__name__ == row.Index
    assert table.loc["GlorotUniform", "high"] == pytest.approx((6 / 30) ** 0.5)
    assert table.loc["RandomNormal", "arguments"] == "mean=0.0, stddev=0.05"
    assert table.loc["Orthogonal", ["low", "high", "std"]].isna().all()


def test_the_table_of_layers_says_what_layers_do():
    table = layer_defaults()
    layers = {
        "Dense": keras.layers.Dense(1),
        "Conv2D": keras.layers.Conv2D(1, 1),
        "LSTM": keras.layers.LSTM(1),
        "Embedding": keras.layers.Embedding(2, 1),
        "BatchNormalization": keras.layers.BatchNormalization(),
    }
    for name, layer in layers.items():
        config = layer.get_config()
        listed = table[table["layer"] == name].set_index("weight")["initializer"]
        assert len(listed) == sum(key.endswith("_initializer") for key in config)
        for weight, initializer in listed.items():
            assert config[f"{weight}_initializer"]["class_name"] == initializer
    assert not table.duplicated(["layer", "weight"]).any()
    assert not table["layer"].str.startswith("Convolution").any()


# signal through depth


def reference(rule, activation, depth, width, samples, seed):
    """The same network in Keras's own functions, differentiated by TensorFlow."""
    child_seed = course_pkg.seeds.child_seed
    rng = np.random.default_rng(child_seed(seed, f"weights of {rule}"))
    weights = draw(rule, (depth, width, width), rng, fan_in=width, fan_out=width)
    signal = tf.constant(np.random.default_rng(child_seed(seed, "inputs")).standard_normal((samples, width)))
    back = np.random.default_rng(child_seed(seed, "gradients")).standard_normal((samples, width))
    outputs = []
    with tf.GradientTape() as tape:
        tape.watch(signal)
        for matrix in weights:
            signal = keras.activations.get(activation)(signal @ matrix)
            outputs.append(signal)
        loss = tf.reduce_sum(signal * back)
    return [np.var(out) for out in outputs], [np.var(gradient) for gradient in tape.gradient(loss, outputs)]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_variances_are_those_of_automatic_differentiation(activation):
    functions = dict.fromkeys(["tanh", activation])
    frame = signal_through_depth(["he", "xavier"], functions, depth=[3, 7, 1], width=9, samples=5, seeds=[4, 11])
    for keys, rows in frame[frame["activation"] == activation].groupby(["initializer", "seed", "depth"]):
        rule, seed, depth = keys
        forward, backward = reference(rule, activation, depth, 9, 5, seed)
        assert rows["layer"].tolist() == list(range(1, depth + 1))
        np.testing.assert_allclose(rows["activation_variance"], forward, rtol=1e-6)
        np.testing.assert_allclose(rows["gradient_variance"], backward, rtol=1e-6)


def test_each_network_is_measured_once():
    frame = signal_through_depth(["he", "lecun"], ["relu", "selu"], depth=[2, 5], width=4, samples=3, seeds=[7, 3])
    assert len(frame) == 2 * 2 * 2 * (2 + 5)
    assert not frame.duplicated(["initializer", "activation", "seed", "depth", "layer"]).any()
    assert frame.notna().all(axis=None)


def test_a_network_does_not_depend_on_what_is_measured_beside_it():
    settings = {"width": 8, "samples": 6}
    many = signal_through_depth(depth=[4, 9], seeds=3, **settings)
    np.testing.assert_array_equal(many, signal_through_depth(depth=[9, 4], seeds=3, memory_limit=1, **settings))
    alone = signal_through_depth(["he"], ["relu"], depth=4, seeds=[2], **settings)
    same = many.query("initializer == 'he' and activation == 'relu' and depth == 4 and seed == 2")
    pd.testing.assert_frame_equal(alone, same.reset_index(drop=True))


def test_uncentred_xavier_loses_two_thirds_of_the_variance_in_each_linear_layer():
    frame = signal_through_depth(["xavier", "lecun"], ["linear"], depth=20, seeds=20)
    mean = np.log(frame.set_index(["initializer", "seed", "layer"])["activation_variance"]).groupby(
        ["initializer", "layer"]
    )
    lost = mean.mean().unstack("initializer").diff().mean()
    assert lost["xavier"] == pytest.approx(-np.log(3), abs=0.05)
    assert lost["lecun"] == pytest.approx(0, abs=0.05)


def test_he_keeps_relu_alive_where_xavier_does_not():
    frame = signal_through_depth(["he", "normalized_xavier"], ["relu"], depth=50)
    first, last = (frame[frame["layer"] == layer].set_index(["initializer", "seed"]) for layer in (1, 50))
    kept = (last["activation_variance"] / first["activation_variance"]).groupby("initializer").median()
    returned = (first["gradient_variance"] / last["gradient_variance"]).groupby("initializer").median()
    assert kept["he"] > 0.01 < returned["he"]
    assert kept["normalized_xavier"] < 1e-12 > returned["normalized_xavier"]


def test_a_variance_too_large_for_float64_is_infinite_and_not_an_error():
    frame = signal_through_depth(["unit_uniform"], ["linear"], depth=120, width=100, samples=2, seeds=1)
    assert np.isinf(frame["activation_variance"]).any()


def test_memory_stays_near_the_limit():
    limit = 20e6
    tracemalloc.start()
    frame = signal_through_depth(["he"], ["relu", "tanh"], depth=50, width=50, samples=50, seeds=40, memory_limit=limit)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < limit + 2 * frame.memory_usage(deep=True).sum()
    everything_at_once = 8 * 40 * 50 * 50 * 50 * 3  # 40 seeds, 50 layers: weights and two activations' slopes
    assert peak < everything_at_once / 2


# at the door

RNG = np.random.default_rng(0)
WRONG = [
    (lambda: distribution("glorot", 3), ValueError, "rule must be one of small_uniform, .*, got 'glorot'"),
    (lambda: bounds("xavier", 0), ValueError, "fan_in must be 1 or more, got 0"),
    (lambda: std("he", 2.0), TypeError, r"fan_in must be an integer, got 2\.0"),
    (lambda: std("normalized_xavier", 2), ValueError, "'normalized_xavier' needs fan_out"),
    (lambda: std("normalized_xavier", 2, -1), ValueError, "fan_out must be 1 or more, got -1"),
    (lambda: draw("he", 3, 0, fan_in=2), TypeError, "rng must be a numpy.random.Generator, got 0"),
    (lambda: truncated_normal(0), ValueError, "stddev must be above 0 and finite, got 0"),
    (lambda: keras_initializers(0, 1), ValueError, "fan_in must be 1 or more, got 0"),
    (lambda: signal_through_depth("he"), TypeError, "initializers must be a list of names, got the string 'he'"),
    (lambda: signal_through_depth(["glorot"]), ValueError, "initializers must be among .*, got 'glorot'"),
    (lambda: signal_through_depth(["he", "he"]), ValueError, "initializers must be one or more different names"),
    (lambda: signal_through_depth(["he"], []), ValueError, "activations must be one or more different names"),
    (lambda: signal_through_depth(["he"], ["gelu"]), ValueError, "activations must be among .*, got 'gelu'"),
    (lambda: signal_through_depth(depth=0), ValueError, "depth must be 1 or more, got 0"),
    (lambda: signal_through_depth(depth=[]), ValueError, "depth must be a number of layers or a sequence"),
    (lambda: signal_through_depth(width=1), ValueError, "width must be 2 or more, got 1"),
    (lambda: signal_through_depth(samples=1), ValueError, "samples must be 2 or more, got 1"),
    (lambda: signal_through_depth(seeds=0), ValueError, "seeds must not be empty"),
    (lambda: signal_through_depth(seeds=[-1]), ValueError, "seed must lie between 0 and"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_wrong_parameters_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
