"""What bad input gets: one error that names file, cell and cure."""

import pytest
from nbformat.v4 import new_code_cell

from course_pkg.assignments.problem_sets import Course, find_course
from course_pkg.errors import CourseError

SOURCE = "solutions/ps1_small/ps1_small.ipynb"
ANSWERS = "tests/assignments/ps1_small"


def refusal(small, *words: str) -> str:
    with pytest.raises(CourseError) as caught:
        small.problem_set.read()
    message = str(caught.value)
    for word in words:
        assert word in message, f"{word!r} is not in: {message}"
    assert message.endswith((".", "…"))
    return message + caught.value.details


def test_a_good_one_is_read(small):
    contents = small.write().read()
    [task] = contents.tasks
    assert (contents.by_tests, contents.by_hand) == (15, 5)
    assert [(test.name, test.points, test.hidden) for test in task.tests] == [
        ("mean_test_1", 5, False),
        ("mean_test_2", 10, True),
    ]
    assert (len(task.of_kind("mutant")), len(task.of_kind("alternate"))) == (4, 3)


def test_a_missing_notebook(small):
    small.write().source.unlink()
    refusal(small, SOURCE, "is missing", "Write it")


def test_a_renamed_notebook(small):
    small.write().source.rename(small.problem_set.source.with_name("PS1.ipynb"))
    refusal(small, SOURCE, "is missing", "Rename PS1.ipynb")


def test_a_file_that_would_be_released_with_the_source(small):
    (small.write().source.parent / "answers.py").write_text("1\n")
    refusal(small, "solutions/ps1_small/answers.py", "release it to students", "Move it")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}'])
def test_a_broken_notebook(small, text):
    small.write().source.write_text(text)
    refusal(small, SOURCE, "no valid notebook", "Restore it")


@pytest.mark.parametrize("points", [None, "five", True, 0, -1])
def test_a_test_without_points(small, points):
    meta = small.cell("mean_test_1").metadata.nbgrader
    meta.pop("points") if points is None else meta.update(points=points)
    small.write()
    refusal(small, SOURCE, "cell 'mean_test_1'", "points", "Give it")


def test_duplicate_grade_ids(small):
    small.cell("mean_test_2").metadata.nbgrader.grade_id = "mean_test_1"
    small.write()
    refusal(small, SOURCE, "cell 'mean_test_1'", "used by an earlier cell", "Give the cell another one")


def test_a_test_of_no_task(small):
    small.cell("mean_test_2").metadata.nbgrader.grade_id = "median_test_1"
    small.write()
    assert "Name it TASK_test_1" in refusal(small, "cell 'median_test_1' tests no task", "mean")


def test_points_that_do_not_add_up(small):
    small.cell("why").metadata.nbgrader.points = 4
    small.write()
    refusal(small, SOURCE, "add up to 19, not 20 (15 by tests, 4 by hand)", "Change the points")


def test_a_test_that_students_could_change(small):
    small.cell("mean_test_1").metadata.nbgrader.locked = False
    small.write()
    refusal(small, "cell 'mean_test_1'", "Lock it")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("mean", "### END SOLUTION", "", "never closed"),
        ("mean", "### BEGIN SOLUTION", "", "has no counterpart"),
        ("mean", "BEGIN SOLUTION", "BEGIN SOLUTION\n### BEGIN SOLUTION", "has no counterpart"),
        ("mean_test_2", "### END HIDDEN TESTS", "", "never closed"),
        ("mean_test_1", "check", "### BEGIN SOLUTION\n1\n### END SOLUTION\ncheck", "is no solution cell"),
        ("mean", "def mean", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\ndef mean", "is no test cell"),
    ],
)
def test_marks_that_do_not_match(small, name, old, new, words):
    cell = small.cell(name)
    cell.source = cell.source.replace(old, new)
    small.write()
    refusal(small, SOURCE, f"cell '{name}'", words)


def test_a_solution_cell_without_a_solution(small):
    small.cell("mean").source = "def mean(values):\n    raise NotImplementedError()"
    small.write()
    refusal(small, "cell 'mean'", "without a solution", "### BEGIN SOLUTION")


