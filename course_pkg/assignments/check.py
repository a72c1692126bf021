"""Test the tests: mark the solution, the untouched release, each wrong and each right answer, and judge the marks."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from course_pkg.assignments.contents import Answer, Contents, Task
from course_pkg.assignments.groups import groups
from course_pkg.assignments.judging import Row, is_slip, judge, lost_points, points_of_tests
from course_pkg.assignments.leaks import leaks_in_folder
from course_pkg.assignments.marking import Job, Marks, generate, mark
from course_pkg.assignments.problem_sets import ProblemSet, raise_all
from course_pkg.assignments.release import check_current
from course_pkg.assignments.warm import KERNEL, warm_kernels
from course_pkg.errors import CourseError, Interrupted

__all__ = ["Pool", "Progress", "Report", "Run", "alone", "by_nbgrader", "check", "jobs_of"]

Progress = Callable[[int, int], None]
"""Gets how many notebooks are done, and of how many."""

Run = Callable[[list[Job], Progress], list[Marks]]
"""Marks notebooks."""

Pool = Callable[[Path, int, bool], AbstractContextManager[Run]]
"""Gets a scratch folder, how many notebooks to mark at a time, and whether kernels are warm."""


@dataclass
class Report:
    """The judgement of all, and what it took.

    Parameters
    ----------
    rows : list of Row
    failures : list of str
    notebooks : int
        How many were marked.
    seconds_each : float
        By the clock, in the mean.
    processor_seconds : dict
        Problem set to those of the honest run.
    """

    rows: list[Row] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notebooks: int = 0
    seconds_each: float = 0.0
    processor_seconds: dict[str, float] = field(default_factory=dict)


def check(
    problem_sets: Sequence[ProblemSet],
    *,
    jobs: int,
    warm: bool = True,
    progress: Progress = lambda done, of: None,
    pool: Pool | None = None,
) -> Report:
    """Check problem sets by real nbgrader on real notebooks.

    Parameters
    ----------
    problem_sets : sequence of ProblemSet
    jobs : int
        How many notebooks are marked at a time.
    warm : bool, default True
        Fork the kernels that mark mutants and alternates from a process that has imported TensorFlow already. The
        solution and the untouched release always get a kernel of their own, started cold.
    progress : callable
        Gets the number of notebooks that are done, and of all.
    pool : callable, optional
        What marks them; default: `by_nbgrader`.

    Raises
    ------
    CourseError
        If a source or an answer has the wrong form, or a release is stale or leaks.
    """
    contents = {problem_set.name: problem_set.read() for problem_set in problem_sets}
    # short: the path of a Unix socket may have some 100 characters
    with tempfile.TemporaryDirectory(prefix="marks-") as scratch:
        generated = {}
        for problem_set in problem_sets:
            folder = Path(scratch) / "generated" / problem_set.name
            release = generate(problem_set, folder)
            check_current(problem_set, release)
            _refuse_leaks(problem_set, contents[problem_set.name])
            generated[problem_set.name] = folder
        first = [
            job
            for problem_set in problem_sets
            for job in jobs_of(problem_set.name, contents[problem_set.name], generated[problem_set.name])
        ]
        with (pool or by_nbgrader)(Path(scratch), jobs, warm) as run:
            done = run(first, progress)
            second = [job for marks in done for job in alone(marks, contents[marks.job.problem_set])]
            done += run(list({(job.problem_set, job.variant): job for job in second}.values()), progress)
    report = Report(notebooks=len(done))
    report.seconds_each = sum(marks.seconds for marks in done) / max(1, len(done))
    for problem_set in problem_sets:
        own = [marks for marks in done if marks.job.problem_set == problem_set.name]
        verdict = judge(problem_set, contents[problem_set.name], own)
        report.rows += verdict.rows
        report.failures += verdict.failures
        report.processor_seconds[problem_set.name] = sum(
            marks.processor_seconds for marks in own if marks.job.variant == "solution"
        )
    return report


def jobs_of(name: str, contents: Contents, generated: Path) -> Iterator[Job]:
    """List the notebooks to mark for one problem set.

    Mutants share notebooks so that each still shows whose points it costs; see `groups`. Alternates must cost nothing
    anywhere: the first of each task share a notebook, the second ones another.

    Parameters
    ----------
    name : str
    contents : Contents
    generated : Path
    """
    solutions = _solutions(contents)
    yield Job(name, "solution", generated, solutions)
    yield Job(name, "untouched", generated, {})
    for number in range(_most(contents, "alternate")):
        chosen = [_at(task.of_kind("alternate"), number) for task in contents.tasks]
        answers = {answer.task: answer.text for answer in chosen if answer}
        yield Job(name, f"alternates {number}", generated, {**solutions, **answers})
    for number in range(_most(contents, "mutant")):
        mutants = {answer.task: answer for task in contents.tasks if (answer := _at(task.of_kind("mutant"), number))}
        for group in groups(list(mutants)):
            yield _with_mutants(name, generated, solutions, [mutants[task] for task in group])


def alone(marks: Marks, contents: Contents) -> list[Job]:
    """Return the notebooks to mark when mutants that share one did not all do as they should: each on its own.

    Parameters
    ----------
    marks : Marks
    contents : Contents
    """
    points = points_of_tests(contents)
    tasks = {test.name: task.name for task in contents.tasks for test in task.tests}
    lost = {tasks[name] for name in lost_points(marks, points)}
    slips = any(is_slip(message) for message in marks.messages.values())
    wrong = {task for task, _ in marks.job.wrong}
    if len(wrong) < 2 or (lost == wrong and not slips and not marks.failure):
        return []
    answers = {(answer.task, answer.name): answer for task in contents.tasks for answer in task.answers}
    solutions = _solutions(contents)
    job = marks.job
    return [_with_mutants(job.problem_set, job.generated, solutions, [answers[pair]]) for pair in job.wrong]


def _at(answers: list[Answer], number: int) -> Answer | None:
    return answers[number] if number < len(answers) else None


def _most(contents: Contents, kind: str) -> int:
    return max((len(task.of_kind(kind)) for task in contents.tasks), default=0)


def _solutions(contents: Contents) -> dict[str, str]:
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in contents.notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def _with_mutants(name: str, generated: Path, solutions: dict[str, str], mutants: list[Answer]) -> Job:
    variant = " + ".join(f"{answer.task}/{answer.name}" for answer in mutants)
    cells = {**solutions, **{answer.task: answer.text for answer in mutants}}
    wrong = tuple((answer.task, answer.name) for answer in mutants)
    return Job(name, variant, generated, cells, short=True, wrong=wrong)


def _refuse_leaks(problem_set: ProblemSet, contents: Contents) -> None:
    raise_all(leaks_in_folder(problem_set.release.parent, [(problem_set, contents)]))


@contextmanager
def by_nbgrader(scratch: Path, jobs: int, warm: bool) -> Iterator[Run]:
    """Offer a function that marks notebooks by stock nbgrader, in processes that have imported it.

    Parameters
    ----------
    scratch : Path
        An empty folder.
    jobs : int
        How many notebooks are marked at a time.
    warm : bool
        Whether mutants and alternates get kernels that are forked from a warm process.
    """
    numbers = count()
    log = scratch / "workers.log"
    with ExitStack() as stack:
        environment = stack.enter_context(warm_kernels(scratch)) if warm else {}
        start = partial(_start_worker, environment, log)
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=start) as pool:

            def run(todo: list[Job], progress: Progress) -> list[Marks]:
                kernels = [KERNEL if warm and _may_be_warm(job) else "" for job in todo]
                tasks = [
                    pool.submit(mark, job, scratch / str(next(numbers)), kernel)
                    for job, kernel in zip(todo, kernels, strict=True)
                ]
                done = []
                for task in as_completed(tasks):
                    done.append(task.result())
                    progress(len(done), len(todo))
                return done

            try:
                yield run
            except BrokenProcessPool as error:
                raise CourseError(
                    "A process that marks notebooks was killed, perhaps for want of memory. Try again with --jobs 1.",
                    details=log.read_text(encoding="utf-8", errors="replace")[-2000:],
                ) from error
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                raise Interrupted("Interrupted. Nothing was changed.") from None
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _may_be_warm(job: Job) -> bool:
    return job.variant not in ("solution", "untouched")


def _start_worker(environment: dict[str, str], log: Path) -> None:
    """Prepare a process that marks notebooks: nbgrader and its kernels talk a lot."""
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 2)
    warnings.simplefilter("ignore")
