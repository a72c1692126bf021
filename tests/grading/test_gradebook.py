"""Plain data out of nbgrader's database and into it, in SQLite and PostgreSQL, made and read by nbgrader itself."""

import contextlib
import json
import os
import shutil
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader import api
from sqlalchemy import create_engine, inspect, text

from course_pkg.errors import CourseError
from course_pkg.grading import gradebook
from course_pkg.grading.database import create, hasty_databases, reading
from course_pkg.grading.tables import Clamped

PS = "ps1_mean"


def fill(db_url):
    """Make a gradebook with nbgrader's own functions: two students have handed in, one of them was marked by hand."""
    create(db_url)
    with api.Gradebook(db_url) as gb:
        gb.add_assignment(PS, duedate=datetime(2026, 1, 31, 12))
        gb.add_assignment("ps2_other")
        for name in (PS, "ps2_other"):
            gb.add_notebook(name, name, kernelspec='{"name": "python3"}')
            gb.add_grade_cell("mean_test", name, name, max_score=2, cell_type="code")
            gb.add_grade_cell("essay", name, name, max_score=3, cell_type="markdown")
            gb.add_solution_cell("mean", name, name)
            gb.add_solution_cell("essay", name, name)
            gb.add_task_cell("free", name, name, max_score=1, cell_type="markdown")
            gb.add_source_cell("mean_test", name, name, cell_type="code", locked=True, source="assert é", checksum="ab")
            gb.add_source_cell("essay", name, name, cell_type="markdown", source="YOUR ANSWER HERE", checksum="cd")
        gb.add_student("ada", first_name="Ada", last_name="L.", email="ada@example.org", lms_user_id="7")
        gb.add_student("bob")
        gb.add_student("eve")
        gb.add_submission(PS, "ada", timestamp=datetime(2026, 2, 1, 1, 2, 3, 456789))
        gb.add_submission(PS, "bob")
        gb.add_submission("ps2_other", "ada")
        gb.grant_extension(PS, "ada", days=2, minutes=1)
        ada = gb.find_submission_notebook(PS, PS, "ada")
        ada.late_submission_penalty = 0.5
        ada.flagged = True
        test, essay = (gb.find_grade(cell, PS, PS, "ada") for cell in ("mean_test", "essay"))
        test.auto_score, test.needs_manual_grade = 2.0, False
        essay.manual_score, essay.extra_credit, essay.needs_manual_grade = 2.5, 0.25, False
        gb.find_comment("mean", PS, PS, "ada").auto_comment = "No response."
        gb.find_comment("essay", PS, PS, "ada").manual_comment = "Well said."
        gb.db.commit()
    return db_url


@pytest.fixture
def db_url(new_database):
    return fill(new_database())


def everything(db_url):
    """Return every row of every table, ids and all."""
    engine = create_engine(db_url)
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = {name: connection.execute(text(f"SELECT * FROM {name}")).fetchall() for name in tables}
    engine.dispose()
    return {name: sorted(map(repr, found)) for name, found in rows.items()}


def graded_anew(db_url, student, **marks):
    """What a worker hands back that gave other automatic marks."""
    data = gradebook.submission(db_url, PS, student)
    for cell, mark in marks.items():
        data["notebooks"][PS]["grades"][cell].update(auto_score=mark, needs_manual_grade=False)
    return data


def test_a_submission_is_plain_data_with_all_that_nbgrader_holds(db_url):
    data = gradebook.submission(db_url, PS, "ada")
    assert data == json.loads(json.dumps(data))
    assert data["student"] == {
        "id": "ada", "first_name": "Ada", "last_name": "L.", "email": "ada@example.org", "lms_user_id": "7"
    }  # fmt: skip
    assert data["timestamp"] == "2026-02-01T01:02:03.456789"
    assert data["extension"] == timedelta(days=2, minutes=1).total_seconds()
    notebook = data["notebooks"][PS]
    assert (notebook["late_submission_penalty"], notebook["flagged"]) == (0.5, True)
    empty = {"auto_score": None, "manual_score": None, "extra_credit": None, "needs_manual_grade": True}
    assert notebook["grades"] == {
        "mean_test": {**empty, "auto_score": 2.0, "needs_manual_grade": False},
        "essay": {"auto_score": None, "manual_score": 2.5, "extra_credit": 0.25, "needs_manual_grade": False},
        "free": empty,
    }
    assert notebook["comments"] == {
        "mean": {"auto_comment": "No response.", "manual_comment": None},
        "essay": {"auto_comment": None, "manual_comment": "Well said."},
        "free": {"auto_comment": None, "manual_comment": None},
    }


