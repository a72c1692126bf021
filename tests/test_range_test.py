"""The range test: how curves are read, checked on curves with known answers, and how they are recorded."""

from __future__ import annotations

import keras
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.evaluation import Interval
from course_pkg.range_test import RULES, range_test, read_losses
from course_pkg.seeds import child_seed

mpl.use("Agg")

checked = settings(deadline=None, max_examples=50)
U = 121
RATES = np.geomspace(1e-5, 10, U)
LOG = np.log10(RATES)


def valley(turn=-1.0, drop=2.0, start=3.0):
    """A loss that falls by `drop` around 10**(turn - 1), is lowest near 10**turn, and then rises without limit."""
    fall = drop / (1 + np.exp(-4 * (LOG - turn + 1)))
    return start - fall + np.exp(8 * (LOG - turn - 0.5))


# how a curve is read


@checked
@given(st.lists(st.floats(0, 1e3), min_size=U, max_size=U), st.floats(0, 0.99))
def test_smoothing_is_the_bias_corrected_moving_average(losses, smoothing):
    expected, average = [], 0.0
    for count, loss in enumerate(losses, start=1):
        average = smoothing * average + (1 - smoothing) * loss
        expected.append(average / (1 - smoothing**count))
    # divergence at the far end of float64: nothing is cut off
    found = read_losses(RATES, [losses], smoothing=smoothing, divergence=1e300).smoothed[0]
    kept = ~np.isnan(found)
    np.testing.assert_allclose(found[kept], np.array(expected)[kept], rtol=1e-9, atol=1e-9)
    assert kept.all() or smoothing == 0 or not np.any(np.diff(kept.astype(int)) > 0)


@checked
@given(st.floats(-2.5, -0.8))
def test_points_of_a_valley_with_a_known_shape(turn):
    test = read_losses(RATES, [valley(turn)], smoothing=0)
    points = np.log10(test.points.loc[0])
    fine = np.linspace(-5, 1, 60001)
    curve = np.interp(fine, LOG, valley(turn))
    step = LOG[1] - LOG[0]
    assert points["minimum"] == pytest.approx(fine[curve.argmin()], abs=step)
    assert points["steepest"] == pytest.approx(turn - 1, abs=step)  # where the logistic curve is steepest
    limit = curve.min() + 0.5 * (curve[0] - curve.min())
    back = fine[(fine > fine[curve.argmin()]) & (curve > limit)][0]
    assert points["divergence"] == pytest.approx(back, abs=step)


@checked
@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_the_units_of_the_loss_do_not_matter(scale, shift):
    one = read_losses(RATES, [valley()]).points
    other = read_losses(RATES, [scale * valley() + shift]).points
    np.testing.assert_allclose(one, other)


def test_the_rules_take_their_share_of_the_points():
    test = read_losses(RATES, [valley(-1), valley(-2)], seeds=[7, 9])
    table = test.suggestions.set_index(["seed", "rule"])["learning_rate"]
    assert len(table) == 2 * len(RULES)
    for seed in (7, 9):
        assert table[seed, "steepest"] == test.points.loc[seed, "steepest"]
        assert table[seed, "minimum/10"] == pytest.approx(test.points.loc[seed, "minimum"] / 10)
        assert table[seed, "divergence/2"] == pytest.approx(test.points.loc[seed, "divergence"] / 2)


def test_a_suggestion_is_a_geometric_mean_with_the_t_interval_of_the_logarithms():
    test = read_losses(RATES, [valley(turn) for turn in (-1.0, -1.5, -2.0)], smoothing=0)
    logs = np.log10(test.points["minimum"]) - 1
    half = 4.302653 * logs.std() / 3**0.5  # t, 2 degrees of freedom, 97.5 %
    found = test.suggestion("minimum/10")
    assert isinstance(found, Interval)
    assert np.log10(found[:3]) == pytest.approx([logs.mean(), logs.mean() - half, logs.mean() + half], rel=1e-6)
    narrow = test.suggestion("minimum/10", confidence=0.5)
    assert found.low < narrow.low < narrow.high < found.high


def test_a_fall_after_the_divergence_counts_for_nothing():
    ruined = np.minimum(valley(-2), 4)
    lucky = ruined.copy()
    lucky[-10:] = ruined.min() + 0.1
    assert read_losses(RATES, [lucky]).points.equals(read_losses(RATES, [ruined]).points)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_the_curve(bad):
    losses = valley()
    losses[60:] = bad
    test = read_losses(RATES, [losses])
    assert test.points.loc[0, "divergence"] == RATES[60]
    assert test.curve["update"].tolist()[:60] == list(range(60))
    assert not np.isfinite(test.losses[0, 60:]).any()


