import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)

# isort: split
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.replicates import NotVectorizableError, replicate, sweep
from course_pkg.replicates.orders import Orders, fit_order
from course_pkg.replicates.starts import build_seeded, start_values
from course_pkg.seeds import fingerprint

KEYS = ["seed", "epoch", "metric", "split"]


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(23, 5)).astype("float32")
    return x, (x[:, :1] > 0).astype("float32")


def network(hidden=(), optimizer="sgd", inputs=(5,), **compiled):
    import keras

    layers = keras.layers
    model = keras.Sequential([keras.Input(inputs), *hidden, layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer, loss="binary_crossentropy", **{"metrics": ["accuracy"], **compiled})
    return model


def small(learning_rate=0.1, rate=0.3, units=7, l2=0.0, momentum=0.8):
    import keras

    penalty = keras.regularizers.L2(l2) if l2 else None
    hidden = [keras.layers.Dense(units, "relu", kernel_regularizer=penalty), keras.layers.Dropout(rate)]
    return network(hidden, keras.optimizers.SGD(learning_rate, momentum=momentum))


def agree(left, right, tolerance=1e-6):
    """Histories and weights of two results, replicate by replicate."""
    keys = KEYS + [name for name in left.history.columns if name not in [*KEYS, "value"]]
    both = left.history.merge(right.history, on=keys)
    assert len(both) == len(left.history) == len(right.history) > 0
    np.testing.assert_allclose(both["value_x"], both["value_y"], atol=tolerance)
    for number in range(len(left)):
        for a, b in zip(left.weights(replicate=number), right.weights(replicate=number), strict=True):
            np.testing.assert_allclose(a, b, atol=tolerance)


def both_engines(build, x, y, **options):
    options = {"seeds": [4, 0], "epochs": 2, "batch_size": 9, "shuffle": "fit", **options}
    return replicate(build, x, y, **options), replicate(build, x, y, engine="loop", **options)


# --- the same as fit ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("shuffle", ["fit", "epoch", False])
def test_both_engines_agree(data, shuffle):
    x, y = data
    stacked, plain = both_engines(small, x, y, shuffle=shuffle, validation_data=(x[:9], y[:9]))
    agree(stacked, plain)
    np.testing.assert_allclose(stacked.predict(x), plain.predict(x), atol=1e-6)
    left, right = stacked.evaluate(x, y), plain.evaluate(x, y)
    np.testing.assert_allclose(left, right[left.columns], atol=1e-6)


@pytest.mark.slow
def test_a_seeded_fit_is_reproduced(data):
    import keras

    x, y = data
    runs = replicate(small, x, y, seeds=5, epochs=4, batch_size=8, shuffle="fit")
    for seed in (0, 3):
        keras.utils.set_random_seed(seed)
        model = small()
        history = model.fit(x, y, epochs=4, batch_size=8, verbose=0).history
        for a, b in zip(runs.weights(seed), model.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
        of_seed = runs.history[(runs.history.seed == seed) & (runs.history.metric == "loss")]
        np.testing.assert_allclose(of_seed["value"], history["loss"], atol=1e-6)


def test_batched_products_leave_the_bits_alone():
    import tensorflow as tf

    from course_pkg.replicates.compiled import Compiled
    from course_pkg.replicates.products import exchange

    def products(x, weights, vector):
        def body(i, y):
            return i + 1, y + tf.nn.relu(x @ weights) @ tf.transpose(weights, [0, 2, 1])

        _, y = tf.while_loop(lambda i, y: i < 2, body, (0, x))
        return y, x @ vector

    generator = np.random.default_rng(0)
    arrays = [generator.normal(size=(3, *shape)).astype("float32") for shape in [(16, 60), (60, 40), (60, 1)]]
    specs = [tf.TensorSpec(array.shape, array.dtype) for array in arrays]
    for left, right in zip(Compiled(products, specs)(*arrays), tf.function(products)(*arrays), strict=True):
        np.testing.assert_array_equal(left, right)

    definition = exchange(tf.function(products).get_concrete_function(*specs).graph.as_graph_def(add_shapes=True))
    loops = [node.op for function in definition.library.function for node in function.node_def]
    assert loops.count("_MklBatchMatMulV2") == 2
    assert [node.op for node in definition.node].count("BatchMatMulV2") == 1  # a vector gains nothing


@pytest.mark.slow
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_hundred_epochs_end_where_fit_ends(dropout):
    import keras
    from sklearn.datasets import make_classification

    def build():
        layers = [
            layer for units in (60, 30) for layer in (keras.layers.Dense(units, "relu"), keras.layers.Dropout(dropout))
        ]
        return network(layers, keras.optimizers.SGD(0.01, momentum=0.8), inputs=(60,))

    x, labels = make_classification(208, 60, n_informative=12, n_redundant=20, flip_y=0.05, random_state=0)
    x, y = ((x - x.mean(0)) / x.std(0)).astype("float32"), labels[:, None].astype("float32")
    runs = replicate(build, x, y, seeds=18, epochs=100, batch_size=16, shuffle="fit")
    for seed in (3, 17):
        keras.utils.set_random_seed(seed)
        model = build()
        history = model.fit(x, y, epochs=100, batch_size=16, verbose=0).history
        of_seed = runs.history[(runs.history.seed == seed) & (runs.history.metric == "loss")]
        np.testing.assert_allclose(of_seed["value"], history["loss"], atol=1e-5)
        for a, b in zip(runs.weights(seed), model.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-3)


def optimizer_cases():
    import keras

    made = keras.optimizers
    schedule = made.schedules.ExponentialDecay(0.5, 3, 0.5)
    cases = {
        name: (lambda name=name: getattr(made, name)(0.05)) for name in ("RMSprop", "AdamW", "Nadam", "Ftrl", "Lion")
    }
    return {
        **cases,
        "schedule": lambda: made.SGD(schedule),
        "weight decay": lambda: made.Adam(0.05, weight_decay=0.1, amsgrad=True),
        "norm": lambda: made.SGD(0.5, clipnorm=0.1),
        "global norm": lambda: made.SGD(0.5, global_clipnorm=0.1),
        "value": lambda: made.SGD(0.5, clipvalue=0.01),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["RMSprop", "AdamW", "Nadam", "Ftrl", "Lion", "schedule", "weight decay", "norm", "global norm", "value"]
)
def test_optimizers(data, name):
    import keras

    make = optimizer_cases()[name]
    agree(*both_engines(lambda: network([keras.layers.Dense(4, "relu")], make()), *data), tolerance=5e-6)


@pytest.mark.slow
def test_normalisation_noise_penalties_and_constraints(data):
    import keras

    def build():
        layers = keras.layers
        hidden = [
            layers.GaussianNoise(0.1),
            layers.Dense(6, kernel_constraint=keras.constraints.MaxNorm(0.5), kernel_regularizer="l1"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(4, "tanh", bias_regularizer="l2", activity_regularizer="l2"),
        ]
        return network(hidden, keras.optimizers.SGD(0.5, momentum=0.9))

    x, y = data
    stacked, plain = both_engines(build, x, y, validation_data=(x, y))
    agree(stacked, plain)
    kernel = stacked.weights(4)[0]
    assert np.linalg.norm(kernel, axis=0).max() <= 0.5 + 1e-6


@pytest.mark.slow
def test_convolutions():
    import keras

    layers = keras.layers
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(14, 6, 6, 2)).astype("float32"), generator.integers(0, 2, (14, 1))

    def build():
        hidden = [
            layers.Conv2D(3, 3, activation="relu"),
            layers.SpatialDropout2D(0.3),
            layers.MaxPooling2D(),
            layers.Flatten(),
        ]
        return network(hidden, inputs=(6, 6, 2))

    agree(*both_engines(build, x, y))


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_recurrent_networks(cell):
    import keras

    layers = keras.layers
    generator = np.random.default_rng(1)
    x, y = generator.integers(0, 9, (14, 5)), generator.integers(0, 2, (14, 1))

    def build():
        return network([layers.Embedding(9, 3), getattr(layers, cell)(4)], inputs=(5,))

    stacked, plain = both_engines(build, x, y)
    agree(stacked, plain)
    assert stacked.replayed


@pytest.mark.slow
def test_several_inputs_and_outputs(data):
    import keras

    layers = keras.layers

    def build():
        first, second = keras.Input((5,)), keras.Input((2,))
        hidden = layers.Concatenate()([layers.Dense(4, "relu")(first), layers.Dense(3, "relu")(second)])
        model = keras.Model(
            [first, second], [layers.Dense(1, name="a")(hidden), layers.Dense(1, "sigmoid", name="b")(hidden)]
        )
        model.compile("adam", loss=["mse", "binary_crossentropy"], loss_weights=[1.0, 0.5])
        return model

    x, y = data
    options = {"seeds": 2, "epochs": 2, "batch_size": 23, "shuffle": "fit"}
    inputs, targets = [x, x[:, :2]], [x[:, :1], y]
    agree(
        replicate(build, inputs, targets, **options), replicate(build, inputs, targets, engine="loop", **options), 2e-6
    )


@pytest.mark.slow
def test_metrics_with_a_state(data):
    import keras

    def build():
        return network([keras.layers.Dense(4, "relu")], metrics=["mae", keras.metrics.AUC(name="auc")])

    x, y = data
    agree(*both_engines(build, x, y, validation_data=(x, y)))


@pytest.mark.slow
def test_weights_of_samples_and_classes(data):
    x, y = data
    weight = np.random.default_rng(0).uniform(size=len(x))
    build = small
    agree(*both_engines(build, x, y, sample_weight=weight, class_weight={0: 1.0, 1: 4.0}))
    heavy = replicate(build, x, y, seeds=1, epochs=1, class_weight={1: 4.0}).final()
    assert heavy[0] > replicate(build, x, y, seeds=1, epochs=1).final()[0]


# --- starts and orders ----------------------------------------------------------------------------------------


def test_replay_of_seed_draws_is_exact(data):
    starts = start_values(small, [0, 1, 2, 3, 4], [{}] * 5, lambda model: None)
    assert starts.replayed
    for seed in (1, 3):
        model = build_seeded(small, seed)
        assert fingerprint(starts.values[seed]) == fingerprint(
            [np.asarray(v) for v in model.trainable_variables + model.non_trainable_variables]
        )


def test_builds_with_their_own_randomness_are_built_truly(data):
    import keras

    def build():
        model = network([keras.layers.Dense(3)])
        model.layers[0].kernel.assign(np.random.normal(size=(5, 3)))
        return model

    starts = start_values(build, [0, 1, 2], [{}] * 3, lambda model: None)
    assert not starts.replayed
    for seed in range(3):
        assert np.array_equal(starts.values[seed][0], build_seeded(build, seed).trainable_variables[0])


def test_starts_of_many_replicates_are_exact(data):
    import keras

    class FromANumber(keras.initializers.RandomNormal):
        def __call__(self, shape, dtype=None):
            return np.random.default_rng(self.seed).normal(size=shape).astype("float32")

    def build():
        return network(
            [keras.layers.Dense(3, kernel_initializer=kind) for kind in (FromANumber(), "orthogonal", "he_normal")]
        )

    starts = start_values(build, range(120), [{}] * 120, lambda model: None)
    assert starts.replayed
    for seed in (1, 60, 118):
        model = build_seeded(build, seed)
        assert fingerprint(starts.values[seed]) == fingerprint([np.asarray(v) for v in model.trainable_variables])


def test_settings_that_start_alike_are_replayed_once():
    built = []

    def build(**setting):
        built.append(setting)
        return small(**setting)

    rates = [{"learning_rate": rate} for rate in (0.1, 0.2, 0.3)]
    seeds, settings = [4, 0, 9] * 4, [setting for setting in (*rates, {"units": 8}) for _ in range(3)]
    starts = start_values(build, seeds, settings, lambda model: None)
    assert built == [rates[0], rates[0], rates[1], rates[2], {"units": 8}, {"units": 8}]
    for place in (1, 5, 8, 10):
        model = build_seeded(small, seeds[place], settings[place])
        variables = model.trainable_variables + model.non_trainable_variables
        assert fingerprint(starts.values[place]) == fingerprint([np.asarray(v) for v in variables])


def test_sign_bits_are_vectorised_without_a_loop():
    import keras
    import tensorflow as tf

    from course_pkg.replicates.rules import add_rules

    add_rules()
    rows = np.array([[0.0, -0.0, -1.0], [-2.0, 3.0, 3.0]], "float32")
    for one in (keras.ops.signbit, keras.ops.argmax):
        traced = tf.function(lambda x, one=one: tf.vectorized_map(one, x)).get_concrete_function(rows)
        assert not [node.name for node in traced.graph.get_operations() if "While" in node.type]
        np.testing.assert_array_equal(traced(tf.constant(rows)), [one(row) for row in rows])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4), st.integers(1, 40), st.sampled_from(["epoch", "fit"])
)
def test_orders_are_permutations_of_each_seed_alone(seeds, samples, shuffle):
    orders = Orders(seeds, samples, shuffle).take(3)
    assert (np.sort(orders, axis=2) == np.arange(samples)).all()
    alone = Orders(seeds[-1:], samples, shuffle)
    assert (np.concatenate([alone.take(1), alone.take(2)], axis=1)[0] == orders[-1]).all()


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**31, 2**32 - 1])
def test_fit_order_is_that_of_fit(seed):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    dataset = tf.data.Dataset.range(1).map(lambda _: tf.random.shuffle(tf.range(37, dtype=tf.int64)))
    assert next(iter(dataset)).numpy().tolist() == fit_order([seed], 37)[0].tolist()


