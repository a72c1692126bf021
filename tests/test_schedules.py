"""Schedules against their formulas, written out as plain loops; saved, loaded, and used by model.fit."""

from __future__ import annotations

import math
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

import course_pkg.schedules as schedules_module
from course_pkg.replicates import replicate
from course_pkg.schedules import (
    OneCycle,
    Schedule,
    StepDecay,
    StepDecayOneEarly,
    TimeDecayPerEpoch,
    TimeDecayPerUpdate,
    TimeDecayRepeated,
    TriangularCycle,
    WarmUp,
    rates,
    updates_per_epoch,
)

checked = settings(deadline=None, max_examples=50)

PUBLISHED = ["0.1", "0.0999000999", "0.0997006985", "0.09940249103", "0.09900646517"]

EVERY = [
    TimeDecayPerEpoch(0.1, 0.3, 3),
    TimeDecayPerUpdate(0.1, 0.3),
    TimeDecayRepeated(0.1, 0.3, 3),
    StepDecay(0.1, 0.5, 2, updates_per_epoch=3),
    StepDecayOneEarly(0.1, 0.5, 2, updates_per_epoch=3),
    OneCycle(0.1, 20),
    TriangularCycle(0.01, 0.1, 4, shrink=0.5),
    WarmUp(0.1, 5),
    WarmUp(TimeDecayRepeated(0.1, 0.3, 3), 5, 0.01),
    WarmUp(keras.optimizers.schedules.CosineDecay(0.1, 10), 5),
]

learning_rates = st.floats(1e-6, 10)
decays = st.one_of(st.just(0.0), st.floats(1e-12, 5))
counts = st.integers(1, 500)
updates = st.integers(0, 5000)


# plain Python, one update at a time: what each docstring says