def test_the_curve_ends_where_it_diverges():
    test = read_losses(RATES, [valley(), 3 - LOG])  # the second falls to the end
    end = int(np.argmin(np.abs(RATES - test.points.loc[0, "divergence"])))
    assert test.curve.groupby("seed")["update"].max().tolist() == [end, U - 1]
    assert np.isnan(test.losses[0, end + 1 :]).all()
    assert test.curve.columns.tolist() == ["seed", "update", "learning_rate", "loss", "smoothed"]
    assert test.curve["loss"].notna().all()
    assert repr(test) == f"<RangeTest: 2 seeds, {U} updates from 1e-05 to 10, 1 diverged>"


def test_what_a_curve_does_not_show_is_not_suggested():
    falls = read_losses(RATES, [3 - LOG, valley()])
    assert falls.points.loc[0].isna().tolist() == [False, True, True]
    with pytest.raises(ValueError, match=r"'divergence/2' suggests nothing for 1 of 2 seeds: .* Raise high"):
        falls.suggestion("divergence/2")
    rises = read_losses(RATES, [RATES, RATES])
    assert rises.points.isna().all(axis=None)
    with pytest.raises(ValueError, match=r"'steepest' suggests nothing for 2 of 2 seeds: .* Begin lower"):
        rises.suggestion("steepest")


def test_plot_draws_on_the_axes_it_is_given_and_marks_what_all_seeds_suggest():
    _, ax = mpl.pyplot.subplots()
    assert read_losses(RATES, [valley(), valley(-2)]).plot(ax) is ax
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "learning rate", "smoothed training loss")
    labels = " ".join(ax.get_legend_handles_labels()[1])
    assert all(rule in labels for rule in RULES)
    new = read_losses(RATES, [valley(), 3 - LOG]).plot()
    assert new is not ax
    assert "divergence" not in " ".join(new.get_legend_handles_labels()[1])
    mpl.pyplot.close("all")


# how it is recorded


def linear_build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.5), loss="mse")
    return model


def digits_like_build():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3)).astype("float32")
Y = (X @ [[1.0], [-2.0], [0.5]]).astype("float32")
SHORT = {"batch_size": 8, "low": 1e-3, "high": 10.0, "updates": 20}


@pytest.mark.parametrize("engine", ["auto", "loop"])
def test_losses_are_those_of_gradient_descent_by_hand(engine):
    test = range_test(linear_build, X, Y, seeds=[5, 3], engine=engine, **SHORT)
    np.testing.assert_allclose(test.learning_rates, np.geomspace(1e-3, 10, 20))
    for row, seed in enumerate([5, 3]):
        keras.utils.set_random_seed(seed)
        weights = linear_build().get_weights()[0].astype(float)
        order = np.random.default_rng(child_seed(seed, "batch order"))  # as replicate(shuffle="epoch") documents it
        epochs = [np.split(order.permutation(50), range(8, 50, 8)) for _ in range(3)]
        batches = [batch for epoch in epochs for batch in epoch]
        for update in np.flatnonzero(~np.isnan(test.losses[row])):
            x, error = X[batches[update]], X[batches[update]] @ weights - Y[batches[update]]
            assert test.losses[row, update] == pytest.approx(np.mean(error**2), rel=1e-3)
            weights -= test.learning_rates[update] * 2 * x.T @ error / len(x)


@pytest.mark.slow
def test_both_engines_agree_and_seeds_do_not_depend_on_each_other():
    x, y = RNG.normal(size=(60, 5)), RNG.integers(0, 3, 60)
    options = {"batch_size": 16, "updates": 30, "low": 1e-4, "high": 0.1, "divergence": 100.0}
    many = range_test(digits_like_build, x, y, seeds=18, **options)
    alone = range_test(digits_like_build, x, y, seeds=[17], **options)
    np.testing.assert_array_equal(many.losses[17], alone.losses[0])
    loop = range_test(digits_like_build, x, y, seeds=[17], engine="loop", **options)
    np.testing.assert_allclose(loop.losses, alone.losses, rtol=1e-4)