# --- exactness ------------------------------------------------------------------------------------------------


def test_two_calls_are_bit_equal_for_any_number_of_workers(data):
    one = replicate(small, *data, seeds=20, epochs=2, workers=1)
    two = replicate(small, *data, seeds=20, epochs=2, workers=2)
    assert one.history.equals(two.history)
    assert fingerprint(one.weights(19)) == fingerprint(two.weights(19))


def lively():
    import keras

    hidden = [keras.layers.Dense(7, "tanh"), keras.layers.Dropout(0.2), keras.layers.Dense(5, "gelu")]
    return network(hidden, "adam")


@pytest.mark.slow
@settings(max_examples=3, deadline=None)
@given(st.sets(st.integers(0, 99), min_size=1, max_size=18))
def test_a_replicate_does_not_depend_on_the_others(others):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(11, 5)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    alone = replicate(lively, x, y, seeds=[100], epochs=3, batch_size=4)
    among = replicate(lively, x, y, seeds=[*others, 100], epochs=3, batch_size=4)
    assert fingerprint(alone.weights(100)) == fingerprint(among.weights(100))
    assert alone.final()[0] == among.final()[-1]


SCRIPT = """
import course_pkg
import sys
sys.path.insert(0, {folder!r})
import numpy as np
from course_pkg.replicates import replicate
from course_pkg.seeds import fingerprint
from test_replicates import lively
x = np.random.default_rng(0).normal(size=(11, 5)).astype("float32")
runs = replicate(lively, x, (x[:, :1] > 0).astype("float32"), seeds=3, epochs=2, batch_size=4)
print(fingerprint([runs.weights(2), runs.history]))
"""


