"""What students get: a zip that installs without the network, whose notebooks open, and that tells no secret."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_pkg.assignments.bundle import NOT_FOR_STUDENTS, build_wheel, bundle
from course_pkg.assignments.leaks import leaks_in_archive, public_lines
from course_pkg.assignments.problem_sets import Course
from course_pkg.errors import CourseError

# In the student's environment: run a notebook as Jupyter would, and say which cells fail and how.
RUN = """
import json, sys
import course_pkg, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=300, allow_errors=True, kernel_name="python3").execute()
errors = {
    cell.metadata.get("nbgrader", {}).get("grade_id", cell.id): output.ename
    for cell in notebook.cells if cell.cell_type == "code"
    for output in cell.outputs if output.output_type == "error"
}
print(json.dumps({"lab": course_pkg.__file__, "errors": errors}))
"""


@pytest.fixture
def course(small, repository) -> Course:
    """The small problem set beside the real lab."""
    problem_set = small.write()
    problem_set.release.parent.mkdir(parents=True)
    for name in ("course_pkg", "pyproject.toml", "requirements.lock", "LICENSE"):
        (small.root / name).symlink_to(repository / name)
    small.course("build")
    return Course(small.root)


def python_of(folder: Path) -> Path:
    """Make an environment without pip that sees what is installed here, but for the lab itself."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own, here = (
        subprocess.run([program, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
        for program in (python, sys.executable)
    )
    (Path(own) / "installed.pth").write_text(here)  # its own .pth files, such as that of the lab, are not followed
    return python


@pytest.mark.slow
def test_a_student_unpacks_installs_and_opens_the_notebooks(course, tmp_path):
    archive = tmp_path / "out" / "problem-sets.zip"
    names = bundle(course, course.problem_sets, archive)
    assert "problem-sets/ps1_small/ps1_small.ipynb" in names
    first = archive.read_bytes()
    bundle(course, course.problem_sets, archive)
    assert archive.read_bytes() == first

    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(tmp_path / "home")
    folder = tmp_path / "home" / "problem-sets"
    assert {path.name for path in folder.iterdir()} >= {"README.md", "requirements.txt", "environment.yml"}
    assert "ps1_small/ps1_small.ipynb" in (folder / "README.md").read_text()

    python = python_of(tmp_path / "env")
    lab = (folder / "requirements.txt").read_text().rsplit("\n./", 1)[1]
    (folder / "lab.txt").write_text(f"./{lab}")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q"]
    subprocess.run(
        [*pip, "install", "--no-index", "--no-deps", "--require-hashes", "-r", "lab.txt"],
        cwd=folder,
        env=environment,
        check=True,
    )
    for notebook in sorted(folder.glob("*/*.ipynb")):
        done = subprocess.run(
            [python, "-c", RUN, notebook.name], cwd=notebook.parent, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        assert found["lab"].startswith(str(tmp_path / "env"))
        tests = {
            cell.metadata.nbgrader.grade_id
            for cell in nbformat.read(notebook, as_version=4).cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
        }
        visible = {name for name, error in found["errors"].items() if error == "NotImplementedError"}
        assert set(found["errors"]) == visible <= tests
    gone = [python, "-c", "import course_pkg.assignments"]
    assert subprocess.run(gone, cwd=folder, env=environment, capture_output=True).returncode == 1


@pytest.mark.slow
def test_a_stale_release_is_not_bundled(course, tmp_path):
    release = course.problem_sets[0].release
    release.write_text(release.read_text().replace("A small problem set", "An old problem set"))
    with pytest.raises(CourseError, match="is stale: cell 1"):
        bundle(course, course.problem_sets, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_the_wheel_is_the_lab_and_nothing_else(repository, tmp_path):
    wheel = build_wheel(repository, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert "course_pkg/checks.py" in names
    inside = {name.split("/")[1] for name in names if name.startswith("course_pkg/")}
    assert not inside & NOT_FOR_STUDENTS
    here = {path.name for path in (repository / "course_pkg").iterdir() if path.name != "__pycache__"}
    assert inside == here - NOT_FOR_STUDENTS
    assert "Requires-Dist: keras" in metadata
    assert "nbgrader" not in metadata
    assert not [name for name in names if name.endswith("entry_points.txt")]


def test_the_lab_imports_nothing_that_students_do_not_get(repository):
    for path in sorted((repository / "course_pkg").rglob("*.py")):
        if path.relative_to(repository / "course_pkg").parts[0] not in NOT_FOR_STUDENTS:
            text = path.read_text()
            for name in ("assignments", "grading", "publishing", "cli"):
                assert f"course_pkg.{name}" not in text, path


def test_no_release_of_this_repository_tells_a_secret(repository, tmp_path):
    course = Course(repository)
    with zipfile.ZipFile(tmp_path / "releases.zip", "w") as archive:
        for problem_set in course.problem_sets:
            if problem_set.release.is_file():
                archive.write(problem_set.release, problem_set.release.name)
    known = [(problem_set, problem_set.read()) for problem_set in course.problem_sets]
    public = {line for _, contents in known for line in public_lines(contents)}
    assert leaks_in_archive(tmp_path / "releases.zip", known, public) == []
