"""Turn a forked process into a Jupyter kernel, confined as it was asked for."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_pkg.grading.sandbox.confinement import confine, private_files, readable_files
from course_pkg.grading.sandbox.events import note_attempts
from course_pkg.grading.sandbox.limits import Limits, apply_limits
from course_pkg.grading.sandbox.places import RunFolder, student_environment
from course_pkg.grading.sandbox.system_calls import restrict_calls

__all__ = ["Order", "become_kernel"]


@dataclass(frozen=True)
class Order:
    """What a kernel shall be.

    Parameters
    ----------
    mode : {"bubblewrap", "landlock", "none"}
    folder : str
        Its run folder.
    arguments : list of str
        Of ipykernel.
    libraries : list of str
        What a confined kernel may read beside the system's own files.
    limits : dict
        See `Limits`.
    environment : dict or None
        Of the examiner's kernel; None for a student's, which gets a clean one.
    """

    mode: str
    folder: str
    arguments: list[str]
    libraries: list[str]
    limits: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] | None = None


def become_kernel(order: Order, events: int, ready: Callable[[], None]) -> None:
    """Confine this process, and run a kernel in it until it ends.

    Parameters
    ----------
    order : Order
    events : int
        Where to tell what the kernel attempts.
    ready : callable
        Called when the kernel's sockets are open and everything is in force.
    """
    limits = Limits(**order.limits)
    folder = RunFolder(Path(order.folder))
    has_namespaces = order.mode == "bubblewrap"
    if has_namespaces:
        folder = private_files(folder, limits)
    _settle(order.environment, folder)
    if order.mode == "none":
        apply_limits(limits, count_threads=False)
    else:
        confine(folder, order.libraries, limits, has_namespaces=has_namespaces)
    _begin_like_all()
    app = _kernel(order.arguments)
    if order.mode != "none":
        restrict_calls(shared_files=not has_namespaces)
        note_attempts(events, readable_files(order.libraries, has_namespaces=has_namespaces), _own(folder))
    os.chdir(folder.scratch)
    ready()
    app.start()


def _settle(environment: dict[str, str] | None, folder: RunFolder) -> None:
    """Take up the environment, and nobody's terminal."""
    clean = student_environment(os.environ, str(folder.home))
    os.environ.clear()
    os.environ.update(clean if environment is None else {**environment, "IPYTHONDIR": str(folder.home / ".ipython")})
    # Not yet the scratch: a module there that is named like one of ipykernel's would be imported half confined.
    os.chdir(folder.home)
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _begin_like_all() -> None:
    """Begin all kernels alike, warm or cold: what nobody seeds draws the same numbers in each."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)


def _kernel(arguments: list[str]) -> Any:
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["ipykernel_launcher", *arguments]
    app: Any = IPKernelApp.instance()
    app.initialize(arguments)
    # `exit()` in a cell would end the kernel a moment later, in the middle of somebody else's cell or test
    app.shell.ask_exit = lambda: None
    return app


def _own(folder: RunFolder) -> list[str]:
    return [str(folder.home), "/dev/shm"]
