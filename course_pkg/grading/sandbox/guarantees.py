"""What confines students' code on this computer, what does not, and how to get the rest."""

from __future__ import annotations

import os
from dataclasses import dataclass

from course_pkg.errors import CourseError
from course_pkg.grading.sandbox import landlock
from course_pkg.grading.sandbox.modes import chosen_mode, problem_with

__all__ = ["Guarantee", "guarantees"]


@dataclass(frozen=True)
class Guarantee:
    """One thing that a student's code cannot do, or can.

    Parameters
    ----------
    topic, what : str
    holds : bool
    cure : str
        What to do where it does not hold.
    """

    topic: str
    what: str
    holds: bool
    cure: str = ""


_CONFINED = ("bubblewrap", "landlock")
_CHOOSE = "unset COURSE_SANDBOX, for it holds here"
_HIDDEN = "files outside its scratch do not exist for it, beside the libraries, which are read-only"
_CLOSED = "files outside its scratch cannot be opened, beside the libraries; that they exist can be seen"
_ALWAYS = [
    Guarantee("Network", "no sockets, of any kind", True),
    Guarantee("Programs", "starts no program and no process; threads are fine", True),
    Guarantee("Limits", "memory, processor time, wall time, file size, threads, size of the scratch", True),
]


def guarantees() -> list[Guarantee]:
    """Say what holds in the mode that would be chosen here and now.

    Returns
    -------
    list of Guarantee
        First the mode itself. Where there is none, that alone.
    """
    try:
        mode = chosen_mode()
    except CourseError as error:
        return [Guarantee("Sandbox", f"none. {error}", False, "; ".join(_cure(mode) for mode in _CONFINED))]
    if mode == "none":
        return [Guarantee("Sandbox", "none: students' code runs with your rights", False, _CHOOSE)]
    found = [Guarantee("Sandbox", mode, True), *_ALWAYS]
    found += _of_bubblewrap() if mode == "bubblewrap" else _of_landlock()
    return [*found, *_of_root(mode)]


def _of_bubblewrap() -> list[Guarantee]:
    second = landlock.version() > 0
    return [
        Guarantee("Files", _HIDDEN, True),
        Guarantee("Processes", "sees none but itself", True),
        Guarantee(
            "Second wall",
            "Landlock guards the files once more" if second else "none: the namespaces alone guard the files",
            second,
            "" if second else _cure("landlock"),
        ),
    ]


def _of_landlock() -> list[Guarantee]:
    found = landlock.version()
    return [
        Guarantee("Files", _CLOSED, False, f"bubblewrap gives it a file system of its own; {_cure('bubblewrap')}"),
        Guarantee(
            "Processes",
            "others cannot be signalled, traced or looked into; their numbers can be guessed",
            False,
            "bubblewrap gives it a list of processes of its own",
        ),
        Guarantee(
            "Sizes",
            f"the scratch's size and the threads are watched from outside, ten times a second (Landlock {found})",
            False,
            "bubblewrap lets the system keep these limits",
        ),
    ]


def _cure(mode: str) -> str:
    return f"for {mode}: {problem_with(mode) or _CHOOSE}"


def _of_root(mode: str) -> list[Guarantee]:
    if os.getuid() != 0:
        return []
    what = "students' code runs without any of root's capabilities, but its user is still root"
    if mode == "landlock":
        what += ", and Landlock alone keeps it from root's files"
    return [Guarantee("Root", what, False, "grade as an ordinary user")]
