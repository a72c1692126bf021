"""Folders that a grading which was killed has left behind, and how the next one knows them.

Each folder says to which process it belongs: its number, when it started, and the namespace in which the number counts.
Where no such process runs any more, the folder is nobody's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from pathlib import Path

__all__ = ["PREFIX", "mark_as_ours", "remove_leftovers"]

PREFIX = "course-run-"
"""How the folders' names begin."""

_OWNER = "owner"
_OLD_S = 60  # an empty folder may be one that another process has just made


def mark_as_ours(folder: Path) -> None:
    """Write into a folder that it belongs to this process."""
    with contextlib.suppress(OSError):  # no /proc: nothing is swept here either
        (folder / _OWNER).write_text(_identity(os.getpid()))


def remove_leftovers(parent: Path) -> list[Path]:
    """Remove the folders of this user's processes that are gone.

    A folder that lies in another namespace's charge, such as another container's, is left alone.

    Returns
    -------
    list of Path
        What was removed.
    """
    found = [folder for folder in parent.glob(f"{PREFIX}*") if _is_abandoned(folder)]
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _is_abandoned(folder: Path) -> bool:
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return False
        owner = folder / _OWNER
        if not owner.exists():  # a warm process empties its folder, but cannot remove the place at which it is mounted
            return time.time() - status.st_mtime > _OLD_S and not any(folder.iterdir())
        said = owner.read_text()
        number, _, namespace = said.split()
        return namespace == _namespace() and said != _identity_if_it_runs(int(number))
    except (OSError, ValueError):
        return False


def _identity(number: int) -> str:
    started = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{number} {started} {_namespace()}"


def _identity_if_it_runs(number: int) -> str:
    try:
        return _identity(number)
    except OSError:
        return ""


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid")
