"""Write one zip for students: the notebooks, the lab as a wheel, what to install, and how to begin."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course_pkg.assignments.leaks import leaks_in_archive, public_lines
from course_pkg.assignments.marking import generate
from course_pkg.assignments.problem_sets import Course, ProblemSet, raise_all
from course_pkg.assignments.release import check_current
from course_pkg.errors import CourseError, cannot_write

__all__ = ["NOT_FOR_STUDENTS", "build_wheel", "bundle"]

NOT_FOR_STUDENTS = {"__main__.py", "assignments", "cli", "grading", "publishing"}
"""Parts of the package that are no part of the lab."""

_FOLDER = "problem-sets"
_LONG_AGO = (2020, 2, 2, 0, 0, 0)  # the time of every file in the zip: the same content gives the same bytes

_README = """# Problem sets

Two commands, in this folder. You need Python 3.11, 3.12 or 3.13 on Linux or macOS.

```sh
python3 -m venv env && env/bin/python -m pip install --require-hashes --requirement requirements.txt
env/bin/jupyter lab
```

The first one installs everything at the versions that the problem sets were tested with, hashes checked (a few
minutes). The second one opens the notebooks: {names}. With conda, `conda env create --file environment.yml`, then
`conda activate problem-sets` and `jupyter lab`.

Write your answers where it says `YOUR CODE HERE` or `YOUR ANSWER HERE`. Before you hand a notebook in, choose *Restart
Kernel and Run All Cells*, and look at its last cell.
"""

_ENVIRONMENT = """name: problem-sets
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip
  - pip:
      - --require-hashes
      - --requirement requirements.txt
"""


def bundle(course: Course, problem_sets: Sequence[ProblemSet], output: Path) -> list[str]:
    """Write the zip, after looking for solutions, hidden tests and answers in all of it.

    Parameters
    ----------
    course : Course
    problem_sets : sequence of ProblemSet
        Whose notebooks go into the zip.
    output : Path
        The zip.

    Returns
    -------
    list of str
        The names of the files in the zip.

    Raises
    ------
    CourseError
        If a release is missing or stale, the wheel cannot be built, or something leaks. No zip is written then.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for problem_set in problem_sets:
            problem_set.read()
            check_current(problem_set, generate(problem_set, folder / problem_set.name))
        wheel = build_wheel(course.root, folder)
        archive = folder / output.name
        files = dict(sorted(_files(course, problem_sets, wheel)))
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
            for name, data in files.items():
                target.writestr(zipfile.ZipInfo(f"{_FOLDER}/{name}", _LONG_AGO), data, zipfile.ZIP_DEFLATED)
        _refuse_leaks(course, archive)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(archive, output)
        except OSError as error:
            raise cannot_write(output, error) from error
    return [f"{_FOLDER}/{name}" for name in files]


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the lab, without what is not for students, from the repository; without network.

    Parameters
    ----------
    root : Path
        The repository.
    folder : Path
        Where the wheel goes.

    Raises
    ------
    CourseError
        If the build fails.
    """
    staged = folder / "lab"
    shutil.copytree(
        root / "course_pkg",
        staged / "course_pkg",
        ignore=lambda where, names: [
            name
            for name in names
            if name == "__pycache__" or (Path(where) == root / "course_pkg" and name in NOT_FOR_STUDENTS)
        ],
    )
    shutil.copy(root / "LICENSE", staged)
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (staged / "pyproject.toml").write_text(_project(project), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=staged,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CourseError(
            "The lab's wheel cannot be built. Is hatchling installed (`make check` does it)?", details=done.stderr
        )
    return next((folder / "dist").glob("*.whl"))


def _project(project: dict[str, Any]) -> str:
    """Return the lab's own pyproject.toml: no command line, no extras."""
    wanted = ("name", "version", "description", "requires-python", "license", "license-files", "dependencies")
    # a string or a list of strings is written in TOML as it is in JSON
    lines = [f"{key} = {json.dumps(project['project'][key])}" for key in wanted]
    return "\n".join(
        [
            "[build-system]",
            f"requires = {json.dumps(project['build-system']['requires'])}",
            f"build-backend = {json.dumps(project['build-system']['build-backend'])}",
            "[project]",
            *lines,
            "[tool.hatch.build.targets.wheel]",
            'packages = ["course_pkg"]',
            "",
        ]
    )


def _files(course: Course, problem_sets: Sequence[ProblemSet], wheel: Path) -> Iterator[tuple[str, bytes]]:
    names = [problem_set.name for problem_set in problem_sets]
    yield "README.md", _README.format(names=", ".join(f"`{name}/{name}.ipynb`" for name in names)).encode()
    yield "environment.yml", _ENVIRONMENT.encode()
    yield "requirements.txt", _requirements(course.root, wheel).encode()
    yield wheel.name, wheel.read_bytes()
    yield "LICENSE", (course.root / "LICENSE").read_bytes()
    for problem_set in problem_sets:
        yield f"{problem_set.name}/{problem_set.release.name}", problem_set.release.read_bytes()


def _requirements(root: Path, wheel: Path) -> str:
    """Return the lock, and the lab's own wheel with its hash."""
    lock = (root / "requirements.lock").read_text(encoding="utf-8").rstrip()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{lock}\n./{wheel.name} \\\n    --hash=sha256:{digest}\n"


def _refuse_leaks(course: Course, archive: Path) -> None:
    known = [(problem_set, problem_set.read()) for problem_set in course.problem_sets]
    public = {line for _, contents in known for line in public_lines(contents)}
    for path in sorted((course.root / "course_pkg").rglob("*.py")):
        if path.relative_to(course.root / "course_pkg").parts[0] not in NOT_FOR_STUDENTS:
            public |= {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
    raise_all(leaks_in_archive(archive, known, public))
