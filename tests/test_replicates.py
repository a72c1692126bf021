import numpy as np
import pytest

import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)
from course_pkg.replicates import NotVectorizableError, replicate


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(23, 5)).astype("float32")
    return x, (x[:, :1] > 0).astype("float32")


def small(**layers):
    import keras

    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(7, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.8), loss="binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("shuffle", ["fit", "epoch", False])
def test_both_engines_agree(data, shuffle):
    x, y = data
    options = {"seeds": [4, 0], "epochs": 3, "batch_size": 6, "shuffle": shuffle, "validation_data": (x[:9], y[:9])}
    stacked, plain = replicate(small, x, y, **options), replicate(small, x, y, engine="loop", **options)
    keys = ["seed", "epoch", "metric", "split"]
    both = stacked.history.merge(plain.history, on=keys)
    assert len(both) == len(stacked.history) == len(plain.history) == 2 * 3 * 2 * 2
    np.testing.assert_allclose(both["value_x"], both["value_y"], atol=1e-6)
    for left, right in zip(stacked.weights(0), plain.weights(0), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)
    np.testing.assert_allclose(stacked.predict(x), plain.predict(x), atol=1e-6)


def test_unknown_engine_is_named(data):
    with pytest.raises(ValueError, match="engine must be one of"):
        replicate(small, *data, epochs=1, engine="fast")


def test_callback_is_named(data):
    import keras

    with pytest.raises(NotVectorizableError, match="callback LambdaCallback"):
        replicate(small, *data, epochs=1, callbacks=[keras.callbacks.LambdaCallback()])
