"""The audit trail: only ever longer, readable after any death, nothing twice."""

import dataclasses
import getpass
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_pkg.errors import CourseError
from course_pkg.grading import audit
from course_pkg.grading.differences import Difference

ENTRY = audit.Entry(
    when="2026-02-01T10:00:00+00:00",
    who="grace",
    why="test 2 was wrong — “really”\nwrong\u2028",
    action="regrade",
    change="1_ps1",
    problem_set="ps1",
    student="ada",
    task="mean_test",
    old=None,
    new=1.5,
    what="test added",
    source="ab12",
    environment={"python": "3.11.2"},
)


def entries(*students):
    return [dataclasses.replace(ENTRY, student=student) for student in students]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "grading" / "audit.jsonl"


def test_what_is_appended_is_read_in_order(path):
    audit.append(path, entries("ada", "bob"))
    audit.append(path, entries("eve"))
    assert audit.read(path) == entries("ada", "bob", "eve")
    assert audit.read(path, "bob") == entries("bob")
    assert audit.read(path, "nobody") == []


def test_no_trail_yet_is_an_empty_one(path):
    assert audit.read(path) == []
    audit.append(path, [])
    assert not path.exists()


def test_each_change_is_one_line_of_json(path):
    audit.append(path, entries("ada", "bob"))
    first, second = path.read_text(encoding="utf-8").strip().split("\n")
    assert json.loads(first) == {**dataclasses.asdict(ENTRY)}
    assert json.loads(second)["student"] == "bob"


def test_what_is_written_stays_to_the_byte(path):
    audit.append(path, entries("ada"))
    before = path.read_bytes()
    audit.append(path, entries("bob"))
    assert path.read_bytes().startswith(before)


def test_a_killed_run_that_is_finished_writes_nothing_twice(path):
    audit.append(path, entries("ada", "bob"))
    audit.append(path, entries("ada", "bob", "eve"))
    assert audit.read(path) == entries("ada", "bob", "eve")


@given(cut=st.integers(min_value=1))
def test_half_a_line_is_skipped_and_stays(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    audit.append(path, entries("ada"))
    whole = path.read_bytes()
    audit.append(path, entries("bob"))
    torn = path.read_bytes()[: len(whole) + cut % (len(whole) - 1)]  # at most all but the last brace and its newline
    path.write_bytes(torn)
    audit.append(path, entries("eve"))
    assert audit.read(path) == entries("ada", "eve")
    assert path.read_bytes().startswith(torn)


def test_lines_of_another_shape_are_skipped(path):
    audit.append(path, entries("ada"))
    with path.open("a") as file:
        file.write('[1]\n{"when": "now"}\n\x00\xff\n')
    audit.append(path, entries("bob"))
    assert audit.read(path) == entries("ada", "bob")


def test_a_trail_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "grading").write_text("a file where the folder should be")
    with pytest.raises(CourseError, match=r"Cannot write .*audit\.jsonl"):
        audit.append(tmp_path / "grading" / "audit.jsonl", [ENTRY])


def who():
    found = [Difference("ada", "ps1", "mean_test", 1.0, 2.0, "passes now")]
    (entry,) = audit.entries(found, action="run", problem_set="ps1", source="ab12", environments={})
    assert (entry.student, entry.old, entry.new, entry.what, entry.environment) == ("ada", 1.0, 2.0, "passes now", {})
    return entry.who


def test_who_has_no_name_has_a_number(monkeypatch):
    assert who() == getpass.getuser()

    def nameless():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert who().startswith("user ")
