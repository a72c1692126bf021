"""What holds for the repository as a whole."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from small_book import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LOCK = (REPOSITORY / "requirements.lock").read_text()
PINS = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", LOCK, re.M))
MODULES = sorted((REPOSITORY / "course_pkg").rglob("*.py"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [REPOSITORY / name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


def requirements() -> list[Requirement]:
    project = PROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *extras]]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_lock_satisfies_every_requirement(requirement):
    name = requirement.name.lower().replace("_", "-")
    assert name in PINS, f"{name} is not in requirements.lock: run `make lock`"
    assert requirement.specifier.contains(Version(PINS[name]), prereleases=True)


def test_every_locked_package_has_hashes():
    for block in re.split(r"\n(?=[a-z])", LOCK.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_conda_installs_the_same_lock_with_hashes():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    python = next(str(d).split("=")[1] for d in environment["dependencies"] if str(d).startswith("python="))
    assert Requirement(f"python{PROJECT['project']['requires-python']}").specifier.contains(python)
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip == ["--require-hashes", "--requirement requirements.lock"]


def test_versions_agree():
    import course_pkg

    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    assert course_pkg.__version__ == PROJECT["project"]["version"] == citation["version"]


def test_no_file_names_an_index_or_a_path_of_this_machine():
    # written so that this file does not name them either
    hosts = "|".join(map(re.escape, ("py" + "pi.", "pythonhosted" + ".", "npmjs" + ".", "anaconda" + ".org")))
    forbidden = re.compile(rf"{hosts}|--(?:extra-)?index-url|{re.escape(str(REPOSITORY))}/")
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "ignore")
        match = forbidden.search(text)
        assert not match, f"{path.relative_to(REPOSITORY)}: {match.group()}"


def test_nothing_generated_is_tracked():
    for path in tracked():
        template = "templates" in path.parts  # Sphinx wants its names of templates
        assert path.suffix not in {".csv", ".keras", ".npz"} | (set() if template else {".html"}), path
        assert "_build" not in path.parts, path
        if path.suffix == ".ipynb":
            assert '"outputs": [\n' not in path.read_text(), f"{path} has outputs"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def room(path: Path) -> str:
    first = path.relative_to(REPOSITORY / "course_pkg").parts[0]
    if first in {"assignments", "publishing", "grading"}:
        return first
    return "command" if first in {"cli", "__main__.py"} else "lab"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_who_may_know_whom(path):
    """The lab knows neither Jupyter nor the other rooms; publishing knows nothing of problem sets and grading."""
    names = imports(path)
    forbidden = {
        "lab": (
            "course_pkg.assignments",
            "course_pkg.publishing",
            "course_pkg.grading",
            "course_pkg.cli",
            "jupyter",
            "nb",
            "IPython",
            "papermill",
        ),
        "publishing": ("course_pkg.assignments", "course_pkg.grading", "course_pkg.cli", "nbgrader"),
        "assignments": ("course_pkg.publishing", "course_pkg.grading", "course_pkg.cli"),
        "grading": ("course_pkg.publishing", "course_pkg.cli"),
        "command": (),
    }[room(path)]
    assert not [name for name in names if name.startswith(forbidden)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_module_reads_anothers_private_names(path):
    private = [
        name
        for name in imports(path)
        if name.startswith("course_pkg.")
        and any(part.startswith("_") and part != "__main__" for part in name.split("."))
    ]
    assert not private


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_module_opens_with_one_sentence(path):
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, f"{path} has no docstring"
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":", "?")), docstring


def test_the_ci_workflow_runs_the_readmes_commands():
    steps = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "book.yml").read_text())["jobs"]["test"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[:2] == ["bash .ci/run", "make book"]
    assert all(command.startswith(".venv/bin/course book pdf") for command in commands[2:])
    assert "exec make test" in (REPOSITORY / ".ci" / "run").read_text()


def test_make_refuses_a_python_that_is_too_old(tmp_path):
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    python = tmp_path / "python3.9"
    python.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2"\nexit 1\n')
    python.chmod(0o755)
    done = subprocess.run(["make", "book", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "Python 3.9.2; the course needs Python 3.11, 3.12 or 3.13" in done.stdout + done.stderr
    assert not (tmp_path / ".venv").exists()
