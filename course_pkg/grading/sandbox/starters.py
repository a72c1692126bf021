"""Start kernels: by a warm process that this one owns or was lent, or cold."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import course_pkg
from course_pkg.assignments.warm import LIBRARIES
from course_pkg.grading.sandbox.modes import chosen_mode, is_warm
from course_pkg.grading.sandbox.places import HOME, RunFolder, clean_environment, libraries, new_folder, system_files

__all__ = ["ROLES", "WarmProcess", "cold_kernel", "lent_warm_processes", "start_warm_processes", "warm_kernel"]

ROLES = ("student", "examiner")
"""Each has a warm process of its own: what is the examiner's is never in a process that students' kernels come from."""

_PROGRAM = "course_pkg.grading.sandbox.warm"
_SOON_S = 1.0
_TRACEBACKS = ["pygments.formatters.terminal256", "pygments.styles.default", "stack_data"]
_OWN = ["course_pkg.grading.bench", "course_pkg.grading.student"]
_IMPORTS = [*LIBRARIES, *_OWN, *_TRACEBACKS, "keras", "sklearn.linear_model"]


class WarmProcess:
    """A warm process; see `warm`.

    Parameters
    ----------
    mode : {"bubblewrap", "landlock", "none"}
    imports : list of str
        What it imports once.
    idle_s : float
        After how long without a kernel it ends.
    """

    def __init__(self, mode: str, imports: list[str], idle_s: float = 300.0) -> None:
        self.folder = new_folder()
        self._owner, theirs = socket.socketpair()
        # Ours from the beginning: orders wait in it until everything is imported.
        with theirs, socket.socket(socket.AF_UNIX) as listener, (self.folder / "log").open("wb") as log:
            listener.bind(str(_address(self.folder)))
            listener.listen()
            settings = {"listener": listener.fileno(), "folder": str(self.folder), "imports": imports, "idle_s": idle_s}
            self._process = _started(mode, self.folder, settings, theirs, log.fileno(), (listener.fileno(),))
        self._pid = os.getpid()
        os.register_at_fork(after_in_child=self._owner.close)  # a child that lives on must not keep it alive

    def close(self) -> None:
        """Let it end, and remove its kernels' folders."""
        if os.getpid() != self._pid:
            return
        self._owner.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # while it imports, it notices a little later
            self._process.wait(_SOON_S)
        shutil.rmtree(self.folder, ignore_errors=True)


def warm_kernel(role: str, mode: str) -> tuple[Path, socket.socket]:
    """Connect to a warm process: the one that was lent to this process, or its own, which is started where needed.

    Parameters
    ----------
    role : {"student", "examiner"}
    mode : {"bubblewrap", "landlock", "none"}

    Returns
    -------
    folder : Path
        In which the kernel's run folder must lie.
    connection : socket.socket
        On which the kernel is to be ordered.
    """
    lent_mode, _, lent = os.environ.get(_variable(role), "").partition(":")
    if lent and lent_mode == mode:
        with contextlib.suppress(OSError):
            return Path(lent), _connected(Path(lent))
    with _lock:
        with contextlib.suppress(OSError):  # it has ended, for it was idle
            return _own_process(role, mode).folder, _connected(_own_process(role, mode).folder)
        _own.pop((role, mode)).close()
        return _own_process(role, mode).folder, _connected(_own_process(role, mode).folder)


def cold_kernel(mode: str) -> tuple[Path, socket.socket]:
    """Start a process for one kernel only.

    Returns
    -------
    folder : Path
        In which the kernel's run folder must lie; for the caller to remove.
    connection : socket.socket
        On which the kernel is to be ordered.
    """
    folder = new_folder()
    ours, theirs = socket.socketpair()
    with theirs, (folder / "log").open("wb") as log:
        process = _started(mode, folder, {}, theirs, log.fileno())
    # it is this process's child, and somebody must fetch its exit status
    threading.Thread(target=process.wait, daemon=True).start()
    return folder, ours


def start_warm_processes() -> dict[str, str]:
    """Start both warm processes, side by side, where `COURSE_WARM` wants them and nobody has lent this process any.

    Returns
    -------
    dict of str to str
        Environment variables that lend them to other processes.
    """
    if not is_warm():
        return {}
    variables = {}
    for role, mode in (("student", chosen_mode()), ("examiner", "none")):
        variable = _variable(role)
        if variable in os.environ:
            variables[variable] = os.environ[variable]
            continue
        with _lock:
            variables[variable] = f"{mode}:{_own_process(role, mode).folder}"
    return variables


@contextlib.contextmanager
def lent_warm_processes() -> Iterator[None]:
    """Start both warm processes, and lend them to this process's children as long as the context lasts."""
    variables = start_warm_processes()
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


_lock = threading.Lock()
_own: dict[tuple[str, str], WarmProcess] = {}


@atexit.register
def _close_all() -> None:
    while _own:
        _own.popitem()[1].close()


def _own_process(role: str, mode: str) -> WarmProcess:
    if (role, mode) not in _own:
        _own[role, mode] = WarmProcess(mode, _IMPORTS)
    return _own[role, mode]


def _variable(role: str) -> str:
    return f"COURSE_WARM_{role.upper()}"


def _address(folder: Path) -> Path:
    return folder / "warm.sock"


def _connected(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(_address(folder)))
    except OSError:
        connection.close()
        raise
    return connection


def _started(
    mode: str,
    folder: Path,
    settings: dict[str, object],
    stdin: socket.socket,
    log: int,
    inherited: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start the program that forks kernels; it sees no more than they need, and knows no secret."""
    own = RunFolder(folder / "own")
    own.make()
    package = str(Path(course_pkg.__file__).parent.parent)
    environment = {**clean_environment(os.environ), "HOME": str(own.home), "TMPDIR": str(own.temporary)}
    environment["PYTHONPATH"] = package
    command = [sys.executable, "-m", _PROGRAM, json.dumps(settings)]
    if mode == "bubblewrap":
        command = [*_bubblewrap(folder), *command]
    return subprocess.Popen(
        command,
        stdin=stdin.fileno(),
        stdout=log,
        stderr=log,
        env=environment,
        cwd="/",
        start_new_session=True,
        pass_fds=inherited,
    )


def _bubblewrap(folder: Path) -> list[str]:
    """Return the command that gives the program a file system of its own: read-only, and nothing of the user's."""
    words = ["bwrap", "--unshare-all", "--uid", str(os.getuid() or 65534), "--gid", str(os.getgid() or 65534)]
    # the system's own /proc: only below one without holes may a kernel mount its own
    words += ["--cap-drop", "ALL", "--hostname", "grader", "--bind", "/proc", "/proc", "--dev", "/dev"]
    words += ["--dir", HOME]
    for path in dict.fromkeys([*system_files(), *libraries()]):
        link = Path(path).is_symlink()
        words += ["--symlink", os.readlink(path), path] if link else ["--ro-bind", path, path]
    return [*words, "--bind", str(folder), str(folder), "--chdir", "/", "--remount-ro", "/"]
