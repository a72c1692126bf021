"""Regrade, apply, undo: changes are shown first, nothing of people's work is lost, a death at any moment is mended."""

import contextlib
import copy
import getpass
import os
import shutil
import signal
import sys
from concurrent.futures import Executor, Future
from datetime import datetime
from itertools import count

import nbformat
import pytest
import sqlalchemy
from nbformat import v4
from nbgrader import api
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from typer.testing import CliRunner

from course_pkg.cli import app
from course_pkg.errors import CourseError
from course_pkg.grading import audit, batch, changes, executors, gradebook, regrade
from course_pkg.grading.database import create
from course_pkg.grading.places import find_places
from course_pkg.grading.rebuild import rebuilt
from course_pkg.grading.worker import Graded, failure, grade_one, refusal

PS = "ps1_mean"
TASKS = {
    "mean": "def mean(x):\n    ### BEGIN SOLUTION\n    return sum(x) / len(x)\n    ### END SOLUTION",
    "essay": "YOUR ANSWER HERE",
}
TESTS = {
    "mean_test1": ("assert mean([2]) == 2", 1),
    # Wrong: it wants what only whole numbers give.
    "mean_test2": ("### BEGIN HIDDEN TESTS\nassert mean([1, 2]) == 1, 'mean of 1 and 2'\n### END HIDDEN TESTS", 2),
    "essay": (None, 3),
}
ANSWERS = {
    "ada": {"mean": "def mean(x):\n    return sum(x) / len(x)", "essay": "Because."},
    "bob": {"mean": "def mean(x):\n    return sum(x) // len(x)", "essay": "So what."},
    "eve": {"mean": "def mean(x):\n    raise NotImplementedError", "essay": "YOUR ANSWER HERE"},
}


def cell(name, source, points=None, *, solution=False):
    own = {
        "grade_id": name, "schema_version": 3, "grade": points is not None, "solution": solution,
        "locked": not solution, "task": False,
    }  # fmt: skip
    if points is not None:
        own["points"] = points
    kind = v4.new_markdown_cell if name == "essay" else v4.new_code_cell
    return kind(source, id=name, metadata={"nbgrader": own})


def write_source(root, tests=TESTS):
    cells = [cell("mean", TASKS["mean"], solution=True)]
    cells += [cell(name, source, points) for name, (source, points) in tests.items() if source]
    cells.append(cell("essay", TASKS["essay"], tests["essay"][1], solution=True))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path = root / "solutions" / PS / f"{PS}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def with_tests(**changes):
    """Return the tests with some changed, added, or (None) removed."""
    return {name: test for name, test in {**TESTS, **changes}.items() if test is not None}


FIXED = with_tests(mean_test2=("assert mean([1, 2]) == 1.5, 'mean of 1 and 2'", 2))


def generate(places):
    """Run ``nbgrader generate_assignment``, without its command line."""
    config = copy.deepcopy(places.config)
    config.CourseDirectory.update(root=str(places.root), db_url=places.db_url, assignment_id=PS)
    create(places.db_url)
    GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, force=True).start()


def hand_in(places, student, answers):
    release = nbformat.read(places.release(PS) / f"{PS}.ipynb", as_version=4)
    for found in release.cells:
        found.source = answers.get(found.metadata.nbgrader.grade_id, found.source)
    folder = places.submitted(PS, student)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(release, folder / f"{PS}.ipynb")
    (folder / "timestamp.txt").write_text("2026-02-01 10:00:00 UTC")


