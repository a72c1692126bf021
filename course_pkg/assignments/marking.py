"""Let nbgrader itself make a release and mark a notebook: its converters, its gradebook, real kernels."""

from __future__ import annotations

import logging
import os
import re
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat

from course_pkg.assignments.contents import is_illustration
from course_pkg.assignments.problem_sets import ProblemSet
from course_pkg.errors import CourseError

__all__ = ["CELL_LIMIT_S", "NOTEBOOK_LIMIT_S", "Job", "Marks", "filled", "generate", "mark"]

CELL_LIMIT_S = 120
"""Seconds after which a cell is stopped."""

NOTEBOOK_LIMIT_S = 400
"""Seconds after which a notebook is given up."""

_STUDENT = "student"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Job:
    """A notebook to mark.

    Parameters
    ----------
    problem_set : str
    variant : str
        What the notebook is, such as ``"solution"``.
    generated : Path
        What `generate` has made.
    cells : dict
        Grade id to the text that a student put there; the other cells are those of the release.
    short : bool, default False
        Leave out the illustrations, as the grading does.
    wrong : tuple of (str, str), optional
        Task and name of each mutant in it.
    """

    problem_set: str
    variant: str
    generated: Path
    cells: dict[str, str]
    short: bool = False
    wrong: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Marks:
    """What nbgrader gave for a notebook.

    Parameters
    ----------
    job : Job
    scores : dict
        Grade id to points; None for what is graded by hand.
    messages : dict
        Grade id to the last line of its error, or what it wrote to the error stream.
    failure : str
        Why nothing was marked; empty if it was.
    seconds : float
        By the clock.
    processor_seconds : float
        Of the kernel and its children. 0 if it was started warm.
    """

    job: Job
    scores: dict[str, float | None] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    seconds: float = 0.0
    processor_seconds: float = 0.0


def generate(problem_set: ProblemSet, folder: Path) -> Path:
    """Make the release of a problem set, as ``nbgrader generate_assignment`` does.

    Parameters
    ----------
    problem_set : ProblemSet
        Read and checked before.
    folder : Path
        An empty folder. Gets nbgrader's ``source``, ``release`` and ``gradebook.db``.

    Returns
    -------
    Path
        The released notebook.

    Raises
    ------
    CourseError
        If nbgrader refuses the source; with its own words.
    """
    from nbgrader.converters import GenerateAssignment  # type: ignore[import-untyped]
    from nbgrader.converters.base import NbGraderException  # type: ignore[import-untyped]

    source = folder / "source" / problem_set.name
    source.mkdir(parents=True)
    shutil.copy(problem_set.source, source)
    with _log() as said, _programs_of_this_python():
        try:
            _converter(GenerateAssignment, problem_set.name, folder).start()
        except NbGraderException as error:
            raise CourseError(
                f"nbgrader cannot make a release of {problem_set.source}. Mend the source; these are its words.",
                details="\n".join(said),
            ) from error
    return folder / "release" / problem_set.name / f"{problem_set.name}.ipynb"


def mark(job: Job, folder: Path, kernel: str = "") -> Marks:
    """Mark a notebook in a course of its own: its own folder, its own gradebook, a fresh kernel.

    Parameters
    ----------
    job : Job
    folder : Path
        An empty folder.
    kernel : str, optional
        The kernel to run it with; default: the notebook's own.

    Returns
    -------
    Marks
        Whatever happens: a notebook that cannot be marked has a `failure`.
    """
    from nbgrader.api import Gradebook  # type: ignore[import-untyped]
    from nbgrader.converters import Autograde

    name = job.problem_set
    submitted = folder / "submitted" / _STUDENT / name / f"{name}.ipynb"
    submitted.parent.mkdir(parents=True)
    nbformat.write(filled(job), submitted)
    shutil.copy(job.generated / "gradebook.db", folder / "gradebook.db")
    start, before = time.monotonic(), _processor_seconds()
    with _log() as said, _time_limit(NOTEBOOK_LIMIT_S):
        try:
            _converter(Autograde, name, folder, kernel).start()
        except Exception as error:
            return Marks(job, failure=_reason(said, error), seconds=time.monotonic() - start)
    seconds, processor = time.monotonic() - start, _processor_seconds() - before
    with Gradebook(_database(folder)) as gradebook:
        graded = gradebook.find_submission_notebook(name, name, _STUDENT).grades
        scores = {grade.cell.name: grade.auto_score for grade in graded}
    autograded = nbformat.read(folder / "autograded" / _STUDENT / name / f"{name}.ipynb", as_version=4)
    return Marks(job, scores, _messages(autograded), "", seconds, processor)


def filled(job: Job) -> Any:
    """Return the release with a student's answers in it.

    Parameters
    ----------
    job : Job
    """
    path = job.generated / "release" / job.problem_set / f"{job.problem_set}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if job.short:
        notebook.cells = [cell for cell in notebook.cells if not is_illustration(cell)]
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = job.cells.get(name, cell.source)
    return notebook


def _converter(kind: Any, name: str, folder: Path, kernel: str = "") -> Any:
    from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = _database(folder)
    config.CourseDirectory.assignment_id = name
    config.CourseDirectory.student_id = _STUDENT
    config.Execute.timeout = CELL_LIMIT_S
    if kernel:
        config.Execute.kernel_name = kernel
    log = logging.getLogger(__name__)
    return kind(coursedir=CourseDirectory(config=config, log=log), config=config, log=log)


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'gradebook.db'}"


def _messages(notebook: Any) -> dict[str, str]:
    found = {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        for output in cell.get("outputs", []):
            if name and output.output_type == "error":
                found[name] = _plain(f"{output.ename}: {output.evalue}")
            elif name and output.output_type == "stream" and output.name == "stderr":
                found.setdefault(name, _plain(f"on the error stream: {output.text}"))
    return found


def _reason(said: list[str], error: Exception) -> str:
    """Pick the line that says what happened from those that say that something did."""
    empty = ("There was an error processing", "Please see the")
    telling = [line for line in said if not line.startswith(empty)]
    return telling[-1] if telling else f"{type(error).__name__}: {error}"


def _plain(text: str) -> str:
    lines = _COLOURS.sub("", text).strip().splitlines()
    return lines[0][:400] if lines else ""


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _log() -> Iterator[list[str]]:
    """Collect what nbgrader logs as errors, rather than print it."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(_plain(record.getMessage().strip().rsplit("\n", 1)[-1]))

    logger, collector = logging.getLogger(__name__), Collector(logging.ERROR)
    logger.addHandler(collector)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.removeHandler(collector)


@contextmanager
def _programs_of_this_python() -> Iterator[None]:
    """nbgrader calls ``alembic`` by its name when it makes a gradebook; the environment need not be activated."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Stop what runs longer. nbgrader then ends the kernel."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"it took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
