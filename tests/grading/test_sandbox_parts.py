"""The sandbox's parts, without a kernel."""

import json
import os
import sys
import threading
import types

import pytest

from course_pkg.errors import CourseError
from course_pkg.grading.sandbox import guarantees, modes, places, warm
from course_pkg.grading.sandbox.events import read_events
from course_pkg.grading.sandbox.limits import Limits
from course_pkg.grading.sandbox.specifications import install


@pytest.fixture
def holding(monkeypatch):
    """Pretend that these modes hold here, and no other."""

    def hold(*names):
        monkeypatch.setattr(modes, "problem_with", lambda mode: "" if mode in names else "it is not there")
        monkeypatch.setattr(guarantees, "problem_with", modes.problem_with)

    monkeypatch.delenv(modes.MODE_VARIABLE, raising=False)
    monkeypatch.delenv(modes.WARM_VARIABLE, raising=False)
    return hold


def test_the_strongest_mode_that_holds_is_chosen(holding, monkeypatch):
    holding("bubblewrap", "landlock")
    assert modes.chosen_mode() == "bubblewrap"
    holding("landlock")
    assert modes.chosen_mode() == "landlock"
    monkeypatch.setenv(modes.MODE_VARIABLE, "bubblewrap")
    with pytest.raises(CourseError, match="'bubblewrap' does not hold here: it is not there"):
        modes.chosen_mode()
    monkeypatch.setenv(modes.MODE_VARIABLE, "docker")
    with pytest.raises(CourseError, match="may be one of: bubblewrap, landlock, none"):
        modes.chosen_mode()


def test_without_a_sandbox_grading_is_refused_unless_somebody_says_so(holding):
    holding()
    with pytest.raises(CourseError, match="--allow-unsafe"):
        modes.chosen_mode()
    holding("none")
    assert modes.chosen_mode() == "none"


def test_none_holds_only_where_it_is_allowed(monkeypatch):
    monkeypatch.delenv(modes.ALLOW_UNSAFE, raising=False)
    assert "is not 1" in modes.problem_with("none")
    monkeypatch.setenv(modes.ALLOW_UNSAFE, "1")
    assert modes.problem_with("none") == ""


def test_warm_is_a_choice_of_two(holding, monkeypatch):
    assert modes.is_warm()
    monkeypatch.setenv(modes.WARM_VARIABLE, "0")
    assert not modes.is_warm()
    monkeypatch.setenv(modes.WARM_VARIABLE, "tepid")
    with pytest.raises(CourseError, match="'tepid'; it may be 0 or 1"):
        modes.is_warm()


@pytest.mark.parametrize("held", ["bubblewrap", "landlock", "none", ""])
def test_each_guarantee_that_does_not_hold_has_a_cure(holding, held):
    holding(held)
    found = guarantees.guarantees()
    assert found[0].holds == (held in ("bubblewrap", "landlock"))
    assert not [g for g in found if not g.holds and not g.cure]
    assert not [g for g in found if g.holds and g.cure]


def test_only_plain_files_are_copied_and_no_notebooks(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "sub").mkdir(parents=True)
    for name in ("data.csv", "ps.ipynb", ".hidden", "sub/more.txt"):
        (source / name).write_text("1234")
    (source / "link").symlink_to("data.csv")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    places.copy_submission(source, target, Limits())
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()) == [
        "data.csv",
        "sub/more.txt",
    ]
    with pytest.raises(CourseError, match="more than 256 MB or 1 files"):
        places.copy_submission(source, tmp_path / "c", Limits(files=1))


def test_the_clean_environment_keeps_what_is_listed():
    found = places.clean_environment(
        {"COURSE_GRADING_SEED": "hush", "LANG": "de_DE.UTF-8", "CUDA_VISIBLE_DEVICES": "0"}
    )
    assert "COURSE_GRADING_SEED" not in found
    assert (found["LANG"], found["CUDA_VISIBLE_DEVICES"]) == ("de_DE.UTF-8", "-1")


def test_a_students_record_is_read_with_care():
    reader, writer = os.pipe()
    lines = [
        '{"what": "file", "where": "open /etc/passwd"}',
        '{"what": "praise", "where": "x"}',
        '{"what": "file", "where": 5}',
        "[" * 1000,
        '{"what": ["file"], "where": "x"}',
        json.dumps({"what": "network", "where": "a\x1b[2Jb" + "x" * 1000}),
        "nonsense \udcff",
    ]
    os.write(writer, "\n".join(lines).encode("utf-8", "surrogateescape"))
    first, second = read_events(reader)
    assert first == {"what": "file", "where": "open /etc/passwd"}
    assert second["where"].startswith("a[2Jbxx")
    assert len(second["where"]) < 200
    assert read_events(reader) == []


def test_a_process_that_runs_threads_or_tensorflow_may_not_fork(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow.python.eager.context", raising=False)  # another test may have run it
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with pytest.raises(RuntimeError, match="started threads"):
        warm.check_that_it_may_fork()
    stop.set()
    thread.join()
    context = types.SimpleNamespace(context=lambda: types.SimpleNamespace(_initialized=True))
    monkeypatch.setitem(sys.modules, "tensorflow.python.eager.context", context)
    with pytest.raises(RuntimeError, match="TensorFlow's runtime was initialised"):
        warm.check_that_it_may_fork()


def test_the_kernel_is_installed_where_jupyter_finds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    spec = json.loads((tmp_path / "share/jupyter/kernels/course-sandbox/kernel.json").read_text()) if install() else {}
    assert spec["metadata"]["kernel_provisioner"]["provisioner_name"] == "course-sandbox"
    assert spec["argv"][0] == sys.executable
