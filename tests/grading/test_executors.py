"""Where submissions are graded: processes that may die, on this machine and on a Dask cluster of separate processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from course_pkg.errors import CourseError
from course_pkg.grading import batch, executors
from course_pkg.grading.executors import Lanes, open_executor
from course_pkg.grading.worker import grade_one
from small_course import GOOD, NAME, SmallCourse

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    """Cold kernels are the quicker ones for few submissions without TensorFlow."""
    monkeypatch.setenv("COURSE_WARM", "0")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = SmallCourse(tmp_path_factory.mktemp("course"))
    course.submit("ada")
    course.submit("eve", {**GOOD, "mean": "import time\ntime.sleep(600)"})
    (course.submitted / "ned" / NAME).mkdir(parents=True)  # no notebook: graded without a kernel
    return course


def task(course, student):
    return batch.task_of(course.places, NAME, student)


def processes():
    """Return the processes that grade."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "course_pkg.grading.executors" in " ".join(child.cmdline())]


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
    return found


def kill_whatever_grades(times):
    """Kill `times` processes that grade, each as soon as it is there."""

    def kill():
        for _ in range(times):
            process = wait_for(processes)[0]
            time.sleep(0.2)
            process.kill()
            process.wait()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_process_grades_one_submission_after_the_other_and_ends(course):
    with Lanes(1) as lanes:
        first = lanes.submit(grade_one, task(course, "ned")).result()
        (process,) = processes()
        assert lanes.submit(grade_one, task(course, "ned")).result().rows == first.rows
        assert processes() == [process]
    assert first.record["status"] == "graded"
    assert not process.is_running()


def test_a_submission_whose_process_was_killed_once_is_graded_all_the_same(course):
    with Lanes(1) as lanes:
        killer = kill_whatever_grades(1)
        graded = lanes.submit(grade_one, task(course, "ada")).result()
        killer.join()
    assert graded.record["score"] == 5.0


def test_a_submission_that_takes_its_process_down_costs_itself_alone(course):
    with Lanes(1) as lanes:
        killer = kill_whatever_grades(2)
        lost = lanes.submit(grade_one, task(course, "eve")).result()
        killer.join()
        other = lanes.submit(grade_one, task(course, "ned")).result()
    assert lost.record["status"] == "failed"
    assert lost.record["reason"].startswith("The process that graded it ended 2 times.")
    assert lost.record["fingerprint"] is None, "it is tried again by the next run"
    assert other.record["status"] == "graded"


def test_a_submission_that_takes_too_long_is_given_up(course):
    with Lanes(1, limit_s=8) as lanes:
        lost = lanes.submit(grade_one, task(course, "eve")).result()
        other = lanes.submit(grade_one, task(course, "ned")).result()
    assert lost.record["reason"] == "It was given up after 8 seconds."
    assert other.record["status"] == "graded"


def test_a_process_ends_with_the_one_that_wants_its_marks(course):
    program = (
        "import time\nfrom course_pkg.grading.executors import _Process\n"
        "process = _Process(); print(process._process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        process = psutil.Process(int(owner.stdout.readline()))
        wait_for(lambda: process.num_threads() > 1)  # it watches
        owner.kill()
    _, alive = psutil.wait_procs([process], timeout=20)
    assert not alive


def test_lanes_run_nothing_else():
    with Lanes(1) as lanes, pytest.raises(ValueError, match="grade_one and nothing else"):
        lanes.submit(print, 1)


@pytest.fixture
def scheduler(tmp_path):
    """A Dask scheduler and two workers, as processes of their own, on this machine only."""
    started = []

    def start(*command):
        log = (tmp_path / f"dask{len(started)}.log").open("w")
        command = [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
        started.append(process)
        return process

    start(
        "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", "scheduler.json"
    )
    file = tmp_path / "scheduler.json"
    wait_for(file.exists)
    address = wait_for(lambda: json.loads(file.read_text() or "{}").get("address"))

    def add_worker():
        return start("dask_worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--no-nanny")

    try:
        yield address, add_worker
    finally:
        for process in started:
            with_children = [process.pid, *(child.pid for child in _children(process))]
            for pid in with_children:
                _kill(pid)
            process.wait()


def _children(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_cluster_gives_the_same_and_survives_the_death_of_a_worker(course, scheduler):
    address, add_worker = scheduler
    with pytest.raises(CourseError, match="has no workers"), open_executor(1, address):
        pass
    workers = [add_worker(), add_worker()]
    tasks = [task(course, name) for name in ("ada", "ned", "ada")]
    here = [grade_one(each) for each in tasks[:2]]
    with _with_two_workers(address) as (executor, at_a_time):
        assert at_a_time == 2
        futures = [executor.submit(grade_one, each) for each in tasks]
        futures[1].result()
        _kill(workers[0].pid)
        graded = [future.result() for future in futures]
    assert [each.files for each in graded] == [here[0].files, here[1].files, here[0].files]
    assert [each.rows for each in graded] == [here[0].rows, here[1].rows, here[0].rows]


def _with_two_workers(address):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return open_executor(1, address)


def test_a_scheduler_that_does_not_answer_is_an_error_of_one_line(monkeypatch):
    monkeypatch.setattr(executors, "_PATIENCE_S", "1s")
    with pytest.raises(CourseError, match="No Dask scheduler answers at"), open_executor(1, "tcp://127.0.0.1:9"):
        pass
