"""Grade one submission by nbgrader's own converter, in a course folder of its own that is thrown away afterwards.

What goes in and what comes out is plain data: no file or gradebook is shared, so that it does not matter which process
does it, on which machine, or what happens to it.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.converters import Autograde  # type: ignore[import-untyped]
from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]
from traitlets.config import Config

from course_pkg.errors import CourseError
from course_pkg.grading import gradebook, pipeline
from course_pkg.grading.database import hasty_databases
from course_pkg.grading.submissions import TIMESTAMP, Submission

__all__ = ["Graded", "Task", "failure", "grade_one", "refusal"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_KERNEL_FILE = re.compile(r"/ipykernel_\d+/")
_OF_OUR_OWN = f"{CourseError.__module__}.{CourseError.__name__}: "  # so a logged traceback ends
_MEASURED = ("seconds", "peak_memory_mb", "sandbox")
_PACKAGES = ("course-pkg", "nbgrader", "ipykernel", "numpy", "keras")


@dataclass(frozen=True)
class Task:
    """A submission, and all that is needed to grade it.

    Parameters
    ----------
    submission : Submission
    structure : dict
        The problem set, as `gradebook.structure` returns it.
    before : dict or None
        What the gradebook holds about the submission already, as `gradebook.submission` returns it.
    release, source : mapping of str to bytes
        The files of the release, and those of the source but its notebooks.
    config : Config
        What ``nbgrader_config.py`` says.
    environment : mapping of str to str
        The variables that grading obeys.
    fingerprint : str
        Changes when anything changes that may change the marks.
    """

    submission: Submission
    structure: Mapping[str, Any]
    before: Mapping[str, Any] | None
    release: Mapping[str, bytes]
    source: Mapping[str, bytes]
    config: Any
    environment: Mapping[str, str]
    fingerprint: str


@dataclass(frozen=True)
class Graded:
    """What became of a submission.

    Parameters
    ----------
    record : dict
        The outcome as it is written down, JSON-able.
    rows : dict or None
        Its rows for `gradebook.merge`; None if the gradebook stays as it is.
    files : mapping of str to bytes
        The autograded folder.
    """

    record: dict[str, Any]
    rows: dict[str, Any] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


class _NotGradable(Exception):
    """nbgrader gave up; the message says why, and `may_pass` whether that was for the grader's sake."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def grade_one(task: Task) -> Graded:
    """Grade a submission.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Graded
        Whatever the submission contains: one that cannot be graded has the status ``failed`` and a reason.
    """
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="grade-") as scratch,
        _environment(task.environment),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        folder = Path(scratch).resolve()
        try:
            rows = _autograded(task, folder)
        except _NotGradable as error:
            return failure(task, str(error), seconds=time.monotonic() - start, may_pass=error.may_pass)
        files = _files(folder / "autograded" / task.submission.student / task.submission.problem_set)
    notebooks = {name: _notebook(data) for name, data in files.items() if name.endswith(".ipynb")}
    findings = [notebook.metadata.get("course_grading", {}) for notebook in notebooks.values()]
    record = {
        **_record(task, "graded", _missing(task) or None),
        "seconds": {"total": round(time.monotonic() - start, 3), **_summed(findings, "seconds")},
        "peak_memory_mb": max((f["peak_memory_mb"] for f in findings if f.get("peak_memory_mb")), default=None),
        "sandbox": next((dict(f["sandbox"]) for f in findings if f.get("sandbox")), {}),
        "deviations": [*_record_of(task, "deviations"), *_joined(findings, "deviations")],
        "events": [*_record_of(task, "events"), *_joined(findings, "events")],
        **_marks(task, rows, notebooks),
    }
    without_measurements = {name: _stable(notebook, folder) for name, notebook in notebooks.items()}
    return Graded(record, rows, {**files, **without_measurements})


def failure(task: Task, reason: str, *, seconds: float = 0.0, may_pass: bool = False) -> Graded:
    """Return the outcome of a submission that could not be graded; the gradebook stays as it is.

    Parameters
    ----------
    task : Task
    reason : str
    seconds : float, default 0
        How long it took to find out.
    may_pass : bool, default False
        Whether to try again in the next run, though nothing has changed.
    """
    record = _record(task, "failed", reason)
    record["seconds"]["total"] = round(seconds, 3)
    return Graded({**record, "fingerprint": None if may_pass else task.fingerprint})


