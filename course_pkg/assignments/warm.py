"""Start kernels quickly: one process imports the heavy libraries once, and forks a kernel whenever it is asked for one.

The kernels are ordinary ones, described by an ordinary kernelspec, so that nbgrader and Jupyter need not know. What
they start is `launcher.py`: it asks the warm process for a kernel, stands for it, and ends when it ends.

The warm process imports, and runs nothing: a process that has run a TensorFlow operation must not fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_pkg.assignments import launcher
from course_pkg.startup import look_up_modules

__all__ = ["KERNEL", "LIBRARIES", "main", "warm_kernels"]

KERNEL = "warm"
"""The name of the kernel."""

_LOOK_EVERY_S = 1
LIBRARIES = (
    "course_pkg.checks",
    "course_pkg.datasets",
    "course_pkg.evaluation",
    "course_pkg.initializers",
    "course_pkg.networks",
    "course_pkg.plots",
    "course_pkg.range_test",
    "course_pkg.replicates",
    "course_pkg.schedules",
    "course_pkg.seeds",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "pandas",
    "scipy.stats",
    "sklearn.model_selection",
    "statsmodels.api",
    "tensorflow",
)
"""What a warm process imports once: the lab, and what problem sets use."""


@contextmanager
def warm_kernels(folder: Path) -> Iterator[dict[str, str]]:
    """Offer warm kernels as long as the context lasts.

    Parameters
    ----------
    folder : Path
        Where the kernelspec and the socket go.

    Yields
    ------
    dict of str to str
        Environment variables for the processes that shall find the kernel `KERNEL`.
    """
    address = folder / "warm.sock"
    spec = folder / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-I", "-S", launcher.__file__, str(address), "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Warm", "language": "python"}))
    paths = [str(folder), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    environment.pop("JPY_PARENT_PID", None)
    with (folder / "warm.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(address)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
        )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError(f"The warm process did not start:\n{(folder / 'warm.log').read_text()[-2000:]}")
        yield {"JUPYTER_PATH": os.pathsep.join(paths)}
    finally:
        process.kill()
        process.communicate()


def main(address: str) -> None:
    """Import, then fork a kernel for each connection, until standard input closes.

    Parameters
    ----------
    address : str
        Path of the socket to listen on.
    """
    for name in LIBRARIES:
        importlib.import_module(name)
    look_up_modules()
    gc.collect()
    gc.freeze()  # what all kernels share need not be copied for its reference counts
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the kernels: their connection says that they ended
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        # Nobody reads this pipe any more. Kernels say a line each, and a full pipe would stop every one of them.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _become_kernel(connection)
            connection.close()


def _become_kernel(connection: socket.socket) -> None:
    """Run a kernel in this process, which has just been forked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    request = json.loads(connection.makefile().readline())
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    _forget_shared_randomness()
    threading.Thread(target=_obey, args=(connection,), daemon=True).start()
    from ipykernel.kernelapp import IPKernelApp

    status = 1
    with contextlib.suppress(BaseException):
        IPKernelApp.launch_instance(argv=request["argv"])
        status = 0
    os._exit(status)


def _obey(connection: socket.socket) -> None:
    """Pass interrupts on, and end when the launcher or the warm process is gone, however it went."""
    parent = os.getppid()
    while os.getppid() == parent:
        if select.select([connection], [], [], _LOOK_EVERY_S)[0]:
            if not connection.recv(1):
                break
            os.kill(os.getpid(), signal.SIGINT)
    os._exit(1)


def _forget_shared_randomness() -> None:
    """Let two kernels draw different numbers where nobody sets a seed."""
    import numpy as np

    random.seed()
    np.random.seed()


if __name__ == "__main__":
    main(sys.argv[1])
