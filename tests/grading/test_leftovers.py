"""What a killed grading leaves behind is removed by the next one; what is in use, or somebody else's, is not."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course_pkg.grading.sandbox.leftovers import PREFIX, mark_as_ours, remove_leftovers
from course_pkg.grading.sandbox.places import new_folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / f"{PREFIX}abcd1234"
    folder.mkdir()
    (folder / "log").write_text("what a kernel said")
    return folder


def leave_to(folder, code):
    """Let another process own a folder; it runs the code then."""
    claim = f"""
from pathlib import Path
from course_pkg.grading.sandbox.leftovers import mark_as_ours
mark_as_ours(Path({str(folder)!r}))
print(flush=True)
{code}
"""
    return subprocess.Popen([sys.executable, "-c", claim], stdout=subprocess.PIPE)


def test_the_folder_of_a_process_that_was_killed_is_removed(folder):
    with leave_to(folder, "import time; time.sleep(60)") as owner:
        assert owner.stdout.readline()
        assert remove_leftovers(folder.parent) == []
        owner.kill()
    assert remove_leftovers(folder.parent) == [folder]
    assert not folder.exists()


def test_a_process_that_got_the_same_number_later_is_no_owner(folder):
    mark_as_ours(folder)
    owner = folder / "owner"
    number, started, namespace = owner.read_text().split()
    assert int(number) == os.getpid()
    assert remove_leftovers(folder.parent) == []
    owner.write_text(f"{number} {int(started) - 1} {namespace}")
    assert remove_leftovers(folder.parent) == [folder]


@pytest.mark.parametrize("said", ["", "1", "1 2 3 4", "x 2 pid:[1]", "999999999 2 pid:[1]", "\xff" * 300])
def test_what_nobody_can_read_or_another_namespace_owns_stays(folder, said):
    (folder / "owner").write_text(said)
    assert remove_leftovers(folder.parent) == []


def test_an_empty_folder_goes_when_it_is_old_and_another_one_stays(tmp_path):
    empty, full, link = (tmp_path / f"{PREFIX}{name}" for name in ("empty", "full", "link"))
    elsewhere = tmp_path / "course-notes"
    for folder in (empty, full, elsewhere):
        folder.mkdir()
    (full / "log").touch()
    link.symlink_to(elsewhere)
    assert remove_leftovers(tmp_path) == []
    long_ago = time.time() - 3600
    for folder in (empty, full, elsewhere):
        os.utime(folder, (long_ago, long_ago))
    assert remove_leftovers(tmp_path) == [empty]
    assert elsewhere.exists()


def test_a_new_folder_sweeps_and_is_ours(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:  # a short path
        left = Path(parent) / f"{PREFIX}abcd1234"
        left.mkdir()
        with leave_to(left, "pass") as owner:
            owner.wait()
        monkeypatch.setenv("XDG_RUNTIME_DIR", parent)
        new = new_folder()
        assert new.parent == Path(parent)
        assert not left.exists()
        assert remove_leftovers(Path(parent)) == []
