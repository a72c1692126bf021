"""How kernels are confined: what is wished, by the environment, and what this computer can do."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

from course_pkg.errors import CourseError
from course_pkg.grading.sandbox import landlock

__all__ = [
    "ALLOW_UNSAFE",
    "MODES",
    "MODE_VARIABLE",
    "WARM_VARIABLE",
    "chosen_mode",
    "is_warm",
    "problem_with",
]

MODES = ("bubblewrap", "landlock", "none")
"""From the strongest to none at all."""

MODE_VARIABLE, WARM_VARIABLE, ALLOW_UNSAFE = "COURSE_SANDBOX", "COURSE_WARM", "COURSE_ALLOW_UNSAFE"

_FIRST_TRUNCATE = 3  # the version of Landlock that also protects files from being cut


def chosen_mode() -> str:
    """Return the mode that `COURSE_SANDBOX` names, or the strongest that holds here.

    Raises
    ------
    CourseError
        If the named one does not hold here, or none does and nobody said that this is all right.
    """
    named = os.environ.get(MODE_VARIABLE)
    if named and named not in MODES:
        raise CourseError(f"{MODE_VARIABLE} is {named!r}; it may be one of: {', '.join(MODES)}.")
    for mode in [named] if named else MODES:
        problem = problem_with(mode)
        if not problem:
            return mode
        if named:
            raise CourseError(f"The sandbox {named!r} does not hold here: {problem}.")
    raise CourseError(
        "No sandbox holds here, and students' code would run with your rights. `course doctor` says what to install; "
        f"`--allow-unsafe` (or {ALLOW_UNSAFE}=1) grades without one.",
        details="\n".join(f"{mode}: {problem_with(mode)}" for mode in MODES),
    )


def is_warm() -> bool:
    """Tell whether kernels are to be forked from a warm process; `COURSE_WARM` says so, and yes is the default.

    Raises
    ------
    CourseError
        If it is neither 0 nor 1.
    """
    named = os.environ.get(WARM_VARIABLE) or "1"
    if named not in ("0", "1"):
        raise CourseError(f"{WARM_VARIABLE} is {named!r}; it may be 0 or 1.")
    return named == "1"


def problem_with(mode: str) -> str:
    """Say why a mode does not hold here; nothing if it does.

    Parameters
    ----------
    mode : {"bubblewrap", "landlock", "none"}
    """
    if mode == "none":
        return "" if os.environ.get(ALLOW_UNSAFE) == "1" else f"it confines nothing, and {ALLOW_UNSAFE} is not 1"
    if sys.platform != "linux":
        return "it needs Linux"
    return _problem_with_calls() or (_problem_with_namespaces() if mode == "bubblewrap" else _problem_with_landlock())


@functools.cache
def _problem_with_calls() -> str:
    try:
        import pyseccomp  # type: ignore[import-untyped]

        pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    except (ImportError, OSError, RuntimeError) as error:
        return f"libseccomp is missing ({error}): apt-get install libseccomp2"
    return ""


def _problem_with_landlock() -> str:
    found = landlock.version()
    if found == 0:
        return "this kernel has no Landlock, or it is switched off: Linux 6.2 or newer, with landlock in its lsm= list"
    if found < _FIRST_TRUNCATE:
        return f"Landlock's version is {found}; {_FIRST_TRUNCATE} is needed, which Linux 6.2 has"
    return ""


@functools.cache
def _problem_with_namespaces() -> str:
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap is missing: apt-get install bubblewrap"
    # within: what a kernel does once more, a namespace and a /proc of its own
    inner = ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--mount-proc", "true"]
    command = [program, "--unshare-all", "--bind", "/", "/", "--dev", "/dev", *inner]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run ({error})"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
    return f"this system lets nobody make user namespaces ({said[0]}); containers and Ubuntu 24.04 forbid them"
