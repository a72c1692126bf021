"""Make a class that nobody has taught: right, wrong, late, copied, broken and hostile submissions to look at."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import nbformat
from nbgrader.api import Gradebook  # type: ignore[import-untyped]
from nbgrader.converters import GenerateAssignment  # type: ignore[import-untyped]
from nbgrader.converters.base import NbGraderException  # type: ignore[import-untyped]
from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]

from course_pkg.assignments.contents import Answer, Contents, metadata
from course_pkg.assignments.problem_sets import ProblemSet
from course_pkg.assignments.regions import SOLUTION
from course_pkg.errors import CourseError, cannot_write
from course_pkg.grading.database import create
from course_pkg.grading.places import Places, find_places
from course_pkg.grading.submissions import TIMESTAMP

__all__ = ["make_class"]

_DUE = datetime(2026, 3, 2, 12, tzinfo=UTC)

_HOSTILE = {
    "equal-to-everything": "class Yes:\n    __eq__ = __lt__ = __gt__ = __bool__ = lambda self, *other: True\n",
    "endless-loop": "while True:\n    pass\n",
    "ends-the-kernel": "import os\nos._exit(0)\n",
    "patched-tests": "import builtins\nimport numpy as np\nbuiltins.AssertionError = SystemExit\n"
    "np.testing.assert_allclose = lambda *args, **kwargs: None\n",
    "reads-the-gradebook": "print(open('{gradebook}', 'rb').read())\n",
    "calls-home": "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/answers', timeout=5)\n",
    "runs-programs": "import subprocess\nsubprocess.run(['ls', '-l', '/home'])\n",
    "takes-all-memory": "held = [bytearray(100_000_000) for _ in range(100)]\n",
    "script-in-output": "from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))\n",
}
"""What stands before an answer that is wrong or missing."""


@dataclass(frozen=True)
class _Part:
    """What one student hands in for one problem set."""

    student: str
    problem_set: ProblemSet
    notebook: Any
    folder: Path
    gradebook: Path

    def answer(self, texts: Mapping[str, str]) -> None:
        """Fill in answers."""
        for cell in self.notebook.cells:
            cell.source = texts.get(metadata(cell).get("grade_id", ""), cell.source)

    def write(self) -> None:
        """Hand the notebook in, under its right name."""
        nbformat.write(self.notebook, self.folder / f"{self.problem_set.name}.ipynb")


def make_class(root: Path, problem_sets: Sequence[ProblemSet], folder: Path, students: int) -> Places:
    """Make a course folder with submissions of a class. The same arguments give the same class.

    Parameters
    ----------
    root : Path
        The repository.
    problem_sets : sequence of ProblemSet
        Of a source checkout: the answers are those that test the problem sets' tests.
    folder : Path
        New or empty.
    students : int
        At least one. Some two thirds are honest; of the others, half have handed in something broken, half something
        hostile.

    Returns
    -------
    Places
        The course, ready for `batch.grade`.

    Raises
    ------
    CourseError
        If the folder is not empty, or this is no source checkout.
    """
    for problem_set in problem_sets:
        if not problem_set.answers.is_dir():
            raise CourseError(
                f"{problem_set.answers} is missing: the demonstration needs a checkout of the course's repository, "
                "in which the answers lie that its tests are tested with."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise CourseError(f"{folder} is not empty. Name another folder by --folder, or remove this one.")
        shutil.copy(root / "nbgrader_config.py", folder)
        for problem_set in problem_sets:
            shutil.copytree(problem_set.source.parent, folder / "solutions" / problem_set.name)
        places = find_places(folder)
        _release(places, problem_sets)
        kinds = _class(students)
        _enrol(places, kinds)
        for problem_set in problem_sets:
            _hand_in(places, problem_set, kinds)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return places


def _release(places: Places, problem_sets: Sequence[ProblemSet]) -> None:
    """Let nbgrader make the releases and tell the gradebook about them."""
    create(places.db_url)
    config = places.config.copy()
    config.CourseDirectory.root = str(places.root)
    config.CourseDirectory.db_url = places.db_url
    for problem_set in problem_sets:
        config.CourseDirectory.assignment_id = problem_set.name
        log = logging.Logger(__name__)  # of its own, with nobody to listen: nbgrader tells every step
        folders = CourseDirectory(config=config, log=log)
        try:
            GenerateAssignment(coursedir=folders, config=config, log=log).start()
        except NbGraderException as error:
            raise CourseError(f"nbgrader cannot make a release of {problem_set.name}: {error}.") from error
        with Gradebook(places.db_url) as book:
            book.update_or_create_assignment(problem_set.name, duedate=_DUE.replace(tzinfo=None))


def _enrol(places: Places, students: Iterable[str]) -> None:
    """Give the students names, since formgrader lists people by them."""
    with Gradebook(places.db_url) as book:
        for student in students:
            first, _, last = student.partition("-")
            book.update_or_create_student(student, first_name=first.title(), last_name=last.replace("-", " "))


Kind = Callable[[_Part, Contents], None]


def _class(students: int) -> dict[str, Kind]:
    """Return the students and what each kind of them hands in: the first ones are honest, the strangest come last."""
    odd = {**_BROKEN, **{f"hostile-{name}": _hostile(name) for name in _HOSTILE}}
    # every second of the odd ones is hostile, however many there are
    names = [name for pair in zip(_BROKEN, [*odd][len(_BROKEN) :], strict=False) for name in pair]
    names += [name for name in odd if name not in names]
    few = names[: students // 3]
    honest = {f"student-{number:02}": _honest for number in range(1, students - len(few) + 1)}
    return {**honest, **{name: odd[name] for name in few}}


def _hand_in(places: Places, problem_set: ProblemSet, kinds: Mapping[str, Kind]) -> None:
    contents = problem_set.read()
    release = places.release(problem_set.name) / f"{problem_set.name}.ipynb"
    for student, kind in kinds.items():
        folder = places.submitted(problem_set.name, student)
        folder.mkdir(parents=True)
        gradebook = places.grading / "gradebook.db"
        part = _Part(student, problem_set, nbformat.read(release, as_version=4), folder, gradebook)
        kind(part, contents)
        time = _DUE + timedelta(hours=_random(part).triangular(-120, 30, -4))
        (folder / TIMESTAMP).write_text(f"{time:%Y-%m-%d %H:%M:%S} UTC\n")


# What they hand in


def _random(part: _Part, *more: str) -> Random:
    return Random(" ".join([part.student, part.problem_set.name, *more]))


def _honest(part: _Part, contents: Contents) -> None:
    """Some know more than others; who knows, writes the solution or something as good."""
    ability = Random(part.student).betavariate(4, 2)
    answers = {task.name: _an_answer(part, task, ability, contents) for task in contents.tasks}
    part.answer({name: text for name, text in answers.items() if text is not None})
    part.write()


def _an_answer(part: _Part, task: Any, ability: float, contents: Contents) -> str | None:
    """Return the text of an answer; None if there is none."""
    draw = _random(part, task.name)
    right: list[Answer] = task.of_kind("alternate")
    wrong: list[Answer] = task.of_kind("mutant")
    if draw.random() < ability:
        return draw.choice([*(answer.text for answer in right), *[_solutions(contents)[task.name]] * 3])
    return draw.choice([*(answer.text for answer in wrong), None])


def _solutions(contents: Contents) -> dict[str, str]:
    return {
        metadata(cell)["grade_id"]: "\n".join(
            line for line in cell.source.splitlines() if SOLUTION.begin not in line and SOLUTION.end not in line
        )
        for cell in contents.notebook.cells
        if metadata(cell).get("solution") and not metadata(cell).get("grade")
    }


def _copied(part: _Part, contents: Contents) -> None:
    """Hand in what the first student has handed in, with other words in the comments."""
    _honest(replace(part, student="student-01"), contents)
    for cell in part.notebook.cells:
        if metadata(cell).get("solution") and cell.cell_type == "code":
            cell.source = f"# my own work\n{cell.source}"
    part.write()


def _truncated(part: _Part, contents: Contents) -> None:
    part.write()
    path = part.folder / f"{part.problem_set.name}.ipynb"
    path.write_text(path.read_text()[:-2000])


def _renamed(part: _Part, contents: Contents) -> None:
    _honest(part, contents)
    (part.folder / f"{part.problem_set.name}.ipynb").rename(part.folder / f"{part.problem_set.name} (1).ipynb")


def _without_tests(part: _Part, contents: Contents) -> None:
    _honest(part, contents)
    part.notebook.cells = [cell for cell in part.notebook.cells if not metadata(cell).get("locked")]
    part.write()


def _linked(part: _Part, contents: Contents) -> None:
    _honest(part, contents)
    (part.folder / "data.db").symlink_to(os.path.relpath(part.gradebook, part.folder))


_BROKEN: dict[str, Kind] = {
    "broken-copied": _copied,
    "broken-truncated-notebook": _truncated,
    "broken-renamed-notebook": _renamed,
    "broken-tests-deleted": _without_tests,
    "broken-link-to-gradebook": _linked,
}


def _hostile(name: str) -> Kind:
    def hand_in(part: _Part, contents: Contents) -> None:
        _honest(part, contents)
        first = contents.tasks[0].name
        trick = _HOSTILE[name].replace("{gradebook}", str(part.gradebook))
        part.answer({first: f"{trick}\n{_wrong(contents)}"})
        part.write()

    return hand_in


def _wrong(contents: Contents) -> str:
    return contents.tasks[0].of_kind("mutant")[0].text
