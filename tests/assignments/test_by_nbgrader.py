"""Real nbgrader on a real problem set, if a small one: built, checked, spoilt, checked again."""

import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from course_pkg.assignments import marking
from course_pkg.assignments.marking import Job, generate, mark
from course_pkg.assignments.warm import KERNEL, warm_kernels

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Object of type")]  # SQLAlchemy, about nbgrader


def test_build_then_check_then_spoil(small):
    small.write()
    assert "written" in small.course("build").stdout
    release = small.problem_set.release.read_bytes()
    assert "unchanged" in small.course("build").stdout
    assert small.problem_set.release.read_bytes() == release
    notebook = nbformat.reads(release.decode(), as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in small.cells]
    assert "raise NotImplementedError()" in notebook.cells[2].source
    assert "hidden_test" not in release.decode()

    done = small.course("check", "--cold", "--jobs", "2")
    assert "4 of 4" in done.stdout
    assert "3 of 3" in done.stdout
    assert "9 notebooks by nbgrader" in done.stdout

    done = small.course("check", "--examiner", "--jobs", "1")
    assert "4 of 4" in done.stdout
    assert "3 of 3" in done.stdout

    small.answer("mutant_right", "# Mistake: none.\ndef mean(values):\n    return np.mean(values)\n")
    small.answer("mutant_slip", "# Mistake: a slip.\ndef mean(values):\n    return nmupy.mean(values)\n")
    small.answer("mutant_endless", "# Mistake: dies.\nimport os\n\n\ndef mean(values):\n    os._exit(1)\n")
    small.answer("alternate_wrong", "# Differs: wrong.\ndef mean(values):\n    return str(sum(values))\n")
    done = small.course("check", "--jobs", "2", ok=False)
    assert "5 of 7" in done.stdout
    assert "3 of 4" in done.stdout
    for sentence in (
        "mutant_right.py survives",
        "mutant_slip.py fails the cell 'mean_test_1' for a slip",
        "mutant_endless: nbgrader could not mark it",
        "alternate_wrong.py is right, and fails the cell 'mean_test_1': AssertionError: mean([1, 3]) returned '4'",
    ):
        assert sentence in done.stderr, done.stderr

    small.cell("mean_test_1").source += "  # changed"
    small.write()
    assert "is stale: cell 4 ('mean_test_1') differs" in small.course("check", ok=False).stderr


@pytest.fixture
def generated(small, tmp_path):
    problem_set = small.write()
    contents = problem_set.read()
    generate(problem_set, tmp_path / "generated")
    solutions = {name: small.cell(name).source for name in ("mean", "why")}

    def job(**cells: str) -> Job:
        assert contents.by_tests == 15
        return Job("ps1_small", "test", tmp_path / "generated", {**solutions, **cells})

    return job


def test_what_warm_kernels_print_fills_no_pipe(tmp_path):
    """Each says a line; into a pipe that nobody reads, some two hundred kernels would write and then none."""
    with warm_kernels(tmp_path):
        alive = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]  # of other tests too
        (warm,) = (p for p in alive if "course_pkg.assignments.warm" in p.cmdline())
        until = time.monotonic() + 10
        while time.monotonic() < until and os.readlink(f"/proc/{warm.pid}/fd/1").startswith("pipe"):
            time.sleep(0.05)
        assert os.readlink(f"/proc/{warm.pid}/fd/1") == str(tmp_path / "warm.log")


def test_the_same_submission_gets_the_same_marks_cold_and_warm(generated, tmp_path, monkeypatch):
    half = generated(mean="def mean(values):\n    return sum(values) / 2\n")
    expected = {"mean_test_1": 5.0, "mean_test_2": 0.0, "why": None}
    assert mark(half, tmp_path / "cold").scores == expected
    with warm_kernels(tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for number in range(3):
            assert mark(half, tmp_path / str(number), KERNEL).scores == expected
        monkeypatch.setattr(marking, "CELL_LIMIT_S", 2)
        endless = generated(mean="def mean(values):\n    while True:\n        pass\n")
        found = mark(endless, tmp_path / "endless", KERNEL)
        assert found.scores == {"mean_test_1": 0.0, "mean_test_2": 0.0, "why": None}
        unseeded = generated(mean="import os\n\n\ndef mean(values):\n    assert False, os.urandom(4).hex()\n")
        first, second = (mark(unseeded, tmp_path / f"u{n}", KERNEL).messages["mean_test_1"] for n in range(2))
        assert first != second


def test_a_notebook_that_takes_too_long_is_given_up(generated, tmp_path, monkeypatch):
    monkeypatch.setattr(marking, "NOTEBOOK_LIMIT_S", 4)
    slow = generated(mean="import time\n\n\ndef mean(values):\n    time.sleep(60)\n")
    assert "longer than 4 s" in mark(slow, tmp_path / "slow").failure


def test_stock_nbgrader_works_in_the_repository(repository, tmp_path):
    """The configuration names the folders; the release is that of `course assignments build`."""
    shutil.copy(repository / "nbgrader_config.py", tmp_path)
    shutil.copytree(repository / "solutions" / "ps1_randomness", tmp_path / "solutions" / "ps1_randomness")
    environment = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "ps1_randomness"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    released = tmp_path / "assignments" / "ps1_randomness" / "ps1_randomness.ipynb"
    assert released.read_bytes() == (repository / "assignments" / "ps1_randomness" / "ps1_randomness.ipynb").read_bytes()


ORPHAN = """
import os, signal, sys
from pathlib import Path
from jupyter_client.manager import KernelManager
from course_pkg.assignments.warm import KERNEL, warm_kernels
with warm_kernels(Path(sys.argv[1])) as environment:
    os.environ.update(environment)
    manager = KernelManager(kernel_name=KERNEL)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(120)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_check_leaves_no_process(tmp_path):
    done = subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    for _ in range(100):
        left = [process for process in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(process.info["cmdline"])]
        if not left:
            return
        time.sleep(0.1)
    raise AssertionError(left)
