"""Record the numbers of a chapter in a JSON file, the only place from which prose takes a number.

Explained in :doc:`chapters/randomness`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from course_pkg.errors import CourseError
from course_pkg.files import write_atomically

__all__ = [
    "CHAPTER_VARIABLE",
    "DEFAULT_TOLERANCE",
    "FILE_VARIABLE",
    "SEED_VARIABLE",
    "ChapterResults",
    "RecordError",
    "read_results",
    "record",
    "recorded",
    "write_results",
]

FILE_VARIABLE = "COURSE_RESULTS_FILE"
"""Environment variable that names the results file of the chapter that runs; unset in your own notebook."""

CHAPTER_VARIABLE = "COURSE_CHAPTER"
"""Environment variable that names the chapter that runs."""

SEED_VARIABLE = "COURSE_SEED"
"""Environment variable that holds the seed of the chapter that runs."""

DEFAULT_TOLERANCE = 1e-6
"""Relative to the size of the value, absolute below 1."""

_recorded: dict[str, dict[str, Any]] = {}


class RecordError(ValueError):
    """A value cannot be recorded; the message names it and says why."""


@dataclass(frozen=True)
class ChapterResults:
    """What a chapter recorded in one run.

    Parameters
    ----------
    chapter : str
    seed : int
    values : dict
        Name to value: number, string, bool, or lists and dicts of these.
    tolerances : dict
        Name to the absolute difference that is allowed off the portable preset; None promises nothing there.
    needs : dict
        Name to the data set without which the chapter cannot record it; the others are not in it.

    Examples
    --------
    >>> results = ChapterResults("randomness", 1, {"loss": 0.25}, {"loss": 1e-6})
    >>> results.values["loss"]
    0.25
    """

    chapter: str
    seed: int
    values: dict[str, Any]
    tolerances: dict[str, float | None]
    needs: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Serialise with sorted keys and shortest round-trip numbers, so that equal results are equal bytes.

        Returns
        -------
        str
            JSON, ending in a newline.
        """
        entries = {name: self._entry(name) for name in self.values}
        content = {"chapter": self.chapter, "seed": self.seed, "values": entries}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    def _entry(self, name: str) -> dict[str, Any]:
        entry = {"value": self.values[name], "tolerance": self.tolerances[name]}
        return {**entry, "needs": self.needs[name]} if name in self.needs else entry


def record(name: str, value: Any, *, tolerance: float | str | None = "default", data: str | None = None) -> Any:
    """Record one result of a chapter under a name that its prose and its claims can use.

    When `course book run` executes the chapter, the value goes to the chapter's results file. In your own
    notebook it is kept in memory (:func:`recorded`), and a cell may record the same name again.

    Parameters
    ----------
    name : str
        Unique within the chapter; letters, digits and underscores.
    value : number, str, bool, ndarray, Series, NamedTuple, dataclass-free list, tuple or dict of these
        Arrays become lists. A NumPy float32 is stored by its own shortest digits.
    tolerance : float or None, optional
        How far the value may be off on a computer where the portable preset makes no promise, absolute and in
        the value's own unit. Default: 1e-6 × max(1, largest magnitude in `value`). None: no promise
        there at all (a fingerprint, a chaotic trajectory).
    data : str, optional
        A data set that may not be at hand, and without which this value cannot be had. Where it is missing, the
        published value stands.

    Returns
    -------
    object
        `value`, so that a call can stand at the end of a cell.

    Raises
    ------
    RecordError
        For NaN or infinity, a name used before or malformed, a value that JSON cannot hold, or a
        negative tolerance.

    Examples
    --------
    >>> record("answer", np.float32(0.1))
    np.float32(0.1)
    >>> recorded()["answer"]
    0.1
    """
    if not isinstance(name, str) or not name.isascii() or not name.isidentifier():
        raise RecordError(f"{name!r} cannot name a result: use ASCII letters, digits and underscores.")
    destination = os.environ.get(FILE_VARIABLE)
    if destination and name in _recorded:
        raise RecordError(f"{name!r} was recorded before in this chapter. Give each result its own name.")
    plain = _plain(name, value)
    _recorded[name] = {"value": plain, "tolerance": _tolerance(name, plain, tolerance), "needs": data}
    if destination:
        _write(Path(destination))
    return value


