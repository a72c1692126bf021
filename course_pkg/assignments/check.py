"""Test the tests: mark the solution, the untouched release, each wrong and each right answer, and judge the marks."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from course_pkg.assignments.groups import groups
from course_pkg.assignments.leaks import leaks_in_folder
from course_pkg.assignments.marking import Job, Marks, generate, mark
from course_pkg.assignments.problem_sets import Answer, Contents, ProblemSet, Task
from course_pkg.assignments.release import check_current
from course_pkg.assignments.warm import KERNEL, warm_kernels
from course_pkg.errors import CourseError

__all__ = ["HONEST_RUN_S", "Report", "Row", "Verdict", "alone", "check", "jobs_of", "judge"]

HONEST_RUN_S = 30
"""Processor seconds that a right submission may take."""

Progress = Callable[[int, int], None]

# No student makes these by mistake about the subject: the author of the mutant mistyped.
_TYPING_ERRORS = ("NameError", "SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError")


@dataclass(frozen=True)
class Row:
    """What a task's tests do.

    Parameters
    ----------
    problem_set, task : str
    killed, mutants : int
        How many wrong answers lose points, of how many.
    passed, alternates : int
        How many right answers get full marks, of how many.
    survivors : tuple of str
        The files of the others.
    """

    problem_set: str
    task: str
    killed: int
    mutants: int
    passed: int
    alternates: int
    survivors: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The judgement of one problem set.

    Parameters
    ----------
    rows : list of Row
    failures : list of str
        Each names file, cell and cure.
    """

    rows: list[Row]
    failures: list[str]


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
    problem_sets: Sequence[ProblemSet], *, jobs: int, warm: bool = True, progress: Progress = lambda done, of: None
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
        with _pool(Path(scratch), jobs, warm) as run:
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
    points = _points(contents)
    tasks = {test.name: task.name for task in contents.tasks for test in task.tests}
    lost = {tasks[name] for name in _lost(marks, points)}
    slips = any(message.startswith(_TYPING_ERRORS) for message in marks.messages.values())
    wrong = {task for task, _ in marks.job.wrong}
    if len(wrong) < 2 or (lost == wrong and not slips and not marks.failure):
        return []
    answers = {(answer.task, answer.name): answer for task in contents.tasks for answer in task.answers}
    solutions = _solutions(contents)
    job = marks.job
    return [_with_mutants(job.problem_set, job.generated, solutions, [answers[pair]]) for pair in job.wrong]


def judge(problem_set: ProblemSet, contents: Contents, marked: Sequence[Marks]) -> Verdict:
    """Judge the marks of one problem set's notebooks.

    Parameters
    ----------
    problem_set : ProblemSet
    contents : Contents
    marked : sequence of Marks
        For all of `jobs_of`, and what `alone` asks for.
    """
    source = problem_set.source.relative_to(problem_set.root)
    points = _points(contents)
    failures = [
        f"{source}, {found.job.variant}: nbgrader could not mark it: {found.failure}. Run it in Jupyter to see why."
        for found in marked
        if found.failure and len(found.job.wrong) < 2
    ]
    marks = {found.job.variant: found for found in marked if not found.failure}
    failures += _judge_solution(source, marks.get("solution"), points)
    failures += _judge_untouched(source, marks.get("untouched"), points)
    rows = []
    for task in contents.tasks:
        survivors, wrong = _judge_mutants(problem_set, task, list(marks.values()), points)
        losers, more = _judge_alternates(problem_set, task, marks, points)
        failures += [*wrong, *more]
        mutants, alternates = task.of_kind("mutant"), task.of_kind("alternate")
        killed, passed = len(mutants) - len(survivors), len(alternates) - len(losers)
        names = tuple(answer.name for answer in (*survivors, *losers))
        rows.append(Row(problem_set.name, task.name, killed, len(mutants), passed, len(alternates), names))
    failures += _judge_hidden(source, contents, list(marks.values()), points)
    return Verdict(rows, failures)


def _judge_solution(source: Path, found: Marks | None, points: dict[str, float]) -> Iterator[str]:
    if found is None:
        return
    for name, lost in _lost(found, points).items():
        why = found.messages.get(name, "it was not run")
        yield f"{source}, cell '{name}': the solution loses {lost:g} points: {why} Mend the solution or the test."
    if found.processor_seconds > HONEST_RUN_S:
        yield (
            f"{source}: an honest run takes {found.processor_seconds:.0f} processor seconds, more than {HONEST_RUN_S}. "
            "Train less: fewer epochs, fewer runs."
        )


