"""How marks are judged; the marks themselves are nbgrader's (see test_by_nbgrader.py)."""

from pathlib import Path

import pytest

from course_pkg.assignments.check import HONEST_RUN_S, jobs_of, judge
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
        return judge(self.problem_set, self.contents, self.marks).failures

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
    verdict = judge(judged.problem_set, judged.contents, judged.marks)
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
    [row] = judge(judged.problem_set, judged.contents, judged.marks).rows
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
    marks = {}
    for job in jobs_of("ps1_small", contents, Path("generated")):
        task = job.variant.split("/")[0]
        lost = {name: 0.0 for name in full if name.startswith(f"{task}_") or job.variant == "untouched"}
        marks[job.variant] = Marks(job, {**full, **lost})
    assert judge(problem_set, contents, marks).failures == []
    found = marks["mean/mutant_sum"]
    marks["mean/mutant_sum"] = Marks(found.job, {**found.scores, "other_test_1": 0.0})
    [message] = judge(problem_set, contents, marks).failures
    assert "mean/mutant_sum.py costs points in the cell 'other_test_1', of another task" in message
    assert message.endswith("Make the tasks independent.")


def test_marks_that_are_missing_count_as_nothing(judged):
    judged.marks["solution"] = Marks(Job("ps1_small", "solution", Path(), {}), {"mean_test_1": 5.0})
    judged.failure("cell 'mean_test_2'", "the solution loses 10 points")
