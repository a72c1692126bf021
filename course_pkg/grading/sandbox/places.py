"""Where a kernel lives: what it may read, its environment, its run folder, and the copy of a submission in it."""

from __future__ import annotations

import functools
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import course_pkg
from course_pkg.datasets import DIR_VAR, cache_dir
from course_pkg.errors import CourseError
from course_pkg.grading.sandbox import leftovers
from course_pkg.grading.sandbox.limits import MB, Limits

__all__ = [
    "HOME",
    "RunFolder",
    "clean_environment",
    "copy_submission",
    "libraries",
    "new_folder",
    "student_environment",
    "system_files",
]

HOME = "/student"
"""The home folder in a kernel with a file system of its own."""

_LONGEST_PATH = 56  # of the folder for sockets: with their names it must stay below the 108 bytes of an address
# not for each folder: where kernels start cold, every notebook gets one
_sweep_once = functools.cache(leftovers.remove_leftovers)
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/timezone",
    "/sys/devices/system/cpu",
)
_KEPT = ("LANG", "LC_ALL", "TZ", "COURSE_PRESET", "KERAS_BACKEND", "NBGRADER_EXECUTION")
_FIXED = {
    "PATH": "/usr/bin:/bin",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",  # one order of sets, warm or cold
    "PYTHONNOUSERSITE": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "JOBLIB_MULTIPROCESSING": "0",  # no processes; so no semaphores either, which need shared memory
}


class RunFolder:
    """One kernel's folder: ``ipc`` with its connection file and sockets, ``home`` with its scratch.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sockets = path / "ipc"
        self.home = path / "home"
        self.scratch = self.home / "work"
        self.temporary = self.home / "tmp"

    def make(self) -> None:
        """Make its folders, and lay the list of fonts in them, which matplotlib would take seconds to make."""
        for folder in (self.sockets, self.scratch, self.temporary):
            folder.mkdir(parents=True)
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
        for fonts in cache.glob("fontlist-*.json"):
            own = self.home / ".cache" / "matplotlib"
            own.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fonts, own / fonts.name)


def new_folder() -> Path:
    """Make a private folder whose path is short enough for sockets, and remove those that killed processes have left.

    Raises
    ------
    CourseError
        If there is no place for one.
    """
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        if parent and len(parent) < _LONGEST_PATH and os.access(parent, os.W_OK | os.X_OK):
            _sweep_once(Path(parent))
            folder = Path(tempfile.mkdtemp(prefix=leftovers.PREFIX, dir=parent))
            leftovers.mark_as_ours(folder)
            return folder
    raise CourseError(
        "No folder for the kernels' sockets: let TMPDIR name one that you can write to, with a short path."
    )


def libraries() -> list[str]:
    """Return the folders that a kernel needs to import the lab: Python's, this package, the data sets."""
    package = Path(course_pkg.__file__).parent
    wanted = [Path(sys.prefix), Path(sys.base_prefix), package, *_data_sets()]
    return [str(path) for path in dict.fromkeys(wanted) if not path.is_relative_to("/usr")]


def system_files() -> list[str]:
    """Return the files and folders of the operating system that a kernel may read."""
    return [path for path in _SYSTEM if os.path.lexists(path)]


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that holds no secret: an allow-list, and nothing else.

    Parameters
    ----------
    environment : mapping of str to str
        The grader's own.
    """
    kept = {*_KEPT, *course_pkg.presets.settings()}
    found = {name: value for name, value in environment.items() if name in kept}
    found |= {"LANG": found.get("LANG", "C.UTF-8"), **_FIXED}
    data_sets = _data_sets()
    return {**found, DIR_VAR: str(data_sets[0])} if data_sets else found


def student_environment(environment: Mapping[str, str], home: str) -> dict[str, str]:
    """Return the environment of a student's kernel, from a clean one."""
    clean = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    return {**clean, "HOME": home, "TMPDIR": f"{home}/tmp", "JPY_PARENT_PID": "1"}


def copy_submission(source: Path, target: Path, limits: Limits) -> None:
    """Copy what a student handed in, but for notebooks, which are not the kernel's to read.

    Links, devices and hidden files are left out.

    Parameters
    ----------
    source, target : Path
    limits : Limits

    Raises
    ------
    CourseError
        If it is larger than the scratch may be.
    """
    size = 0
    for count, file in enumerate(_regular_files(source), start=1):
        size += file.stat().st_size
        if size > limits.scratch_mb * MB or count > limits.files:
            raise CourseError(f"{source} holds more than {limits.scratch_mb} MB or {limits.files:,} files.")
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy, follow_symlinks=False)


def _regular_files(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for name in sorted(files):
            file = Path(path, name)
            hidden = name.startswith(".") or name.endswith(".ipynb")
            if not hidden and stat.S_ISREG(file.lstat().st_mode):
                yield file


def _data_sets() -> list[Path]:
    named = os.environ.get(DIR_VAR)
    return [path for path in (Path(named).resolve() if named else None, cache_dir()) if path and path.is_dir()]