@pytest.mark.slow
def test_another_process_gives_the_same_bits():
    import pathlib

    script = SCRIPT.format(folder=str(pathlib.Path(__file__).parent))
    found = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout for _ in "ab"
    }
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


# --- folds, sweeps, data of one's own -------------------------------------------------------------------------


@pytest.mark.slow
def test_uneven_folds(data):
    x, y = data
    folds = np.array_split(np.random.default_rng(0).permutation(23), 4)
    train = [np.setdiff1d(np.arange(23), fold) for fold in folds]
    options = {"seeds": [7] * 4, "train_indices": train, "validation_indices": folds}
    stacked, plain = both_engines(small, x, y, **options)
    assert "replicate" in stacked.history.columns
    agree(stacked, plain)
    single = replicate(
        small, x[train[3]], y[train[3]], seeds=[7], epochs=2, batch_size=9, shuffle="fit",
        validation_data=(x[folds[3]], y[folds[3]]),
    )  # fmt: skip
    assert fingerprint(single.weights(7)) == fingerprint(stacked.weights(replicate=3))


def test_data_with_a_replicate_axis(data):
    x, y = data
    stacked = replicate(small, np.stack([x, -x]), np.stack([y, y]), seeds=[1, 1], epochs=2, stacked_data=True)
    assert fingerprint(replicate(small, -x, y, seeds=[1], epochs=2).weights(1)) == fingerprint(
        stacked.weights(replicate=1)
    )