def graded_quickly(task):
    """Grade without kernels, in this process, what these tests hand in."""
    data = task.submission.files.get(f"{PS}.ipynb", b"")
    try:
        submitted = nbformat.reads(data.decode(), as_version=4)
    except nbformat.reader.NotJSONError:
        return failure(task, "Notebook is not JSON")
    release = nbformat.reads(task.release[f"{PS}.ipynb"].decode(), as_version=4)
    notebook, _ = rebuilt(submitted, release)
    answers = {found.metadata.nbgrader.grade_id: found.source for found in notebook.cells}
    parts = {(part["kind"], part["name"]): part for part in task.structure["notebooks"][PS]["cells"]}
    names = {}
    exec(answers["mean"], names)
    marks, tasks = {}, {}
    for (kind, name), part in parts.items():
        if kind != "grade":
            continue
        mark, error = None, None
        if part["cell_type"] == "code":
            try:
                exec(parts["source", name]["source"], names)
                mark = part["max_score"]
            except Exception as reason:
                mark, error = 0.0, f"{type(reason).__name__}: {reason}"
        by_hand = (task.before or {"notebooks": {}})["notebooks"].get(PS, {"grades": {}})["grades"].get(name, {})
        needs = mark is None or by_hand.get("manual_score") is not None  # as nbgrader's SaveAutoGrades
        marks[name] = {"auto_score": mark, "needs_manual_grade": needs}
        tasks[name] = {"auto": mark, "max": part["max_score"], "error": error}
    notebook.metadata["marks"] = tasks
    comments = {name: {"auto_comment": None} for kind, name in parts if kind == "solution"}
    rows = {
        "student": {"id": task.submission.student},
        "timestamp": "2026-02-01T10:00:00",
        "extension": None,
        "notebooks": {PS: {"late_submission_penalty": None, "grades": marks, "comments": comments}},
    }
    record = {**refusal(task).record, "status": "graded", "reason": None, "tasks": tasks}
    return Graded(record, rows, {f"{PS}.ipynb": nbformat.writes(notebook, version=4).encode()})


class Quick(Executor):
    """Grades at once, and remembers whom."""

    def __init__(self):
        self.students = []

    def submit(self, function, /, task):
        assert function is grade_one
        self.students.append(task.submission.student)
        future = Future()
        future.set_result(graded_quickly(task))
        return future


@pytest.fixture(scope="module")
def graded_course(tmp_path_factory, repository):
    root = tmp_path_factory.mktemp("course")
    make_course(root, repository)
    return root


def make_course(root, repository, settings=""):
    """Make a course with three graded submissions, and with what a person has done since then."""
    config = (repository / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config + settings)
    write_source(root)
    places = find_places(root)
    generate(places)
    for student, answers in ANSWERS.items():
        hand_in(places, student, answers)
    batch.grade(places, batch.select(places, [PS]), Quick(), 1)
    with api.Gradebook(places.db_url) as gb:
        gb.find_assignment(PS).duedate = datetime(2026, 3, 1)
        gb.grant_extension(PS, "eve", days=1)
        for student, mark in (("ada", 2.5), ("bob", 1.0)):
            essay = gb.find_grade("essay", PS, PS, student)
            essay.manual_score, essay.needs_manual_grade = mark, False
        gb.find_grade("mean_test2", PS, PS, "eve").manual_score = 0.5
        gb.find_grade("mean_test2", PS, PS, "eve").extra_credit = 0.25
        gb.find_comment("mean", PS, PS, "ada").manual_comment = "Elegant."
        gb.db.commit()
    return places


@pytest.fixture
def places(graded_course, tmp_path):
    shutil.copytree(graded_course, tmp_path / "course", copy_function=shutil.copy2)
    return find_places(tmp_path / "course")


def prepared(places, *students, executor=None):
    return regrade.prepare(places, PS, students, executor or Quick(), 1)


def mark_by_hand(places, student, task, mark):
    with api.Gradebook(places.db_url) as gb:
        gb.find_grade(task, PS, PS, student).manual_score = mark
        gb.db.commit()


def state(places):
    """Return all that a regrade may change: the gradebook, graded files, outcomes."""
    grading = places.grading
    files = [p for room in ("autograded", "outcomes") for p in sorted((grading / room).rglob("*")) if p.is_file()]
    files = [p for p in files if p.suffix != ".tmp"]  # what a killed write leaves is never read
    return gradebook.snapshot(places.db_url, PS), {str(p.relative_to(grading)): p.read_bytes() for p in files}


def of_student(found, student):
    """Return the part of a state that is one student's."""
    snapshot, files = found
    return snapshot["submissions"].get(student), {name: data for name, data in files.items() if student in name}


def marks(places, student):
    grades = gradebook.submission(places.db_url, PS, student)["notebooks"][PS]["grades"]
    return {name: (grade["auto_score"], grade["manual_score"]) for name, grade in grades.items()}


