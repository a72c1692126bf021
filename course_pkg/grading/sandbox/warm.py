"""The process that forks kernels: warm, it has imported the heavy libraries once; cold, it is there for one kernel.

``python -m course_pkg.grading.sandbox.warm SETTINGS`` is started by `starters`. Its standard input is a socket. Warm,
it ends when that is closed, which happens when its owner ends, however that ends, or when nobody has wanted a kernel
for a while. Cold, the order for the one kernel comes through it.

It runs nothing of the libraries, for a process that has run a TensorFlow operation must not fork. For each order it
forks a keeper, which reads the order, forks the kernel, and ends with it. So no order, and nothing that is in one, is
ever in the memory that later kernels inherit.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import NoReturn

from course_pkg.grading.sandbox import system, wire
from course_pkg.grading.sandbox.kernel import Order, become_kernel
from course_pkg.startup import look_up_modules

__all__ = ["Settings", "check_that_it_may_fork", "main"]

_LOOK_EVERY_S = 1.0
_EVERY_KERNEL = [
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.crashhandler",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.shellapp",
    "IPython.extensions.storemagic",
    "comm",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "numpy",
    "pyseccomp",
    "sqlite3",
]


@dataclass(frozen=True)
class Settings:
    """What such a process is told when it starts.

    Parameters
    ----------
    listener : int or None
        The descriptor of the socket on which orders arrive; None for a cold start.
    folder : str
        Of the kernels' folders.
    imports : list of str
        Modules to import once, beside those that every kernel needs.
    idle_s : float
        How long to wait for the next order.
    """

    listener: int | None = None
    folder: str = ""
    imports: list[str] = field(default_factory=list)
    idle_s: float = 300.0


def main(settings: Settings) -> None:
    """Serve orders.

    Parameters
    ----------
    settings : Settings
    """
    owner = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # number 0 stays taken, lest a pipe gets it
    os.close(nothing)
    sys.path[:] = [path for path in sys.path if path]
    for name in (*_EVERY_KERNEL, *settings.imports):
        importlib.import_module(name)
    if settings.listener is not None:
        look_up_modules()  # for all kernels to come; a cold one does it when it has a traceback to show
    _prepare_to_fork()
    if settings.listener is None:
        _keep(owner)
    with socket.socket(fileno=settings.listener) as listener:
        _serve(listener, owner, settings.idle_s)
    # An owner that was killed has left it behind. What is a mount point in here stays.
    shutil.rmtree(settings.folder, ignore_errors=True)


def _prepare_to_fork() -> None:
    check_that_it_may_fork()
    gc.collect()
    gc.freeze()  # what all kernels share need not be copied for its reference counts


def check_that_it_may_fork() -> None:
    """Refuse to serve where a fork would deadlock sooner or later.

    Raises
    ------
    RuntimeError
        If TensorFlow's runtime is initialised, or threads run.
    """
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._initialized:
        raise RuntimeError("TensorFlow's runtime was initialised by an import; kernels forked from here would hang")
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"an import started threads; {threads} run, and a fork would copy their locks")


def _serve(listener: socket.socket, owner: socket.socket, idle_s: float) -> None:
    keepers = 0
    last = time.monotonic()
    while keepers or time.monotonic() - last < idle_s:
        ready, _, _ = select.select([listener, owner], [], [], _LOOK_EVERY_S)
        if owner in ready:
            return
        if listener in ready:
            connection, _ = listener.accept()
            if os.fork() == 0:
                owner.close()
                listener.close()
                _keep(connection)
            connection.close()
            keepers += 1
            last = time.monotonic()
        while keepers and os.waitpid(-1, os.WNOHANG)[0]:
            keepers -= 1
            last = time.monotonic()


def _keep(connection: socket.socket) -> NoReturn:
    """Start the kernel that is ordered through a connection; end with it, or end it when the connection closes."""
    status = 1
    try:
        order, events = _read_order(connection)
        if order.mode == "bubblewrap":
            system.new_namespaces()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be_kernel(order, events, writer, connection)
        os.close(writer)
        os.close(events)
        status = _watch(connection, pid, reader)
    except EOFError:
        pass  # whoever called has thought better of it
    except BaseException:
        _say(connection, {"error": traceback.format_exc(limit=-3)})
    os._exit(status)


def _read_order(connection: socket.socket) -> tuple[Order, int]:
    message, descriptors = wire.receive(connection)
    return Order(**message), descriptors[0]


def _watch(connection: socket.socket, pid: int, reader: int) -> int:
    """Tell when the kernel is ready and how it ended."""
    kernel = os.pidfd_open(pid)
    select.select([connection.fileno(), reader], [], [])
    said = os.read(reader, 1 << 16) if select.select([reader], [], [], 0)[0] else b""
    if said == b"ready":
        wire.send(connection, {"ready": True}, [kernel])
    else:
        wire.send(connection, {"error": said.decode("utf-8", "replace") or "the kernel ended before it was ready"})
    if connection.fileno() in select.select([connection.fileno(), kernel], [], [])[0]:
        signal.pidfd_send_signal(kernel, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    _say(connection, {"exit": code})
    return 0


def _be_kernel(order: Order, events: int, writer: int, connection: socket.socket) -> NoReturn:
    status = 1
    try:
        system.die_with_parent()
        connection.detach()
        os.setsid()
        _close_all_but({0, 1, 2, events, writer})

        def ready() -> None:
            os.write(writer, b"ready")
            os.close(writer)

        become_kernel(order, events, ready)
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        with contextlib.suppress(OSError):  # it is closed if the kernel was ready
            os.write(writer, traceback.format_exc(limit=-3).encode())
    os._exit(status)


def _close_all_but(kept: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # the one of the listing itself
                os.close(int(name))


def _say(connection: socket.socket, message: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        wire.send(connection, message)


if __name__ == "__main__":
    main(Settings(**json.loads(sys.argv[1])))
