"""Kernel managers and clients for kernels of the sandbox, which are ready as soon as they have started."""

from __future__ import annotations

import queue
import time
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_core.utils import ensure_async, run_sync

from course_pkg.grading.sandbox.specifications import SandboxSpecifications
from course_pkg.grading.values import SIZE

__all__ = ["blocking_client", "examiner_manager", "student_manager"]

_LOOK_AGAIN_S = 0.2
_FEW = 8
_LARGEST = 2 * SIZE + (1 << 20)  # bytes of a message: an answer, in which every character may be escaped


async def _ready(client: Any, timeout: float | None = None) -> None:
    """Wait until a kernel answers, and its outputs arrive.

    jupyter_client's own way waits for 0.2 seconds of silence at the end. Here, what the kernel put out for our question
    is read up to its last message.
    """
    await _answers(client, timeout, to_the_last=True)


async def _answers(client: Any, timeout: float | None = None, to_the_last: bool = False) -> None:
    """Wait until a kernel answers."""
    until = time.monotonic() + (60.0 if timeout is None else timeout)
    while time.monotonic() < until:
        question = client.kernel_info()
        try:
            reply = await ensure_async(client.shell_channel.get_msg(timeout=1))
            if reply["parent_header"].get("msg_id") != question:
                continue
            while to_the_last and not _is_last(
                await ensure_async(client.iopub_channel.get_msg(timeout=_LOOK_AGAIN_S)), question
            ):
                continue
            return
        except queue.Empty:
            if not await ensure_async(client.is_alive()):
                raise RuntimeError("The kernel died before it answered.") from None
    raise RuntimeError(f"The kernel did not answer within {timeout:g} seconds.")


def _is_last(message: Any, question: str) -> bool:
    is_ours = message["parent_header"].get("msg_id") == question
    return bool(is_ours and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle")


class _AsyncClient(AsyncKernelClient):
    wait_for_ready = _ready

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        _bound(self)
        super().start_channels(*args, **{**kwargs, "stdin": False})  # nobody reads it while cells run


class _BlockingClient(BlockingKernelClient):
    wait_for_ready = run_sync(_ready)

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        _bound(self)
        super().start_channels(*args, **kwargs)


class _AskingClient(_BlockingClient):
    """One that puts a question and waits for the answer: outputs are not for it, nor many messages at a time."""

    wait_for_ready = run_sync(_answers)

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        self.context.setsockopt(zmq.RCVHWM, _FEW)
        super().start_channels(*args, **{**kwargs, "iopub": False, "hb": False})


def _bound(client: Any) -> None:
    """Let the sockets refuse what is too large while it comes in, before it fills this process's memory."""
    client.context.setsockopt(zmq.MAXMSGSIZE, _LARGEST)


class _StudentManager(AsyncKernelManager):
    def client(self, **kwargs: Any) -> Any:
        return _AsyncClient(**self.get_connection_info(session=True), parent=self, **kwargs)


class _ExaminerManager(KernelManager):
    def client(self, **kwargs: Any) -> Any:
        return _BlockingClient(**self.get_connection_info(session=True), parent=self, **kwargs)


def student_manager(limits: dict[str, Any] | None = None) -> Any:
    """Return a manager, as nbclient wants it, whose kernel is a student's.

    Parameters
    ----------
    limits : dict, optional
        See `limits.Limits`; what is not named has its default.

    Returns
    -------
    jupyter_client.AsyncKernelManager
    """
    return _StudentManager(kernel_spec_manager=SandboxSpecifications("student", limits))


def examiner_manager(limits: dict[str, Any] | None = None) -> Any:
    """Return a manager whose kernel is the examiner's.

    Parameters
    ----------
    limits : dict, optional

    Returns
    -------
    jupyter_client.KernelManager
    """
    return _ExaminerManager(kernel_spec_manager=SandboxSpecifications("examiner", limits))


def blocking_client(manager: Any) -> Any:
    """Return another client of a running kernel, which waits for what it asks."""
    client = _AskingClient(parent=manager)
    client.load_connection_info(manager.get_connection_info())  # with a session of its own, to get its own answers
    return client
