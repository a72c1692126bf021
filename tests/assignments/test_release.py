"""Releases that are stale, and secrets in what students get."""

import json
import shutil
import zipfile

import pytest

from course_pkg.assignments.leaks import leaks_in_archive, leaks_in_folder, secret_lines
from course_pkg.assignments.release import check_current
from course_pkg.errors import CourseError

RELEASE = "assignments/ps1_small/ps1_small.ipynb"


@pytest.fixture
def released(small, tmp_path):
    """A release as nbgrader would make it, and a copy of it in its place."""
    problem_set = small.write()
    notebook = json.loads(problem_set.source.read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = {
            "mean": "def mean(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
            "mean_test_2": "# Hidden: other numbers.",
            "why": "YOUR ANSWER HERE",
        }.get(name, cell["source"])
    generated = tmp_path / "generated.ipynb"
    generated.write_text(json.dumps(notebook))
    problem_set.release.parent.mkdir(parents=True)
    shutil.copy(generated, problem_set.release)
    return problem_set, generated


def edited(path, old, new) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def stale(released) -> str:
    with pytest.raises(CourseError) as caught:
        check_current(*released)
    assert "Run `course assignments build ps1_small`" in str(caught.value)
    return str(caught.value)


def test_a_release_that_is_current(released):
    check_current(*released)
    assert leaks_in_folder(released[0].release.parent, [(released[0], released[0].read())]) == []


def test_a_release_that_is_stale_names_the_cell(released):
    edited(released[0].release, "divide by how many", "divide by the number")
    assert f"{RELEASE} is stale: cell 4 ('mean_test_1') differs" in stale(released)


def test_a_release_that_is_missing(released):
    released[0].release.unlink()
    assert f"{RELEASE} is missing" in stale(released)


def test_a_release_with_company(released):
    (released[0].release.parent / "data.csv").write_text("1\n")
    assert "has company that no source makes: data.csv" in stale(released)


def test_a_release_with_other_metadata_or_none(released):
    edited(released[0].release, '"Python 3"', '"Python"')
    assert "its metadata differ" in stale(released)
    released[0].release.write_text("{")
    assert "it is no valid notebook" in stale(released)


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("total = sum(float(value) for value in values)", "the solution of the cell 'mean'"),
        ("The model answer in so many words.", "the solution of the cell 'why'"),
        ("numbers_of_the_hidden_test = generator.normal(5, 1, 7).tolist()", "a hidden test of the cell 'mean_test_2'"),
        ("# Mistake: forgets to divide.", "tests/assignments/ps1_small/mean/mutant_sum.py"),
        ("return np.float32(np.mean(np.asarray(values)))", "mean/alternate_numpy.py"),
        ("### BEGIN HIDDEN TESTS", "the mark"),
    ],
)
def test_a_secret_in_a_release_is_found(released, line, where):
    problem_set, _ = released
    edited(problem_set.release, "YOUR ANSWER HERE", f"Look:\\n        {line}")
    [leak] = leaks_in_folder(problem_set.release.parent, [(problem_set, problem_set.read())])
    assert where in leak
    assert line in leak
    assert RELEASE in leak


def test_a_secret_in_a_wheel_in_a_zip_is_found(released, tmp_path):
    problem_set, _ = released
    read = [(problem_set, problem_set.read())]
    with zipfile.ZipFile(tmp_path / "lab.whl", "w") as wheel:
        wheel.writestr("lab/means.py", "def mean(values):\n    return sum(values) / len(values)\n")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "lab.whl", "sets/lab.whl")
        archive.write(problem_set.release, "sets/ps1_small.ipynb")
    [leak] = leaks_in_archive(tmp_path / "all.zip", read)
    assert "all.zip/sets/lab.whl/lab/means.py" in leak
    assert leaks_in_archive(tmp_path / "all.zip", read, ["return sum(values) / len(values)"]) == []


def test_what_the_release_shows_is_no_secret(released):
    problem_set, _ = released
    secrets = secret_lines(problem_set, problem_set.read())
    assert "def mean(values):" not in secrets
    assert 'check_close(mean(numbers_of_the_hidden_test), truth, call="mean of 7 numbers", hint="look again")' in secrets
