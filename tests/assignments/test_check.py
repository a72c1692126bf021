"""How marks are judged; the marks themselves are nbgrader's (see test_by_nbgrader.py)."""

from dataclasses import replace
from pathlib import Path

import pytest

from course_pkg.assignments.check import alone, jobs_of
from course_pkg.assignments.groups import groups
from course_pkg.assignments.judging import HONEST_RUN_S, judge
from course_pkg.assignments.marking import Job, Marks

FULL = {"mean_test_1": 5.0, "mean_test_2": 10.0}
NOTHING = {"mean_test_1": 0.0, "mean_test_2": 0.0}


class Judged:
    """The marks of a good problem set, to be spoilt."""

    def __init__(self, small) -> None:
        self.problem_set = small.write()
        self.contents = self.problem_set.read()
        self.jobs = {job.variant: job for job in jobs_of("ps1_small", self.contents, Path("generated"))}
        self.marks = {variant: Marks(job, dict(FULL)) for variant, job in self.jobs.items()}
        self.give("untouched", **NOTHING)
        for variant in self.jobs:
            if "mutant" in variant:
                self.give(variant, **NOTHING)

    def give(self, variant: str, message: str = "AssertionError: wrong.", **scores: float) -> None:
        messages = {name: message for name, score in scores.items() if score < FULL.get(name, 0)}
        self.marks[variant] = Marks(self.jobs[variant], {**FULL, **scores}, messages)

    def failures(self) -> list[str]:
        return judge(self.problem_set, self.contents, list(self.marks.values())).failures

    def failure(self, *words: str) -> None:
        [message] = self.failures()
        for word in words:
            assert word in message, message
        assert message.endswith(".")


@pytest.fixture
def judged(small) -> Judged:
    return Judged(small)


def test_each_mutant_stands_alone_and_alternates_share_a_notebook(judged):
    assert list(judged.jobs) == [
        "solution",
        "untouched",
        "alternates 0",
        "alternates 1",
        "alternates 2",
        "mean/mutant_median",
        "mean/mutant_none",
        "mean/mutant_of_two",
        "mean/mutant_sum",
    ]
    assert judged.jobs["untouched"].cells == {}
    assert "forgets to divide" in judged.jobs["mean/mutant_sum"].cells["mean"]
    assert "model answer" in judged.jobs["mean/mutant_sum"].cells["why"]


def test_a_good_one_has_no_failures(judged):
    verdict = judge(judged.problem_set, judged.contents, list(judged.marks.values()))
    assert verdict.failures == []
    [row] = verdict.rows
    assert (row.killed, row.mutants, row.passed, row.alternates, row.survivors) == (4, 4, 3, 3, ())


def test_a_solution_that_fails_its_own_tests(judged):
    judged.give("solution", mean_test_2=0.0)
    judged.failure("solutions/ps1_small/ps1_small.ipynb, cell 'mean_test_2'", "the solution loses 10 points", "Mend")


def test_a_solution_that_takes_too_long(judged):
    judged.marks["solution"] = Marks(judged.jobs["solution"], dict(FULL), processor_seconds=HONEST_RUN_S + 1)
    judged.failure("31 processor seconds", "Train less")


def test_points_for_nothing(judged):
    judged.give("untouched", mean_test_1=5.0, mean_test_2=0.0)
    judged.failure("cell 'mean_test_1' gives 5 points to who has done nothing", "Let the test call")


def test_a_mutant_that_survives(judged):
    judged.give("mean/mutant_median")
    judged.failure("tests/assignments/ps1_small/mean/mutant_median.py survives", "Add one")
    [row] = judge(judged.problem_set, judged.contents, list(judged.marks.values())).rows
    assert (row.killed, row.survivors) == (3, ("mutant_median",))


def test_a_mutant_that_loses_only_a_part_is_killed(judged):
    judged.give("mean/mutant_median", mean_test_2=0.0)
    assert judged.failures() == []


def test_a_mutant_that_dies_of_a_slip(judged):
    judged.give("mean/mutant_sum", "NameError: name 'nmupy' is not defined.", mean_test_1=0.0)
    judged.failure("mutant_sum.py fails the cell 'mean_test_1' for a slip", "nmupy", "Mend the file")


def test_a_right_answer_that_loses_points(judged):
    judged.give("alternates 1", mean_test_1=0.0)
    judged.failure("alternate_statistics.py is right, and fails the cell 'mean_test_1'", "Let the test accept it")


