"""Taking a change back: the old marks return, later work stays. The property holds for any marks."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from course_pkg.grading.taking_back import taken_back

EMPTY = {"auto_score": None, "manual_score": None, "extra_credit": None, "needs_manual_grade": True}


def submission(tasks, marks):
    """A submission with the tasks' automatic marks, and comments to their solutions."""
    return {
        "student": {"id": "ada"},
        "timestamp": None,
        "extension": None,
        "notebooks": {
            "nb": {
                "late_submission_penalty": None,
                "flagged": False,
                "grades": {task: {**EMPTY, "auto_score": mark} for task, mark in zip(tasks, marks, strict=True)},
                "comments": {task: {"auto_comment": None, "manual_comment": None} for task in tasks},
            }
        },
    }


def snapshot(tasks, **students):
    kinds = ("grade", "solution", "source")
    cells = [{"kind": kind, "name": task, "points": len(tasks)} for kind in kinds for task in sorted(tasks)]
    structure = {"name": "ps", "duedate": None, "notebooks": {"nb": {"kernelspec": "", "cells": cells}}}
    return {
        "structure": structure,
        "submissions": {n: submission(sorted(tasks), marks) for n, marks in students.items()},
    }


TASKS = st.sets(st.sampled_from(["t1", "t2", "t3"]), min_size=1)


@st.composite
def snapshots(draw):
    tasks = draw(TASKS)
    names = draw(st.sets(st.sampled_from(["ada", "bob", "eve"])))
    marks = st.lists(st.none() | st.integers(0, 3), min_size=len(tasks), max_size=len(tasks))
    return snapshot(tasks, **{name: draw(marks) for name in names})


@given(snapshots(), snapshots())
def test_without_later_work_all_is_as_it_was(before, after):
    target, kept = taken_back(before, after, copy.deepcopy(after))
    assert target == before
    assert kept == []


@given(snapshots())
def test_taking_nothing_back_leaves_any_later_marks(before):
    current = copy.deepcopy(before)
    for data in current["submissions"].values():
        for row in data["notebooks"]["nb"]["grades"].values():
            row["manual_score"] = 2.5
    assert taken_back(before, before, current) == (current, [])


@given(snapshots(), snapshots(), st.sampled_from(["manual_score", "extra_credit"]))
def test_later_marks_by_hand_stay_where_there_is_still_a_cell(before, after, what):
    current = copy.deepcopy(after)
    for data in current["submissions"].values():
        for row in data["notebooks"]["nb"]["grades"].values():
            row[what] = 2.5
    target, kept = taken_back(before, after, current)
    assert kept == []
    assert target["structure"] == before["structure"]
    for name, data in before["submissions"].items():
        for task, row in data["notebooks"]["nb"]["grades"].items():
            now = target["submissions"][name]["notebooks"]["nb"]["grades"][task]
            there = name in after["submissions"] and task in after["submissions"][name]["notebooks"]["nb"]["grades"]
            assert now == ({**row, what: 2.5} if there else row)


def test_students_who_were_graded_anew_keep_their_marks_in_the_old_cells():
    before = snapshot({"t1", "t2"}, ada=[1, 1], bob=[1, 1])
    after = snapshot({"t1", "t3"}, ada=[2, 2], bob=[2, 2])
    current = snapshot({"t1", "t3"}, ada=[3, 3], bob=[2, 2], zoe=[3, 3])
    target, kept = taken_back(before, after, current)
    assert kept == ["ada", "zoe"]
    marks = {name: data["notebooks"]["nb"]["grades"] for name, data in target["submissions"].items()}
    assert marks["bob"] == before["submissions"]["bob"]["notebooks"]["nb"]["grades"]
    for name in kept:
        assert marks[name] == {"t1": {**EMPTY, "auto_score": 3}, "t2": EMPTY}


def test_a_new_due_date_and_extension_stay():
    before, after = snapshot({"t1"}, ada=[1]), snapshot({"t1"}, ada=[2])
    current = copy.deepcopy(after)
    current["structure"]["duedate"] = "2026-03-01T00:00:00"
    current["submissions"]["ada"]["extension"] = 3600.0
    target, _ = taken_back(before, after, current)
    assert target["structure"]["duedate"] == "2026-03-01T00:00:00"
    assert target["submissions"]["ada"]["extension"] == 3600.0
    assert target["submissions"]["ada"]["notebooks"]["nb"]["grades"]["t1"]["auto_score"] == 1
