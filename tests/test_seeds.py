import os
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_pkg import presets
from course_pkg.seeds import MAX_SEED, child_seed, child_seeds, environment, fingerprint, set_seed

seeds = st.integers(0, MAX_SEED)


@given(seeds, st.integers(0, 60), st.integers(0, 60))
def test_child_seeds_differ_and_a_longer_list_begins_with_the_shorter(seed, few, more):
    few, more = sorted((few, more))
    long = child_seeds(seed, more)
    assert child_seeds(seed, few) == long[:few]
    assert len(set(long)) == more
    assert all(0 <= child <= MAX_SEED for child in long)


def test_ten_thousand_child_seeds_are_all_different():
    assert len(set(child_seeds(1, 10_000))) == 10_000


@given(seeds, st.text(max_size=20), st.text(max_size=20))
def test_named_child_seeds_depend_on_the_name_alone(seed, one, other):
    assert child_seed(seed, one) == child_seed(seed, one)
    if one != other:
        assert child_seed(seed, one) != child_seed(seed, other)


@pytest.mark.parametrize("wrong", [-1, MAX_SEED + 1])
def test_a_seed_out_of_range_is_refused_with_its_value(wrong):
    with pytest.raises(ValueError, match=str(wrong)):
        set_seed(wrong)
    with pytest.raises(ValueError, match=str(wrong)):
        child_seeds(wrong, 1)


@pytest.mark.parametrize("wrong", [1.0, "1", None, True])
def test_a_seed_that_is_no_integer_is_refused_with_its_type(wrong):
    with pytest.raises(TypeError, match=type(wrong).__name__):
        set_seed(wrong)


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="-2"):
        child_seeds(1, -2)


def test_set_seed_reaches_every_generator_and_asks_for_deterministic_kernels():
    import keras
    import tensorflow as tf

    def draws():
        set_seed(3)
        return [
            random.random(),
            float(np.random.rand()),
            float(tf.random.uniform([])),
            float(keras.random.uniform([])),
            float(keras.layers.Dense(1).__call__(tf.ones([1, 4]))[0, 0]),
        ]

    assert draws() == draws()
    with pytest.raises(RuntimeError, match="determinism"):
        tf.random.Generator.from_non_deterministic_state()


def test_set_seed_leaves_your_own_generators_alone():
    generator = np.random.default_rng(5)
    first = generator.random()
    set_seed(5)
    assert generator.random() != first


def test_too_late_says_what_to_do():
    clean = {key: value for key, value in os.environ.items() if key not in presets.settings()}
    code = "import numpy; from course_pkg.seeds import set_seed; set_seed(1)"
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "TooLateError" in last
    assert "numpy was imported before course_pkg" in last
    assert "restart the kernel" in last


arrays = st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=8).map(lambda x: np.array(x, "float32"))


@given(arrays)
def test_fingerprint_of_an_array_is_that_of_its_copy_in_any_memory_layout(array):
    assert fingerprint(array) == fingerprint(array.copy()) == fingerprint(np.repeat(array, 2)[::2])
    assert fingerprint(array) == fingerprint(array.astype(">f4"))


@given(arrays)
def test_fingerprint_sees_one_changed_bit(array):
    other = array.copy()
    other.view("uint32")[0] ^= 1
    assert fingerprint(array) != fingerprint(other)


def test_fingerprint_tells_structures_apart():
    one = np.arange(6.0)
    things = [
        one,
        one.reshape(2, 3),
        one.astype("float32"),
        list(one),
        [one],
        [one, one],
        {"a": one},
        {"b": one},
        pd.Series(one),
        pd.DataFrame({"a": one}),
        "6",
        b"6",
        6,
        None,
        ["ab", "c"],
        ["a", "bc"],
    ]
    assert len({fingerprint(thing) for thing in things}) == len(things)


def test_fingerprint_of_a_dict_ignores_the_order_of_its_keys():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_fingerprint_of_a_model_is_that_of_its_weights():
    import keras

    def build():
        set_seed(1)
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])

    one, same = build(), build()
    assert fingerprint(one) == fingerprint(same)
    same.layers[0].bias.assign([0, 0, 1e-7])
    assert fingerprint(one) != fingerprint(same)


def test_fingerprint_refuses_what_has_none():
    with pytest.raises(TypeError, match="function"):
        fingerprint(lambda: 1)
    with pytest.raises(TypeError, match="array of objects"):
        fingerprint(np.array([object()], dtype=object))


def test_environment_says_what_a_result_depended_on():
    here = environment()
    assert here["versions"]["numpy"] == np.__version__
    assert here["versions"]["tensorflow"].startswith("2.")
    assert here["preset"] == "portable"
    assert here["problems"] == []
    assert here["cores"] >= 1
    assert {pool["num_threads"] for pool in here["blas"]} == {1}