def test_a_hidden_test_that_no_mutant_fails(judged):
    for variant in judged.jobs:
        if "mutant" in variant:
            judged.give(variant, mean_test_1=0.0)
    judged.failure("cell 'mean_test_2'", "no mutant fails this hidden test", "Add one, or drop the test")


def test_what_nbgrader_could_not_mark(judged):
    judged.marks["mean/mutant_sum"] = Marks(judged.jobs["mean/mutant_sum"], failure="Kernel died.")
    judged.failure("mean/mutant_sum: nbgrader could not mark it", "Kernel died.")


def test_a_mutant_that_costs_points_of_another_task(small):
    for cell in list(small.cells[2:5]):
        twin = cell.copy()
        twin.metadata = {"nbgrader": {**cell.metadata.nbgrader}}
        twin.metadata["nbgrader"]["grade_id"] = twin.id = cell.metadata.nbgrader.grade_id.replace("mean", "other")
        twin.id = twin.id.replace("_", "-")
        if "points" in cell.metadata.nbgrader:
            cell.metadata.nbgrader.points /= 2
            twin.metadata["nbgrader"]["points"] /= 2
        small.cells.append(type(cell)(twin))
    for path in list((small.problem_set.answers / "mean").iterdir()):
        small.answer(path.stem, path.read_text(), task="other")
    problem_set = small.write()
    contents = problem_set.read()
    full = {"mean_test_1": 2.5, "mean_test_2": 5.0, "other_test_1": 2.5, "other_test_2": 5.0}
    jobs = list(jobs_of("ps1_small", contents, Path("generated")))

    def marks_of(job: Job, **more: float) -> Marks:
        wrong = set(full) if job.variant == "untouched" else {n for n in full if n.split("_")[0] in dict(job.wrong)}
        return Marks(job, {**full, **dict.fromkeys(wrong, 0.0), **more})

    marks = [marks_of(job) for job in jobs]
    assert judge(problem_set, contents, marks).failures == []
    assert not [job for found in marks for job in alone(found, contents)]
    at = next(n for n, job in enumerate(jobs) if ("mean", "mutant_sum") in job.wrong)
    marks[at] = marks_of(jobs[at], other_test_1=0.0)
    [message] = judge(problem_set, contents, marks).failures
    assert "mean/mutant_sum.py costs points in the cell 'other_test_1', of another task" in message
    assert message.endswith("Make the tasks independent.")


def test_mutants_that_share_a_notebook_are_marked_alone_when_in_doubt(small):
    contents = small.write().read()
    [task] = contents.tasks
    tasks = [
        replace(
            task,
            name=name,
            tests=tuple(replace(test, name=test.name.replace("mean", name)) for test in task.tests),
            answers=tuple(replace(answer, task=name) for answer in task.answers),
        )
        for name in "abcd"
    ]
    contents = replace(contents, tasks=tuple(tasks))
    shared = [job for job in jobs_of("ps1_small", contents, Path("generated")) if len(job.wrong) > 1]
    assert len(shared) == 4 * 3  # of four mutants a task, in four notebooks each, one of which has a single one
    full = {test.name: test.points for task in tasks for test in task.tests}
    job = shared[0]
    lost = {name: 0.0 for name in full if name[0] in dict(job.wrong)}
    assert alone(Marks(job, {**full, **lost}), contents) == []
    clean = next(name for name in full if name[0] not in dict(job.wrong))
    one = job.wrong[0][0]
    for doubtful in (
        Marks(job, {**full, **lost, clean: 0.0}),
        Marks(job, {**full, **lost, f"{one}_test_1": 5.0, f"{one}_test_2": 10.0}),
        Marks(job, {**full, **lost}, {"a_test_1": "NameError: name 'x' is not defined"}),
        Marks(job, failure="Kernel died."),
    ):
        single = alone(doubtful, contents)
        assert [job.wrong for job in single] == [(pair,) for pair in job.wrong]
        assert all(job.short for job in single)


@pytest.mark.parametrize("count", range(1, 12))
def test_for_any_two_tasks_some_notebook_has_the_first_wrong_and_the_second_right(count):
    tasks = [f"task {n}" for n in range(count)]
    found = groups(tasks)
    for one in tasks:
        assert any(one in group for group in found)
        for two in tasks:
            assert one == two or any(one in group and two not in group for group in found)
    assert len(found) <= min(count, 6)


def test_marks_that_are_missing_count_as_nothing(judged):
    judged.marks["solution"] = Marks(Job("ps1_small", "solution", Path(), {}), {"mean_test_1": 5.0})
    judged.failure("cell 'mean_test_2'", "the solution loses 10 points")
