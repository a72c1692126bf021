"""Check what a student's function returns, and say in one sentence what is wrong with it.

The test cells of the problem sets are made of these. Each check looks only at the *value* that came back, and first
turns it into a plain number, string, list, dict, array or data frame: what it is decides, not what its own ``==`` says.
A list does as well as an array, an int as well as a NumPy float, ``float32`` as well as ``float64``; NaN, None, a wrong
shape or text in place of a number never pass.

A check that fails raises AssertionError with the sentence "CALL returned X; expected Y: HINT".
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Any, NoReturn, TextIO, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "PUBLIC_SEED",
    "SEED_VARIABLE",
    "as_array",
    "as_frame",
    "as_model",
    "as_number",
    "call_text",
    "check_close",
    "check_columns",
    "check_equal",
    "check_raises",
    "check_range",
    "check_shape",
    "check_true",
    "describe",
    "grading_generator",
    "hide_frames",
    "report_unanswered",
    "show_warnings_as_output",
]

_ErrorT = TypeVar("_ErrorT", bound=Exception)

SEED_VARIABLE = "COURSE_GRADING_SEED"
"""Environment variable with the grading seed: any text. In a term it is the instructor's own secret."""

PUBLIC_SEED = "public"
"""The grading seed where none is set, as in this repository."""

_NO_RETURN = "your function returned None: is there a `return`?"
_DEPTH = 12
_BITS = 1000  # of an int that still is a float
_SHOWN = 6
_WIDTH = 60


def hide_frames(error: _ErrorT, *files: str) -> _ErrorT:
    """Let a notebook show an error's traceback without the frames of some files: it ends where the reader has to look.

    Parameters
    ----------
    error : Exception
        Not yet raised.
    *files : str
        As in ``__file__``.

    Returns
    -------
    Exception
        `error`. Outside of IPython nothing is hidden.
    """
    error._render_traceback_ = partial(_rendered, error, files)  # type: ignore[attr-defined]  # IPython asks for it
    return error


def _rendered(error: Exception, files: tuple[str, ...]) -> list[str]:
    frames = []
    link = error.__traceback__
    while link:
        if link.tb_frame.f_code.co_filename not in files:
            frames.append(link)
        link = link.tb_next
    shown: TracebackType | None = None
    for link in reversed(frames):
        shown = TracebackType(shown, link.tb_frame, link.tb_lasti, link.tb_lineno)
    shell: Any = sys.modules["IPython"].get_ipython()  # it has asked; without it this module works, too
    lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, shown, tb_offset=1)
    return lines


