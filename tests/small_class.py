"""A made-up class: a gradebook by nbgrader, outcome records, graded notebooks. For tests of what is read from them."""

from __future__ import annotations

import datetime
import json
import random
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader import api
from sqlalchemy import select
from traitlets.config import Config

from course_pkg.grading.database import create, writing
from course_pkg.grading.places import Places

PROBLEM_SET = "ps9_made_up"
DUE = datetime.datetime(2026, 5, 4, 12, 0, 0)
TASKS = {"mean_test_1": 1.0, "mean_test_2": 1.0, "spread_test_1": 1.0, "spread_test_2": 2.0, "fit_test_1": 5.0}
WRITTEN = {"explain": 3.0}

_GIVEN = "def mean(x):\n    ...\n"
_ENVIRONMENT = {"python": "3.11.9", "nbgrader": "0.9.6", "tensorflow": "2.21.0"}


class SmallClass:
    """A repository with one problem set and a gradebook; students are added one by one."""

    def __init__(self, root: Path, due: datetime.datetime | None = DUE) -> None:
        self.root = root
        self.db_url = f"sqlite:///{root / 'grading' / 'gradebook.db'}"
        write_notebook(root / "assignments" / PROBLEM_SET, notebook(_GIVEN))
        create(self.db_url)
        with writing(self.db_url) as session:
            assignment = api.Assignment(name=PROBLEM_SET, duedate=due, course_id="default_course")
            own = api.Notebook(name=PROBLEM_SET, assignment=assignment)
            cells = [(name, points, "code") for name, points in TASKS.items()]
            cells += [(name, points, "markdown") for name, points in WRITTEN.items()]
            graded = [api.GradeCell(name=n, notebook=own, max_score=p, cell_type=kind) for n, p, kind in cells]
            answers = [api.SolutionCell(name=name, notebook=own) for name in ("mean", *WRITTEN)]
            course = api.Course(id="default_course")
            session.add_all([course, assignment, own, *graded, *answers])

    @property
    def places(self) -> Places:
        """As a course of that folder has them."""
        config = Config()
        config.CourseDirectory.release_directory = "assignments"
        config.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"
        for step in ("submitted", "autograded", "feedback"):
            config.CourseDirectory[f"{step}_directory"] = f"grading/{step}"
        return Places(self.root, config, "")

    def enrol(self, student: str, **fields: Any) -> None:
        with writing(self.db_url) as session:
            session.merge(api.Student(id=student, **fields))

    def hand_in(
        self,
        student: str,
        points: dict[str, float | None],
        *,
        late: datetime.timedelta | None = datetime.timedelta(hours=-3),
        extension: datetime.timedelta | None = None,
        penalty: float | None = None,
        code: str = "",
        **outcome: Any,
    ) -> None:
        self.enrol(student)
        with writing(self.db_url) as session:
            own = session.scalars(select(api.Notebook)).one()
            row = api.SubmittedAssignment(assignment_id=own.assignment_id, student_id=student, extension=extension)
            row.timestamp = None if late is None else DUE + late
            session.add(row)
            session.flush()
            handed_in = api.SubmittedNotebook(notebook_id=own.id, assignment_id=row.id, late_submission_penalty=penalty)
            session.add(handed_in)
            session.flush()
            for cell in session.scalars(select(api.GradeCell)):
                score = points.get(cell.name)
                session.add(
                    api.Grade(
                        cell_id=cell.id, notebook_id=handed_in.id, auto_score=score, needs_manual_grade=score is None
                    )
                )
            for cell in session.scalars(select(api.SolutionCell)):
                session.add(api.Comment(cell_id=cell.id, notebook_id=handed_in.id))
        if code:
            write_notebook(self.root / "grading" / "autograded" / student / PROBLEM_SET, notebook(code))
        self.tell(student, tasks={name: {"auto": points.get(name)} for name in TASKS}, **outcome)

    def tell(self, student: str, **outcome: Any) -> None:
        """Write an outcome record."""
        folder = self.root / "grading" / "outcomes" / PROBLEM_SET
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "student": student,
            "problem_set": PROBLEM_SET,
            "status": "graded",
            "reason": None,
            "fingerprint": "0" * 64,
            "graded_at": "2026-05-05T08:00:00+00:00",
            "seconds": {"total": 3.0, "student": 2.0, "tests": 0.5},
            "peak_memory_mb": 310.0,
            "sandbox": {"mode": "bubblewrap", "warm": True},
            "deviations": [],
            "events": [],
            "environment": _ENVIRONMENT,
            **outcome,
        }
        name = "".join(letter if letter.isalnum() else "_" for letter in student)
        (folder / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")


def write_notebook(folder: Path, content: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, folder / f"{PROBLEM_SET}.ipynb")


def notebook(code: str) -> Any:
    """A notebook of the made-up problem set with this answer in it."""
    own = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False, "grade_id": "mean"}
    test = {**own, "solution": False, "grade": True, "locked": True, "points": 1}
    return new_notebook(
        cells=[
            new_markdown_cell("# Made up", id="title"),
            new_code_cell(code, id="mean", metadata={"nbgrader": own}),
            *(new_code_cell("assert True", metadata={"nbgrader": {**test, "grade_id": name}}) for name in TASKS),
        ]
    )


