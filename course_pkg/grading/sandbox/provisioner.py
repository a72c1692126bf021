"""The kernel provisioner `course-sandbox`: Jupyter asks it for kernels, and it has them confined and watched."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import socket
import uuid
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Dict, Enum, Unicode

from course_pkg.errors import CourseError
from course_pkg.grading.sandbox import wire
from course_pkg.grading.sandbox.events import read_events
from course_pkg.grading.sandbox.kernel import Order
from course_pkg.grading.sandbox.limits import Limits
from course_pkg.grading.sandbox.modes import chosen_mode, is_warm
from course_pkg.grading.sandbox.places import RunFolder, copy_submission, libraries
from course_pkg.grading.sandbox.processes import KernelProcess
from course_pkg.grading.sandbox.starters import ROLES, cold_kernel, warm_kernel
from course_pkg.grading.sandbox.watchdog import Watchdog

__all__ = ["SandboxProvisioner"]

_PATIENCE_S = 180.0  # the first order waits until everything is imported
_ENDS_WITHIN_S = 5.0
_HISTORY = "--HistoryManager.hist_file"


class SandboxProvisioner(LocalProvisioner):
    """Starts an IPython kernel for a student, or for the examiner.

    A student's kernel is confined as `COURSE_SANDBOX` says, works in a scratch with a copy of the folder's files (but
    no notebook), and gets a clean environment. An examiner's is limited only, works in an empty folder, and gets the
    grader's environment. What a kernel may use is in `limits`, by the names of `Limits`.
    """

    role = Enum(ROLES, default_value="student", help="Whose kernel it is.").tag(config=True)
    limits = Dict(help="See Limits; what is not named has its default.").tag(config=True)
    mode = Unicode("", help="How the kernel is confined; set when it starts.")
    warm = False

    process: Any = None
    _folder: RunFolder | None = None
    _base: Path | None = None  # for one cold kernel only
    _watchdog: Watchdog | None = None
    _events: int | None = None
    _connection: socket.socket | None = None

    @property
    def peak_memory_mb(self) -> float:
        """The most memory that the kernel was seen to take."""
        return self._watchdog.peak_mb if self._watchdog else 0.0

    @property
    def ended_because(self) -> str:
        """Why the watchdog ended the kernel; empty if it did not."""
        return self._watchdog.reason if self._watchdog else ""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the kernel's folder and its connection file."""
        if self._folder is None:
            self.mode = chosen_mode() if self.role == "student" else "none"
            self.warm = is_warm()
            await asyncio.to_thread(self._make_folder, Path(kwargs.get("cwd") or os.getcwd()))
        assert self._folder is not None
        manager: Any = self.parent
        manager.transport = "ipc"
        manager.ip = str(self._folder.sockets / "s")
        manager.connection_file = str(self._folder.sockets / "kernel.json")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Order the kernel, and wait until its sockets are open and all that confines it is in force."""
        environment = {**kwargs["env"]} if self.role == "examiner" else None
        await asyncio.to_thread(self._launch, _arguments(cmd), environment)
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel; signal 0 asks nothing of it."""
        if self.process is not None and signum:
            self.process.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel, and wait until it has ended."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(_ENDS_WITHIN_S)

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """End what is left of the kernel, and remove its folder unless it is to be started again."""
        await self.kill()
        if self._watchdog is not None:
            self._watchdog.stop()
        if restart:
            return
        for folder in (self._folder.path if self._folder else None, self._base):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        self._folder = self._base = None

    def take_events(self) -> list[dict[str, str]]:
        """Return what the kernel attempted, and forget it."""
        if self._events is None:
            return []
        try:
            return read_events(self._events)
        finally:
            os.close(self._events)
            self._events = None

    def _make_folder(self, submission: Path) -> None:
        if self.warm:
            base, self._connection = warm_kernel(self.role, self.mode)
        else:
            base, self._connection = cold_kernel(self.mode)
            self._base = base
        self._folder = RunFolder(base / uuid.uuid4().hex[:8])
        self._folder.make()
        if self.role == "student":
            copy_submission(submission, self._folder.scratch, Limits(**self.limits))

    def _launch(self, arguments: list[str], environment: dict[str, str] | None) -> None:
        assert self._folder is not None
        if self._connection is None:  # it is started again, in the same folder
            _, self._connection = warm_kernel(self.role, self.mode)
        limits = Limits(**self.limits)
        order = Order(
            mode=self.mode,
            folder=str(self._folder.path),
            arguments=arguments,
            libraries=libraries(),
            limits=dataclasses.asdict(limits),
            environment=environment,
        )
        self.take_events()
        self._events, theirs = os.pipe()
        try:
            reply, descriptors = _ordered(self._connection, order, theirs, self._folder.path.parent / "log")
        finally:
            os.close(theirs)
        if "error" in reply:
            details = str(reply["error"]).strip()
            why = details.splitlines()[-1]
            raise CourseError(f"The kernel could not be started as it must be confined: {why}", details=details)
        process = KernelProcess(self._connection, descriptors[0])
        self._connection = None
        self.process, self.pid = process, process.pid
        # the examiner's kernel runs the course's own code, and to look for deleted files takes milliseconds
        unlimited = self._folder.home if self.role == "student" and self.mode != "bubblewrap" else None
        self._watchdog = Watchdog(process.pid, process.kill, limits, unlimited, is_alone=self.mode != "none")
        self._watchdog.start()


def _arguments(command: list[str]) -> list[str]:
    """Return what an ordinary kernel's command tells ipykernel; its history is never kept.

    Raises
    ------
    CourseError
        If the command starts something else.
    """
    for number, word in enumerate(command):
        if word in ("ipykernel_launcher", "ipykernel"):
            told = [word for word in command[number + 1 :] if not word.startswith(_HISTORY)]
            return [*told, f"{_HISTORY}=:memory:"]
    raise CourseError(f"The sandbox starts IPython kernels only, not {' '.join(command)!r}.")


def _ordered(connection: socket.socket, order: Order, events: int, log: Path) -> tuple[dict[str, Any], list[int]]:
    connection.settimeout(_PATIENCE_S)
    try:
        wire.send(connection, dataclasses.asdict(order), [events])
        return wire.receive(connection)
    except (EOFError, OSError) as error:
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        return {"error": f"The process that forks kernels gives no answer ({error}). {said}"}, []
