"""A handle on a kernel that another process has forked, which looks to jupyter_client like a `subprocess.Popen`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from pathlib import Path

from course_pkg.grading.sandbox import wire

__all__ = ["KernelProcess"]

_KILLED = -signal.SIGKILL


class KernelProcess:
    """A running kernel.

    Parameters
    ----------
    connection : socket.socket
        To its keeper. When it closes, the kernel is killed.
    descriptor : int
        A pidfd of the kernel.
    """

    stdin = stdout = stderr = None  # as of a Popen without pipes

    def __init__(self, connection: socket.socket, descriptor: int) -> None:
        self._connection = connection
        self._descriptor = descriptor
        self.pid = _pid_here(descriptor)
        self.returncode: int | None = None
        self._lock = threading.Lock()  # the watchdog may end it while another thread waits for it

    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it has ended, for `timeout` seconds at most; return its exit status, None while it runs."""
        return self._ended(timeout)

    def send_signal(self, number: int) -> None:
        """Send a signal to it; nothing happens if it has ended."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """End it, and all it may have started."""
        if self.returncode is None:
            # a process group only where kernels may start processes; a confined one is alone
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(self.pid) == self.pid:
                    os.killpg(self.pid, signal.SIGKILL)
            self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """End it."""
        self.kill()

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._descriptor], [], [], timeout)[0]:
            status = self._status()
            with self._lock:
                self.returncode = status
                os.close(self._descriptor)
                self._connection.close()
        return self.returncode

    def _status(self) -> int:
        self._connection.settimeout(1)
        try:
            message, _ = wire.receive(self._connection)
            return int(message["exit"])
        except (EOFError, OSError, ValueError, KeyError):
            return _KILLED  # its keeper went with it


def _pid_here(descriptor: int) -> int:
    """Return the process's number as this process knows it; in its own namespace it may be another."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise ProcessLookupError("the kernel's process cannot be seen from here")
