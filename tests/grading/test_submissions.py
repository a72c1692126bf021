"""What of a student's folder reaches the grader: listed, regular files, and a note of everything else."""

import os
import socket
from pathlib import PurePath

import pytest

from course_pkg.grading.submissions import LARGEST_FILE, handed_out, read_submission, set_aside_unlisted

LISTED = {"ps.ipynb", "data/numbers.csv", "timestamp.txt"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "submitted" / "ada" / "ps"
    (folder / "data").mkdir(parents=True)
    (folder / "ps.ipynb").write_text("{}")
    (folder / "data" / "numbers.csv").write_text("1\n")
    (folder / "timestamp.txt").write_text("2026-01-02")
    return folder


def read(folder):
    return read_submission(folder, "ada", "ps", LISTED)


def notes(submission):
    return {note["cell"]: note["what"] for note in submission.deviations}


def test_what_was_handed_out_is_what_may_come_back(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / ".ipynb_checkpoints").mkdir()
    for name in ("ps.ipynb", "data/numbers.csv", ".ipynb_checkpoints/ps.ipynb"):
        (tmp_path / name).touch()
    assert handed_out(tmp_path) == LISTED


def test_an_honest_submission_is_read_whole_and_without_remarks(folder):
    for crumb in (".DS_Store", "Thumbs.db"):
        (folder / crumb).touch()
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "ps-checkpoint.ipynb").touch()
    submission = read(folder)
    assert submission.files == {"ps.ipynb": b"{}", "data/numbers.csv": b"1\n", "timestamp.txt": b"2026-01-02"}
    assert (submission.deviations, submission.events, submission.refused) == ((), (), "")


def test_files_of_their_own_are_left_out(folder):
    (folder / "json.py").write_text("raise SystemExit")
    (folder / "data" / "more.csv").touch()
    (folder / "tools").mkdir()
    (folder / "tools" / "x.py").touch()
    submission = read(folder)
    assert set(submission.files) == LISTED
    assert set(notes(submission)) == {"json.py", "data/more.csv", "tools"}
    assert submission.events == ()
    assert not submission.refused


def place_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        before = os.getcwd()
        os.chdir(path.parent)  # the path of a socket must be short
        try:
            server.bind(path.name)
        finally:
            os.chdir(before)


PLACED = {
    "a symbolic link to '/etc/passwd'": lambda path: path.symlink_to("/etc/passwd"),
    "a symbolic link to '/etc'": lambda path: path.symlink_to("/etc"),
    "a symbolic link to 'nowhere'": lambda path: path.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
    "a socket": place_socket,
}


@pytest.mark.parametrize("place", PLACED.values(), ids=PLACED.keys())
@pytest.mark.parametrize("name", ["secret.txt", "data/numbers.csv", "data/more.csv", "timestamp.txt", "tools"])
def test_links_and_devices_are_left_out_and_reported(folder, name, place):
    kind = next(kind for kind, each in PLACED.items() if each is place)
    (folder / name).unlink(missing_ok=True)
    place(folder / name)
    submission = read(folder)
    assert name not in submission.files
    assert not submission.refused
    assert kind in notes(submission)[name]
    assert [event["where"] for event in submission.events] == [name]


