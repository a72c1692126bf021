"""Where attacks are graded: a course of its own, things worth stealing around it, and eyes on all of them."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
from attacks.attack import Attack, Target
from attacks.catalogue.scripts import SCRIPT
from attacks.problem_set import HIDDEN, KERAS, PLAIN, ProblemSet
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from course_pkg.grading import audit, batch, gradebook
from course_pkg.grading.database import create
from course_pkg.grading.executors import Lanes
from course_pkg.grading.places import Places, find_places

__all__ = ["GOT", "Arena", "Ours", "Result", "Stock", "open_arena"]

GOT = "attack-succeeded"
"""What an attack prints when it got what it wanted."""

_SECRETS = {
    "the canary": "canary-text-1d77",
    "a classmate's work": "classmate-text-b3e2",
    "the gradebook": "gradebook-text-50aa",
    "the grading seed": "seed-text-e0c9",
}
_CLASSMATE = "honest"
_SETTINGS = """
from course_pkg.grading import pipeline

c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"
pipeline.wire(c, release="assignments")
"""
_STRAY_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/root", "/home", "/etc", "/usr/local/bin", "/")
_ITS_OWN = {"gradebook.db", "gradebook.db-journal", ".lock", "audit.jsonl"}
_MUCH = 20_000_000  # characters of all graded files
_PATIENCE_S = 6
_PATIENCE_WITH_KERAS_S = 60  # a cold kernel on a loaded machine imports it that long


@dataclass(frozen=True)
class Result:
    """What grading made of an attack.

    Parameters
    ----------
    outcome : dict
        The record of it; empty if there is none.
    rows : dict or None
        What the gradebook holds.
    notebook : NotebookNode or None
        The graded one.
    text : str
        All files of the autograded folder, and the outcome.
    seconds : float
    """

    outcome: dict[str, Any]
    rows: dict[str, Any] | None
    notebook: Any
    text: str
    seconds: float


class Ours:
    """Grades as ``course grade run`` does. The sandbox and the kernels are those that the environment asks for."""

    def __init__(self) -> None:
        self._executor = Lanes(1)

    def grade(self, places: Places, problem_set: str, student: str) -> None:
        """Grade one submission."""
        patience = _PATIENCE_WITH_KERAS_S if problem_set == KERAS.name else _PATIENCE_S
        places.config.Execute.timeout = places.config.Examine.call_timeout = patience
        places.config.Examine.test_timeout = 2 * patience
        batch.grade(places, [batch.Selected(problem_set, student)], self._executor, 1)

    def close(self) -> None:
        """End what was started."""
        self._executor.shutdown()


class Stock:
    """Grades as nbgrader does where nobody has told it anything else."""

    def grade(self, places: Places, problem_set: str, student: str) -> None:
        """Grade one submission."""
        config = Config(CourseDirectory=_config(places).CourseDirectory)
        config.Execute.timeout = _PATIENCE_WITH_KERAS_S if problem_set == KERAS.name else _PATIENCE_S
        NbGraderAPI(config=config).autograde(problem_set, student, force=True)

    def close(self) -> None:
        """There is nothing to end."""


def _tells_of_a_run(line: str, student: str) -> bool:
    """Whether a line of the audit trail is what grading itself writes when this student's marks change."""
    try:
        entry = audit.Entry(**json.loads(line))
    except (ValueError, TypeError):
        return False
    return (entry.action, entry.student, entry.change) == ("run", student, "")