# Showing


def test_the_difference_is_shown_and_nothing_else_happens(places):
    write_source(places.root, FIXED)
    before = state(places)
    found = prepared(places)
    regrade.note_shown(found)
    assert [(one.student, one.task, one.old, one.new, one.why) for one in found.differences] == [
        ("ada", "mean_test2", 0.0, 2.0, "passes now: was AssertionError: mean of 1 and 2"),
        ("bob", "mean_test2", 2.0, 0.0, "AssertionError: mean of 1 and 2"),
    ]
    assert state(places) == before
    assert audit.read(places.audit) == []


def test_without_a_change_of_the_tests_no_mark_changes(places):
    before = state(places)
    found = prepared(places)
    assert (found.differences, found.not_graded, found.release) == ([], {}, "")
    assert found.after == found.before == before[0]
    regrade.apply(places, found, "")
    after = state(places)
    assert after[0] == before[0]
    assert {name for name in before[1] if before[1][name] != after[1][name]} <= {
        name
        for name in before[1]
        if name.startswith("outcomes/")  # they tell the time
    }


@pytest.mark.slow
def test_a_stale_release_is_said_to_be_stale(places):
    write_source(places.root, FIXED)
    assert "course assignments build ps1_mean" in prepared(places).release
    generate(places)
    assert prepared(places).release == ""


def test_who_cannot_be_graded_keeps_the_marks(places):
    write_source(places.root, FIXED)
    (places.submitted(PS, "ada") / f"{PS}.ipynb").write_text("no notebook")
    shutil.rmtree(places.submitted(PS, "bob"))
    before = state(places)
    found = prepared(places)
    assert found.not_graded == {"ada": "Notebook is not JSON", "bob": "what was handed in is not there any more"}
    assert found.differences == []
    regrade.apply(places, found, "")
    for student in ("ada", "bob"):
        assert of_student(state(places), student) == of_student(before, student)


def test_a_source_that_nbgrader_refuses_is_an_error_and_leaves_no_draft(places):
    write_source(places.root, with_tests(mean_test2=("### BEGIN HIDDEN TESTS\nassert True", 2)))
    with pytest.raises(CourseError, match="cannot make a release"):
        prepared(places)
    assert list(changes.regrades(places).iterdir()) == []


# Applying


def test_applying_gives_the_new_marks_and_keeps_the_hand_made_ones(places):
    write_source(places.root, FIXED)
    before = state(places)[0]
    regrade.apply(places, prepared(places), "test 2 was wrong")
    after = state(places)[0]
    assert marks(places, "ada") == {"mean_test1": (1.0, None), "mean_test2": (2.0, None), "essay": (None, 2.5)}
    assert marks(places, "bob")["mean_test2"] == (0.0, None)
    expected = copy.deepcopy(before)
    expected["submissions"]["ada"]["notebooks"][PS]["grades"]["mean_test2"]["auto_score"] = 2.0
    expected["submissions"]["bob"]["notebooks"][PS]["grades"]["mean_test2"]["auto_score"] = 0.0
    assert after["submissions"] == expected["submissions"]
    graded = nbformat.read(places.autograded(PS, "ada") / f"{PS}.ipynb", as_version=4)
    assert graded.metadata["marks"]["mean_test2"]["auto"] == 2.0
    assert batch.read_outcome(places, PS, "ada")["tasks"]["mean_test2"]["auto"] == 2.0


def test_after_applying_and_building_a_run_has_nothing_to_do(places):
    write_source(places.root, FIXED)
    regrade.apply(places, prepared(places), "")
    generate(places)
    executor = Quick()
    assert batch.grade(places, batch.select(places, [PS]), executor, 1).finished == 3
    assert executor.students == []


def test_what_was_shown_is_applied_without_grading_again(places):
    write_source(places.root, FIXED)
    regrade.note_shown(prepared(places))
    executor = Quick()
    found = prepared(places, executor=executor)
    assert (executor.students, found.anew, found.surprising) == ([], (), False)
    regrade.apply(places, found, "")
    assert marks(places, "ada")["mean_test2"] == (2.0, None)


