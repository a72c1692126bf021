"""What travels between the student's process and the examiner's, and what is refused."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_pkg.grading import values
from course_pkg.grading.values import ValueRefused, compose, decode, encode, parse


class Nothing:
    """A side that lends nothing."""

    def lend(self, value):
        raise ValueRefused(f"a {type(value).__name__}")

    def resolve(self, reference):
        return ("resolved", reference)


NOTHING = Nothing()


def there_and_back(value):
    return decode(parse(compose(encode(value, NOTHING))), NOTHING)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
hashable = st.integers() | st.text() | st.tuples(st.integers(), st.text())
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
    ),
    max_leaves=12,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b or repr(a) == repr(b)  # nan


@given(anything)
def test_plain_values_come_back_as_they_went(value):
    assert same(there_and_back(value), value)


DTYPES = arrays.boolean_dtypes() | arrays.integer_dtypes() | arrays.floating_dtypes(sizes=(16, 32, 64))


@given(arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4)))
def test_arrays_come_back_to_the_bit(array):
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.writeable


@given(arrays.from_dtype(np.dtype("float32")))
def test_numpy_scalars_keep_their_type(scalar):
    back = there_and_back(scalar)
    assert type(back) is np.float32
    assert back.tobytes() == scalar.tobytes()


def test_a_range_comes_back_as_a_list():
    assert there_and_back(range(2, 8, 3)) == [2, 5]


def test_arrays_of_strings_and_in_fortran_order():
    assert there_and_back(np.array(["a", "bc"])).tolist() == ["a", "bc"]
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(there_and_back(array), array)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"seed": [1, 2], "metric": ["loss", None], "value": [0.5, math.nan]}, index=["a", "b"]),
        pd.DataFrame({("x", 1): [1.0], ("y", 2): [True]}),
        pd.DataFrame(),
        pd.DataFrame({"x": []}),
    ],
    ids=["mixed", "two levels", "empty", "no rows"],
)
def test_frames_come_back(frame):
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_index_type=False, check_column_type=False)


def test_series_and_indexes_come_back():
    series = pd.Series([1.5, 2.5], index=pd.Index([3, 4], name="seed"), name="loss")
    pd.testing.assert_series_equal(there_and_back(series), series)
    assert there_and_back(pd.Index([1, 2])).tolist() == [1, 2]


def test_a_generator_goes_on_where_it_was():
    generator = np.random.default_rng(3)
    generator.normal(size=7)
    back = there_and_back(generator)
    assert back.normal() == generator.normal()


def test_a_subclass_with_a_will_of_its_own_does_not_pass_as_a_number():
    class Everything(float):
        def __eq__(self, other):
            return True

        __hash__ = None

    class Obliging(np.float64):
        def __eq__(self, other):
            return True

        __hash__ = None

    with pytest.raises(ValueRefused):
        encode(Everything(1), NOTHING)
    assert type(there_and_back(Obliging(1))) is np.float64


def npy(header, data=b""):
    text = repr(header).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return values._to_text(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data)


def deep(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "[Infinity]",
        "{",
        deep(100_000),
        deep(40),
        '{"$tuple": 3}',
        '{"$dict": [[1, 2, 3]]}',
        '{"$dict": [[[], 2]]}',
        '{"$set": [[]]}',
        '{"$unknown": 1}',
        '{"$int": 1, "$float": "nan"}',
        "{}",
        '{"$float": "1e400"}',
        '{"$int": "' + "f" * 5000 + '"}',
        '{"$bytes": "a"}',
        '{"$array": "AAAA"}',
        '{"$frame": [1]}',
        '{"$frame": [[[null], ["a"]], [[1, 2, 3]], [[null], [0, 1]]]}',
        '{"$series": [null, [1, 2], [[null], [0]]]}',
        '{"$generator": {"$dict": [["state", 1]]}}',
        '{"$reference": 1}',
        json.dumps({"$array": npy({"descr": "<f8", "fortran_order": False, "shape": (10**12,)})}),
        json.dumps({"$array": npy({"descr": "<f8", "fortran_order": False, "shape": (-1, -1)}, b"x" * 8)}),
        json.dumps({"$array": npy({"descr": "|O", "fortran_order": False, "shape": (1,)}, b"x" * 8)}),
        json.dumps({"$array": npy({"descr": [("a", "|O")], "fortran_order": False, "shape": (1,)}, b"x" * 8)}),
        json.dumps({"$array": npy({"descr": "<f8", "fortran_order": False, "shape": (0, 10**9)})}),
        json.dumps({"$array": npy({"descr": "<U1000000000", "fortran_order": False, "shape": (0,)})}),
        '{"$frame": [[[null], ["a"]], [1], [[null], [0, 1, 2]]]}',
        '{"$series": [null, 1, [[null], [0, 1, 2]]]}',
        '{"$dict": [' + ",".join(f'[{{"$int": "{hex(n * (2**61 - 1))}"}}, 0]' for n in range(1, 20_000)) + "]}",
    ],
    ids=range(31),
)
def test_hostile_text_is_refused_in_one_way(text):
    with pytest.raises(ValueRefused):
        decode(parse(text), NOTHING)


def test_a_matrix_of_a_thousand_by_a_thousand_may_be_a_list():
    assert there_and_back([[1.0] * 1000] * 1000) == [[1.0] * 1000] * 1000


def test_half_characters_are_replaced():
    assert values.parse(r'["\ud800x", {"\udfff": "\ud83d\ude00 \\ud800"}]') == ["?x", {"?": "😀 \\ud800"}]


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(values, "SIZE", 1000)
    monkeypatch.setattr(values, "PARTS", 50)
    for value in ("x" * 2000, list(range(60)), [[1] * 20] * 3, np.zeros(1000)):
        with pytest.raises(ValueRefused):
            compose(encode(value, NOTHING))
    with pytest.raises(ValueRefused):
        decode(parse("[" + "1," * 60 + "1]"), NOTHING)
    loop = []
    loop.append(loop)
    with pytest.raises(ValueRefused):
        encode(loop, NOTHING)


def test_a_reference_is_resolved_by_the_side_that_reads_it():
    assert decode({"$reference": {"id": 3}}, NOTHING) == ("resolved", {"id": 3})
