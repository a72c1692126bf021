"""Write files so that a killed run or a full disk never leaves half of one behind."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from course_pkg.errors import cannot_write

__all__ = ["move_into_place", "write_atomically"]


def write_atomically(path: Path | str, text: str) -> None:
    """Write `text` (UTF-8) to a temporary file beside `path`, then rename it.

    Parameters
    ----------
    path : path
        The file. Its folder is made if need be.
    text : str

    Raises
    ------
    CourseError
        If the disk is full or the folder cannot be written. The old file, if any, is untouched.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes it private
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise cannot_write(path, error) from error


def move_into_place(source: Path, target: Path) -> None:
    """Rename a finished file over the last good one.

    Parameters
    ----------
    source, target : Path
        On the same file system.

    Raises
    ------
    CourseError
        If the target's folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
    except OSError as error:
        raise cannot_write(target, error) from error
