"""Exports: every text comes back as it was, none is a formula, and each program finds its columns."""

import csv
import datetime
import io
import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_class import PROBLEM_SET, TASKS, SmallClass

from course_pkg.grading.export import FORMATS, canvas, export, moodle, neutral, structured, table
from course_pkg.grading.marks import Mark, Record

FULL = dict(TASKS, explain=3.0)
NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'=1",
    "''=1",
    "'",
    "=",
    "＝1",
    'a"b',
    "a,b",
    "a;b",
    "a\nb",
]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.one_of(texts, st.sampled_from(NASTY), st.text("=+-@'\"\t\r\n,;a ", max_size=6))
points = st.floats(-5, 100, allow_nan=False).map(lambda value: round(value, 6))


@st.composite
def classes(draw):
    """Records of a class: people with any names, in one or two problem sets."""
    people = draw(
        st.lists(st.tuples(words.filter(bool), words, words, words, words), max_size=4, unique_by=lambda p: p[0])
    )
    found = []
    for name in draw(st.sampled_from([["ps1"], ["ps1", "=ps2"]])):
        for student, first, last, email, lms in people:
            handed_in = draw(st.booleans())
            score = draw(points.filter(lambda value: value >= 0))
            time = draw(st.none() | st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2100, 1, 1)))
            marks = {"=task": Mark(draw(st.none() | points), 5.0), "b": Mark(score, 5.0)}
            found.append(
                Record(
                    student,
                    first,
                    last,
                    email,
                    lms,
                    name,
                    time,
                    time,
                    datetime.timedelta(),
                    handed_in,
                    score,
                    0.0,
                    score,
                    10.0,
                    marks,
                )
            )
    return found


def original(text: str) -> str:
    """Undo `neutral`."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text


def by_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(words)
def test_a_neutral_text_is_no_formula_and_comes_back(text):
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert original(neutral(text)) == text


@given(classes())
def test_the_table_comes_back_by_csv(found):
    header, *rows = by_csv(table(found))
    assert len(rows) == len(found)
    for row, record in zip(rows, found, strict=True):
        cells = dict(zip(map(original, header), row, strict=True))
        for key in ("student", "first_name", "last_name", "email", "lms_id", "problem_set"):
            assert original(cells[key]) == getattr(record, key)
        assert cells["handed_in"] == str(record.handed_in).lower()
        assert float(cells["score"]) == pytest.approx(record.score)
        mark = record.marks["=task"].score
        assert (
            cells["=task"] == ""
            if mark is None or not record.handed_in
            else float(cells["=task"]) == pytest.approx(mark)
        )
        assert all(len(cell) == len(cell.replace("\0", "")) for cell in row)


@given(classes())
def test_the_table_comes_back_by_pandas(found):
    frame = pd.read_csv(io.StringIO(table(found), newline=""), dtype=str, keep_default_na=False)
    assert [original(text) for text in frame["student"]] == [record.student for record in found]
    assert [original(text) for text in frame["last_name"]] == [record.last_name for record in found]
    assert pd.to_numeric(frame["score"]).tolist() == pytest.approx([record.score for record in found])


@given(classes())
def test_no_cell_of_any_table_starts_a_formula(found):
    for text_of in (table, canvas, moodle):
        for row in by_csv(text_of(found)):
            for cell in row:
                try:
                    float(cell)
                except ValueError:
                    assert neutral(original(cell)) == cell


@given(classes())
def test_json_comes_back(found):
    rows = json.loads(structured(found))
    assert [(row["student"], row["score"], row["problem_set"]) for row in rows] == [
        (record.student, record.score, record.problem_set) for record in found
    ]
    assert all(
        row["marks"]["b"] == {"score": record.marks["b"].score, "max_score": 5.0}
        for row, record in zip(rows, found, strict=True)
    )


@given(classes())
def test_canvas_and_moodle_have_a_row_for_each_student(found):
    students = list(dict.fromkeys(record.student for record in found))
    sets = list(dict.fromkeys(record.problem_set for record in found))
    header, possible, *rows = by_csv(canvas(found))
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert [original(name) for name in header[5:]] == sets
    assert possible == ["    Points Possible", "", "", "", "", *["10"] * len(sets)]
    assert [original(row[3]) for row in rows] == students
    header, *rows = by_csv(moodle(found))
    assert header == [
        "First name",
        "Last name",
        "Username",
        "ID number",
        "Email address",
        *(f"Assignment: {n} (Real)" for n in sets),
    ]
    assert [original(row[2]) for row in rows] == students
    assert {len(row) for row in rows} <= {5 + len(sets)}


@pytest.fixture
def small_class(tmp_path):
    small_class = SmallClass(tmp_path)
    small_class.hand_in("ada", {**FULL, "explain": None}, penalty=1.5, late=datetime.timedelta(minutes=1))
    small_class.enrol(
        "ada", first_name="Ada", last_name='Love"lace, née Byron', email="ada@example.org", lms_user_id="17"
    )
    small_class.hand_in("zoë", FULL)
    small_class.enrol("never", first_name="=cmd|' /C calc'!A0")
    return small_class


def test_files_by_format(small_class):
    for form, (name, _) in FORMATS.items():
        target, waiting = export(small_class.places, [PROBLEM_SET], form)
        assert target == small_class.places.grading / "exports" / name
        assert waiting == 1
    text = (small_class.places.grading / "exports" / "grades_canvas.csv").read_bytes().decode("utf-8")
    assert text == (
        f'"Student","ID","SIS User ID","SIS Login ID","Section","{PROBLEM_SET}"\r\n'
        '"    Points Possible","","","","","13"\r\n'
        '"Love""lace, née Byron, Ada","17","","ada","","8.5"\r\n'
        '"\'=cmd|\' /C calc\'!A0","","","never","",""\r\n'  # nothing handed in: left empty, not 0
        '"zoë","","","zoë","","13"\r\n'
    )
    frame = pd.read_csv(small_class.places.grading / "exports" / "grades.csv")
    ada, never, _ = frame.to_dict("records")
    assert (ada["raw_score"], ada["penalty"], ada["score"], ada["max_score"]) == (10, 1.5, 8.5, 13)
    assert (ada["waiting"], ada["seconds_late"], ada["timestamp"]) == (1, 60, "2026-05-04 12:01:00")
    assert pd.isna(ada["explain"])
    assert ada["fit_test_1"] == 5
    assert not never["handed_in"]
    assert pd.isna(never["fit_test_1"])


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_nbgrader_export_writes_the_same(small_class, tmp_path, form):
    own, _ = export(small_class.places, [PROBLEM_SET], form)
    target = tmp_path / "by_nbgrader"
    exporter = f"course_pkg.grading.export.{form.capitalize()}Export"
    command = [sys.executable, "-m", "nbgrader", "export", f"--exporter={exporter}", f"--to={target}"]
    done = subprocess.run(
        [*command, f"--db={small_class.db_url}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == own.read_bytes()


def test_the_command(small_class, repository, monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from course_pkg.cli import app

    (tmp_path / "solutions" / PROBLEM_SET).mkdir(parents=True)
    shutil.copy(repository / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["grade", "export", "ps9", "--format", "moodle", "-o", "out.csv"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("The grades: out.csv\n1 answer counts 0 until")
    assert (
        (tmp_path / "out.csv")
        .read_text()
        .splitlines()[1]
        .startswith('"Ada","Love""lace, née Byron","ada","17","ada@example.org","8.5"')
    )
    assert CliRunner().invoke(app, ["grade", "export", "--format", "excel"]).exit_code == 2