def test_cells_are_added_and_removed_though_there_are_submissions(places):
    new = with_tests(mean_test1=None, mean_test3=("assert mean([5, 5]) == 5\nassert mean([1, 2]) != 1", 4))
    write_source(places.root, new)
    found = prepared(places)
    whys = {(one.student, one.task): (one.old, one.new, one.why) for one in found.differences}
    assert whys == {
        ("ada", "mean_test1"): (1.0, None, "test removed"),
        ("bob", "mean_test1"): (1.0, None, "test removed"),
        ("eve", "mean_test1"): (0.0, None, "test removed"),
        ("ada", "mean_test3"): (None, 4.0, "test added"),
        ("bob", "mean_test3"): (None, 0.0, "test added: AssertionError: "),
        ("eve", "mean_test3"): (None, 0.0, "test added: NotImplementedError: "),
    }
    regrade.apply(places, found, "")
    assert set(marks(places, "ada")) == {"mean_test2", "mean_test3", "essay"}
    assert marks(places, "ada")["mean_test3"] == (4.0, None)
    with api.Gradebook(places.db_url) as gb:
        assert gb.find_assignment(PS).max_score == 9
        assert gb.find_assignment(PS).duedate == datetime(2026, 3, 1)
        assert "mean([5, 5])" in gb.find_source_cell("mean_test3", PS, PS).source
    generate(places)  # nbgrader accepts its own source again


def test_a_mark_by_hand_above_a_lowered_maximum_is_lowered_and_flagged(places):
    write_source(places.root, with_tests(essay=(None, 2)))
    found = prepared(places)
    whys = {one.student: (one.old, one.new, one.why) for one in found.differences if one.task == "essay"}
    assert whys["ada"] == (2.5, 2.0, "points changed from 3 to 2; mark by hand 2.5 is 2 now")
    assert whys["bob"] == (1.0, 1.0, "points changed from 3 to 2; the mark by hand counts")
    regrade.apply(places, found, "")
    essay = gradebook.submission(places.db_url, PS, "ada")["notebooks"][PS]["grades"]["essay"]
    assert (essay["manual_score"], essay["needs_manual_grade"]) == (2.0, True)
    assert [e.what for e in audit.read(places.audit, "ada")] == [whys["ada"][2]]


def test_essays_are_not_to_be_marked_again_unless_they_changed(places):
    write_source(places.root, FIXED)
    hand_in(places, "bob", {**ANSWERS["bob"], "essay": "On second thoughts."})
    regrade.apply(places, prepared(places), "")
    needs = {
        student: data["notebooks"][PS]["grades"]["essay"]["needs_manual_grade"]
        for student, data in state(places)[0]["submissions"].items()
    }
    assert needs == {"ada": False, "bob": True, "eve": True}


def test_some_students_are_regraded(places):
    write_source(places.root, FIXED)
    executor, before = Quick(), state(places)
    found = prepared(places, "ada", executor=executor)
    assert executor.students == ["ada"]
    regrade.apply(places, found, "")
    assert marks(places, "ada")["mean_test2"] == (2.0, None)
    assert of_student(state(places), "bob") == of_student(before, "bob")


@pytest.mark.parametrize("new", [with_tests(mean_test1=None), with_tests(essay=(None, 4))])
def test_some_students_cannot_get_other_tests_or_points_than_the_rest(places, new):
    write_source(places.root, new)
    before = state(places)
    with pytest.raises(CourseError, match="concerns all students"):
        regrade.apply(places, prepared(places, "ada"), "")
    assert state(places) == before


# Between showing and applying


def shown(places):
    write_source(places.root, FIXED)
    regrade.note_shown(prepared(places))


def test_a_mark_given_since_the_showing_is_noticed_and_kept(places):
    shown(places)
    mark_by_hand(places, "ada", "essay", 3.0)
    found = prepared(places)
    assert found.anew == ("the marks of ada",)
    assert not found.surprising  # the same marks change
    regrade.apply(places, found, "")
    assert marks(places, "ada")["essay"] == (None, 3.0)
    assert marks(places, "ada")["mean_test2"] == (2.0, None)


