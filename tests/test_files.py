import errno
import os
import resource
import signal

import pytest

from course_pkg.errors import CourseError, cannot_write
from course_pkg.files import move_into_place, write_atomically


def test_writes_and_makes_the_folder(tmp_path):
    write_atomically(tmp_path / "a" / "b.txt", "ä")
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "ä"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.json"
    write_atomically(path, "good")
    # a real limit of the operating system, as a full disk would be: no file may exceed 10 bytes
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(CourseError, match=r"Cannot write .*x\.json"):
            write_atomically(path, "new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "good"
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(CourseError, match="Cannot write"):
        write_atomically(tmp_path / "a" / "b.txt", "x")
    with pytest.raises(CourseError, match="Cannot write"):
        move_into_place(tmp_path / "a", tmp_path / "a" / "b")


@pytest.mark.parametrize(
    ("number", "cure"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "read-only"), (errno.EACCES, "may not write")]
)
def test_full_and_read_only_disks_are_called_so(number, cure):
    message = str(cannot_write("results/x.json", OSError(number, os.strerror(number))))
    assert message.startswith(f"Cannot write results/x.json: {os.strerror(number)}")
    assert cure in message