def grading_generator(task: str) -> np.random.Generator:
    """Return the generator that a task's hidden inputs are drawn from, the same at each regrade.

    Parameters
    ----------
    task : str
        The task's name. Each task has numbers of its own, whichever tests ran before.

    Returns
    -------
    numpy.random.Generator
        Seeded with the grading seed (`SEED_VARIABLE`, else `PUBLIC_SEED`) and the task's name.

    Examples
    --------
    >>> one, two = grading_generator("standard_error"), grading_generator("standard_error")
    >>> bool(one.integers(1000) == two.integers(1000))
    True
    """
    secret = os.environ.get(SEED_VARIABLE) or PUBLIC_SEED
    digest = hashlib.sha256(f"{secret}\0{task}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


def call_text(name: str, *args: Any, **kwargs: Any) -> str:
    """Write a call as a student would, for the message of a check.

    Parameters
    ----------
    name : str
        The function's name.
    *args, **kwargs
        What it was called with.

    Returns
    -------
    str

    Examples
    --------
    >>> call_text("standard_error", [1, 2, 3], ddof=0)
    'standard_error([1, 2, 3], ddof=0)'
    """
    shown = [describe(value) for value in args] + [f"{key}={describe(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(shown)})"


def describe(value: Any, digits: int = 4) -> str:
    """Say in few characters what a value is.

    An object of an unknown kind is named by its type alone: its own ``repr`` may be long, or lie.

    Parameters
    ----------
    value : object
    digits : int, default 4
        Significant digits of a number.

    Returns
    -------
    str

    Examples
    --------
    >>> describe(np.float32(2 / 3)), describe(range(1000)), describe(np.zeros((2, 3)))
    ('0.6667', '[0, 1, 2, 3, 4, 5, … 1000 values]', 'an array of shape (2, 3)')
    """
    try:
        return _shown(_plain(value), digits)
    except _OddError as odd:
        return str(odd)


def check_equal(actual: Any, expected: Any, *, call: str, hint: str = "") -> None:
    """Check that a value is exactly the expected one.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    expected : bool, number, str, None, or a list, tuple, set, dict or array of these
        A list, a tuple, an array and a pandas Series of the same items are equal. So are ``3`` and ``3.0``, but not
        ``True`` and ``1``. The order of a dict's keys does not count.
    call : str
        What was called, such as ``"updates(100, 32)"``; see `call_text`.
    hint : str, optional
        What to think of, without giving the solution.

    Raises
    ------
    AssertionError
        If it is another one.

    Examples
    --------
    >>> check_equal(np.array([4.0, 3.0]), [4, 3], call="updates()")
    >>> check_equal(3, 4, call="updates(100, 32)", hint="the last batch may be smaller")
    Traceback (most recent call last):
    AssertionError: updates(100, 32) returned 3; expected 4: the last batch may be smaller.
    """
    _compare(actual, expected, 0.0, 0.0, call, hint, "")


def check_close(
    actual: Any, expected: Any, *, call: str, hint: str = "", rtol: float = 1e-4, atol: float = 1e-6
) -> None:
    """Check that numbers are the expected ones but for rounding, that of ``float32`` included.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    expected : number, or a list, tuple, dict or array of numbers
        The shape must be the same; the keys of a dict, too.
    call : str
        What was called, such as ``"standard_error([1, 2, 3])"``; see `call_text`.
    hint : str, optional
        What to think of, without giving the solution.
    rtol, atol : float
        Each number may be off by ``atol + rtol * abs(expected)``.

    Raises
    ------
    AssertionError
        If one is further off, NaN, or no number.

    Examples
    --------
    >>> check_close([np.float32(0.1), 0.2], np.array([0.1, 0.2]), call="means()")
    >>> check_close(0.8165, 0.57735, call="standard_error([1, 2, 3])", hint="divide by n − 1, then by √n")
    Traceback (most recent call last):
    AssertionError: standard_error([1, 2, 3]) returned 0.8165; expected about 0.5774: divide by n − 1, then by √n.
    """
    _compare(actual, expected, rtol, atol, call, hint, "about ")


def check_true(condition: Any, *, call: str, expected: str, hint: str = "") -> None:
    """Check a condition of your own that the returned value must fulfil.

    Parameters
    ----------
    condition : bool
    call : str
        What was called.
    expected : str
        What should be so, such as ``"five different numbers"``.
    hint : str, optional
        What to think of.

    Raises
    ------
    AssertionError
        If `condition` is not the plain (or NumPy's) True.

    Examples
    --------
    >>> check_true(len({1, 2, 2}) == 3, call="draw(3)", expected="three different numbers", hint="reseed only once")
    Traceback (most recent call last):
    AssertionError: draw(3) did not return what was expected, three different numbers: reseed only once.
    """
    if type(condition) not in (bool, np.bool_) or not condition:
        raise _failure(_sentence(f"{call} did not return what was expected, {expected}", hint))


def check_range(actual: Any, low: float, high: float, *, call: str, hint: str = "") -> None:
    """Check that a number, or each number of an array, lies between two bounds (both included).

    Parameters
    ----------
    actual : object
        What the student's function returned: a number, or a list or array of numbers.
    low, high : float
        The bounds.
    call : str
        What was called.
    hint : str, optional
        What to think of.

    Raises
    ------
    AssertionError
        If one lies outside, is NaN, or no number; or if there is none.

    Examples
    --------
    >>> check_range([0.2, 0.4], 0, 1, call="rates()")
    >>> check_range(1.2, 0, 1, call="share()", hint="divide by the number of runs")
    Traceback (most recent call last):
    AssertionError: share() returned 1.2; expected a number from 0 to 1: divide by the number of runs.
    """
    values = as_array(actual, call=call, hint=hint)
    if not values.size:
        _fail(call, describe(actual), f"numbers from {describe(low, 8)} to {describe(high, 8)}", hint)
    outside = values[~((values >= low) & (values <= high))]
    if outside.size:
        bounds = f"from {describe(low, 8)} to {describe(high, 8)}"
        if values.ndim == 0:
            _fail(call, describe(actual), f"a number {bounds}", hint)
        got = f"{describe(outside.flat[0])} among {values.size} numbers"
        _fail(call, got, f"only numbers {bounds}", hint)


def check_shape(actual: Any, shape: tuple[int, ...], *, call: str, hint: str = "") -> None:
    """Check the shape of an array, or of nested lists.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    shape : tuple of int
        A number has shape ``()``.
    call : str
        What was called.
    hint : str, optional
        What to think of.

    Raises
    ------
    AssertionError
        If it is no array of numbers, or has another shape.

    Examples
    --------
    >>> check_shape([[1, 2], [3, 4]], (2, 2), call="table()")
    """
    as_array(actual, call=call, shape=shape, hint=hint)


def check_columns(actual: Any, columns: Sequence[str], *, call: str, rows: int | None = None, hint: str = "") -> None:
    """Check that a data frame has certain columns, in any order and perhaps among others.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    columns : sequence of str
        Their names.
    call : str
        What was called.
    rows : int, optional
        How many rows it must have.
    hint : str, optional
        What to think of.

    Raises
    ------
    AssertionError
        If it is no data frame, or lacks one.

    Examples
    --------
    >>> import pandas as pd
    >>> check_columns(pd.DataFrame({"fold": [0, 1]}), ["fold", "score"], call="scores()")
    Traceback (most recent call last):
    AssertionError: scores() returned a data frame with the columns ['fold']; expected the column 'score' in it.
    """
    frame = as_frame(actual, call=call, hint=hint)
    found = [str(name) for name in frame.columns]
    for name in columns:
        if name not in found:
            _fail(call, f"a data frame with the columns {describe(found)}", f"the column '{name}' in it", hint)
    if rows is not None and len(frame) != rows:
        _fail(call, f"a data frame of {len(frame)} rows", f"{rows} rows", hint)


def check_raises(
    function: Callable[[], Any], exception: type[Exception] | tuple[type[Exception], ...], *, call: str, hint: str = ""
) -> None:
    """Check that a call is refused with an exception of a built-in type.

    Parameters
    ----------
    function : callable
        Makes the call: ``lambda: rate(-1)``.
    exception : type, or tuple of types
        Such as ValueError. A NotImplementedError never counts: that is the untouched task.
    call : str
        What is called.
    hint : str, optional
        What to think of.

    Raises
    ------
    AssertionError
        If it returns, or raises something else.

    Examples
    --------
    >>> check_raises(lambda: int("x"), ValueError, call="int('x')")
    >>> check_raises(lambda: 1, ValueError, call="rate(-1)", hint="a rate cannot be negative")
    Traceback (most recent call last):
    AssertionError: rate(-1) returned 1; expected that it raises ValueError: a rate cannot be negative.
    """
    wanted = exception if isinstance(exception, tuple) else (exception,)
    expected = "that it raises " + " or ".join(kind.__name__ for kind in wanted)
    try:
        value = function()
    except Exception as error:
        if isinstance(error, wanted) and not isinstance(error, NotImplementedError):
            return
        what = _sentence(f"{call} raised {type(error).__name__}; expected {expected}", hint)
    else:
        what = _sentence(f"{call} returned {describe(value)}; expected {expected}", hint)
    raise _failure(what)


def as_number(actual: Any, *, call: str, hint: str = "") -> float:
    """Return a value as a float, or fail if it is anything but one finite number.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    call : str
        What was called.
    hint : str, optional
        What to think of.

    Returns
    -------
    float

    Raises
    ------
    AssertionError
        If it is no number, NaN or infinite.

    Examples
    --------
    >>> as_number(np.float32(0.5), call="share()")
    0.5
    >>> as_number(None, call="share()")
    Traceback (most recent call last):
    AssertionError: share() returned None; expected a number: your function returned None: is there a `return`?
    """
    value = _plain_or_fail(actual, "a number", call, hint)
    if type(value) not in (int, float) or not np.isfinite(value):
        _fail(call, describe(actual), "a number", hint)
    return float(value)


def as_array(
    actual: Any, *, call: str, shape: tuple[int, ...] | None = None, kind: str = "number", hint: str = ""
) -> npt.NDArray[Any]:
    """Return a value as a plain array, or fail if it is anything but finite numbers.

    Parameters
    ----------
    actual : object
        What the student's function returned: an array, a list, a Series, a data frame, a number.
    call : str
        What was called.
    shape : tuple of int, optional
        Default: any.
    kind : {"number", "whole", "bool"}, default "number"
        "whole": numbers without a fraction, whatever their type.
    hint : str, optional
        What to think of.

    Returns
    -------
    ndarray
        Of float64, int64 for "whole", bool for "bool".

    Raises
    ------
    AssertionError
        If there is something else in it, NaN or infinite numbers included, or the shape is another one.

    Examples
    --------
    >>> as_array([1, 2.0], call="batches()", shape=(2,), kind="whole")
    array([1, 2])
    """
    wanted = {"number": "numbers", "whole": "whole numbers", "bool": "True or False"}[kind]
    wanted = wanted if shape is None else f"an array of shape {shape}: {wanted}"
    array = _array(_plain_or_fail(actual, wanted, call, hint))
    if array is None or array.dtype.kind not in ("b" if kind == "bool" else "iuf"):
        _fail(call, describe(actual), wanted, hint)
    if shape is not None and array.shape != shape:
        _fail(
            call, _shaped(actual, array), f"{'an array of shape ' if shape else 'a single number, shape '}{shape}", hint
        )
    if not np.isfinite(array).all():
        _fail(call, f"{describe(actual)}, with NaN or infinite numbers in it", "finite numbers", hint)
    if kind == "whole":
        if (array != np.round(array)).any():
            _fail(call, describe(actual), wanted, hint)
        return array.astype(np.int64)
    return array if kind == "bool" else array.astype(np.float64)


def as_frame(actual: Any, *, call: str, hint: str = "") -> Any:
    """Return a value if it is a pandas data frame, or fail.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    call : str
        What was called.
    hint : str, optional
        What to think of.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    AssertionError
        If it is none.

    Examples
    --------
    >>> import pandas as pd
    >>> as_frame(pd.DataFrame({"fold": [0, 1]}), call="scores()").shape
    (2, 1)
    """
    value = _plain_or_fail(actual, "a pandas DataFrame", call, hint)
    if not _is_frame(value):
        _fail(call, describe(actual), "a pandas DataFrame", hint)
    return value


def as_model(actual: Any, *, call: str, hint: str = "") -> Any:
    """Return a value if it is a Keras model, or fail.

    Parameters
    ----------
    actual : object
        What the student's function returned.
    call : str
        What was called.
    hint : str, optional
        What to think of.

    Returns
    -------
    keras.Model

    Raises
    ------
    AssertionError
        If it is none.

    Examples
    --------
    >>> as_model([1, 2], call="build()", hint="return the model itself")
    Traceback (most recent call last):
    AssertionError: build() returned [1, 2]; expected a Keras model: return the model itself.
    """
    keras = sys.modules.get("keras")  # without it, nobody can have made a model
    if keras is None or not isinstance(actual, keras.Model):
        _fail(call, describe(actual), "a Keras model", hint)
    return actual


def report_unanswered(calls: Mapping[str, Callable[[], Any]]) -> None:
    """Print which tasks still stand as they were handed out, and which stop with an error.

    Parameters
    ----------
    calls : mapping of str to callable
        Task to a small call of its function: ``{"standard_error": lambda: standard_error([1, 2])}``.

    Examples
    --------
    >>> def standard_error(values):
    ...     raise NotImplementedError()
    >>> report_unanswered({"standard_error": lambda: standard_error([1, 2]), "mean": lambda: 1.5})
    Still unanswered: standard_error.
    Answered: mean. Whether it is right, the tests above say.
    """
    open_tasks, broken, answered = [], [], []
    for task, function in calls.items():
        try:
            function()
        except (NotImplementedError, NameError):
            open_tasks.append(task)
        except Exception as error:
            broken.append(f"{task} ({type(error).__name__})")
        else:
            answered.append(task)
    if open_tasks:
        print(f"Still unanswered: {', '.join(open_tasks)}.")
    if broken:
        print(f"Stops with an error: {', '.join(broken)}.")
    if answered:
        print(f"Answered: {', '.join(answered)}. Whether it is right, the tests above say.")


def show_warnings_as_output() -> None:
    """Print Python's warnings instead of writing them to the error stream.

    nbgrader takes a test's marks away if anything stands on the error stream. A warning is no wrong answer: it
    should be read, and cost nothing. For the first cell of a problem set.

    Examples
    --------
    >>> show_warnings_as_output()
    >>> warnings.warn_explicit("division by zero", RuntimeWarning, "notebook", 3)
    RuntimeWarning: division by zero
    """

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        print(f"{category.__name__}: {message}", file=file)

    warnings.showwarning = show


class _OddError(Exception):
    """A value of a kind that no task asks for; says which."""


def _plain(value: Any, depth: int = 0) -> Any:
    """Return None, a bool, int, float, str, list, set, dict, ndarray or data frame, whatever disguise it came in."""
    if depth > _DEPTH:
        raise _OddError("lists that are nested too deep")
    if type(value) is int and value.bit_length() > _BITS:
        raise _OddError("an enormous whole number")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return _plain_array(value, depth)
    # The base class's own methods: a subclass may have others.
    if isinstance(value, int):
        return _plain(int.__index__(value), depth)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return [_plain(item, depth + 1) for item in tuple.__iter__(value)]
    if isinstance(value, range):
        return list(value)
    if isinstance(value, set):
        return {_plain_key(item, depth) for item in set.__iter__(value)}
    if isinstance(value, frozenset):
        return {_plain_key(item, depth) for item in frozenset.__iter__(value)}
    if isinstance(value, dict):
        return {_plain_key(key, depth): _plain(item, depth + 1) for key, item in dict.items(value)}
    return _plain_foreign(value, depth)


def _plain_key(value: Any, depth: int) -> Any:
    """Of a key, or an item of a set: what can be hashed."""
    plain = _plain(value, depth + 1)
    if isinstance(plain, list):
        return tuple(_plain_key(item, depth + 1) for item in plain)
    if isinstance(plain, np.ndarray | dict | set) or _is_frame(plain):
        raise _OddError("a dict or set with keys that are no numbers or strings")
    return plain


def _plain_array(value: Any, depth: int) -> Any:
    if isinstance(value, np.ma.MaskedArray):
        raise _OddError("a masked array")
    array = np.array(value, copy=None, subok=False)
    if array.dtype.kind == "O":
        return _plain(array.tolist(), depth + 1)
    if array.dtype.kind not in "biufU":
        raise _OddError(f"an array of {array.dtype}" if array.ndim else f"a {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)  # a long double knows no plain float
    return array.item() if array.ndim == 0 else array


def _plain_foreign(value: Any, depth: int) -> Any:
    """Values of libraries that this module does not import: who made one has imported them."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return value if type(value) is pandas.DataFrame else pandas.DataFrame(value)
    if pandas is not None and isinstance(value, pandas.Series | pandas.Index):
        return _plain_array(type(value).to_numpy(value), depth)
    if type(value).__module__.split(".")[0] in {"tensorflow", "keras"} and hasattr(value, "__array__"):
        return _plain_array(np.asarray(value), depth)
    name = type(value).__name__
    if callable(value):
        raise _OddError(f"a callable of type {name}")
    raise _OddError(f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}")


def _plain_or_fail(actual: Any, wanted: str, call: str, hint: str) -> Any:
    try:
        value = _plain(actual)
    except _OddError as odd:
        _fail(call, str(odd), wanted, hint)
    if value is None:
        _fail(call, "None", wanted, _NO_RETURN)
    return value


def _compare(actual: Any, expected: Any, rtol: float, atol: float, call: str, hint: str, about: str) -> None:
    wanted = _plain(expected)
    try:
        value = _plain(actual)
    except _OddError as odd:
        _fail(call, str(odd), about + _shown(wanted, 4), hint)
    if _matches(value, wanted, rtol, atol):
        return
    if value is None:
        hint = _NO_RETURN
    _fail(call, *_told_apart(value, wanted, about), hint)


def _matches(value: Any, wanted: Any, rtol: float, atol: float) -> bool:
    if _is_number(wanted):
        return _is_number(value) and bool(_near(value, wanted, rtol, atol))
    if isinstance(wanted, list | np.ndarray):
        return _match_arrays(value, wanted, rtol, atol)
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() == wanted.keys()
            and all(_matches(value[key], item, rtol, atol) for key, item in wanted.items())
        )
    return type(value) is type(wanted) and value == wanted


def _match_arrays(value: Any, wanted: Any, rtol: float, atol: float) -> bool:
    if not isinstance(value, list | np.ndarray) and not _is_frame(value):
        return False
    one, two = _array(value), _array(wanted)
    if one is not None and two is not None:
        numeric = one.dtype.kind in "iuf" and two.dtype.kind in "iuf"
        if one.shape != two.shape or not (numeric or one.dtype.kind == two.dtype.kind):
            return one.shape == two.shape and one.size == 0
        return bool(np.all(_near(one, two, rtol, atol) if numeric else one == two))
    if _is_frame(value):
        return False
    return len(value) == len(wanted) and all(
        _matches(_plain(a), _plain(b), rtol, atol) for a, b in zip(value, wanted, strict=True)
    )


def _near(value: Any, wanted: Any, rtol: float, atol: float) -> Any:
    if rtol == 0 and atol == 0:
        return value == wanted
    with np.errstate(invalid="ignore", over="ignore"):
        value, wanted = np.asarray(value, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
        near = np.abs(value - wanted) <= atol + rtol * np.abs(wanted)
        return np.where(np.isfinite(wanted), near & np.isfinite(value), value == wanted)


def _array(value: Any) -> npt.NDArray[Any] | None:
    """Return an array of a plain value, or None if it is none: a ragged list, a dict, numbers mixed with text."""
    if isinstance(value, np.ndarray):
        return value
    if _is_frame(value):
        return _array(_plain(value.to_numpy()))
    if isinstance(value, list):
        if all(_is_number(item) for item in value):
            return _checked_dtype(np.array(value))
        parts = [_array(item) for item in value]
        known = [part for part in parts if part is not None]
        alike = {(part.shape, "n" if part.dtype.kind in "iuf" else part.dtype.kind) for part in known}
        return np.array(known) if len(known) == len(parts) and len(alike) <= 1 else None
    return _checked_dtype(np.asarray(value)) if type(value) in (bool, int, float, str) else None


def _checked_dtype(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array if array.dtype.kind != "O" else array.astype(np.float64)  # ints of more than 64 bits


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_frame(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def _told_apart(value: Any, wanted: Any, about: str) -> tuple[str, str]:
    """Describe both so that the reader sees a difference: by shape, by the first item that differs, by more digits."""
    one, two = _array(value), _array(wanted)
    if one is not None and two is not None and two.ndim and one.shape != two.shape:
        return _shaped(value, one), f"{_shown(wanted, 4)}, shape {two.shape}"
    for digits in (4, 7, 17):
        texts = _shown(value, digits), _shown(wanted, digits)
        if texts[0] != texts[1]:
            break
    same = texts[0] == texts[1]
    if one is not None and two is not None and two.ndim and (same or one.size > _SHOWN or one.ndim > 1):
        pairs = zip(np.ndindex(one.shape), one.flat, two.flat, strict=True)
        differing = [(index, a, b) for index, a, b in pairs if not _matches(a.item(), b.item(), 1e-4, 1e-6)]
        if differing:
            index, a, b = differing[0]
            place = "".join(f"[{i}]" for i in index)
            got, want = _told_apart(a.item(), b.item(), about)
            return f"{_shown(value, 4)} with {got} at {place}", f"{want} there"
    if same:
        return f"{texts[0]} of type {type(value).__name__}", f"{texts[1]} of type {type(wanted).__name__}"
    return texts[0], about + texts[1]


def _shaped(value: Any, array: npt.NDArray[Any]) -> str:
    text = describe(value)
    return text if "shape" in text else f"{text}, shape {array.shape}"


def _shown(value: Any, digits: int) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, str):
        return _cut(repr(value))
    if isinstance(value, dict):
        items = [f"{_shown(key, digits)}: {_shown(item, digits)}" for key, item in islice(value.items(), _SHOWN)]
        return _cut("{" + ", ".join([*items, *_more(len(value), "entries")]) + "}")
    if isinstance(value, set):
        items = sorted(_shown(item, digits) for item in value)[:_SHOWN]
        return _cut("{" + ", ".join([*items, *_more(len(value), "values")]) + "}")
    if _is_frame(value):
        return f"a data frame of shape {value.shape}"
    if isinstance(value, np.ndarray) and value.ndim > 1:
        return f"an array of shape {value.shape}"
    if isinstance(value, list | np.ndarray):
        items = [_shown(_plain(item), digits) for item in value[:_SHOWN]]
        return _cut("[" + ", ".join([*items, *_more(len(value), "values")]) + "]")
    return _cut(str(value))


def _more(count: int, what: str) -> list[str]:
    return [f"… {count} {what}"] if count > _SHOWN else []


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _fail(call: str, got: str, wanted: str, hint: str) -> NoReturn:
    raise _failure(_sentence(f"{call} returned {got}; expected {wanted}", hint))


def _failure(sentence: str) -> AssertionError:
    return hide_frames(AssertionError(sentence), __file__)


def _sentence(text: str, hint: str) -> str:
    if not hint:
        return f"{text}."
    return f"{text}: {hint}" if hint.endswith((".", "?", "!")) else f"{text}: {hint}."