def test_a_solution_that_students_would_see(small):
    del small.cell("mean").metadata["nbgrader"]
    small.write()
    refusal(small, "cell 3", "no nbgrader metadata")


def test_a_test_whose_value_would_be_partial_credit(small):
    small.cell("mean_test_1").source += "\nmean([1, 2])"
    small.write()
    refusal(small, "cell 'mean_test_1'", "partial credit", "End it with a check")


def test_a_check_of_ones_own_that_returns_something(small):
    small.cell("mean_test_1").source = "def check_mean(values):\n    return mean(values)\n\ncheck_mean([1, 3])"
    small.write()
    refusal(small, "cell 'mean_test_1'", "partial credit", "assign the value")


def test_an_empty_test(small):
    small.cell("mean_test_1").source = "# nothing"
    small.write()
    refusal(small, "cell 'mean_test_1'", "every answer would pass")


def illustrated(small, source):
    small.cells.insert(1, new_code_cell(source, metadata={"tags": ["illustration"]}))
    small.write()


def test_a_cell_that_grading_leaves_out_and_a_test_needs(small):
    illustrated(small, "factor = 3\ndef mean(x):\n    return factor")
    refusal(small, SOURCE, "cell 2", "'illustration'", "other cells use its mean", "Remove the tag")


def test_a_cell_that_grading_leaves_out_and_nobody_needs(small):
    illustrated(small, "print(mean([1, 2]))")
    small.problem_set.read()


def test_an_answer_that_grading_should_leave_out(small):
    small.cell("mean").metadata["tags"] = ["illustration"]
    small.write()
    refusal(small, SOURCE, "'illustration'", "is no ordinary code cell", "Remove the tag")


def test_an_old_schema(small):
    small.cell("setup").metadata.nbgrader.schema_version = 1
    small.write()
    refusal(small, "cell 'setup'", "schema 1, not 3", "nbgrader update")


def test_a_mutant_of_a_task_that_is_gone(small):
    small.write()
    small.answer("mutant_old", "# Mistake.\ndef means(values):\n    return 1\n", task="means")
    refusal(small, f"{ANSWERS}/means/mutant_old.py", "no cell 'means'", "Move it to mean", "delete it")


def test_a_mutant_that_no_longer_applies(small):
    small.write()
    small.answer("mutant_old", "# Mistake.\ndef average(values):\n    return 1\n")
    refusal(small, f"{ANSWERS}/mean/mutant_old.py", "no longer applies", "does not define mean", "Adapt or delete it")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mutant_old", "# Mistake.\ndef mean(values:\n", "line 2"),
        ("mutant_old", "def mean(values):\n    return 1\n", "Begin it with a comment"),
        ("mistake", "# Mistake.\n", "Call it mutant_… or alternate_…"),
        ("mutant_twin", "# Again.\ndef mean(values):\n    return sum(values) / 2\n", "are the same"),
    ],
)
def test_an_answer_of_the_wrong_form(small, name, text, words):
    small.write()
    small.answer(name, text)
    refusal(small, ANSWERS, words)


def test_too_few_answers(small):
    small.write()
    (small.problem_set.answers / "mean" / "mutant_sum.py").unlink()
    refusal(small, f"{ANSWERS}/mean has 3 mutants of the cell 'mean'", "4 or more")


def test_all_that_is_wrong_is_said_at_once(small):
    small.cell("mean_test_1").metadata.nbgrader.locked = False
    small.cell("mean_test_2").metadata.nbgrader.pop("points")
    small.write()
    message = refusal(small, "Lock it")
    assert "Also:" in message
    assert "has no points" in message


def test_problem_sets_are_found_and_chosen(small):
    small.write()
    course = find_course(small.problem_set.source.parent)
    assert course == Course(small.root)
    assert [found.name for found in course.select([])] == ["ps1_small"]
    assert course.select(["ps1"]) == course.select(["ps1_small"])
    with pytest.raises(CourseError, match="no problem set 'ps1_smal'. Did you mean ps1_small"):
        course.select(["ps1_smal"])


def test_outside_a_repository_it_says_so(tmp_path):
    with pytest.raises(CourseError, match="not inside the course's repository"):
        find_course(tmp_path)
