"""One submission in, plain data out, by nbgrader's own converter and real kernels."""

import json
import os
import pickle
import tempfile

import pytest
from nbgrader import api

from course_pkg.grading import batch, gradebook
from course_pkg.grading.worker import grade_one
from small_course import GOOD, HALF, NAME, SmallCourse

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    """Cold kernels are the quicker ones for few submissions without TensorFlow."""
    monkeypatch.setenv("COURSE_WARM", "0")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return SmallCourse(tmp_path_factory.mktemp("course"))


def task_of(course, student):
    return batch.task_of(course.places, NAME, student)


def grade(course, student):
    return grade_one(task_of(course, student))


def marks(graded):
    return {name: task["auto"] for name, task in graded.record["tasks"].items()}


def test_a_submission_gets_nbgraders_rows_files_and_a_record(course):
    course.submit("ada", HALF)
    graded = grade(course, "ada")
    assert marks(graded) == {"mean_test": 2.0, "largest_test": 0.0, "essay": None}
    record = graded.record
    assert (record["status"], record["reason"], record["score"], record["max_score"]) == ("graded", None, 2.0, 6.0)
    assert record["tasks"]["largest_test"]["error"] == "AssertionError"
    assert record["timestamp"] == "2026-01-02T10:00:00"
    assert 0 < record["seconds"]["total"] < 600
    assert record == json.loads(json.dumps(record))
    grades = graded.rows["notebooks"][NAME]["grades"]
    assert {name: grade["needs_manual_grade"] for name, grade in grades.items()} == {
        "mean_test": False,
        "largest_test": False,
        "essay": True,
    }
    assert set(graded.files) == {f"{NAME}.ipynb", "numbers.csv", "timestamp.txt"}


def test_grading_again_gives_the_same_bytes_and_leaves_nothing_behind(course, monkeypatch):
    noisy = "import os, warnings\nwarnings.warn('here')\nprint(os.getcwd(), {'a', 'b', 'c', 'd'})\n1 / 0"
    course.submit("bob", {**GOOD, "largest": noisy})
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as own:  # other tests grade at the same time
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "tempdir", own)
            first, second = grade(course, "bob"), grade(course, "bob")
        assert not [name for name in os.listdir(own) if name.startswith("grade-")]
    assert first.files == second.files
    assert first.rows == second.rows
    assert b"ZeroDivisionError" in first.files[f"{NAME}.ipynb"]
    assert dict(os.environ) == before


def test_what_was_changed_beyond_the_answers_is_reported(course):
    notebook = course.notebook(GOOD)
    notebook.cells[2].source = "pass"
    del notebook.cells[4]
    (course.submitted / "eve" / NAME).mkdir(parents=True)
    folder = course.submit("eve", json.dumps(notebook))
    (folder / "json.py").write_text("raise SystemExit")
    (folder / "gradebook").symlink_to(course.root / "grading" / "gradebook.db")
    graded = grade(course, "eve")
    assert marks(graded) == {"mean_test": 2.0, "largest_test": 3.0, "essay": None}
    assert {note["cell"] for note in graded.record["deviations"]} == {
        "json.py",
        "gradebook",
        "mean_test",
        "largest_test",
    }
    assert [event["where"] for event in graded.record["events"]] == ["gradebook"]
    assert set(graded.files) == {f"{NAME}.ipynb", "numbers.csv", "timestamp.txt"}


def deep():
    return '{"cells": ' + "[" * 100_000


