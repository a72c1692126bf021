"""What a student handed in: the files that the problem set lists, and a note of everything else.

Only regular files are read, and only those that were handed out. Nothing follows a link, opens a device or waits for
a pipe, so a submission cannot bring the gradebook, a classmate's work or a module of its own to where it is graded.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

__all__ = ["LARGEST_FILE", "TIMESTAMP", "Submission", "handed_out", "read_submission", "set_aside_unlisted"]

LARGEST_FILE = 50_000_000
"""Bytes of a file; a larger one is not read."""

TIMESTAMP = "timestamp.txt"
"""Where nbgrader's collection writes when something was handed in."""

_NAME = re.compile(r"""[^<>&"\\\x00-\x1f\x7f]+""")
_MOST_NOTES = 20
_CRUMBS = (".ipynb_checkpoints", "__pycache__", "*.pyc", ".DS_Store", "Thumbs.db", "desktop.ini", "feedback")
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """What counts of what a student handed in.

    Parameters
    ----------
    student, problem_set : str
    files : mapping of str to bytes
        The listed files by their path within the submission.
    deviations : tuple of dict
        What was left out: ``cell`` (here the file) and ``what``.
    events : tuple of dict
        Links and devices: ``what`` and ``where``.
    refused : str
        Why it is not graded at all; empty if it is.
    """

    student: str
    problem_set: str
    files: Mapping[str, bytes]
    deviations: tuple[Mapping[str, str], ...] = ()
    events: tuple[Mapping[str, str], ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class _Stray:
    """Something in a submission that does not count."""

    path: str
    what: str
    suspicious: bool

    @property
    def name(self) -> str:
        """Its path, for people and for JSON."""
        return _readable(self.path)


def handed_out(release: Path) -> frozenset[str]:
    """Return the paths of the files that a student may hand in: those of the release, and nbgrader's timestamp.

    Parameters
    ----------
    release : Path
        The folder of the problem set's release.
    """
    found = (path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file())
    return frozenset({TIMESTAMP, *(name for name in found if not _is_crumb(name))})


def read_submission(folder: Path, student: str, problem_set: str, listed: Collection[str]) -> Submission:
    """Read what counts of a submission.

    Parameters
    ----------
    folder : Path
        The submission; in it lie the notebooks.
    student, problem_set : str
    listed : collection of str
        The files that count, as `handed_out` returns them.
    """
    if _readable(student) != student:
        student = _readable(student)
        return Submission(student, problem_set, {}, refused=f"{student!r} is no text in UTF-8. Rename the folder.")
    if not _NAME.fullmatch(student):
        why = 'Formgrader writes it into its pages as it is. Rename the folder, without < > & " and \\.'
        return Submission(student, problem_set, {}, refused=f"{student!r} cannot be a student's name. {why}")
    for path in (folder, folder.parent):
        if not stat.S_ISDIR(path.lstat().st_mode):
            what = _kind(path) or "a file"
            event = {"what": f"the folder itself is {what}", "where": path.name}
            return Submission(student, problem_set, {}, (), (event,), f"The folder {path.name} is {what}.")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Submission(student, problem_set, {}, refused=f"The folder {folder.name} cannot be read.")
    files, strays = {}, []
    for found in _look_through(folder, listed):
        if isinstance(found, _Stray):
            strays.append(found)
            continue
        try:
            files[found] = _read(folder / found)
        except OSError as error:
            strays.append(_Stray(found, f"cannot be read ({error.strerror}); it is left out", suspicious=False))
    return Submission(
        student,
        problem_set,
        files,
        tuple(_noted(strays)),
        tuple({"what": stray.what, "where": stray.name} for stray in strays if stray.suspicious)[:_MOST_NOTES],
        next((f"{s.name}: {s.what}." for s in strays if s.path in listed and s.path.endswith(".ipynb")), ""),
    )


def set_aside_unlisted(*, assignment: str, student: str, notebooks: list[str], release: PurePath) -> None:
    """Move what does not count out of a submission before nbgrader copies it: a ``pre_convert_hook``.

    nbgrader calls it in the course's folder, submission by submission. What is moved lies in
    ``submitted/STUDENT/.set_aside/PROBLEM_SET`` afterwards; links are moved as links.

    Parameters
    ----------
    assignment, student : str
        As nbgrader passes them; `student` may be a pattern for many.
    notebooks : list of str
        Paths of the notebooks that nbgrader is about to grade; those that do not count are taken off the list.
    release : PurePath
        The folder of the releases, within the course.

    Raises
    ------
    SystemExit
        If something cannot be moved. nbgrader would go on, and copy it, after any other error.
    """
    folder = Path(notebooks[0]).parent
    aside = folder.parent / ".set_aside" / folder.name
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise OSError(f"{folder} is or lies in a symbolic link; remove it")
        found = _look_through(folder, handed_out(Path(release) / assignment))
        for stray in [one for one in found if isinstance(one, _Stray)]:
            _log.warning("%s: %s; it is moved to %s", folder / stray.name, stray.what, aside)
            target = _unused(aside / stray.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(folder / stray.path, target)
            notebooks[:] = [path for path in notebooks if Path(path) != folder / stray.path]
    except Exception as error:  # nbgrader would go on after any that it sees
        raise SystemExit(f"error: {folder} cannot be made safe to grade: {error}. Nothing of it was graded.") from error


def _look_through(folder: Path, listed: Collection[str], within: str = "") -> Iterator[str | _Stray]:
    """Find the listed, regular files of a sensible size, by name, and whatever else there is."""
    try:
        entries = sorted(os.scandir(folder / within), key=lambda entry: entry.name)
    except OSError as error:
        yield _Stray(within.rstrip("/"), f"cannot be read ({error.strerror}); it is left out", suspicious=False)
        return
    for entry in entries:
        name = f"{within}{entry.name}"
        if kind := _kind(Path(entry.path)):
            yield _Stray(name, f"is {kind}; it is left out", suspicious=True)
        elif entry.is_dir(follow_symlinks=False) and any(path.startswith(f"{name}/") for path in listed):
            yield from _look_through(folder, listed, f"{name}/")
        elif _is_crumb(name):
            continue
        elif entry.is_dir(follow_symlinks=False) or name not in listed:
            yield _Stray(name, "was not handed out; it is left out", suspicious=False)
        elif (size := entry.stat(follow_symlinks=False).st_size) > LARGEST_FILE:
            yield _Stray(name, f"has {size:,} bytes, more than {LARGEST_FILE:,}; it is left out", suspicious=False)
        else:
            yield name


def _readable(path: str) -> str:
    """Write a path whose bytes are no text so that it is one."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unused(path: Path) -> Path:
    """Return a path like this one at which nothing lies: the same may be set aside each time something is handed in."""
    number, found = 1, path
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}.{number}")
    return found


def _kind(path: Path) -> str:
    """Say what it is if it is neither a file nor a folder."""
    kind = stat.S_IFMT(path.lstat().st_mode)
    if kind == stat.S_IFLNK:
        return f"{_KINDS[kind]} to {os.readlink(path)!r}"
    return _KINDS.get(kind, "")


def _is_crumb(name: str) -> bool:
    """Tell what computers leave behind from what people hand in."""
    return any(fnmatch(part, pattern) for part in PurePath(name).parts for pattern in _CRUMBS)


def _read(path: Path) -> bytes:
    """Read a regular file, whatever has become of it since it was looked at."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read(LARGEST_FILE)


def _noted(strays: Collection[_Stray]) -> Iterator[dict[str, str]]:
    for stray in list(strays)[:_MOST_NOTES]:
        yield {"cell": stray.name, "what": stray.what}
    if len(strays) > _MOST_NOTES:
        yield {"cell": "…", "what": f"and {len(strays) - _MOST_NOTES:,} more files that were not handed out"}
