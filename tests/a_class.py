"""A class that hands in what a class hands in, graded by the command: for tests and benchmarks."""

import json
import signal
import subprocess
import sys
import time

from course_pkg.grading import gradebook
from small_course import GOOD, HALF, NAME

HOSTILE = ["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "import os\nos._exit(1)", "raise SystemExit"]


def command(course, *arguments):
    return [sys.executable, "-m", "course_pkg", "grade", "run", NAME, "--root", str(course.root), *arguments]


def run(course, *arguments):
    done = subprocess.run(command(course, *arguments), capture_output=True, text=True, cwd=course.root)
    return done.returncode, " ".join(done.stdout.split()), " ".join(done.stderr.split())


def everything(course):
    """Return what a run leaves behind, but for its times."""
    outcomes = {}
    for path in sorted((course.root / "grading" / "outcomes" / NAME).iterdir()):
        record = json.loads(path.read_text())
        outcomes[path.stem] = {k: v for k, v in record.items() if k not in ("graded_at", "seconds", "peak_memory_mb")}
    folder = course.root / "grading" / "autograded"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return gradebook.snapshot(course.places.db_url, NAME), outcomes, files


def hand_in_a_class(course, size):
    """One in ten broken, one in twenty hostile, the others right, half right, untouched or late."""
    for number in range(size):
        student = f"s{number:03d}"
        if number % 10 == 3:
            broken = ["", "{'cells'", "é".encode("latin-1") * 9, bytes(range(256)), '{"nbformat": 9}'][number // 10 % 5]
            course.submit(student, broken)
        elif number % 20 == 7:
            course.submit(student, {**GOOD, "mean": HOSTILE[number // 20 % len(HOSTILE)]})
        elif number % 20 == 9:
            course.submit(student).joinpath("link.txt").symlink_to("/etc/passwd")
        else:
            course.submit(student, [GOOD, HALF, {}][number % 3], timestamp=f"2026-01-{1 + number % 28:02d}")


def kill_half_way(course, enough, *arguments):
    """Start a run, and kill it by SIGKILL when so many outcomes are there."""
    outcomes = course.root / "grading" / "outcomes" / NAME
    with subprocess.Popen(command(course, *arguments), cwd=course.root, stdout=subprocess.DEVNULL) as process:
        while len(list(outcomes.glob("*.json"))) < enough:
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
