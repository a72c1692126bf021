"""Turn recorded values into prose."""

from __future__ import annotations

import difflib
from typing import Any

from course_pkg.errors import CourseError
from course_pkg.records import ChapterResults

__all__ = ["look_up", "render"]

_INTERVAL = {"estimate", "low", "high", "confidence"}


def look_up(results: ChapterResults, name: str) -> Any:
    """Return a recorded value by its name; dots reach into lists and dicts (``losses.0``).

    Raises
    ------
    CourseError
        If there is no such value; suggests the nearest name.
    """
    first, *path = name.split(".")
    if first not in results.values:
        near = difflib.get_close_matches(first, results.values, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise CourseError(f"Chapter {results.chapter} records no {first!r}.{hint}")
    value = results.values[first]
    for step in path:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise CourseError(f"Chapter {results.chapter}: {first!r} has no part {step!r}.") from error
    return value


def render(results: ChapterResults, name: str, form: str = "") -> str:
    """Write a recorded value as text.

    Parameters
    ----------
    results : ChapterResults
    name : str
    form : str, optional
        A Python format specification. Default: as few digits as repeat the value, for an interval 3 significant ones.

    Returns
    -------
    str
        Of an interval: estimate and bounds, such as ``0.52 (95 % interval 0.47 to 0.58)``.

    Raises
    ------
    CourseError
        If there is no such value, the format does not fit it, or it is a list or dict.

    Examples
    --------
    >>> results = ChapterResults("x", 1, {"share": 0.8125, "n": 1000}, {"share": 0, "n": 0})
    >>> render(results, "share", ".1%"), render(results, "n", ",")
    ('81.2\xa0%', '1,000')
    """
    value = look_up(results, name)
    try:
        if isinstance(value, dict) and value.keys() >= _INTERVAL:
            return _interval(value, form or ".3g")
        if isinstance(value, (dict, list)):
            raise CourseError(f"{results.chapter}:{name} holds several values; name one of them ({name}.…).")
        return _one(value, form)
    except ValueError as error:
        raise CourseError(f"The format {form!r} does not fit {results.chapter}:{name} = {value!r}: {error}.") from error


def _interval(value: dict[str, Any], form: str) -> str:
    estimate, low, high = (_one(value[key], form) for key in ("estimate", "low", "high"))
    return f"{estimate} ({value['confidence'] * 100:g} % interval {low} to {high})"


def _one(value: Any, form: str) -> str:
    text = format(value, form)
    # "−" and "81 %" are how a book sets them
    return text.replace("%", "\N{NO-BREAK SPACE}%").replace("-", "\N{MINUS SIGN}") if _is_number(value) else text


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