@pytest.mark.slow
def test_a_sweep_is_a_replicate_axis(data):
    x, y = data
    plan = sweep([3, 1], learning_rate=[0.1, 0.01], rate=[0.2, 0.5], l2=[0.01, 0.1])
    stacked, plain = (replicate(small, x, y, epochs=2, engine=e, shuffle="fit", **plan) for e in ("auto", "loop"))
    assert len(stacked) == 16
    agree(stacked, plain)
    table = stacked.evaluate(x, y)
    np.testing.assert_allclose(table["loss"], plain.evaluate(x, y)["loss"], atol=1e-6)
    one = replicate(lambda: small(0.01, 0.5, l2=0.1), x, y, seeds=[1], epochs=2, shuffle="fit")
    assert fingerprint(one.weights(1)) == fingerprint(stacked.weights(replicate=15))


@pytest.mark.slow
def test_a_sweep_over_architectures(data):
    x, y = data
    runs = replicate(small, x, y, epochs=1, **sweep(2, units=[3, 8], rate=[0.0, 0.2]))
    assert [runs.weights(replicate=i)[0].shape[1] for i in (0, 7)] == [3, 8]
    assert runs.predict(x).shape == (8, 23, 1)
    alone = replicate(lambda: small(units=8, rate=0.0), x, y, seeds=[1], epochs=1)
    assert fingerprint(alone.weights(1)) == fingerprint(runs.weights(replicate=5))