def test_who_handed_in_nothing_has_no_submission(db_url):
    assert gradebook.submission(db_url, PS, "eve") is None
    assert gradebook.submission(db_url, PS, "nobody") is None


def test_the_structure_is_plain_data_with_all_cells(db_url):
    data = gradebook.structure(db_url, PS)
    assert data == json.loads(json.dumps(data))
    assert (data["name"], data["duedate"], data["course"]) == (PS, "2026-01-31T12:00:00", "default_course")
    notebook = data["notebooks"][PS]
    assert notebook["kernelspec"] == '{"name": "python3"}'
    assert [(cell["kind"], cell["name"]) for cell in notebook["cells"]] == [
        ("grade", "essay"), ("grade", "mean_test"), ("solution", "essay"), ("solution", "mean"),
        ("source", "essay"), ("source", "mean_test"), ("task", "free"),
    ]  # fmt: skip
    assert notebook["cells"][5] == {
        "kind": "source", "name": "mean_test", "cell_type": "code", "locked": True, "source": "assert é",
        "checksum": "ab",
    }  # fmt: skip
    assert notebook["cells"][1] == {"kind": "grade", "name": "mean_test", "max_score": 2.0, "cell_type": "code"}


@pytest.mark.slow
def test_a_created_gradebook_is_one_that_nbgrader_would_create(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # nbgrader: alembic
    theirs, ours = f"sqlite:///{tmp_path}/theirs.db", f"sqlite:///{tmp_path}/deep/ours.db"
    for _ in range(2):
        create(ours)
    api.Gradebook(theirs).close()
    api.Gradebook(ours).close()
    assert everything(theirs) == everything(ours)
    one, other = (inspect(create_engine(url)) for url in (theirs, ours))
    for name in one.get_table_names():
        assert repr(one.get_columns(name)) == repr(other.get_columns(name))


def test_merging_what_is_there_changes_nothing(db_url):
    before = everything(db_url)
    for student in ("ada", "bob"):
        gradebook.merge(db_url, PS, student, gradebook.submission(db_url, PS, student))
    assert everything(db_url) == before


def test_a_scratch_gradebook_holds_what_a_worker_needs(db_url, tmp_path):
    path = tmp_path / "scratch.db"
    for student in ("ada", "bob"):
        gradebook.write_scratch(
            path, gradebook.structure(db_url, PS), gradebook.submission(db_url, PS, student), student
        )
        scratch = f"sqlite:///{path}"
        assert gradebook.structure(scratch, PS) == gradebook.structure(db_url, PS)
        assert gradebook.submission(scratch, PS, student) == gradebook.submission(db_url, PS, student)
        with api.Gradebook(scratch) as gb:
            assert [person.id for person in gb.students] == [student]
            assert gb.find_submission(PS, student).score == (4.75 if student == "ada" else 0)
        path.unlink()


def test_a_first_submission_is_graded_by_nbgrader_in_a_scratch_gradebook_and_merged(db_url, tmp_path):
    path = tmp_path / "scratch.db"
    gradebook.write_scratch(path, gradebook.structure(db_url, PS), None, "eve")
    with api.Gradebook(f"sqlite:///{path}") as gb:
        gb.update_or_create_student("eve")
        gb.update_or_create_submission(PS, "eve", timestamp="2026-01-30 10:00:00 UTC")
        gb.find_grade("mean_test", PS, PS, "eve").auto_score = 1.5
        gb.db.commit()
    graded = gradebook.submission(f"sqlite:///{path}", PS, "eve")
    others = {student: gradebook.submission(db_url, PS, student) for student in ("ada", "bob")}
    gradebook.merge(db_url, PS, "eve", graded)
    assert gradebook.submission(db_url, PS, "eve") == graded
    assert {student: gradebook.submission(db_url, PS, student) for student in ("ada", "bob")} == others


def test_a_scratch_gradebook_never_overwrites_a_file(tmp_path, db_url):
    (tmp_path / "gradebook").write_text("precious")
    with pytest.raises(CourseError, match="is there already"):
        gradebook.write_scratch(tmp_path / "gradebook", gradebook.structure(db_url, PS), None, "eve")


def test_merging_keeps_what_people_wrote_while_the_worker_ran(db_url):
    graded = graded_anew(db_url, "ada", mean_test=1.0, essay=0.0)
    graded["timestamp"], graded["extension"] = "2026-02-02T00:00:00", None
    graded["notebooks"][PS].update(late_submission_penalty=None, flagged=False)
    graded["notebooks"][PS]["comments"]["mean"]["auto_comment"] = None
    with api.Gradebook(db_url) as gb:
        gb.find_grade("mean_test", PS, PS, "ada").manual_score = 1.75
        gb.find_comment("mean", PS, PS, "ada").manual_comment = "Nearly."
        gb.find_student("ada").last_name = "Lovelace"
        gb.db.commit()
    gradebook.merge(db_url, PS, "ada", graded)
    data = gradebook.submission(db_url, PS, "ada")
    notebook = data["notebooks"][PS]
    assert notebook["grades"]["mean_test"] == {
        "auto_score": 1.0, "manual_score": 1.75, "extra_credit": None, "needs_manual_grade": False
    }  # fmt: skip
    assert notebook["grades"]["essay"]["manual_score"] == 2.5
    assert notebook["grades"]["essay"]["extra_credit"] == 0.25
    assert notebook["comments"]["mean"] == {"auto_comment": None, "manual_comment": "Nearly."}
    assert notebook["comments"]["essay"]["manual_comment"] == "Well said."
    assert data["student"]["last_name"] == "Lovelace"
    assert data["extension"] == timedelta(days=2, minutes=1).total_seconds()
    assert data["timestamp"] == "2026-02-02T00:00:00"
    assert (notebook["late_submission_penalty"], notebook["flagged"]) == (None, True)


def test_a_merge_that_fails_half_way_leaves_nothing_behind(db_url):
    graded = graded_anew(db_url, "ada", mean_test=0.0)
    graded["timestamp"] = "2026-02-02T00:00:00"
    graded["notebooks"][PS]["comments"]["no_such_cell"] = {"auto_comment": None, "manual_comment": None}
    before = everything(db_url)
    with pytest.raises(CourseError, match="no_such_cell"):
        gradebook.merge(db_url, PS, "ada", graded)
    assert everything(db_url) == before


def test_marks_of_another_student_are_refused(db_url):
    with pytest.raises(CourseError, match="'bob'"):
        gradebook.merge(db_url, PS, "ada", gradebook.submission(db_url, PS, "bob"))


def test_two_students_are_merged_at_the_same_time(db_url):
    errors = []

    def work(student, mark):
        try:
            for _ in range(5):
                gradebook.merge(db_url, PS, student, graded_anew(db_url, student, mean_test=mark))
        except CourseError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=args) for args in (("ada", 0.5), ("bob", 1.5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for student, mark in (("ada", 0.5), ("bob", 1.5)):
        assert gradebook.submission(db_url, PS, student)["notebooks"][PS]["grades"]["mean_test"]["auto_score"] == mark


# A new structure


def cell(data, kind, name):
    return next(c for c in data["notebooks"][PS]["cells"] if (c["kind"], c["name"]) == (kind, name))


def without(data, name):
    cells = data["notebooks"][PS]["cells"]
    cells[:] = [c for c in cells if c["name"] != name]
    return data


def test_cells_come_go_and_change_points_with_submissions_there(db_url):
    new = without(gradebook.structure(db_url, PS), "free")
    cell(new, "grade", "mean_test")["max_score"] = 4.0
    new["notebooks"][PS]["cells"] += [
        {"kind": "grade", "name": "mean_test2", "max_score": 1.0, "cell_type": "code"},
        {"kind": "source", "name": "mean_test2", "cell_type": "code", "locked": True, "source": "1", "checksum": "x"},
    ]
    new["duedate"] = None
    others = gradebook.snapshot(db_url, "ps2_other")
    graded = graded_anew(db_url, "ada", mean_test=3.5)
    del graded["notebooks"][PS]["grades"]["free"], graded["notebooks"][PS]["comments"]["free"]
    graded["notebooks"][PS]["grades"]["mean_test2"] = {"auto_score": 0.5, "needs_manual_grade": False}
    assert gradebook.apply(db_url, new, {"ada": graded}) == []
    ada, bob = (gradebook.submission(db_url, PS, name)["notebooks"][PS] for name in ("ada", "bob"))
    assert set(ada["grades"]) == set(bob["grades"]) == {"mean_test", "mean_test2", "essay"}
    assert set(ada["comments"]) == {"mean", "essay"}
    assert (ada["grades"]["mean_test"]["auto_score"], ada["grades"]["mean_test2"]["auto_score"]) == (3.5, 0.5)
    assert bob["grades"]["mean_test2"] == {
        "auto_score": None, "manual_score": None, "extra_credit": None, "needs_manual_grade": True
    }  # fmt: skip
    assert gradebook.structure(db_url, PS)["duedate"] == "2026-01-31T12:00:00"
    assert gradebook.snapshot(db_url, "ps2_other") == others
    with api.Gradebook(db_url) as gb:
        assert gb.find_assignment(PS).max_score == 8
        assert gb.find_submission(PS, "ada").score == 3.5 + 0.5 + 2.75
        for table in (api.Grade, api.Comment):  # no row hangs in the air
            assert gb.db.query(table).filter(~table.cell_id.in_(gb.db.query(api.BaseCell.id))).count() == 0


def test_a_mark_by_hand_above_a_lowered_maximum_is_lowered_and_flagged(db_url):
    new = gradebook.structure(db_url, PS)
    cell(new, "grade", "essay")["max_score"] = 2.0
    assert gradebook.apply(db_url, new, {}) == [Clamped("ada", PS, "essay", 2.5, 2.0)]
    essay = gradebook.submission(db_url, PS, "ada")["notebooks"][PS]["grades"]["essay"]
    assert essay == {"auto_score": None, "manual_score": 2.0, "extra_credit": 0.25, "needs_manual_grade": True}
    assert gradebook.apply(db_url, new, {}) == []


def test_a_bonus_by_hand_above_a_maximum_that_did_not_change_stays(db_url):
    with api.Gradebook(db_url) as gb:
        gb.find_grade("essay", PS, PS, "ada").manual_score = 9.0
        gb.db.commit()
    before = everything(db_url)
    assert gradebook.apply(db_url, gradebook.structure(db_url, PS), {}) == []
    assert everything(db_url) == before


def test_a_new_problem_set_comes_into_a_new_gradebook(db_url, new_database):
    new = new_database()
    gradebook.apply(new, gradebook.structure(db_url, PS), {})
    assert gradebook.structure(new, PS) == gradebook.structure(db_url, PS)


def test_a_change_of_structure_that_fails_leaves_the_old_one(db_url):
    new = without(gradebook.structure(db_url, PS), "mean_test")
    before = everything(db_url)
    with pytest.raises(CourseError, match="mean_test"):
        gradebook.apply(db_url, new, {"ada": gradebook.submission(db_url, PS, "ada")})
    assert everything(db_url) == before


# Snapshots


def test_a_snapshot_is_of_both_structure_and_submissions(db_url):
    taken = gradebook.snapshot(db_url, PS)
    assert taken == json.loads(json.dumps(taken))
    assert taken["structure"] == gradebook.structure(db_url, PS)
    assert taken["submissions"] == {name: gradebook.submission(db_url, PS, name) for name in ("ada", "bob")}


def test_restoring_what_is_there_changes_nothing(db_url):
    before = everything(db_url)
    gradebook.restore(db_url, PS, gradebook.snapshot(db_url, PS))
    assert everything(db_url) == before


def test_a_snapshot_of_another_problem_set_is_refused(db_url):
    with pytest.raises(CourseError, match="ps2_other"):
        gradebook.restore(db_url, PS, gradebook.snapshot(db_url, "ps2_other"))


def test_a_snapshot_replaces_only_the_one_that_is_expected(db_url):
    before = gradebook.snapshot(db_url, PS)
    mark(db_url, {"manual_score": 1.0})
    after, rows = gradebook.snapshot(db_url, PS), everything(db_url)
    with pytest.raises(gradebook.Changed, match="changed in the meantime"):
        gradebook.restore(db_url, PS, before, expected=before)
    assert everything(db_url) == rows
    gradebook.restore(db_url, PS, before, expected=after)
    assert gradebook.snapshot(db_url, PS) == before


def test_a_snapshot_comes_back_into_an_empty_gradebook(db_url, new_database):
    taken, new = gradebook.snapshot(db_url, PS), new_database()
    gradebook.restore(new, PS, taken)
    assert gradebook.snapshot(new, PS) == taken


def remove_notebook(db_url, _):
    with api.Gradebook(db_url) as gb:
        gb.remove_submission_notebook(PS, PS, "ada")


def remove_submission(db_url, student):
    with api.Gradebook(db_url) as gb:
        gb.remove_submission(PS, student)


def remove_assignment(db_url, _):
    with api.Gradebook(db_url) as gb:
        gb.remove_assignment(PS)


def hand_in(db_url, student):
    with api.Gradebook(db_url) as gb:
        gb.update_or_create_submission(PS, student, timestamp=datetime(2026, 3, 1))


def remove_cell(db_url, name):
    gradebook.apply(db_url, without(gradebook.structure(db_url, PS), name), {})


def change_points(db_url, value):
    new = gradebook.structure(db_url, PS)
    for found in new["notebooks"][PS]["cells"]:
        if "max_score" in found:
            found["max_score"] = value
    gradebook.apply(db_url, new, {})


def mark(db_url, values):
    write_rows(db_url, api.Grade, values)


def comment(db_url, values):
    write_rows(db_url, api.Comment, values)


def write_rows(db_url, table, values):
    with api.Gradebook(db_url) as gb:
        for row in gb.db.query(table):
            for name, value in values.items():
                setattr(row, name, value)
        gb.db.commit()


SCORES = st.none() | st.floats(0, 10)
MARKS = {"auto_score": SCORES, "manual_score": SCORES, "extra_credit": SCORES, "needs_manual_grade": st.booleans()}
COMMENTS = {"auto_comment": st.none() | st.just("No response."), "manual_comment": st.none() | st.just("Ω")}
CHANGES = st.one_of(
    st.tuples(st.sampled_from([remove_notebook, remove_assignment]), st.none()),
    st.tuples(st.sampled_from([remove_submission, hand_in]), st.sampled_from(["ada", "bob", "eve"])),
    st.tuples(st.just(remove_cell), st.sampled_from(["mean", "mean_test", "essay", "free"])),
    st.tuples(st.just(change_points), st.floats(0.5, 5)),
    st.tuples(st.just(mark), st.fixed_dictionaries(MARKS)),
    st.tuples(st.just(comment), st.fixed_dictionaries(COMMENTS)),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Return a function that makes a filled gradebook quickly."""
    folder = tmp_path_factory.mktemp("filled")
    fill(f"sqlite:///{folder}/gradebook.db")

    def fresh():
        shutil.copy(folder / "gradebook.db", folder / "copy.db")
        return f"sqlite:///{folder}/copy.db"

    return fresh


@pytest.mark.slow
@settings(max_examples=12)
@given(changes=st.lists(CHANGES, min_size=1, max_size=4))
def test_restoring_brings_the_same_snapshot_whatever_was_done(filled, changes):
    db_url = filled()
    before = gradebook.snapshot(db_url, PS)
    others = gradebook.snapshot(db_url, "ps2_other")
    gradebook.merge(db_url, PS, "ada", gradebook.submission(db_url, PS, "ada"))
    assert gradebook.snapshot(db_url, PS) == before
    for change, value in changes:
        with contextlib.suppress(api.MissingEntry, CourseError):  # a former change left nothing to change
            change(db_url, value)
    changed = {f.__name__ for f, _ in changes} & {"mark", "comment"}
    others = gradebook.snapshot(db_url, "ps2_other") if changed else others
    gradebook.restore(db_url, PS, before)
    assert gradebook.snapshot(db_url, PS) == before
    assert gradebook.snapshot(db_url, "ps2_other") == others


@given(marks=st.fixed_dictionaries(MARKS), comments=st.fixed_dictionaries(COMMENTS))
@settings(max_examples=15)
def test_merging_any_marks_that_are_there_changes_nothing(filled, marks, comments):
    db_url = filled()
    mark(db_url, marks)
    comment(db_url, comments)
    before = everything(db_url)
    gradebook.merge(db_url, PS, "ada", gradebook.submission(db_url, PS, "ada"))
    assert everything(db_url) == before


# Databases that do not work


def test_a_gradebook_that_is_not_there_is_not_made_by_reading(tmp_path):
    path = tmp_path / "gradebook.db"
    with pytest.raises(CourseError, match=r"no gradebook .*gradebook\.db"):
        gradebook.structure(f"sqlite:///{path}", PS)
    assert not path.exists()


def test_an_unknown_problem_set_is_named(db_url):
    with pytest.raises(CourseError, match=r"'ps9'.*generate_assignment ps9"):
        gradebook.snapshot(db_url, "ps9")


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_text("no database at all, but some text that is long enough to be looked at" * 100)
    with pytest.raises(CourseError, match="not a database"):
        gradebook.structure(f"sqlite:///{path}", PS)


def test_an_error_never_tells_the_password():
    with pytest.raises(CourseError) as caught:
        gradebook.structure("postgresql+psycopg://course:secret@/gradebook?host=/nowhere", PS)
    assert "secret" not in str(caught.value)
    assert "/nowhere" in str(caught.value)


def test_a_url_that_is_none_is_said_to_be_none():
    with pytest.raises(CourseError, match="no database URL"):
        gradebook.structure("gradebook.db", PS)


def test_only_scratch_databases_do_not_wait_for_the_disk(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    create(url)

    def waits():
        with reading(url) as session:
            return session.execute(text("PRAGMA synchronous")).scalar() != 0

    with hasty_databases():
        assert not waits()
    assert waits()