def test_a_folder_of_listed_files_that_is_a_link_is_not_entered(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (folder / "data").rename(elsewhere)
    (folder / "data").symlink_to(elsewhere)
    submission = read(folder)
    assert "data/numbers.csv" not in submission.files
    assert [event["where"] for event in submission.events] == ["data"]


@pytest.mark.parametrize("place", PLACED.values(), ids=PLACED.keys())
def test_a_notebook_that_is_no_file_is_refused(folder, place):
    (folder / "ps.ipynb").unlink()
    place(folder / "ps.ipynb")
    submission = read(folder)
    assert submission.refused.startswith("ps.ipynb: is a ")
    assert "ps.ipynb" not in submission.files


@pytest.mark.parametrize("name", ["ada", "ada/ps"])
def test_a_folder_that_is_a_link_to_a_classmates_is_refused(folder, tmp_path, name):
    path = tmp_path / "submitted" / name
    path.rename(tmp_path / "bob")
    path.symlink_to(tmp_path / "bob")
    submission = read(folder)
    assert "symbolic link" in submission.refused
    assert submission.files == {}


def test_a_huge_notebook_is_refused_without_reading_it(folder):
    os.truncate(folder / "ps.ipynb", LARGEST_FILE + 1)
    submission = read(folder)
    assert "50,000,001 bytes" in submission.refused
    assert "ps.ipynb" not in submission.files


def test_a_flood_of_files_makes_a_short_report(folder):
    for number in range(500):
        (folder / f"{number}.txt").touch()
    assert len(read(folder).deviations) == 21
    assert "480 more" in read(folder).deviations[-1]["what"]


@pytest.fixture
def release(tmp_path, monkeypatch):
    folder = tmp_path / "release" / "ps"
    (folder / "data").mkdir(parents=True)
    (folder / "ps.ipynb").touch()
    (folder / "data" / "numbers.csv").touch()
    monkeypatch.chdir(tmp_path)
    return PurePath("release")


def set_aside(folder, release):
    notebooks = [str(path) for path in sorted(folder.glob("*.ipynb"))]
    set_aside_unlisted(assignment="ps", student="*", notebooks=notebooks, release=release)
    return notebooks


def test_before_nbgrader_copies_what_does_not_count_is_moved_away(folder, release):
    (folder / "json.py").write_text("x")
    (folder / "extra.ipynb").touch()
    (folder / "data" / "link").symlink_to("/etc/passwd")
    assert set_aside(folder, release) == [str(folder / "ps.ipynb")]
    assert read(folder).deviations == ()
    aside = folder.parent / ".set_aside" / "ps"
    assert (aside / "json.py").read_text() == "x"
    assert os.readlink(aside / "data" / "link") == "/etc/passwd"


def test_the_same_may_be_handed_in_again_and_nothing_set_aside_is_lost(folder, release):
    for turn in ("first", "second"):
        (folder / "extra").mkdir()
        (folder / "extra" / "y.txt").write_text(turn)
        (folder / "json.py").write_text(turn)
        assert set_aside(folder, release) == [str(folder / "ps.ipynb")]
    aside = folder.parent / ".set_aside" / "ps"
    assert [(aside / name).read_text() for name in ("json.py", "json.py.2")] == ["first", "second"]
    assert [(aside / name / "y.txt").read_text() for name in ("extra", "extra.2")] == ["first", "second"]


def test_names_that_are_no_text_are_written_as_text(folder):
    (folder / os.fsdecode(b"L\xf6sung.txt")).touch()
    (note,) = read(folder).deviations
    assert note["cell"] == "L\\xf6sung.txt"
    assert "is no text in UTF-8" in read_submission(folder, os.fsdecode(b"L\xf6sung"), "ps", LISTED).refused


def test_a_folder_that_cannot_be_looked_into_is_left_out(folder, monkeypatch):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("data"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    (folder / "data").mkdir(exist_ok=True)
    monkeypatch.setattr(os, "scandir", scandir)
    found = read(folder)
    assert "ps.ipynb" in found.files
    assert found.deviations == ({"cell": "data", "what": "cannot be read (Permission denied); it is left out"},)


def test_nbgrader_is_given_no_notebook_that_is_a_link(folder, release):
    (folder / "ps.ipynb").unlink()
    (folder / "ps.ipynb").symlink_to("/etc/passwd")
    assert set_aside(folder, release) == []
    assert not (folder / "ps.ipynb").is_symlink()


def test_nothing_is_copied_where_nothing_can_be_moved_away(folder, release):
    (folder / "link").symlink_to("/etc/passwd")
    (folder.parent / ".set_aside").write_text("a file is in the way")
    with pytest.raises(SystemExit, match="cannot be made safe to grade"):
        set_aside(folder, release)


@pytest.mark.parametrize("name", ['<img src=x onerror="x()">', 'a"b', "a\\u003cb", "a&lt;b", "a\nb"])
def test_a_students_name_with_markup_in_it_is_refused(folder, name):
    """Formgrader's templates write it into HTML and into a script as it is."""
    assert "cannot be a student's name" in read_submission(folder, name, "ps", LISTED).refused


@pytest.mark.parametrize("name", ["ada", "o'brien.2", "zoë-k_1", "ada@example.org", "Ada Lovelace", "学生+1"])
def test_a_students_name_may_be_any_other(folder, name):
    assert not read_submission(folder, name, "ps", LISTED).refused