def realistic_class(root: Path, students: int = 60, seed: int = 1) -> SmallClass:
    """A class with all that a report tells: ability that decides, late ones, copies, failures, strange behaviour."""
    rng = random.Random(seed)
    found = SmallClass(root)
    hard = {"mean_test_1": -2.0, "mean_test_2": -0.5, "spread_test_1": 0.0, "spread_test_2": 1.0, "fit_test_1": 0.3}
    for number in range(students):
        name, ability = f"student{number:03}", rng.gauss(0, 1)
        points: dict[str, float | None] = {
            task: TASKS[task] if rng.gauss(ability, 0.7) > level else 0.0 for task, level in hard.items()
        }
        if points["fit_test_1"] == 0.0:
            points["fit_test_1"] = float(rng.choice([0, 1, 2.5]))
        points["explain"] = None if number % 9 == 4 else float(rng.randint(0, 3))
        late = datetime.timedelta(hours=rng.uniform(1, 60)) if number % 8 == 3 else -datetime.timedelta(hours=5)
        found.hand_in(
            name,
            points,
            late=None if number == 11 else late,
            extension=datetime.timedelta(days=1) if number == 19 else None,
            penalty=1.5 if number % 8 == 3 else None,
            code=_answer(rng, number),
            seconds={"total": 41.0 if number == 30 else rng.uniform(2, 5), "student": 2.0, "tests": 0.6},
            deviations=[{"cell": "mean_test_1", "what": "was edited; the original counts"}] if number % 17 == 2 else [],
            events=[{"what": "tried to open /etc/passwd", "where": "cell mean"}] * 3 if number == 23 else [],
        )
    for number in range(max(students // 15, 0)):
        found.enrol(f"broken{number:03}")
        status, reason = rng.choice(
            [("failed", "no notebook ps9_made_up.ipynb was handed in"), ("refused", "data.csv is a symbolic link")]
        )
        found.tell(f"broken{number:03}", status=status, reason=reason, tasks={})
    found.enrol("never_came")
    return found


def _answer(rng: random.Random, number: int) -> str:
    if number in (5, 6):  # the second copied the first, and renamed
        name = "total" if number == 5 else "sum_of_all"
        lines = [f"    {name} = {name} + x[{i}] * {i + 3} if len(x) > {i} else {name} - {i}" for i in range(9)]
        return "\n".join([f"def mean(x):\n    {name} = 0", *lines, f"    return {name} / len(x)"])
    lines = []
    for _ in range(rng.randint(6, 12)):
        a, b = rng.sample(["x", "total", "count", "scale"], 2)
        form = rng.choice(
            [
                f"    {a} = {b} {rng.choice('+-*/')} {rng.randint(2, 99)}",
                f"    for {a} in range({rng.randint(2, 99)}): {b} += {a} ** {rng.randint(2, 9)}",
                f"    if {a} > {rng.randint(2, 99)}: {b} = [{a}, {rng.randint(2, 99)}][{rng.randint(0, 1)}]",
                f"    {a} = sum(v {rng.choice('+-*/')} {rng.randint(2, 99)} for v in [{b}])",
                f"    while {a} < {rng.randint(2, 99)}: {a} = {a} + {b}",
            ]
        )
        lines.append(form)
    return "\n".join(["def mean(x):\n    total = count = scale = 1", *lines, "    return total / len(x)"])