@pytest.mark.slow
def test_a_sweep_over_initializers_needs_one_graph(data, monkeypatch):
    import keras

    from course_pkg.replicates import vectorized

    def build(kind):
        return network([keras.layers.Dense(4, "tanh", kernel_initializer=kind)])

    x, y = data
    graphs = []
    trace = vectorized.compiled
    monkeypatch.setattr(vectorized, "compiled", lambda *given: graphs.append(given) or trace(*given))
    runs = replicate(build, x, y, epochs=2, **sweep(2, kind=["zeros", "he_normal", "glorot_uniform"]))
    assert len(graphs) == 1
    for place, kind in ((1, "zeros"), (3, "he_normal"), (4, "glorot_uniform")):
        alone = replicate(lambda kind=kind: build(kind), x, y, seeds=[place % 2], epochs=2)
        assert fingerprint(alone.weights(place % 2)) == fingerprint(runs.weights(replicate=place))
    assert type(runs.model(replicate=3).layers[0].kernel_initializer).__name__ == "HeNormal"


# --- callbacks ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_early_stopping_freezes_each_replicate(data):
    import keras

    x, y = data
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    options = {"epochs": 12, "seeds": [0, 1, 2, 5], "callbacks": [stop], "validation_data": (x[:7], y[:7])}
    stacked, plain = both_engines(lambda: small(learning_rate=1.5), x, y, **options)
    assert stacked.epochs.tolist() == plain.epochs.tolist()
    assert len(set(stacked.epochs.tolist())) > 1
    agree(stacked, plain, tolerance=1e-5)


@pytest.mark.slow
def test_callbacks_that_set_the_learning_rate(data):
    import keras

    x, y = data
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.05),
    ]
    agree(*both_engines(small, x, y, epochs=5, callbacks=callbacks), tolerance=5e-6)


# --- what cannot be done is named -----------------------------------------------------------------------------


def test_what_cannot_be_vectorised_is_named(data):
    import keras

    with pytest.raises(NotVectorizableError, match=r'callback LambdaCallback .* Use engine="loop"'):
        replicate(small, *data, epochs=1, callbacks=[keras.callbacks.LambdaCallback()])
    with pytest.raises(NotVectorizableError, match="optimizer Lamb cannot"):
        replicate(lambda: network(optimizer=keras.optimizers.Lamb()), *data, epochs=1)

    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    def build():
        model = Own([keras.Input((5,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    with pytest.raises(NotVectorizableError, match=r"Own\.train_step"):
        replicate(build, *data, epochs=1)
    assert len(replicate(build, *data, seeds=2, epochs=1, engine="loop")) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "fast"}, "engine must be one of 'auto', 'vectorized', 'loop', got 'fast'"),
        ({"shuffle": True}, "shuffle must be one of"),
        ({"seeds": []}, "seeds must hold at least one seed"),
        ({"seeds": [-1]}, "seeds must be integers between 0"),
        ({"batch_size": 0}, "batch_size must be 1 or more, got 0"),
        ({"hyperparameters": {"units": [1]}}, "one value for each of the 2 seeds, got 1"),
        ({"train_indices": [[0], [99]]}, r"train_indices\[1\] must lie between 0 and 22"),
        ({"validation_data": [1]}, "validation_data must be a tuple"),
    ],
)
def test_wrong_arguments_are_named(data, options, message):
    with pytest.raises(ValueError, match=message):
        replicate(small, *data, **{"seeds": 2, "epochs": 1, **options})


