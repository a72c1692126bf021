"""The audit trail of marks that were changed afterwards: one line for each change, appended and never rewritten.

The file is JSON Lines. A run that is killed while it writes leaves half a line; it stays where it is, and is skipped by
whoever reads.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from course_pkg.errors import cannot_write
from course_pkg.grading.differences import Difference

__all__ = ["Entry", "append", "digest", "entries", "read"]


@dataclass(frozen=True)
class Entry:
    """One mark that was changed.

    Parameters
    ----------
    when : str
        UTC, as ISO text.
    who : str
    why : str
    action : str
        ``regrade``, ``undo``, or ``run`` for a submission that was graded anew.
    change : str
        The name of the change that it belongs to, which has its folder in ``grading/regrades``; empty for a run.
    problem_set, student, task : str
    old, new : float or None
        The mark that counts; None where there is none.
    what : str
        What about the task or its mark changed.
    source : str
        SHA-256 of the notebook with the tests.
    environment : mapping of str to str
        Versions of what graded.
    """

    when: str
    who: str
    why: str
    action: str
    change: str
    problem_set: str
    student: str
    task: str
    old: float | None
    new: float | None
    what: str
    source: str
    environment: Mapping[str, str]


def entries(
    found: Sequence[Difference],
    *,
    action: str,
    problem_set: str,
    source: str,
    environments: Mapping[str, Mapping[str, str]],
    change: str = "",
    why: str = "",
) -> tuple[Entry, ...]:
    """Return the entries for marks that differ, of now and by whoever runs this.

    Parameters
    ----------
    found : sequence of Difference
    action, problem_set, source, change, why : str
        As in `Entry`.
    environments : mapping
        Student to versions.
    """
    when, who = _now(), _whoever_runs_this()
    return tuple(
        Entry(
            when=when,
            who=who,
            why=why,
            action=action,
            change=change,
            problem_set=problem_set,
            student=one.student,
            task=one.task,
            old=one.old,
            new=one.new,
            what=one.why,
            source=source,
            environment=environments.get(one.student, {}),
        )
        for one in found
    )


def digest(folder: Path) -> str:
    """Return the SHA-256 of the notebooks in a folder.

    Parameters
    ----------
    folder : Path
    """
    result = hashlib.sha256()
    for path in sorted(folder.glob("*.ipynb")):
        result.update(path.name.encode() + b"\0" + path.read_bytes())
    return result.hexdigest()


def append(path: Path, entries: Sequence[Entry]) -> None:
    """Add entries at the end, and wait until they are on the disk. Entries that are there already are left out.

    So a run that was killed after some of them can be finished by adding all of them again.

    Parameters
    ----------
    path : Path
    entries : sequence of Entry

    Raises
    ------
    CourseError
        If the file cannot be written.
    """
    there = set(map(_line, read(path)))
    lines = [line for line in map(_line, entries) if line not in there]
    if not lines:
        return
    text = ("" if _ends_with_a_line(path) else "\n") + "".join(f"{line}\n" for line in lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            rest = text.encode("utf-8")
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from error


def read(path: Path, student: str | None = None) -> list[Entry]:
    """Return all entries, or one student's, from the oldest to the newest.

    Parameters
    ----------
    path : Path
        It need not be there.
    student : str, optional
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    entries = [entry for line in lines if (entry := _entry(line)) is not None]
    return [entry for entry in entries if student is None or entry.student == student]


def _now() -> str:
    """Return the time as entries tell it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _whoever_runs_this() -> str:
    """Return the name of the person at this computer."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run with a number that has no name
        return f"user {os.getuid()}"


def _line(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True)


def _entry(line: str) -> Entry | None:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _ends_with_a_line(path: Path) -> bool:
    if not path.is_file() or not path.stat().st_size:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