class Arena:
    """A course in which attacks are graded.

    Parameters
    ----------
    target : Target
    places : Places
    called : list
        Grows with each call that the server gets.
    grader : Ours or Stock
    """

    def __init__(self, target: Target, places: Places, called: list[Any], grader: Ours | Stock) -> None:
        self.target = target
        self._places = places
        self._called = called
        self._grader = grader
        self._last = ""
        self._before: dict[str, Any] = {}
        self._processes: set[psutil.Process] = set()

    def grade(self, attack: Attack) -> Result:
        """Hand an attack in and grade it as ``course grade run`` does."""
        self._forget()
        self._last = attack.name
        problem_set = KERAS if attack.keras else PLAIN
        if attack.handed_in_before:
            self._hand_in(problem_set, attack.name, dict(problem_set.right))
            self._run(problem_set, attack.name)
            shutil.rmtree(self._places.submitted(problem_set.name, attack.name))
        self._hand_in(problem_set, attack.name, self._answers(attack, problem_set), attack)
        self._before = self._surroundings(attack.name)
        self._processes = _below()
        start = time.monotonic()
        self._run(problem_set, attack.name)
        result = self._result(problem_set, attack.name, time.monotonic() - start)
        shutil.rmtree(self._places.submitted(problem_set.name, attack.name).parent)  # links there seem to change
        return result

    def violations(self, attack: Attack, result: Result) -> list[str]:
        """Say what the attack has achieved that it must not; empty if it has not achieved anything."""
        return [
            *_marks(attack, result),
            *_leaks(result),
            *_bulk(result),
            *self._damage(attack),
            *self._left_behind(),
        ]

    def gained(self, attack: Attack, result: Result) -> float:
        """Return how many points it got that it has not earned."""
        if result.rows is None:
            return 0.0
        problem_set = KERAS if attack.keras else PLAIN
        earned = problem_set.marks(attack.honest)
        grades = result.rows["notebooks"][problem_set.name]["grades"]
        gains = ((grade["auto_score"] or 0.0) - earned.get(name, 0.0) for name, grade in grades.items())
        return sum(gain for gain in gains if gain > 0)

    def grade_honest(self, problem_set: ProblemSet, student: str = _CLASSMATE) -> Result:
        """Grade right answers to everything, whose notebook is worth copying."""
        self._hand_in(problem_set, student, dict(problem_set.right))
        self._run(problem_set, student)
        return self._result(problem_set, student, 0.0)

    def _answers(self, attack: Attack, problem_set: ProblemSet) -> dict[str, str]:
        answers = {**problem_set.wrong, **{task: problem_set.right[task] for task in attack.honest}}
        first = next(iter(problem_set.tests))
        answers[first] = f"{attack.code}\n{answers[first]}" if attack.code else answers[first]
        answers.update(attack.answers)
        return {task: self.target.known_to(text, attack.name).replace("@GOT@", GOT) for task, text in answers.items()}

    def _forget(self) -> None:
        """Take away what the last attack has handed in and got: to watch over a hundred of them takes seconds."""
        if not self._last:
            return
        with Gradebook(self._places.db_url) as book, suppress(MissingEntry):
            book.remove_student(self._last)
        for problem_set in (PLAIN, KERAS):
            shutil.rmtree(self._places.autograded(problem_set.name, self._last).parent, ignore_errors=True)
            self._places.outcome(problem_set.name, self._last).unlink(missing_ok=True)

    def _hand_in(
        self, problem_set: ProblemSet, student: str, answers: dict[str, str], attack: Attack | None = None
    ) -> None:
        release = self._places.release(problem_set.name) / f"{problem_set.name}.ipynb"
        notebook = nbformat.read(release, as_version=4)
        for cell in notebook.cells:
            cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
        if student == _CLASSMATE:
            notebook.cells[1].source += "\n# " + _SECRETS["a classmate's work"]
        if attack and attack.edit:
            attack.edit(notebook)
        folder = self._places.submitted(problem_set.name, student)
        folder.mkdir(parents=True)
        (folder / f"{problem_set.name}.ipynb").write_text(json.dumps(notebook))
        if attack and attack.files:
            attack.files(folder, self.target)

    def _run(self, problem_set: ProblemSet, student: str) -> None:
        self._grader.grade(self._places, problem_set.name, student)

    def _result(self, problem_set: ProblemSet, student: str, seconds: float) -> Result:
        name = problem_set.name
        folder = self._places.autograded(name, student)
        files = {path.name: path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}
        notebook = files.get(f"{name}.ipynb")
        outcome = batch.read_outcome(self._places, name, student) or {}
        return Result(
            outcome,
            gradebook.submission(self._places.db_url, name, student),
            nbformat.reads(notebook, as_version=4) if notebook else None,
            "\n".join([*files.values(), json.dumps(outcome)]),
            seconds,
        )

    # What must not change

    def _surroundings(self, student: str) -> dict[str, Any]:
        """Return what an attack must leave as it is: every file but its own, and what others have in the gradebook."""
        own = {self._places.submitted("*", student).parent, self._places.autograded("*", student).parent}
        state: dict[str, Any] = {}
        for path in [*self.target.root.rglob("*"), *self.target.canary.parent.rglob("*")]:
            if path.is_file() and not own & {*path.parents} and path.stem != student and path.name not in _ITS_OWN:
                found = path.lstat()
                owner = (found.st_uid, found.st_gid, os.listxattr(path))
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                state[str(path)] = (found.st_mode, found.st_mtime_ns, owner, digest)
        for name in (PLAIN.name, KERAS.name):
            rows = gradebook.snapshot(self._places.db_url, name)
            rows["submissions"].pop(student, None)
            state[f"gradebook: {name}"] = rows
        trail = self._places.audit
        lines = trail.read_text(encoding="utf-8").splitlines() if trail.is_file() else []
        state[str(trail)] = [line for line in lines if not _tells_of_a_run(line, student)]
        return state

    def _damage(self, attack: Attack) -> Iterator[str]:
        after = self._surroundings(attack.name)
        for name in self._before.keys() | after.keys():
            if self._before.get(name) != after.get(name):
                yield f"{name} has changed"
        places = {*map(Path, _STRAY_PLACES), self.target.root, Path(sys.prefix), Path(nbformat.__file__).parent}
        for place in places:
            for path in place.glob(f"escaped-{attack.name}*"):
                path.unlink()
                yield f"{path} was written"
        if not psutil.pid_exists(self.target.bystander) or psutil.Process(self.target.bystander).status() == "stopped":
            yield "a process of somebody else's was killed or stopped"
        if self._called:
            yield f"a server was reached: {self._called}"
            self._called.clear()

    def _left_behind(self) -> Iterator[str]:
        """Name the processes that were not there before. The rest of an ended kernel may take a moment to go."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            left = {process for process in _below() - self._processes if _lives(process)}
            if not left:
                return
            time.sleep(0.1)
        for process in left:
            yield f"a process was left behind: {process}"
            process.kill()


def _marks(attack: Attack, result: Result) -> Iterator[str]:
    problem_set = KERAS if attack.keras else PLAIN
    earned = problem_set.marks(attack.honest)
    status = result.outcome.get("status")
    if status not in ("graded", "refused", "failed"):
        yield f"there is no outcome: {result.outcome}"
    if status != "graded" and not attack.loses_all:
        yield f"it was not graded: {result.outcome.get('reason')}"
    if result.rows is None:
        return
    for name, grade in result.rows["notebooks"][problem_set.name]["grades"].items():
        score = grade["auto_score"] or 0.0
        if score > earned.get(name, 0.0):
            yield f"{name}: gained {score:g}, earned {earned.get(name, 0.0):g}"
        if score < earned.get(name, 0.0) and not attack.loses_all:
            yield f"{name}: got {score:g}, though {earned[name]:g} were earned"
        if grade["manual_score"] is not None or grade["extra_credit"] is not None:
            yield f"{name}: a mark by hand that nobody gave: {grade}"


def _bulk(result: Result) -> Iterator[str]:
    if len(result.text) > _MUCH:
        yield f"the graded files have {len(result.text):,} characters"


def _leaks(result: Result) -> Iterator[str]:
    for what, secret in _SECRETS.items():
        if secret in result.text:
            yield f"{what} came to light"
    if result.notebook is None:
        return
    for cell in result.notebook.cells:
        role = cell.metadata.get("nbgrader", {})
        is_test = role.get("grade") and not role.get("solution")
        for output in cell.get("outputs", []):
            # the traceback of a test that failed shows the test: to the instructor, and not in the feedback
            shown = {key: value for key, value in output.items() if not (is_test and key == "traceback")}
            text = json.dumps(shown)
            said = str(output.get("text"))
            if GOT in said:
                yield f"it says that it succeeded: {said[said.index(GOT) :][:100]}"
            if HIDDEN in text:
                yield f"the text of a hidden test came to light in {role.get('grade_id')}"
            yield from _scripts(output, role.get("grade_id"))


def _scripts(output: Any, cell: Any) -> Iterator[str]:
    """Find what a browser would run."""
    for kind, content in output.get("data", {}).items():
        if kind not in ("text/plain", "text/latex", "text/markdown") and SCRIPT in json.dumps(content):
            yield f"a script is left in an output of {cell}, as {kind}"


def _below() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def open_arena(folder: Path, grader: Ours | Stock) -> Iterator[Arena]:
    """Build a course with a gradebook, a canary, a bystander and a server; end what was started.

    Parameters
    ----------
    folder : Path
        Empty.
    grader : Ours or Stock
    """
    _adopt_orphans()
    root, home = folder / "course", folder / "home"
    (root / "grading").mkdir(parents=True)
    home.mkdir()
    (home / "canary.txt").write_text(_SECRETS["the canary"])
    (root / "nbgrader_config.py").write_text(_SETTINGS)
    for problem_set in (PLAIN, KERAS):
        (root / "solutions" / problem_set.name).mkdir(parents=True)
        nbformat.write(problem_set.source(), root / "solutions" / problem_set.name / f"{problem_set.name}.ipynb")
    places = find_places(root)
    _generate(places)
    with ExitStack() as stack:
        stack.enter_context(_variable("COURSE_GRADING_SEED", _SECRETS["the grading seed"]))
        called: list[Any] = []
        port = stack.enter_context(_server(called))
        bystander = subprocess.Popen(["sleep", "3600"], start_new_session=True)
        stack.callback(bystander.wait)
        stack.callback(bystander.kill)
        classmate = places.submitted(PLAIN.name, _CLASSMATE) / f"{PLAIN.name}.ipynb"
        target = Target(root, classmate, home / "canary.txt", bystander.pid, port)
        stack.callback(grader.close)
        arena = Arena(target, places, called, grader)
        honest = arena.grade_honest(PLAIN)
        marks = {name: grade["auto_score"] for name, grade in honest.rows["notebooks"][PLAIN.name]["grades"].items()}
        expected = PLAIN.marks(tuple(PLAIN.right))
        assert {name: marks[name] for name in expected} == expected, honest.outcome  # else nothing here means anything
        with Gradebook(places.db_url) as book:
            book.update_or_create_student(_CLASSMATE, last_name=_SECRETS["the gradebook"])
        yield arena


def _generate(places: Places) -> None:
    """Make the releases by nbgrader."""
    create(places.db_url)
    for problem_set in (PLAIN, KERAS):
        result = NbGraderAPI(config=_config(places)).generate_assignment(problem_set.name)
        assert result["success"], result


def _config(places: Places) -> Any:
    config = places.config.copy()
    config.CourseDirectory.root = str(places.root)
    config.CourseDirectory.db_url = places.db_url
    return config


def _adopt_orphans() -> None:
    """Become the parent of every process below whose own parent has ended, so that none gets out of sight."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _server(called: list[Any]) -> Iterator[int]:
    """Listen over TCP and UDP on one port, and note who calls."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        for listen in (lambda: called.append(tcp.accept()[1]), lambda: called.append(udp.recvfrom(100))):
            threading.Thread(target=_forever, args=(listen,), daemon=True).start()
        yield port


def _forever(listen: Any) -> None:
    while True:
        try:
            listen()
        except OSError:
            return
