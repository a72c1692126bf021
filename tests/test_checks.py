"""What a student's function may return, what it may not, and the sentence that says so."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numbers

from course_pkg import checks

CALL = "f(1)"


class Liar:
    """Equals everything, is every number, and says so."""

    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__
    __hash__ = object.__hash__

    def __float__(self):
        return 1.0

    def __array__(self, dtype=None, copy=None):
        return np.array([1.0, 2.0])

    def __repr__(self):
        return "1.0"

    def __bool__(self):
        return True

    def __len__(self):
        return 2

    def __iter__(self):
        return iter([1.0, 2.0])


class LyingFloat(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__

    def __float__(self):
        return 1.0


class LyingList(list):
    def __iter__(self):
        return iter([1.0, 2.0])

    def __eq__(self, other):
        return True

    __hash__ = None

    def __len__(self):
        return 2


class LyingArray(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.True_

    def __eq__(self, other):
        return np.True_

    __hash__ = None


ODD = [
    None,
    "1.0",
    Liar(),
    LyingFloat(7.0),
    LyingList([5.0]),
    np.zeros(2).view(LyingArray),
    np.ma.array([1.0, 2.0], mask=[False, True]),
    [1.0, "2.0"],
    [1.0, None],
    [1.0, [2.0]],
    [True, 2.0],
    {"a": 1.0},
    {1.0, 2.0},
    1j,
    np.datetime64("2026-01-01"),
    lambda: 1.0,
    Liar,
    float("nan"),
    float("inf"),
    [1.0, np.nan],
    [[1.0], [2.0]],
    [1.0, 2.0, 3.0],
    [],
    (value for value in (1.0, 2.0)),
    10**400,
    [10**400, 2.0],
    pd.NA,
    pd.Series([1.0, pd.NA], dtype="Float64"),
    pd.DataFrame({"a": ["x"]}),
    b"1.0",
    object(),
]


def refused(function, *args, **kwargs) -> str:
    with pytest.raises(AssertionError) as caught:
        function(*args, call=CALL, **kwargs)
    message = str(caught.value)
    assert message.startswith(CALL)
    assert "\n" not in message
    assert len(message) < 300
    return message


@pytest.mark.parametrize("value", ODD, ids=lambda value: checks.describe(value))
@pytest.mark.parametrize("expected", [1.0, [1.0, 2.0], np.array([1.0, 2.0]), {"b": 1.0}], ids=str)
def test_nothing_odd_passes_for_numbers(value, expected):
    refused(checks.check_close, value, expected)
    refused(checks.check_equal, value, expected)


@pytest.mark.parametrize("value", ODD, ids=lambda value: checks.describe(value))
def test_nothing_odd_passes_for_a_number_in_a_range(value):
    if not (isinstance(value, list) and value in ([[1.0], [2.0]], [1.0, 2.0, 3.0], [])):
        refused(checks.check_range, value, 1.0, 3.0)
    if not isinstance(value, LyingFloat):  # it is a 7, in disguise
        refused(checks.as_number, value)
    if not isinstance(value, LyingArray):
        refused(checks.as_array, value, shape=(2,))
    refused(checks.as_model, value)
    if not isinstance(value, pd.DataFrame):
        refused(checks.as_frame, value)


RIGHT = [
    [1.0, 2.0],
    (1.0, 2.0),
    [1, 2],
    range(1, 3),
    [np.float32(1), np.int8(2)],
    np.array([1, 2]),
    np.array([1, 2], dtype="float16"),
    np.array([1, 2], dtype="longdouble"),
    np.array([1, 2], dtype=object),
    np.array([[1, 2]])[0],
    pd.Series([1, 2], index=["b", "a"]),
    pd.Series([1, 2], dtype="Int64"),
    pd.Index([1, 2]),
    np.array([1.0, 9.0, 2.0])[::2],
]


@pytest.mark.parametrize("value", RIGHT, ids=lambda value: type(value).__name__)
def test_every_form_of_the_right_numbers_passes(value):
    for expected in ([1, 2], (1.0, 2.0), np.array([1, 2])):
        checks.check_equal(value, expected, call=CALL)
        checks.check_close(value, expected, call=CALL)
    checks.check_shape(value, (2,), call=CALL)
    checks.check_range(value, 1, 2, call=CALL)
    assert checks.as_array(value, call=CALL, kind="whole").tolist() == [1, 2]
    assert type(checks.as_array(value, call=CALL)) is np.ndarray


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3), np.array(3), np.longdouble(3)], ids=type)
def test_every_form_of_one_number_passes(value):
    checks.check_equal(value, 3, call=CALL)
    checks.check_close(value, 3.0, call=CALL)
    assert checks.as_number(value, call=CALL) == 3.0


def test_tensors_are_numbers_too():
    import keras

    checks.check_close(keras.ops.convert_to_tensor([1.0, 2.0]), [1, 2], call=CALL)
    checks.check_close(keras.Variable([1.0, 2.0]), [1, 2], call=CALL)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    assert checks.as_model(model, call=CALL) is model
    refused(checks.check_close, model, 1.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (np.True_, True),
        ("relu", "relu"),
        (np.str_("relu"), "relu"),
        (None, None),
        ({"a": [1, 2]}, {"a": np.array([1.0, 2.0])}),
        ({np.int64(1): "x"}, {1: "x"}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        ({(1, 2): 3}, {(1, 2): 3.0}),
        ({1, 2}, frozenset({2, 1})),
        (["a", 1, None, True], ["a", 1, None, True]),
        (["a", "b"], np.array(["a", "b"])),
        (np.array([True, False]), [True, False]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ([], []),
        (np.zeros(0), []),
        (pd.DataFrame({"a": [1, 2]}), [[1], [2]]),
    ],
    ids=str,
)
def test_equal_is_a_matter_of_value(value, expected):
    checks.check_equal(value, expected, call=CALL)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, True),
        (True, 1),
        ("1", 1),
        ("Relu", "relu"),
        (0, None),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1}, {"a": 2}),
        ([1, 2], {1, 2}),
        ([1, 0], [True, False]),
        ([1, 2, 3], [1, 2]),
        ([[1, 2]], [1, 2]),
        (1e-9, 0),
        (np.nextafter(1, 2), 1),
        (2**53 + 1, 2**53),
        ([2**53 + 1], [2**53]),
    ],
    ids=str,
)
def test_another_value_is_refused(value, expected):
    refused(checks.check_equal, value, expected)


@given(st.floats(-1e30, 1e30), st.floats(-1e-5, 1e-5))
def test_close_forgives_rounding_only(value, relative):
    checks.check_close(value * (1 + relative), value, call=CALL)
    checks.check_close(np.float32(value), value, call=CALL)
    refused(checks.check_close, value * 1.01 + 0.01 * (1 if value >= 0 else -1), value)


@given(numbers.arrays(np.float64, numbers.array_shapes(), elements=st.floats(-1e6, 1e6)), st.data())
def test_one_wrong_number_in_an_array_is_found(array, data):
    checks.check_close(array.tolist(), array, call=CALL)
    index = tuple(data.draw(st.integers(0, size - 1)) for size in array.shape)
    wrong = array.copy()
    wrong[index] = 2 * wrong[index] + 1 if wrong[index] >= 0 else wrong[index] * 2 - 1
    refused(checks.check_close, wrong, array)


@pytest.mark.parametrize(
    ("value", "expected", "sentence"),
    [
        (0.816497, 0.57735, "f(1) returned 0.8165; expected about 0.5774: hint."),
        (None, 1, "f(1) returned None; expected about 1: your function returned None: is there a `return`?"),
        (1.0, 1.0003, "f(1) returned 1; expected about 1.0003: hint."),
        ("0.5", 0.5, "f(1) returned '0.5'; expected about 0.5: hint."),
        ([1, 2], [1, 2, 3], "f(1) returned [1, 2], shape (2,); expected [1, 2, 3], shape (3,): hint."),
        (Liar(), 1, "f(1) returned a Liar; expected about 1: hint."),
        (
            np.arange(9.0),
            [0, 1, 2, 3, 4, 5, 6, 7, 9],
            "f(1) returned [0, 1, 2, 3, 4, 5, … 9 values] with 8 at [8]; expected about 9 there: hint.",
        ),
        (np.zeros((2, 2)), [[0, 0], [1, 0]], "f(1) returned an array of shape (2, 2) with 0 at [1][0]; expected"),
        (True, 1, "f(1) returned True; expected about 1: hint."),
        ("1", "1.", "f(1) returned '1'; expected about '1.': hint."),
    ],
    ids=str,
)
def test_the_sentence_says_what_came_and_what_was_expected(value, expected, sentence):
    assert refused(checks.check_close, value, expected, hint="hint").startswith(sentence)


def test_a_range_names_its_bounds():
    assert refused(checks.check_range, 2, 0, 1.5) == "f(1) returned 2; expected a number from 0 to 1.5."
    message = refused(checks.check_range, [0.5, 9], 0, 1)
    assert message == "f(1) returned 9 among 2 numbers; expected only numbers from 0 to 1."


@pytest.mark.parametrize("condition", [False, np.False_, None, 1, "yes", Liar()], ids=str)
def test_a_condition_must_be_the_plain_truth(condition):
    message = refused(checks.check_true, condition, expected="two different numbers", hint="look again")
    assert message == "f(1) did not return what was expected, two different numbers: look again."
    checks.check_true(np.True_, call=CALL, expected="")


def test_an_exception_of_a_built_in_type_is_asked_for():
    checks.check_raises(lambda: int("x"), ValueError, call=CALL)
    checks.check_raises(lambda: int("x"), (TypeError, ValueError), call=CALL)
    assert "raised TypeError; expected that it raises ValueError" in refused(checks.check_raises, len, ValueError)
    assert refused(checks.check_raises, lambda: None, ValueError).startswith("f(1) returned None; expected")


def test_an_untouched_task_never_raises_the_right_exception():
    def stub():
        raise NotImplementedError()

    for exception in (NotImplementedError, RuntimeError, Exception):
        refused(checks.check_raises, stub, exception)


def test_columns_and_rows_of_a_frame():
    frame = pd.DataFrame({"score": [1.0, 2.0], "fold": [0, 1]})
    checks.check_columns(frame, ["fold", "score"], call=CALL, rows=2)
    assert "a data frame of 2 rows; expected 3 rows" in refused(checks.check_columns, frame, ["fold"], rows=3)
    assert "expected the column 'seed'" in refused(checks.check_columns, frame, ["seed"])
    assert "expected a pandas DataFrame" in refused(checks.check_columns, {"fold": [1]}, ["fold"])


def test_whole_numbers_and_truth_values():
    assert "expected whole numbers" in refused(checks.as_array, [1.5], kind="whole")
    assert "expected True or False" in refused(checks.as_array, [1, 0], kind="bool")
    assert checks.as_array([True, np.False_], call=CALL, kind="bool").tolist() == [True, False]


def test_nested_without_end_is_no_crash():
    endless: list = []
    endless.append(endless)
    message = refused(checks.check_equal, endless, [1])
    assert "nested too deep" in message


def test_describe_is_short_and_never_asks_the_object():
    class Loud:
        def __repr__(self):
            raise RuntimeError("never called")

    assert checks.describe(Loud()) == "a Loud"
    for value in (
        list(range(10**5)),
        "x" * 10**5,
        {i: i for i in range(10**4)},
        set(range(10**4)),
        [["x" * 99] * 9] * 9,
    ):
        assert len(checks.describe(value)) <= 60


def test_hidden_inputs_depend_on_the_task_and_the_grading_seed_alone(monkeypatch):
    def draw(task="mean"):
        return checks.grading_generator(task).integers(2**62)

    monkeypatch.delenv(checks.SEED_VARIABLE, raising=False)
    public = draw()
    assert draw() == public != draw("median")
    monkeypatch.setenv(checks.SEED_VARIABLE, checks.PUBLIC_SEED)
    assert draw() == public
    monkeypatch.setenv(checks.SEED_VARIABLE, "a secret of the term")
    assert draw() == draw() != public


def test_the_report_names_what_is_open_broken_and_answered(capsys):
    def stub():
        raise NotImplementedError()

    checks.report_unanswered({"a": stub, "b": lambda: undefined, "c": lambda: 1 / 0, "d": lambda: 1})  # noqa: F821
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines() == [
        "Still unanswered: a, b.",
        "Stops with an error: c (ZeroDivisionError).",
        "Answered: d. Whether it is right, the tests above say.",
    ]


def test_a_warning_is_shown_and_costs_nothing(capsys, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        checks.show_warnings_as_output()
        warnings.warn("look out", stacklevel=1)
        np.float64(1) / np.float64(0)
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == "UserWarning: look out"
    assert "RuntimeWarning: divide by zero" in captured.out
    assert captured.err == ""


def test_importing_the_checks_is_cheap():
    code = "import sys, course_pkg.checks; print({'tensorflow', 'keras', 'pandas', 'scipy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


NOTEBOOK = """
from course_pkg import checks

def answer(number):
    return number + 1

checks.check_equal(answer(1), 3, call="answer(1)", hint="count the bias, too")
"""


def test_in_a_notebook_the_traceback_ends_at_the_call_of_the_check():
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "--no-banner", "--no-confirm-exit", "-c", NOTEBOOK]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    assert "checks.check_equal(answer(1), 3" in shown
    assert "AssertionError: answer(1) returned 2; expected 3: count the bias, too." in shown
    assert "checks.py" not in shown


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 3))])
def test_no_numbers_are_in_no_range(nothing):
    with pytest.raises(AssertionError, match="expected numbers from 0 to 1: return them all"):
        checks.check_range(nothing, 0, 1, call="rates()", hint="return them all")
