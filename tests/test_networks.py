import course_pkg  # noqa: F401  (first: it sets the environment that NumPy and TensorFlow load with)

# isort: split
import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.networks import mlp


@settings(max_examples=15, deadline=None)
@given(inputs=st.integers(1, 9), units=st.lists(st.integers(1, 9), max_size=3), outputs=st.integers(1, 4))
def test_parameters_are_counted_by_hand(inputs, units, outputs):
    widths = [inputs, *units, outputs]
    by_hand = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    assert mlp(inputs, units, outputs).count_params() == by_hand


def test_output_is_the_plain_formula():
    keras.utils.set_random_seed(3)
    model = mlp(4, (5,), 2, activation="tanh", dropout=0.5, visible_dropout=0.5)
    x = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")
    w1, b1, w2, b2 = model.get_weights()
    np.testing.assert_allclose(model(x, training=False), np.tanh(x @ w1 + b1) @ w2 + b2, atol=1e-6)


def test_names_and_order_of_layers():
    model = mlp((3, 2), (4, 4), dropout=[0.1, 0.0], visible_dropout=0.2)
    names = ["flatten", "visible_dropout", "hidden_1", "dropout_1", "hidden_2", "dropout_2", "output"]
    assert [layer.name for layer in model.layers] == names
    assert [model.get_layer(n).rate for n in names if "dropout" in n] == [0.2, 0.1, 0.0]
    assert model.output_shape == (None, 1)


def test_no_dropout_layers_unless_asked():
    assert [layer.name for layer in mlp(3, 4).layers] == ["hidden_1", "output"]


@pytest.mark.parametrize("initializer", ["he_normal", "object", {"class_name": "HeNormal", "config": {}}])
def test_equal_layers_start_different_and_a_seed_repeats_them(initializer):
    if initializer == "object":
        initializer = keras.initializers.RandomNormal(stddev=0.1)  # made before the seed is set
    starts = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        starts.append(mlp(4, (4, 4), 4, initializer=initializer).get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*starts, strict=True))
    assert not np.array_equal(starts[0][0], starts[0][2])


def test_initializers_go_where_they_belong():
    first, second = mlp(3, (3,), initializer="zeros", output_initializer="ones").get_weights()[::2]
    assert not first.any()
    assert (second == 1).all()


def test_max_norm_holds_on_hidden_layers_only():
    keras.utils.set_random_seed(0)
    model = mlp(3, 8, initializer="ones", max_norm=0.5, loss="mse", optimizer=keras.optimizers.SGD(5.0))
    x = np.ones((16, 3), "float32")
    model.fit(x, 9 * np.ones(16), epochs=2, verbose=0)
    norms = np.linalg.norm(model.get_layer("hidden_1").get_weights()[0], axis=0)
    assert (norms <= 0.5 + 1e-6).all()
    assert model.get_layer("output").kernel_constraint is None


def test_compiled_only_with_a_loss():
    assert not mlp(2, 2).compiled
    model = mlp(2, 2, loss="mse", metrics=["mae"])
    assert model.compiled
    assert isinstance(model.optimizer, keras.optimizers.Adam)


def test_survives_saving(tmp_path):
    model = mlp(3, (4,), 2, activation="tanh", output_activation="softmax", dropout=0.3, max_norm=3)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = np.eye(3, dtype="float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"inputs": 0}, ValueError, "inputs must be 1 or more, got 0"),
        ({"inputs": 2.5}, TypeError, "inputs must be a whole number, got 2.5"),
        ({"inputs": ()}, ValueError, "empty shape"),
        ({"units": (3, -1)}, ValueError, "units must be 1 or more, got -1"),
        ({"units": (3, "4")}, TypeError, "units must be a whole number, got '4'"),
        ({"outputs": True}, TypeError, "outputs must be a whole number, got True"),
        ({"dropout": 1.0}, ValueError, r"dropout .* \[0, 1\), got 1.0"),
        ({"dropout": (0.1, 0.2, 0.3)}, ValueError, "each of the 2 hidden layers, got 3"),
        ({"dropout": 20, "units": ()}, ValueError, "got 20"),
        ({"visible_dropout": -0.1}, ValueError, "visible_dropout"),
        ({"visible_dropout": "0.2"}, TypeError, "visible_dropout"),
        ({"max_norm": 0}, ValueError, "max_norm must be a positive number"),
        ({"activation": "rellu"}, ValueError, "activation must be .* relu, .* got 'rellu'"),
        ({"output_activation": "sofmax"}, ValueError, "output_activation .* got 'sofmax'"),
        ({"initializer": "he"}, ValueError, "initializer must .* got 'he'"),
        ({"output_initializer": None}, ValueError, "output_initializer .* got None"),
        ({"optimizer": "sgd"}, ValueError, "need a loss"),
        ({"metrics": ["mae"]}, ValueError, "need a loss"),
    ],
)
def test_wrong_values_are_named_at_the_door(wrong, error, says):
    with pytest.raises(error, match=says):
        mlp(**{"inputs": 3, "units": (4, 4), **wrong})


def test_one_optimizer_serves_one_model():
    optimizer = keras.optimizers.Adam()
    model = mlp(2, 2, loss="mse", optimizer=optimizer)
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    with pytest.raises(ValueError, match="new one for each model"):
        mlp(2, 2, loss="mse", optimizer=optimizer)