def test_a_mark_given_since_the_showing_may_change_the_difference(places):
    shown(places)
    mark_by_hand(places, "ada", "mean_test2", 1.5)
    assert prepared(places).surprising


def test_a_submission_changed_since_the_showing_is_graded_anew(places):
    shown(places)
    hand_in(places, "bob", ANSWERS["ada"])
    executor = Quick()
    found = prepared(places, executor=executor)
    assert executor.students == ["bob"]
    assert "bob" in found.anew[0]
    assert found.surprising


def test_a_source_changed_since_the_showing_is_graded_anew(places):
    shown(places)
    write_source(places.root, with_tests(mean_test2=("assert mean([1, 2]) == 1.5, 'other words'", 2)))
    executor = Quick()
    found = prepared(places, executor=executor)
    assert sorted(executor.students) == ["ada", "bob", "eve"]
    assert found.anew == ("the source",)
    assert found.surprising
    assert len(list(changes.regrades(places).iterdir())) == 1  # the old draft is gone


def test_a_mark_given_at_the_last_moment_stops_the_apply(places):
    write_source(places.root, FIXED)
    found = prepared(places)
    mark_by_hand(places, "ada", "essay", 3.0)
    before = state(places)
    with pytest.raises(gradebook.Changed):
        regrade.apply(places, found, "")
    assert state(places) == before
    assert audit.read(places.audit) == []
    assert changes.finish_interrupted(places) == []


# The audit trail


def test_each_changed_mark_has_a_line_with_all_that_one_may_ask(places):
    write_source(places.root, FIXED)
    found = prepared(places)
    regrade.apply(places, found, "test 2 was wrong")
    first, second = audit.read(places.audit)
    assert (first.student, first.task, first.old, first.new) == ("ada", "mean_test2", 0.0, 2.0)
    assert (second.student, second.task, second.old, second.new) == ("bob", "mean_test2", 2.0, 0.0)
    assert (first.why, first.action, first.problem_set) == ("test 2 was wrong", "regrade", PS)
    assert (first.change, first.source) == (found.folder.name, found.source)
    assert first.environment["nbgrader"] == "0.9.6"
    assert first.who == getpass.getuser()
    assert first.when.endswith("+00:00")


# Undoing


def test_undoing_brings_all_back_and_says_so(places):
    before = state(places)
    write_source(places.root, with_tests(mean_test1=None, mean_test3=("assert True", 4), essay=(None, 2)))
    regrade.apply(places, prepared(places), "")
    entries = audit.read(places.audit)
    undone = regrade.undo(places, "a mistake")
    assert state(places) == before
    back = audit.read(places.audit)[len(entries) :]
    assert {(e.student, e.task, e.old, e.new) for e in back} == {(e.student, e.task, e.new, e.old) for e in entries}
    assert {(e.action, e.why) for e in back} == {("undo", "a mistake")}
    assert undone.kept == []
    with pytest.raises(CourseError, match="no applied regrade"):
        regrade.undo(places, "")


@pytest.mark.slow
def test_two_regrades_are_undone_one_after_the_other(places):
    states = [state(places)]
    for tests in (FIXED, with_tests(mean_test1=None)):
        write_source(places.root, tests)
        regrade.apply(places, prepared(places), "")
        states.append(state(places))
    for expected in (states[1], states[0]):
        regrade.undo(places, "")
        assert state(places) == expected


def test_undoing_keeps_what_people_wrote_since_then(places):
    write_source(
        places.root, with_tests(mean_test1=None, mean_test3=("assert mean([1, 2]) == 1.5", 4), essay=(None, 2))
    )
    regrade.apply(places, prepared(places), "")
    with api.Gradebook(places.db_url) as gb:
        gb.find_grade("mean_test2", PS, PS, "bob").manual_score = 1.75
        gb.find_grade("mean_test3", PS, PS, "bob").manual_score = 3.0  # goes with its cell
        gb.find_comment("mean", PS, PS, "bob").manual_comment = "Nearly."
        gb.find_student("ada").last_name = "Lovelace"
        gb.db.commit()
    regrade.undo(places, "")
    assert marks(places, "bob") == {"mean_test1": (1.0, None), "mean_test2": (2.0, 1.75), "essay": (None, 1.0)}
    assert marks(places, "ada")["essay"] == (None, 2.5)
    data = gradebook.submission(places.db_url, PS, "bob")
    assert data["notebooks"][PS]["comments"]["mean"]["manual_comment"] == "Nearly."
    assert gradebook.submission(places.db_url, PS, "ada")["student"]["last_name"] == "Lovelace"


