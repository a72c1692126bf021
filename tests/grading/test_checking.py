"""Honest work through our own grading: what stock nbgrader gives full marks, it gives full marks too."""

import pytest

from course_pkg.assignments.check import jobs_of
from course_pkg.assignments.judging import lost_points, points_of_tests
from course_pkg.assignments.marking import generate
from course_pkg.assignments.problem_sets import find_course
from course_pkg.grading.checking import by_examiner
from small_book import REPOSITORY

pytestmark = pytest.mark.slow

SETS = find_course(REPOSITORY).problem_sets


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with by_examiner(tmp_path_factory.mktemp("scratch"), 1, True) as run:
        yield run


@pytest.mark.parametrize("problem_set", SETS, ids=lambda problem_set: problem_set.name)
def test_solutions_and_other_right_answers_get_all_marks_and_untouched_releases_none(run, problem_set, tmp_path):
    contents = problem_set.read()
    generate(problem_set, tmp_path / "generated")
    jobs = {job.variant: job for job in jobs_of(problem_set.name, contents, tmp_path / "generated")}
    points = points_of_tests(contents)
    chosen = [jobs["solution"], jobs["untouched"], jobs["alternates 0"]]
    solution, untouched, right = run(chosen, lambda done, of: None)
    assert not solution.failure
    assert not right.failure
    assert not untouched.failure
    assert lost_points(solution, points) == {}, solution.messages
    assert lost_points(right, points) == {}, right.messages
    assert lost_points(untouched, points) == points