def test_the_same_call_twice_gives_the_same_bits():
    first, second = (range_test(linear_build, X, Y, seeds=2, **SHORT).losses for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_quadratic_does_not_diverge_before_it_is_unstable():
    """Full-batch descent on a quadratic shrinks every error below 2 / (largest eigenvalue of its Hessian)."""
    test = range_test(linear_build, X, Y, seeds=5, batch_size=50, low=1e-3, high=100.0, updates=300, smoothing=0.5)
    limit = 2 / np.linalg.eigvalsh(2 * X.T @ X / 50).max()
    assert (test.points["divergence"] > limit).all()
    assert (test.points["minimum"] < test.points["divergence"]).all()
    assert (test.points["steepest"] < limit).all()


def test_an_optimizer_with_a_schedule_gets_the_rising_rate_too():
    def scheduled():
        model = linear_build()
        model.optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
        return model

    plain = range_test(linear_build, X, Y, seeds=2, **SHORT)
    np.testing.assert_array_equal(range_test(scheduled, X, Y, seeds=2, **SHORT).losses, plain.losses)


def test_regularisation_counts_once_and_dropout_and_batch_norm_train():
    def build():
        layers = [
            keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.1)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
        model = keras.Sequential([keras.Input((3,)), *layers])
        model.compile("sgd", loss="mse")
        return model

    test = range_test(build, X, Y, seeds=[1], batch_size=50, low=1e-6, high=1e-5, updates=10, engine="loop")
    keras.utils.set_random_seed(1)
    model = build()
    order = np.random.default_rng(child_seed(1, "batch order")).permutation(50)
    first = model.compute_loss(X[order], Y[order], model(X[order], training=True), None)
    assert test.losses[0, 0] == pytest.approx(float(first), rel=1e-5)
    assert np.ptp(test.losses[0]) > 0.01  # other units are dropped each time


def test_a_train_step_of_its_own_is_refused_rather_than_passed_over():
    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    def build():
        model = Own([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", loss="mse")
        return model

    with pytest.raises(ValueError, match="Own trains with a train_step of its own"):
        range_test(build, X, Y, **SHORT)


WRONG = [
    (lambda: range_test(linear_build, X, Y, low=0), ValueError, "low and high must be rates with 0 < low < high"),
    (lambda: range_test(linear_build, X, Y, low=1, high=1), ValueError, "0 < low < high, got low=1 and high=1"),
    (lambda: range_test(linear_build, X, Y, updates=9), ValueError, "updates must be 10 or more, got 9"),
    (lambda: range_test(linear_build, X, Y, updates=9.5), TypeError, r"updates must be an integer, got 9\.5"),
    (lambda: range_test(linear_build, X, Y, batch_size=0), ValueError, "batch_size must be 1 or more, got 0"),
    (lambda: range_test(linear_build, X, Y, smoothing=1), ValueError, "smoothing must be 0 or more and below 1, got 1"),
    (lambda: range_test(linear_build, X, Y, divergence=0), ValueError, "divergence must be above 0 and finite, got 0"),
    (lambda: range_test(linear_build, X, Y, engine="fast"), ValueError, "engine must be one of .*, got 'fast'"),
    (lambda: range_test(linear_build, X, Y, seeds=[]), ValueError, "seeds"),
    (
        lambda: range_test(linear_build, X, Y[:49]),
        ValueError,
        r"equally many samples, got \[49, 50\]",
    ),
    (lambda: read_losses(RATES[:9], np.ones((1, 9))), ValueError, "learning_rates must be a list of 10 or more"),
    (lambda: read_losses(RATES, np.ones(U)), ValueError, "losses must have shape"),
    (lambda: read_losses(RATES, np.ones((2, U)), seeds=[1]), ValueError, r"losses must have shape \(1, 121\)"),
    (lambda: read_losses(np.arange(1, U + 1), np.ones((1, U))), ValueError, "rise by a constant factor"),
    (lambda: read_losses(RATES[::-1], np.ones((1, U))), ValueError, "learning_rates must rise"),
    (lambda: read_losses(RATES, [valley()] * 2).suggestion("best"), ValueError, "rule must be one of .*, got 'best'"),
    (lambda: read_losses(RATES, [valley()]).suggestion("steepest"), ValueError, "needs 2 seeds or more, got 1"),
    (
        lambda: read_losses(RATES, [valley()] * 2).suggestion("steepest", confidence=95),
        ValueError,
        "confidence must lie between 0 and 1",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_wrong_parameters_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
