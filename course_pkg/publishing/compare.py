"""Find where two runs of a chapter differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from course_pkg.records import ChapterResults

__all__ = ["Difference", "differences"]


@dataclass(frozen=True)
class Difference:
    """One value that is not the same in two results.

    Parameters
    ----------
    key : str
        The result's name, with the path inside it: ``losses.3`` is the fourth item of ``losses``.
    first, second : object
        The two values; None stands for one that is missing.
    allowed : float or None
        The absolute difference that was allowed.
    """

    key: str
    first: Any
    second: Any
    allowed: float | None = None

    def __str__(self) -> str:
        allowed = "" if not self.allowed else f" (allowed: {self.allowed:.3g})"
        return f"{self.key}: {_shown(self.first)} against {_shown(self.second)}{allowed}"


def differences(
    first: ChapterResults,
    second: ChapterResults,
    *,
    within_tolerance: bool = False,
    without: Collection[str] = (),
) -> list[Difference]:
    """Compare two results of one chapter, key by key.

    Parameters
    ----------
    first, second : ChapterResults
    within_tolerance : bool, default False
        False: every bit counts. True: numbers may differ by the tolerance that `first` holds beside them, and
        where that is None they are not compared.
    without : collection of str, default ()
        Data sets that were not at hand for `second`: what needs them may be missing there.

    Returns
    -------
    list of Difference
        Sorted by key; empty if the results agree.

    Examples
    --------
    >>> a = ChapterResults("x", 1, {"mean": 0.5}, {"mean": 0.1})
    >>> b = ChapterResults("x", 1, {"mean": 0.52}, {"mean": 0.1})
    >>> print(*differences(a, b))
    mean: 0.5 against 0.52
    >>> differences(a, b, within_tolerance=True)
    []
    """
    found: list[Difference] = []
    if first.seed != second.seed:
        found.append(Difference("(seed)", first.seed, second.seed))
    for name in sorted({*first.values, *second.values}):
        if name not in second.values and first.needs.get(name) in without:
            continue
        if name not in first.values or name not in second.values:
            found.append(Difference(name, first.values.get(name), second.values.get(name)))
            continue
        tolerance = first.tolerances[name] if within_tolerance else 0.0
        if not within_tolerance and first.tolerances[name] != second.tolerances[name]:
            found.append(Difference(f"{name} (tolerance)", first.tolerances[name], second.tolerances[name]))
        if tolerance is not None:
            found.extend(_walk(name, first.values[name], second.values[name], tolerance))
    return found


def _walk(key: str, first: Any, second: Any, tolerance: float) -> Iterator[Difference]:
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        for name in sorted(first):
            yield from _walk(f"{key}.{name}", first[name], second[name], tolerance)
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, pair in enumerate(zip(first, second, strict=True)):
            yield from _walk(f"{key}.{index}", *pair, tolerance)
    elif not _equal(first, second, tolerance):
        yield Difference(key, first, second, tolerance)


def _equal(first: Any, second: Any, tolerance: float) -> bool:
    if _is_number(first) and _is_number(second) and tolerance > 0:
        return bool(abs(first - second) <= tolerance)
    return type(first) is type(second) and first == second


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None:
        return "(missing)"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