def refusal(task: Task) -> Graded:
    """Return the outcome of a submission that is not graded for what it is made of.

    Parameters
    ----------
    task : Task
        Whose submission says why.
    """
    return Graded(_record(task, "refused", task.submission.refused))


# The course folder


def _autograded(task: Task, folder: Path) -> dict[str, Any]:
    """Return the rows that nbgrader gives the submission."""
    timestamp = _timestamp(task.submission)
    if not any(f"{name}.ipynb" in task.submission.files for name in task.structure["notebooks"]):
        return _nothing(task, timestamp)  # where some notebook is there, nbgrader itself gives 0 for a missing one
    with hasty_databases():
        _lay_out(task, folder)
        _autograde(task, folder)
        rows = gradebook.submission(_database(folder), task.submission.problem_set, task.submission.student)
    if rows is None:
        raise _NotGradable("nbgrader gave it no marks, and no reason")
    return rows


def _timestamp(submission: Submission) -> str | None:
    text = submission.files.get(TIMESTAMP, b"").decode("utf-8", "replace").strip()
    try:
        return utils.parse_utc(text).isoformat() if text else None
    except (ValueError, OverflowError):
        raise _NotGradable(f"{TIMESTAMP} says {text[:40]!r}, which is no time") from None


def _nothing(task: Task, timestamp: str | None) -> dict[str, Any]:
    """Return the rows of one who handed in no notebook: 0 for all, as nbgrader gives for a missing one."""
    before = task.before or {"student": {"id": task.submission.student}, "timestamp": None, "extension": None}
    mark = {"auto_score": 0.0, "manual_score": None, "extra_credit": None, "needs_manual_grade": False}
    notebooks = {
        name: {
            "late_submission_penalty": None,
            "grades": {cell["name"]: mark for cell in part["cells"] if cell["kind"] in ("grade", "task")},
            "comments": {},
        }
        for name, part in task.structure["notebooks"].items()
    }
    return {**before, "timestamp": timestamp or before["timestamp"], "notebooks": notebooks}


def _lay_out(task: Task, folder: Path) -> None:
    name, student = task.submission.problem_set, task.submission.student
    for place, files in (
        (folder / "release" / name, task.release),
        (folder / "source" / name, task.source),
        (folder / "submitted" / student / name, task.submission.files),
    ):
        place.mkdir(parents=True)
        for path, data in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
    gradebook.write_scratch(folder / "gradebook.db", task.structure, task.before, student)


def _autograde(task: Task, folder: Path) -> None:
    config = Config(task.config)
    config.CourseDirectory = Config(
        root=str(folder),
        db_url=_database(folder),
        course_id=task.structure["course"],
        assignment_id=task.submission.problem_set,
        source_directory="source",
        release_directory="release",
        submitted_directory="submitted",
        autograded_directory="autograded",
    )
    pipeline.wire(config, release="release")
    config.Examine.measure = True
    with _log() as (log, said):
        try:
            Autograde(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
        except Exception as error:  # nbgrader raises whatever a notebook makes its libraries stumble over
            reason = _reason(said, error)
            own = reason.removeprefix(_OF_OUR_OWN)
            raise _NotGradable(own, may_pass=own != reason) from error


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'gradebook.db'}"


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _notebook(data: bytes) -> Any:
    return nbformat.reads(data.decode("utf-8"), as_version=4)


def _stable(notebook: Any, folder: Path) -> bytes:
    """Return the notebook without what differs from one grading to the next: times, paths, process numbers."""
    for name in _MEASURED:
        notebook.metadata.get("course_grading", {}).pop(name, None)
    text = nbformat.writes(notebook, version=4)
    return (_KERNEL_FILE.sub("/ipykernel/", text).replace(str(folder), "") + "\n").encode()


# What came out