def test_models_that_are_not_ready_are_refused(data):
    import keras

    with pytest.raises(ValueError, match=r"call model\.compile"):
        replicate(lambda: keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]), *data, epochs=1)
    with pytest.raises(TypeError, match="must return a Keras model, got int"):
        replicate(lambda: 3, *data, epochs=1)


# --- results --------------------------------------------------------------------------------------------------


def test_results(data):
    x, y = data
    runs = replicate(small, x, y, seeds=[8, 2], epochs=3, validation_data=(x, y))
    assert list(runs.history.columns) == ["seed", "epoch", "metric", "value", "split"]
    assert len(runs.history) == 2 * 3 * 2 * 2
    model = runs.model(2)
    np.testing.assert_allclose(model.predict(x, verbose=0), runs.predict(x)[1], atol=1e-6)
    np.testing.assert_allclose(runs.predict(x, batch_size=4), runs.predict(x), atol=1e-6)
    np.testing.assert_allclose(runs.evaluate(x, y)["loss"], runs.final("loss", "validation"), atol=1e-6)
    assert runs.summary().loc[("loss", "validation"), "n"] == 2
    with pytest.raises(ValueError, match=r"There is no replicate with seed 3\. Seeds: 8, 2"):
        runs.weights(3)
    with pytest.raises(ValueError, match="There is no metric 'auc'"):
        runs.final("auc")


def test_an_interrupt_keeps_what_is_done(data, monkeypatch):
    import course_pkg.replicates.vectorized as engine

    begun = threading.Event()
    waiting = engine.wait

    def interrupted(*arguments, **options):
        time.sleep(0.5)
        begun.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "wait", interrupted)
    runs = replicate(small, *data, seeds=40, epochs=100_000, workers=1)
    monkeypatch.setattr(engine, "wait", waiting)
    assert begun.is_set()
    assert runs.interrupted
    assert 0 < len(runs) <= 16
    assert 0 < runs.epochs.max() < 100_000
    assert runs.history["epoch"].max() == runs.epochs.max()


def test_global_generators_are_left_alone(data):
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    replicate(small, *data, seeds=2, epochs=1).model(1)
    assert np.random.random() == expected


def test_nothing_is_printed(data, capfd):
    replicate(small, *data, seeds=2, epochs=1, verbose=True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("engine", ["vectorized", "loop"])
def test_predictions_of_a_model_with_several_outputs_keep_its_structure(engine):
    import keras

    def build():
        inputs = keras.Input((3,))
        hidden = keras.layers.Dense(4, "relu")(inputs)
        heads = {"a": keras.layers.Dense(1, name="a")(hidden), "b": keras.layers.Dense(2, name="b")(hidden)}
        model = keras.Model(inputs, heads)
        model.compile("sgd", loss={"a": "mse", "b": "mse"})
        return model

    x = np.linspace(-1, 1, 21, dtype="float32").reshape(7, 3)
    targets = {"a": x[:, :1], "b": x[:, 1:]}
    runs = replicate(build, x, targets, seeds=2, epochs=1, batch_size=4, engine=engine, verbose=False)
    predicted = runs.predict(x, batch_size=3)
    assert {name: array.shape for name, array in predicted.items()} == {"a": (2, 7, 1), "b": (2, 7, 2)}
    for row, seed in enumerate(runs.seeds):
        expected = runs.model(seed).predict(x, verbose=0)
        for name in expected:
            np.testing.assert_allclose(predicted[name][row], expected[name], atol=1e-6)