def time_decay_repeated(update, learning_rate, decay, per_epoch):
    for epoch in range(1, update // per_epoch + 1):
        learning_rate = learning_rate / (1 + decay * epoch)
    return learning_rate


def one_cycle(update, peak, length, start_factor, end_factor, ramp):
    low = peak / start_factor
    end = low / end_factor
    turn = ramp * length
    if update < turn:
        return low + (peak - low) * update / turn
    if update < 2 * turn:
        return peak - (peak - low) * (update - turn) / turn
    if update >= length:
        return end if length > 2 * turn or update > length else low
    return low - (low - end) * (update - 2 * turn) / (length - 2 * turn)


def triangular(update, low, high, half_cycle, shrink):
    cycle, within = divmod(update, 2 * half_cycle)
    up = within if within <= half_cycle else 2 * half_cycle - within
    return low + (high - low) * up / half_cycle * shrink**cycle


def one(schedule, update):
    return rates(schedule, [update])[0]


def test_the_published_table_comes_out_digit_for_digit():
    per_epoch = updates_per_epoch(235, 28)
    table = rates(TimeDecayRepeated(0.1, 0.001, per_epoch), np.arange(5) * per_epoch)
    assert [f"{rate:.10g}" for rate in table] == PUBLISHED


def test_the_three_time_based_forms_differ_as_the_course_says():
    start = np.arange(5) * 9
    per_epoch = rates(TimeDecayPerEpoch(0.1, 0.001, 9), start)
    per_update = rates(TimeDecayPerUpdate(0.1, 0.001), start)
    repeated = rates(TimeDecayRepeated(0.1, 0.001, 9), start)
    np.testing.assert_allclose(per_epoch, 0.1 / (1 + 0.001 * np.arange(5)), rtol=1e-15)
    np.testing.assert_allclose(per_update, 0.1 / (1 + 0.009 * np.arange(5)), rtol=1e-15)
    np.testing.assert_allclose(repeated[:2], per_epoch[:2], rtol=1e-14)
    assert (repeated[2:] < per_epoch[2:]).all()


@checked
@given(learning_rates, decays, counts, updates)
def test_time_decay_per_epoch(learning_rate, decay, per_epoch, update):
    expected = learning_rate / (1 + decay * (update // per_epoch))
    assert one(TimeDecayPerEpoch(learning_rate, decay, per_epoch), update) == pytest.approx(expected, rel=1e-14)


@checked
@given(learning_rates, decays, updates)
def test_time_decay_per_update_is_keras_inverse_time_decay(learning_rate, decay, update):
    ours = one(TimeDecayPerUpdate(learning_rate, decay), update)
    assert ours == pytest.approx(learning_rate / (1 + decay * update), rel=1e-14)
    theirs = keras.optimizers.schedules.InverseTimeDecay(learning_rate, 1, decay)
    assert ours == pytest.approx(float(theirs(update)), rel=1e-6)


@checked
@given(learning_rates, decays, st.integers(1, 20), updates)
@example(0.1, 1e-12, 1, 5000)
@example(0.1, 0.00999, 1, 5000)
@example(0.1, 0.01001, 1, 5000)
@example(0.1, 0.19, 1, 40)
@example(0.1, 5.0, 1, 60)
def test_time_decay_repeated_is_the_loop(learning_rate, decay, per_epoch, update):
    expected = time_decay_repeated(update, learning_rate, decay, per_epoch)
    ours = one(TimeDecayRepeated(learning_rate, decay, per_epoch), update)
    assert ours == pytest.approx(expected, rel=1e-10, abs=1e-300)


@checked
@given(learning_rates, st.floats(0.01, 1), st.integers(1, 40), counts, updates)
def test_step_decay(learning_rate, factor, epochs_per_drop, per_epoch, update):
    schedule = StepDecay(learning_rate, factor, epochs_per_drop, updates_per_epoch=per_epoch)
    expected = learning_rate * factor ** (update // per_epoch // epochs_per_drop)
    assert one(schedule, update) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@checked
@given(learning_rates, st.floats(0.01, 1), st.integers(1, 40), counts, updates)
def test_the_tutorials_step_decay_is_one_epoch_ahead(learning_rate, factor, epochs_per_drop, per_epoch, update):
    early = StepDecayOneEarly(learning_rate, factor, epochs_per_drop, updates_per_epoch=per_epoch)
    right = StepDecay(learning_rate, factor, epochs_per_drop, updates_per_epoch=per_epoch)
    assert one(early, update) == one(right, update + per_epoch)


@checked
@given(
    learning_rates,
    st.integers(1, 2000),
    st.floats(1, 100),
    st.floats(1, 1e4),
    st.floats(0.05, 0.5),
    st.integers(0, 3000),
)
@example(1.0, 100, 10.0, 100.0, 0.5, 100)
@example(1.0, 1, 1.0, 1.0, 0.5, 0)
def test_one_cycle(peak, length, start_factor, end_factor, ramp, update):
    schedule = OneCycle(peak, length, start_factor, end_factor, ramp)
    expected = one_cycle(update, peak, length, start_factor, end_factor, ramp)
    assert one(schedule, update) == pytest.approx(expected, rel=1e-9)


@checked
@given(learning_rates, st.integers(10, 2000), st.floats(1, 100), st.floats(1, 1e4), st.floats(0.1, 0.48))
def test_one_cycle_is_continuous_rises_then_falls_and_ends_lowest(peak, length, start_factor, end_factor, ramp):
    curve = rates(OneCycle(peak, length, start_factor, end_factor, ramp), range(length + 10))
    steps = np.diff(curve)
    turn = ramp * length
    low = peak / start_factor
    steepest = max((peak - low) / turn, (low - low / end_factor) / (length - 2 * turn))
    assert np.abs(steps).max() <= steepest * (1 + 1e-9) + 1e-12 * peak
    rises = math.floor(turn)
    assert (steps[:rises] >= -1e-12 * peak).all()
    assert (steps[rises + 1 :] <= 1e-12 * peak).all()
    assert curve[0] == pytest.approx(low)
    assert curve[length:] == pytest.approx(low / end_factor)
    assert curve.max() <= peak * (1 + 1e-12)


@checked
@given(learning_rates, st.floats(1, 100), counts, st.floats(0.3, 1), updates)
def test_triangular_cycle(low, ratio, half_cycle, shrink, update):
    schedule = TriangularCycle(low, low * ratio, half_cycle, shrink)
    assert one(schedule, update) == pytest.approx(triangular(update, low, low * ratio, half_cycle, shrink), rel=1e-9)


@checked
@given(learning_rates, st.floats(1, 100), st.integers(1, 100))
def test_triangular_cycle_has_its_period_and_its_bounds(low, ratio, half_cycle):
    period = 2 * half_cycle
    curve = rates(TriangularCycle(low, low * ratio, half_cycle), range(3 * period))
    np.testing.assert_allclose(curve[period:], curve[:-period], rtol=1e-9)
    np.testing.assert_allclose(curve[:period][1:], curve[:period][1:][::-1], rtol=1e-9)
    assert curve.min() == pytest.approx(low)
    assert curve.max() == curve[half_cycle] == pytest.approx(low * ratio)


@checked
@given(st.floats(0.01, 1), st.floats(0, 1), counts, counts, updates)
def test_warm_up_is_that_of_keras_cosine_decay(top, start, warmup, length, update):
    cosine = keras.optimizers.schedules.CosineDecay(top, length)
    keras_own = keras.optimizers.schedules.CosineDecay(start, length, warmup_target=top, warmup_steps=warmup)
    # Keras's cosine ends near 0, and float32 keeps 7 digits of the largest number on the way
    assert one(WarmUp(cosine, warmup, start), update) == pytest.approx(float(keras_own(update)), abs=1e-6)


@checked
@given(learning_rates, decays, counts, counts, updates)
def test_warm_up_follows_the_schedule_afterwards(learning_rate, decay, per_epoch, warmup, update):
    inner = TimeDecayPerEpoch(learning_rate, decay, per_epoch)
    schedule = WarmUp(inner, warmup)
    assert one(schedule, warmup + update) == one(inner, update)
    before = min(update, warmup)
    assert one(schedule, before) == pytest.approx(learning_rate * before / warmup)


def test_warm_up_in_a_warm_up():
    np.testing.assert_allclose(rates(WarmUp(WarmUp(0.2, 2, 0.1), 2), range(6)), [0, 0.05, 0.1, 0.15, 0.2, 0.2])


# as Keras sees them


@pytest.mark.parametrize("schedule", EVERY, ids=lambda schedule: type(schedule).__name__)
def test_one_update_or_a_tensor_of_them_in_and_out_of_a_graph(schedule):
    numbers = np.arange(24).reshape(4, 6)
    together = rates(schedule, numbers)
    assert together.shape == (4, 6)
    assert together.dtype == "float64"
    single = schedule(tf.constant(7, "int64"))
    assert single.shape == ()
    assert single.dtype == tf.float32
    in_graph = tf.function(schedule)(tf.constant(numbers))
    mapped = tf.vectorized_map(schedule, tf.constant(numbers.ravel()))
    alone = [float(schedule(int(i))) for i in range(24)]
    # Keras's cosine inside one of them is float32: 7 digits of its largest rate, 0.1
    np.testing.assert_allclose(in_graph, together, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(mapped, together.ravel(), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(alone, together.ravel(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("schedule", EVERY, ids=lambda schedule: type(schedule).__name__)
def test_serialises_and_comes_back_the_same(schedule):
    for save, load in [
        (keras.saving.serialize_keras_object, keras.saving.deserialize_keras_object),
        (keras.optimizers.schedules.serialize, keras.optimizers.schedules.deserialize),
        (lambda s: s.get_config(), type(schedule).from_config),
    ]:
        back = load(save(schedule))
        assert type(back) is type(schedule)
        assert back.get_config() == schedule.get_config()
        np.testing.assert_array_equal(rates(back, range(30)), rates(schedule, range(30)))


def mean_prediction(y_true, y_pred):
    return keras.ops.mean(y_pred)


def summing_model(schedule):
    """A model whose gradient is 2 whatever the weight is, so that the weight adds up the rates that were used."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(schedule), loss=mean_prediction)
    return model


@pytest.mark.slow
def test_a_saved_model_loads_in_another_process_that_imports_the_module(tmp_path):
    summing = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    summing.compile(keras.optimizers.SGD(WarmUp(OneCycle(0.1, 50), 5)), loss="mse")
    summing.save(tmp_path / "model.keras")
    code = (
        "import course_pkg.schedules, keras, sys; print(keras.models.load_model(sys.argv[1]).optimizer._learning_rate)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.keras")]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.startswith("WarmUp(schedule=OneCycle(maximum_learning_rate=0.1, updates=50")


TWOS, ZEROS = np.full((4, 1), 2.0), np.zeros((4, 1))


@pytest.mark.parametrize("schedule", EVERY, ids=lambda schedule: type(schedule).__name__)
def test_fit_uses_the_rate_and_a_saved_model_goes_on_with_it(schedule, tmp_path):
    model = summing_model(schedule)
    model.fit(TWOS, ZEROS, batch_size=2, epochs=4, verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(one(schedule, 8), rel=1e-6)
    assert float(model.get_weights()[0].item()) == pytest.approx(-2 * rates(schedule, range(8)).sum(), rel=1e-5)
    model.compile(model.optimizer, loss="mse")  # a function of this file could not be loaded
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer._learning_rate) is type(schedule)
    assert float(loaded.optimizer.learning_rate) == pytest.approx(one(schedule, 8), rel=1e-6)


@pytest.mark.parametrize("schedule", EVERY, ids=lambda schedule: type(schedule).__name__)
def test_the_replicate_engine_uses_the_rate(schedule):
    runs = replicate(lambda: summing_model(schedule), TWOS, ZEROS, seeds=2, batch_size=2, epochs=4, engine="vectorized")
    for seed in range(2):
        assert runs.weights(seed)[0].item() == pytest.approx(-2 * rates(schedule, range(8)).sum(), rel=1e-5)


def test_rates_of_keras_own_schedules_and_of_constants():
    keras_own = keras.optimizers.schedules.PiecewiseConstantDecay([2, 4], [0.3, 0.2, 0.1])
    np.testing.assert_allclose(rates(keras_own, [[0, 2], [3, 5]]), [[0.3, 0.3], [0.2, 0.1]], rtol=1e-6)
    np.testing.assert_array_equal(rates(0.1, range(3)), [0.1, 0.1, 0.1])
    assert rates(TriangularCycle(0.1, 0.2, 3), []).shape == (0,)
    assert rates(StepDecay(0.1, updates_per_epoch=1), 10) == 0.05


@checked
@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_updates_per_epoch_is_what_slicing_gives(samples, batch_size):
    assert updates_per_epoch(samples, batch_size) == len(range(0, samples, batch_size))


# at the door

WRONG = [
    (lambda: TimeDecayPerEpoch(0, 0.1, 5), ValueError, "initial_learning_rate must be above 0, got 0"),
    (lambda: TimeDecayPerEpoch("fast", 0.1, 5), TypeError, "initial_learning_rate must be a number, got 'fast'"),
    (lambda: TimeDecayPerEpoch(True, 0.1, 5), TypeError, "initial_learning_rate must be a number, got True"),
    (lambda: TimeDecayPerEpoch(0.1, -1, 5), ValueError, "decay must be 0 or more, got -1"),
    (lambda: TimeDecayPerEpoch(0.1, 0.1, 0), ValueError, "updates_per_epoch must be 1 or more, got 0"),
    (lambda: TimeDecayPerEpoch(0.1, 0.1, 2.5), TypeError, "updates_per_epoch must be an integer, got 2.5"),
    (lambda: TimeDecayPerUpdate(math.nan, 0.1), ValueError, "initial_learning_rate must be finite, got nan"),
    (lambda: TimeDecayRepeated(0.1, math.inf, 1), ValueError, "decay must be finite, got inf"),
    (lambda: StepDecay(0.1, 1.5, updates_per_epoch=1), ValueError, "factor must be above 0 and at most 1, got 1.5"),
    (lambda: StepDecay(0.1, 0.5, 0, updates_per_epoch=1), ValueError, "epochs_per_drop must be 1 or more, got 0"),
    (lambda: OneCycle(-0.1, 10), ValueError, "maximum_learning_rate must be above 0, got -0.1"),
    (lambda: OneCycle(0.1, 0), ValueError, "updates must be 1 or more, got 0"),
    (lambda: OneCycle(0.1, 10, start_factor=0.5), ValueError, "start_factor must be at least 1, got 0.5"),
    (lambda: OneCycle(0.1, 10, end_factor=0.5), ValueError, "end_factor must be at least 1, got 0.5"),
    (lambda: OneCycle(0.1, 10, ramp=0.6), ValueError, r"ramp must be above 0 and at most 0\.5, got 0\.6"),
    (lambda: TriangularCycle(0.2, 0.1, 10), ValueError, r"maximum_learning_rate must be at least 0\.2, got 0\.1"),
    (lambda: TriangularCycle(0.1, 0.2, 0), ValueError, "half_cycle must be 1 or more, got 0"),
    (lambda: TriangularCycle(0.1, 0.2, 1, shrink=0), ValueError, "shrink must be above 0 and at most 1, got 0"),
    (lambda: WarmUp("cosine", 5), TypeError, "schedule must be a number, got 'cosine'"),
    (lambda: WarmUp(0.1, 0), ValueError, "warmup_updates must be 1 or more, got 0"),
    (lambda: WarmUp(0.1, 5, -0.1), ValueError, r"initial_learning_rate must be 0 or more, got -0\.1"),
    (lambda: rates(0.1, [-1]), ValueError, "updates must be 0 or more, got -1"),
    (lambda: rates(0.1, [0.5]), TypeError, "updates must be integers, got float64"),
    (lambda: rates("cosine", [0]), TypeError, "schedule must be a number, got 'cosine'"),
    (lambda: updates_per_epoch(0, 5), ValueError, "samples must be 1 or more, got 0"),
    (lambda: updates_per_epoch(5, 1.0), TypeError, r"batch_size must be an integer, got 1\.0"),
    (lambda: Schedule()(0), NotImplementedError, r"Schedule must define rate\(self, update\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_wrong_parameters_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_every_schedule_is_exported_and_tested():
    public = [getattr(schedules_module, name) for name in schedules_module.__all__]
    classes = {item for item in public if isinstance(item, type) and item is not Schedule}
    assert classes == {type(schedule) for schedule in EVERY}