def _judge_untouched(source: Path, found: Marks | None, points: dict[str, float]) -> Iterator[str]:
    if found is None:
        return
    for name in points:
        if found.scores.get(name):
            yield (
                f"{source}, cell '{name}' gives {found.scores[name]:g} points to who has done nothing. "
                "Let the test call the student's function."
            )


def _judge_mutants(
    problem_set: ProblemSet, task: Task, marks: list[Marks], points: dict[str, float]
) -> tuple[list[Answer], list[str]]:
    survivors, failures = [], []
    for answer in task.of_kind("mutant"):
        at = answer.path.relative_to(problem_set.root)
        sharing = [found for found in marks if (task.name, answer.name) in found.job.wrong]
        evidence = [found for found in sharing if len(found.job.wrong) == 1] or sharing
        if not evidence:
            survivors.append(answer)  # nbgrader could not mark it, which is said elsewhere
        elif not all(_own(found, task, points) for found in evidence):
            survivors.append(answer)
            failures.append(f"{at} survives: no test of the cell '{task.name}' fails. Add one that tells it from right.")
        failures += _side_effects(at.as_posix(), task, evidence, points)
    return survivors, failures


def _side_effects(at: str, task: Task, evidence: list[Marks], points: dict[str, float]) -> Iterator[str]:
    """Say where a mutant that stands alone costs points of another task, or fails for a slip."""
    for found in evidence:
        if len(found.job.wrong) > 1:
            continue  # all of the group did as they should
        own = _own(found, task, points)
        for name in _lost(found, points).keys() - own.keys():
            yield (
                f"{at} costs points in the cell '{name}', of another task: {found.messages.get(name, '')} "
                "Make the tasks independent."
            )
        for name in own:
            message = found.messages.get(name, "")
            if message.startswith(_TYPING_ERRORS):
                yield f"{at} fails the cell '{name}' for a slip, not for its mistake: {message} Mend the file."
                break


def _own(found: Marks, task: Task, points: dict[str, float]) -> dict[str, float]:
    """Return what is lost in a task's own tests."""
    names = {test.name for test in task.tests}
    return {name: lost for name, lost in _lost(found, points).items() if name in names}


def _judge_alternates(
    problem_set: ProblemSet, task: Task, marks: dict[str, Marks], points: dict[str, float]
) -> tuple[list[Answer], list[str]]:
    losers, failures = [], []
    for number, answer in enumerate(task.of_kind("alternate")):
        at = answer.path.relative_to(problem_set.root)
        found = marks.get(f"alternates {number}")
        lost = _lost(found, points) if found else {}
        wrong = [test.name for test in task.tests if test.name in lost]
        if found and wrong:
            losers.append(answer)
            why = found.messages.get(wrong[0], "it was not run")
            failures.append(f"{at} is right, and fails the cell '{wrong[0]}': {why} Let the test accept it.")
    return losers, failures


def _judge_hidden(
    source: Path, contents: Contents, marks: list[Marks], points: dict[str, float]
) -> Iterator[str]:
    for task in contents.tasks:
        killers = [found for found in marks if task.name in dict(found.job.wrong)]
        for test in task.tests:
            if test.hidden and not any(test.name in _lost(found, points) for found in killers):
                yield f"{source}, cell '{test.name}': no mutant fails this hidden test. Add one, or drop the test."


def _lost(found: Marks, points: dict[str, float]) -> dict[str, float]:
    """Grade id to the points that are missing there."""
    scores = {name: found.scores.get(name) or 0.0 for name in points}
    return {name: points[name] - score for name, score in scores.items() if score < points[name]}


def _at(answers: list[Answer], number: int) -> Answer | None:
    return answers[number] if number < len(answers) else None


def _most(contents: Contents, kind: str) -> int:
    return max((len(task.of_kind(kind)) for task in contents.tasks), default=0)


def _points(contents: Contents) -> dict[str, float]:
    return {test.name: test.points for task in contents.tasks for test in task.tests}


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
    found = leaks_in_folder(problem_set.release.parent, [(problem_set, contents)])
    if found:
        raise CourseError(found[0], details="\n".join(f"Also: {leak}" for leak in found[1:]))


Run = Callable[[list[Job], Progress], list[Marks]]


@contextmanager
def _pool(scratch: Path, jobs: int, warm: bool) -> Iterator[Run]:
    """Offer a function that marks notebooks, `jobs` at a time, in processes that have imported nbgrader."""
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
