import json
import math
import os
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_pkg.errors import CourseError
from course_pkg.records import ChapterResults, RecordError, read_results, record, recorded, write_results

numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    st.one_of(numbers, st.booleans(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


def chapter(code: str, path) -> subprocess.CompletedProcess[str]:
    """Record as a chapter does: in a process whose environment names the file."""
    own = {"COURSE_RESULTS_FILE": str(path), "COURSE_CHAPTER": "x", "COURSE_SEED": "7"}
    program = f"from course_pkg.records import record\nimport numpy as np\n{code}"
    return subprocess.run([sys.executable, "-c", program], env={**os.environ, **own}, capture_output=True, text=True)


@given(values)
def test_what_is_written_is_what_is_read(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("r") / "x.json"
    results = ChapterResults("x", 1, {"value": value}, {"value": 0.5})
    write_results(results, path)
    assert read_results(path) == results


@given(st.dictionaries(st.text(min_size=1), numbers, max_size=6), st.randoms())
def test_equal_results_are_equal_bytes_in_whatever_order_they_came(items, shuffler):
    order = list(items.items())
    shuffler.shuffle(order)
    one = ChapterResults("x", 1, items, dict.fromkeys(items, 0.0))
    other = ChapterResults("x", 1, dict(order), dict.fromkeys(dict(order), 0.0))
    assert one.to_json() == other.to_json()


def test_a_chapter_writes_one_file_with_chapter_and_seed(tmp_path):
    path = tmp_path / "x.json"
    done = chapter("record('b', 2); record('a', np.array([0.1, 0.2]), tolerance=0.01)", path)
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text()) == {
        "chapter": "x",
        "seed": 7,
        "values": {"a": {"value": [0.1, 0.2], "tolerance": 0.01}, "b": {"value": 2, "tolerance": 2e-6}},
    }
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_chapter_may_not_use_a_name_twice(tmp_path):
    done = chapter("record('mean', 1); record('mean', 2)", tmp_path / "x.json")
    assert "RecordError: 'mean' was recorded before" in done.stderr


def test_in_your_own_notebook_a_cell_may_run_again():
    record("again", 1)
    record("again", 2)
    assert recorded()["again"] == 2


class Interval(NamedTuple):
    estimate: float
    low: float


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.1), 0.1),
        (np.float64(0.1), 0.1),
        (np.float32(1e-30), 1e-30),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array([0.1], "float32"), [0.1]),
        (pd.Series([1.0, 2.0]), [1.0, 2.0]),
        ((1, "a"), [1, "a"]),
        (Interval(1.0, 0.5), {"estimate": 1.0, "low": 0.5}),
        ({"a": [np.int32(1)]}, {"a": [1]}),
    ],
)
def test_values_become_plain(value, plain):
    record("plain", value)
    assert recorded()["plain"] == plain
    assert type(recorded()["plain"]) is type(plain)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_float32_keeps_every_bit(number):
    value = np.float32(number)
    record("single", value)
    assert np.float32(recorded()["single"]) == value


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, np.float32("nan"), [1.0, math.nan], {"a": math.inf}, np.array([np.nan])]
)
def test_nan_and_infinity_are_refused_with_the_name(value):
    with pytest.raises(RecordError, match="'loss'"):
        record("loss", value)


@pytest.mark.parametrize("value", [None, object(), {1: 2}, {1, 2}, 1j, lambda: 1])
def test_what_json_cannot_hold_is_refused_with_the_name(value):
    with pytest.raises(RecordError, match="'thing'"):
        record("thing", value)


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "1a", 3, "a:b"])
def test_a_malformed_name_is_refused(name):
    with pytest.raises(RecordError, match="cannot name a result"):
        record(name, 1)


@pytest.mark.parametrize("tolerance", [-1, math.nan, "loose"])
def test_a_wrong_tolerance_is_refused(tolerance):
    with pytest.raises(RecordError, match="tolerance of 'x'"):
        record("x", 1, tolerance=tolerance)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"chapter": "x", "seed": 1, "values": {"a": 1}}', '{"chapter": "x"', "\x00\xff"]
)
def test_a_damaged_file_is_named_with_a_cure(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(CourseError, match=r"x\.json is damaged.*course book run x --force"):
        read_results(path)


def test_a_missing_file_is_named_with_a_cure(tmp_path):
    with pytest.raises(CourseError, match=r"no results file .*y\.json.*course book run y"):
        read_results(tmp_path / "y.json")


def test_a_value_that_needs_a_data_set_says_so(tmp_path):
    path = tmp_path / "x.json"
    done = chapter("record('a', 1, data='pima'); record('b', 2)", path)
    assert done.returncode == 0, done.stderr
    assert read_results(path).needs == {"a": "pima"}
    assert read_results(path).to_json() == path.read_text()