BROKEN = {
    "no JSON": ("{'cells': ", "does not appear to be JSON"),
    "empty": ("", "does not appear to be JSON"),
    "not UTF-8": ("é".encode("latin-1") * 100, "codec can't decode"),
    "deep": (deep(), "recursion"),
    "a list": ("[1, 2]", ""),
    "cells are a number": ('{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', ""),
    "a format to come": ('{"cells": [], "metadata": {}, "nbformat": 9, "nbformat_minor": 0}', ""),
    "binary": (bytes(range(256)) * 1000, ""),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_notebook_that_cannot_be_read_is_a_failure_with_a_reason(course, content, reason):
    course.submit("zoe", content)
    graded = grade(course, "zoe")
    assert graded.record["status"] == "failed"
    assert reason in graded.record["reason"]
    assert len(graded.record["reason"]) > 10
    assert (graded.rows, graded.files) == (None, {})
    assert graded.record["fingerprint"]


def test_a_time_that_is_none_is_a_failure(course):
    course.submit("tim", timestamp="yesterday, I think")
    assert grade(course, "tim").record["reason"] == "timestamp.txt says 'yesterday, I think', which is no time"


@pytest.mark.parametrize("name", [None, f"{NAME} (1).ipynb"])
def test_without_a_notebook_everything_counts_nothing(course, name):
    folder = course.submit("ned")
    (folder / f"{NAME}.ipynb").unlink()
    if name:
        (folder / name).write_text(json.dumps(course.notebook(GOOD)))
    graded = grade(course, "ned")
    assert marks(graded) == {"mean_test": 0.0, "largest_test": 0.0, "essay": 0.0}
    assert (graded.record["status"], graded.record["score"]) == ("graded", 0.0)
    assert graded.record["reason"].startswith(f"{NAME}.ipynb was not handed in and counts 0.")
    assert ("(1).ipynb" in graded.record["reason"]) == bool(name)


def test_marks_given_by_hand_stay_and_count(course):
    course.submit("may", GOOD)
    first = grade(course, "may")
    gradebook.merge(course.places.db_url, NAME, "may", first.rows)
    with api.Gradebook(course.places.db_url) as gb:
        essay = gb.find_grade("essay", NAME, NAME, "may")
        essay.manual_score, essay.extra_credit, essay.needs_manual_grade = 0.5, 0.25, False
        gb.db.commit()
    again = grade(course, "may")
    assert again.record["score"] == 5.75
    gradebook.merge(course.places.db_url, NAME, "may", again.rows)
    assert gradebook.submission(course.places.db_url, NAME, "may")["notebooks"][NAME]["grades"]["essay"] == {
        "auto_score": None,
        "manual_score": 0.5,
        "extra_credit": 0.25,
        "needs_manual_grade": True,  # as nbgrader does: somebody may want to look again
    }


def test_a_task_travels(course):
    course.submit("tom")
    task = task_of(course, "tom")
    assert pickle.loads(pickle.dumps(task)).fingerprint == task.fingerprint


CHANGES = {
    "nothing": (lambda course: None, True),
    "an answer": (lambda course: course.submit("fin", HALF), False),
    "a crumb": (lambda course: (course.submitted / "fin" / NAME / ".DS_Store").touch(), True),
    "a file beside it": (lambda course: (course.submitted / "fin" / NAME / "x.py").touch(), False),
    "the time": (lambda course: course.submit("fin", timestamp="2026-01-03"), False),
    "a test": (
        lambda course: (course.root / "assignments" / NAME / f"{NAME}.ipynb").open("a").write("\n"),
        False,
    ),
    "the settings": (
        lambda course: (course.root / "nbgrader_config.py").open("a").write("\nc.Execute.timeout = 9\n"),
        False,
    ),
}


@pytest.mark.parametrize(("change", "same"), CHANGES.values(), ids=CHANGES.keys())
def test_the_fingerprint_changes_with_whatever_may_change_a_mark(course, tmp_path, change, same):
    course = course.copy(tmp_path)
    course.submit("fin")
    before = task_of(course, "fin").fingerprint
    assert task_of(course, "fin").fingerprint == before
    change(course)
    assert (task_of(course, "fin").fingerprint == before) == same


def test_the_fingerprint_changes_with_the_grading_seed(course, monkeypatch):
    course.submit("sid")
    before = task_of(course, "sid").fingerprint
    monkeypatch.setenv("COURSE_GRADING_SEED", "another")
    assert task_of(course, "sid").fingerprint != before