def recorded() -> dict[str, Any]:
    """Return what this process has recorded so far.

    Returns
    -------
    dict
        Name to value.

    Examples
    --------
    >>> record("learning_rate", 0.1)
    0.1
    >>> recorded()["learning_rate"]
    0.1
    """
    return {name: entry["value"] for name, entry in _recorded.items()}


def write_results(results: ChapterResults, path: Path | str) -> None:
    """Write a results file, whole or not at all.

    Parameters
    ----------
    results : ChapterResults
    path : path
        The file. Its folder is made if need be.

    Raises
    ------
    CourseError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_results(ChapterResults("randomness", 1, {"loss": 0.25}, {"loss": 1e-6}), f"{folder}/randomness.json")
    ...     read_results(f"{folder}/randomness.json").values
    {'loss': 0.25}
    """
    write_atomically(path, results.to_json())


def read_results(path: Path | str) -> ChapterResults:
    """Read a results file and check its form.

    Parameters
    ----------
    path : path

    Returns
    -------
    ChapterResults

    Raises
    ------
    CourseError
        If the file is missing, is not JSON, or does not have the form that :func:`record` writes. Names the
        file and says how to make it anew.

    Examples
    --------
    >>> read_results("lost.json")
    Traceback (most recent call last):
    ...
    course_pkg.errors.CourseError: There is no results file lost.json. Make it anew with ...
    """
    path = Path(path)
    cure = f"Make it anew with `course book run {path.stem} --force`, or restore it from git."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CourseError(f"There is no results file {path}. {cure}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"The results file {path} is damaged ({error}). {cure}") from error
    try:
        entries = content["values"]
        return ChapterResults(
            chapter=str(content["chapter"]),
            seed=int(content["seed"]),
            values={name: entry["value"] for name, entry in entries.items()},
            tolerances={name: entry["tolerance"] for name, entry in entries.items()},
            needs={name: str(entry["needs"]) for name, entry in entries.items() if "needs" in entry},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CourseError(f"The results file {path} is damaged (it lacks {error}). {cure}") from error


def _write(path: Path) -> None:
    results = ChapterResults(
        chapter=os.environ.get(CHAPTER_VARIABLE, path.stem),
        seed=int(os.environ.get(SEED_VARIABLE, "0")),
        values=recorded(),
        tolerances={name: entry["tolerance"] for name, entry in _recorded.items()},
        needs={name: entry["needs"] for name, entry in _recorded.items() if entry["needs"]},
    )
    write_results(results, path)


def _tolerance(name: str, plain: Any, tolerance: float | str | None) -> float | None:
    if tolerance is None:
        return None
    if tolerance == "default":
        sizes = [abs(x) for x in _numbers(plain)]
        return DEFAULT_TOLERANCE * max([1.0, *sizes])
    if not isinstance(tolerance, (int, float)) or not math.isfinite(tolerance) or tolerance < 0:
        raise RecordError(f"The tolerance of {name!r} must be a number of at least 0 or None, got {tolerance!r}.")
    return float(tolerance)


def _numbers(plain: Any) -> list[float]:
    if isinstance(plain, (bool, str)):
        return []
    if isinstance(plain, (int, float)):
        return [plain]
    items = plain.values() if isinstance(plain, dict) else plain
    return [number for item in items for number in _numbers(item)]


def _plain(name: str, value: Any) -> Any:
    """Turn a value into what JSON holds, or say what is wrong with it."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _plain_float(name, value)
    if hasattr(value, "_asdict"):  # a NamedTuple such as an interval
        return _plain(name, value._asdict())
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise RecordError(f"{name!r} cannot be recorded: its keys must be strings, got {list(value)!r}.")
        return {key: _plain(name, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(name, item) for item in value]
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return _plain(name, array[()] if array.ndim == 0 else list(array))
    raise RecordError(
        f"{name!r} cannot be recorded: {type(value).__name__} is not a number, string, bool, array, list or dict."
    )


def _plain_float(name: str, value: Any) -> float:
    if not math.isfinite(value):
        raise RecordError(f"{name!r} cannot be recorded: it is or holds {float(value)!r}. Find out where it arose.")
    # float32 0.1 is 0.10000000149… as a double; its own shortest digits say the same number
    return float(np.format_float_scientific(value, trim="0")) if isinstance(value, np.float32) else float(value)
