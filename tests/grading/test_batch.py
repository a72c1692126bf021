"""A class is graded: each submission for itself, nothing twice, nothing lost, in whatever order and database."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from a_class import command, everything, hand_in_a_class, kill_half_way, run
from course_pkg.grading import audit, batch, gradebook
from course_pkg.grading.executors import Lanes
from small_course import GOOD, HALF, NAME, SmallCourse

pytestmark = pytest.mark.slow

SIZE = 20


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return SmallCourse(tmp_path_factory.mktemp("template"))


@pytest.fixture
def course(template, tmp_path):
    return template.copy(tmp_path / "course")


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    """Cold kernels are the quicker ones for few submissions without TensorFlow."""
    monkeypatch.setenv("COURSE_WARM", "0")


@pytest.fixture(scope="module")
def lanes():
    with Lanes(2) as lanes:
        yield lanes


@pytest.fixture
def graded(lanes):
    """Return a function that grades all that was handed in."""
    return lambda course, **options: batch.grade(
        course.places, batch.select(course.places, [NAME]), lanes, 2, **options
    )


def outcome(course, student):
    return batch.read_outcome(course.places, NAME, student)


def test_a_run_writes_outcomes_rows_and_folders_and_says_what_went_wrong(course):
    course.submit("ada")
    course.submit("bob", HALF)
    course.submit("zoe", "{")
    (course.submitted / "eve").mkdir()
    (course.submitted / "eve" / NAME).symlink_to(course.submitted / "ada" / NAME)
    status, out, _ = run(course, "--jobs", "2")
    assert status == 0
    assert "failed sums zoe: " in out
    assert f"refused sums eve: The folder {NAME} is a symbolic link" in out
    assert out.endswith("4 submissions: 1 refused, 2 graded, 1 failed.")
    snapshot, outcomes, files = everything(course)
    assert {name: record["score"] for name, record in outcomes.items()} == {
        "ada": 5,
        "bob": 2,
        "eve": None,
        "zoe": None,
    }
    assert set(snapshot["submissions"]) == {"ada", "bob"}, "students are made as nbgrader makes them"
    assert set(files) == {
        f"{s}/{NAME}/{f}" for s in ("ada", "bob") for f in (f"{NAME}.ipynb", "numbers.csv", "timestamp.txt")
    }
    assert (course.places.autograded(NAME, "ada") / f"{NAME}.ipynb").stat().st_mode & 0o777 == 0o444
    status, out, _ = run(course)
    assert (status, out) == (0, "4 submissions: 4 were finished before.")


def test_what_is_finished_is_not_repeated_and_what_changed_is(course, graded):
    for student in ("ada", "bob", "cid"):
        course.submit(student, GOOD)
    assert graded(course).counts == {"graded": 3}
    before = {name: outcome(course, name) for name in ("ada", "bob", "cid")}
    course.submit("bob", HALF)
    seen = []
    summary = graded(course, progress=lambda *args: seen.append(args))
    assert summary.finished == 2
    assert [record["student"] for record in summary.graded] == ["bob"]
    assert (outcome(course, "ada"), outcome(course, "bob")["score"]) == (before["ada"], 2)
    assert [args[1:] for args in seen] == [(1, 3), (2, 3), (3, 3)]
    assert len(graded(course, force=True).graded) == 3
    trail = audit.read(course.places.audit)
    assert [(one.action, one.student, one.task, one.old, one.new) for one in trail] == [
        ("run", "bob", "largest_test", 3.0, 0.0)
    ]


def test_a_resubmission_that_cannot_be_read_leaves_the_marks_and_says_so(course, graded):
    course.submit("ada")
    graded(course)
    course.submit("ada", "{")
    graded(course)
    assert outcome(course, "ada")["status"] == "failed"
    marks = gradebook.submission(course.places.db_url, NAME, "ada")["notebooks"][NAME]["grades"]
    assert marks["mean_test"]["auto_score"] == 2


def test_a_folder_that_is_gone_is_made_again(course, graded):
    course.submit("ada")
    graded(course)
    folder = course.places.autograded(NAME, "ada")
    folder.rename(folder.with_name("elsewhere"))
    assert graded(course).counts == {"graded": 1}
    assert folder.is_dir()


@pytest.fixture(scope="module")
def undisturbed(template, tmp_path_factory):
    course = template.copy(tmp_path_factory.mktemp("undisturbed") / "course")
    hand_in_a_class(course, SIZE)
    status, _, err = run(course, "--jobs", "2", "--cold")
    assert status == 0, err
    return course


def test_a_class_whose_grading_is_killed_twice_ends_as_an_undisturbed_one(template, undisturbed, tmp_path):
    course = template.copy(tmp_path / "course")
    hand_in_a_class(course, SIZE)
    kill_half_way(course, SIZE // 3, "--jobs", "2")
    kill_half_way(course, 2 * SIZE // 3, "--jobs", "2")
    status, out, err = run(course, "--jobs", "2")
    assert status == 0, err
    assert "were finished before" in out
    assert everything(course) == everything(undisturbed)


def test_the_undisturbed_class_has_the_marks_that_it_deserves(undisturbed):
    _, outcomes, files = everything(undisturbed)
    assert len(outcomes) == SIZE
    for student, record in outcomes.items():
        number = int(student[1:])
        if number % 10 == 3:
            assert record["status"] == "failed"
            assert record["reason"]
        elif number % 20 == 7:
            assert record["score"] == 3, "a hostile cell costs its own task"
        elif number % 20 == 9:
            assert (record["score"], [event["where"] for event in record["events"]]) == (5, ["link.txt"])
        else:
            assert record["score"] == [5, 2, 0][number % 3]
    assert not [name for name in files if "link" in name]


@pytest.mark.parametrize("warm", ["0", "1"], ids=["cold", "warm"])
def test_neither_order_nor_jobs_nor_a_warm_start_matter(template, undisturbed, tmp_path, monkeypatch, warm):
    monkeypatch.setenv("COURSE_WARM", warm)
    course = template.copy(tmp_path / "course")
    hand_in_a_class(course, SIZE)
    chosen = random.Random(1).sample(batch.select(course.places, [NAME]), 6)
    with Lanes(1) as lanes:
        batch.grade(course.places, chosen, lanes, 1)
    ours, theirs = everything(course), everything(undisturbed)
    assert len(ours[1]) == 6
    for student in ours[1]:
        assert ours[1][student] == {**theirs[1][student], "sandbox": ours[1][student]["sandbox"]}
        assert ours[0]["submissions"].get(student) == theirs[0]["submissions"].get(student)
    assert ours[2].items() <= theirs[2].items()


@pytest.mark.parametrize("step", ["replace_folder", "merge", "write_atomically"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_death_at_any_step_of_storing_loses_nothing(course, graded, monkeypatch, step, when):
    """The process dies before or after each step: what the next run finds must make it do what is missing."""

    class Death(BaseException):
        pass

    def hand_in(time):  # no notebook: 0 for all, and no kernel
        course.submit("ada", timestamp=time).joinpath(f"{NAME}.ipynb").unlink()

    hand_in("2026-01-02")
    graded(course)
    wanted = everything(course)
    hand_in("2026-01-03")
    graded(course)
    assert everything(course) != wanted
    hand_in("2026-01-02")
    owner = gradebook if step == "merge" else batch
    original = getattr(owner, step)

    def dies(*args, **kwargs):
        if when == "after":
            original(*args, **kwargs)
        raise Death

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, dies)
        with pytest.raises(Death):
            graded(course)
    graded(course)
    assert everything(course) == wanted


def test_one_that_cannot_be_stored_does_not_keep_the_others_from_it(course, graded, monkeypatch):
    for student in "abcde":
        course.submit(student).joinpath(f"{NAME}.ipynb").unlink()
    merge = gradebook.merge

    def refuses(db_url, name, student, rows):
        if student in refused:
            raise ValueError("no such character")
        merge(db_url, name, student, rows)

    monkeypatch.setattr(gradebook, "merge", refuses)
    refused = "bd"
    assert graded(course).counts == {"graded": 3, "failed": 2}
    assert outcome(course, "b")["reason"] == "Its marks could not be stored: no such character"
    refused = "abcde"
    with pytest.raises(ValueError, match="no such character"):
        graded(course, force=True)
    refused = ""
    assert graded(course).counts["failed"] == 0
    assert {outcome(course, student)["status"] for student in "abcde"} == {"graded"}


@pytest.mark.parametrize("left", [".sums.new", ".sums.old"])
def test_what_a_killed_run_left_behind_is_cleared_away(course, graded, left):
    course.submit("ada")
    folder = course.places.autograded(NAME, "ada").with_name(left)
    folder.mkdir(parents=True)
    (folder / "half").touch()
    graded(course)
    assert [path.name for path in folder.parent.iterdir()] == [NAME]


def test_ctrl_c_ends_cleanly_and_keeps_what_is_done(course):
    for number in range(6):
        course.submit(f"s{number}")
    process = subprocess.Popen(command(course, "--jobs", "1"), cwd=course.root, stderr=subprocess.PIPE, text=True)
    outcomes = course.root / "grading" / "outcomes" / NAME
    while not list(outcomes.glob("*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "submissions were graded and stored; run the command again for the others." in " ".join(err.split())
    assert "Traceback" not in err
    done = len(list(outcomes.glob("*.json")))
    assert 1 <= done < 6
    status, out, _ = run(course, "--jobs", "1")
    assert (status, out) == (0, f"6 submissions: {6 - done} graded, {done} were finished before.")


def test_two_runs_at_a_time_are_refused(course):
    course.submit("ada")
    with batch.alone(course.places):
        status, _, err = run(course)
    assert (status, "Another run is grading in this folder" in err) == (1, True)


def test_errors_name_what_is_wrong(course):
    assert "There are no submissions." in run(course)[2]
    course.submit("ada")
    assert "Nothing was handed in by bob for sums." in run(course, "--students", "bob")[2]
    (course.root / "grading" / "gradebook.db").unlink()
    assert "nbgrader generate_assignment" in run(course)[2]


def test_a_postgresql_gradebook_gets_the_same(course, postgresql, tmp_path):
    other = SmallCourse(tmp_path / "other", db_url=postgresql.database())
    for each in (course, other):
        each.submit("ada")
        each.submit("bob", HALF)
        assert run(each)[0] == 0
    ours, theirs = everything(course), everything(other)
    assert ours[0]["submissions"] == theirs[0]["submissions"]
    assert {name: record["tasks"] for name, record in ours[1].items()} == {
        name: record["tasks"] for name, record in theirs[1].items()
    }


def nbgrader(course, *arguments):
    program = Path(sys.executable).with_name("nbgrader")
    done = subprocess.run([program, *arguments], cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_stock_nbgrader_works_here_and_gives_the_same_marks(course):
    """Its command line, by the same settings; it copies no link either."""
    course.submit("ada")
    folder = course.submit("bob", HALF)
    (folder / "leak.txt").symlink_to("/etc/passwd")
    ours = course.copy(course.root.with_name("ours"))
    assert run(ours)[0] == 0
    nbgrader(course, "generate_assignment", NAME, "--force")
    assert "leak.txt: is a symbolic link to '/etc/passwd'" in nbgrader(course, "autograde", NAME)
    assert gradebook.snapshot(course.places.db_url, NAME) == gradebook.snapshot(ours.places.db_url, NAME)
    assert not list(course.root.joinpath("grading", "autograded").rglob("leak.txt"))
    nbgrader(course, "generate_feedback", NAME)
    assert (course.places.feedback(NAME, "bob") / f"{NAME}.html").is_file()
    nbgrader(course, "export")
    assert "bob" in (course.root / "grades.csv").read_text()


def test_formgraders_button_grades_by_our_steps(course):
    course.submit("ada", HALF)
    config = course.places.config.copy()
    config.CourseDirectory.update(root=str(course.root), db_url=course.places.db_url)
    found = NbGraderAPI(CourseDirectory(config=config), config=config).autograde(NAME, "ada")
    assert found["success"], found
    (path,) = course.places.autograded(NAME, "ada").glob("*.ipynb")
    assert "course_grading" in nbformat.read(path, as_version=4).metadata