@pytest.mark.slow
def test_undoing_leaves_alone_who_was_graded_anew_since_then(places):
    write_source(places.root, FIXED)
    regrade.apply(places, prepared(places), "")
    generate(places)
    hand_in(places, "bob", ANSWERS["ada"])
    hand_in(places, "zoe", ANSWERS["ada"])
    batch.grade(places, batch.select(places, [PS]), Quick(), 1)
    since = state(places)
    undone = regrade.undo(places, "")
    assert undone.kept == ["bob", "zoe"]
    assert marks(places, "ada")["mean_test2"] == (0.0, None)
    for student in undone.kept:
        assert of_student(state(places), student) == of_student(since, student)


def test_undoing_is_refused_when_the_cells_were_changed_since_then(places):
    write_source(places.root, with_tests(essay=(None, 4)))
    regrade.apply(places, prepared(places), "")
    write_source(places.root, with_tests(essay=(None, 5)))
    generate(places)
    before = state(places)
    with pytest.raises(CourseError, match="generate_assignment"):
        regrade.undo(places, "")
    assert state(places) == before


@pytest.mark.slow
def test_a_gradebook_in_postgresql_is_changed_and_changed_back(tmp_path, repository, postgresql):
    settings = f"\nc.CourseDirectory.db_url = {postgresql.database()!r}\nc.CourseDirectory.course_id = 'course'\n"
    places = make_course(tmp_path, repository, settings)
    before = state(places)
    write_source(places.root, with_tests(mean_test1=None, mean_test3=("assert True", 4), essay=(None, 2)))
    regrade.apply(places, prepared(places), "")
    assert marks(places, "ada") == {"mean_test2": (0.0, None), "mean_test3": (4.0, None), "essay": (None, 2.0)}
    regrade.undo(places, "")
    assert state(places) == before


# Dying at any moment

OTHERS = with_tests(mean_test2=FIXED["mean_test2"], mean_test1=None, mean_test3=("assert mean([5]) == 5", 4))
CHANGES_FILES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def dying(action, after):
    """Do something in a child that is killed when it is about to change something for so many times.

    Changes are those of the file system, every twentieth statement and each commit to the gradebook.
    Return whether it was killed.
    """
    child = os.fork()
    if child == 0:
        left = after
        statements = 0

        def change(*_):
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def statement(*_):
            nonlocal statements
            statements += 1
            if statements % 20 == 0:
                change()

        def happening(event, arguments):
            if event in CHANGES_FILES or (event == "open" and arguments[2] & WRITES):
                change()

        sys.addaudithook(happening)
        sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", statement)
        sqlalchemy.event.listen(sqlalchemy.Engine, "commit", change)
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WIFSIGNALED(status)


def put_back(places, saved):
    shutil.rmtree(places.grading)
    shutil.copytree(saved, places.grading)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["regrade", "undo"])
def test_a_death_at_any_moment_leaves_the_old_or_the_new_and_the_next_run_finishes(places, tmp_path, action):
    write_source(places.root, OTHERS)
    found = prepared(places)
    if action == "undo":
        regrade.apply(places, found, "why")

    def act():
        if action == "undo":
            regrade.undo(places, "why")
        else:
            regrade.apply(places, found, "why")

    saved = tmp_path / "saved"
    shutil.copytree(places.grading, saved)
    before = state(places)
    act()
    after, lines = state(places), len(audit.read(places.audit))
    assert before[0] != after[0]
    finished = 0
    for deaths in count(step=2):
        put_back(places, saved)
        if not dying(act, deaths):
            break
        marks_now = gradebook.snapshot(places.db_url, PS)
        assert marks_now in (before[0], after[0])  # never half of them
        said = changes.finish_interrupted(places)
        if said or marks_now == after[0]:
            finished += 1
        else:
            assert state(places) == before  # nothing was begun
            act()
        assert state(places) == after  # no student's files are of another time than the marks
        assert len(audit.read(places.audit)) == lines
        assert changes.finish_interrupted(places) == []
    assert deaths > 20
    assert finished > 5


