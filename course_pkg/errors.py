"""The error that a person at the command line gets: one clear line, and no traceback."""

from __future__ import annotations

import errno
from pathlib import Path

__all__ = ["CourseError", "Interrupted", "cannot_write"]

_WHAT_TO_DO = {
    errno.ENOSPC: "The disk is full: free some space and run the command again.",
    errno.EDQUOT: "Your disk quota is used up: free some space and run the command again.",
    errno.EROFS: "The file system is read-only: work in a copy of the repository that you can write to.",
    errno.EACCES: "You may not write there: check who owns the folder, or work in a copy of your own.",
    errno.EPERM: "You may not write there: check who owns the folder, or work in a copy of your own.",
}


class CourseError(Exception):
    """Something that the user can mend. The message says what, where and what to do.

    Parameters
    ----------
    message : str
        One or two sentences.
    details : str, optional
        More lines to print below it, such as a failing cell and its traceback.
    """

    exit_status = 1

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class Interrupted(CourseError):
    """The user pressed Ctrl-C."""

    exit_status = 130


def cannot_write(path: Path | str, error: OSError) -> CourseError:
    """Turn a failed write into an error that says where and what to do.

    Parameters
    ----------
    path : path
        What was to be written.
    error : OSError
        What the operating system answered.

    Examples
    --------
    >>> import errno
    >>> print(cannot_write("x.json", OSError(errno.ENOSPC, "No space left on device")))
    Cannot write x.json: No space left on device. The disk is full: free some space and run the command again.
    """
    cure = _WHAT_TO_DO.get(error.errno or 0, "What was there before is untouched.")
    return CourseError(f"Cannot write {path}: {error.strerror or error}. {cure}")
