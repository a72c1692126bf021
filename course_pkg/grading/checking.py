"""Mark the notebooks of ``course assignments check`` as ``course grade run`` does, instead of by stock nbgrader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from course_pkg.assignments.check import Progress, Run
from course_pkg.assignments.marking import CELL_LIMIT_S, Job, Marks, filled
from course_pkg.grading import batch
from course_pkg.grading.executors import open_executor
from course_pkg.grading.places import Places

__all__ = ["by_examiner"]


@contextmanager
def by_examiner(scratch: Path, jobs: int, warm: bool) -> Iterator[Run]:
    """Offer a function that marks notebooks.

    Parameters
    ----------
    scratch : Path
        Not needed: what nbgrader has generated for each problem set becomes a course folder.
    jobs : int
        How many notebooks are marked at a time.
    warm : bool
        Whether kernels are forked from warm processes.

    Yields
    ------
    callable
        As `course_pkg.assignments.check.by_nbgrader` does.
    """
    numbers = count()
    os.environ["COURSE_WARM"] = "1" if warm else "0"
    with open_executor(jobs) as (executor, at_a_time):

        def run(todo: list[Job], progress: Progress) -> list[Marks]:
            done: list[Marks] = []
            for generated in dict.fromkeys(job.generated for job in todo):
                own = {f"notebook-{next(numbers)}": job for job in todo if job.generated == generated}
                places = _course(generated)
                for student, job in own.items():
                    folder = places.submitted(job.problem_set, student)
                    folder.mkdir(parents=True)
                    nbformat.write(filled(job), folder / f"{job.problem_set}.ipynb")
                selected = [batch.Selected(job.problem_set, student) for student, job in own.items()]
                report = partial(_report, progress, len(done), len(todo))
                batch.grade(places, selected, executor, at_a_time, progress=report)
                done += [_marks(job, batch.read_outcome(places, job.problem_set, name)) for name, job in own.items()]
            return done

        yield run


def _report(progress: Progress, before: int, total: int, name: str, finished: int, of: int) -> None:
    progress(before + finished, total)


def _course(generated: Path) -> Places:
    config = Config()
    config.CourseDirectory.db_url = "sqlite:///gradebook.db"
    config.Execute.timeout = CELL_LIMIT_S
    return Places(generated, config, "")


def _marks(job: Job, outcome: dict[str, Any] | None) -> Marks:
    if outcome is None or outcome["status"] != "graded":
        return Marks(job, failure=str(outcome and outcome["reason"]))
    tasks = outcome["tasks"]
    return Marks(
        job,
        {name: task["auto"] for name, task in tasks.items()},
        {name: task["error"] for name, task in tasks.items() if task["error"]},
        seconds=outcome["seconds"]["total"],
    )
