"""Judge the marks that nbgrader gave: what survives, what is punished for being right, what costs too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_pkg.assignments.contents import Answer, Contents, Task
from course_pkg.assignments.marking import Marks
from course_pkg.assignments.problem_sets import ProblemSet

__all__ = ["HONEST_RUN_S", "Row", "Verdict", "is_slip", "judge", "lost_points", "points_of_tests"]

HONEST_RUN_S = 30
"""Processor seconds that a right submission may take."""

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
    points = points_of_tests(contents)
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


def is_slip(message: str) -> bool:
    """Tell whether an error comes from mistyping, not from a mistake about the subject."""
    return message.startswith(_TYPING_ERRORS)


def lost_points(found: Marks, points: dict[str, float]) -> dict[str, float]:
    """Grade id to the points that are missing there."""
    scores = {name: found.scores.get(name) or 0.0 for name in points}
    return {name: points[name] - score for name, score in scores.items() if score < points[name]}


def points_of_tests(contents: Contents) -> dict[str, float]:
    return {test.name: test.points for task in contents.tasks for test in task.tests}


def _judge_solution(source: Path, found: Marks | None, points: dict[str, float]) -> Iterator[str]:
    if found is None:
        return
    for name, lost in lost_points(found, points).items():
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
            failures.append(
                f"{at} survives: no test of the cell '{task.name}' fails. Add one that tells it from right."
            )
        failures += _side_effects(at.as_posix(), task, evidence, points)
    return survivors, failures


def _side_effects(at: str, task: Task, evidence: list[Marks], points: dict[str, float]) -> Iterator[str]:
    """Say where a mutant that stands alone costs points of another task, or fails for a slip."""
    for found in evidence:
        if len(found.job.wrong) > 1:
            continue  # all of the group did as they should
        own = _own(found, task, points)
        for name in lost_points(found, points).keys() - own.keys():
            yield (
                f"{at} costs points in the cell '{name}', of another task: {found.messages.get(name, '')} "
                "Make the tasks independent."
            )
        for name in own:
            message = found.messages.get(name, "")
            if is_slip(message):
                yield f"{at} fails the cell '{name}' for a slip, not for its mistake: {message} Mend the file."
                break


def _own(found: Marks, task: Task, points: dict[str, float]) -> dict[str, float]:
    """Return what is lost in a task's own tests."""
    names = {test.name for test in task.tests}
    return {name: lost for name, lost in lost_points(found, points).items() if name in names}


def _judge_alternates(
    problem_set: ProblemSet, task: Task, marks: dict[str, Marks], points: dict[str, float]
) -> tuple[list[Answer], list[str]]:
    losers, failures = [], []
    for number, answer in enumerate(task.of_kind("alternate")):
        at = answer.path.relative_to(problem_set.root)
        found = marks.get(f"alternates {number}")
        lost = lost_points(found, points) if found else {}
        wrong = [test.name for test in task.tests if test.name in lost]
        if found and wrong:
            losers.append(answer)
            why = found.messages.get(wrong[0], "it was not run")
            failures.append(f"{at} is right, and fails the cell '{wrong[0]}': {why} Let the test accept it.")
    return losers, failures


def _judge_hidden(source: Path, contents: Contents, marks: list[Marks], points: dict[str, float]) -> Iterator[str]:
    for task in contents.tasks:
        killers = [found for found in marks if task.name in dict(found.job.wrong)]
        for test in task.tests:
            if test.hidden and not any(test.name in lost_points(found, points) for found in killers):
                yield f"{source}, cell '{test.name}': no mutant fails this hidden test. Add one, or drop the test."