def test_marks_given_after_a_death_are_kept_by_the_run_that_finishes(places, monkeypatch):
    write_source(places.root, FIXED)
    found = prepared(places)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "append", None)  # dies after the gradebook and the files
        with pytest.raises(TypeError):
            regrade.apply(places, found, "")
    mark_by_hand(places, "ada", "essay", 3.0)
    hand_in(places, "bob", ANSWERS["ada"])
    generate(places)
    batch.grade(places, batch.select(places, [PS], ["bob"]), Quick(), 1)
    since = state(places)
    (said,) = changes.finish_interrupted(places)
    assert "finished" in said
    assert state(places) == since
    assert [entry.action for entry in audit.read(places.audit)] == ["run", "regrade", "regrade"]


def test_a_change_that_never_took_effect_is_dropped_when_somebody_else_changed_the_marks(places, monkeypatch):
    write_source(places.root, FIXED)
    found = prepared(places)
    with monkeypatch.context() as patch:
        patch.setattr(gradebook, "restore", None)  # dies before the gradebook
        with pytest.raises(TypeError):
            regrade.apply(places, found, "")
    mark_by_hand(places, "ada", "essay", 3.0)
    before = state(places)
    (said,) = changes.finish_interrupted(places)
    assert "dropped" in said
    assert state(places) == before
    assert audit.read(places.audit) == []


@pytest.mark.slow
def test_a_new_release_does_not_pass_for_the_change_that_came_to_nothing(places, monkeypatch):
    write_source(places.root, FIXED)
    found = prepared(places)
    with monkeypatch.context() as patch:
        patch.setattr(gradebook, "restore", None)  # dies before the gradebook
        with pytest.raises(TypeError):
            regrade.apply(places, found, "")
    generate(places)  # the structure is the regrade's now; no mark is
    (said,) = changes.finish_interrupted(places)
    assert "dropped" in said
    assert audit.read(places.audit) == []


def test_a_run_that_dies_while_it_stores_loses_no_line_of_the_trail(places, monkeypatch):
    class Death(BaseException):
        pass

    def dies(*_, **__):
        raise Death

    hand_in(places, "bob", ANSWERS["ada"])
    for module, deadly in ((gradebook, "merge"), (audit, "append")):
        with monkeypatch.context() as patch:
            patch.setattr(module, deadly, dies)
            with pytest.raises(Death):
                batch.grade(places, batch.select(places, [PS], ["bob"]), Quick(), 1)
        assert audit.read(places.audit) == []
    batch.grade(places, batch.select(places, [PS], ["bob"]), Quick(), 1)
    trail = audit.read(places.audit)
    assert {entry.student for entry in trail} == {"bob"}
    batch.grade(places, batch.select(places, [PS], ["bob"]), Quick(), 1, force=True)
    assert audit.read(places.audit) == trail
    assert not list(places.outcome(PS, "bob").parent.glob("*.before"))


def test_two_cannot_apply_at_the_same_time(places):
    write_source(places.root, FIXED)
    found = prepared(places)
    with batch.alone(places), pytest.raises(CourseError, match="Another run"):
        regrade.apply(places, found, "")


# The commands