def _marks(task: Task, rows: Mapping[str, Any], notebooks: Mapping[str, Any]) -> dict[str, Any]:
    tasks = {}
    score = penalty = 0.0
    for name, part in task.structure["notebooks"].items():
        errors = _errors(notebooks[f"{name}.ipynb"]) if f"{name}.ipynb" in notebooks else {}
        own = rows["notebooks"][name]
        penalty += own["late_submission_penalty"] or 0.0
        for cell in part["cells"]:
            if cell["kind"] in ("grade", "task"):
                mark = own["grades"][cell["name"]]
                score += _score(mark)
                error = errors.get(cell["name"])
                tasks[cell["name"]] = {"auto": mark["auto_score"], "max": cell["max_score"], "error": error}
    return {
        "tasks": tasks,
        "score": score,
        "max_score": sum(task["max"] for task in tasks.values()),
        "penalty": penalty,
        "timestamp": rows["timestamp"],
        "seconds_late": _seconds_late(task.structure["duedate"], rows),
    }


def _score(mark: Mapping[str, Any]) -> float:
    """Add up as nbgrader does: a mark given by hand goes before the automatic one."""
    own = mark["auto_score"] if mark["manual_score"] is None else mark["manual_score"]
    return float((own or 0.0) + (mark["extra_credit"] or 0.0))


def _seconds_late(due: str | None, rows: Mapping[str, Any]) -> float:
    if due is None or rows["timestamp"] is None:
        return 0.0
    late = datetime.fromisoformat(rows["timestamp"]) - datetime.fromisoformat(due)
    return max(0.0, late.total_seconds() - (rows["extension"] or 0.0))


def _errors(notebook: Any) -> dict[str, str]:
    """Return the first line of what went wrong in each test."""
    found = {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        for output in cell.get("outputs", []):
            if name and output.output_type == "error":
                found[name] = _plain(f"{output.ename}: {output.evalue}").removesuffix(":")
    return found


def _missing(task: Task) -> str:
    """Say which notebooks were not handed in."""
    wanted = [f"{name}.ipynb" for name in task.structure["notebooks"]]
    missing = [name for name in wanted if name not in task.submission.files]
    if not missing:
        return ""
    others = [note["cell"] for note in task.submission.deviations if note["cell"].endswith(".ipynb")]
    hint = f" There is {others[0]!r}; was it renamed?" if others else ""
    return f"{', '.join(missing)} was not handed in and counts 0.{hint}"


def _record(task: Task, status: str, reason: str | None) -> dict[str, Any]:
    return {
        "student": task.submission.student,
        "problem_set": task.submission.problem_set,
        "status": status,
        "reason": reason,
        "fingerprint": task.fingerprint,
        "graded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": {"total": 0.0},
        "peak_memory_mb": None,
        "sandbox": {},
        "deviations": _record_of(task, "deviations"),
        "events": _record_of(task, "events"),
        "tasks": {},
        "score": None,
        "max_score": sum(
            cell["max_score"]
            for notebook in task.structure["notebooks"].values()
            for cell in notebook["cells"]
            if cell["kind"] in ("grade", "task")
        ),
        "timestamp": None,
        "seconds_late": None,
        "penalty": None,
        "environment": {
            "python": platform.python_version(),
            "system": platform.platform(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _record_of(task: Task, what: str) -> list[dict[str, str]]:
    return [dict(note) for note in getattr(task.submission, what)]


def _joined(findings: list[Any], key: str) -> list[Any]:
    return [dict(note) for finding in findings for note in finding.get(key, [])]


def _summed(findings: list[Any], key: str) -> dict[str, float]:
    total: dict[str, float] = {}
    for finding in findings:
        for name, value in finding.get(key, {}).items():
            total[name] = round(total.get(name, 0.0) + value, 3)
    return total


# Surroundings


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Obey the variables of the one who asked for the grading, who may sit at another machine."""
    before = dict(os.environ)
    os.environ.update({"PYTHONHASHSEED": "0", **variables})  # else each kernel would print sets in another order
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _log() -> Iterator[tuple[logging.Logger, list[str]]]:
    """Offer a log that collects nbgrader's errors, rather than print them."""
    said: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(_plain(record.getMessage().strip().rsplit("\n", 1)[-1]))

    log = logging.Logger(__name__)
    log.addHandler(Collector(logging.ERROR))
    yield log, said


def _reason(said: list[str], error: Exception) -> str:
    """Pick the line that says what happened from those that say that something did."""
    empty = ("There was an error processing", "Please see the")
    telling = [line for line in said if not line.startswith(empty)]
    return telling[-1] if telling else f"{type(error).__name__}: {_plain(str(error))}"


def _plain(text: str) -> str:
    lines = _COLOURS.sub("", text).strip().splitlines()
    return lines[0][:400] if lines else ""
