"""Configurations of Keras models that somebody has written by hand, to do harm."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_pkg.grading.models import model_from, model_to
from course_pkg.grading.values import ValueRefused


@pytest.fixture
def parts():
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_initializer=keras.initializers.HeNormal())]
    )
    model.compile("adam", "mse")
    configuration, weights = model_to(model)
    return json.loads(configuration), weights


def test_a_model_comes_back_compiled_with_its_weights(parts):
    model = model_from(json.dumps(parts[0]), parts[1])
    assert model.compiled
    np.testing.assert_array_equal(model.get_weights()[0], parts[1][0])


def test_several_outputs_noise_and_schedules_come_back():
    inputs = keras.Input((3,))
    noisy = keras.layers.GaussianNoise(0.1, seed=2**40)(keras.layers.BatchNormalization()(inputs))
    model = keras.Model(inputs, [keras.layers.Dense(2)(noisy), keras.layers.Dropout(0.5)(noisy)])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 100)), ["mse", "mae"])
    back = model_from(*model_to(model))
    assert [weight.shape for weight in back.weights] == [weight.shape for weight in model.weights]


EVIL = [
    {"class_name": "load_model", "module": "keras.models", "config": {}, "registered_name": None},
    {"class_name": "saving.load_model", "module": "keras", "config": {}, "registered_name": None},
    {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/"}, "registered_name": None},
    {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/hostname"}},
    {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"},
    {"class_name": "deserialize", "module": "keras.layers", "config": {}},
    {"class_name": "__typespec__", "module": "builtins", "spec_name": "eval", "config": []},
]


@pytest.mark.parametrize("evil", EVIL, ids=[evil["class_name"] for evil in EVIL])
@pytest.mark.parametrize("where", ["layer", "initializer", "seed", "activation"])
def test_nothing_but_keras_classes_is_looked_up(parts, evil, where):
    configuration, weights = parts
    layers = configuration["config"]["layers"]
    if where == "layer":
        layers[-1] = evil
    elif where == "activation":
        layers[-1]["config"]["activation"] = evil
    elif where == "initializer":
        layers[-1]["config"]["kernel_initializer"] = evil
    else:
        layers[-1]["config"]["kernel_initializer"]["config"]["seed"] = evil
    with pytest.raises(ValueRefused, match="not one of Keras's own"):
        model_from(json.dumps(configuration), weights)


def test_weights_must_fit_before_anything_is_allocated(parts, monkeypatch):
    configuration, weights = parts
    dense = configuration["config"]["layers"][-1]
    dense["config"]["units"] = 20_000
    wide = {**dense, "config": {**dense["config"], "name": "wide"}, "build_config": None}
    configuration["config"]["layers"].append(wide)
    draw = keras.initializers.HeNormal.__call__

    def watched(self, *args, **kwargs):
        assert not tf.executing_eagerly(), "allocated"
        return draw(self, *args, **kwargs)

    monkeypatch.setattr(keras.initializers.HeNormal, "__call__", watched)
    with pytest.raises(ValueRefused, match="do not fit"):
        model_from(json.dumps(configuration), weights)
    with keras.StatelessScope():  # nor by what Keras does next
        pass


@pytest.mark.parametrize(
    "layers",
    [
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(), keras.layers.Flatten()],
        [keras.Input((8,)), keras.layers.Embedding(30, 4), keras.layers.Bidirectional(keras.layers.LSTM(3))],
        [keras.Input((2,)), keras.layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 4.0])],
        [keras.Input((5, 4)), keras.layers.TimeDistributed(keras.layers.Dense(2)), keras.layers.GRU(3)],
    ],
    ids=["images", "words", "normalized", "sequences"],
)
def test_layers_of_all_kinds_come_back(layers):
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    back = model_from(*model_to(model))
    inputs = np.arange(3 * np.prod(model.input_shape[1:])).reshape(3, *model.input_shape[1:]) % 20
    np.testing.assert_allclose(back(inputs), model(inputs), rtol=1e-6)


@pytest.mark.parametrize(
    "configuration", ["", "3", "[" * 100_000, '{"a": ' * 20_000 + "1" + "}" * 20_000, " " * 3_000_000]
)
def test_what_is_no_configuration_is_refused(configuration):
    with pytest.raises(ValueRefused):
        model_from(configuration, [])


def test_what_honest_models_contain_is_not_too_large_or_too_strange():
    image = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, padding="same"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    inputs = keras.Input((8,))
    residual = keras.Model(inputs, keras.ops.relu(inputs + keras.layers.Dense(8)(inputs)))
    slow = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    slow.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 100_000, 0.9)), "mse")
    for model in (image, residual, slow):
        back = model_from(*model_to(model))
        x = np.random.default_rng(1).normal(size=(2, *model.input_shape[1:]))
        np.testing.assert_array_equal(back(x), model(x))
        assert back.compiled == model.compiled


@pytest.mark.parametrize("module", ["keras.src.ops.core", "keras.src.ops.numpy", "keras.src.ops.nn"])
def test_no_function_passes_for_an_operation(parts, module):
    configuration, weights = parts
    for name in ("Map", "While", "np", "Operation", "KerasTensor"):
        configuration["config"]["layers"][-1] = {"class_name": name, "module": module, "config": {}}
        with pytest.raises(ValueRefused):
            model_from(json.dumps(configuration), weights)