@pytest.fixture
def course(places, monkeypatch):
    """Run a command in the course's folder, with the quick grader."""
    monkeypatch.chdir(places.root)
    monkeypatch.setattr(executors, "open_executor", lambda *_: contextlib.nullcontext((Quick(), 1)))

    def run(*arguments):
        result = CliRunner().invoke(app, ["grade", *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return run


def rows(text):
    """Return the rows of a table, whatever its widths."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_commands_show_apply_tell_and_take_back(course, places):
    write_source(places.root, with_tests(mean_test2=FIXED["mean_test2"], mean_test3=("assert mean([3]) == 3", 1)))
    before = state(places)
    told = course("regrade", "ps1")
    assert "ada mean_test2 0 2 passes now: was AssertionError: mean of 1 and 2" in rows(told)
    assert "eve mean_test3 – 0 test added: NotImplementedError:" in rows(told)
    assert "mean_test2 2 1 1 +0.00" in rows(told)
    assert "mean_test3 – → 1 2 0 +0.67" in rows(told)
    assert f"+3 1 {40 * '█'}" in rows(told)
    assert f"-1 1 {40 * '█'}" in rows(told)
    assert "course assignments build ps1_mean" in told
    assert "Nothing was changed" in told
    assert state(places) == before
    assert "No mark was changed afterwards." in course("history")

    assert "Applied as" in course("regrade", "ps1", "--apply", "--why", "test 2 was wrong")
    assert marks(places, "ada")["mean_test2"] == (2.0, None)
    told = course("history", "bob")
    assert "test 2 was wrong" in told
    assert "ada" not in told

    assert "Undone" in course("undo", "--why", "oh no")
    assert state(places) == before
    assert "oh no" in course("history")


def test_the_command_does_not_apply_what_nobody_has_seen(course, places):
    write_source(places.root, FIXED)
    course("regrade", "ps1")
    hand_in(places, "bob", ANSWERS["ada"])
    before = state(places)
    with pytest.raises(CourseError, match="not the one that you were shown"):
        course("regrade", "ps1", "--apply")
    assert state(places) == before
    course("regrade", "ps1", "--apply")  # now it has been shown
    assert marks(places, "bob")["mean_test2"] == (2.0, None)


def test_the_command_says_that_it_graded_anew(course, places):
    write_source(places.root, FIXED)
    course("regrade", "ps1")
    mark_by_hand(places, "ada", "essay", 3.0)
    told = course("regrade", "ps1", "--apply")
    assert "Graded anew" in told
    assert "the marks of ada" in told
    assert "Applied" in told


@pytest.mark.slow
@pytest.mark.parametrize("command", [["undo"], ["regrade", "ps1"], ["run", "ps1"]])
def test_any_command_first_finishes_what_was_interrupted(course, places, monkeypatch, command):
    write_source(places.root, FIXED)
    found = prepared(places)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "append", None)
        with pytest.raises(TypeError):
            regrade.apply(places, found, "why")
    assert "had been interrupted; it is finished now" in course(*command)
    assert len(audit.read(places.audit)) == (4 if command == ["undo"] else 2)


# With kernels


@pytest.mark.slow
def test_grading_again_gives_identical_marks_and_notebooks_and_a_fixed_test_is_applied(places, monkeypatch):
    monkeypatch.setenv("COURSE_GRADING_SEED", "42")
    with executors.open_executor(1, None) as (executor, jobs):
        selected = batch.select(places, [PS])
        summary = batch.grade(places, selected, executor, jobs, force=True)
        assert [outcome["status"] for outcome in summary.graded] == ["graded"] * 3
        first = state(places)
        assert marks(places, "ada") == {"mean_test1": (1.0, None), "mean_test2": (0.0, None), "essay": (None, 2.5)}
        batch.grade(places, selected, executor, jobs, force=True)
        again = state(places)
        assert again[0] == first[0]
        notebooks = [name for name in first[1] if name.startswith("autograded/")]
        assert notebooks
        assert [again[1][name] for name in notebooks] == [first[1][name] for name in notebooks]

        unchanged = regrade.prepare(places, PS, (), executor, jobs)
        assert unchanged.differences == []
        write_source(places.root, FIXED)
        found = regrade.prepare(places, PS, (), executor, jobs)
        assert [(one.student, one.task, one.old, one.new) for one in found.differences] == [
            ("ada", "mean_test2", 0.0, 2.0),
            ("bob", "mean_test2", 2.0, 0.0),
        ]
        assert "mean of 1 and 2" in found.differences[1].why
        regrade.apply(places, found, "test 2 was wrong")
        applied = state(places)
        generate(places)
        assert batch.grade(places, selected, executor, jobs).finished == 3
        batch.grade(places, selected, executor, jobs, force=True)
        assert state(places)[0] == applied[0]
        assert [state(places)[1][name] for name in notebooks] == [applied[1][name] for name in notebooks]
