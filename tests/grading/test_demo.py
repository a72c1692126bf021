"""The class that shows what grading does: always the same, with everybody in it."""

import json

import pytest
from nbgrader.api import Gradebook

from course_pkg.assignments.problem_sets import find_course
from course_pkg.errors import CourseError
from course_pkg.grading.demo import make_class


@pytest.fixture(scope="module")
def course(repository):
    return find_course(repository)


def handed_in(folder):
    files = [path for path in (folder / "grading" / "submitted").rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if not path.is_symlink()}


def test_the_same_class_each_time_with_all_kinds_of_students(course, tmp_path):
    sets = course.select(["ps1"])
    places = make_class(course.root, sets, tmp_path / "one", 30)
    make_class(course.root, sets, tmp_path / "two", 30)
    first, second = handed_in(tmp_path / "one"), handed_in(tmp_path / "two")
    unlike = [name for name in first if first[name] != second[name] and "reads-the-gradebook" not in name]
    assert first.keys() == second.keys()
    assert not unlike
    students = places.students("ps1_randomness")
    assert len(students) == 30
    assert sum(student.startswith("student-") for student in students) == 20
    assert sum(student.startswith("broken-") for student in students) == 5
    assert sum(student.startswith("hostile-") for student in students) == 5
    with Gradebook(places.db_url) as book:
        assert book.find_assignment("ps1_randomness").duedate is not None
        assert (book.find_student("student-01").first_name, book.find_student("student-01").last_name) == (
            "Student",
            "01",
        )


def test_honest_students_know_more_or_less(course, tmp_path):
    places = make_class(course.root, course.select(["ps1"]), tmp_path / "class", 8)
    texts = set()
    for student in places.students("ps1_randomness"):
        for path in places.submitted("ps1_randomness", student).glob("*.ipynb"):
            texts.add(path.read_text())
            assert "BEGIN SOLUTION" not in path.read_text()
    assert len(texts) >= 6


def test_a_folder_with_something_in_it_is_left_alone(course, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="is not empty"):
        make_class(course.root, course.select(["ps1"]), tmp_path, 3)


def test_without_a_checkout_it_says_so(tmp_path):
    (tmp_path / "solutions" / "ps1_x").mkdir(parents=True)
    course = find_course(tmp_path)
    with pytest.raises(CourseError, match="needs a checkout"):
        make_class(course.root, course.select([]), tmp_path / "class", 3)
    assert not (tmp_path / "class").exists()


@pytest.mark.slow
def test_the_class_is_graded_and_reported(course, tmp_path):
    from course_pkg.cli.grade import grade_demo

    folder = tmp_path / "class"
    grade_demo(["ps1"], students=4, folder=folder, jobs=1, root=course.root)
    outcomes = [json.loads(path.read_text()) for path in (folder / "grading" / "outcomes").rglob("*.json")]
    assert len(outcomes) == 4
    assert sum(outcome["status"] == "graded" for outcome in outcomes) == 4
    assert (folder / "grading" / "reports" / "ps1_randomness.html").is_file()
