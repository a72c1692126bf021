"""The two kernels of an examination, and the wire between them.

The examiner's kernel asks through its own standard input: its prompt is the question, the line that it reads is the
answer. The grader, in between, puts the question to the student's kernel as an expression to evaluate. While that runs,
the student's code may call a function that the test passed in: the same way back. While that function runs, it may call
the student's code, whose kernel then reads a question in the place of a result; and so on. No socket, file or memory is
shared.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

import zmq

__all__ = ["ANSWER", "ASK", "CALL", "RETURN", "ExaminerKernel", "KernelGone", "StudentKernel"]

ASK, ANSWER, CALL, RETURN = "course-ask:", "course-answer:", "course-call:", "course-return:"

_OPEN_DESK = """
def _course_desk():
    from course_pkg.grading.student import Desk
    from IPython import get_ipython
    shell = get_ipython()
    return Desk(shell.user_ns, shell.kernel.raw_input)
_course_desk = _course_desk()
"""

_OPEN_EXAMINATION = """
from course_pkg.grading.bench import Bench as _CourseBench
_course_bench = _CourseBench(get_ipython())
"""

_POLL = 0.25
_DEEPEST = 50

OnCall = Callable[[str, Callable[[str], str]], str]
"""Runs a function of the test's: ``on_call(call, ask) -> result``."""


class KernelGone(Exception):
    """The student's kernel died, hangs, or talks nonsense."""


class StudentKernel:
    """Asks questions of a student's kernel.

    Parameters
    ----------
    client : jupyter_client.BlockingKernelClient
        With channels started.
    alive : callable
        Tells whether the kernel's process lives.
    timeout : float
        Seconds for one question.
    """

    def __init__(self, client: Any, alive: Callable[[], bool], timeout: float) -> None:
        self._client = client
        self._alive = alive
        self._timeout = timeout

    def open_desk(self) -> None:
        """Load what answers questions into the kernel."""
        self._run(_OPEN_DESK, "0", _nobody)

    def responds(self, seconds: float) -> bool:
        """Tell whether the kernel still does what it is asked."""
        patience, self._timeout = self._timeout, seconds
        try:
            self._run("", "0", _nobody)
        except KernelGone:
            return False
        finally:
            self._timeout = patience
        return True

    def answer(self, question: str, on_call: OnCall) -> str:
        """Put a question to the student's desk.

        Parameters
        ----------
        question : str
        on_call : callable
            Runs a function of the test's that the student's code calls: ``on_call(call, ask) -> result``. Meanwhile,
            ``ask(question) -> answer`` puts further questions to the desk.

        Returns
        -------
        str

        Raises
        ------
        KernelGone
            If no answer comes.
        """
        return self._run("", f"_course_desk.shown({question!r})", on_call)

    def _run(self, code: str, expression: str, on_call: OnCall) -> str:
        message = self._client.execute(
            code, silent=True, store_history=False, allow_stdin=True, user_expressions={"answer": expression}
        )
        self._until = time.monotonic() + self._timeout
        while True:
            self._wait()
            prompt = self._prompt()
            if prompt is not None:
                self._client.input(self._result(prompt, on_call, 0))
            reply = self._reply_to(message)
            if reply is not None:
                return _shown(reply)
            self._check()

    def _result(self, prompt: str, on_call: OnCall, depth: int) -> str:
        """Return what the kernel is to read: the result of a function of the test's, which may ask in turn."""
        if not prompt.startswith(CALL):  # an `input` of the student's own
            return ""
        if depth > _DEEPEST:
            raise KernelGone("functions of the test's and of the student's call each other without end")
        return on_call(prompt.removeprefix(CALL), lambda question: self._ask_within(question, on_call, depth + 1))

    def _ask_within(self, question: str, on_call: OnCall, depth: int) -> str:
        """Put a question to a desk that waits for the result of a call."""
        self._client.input(ASK + question)
        while True:
            self._wait()
            prompt = self._prompt()
            if prompt is not None and prompt.startswith(ANSWER):
                return prompt.removeprefix(ANSWER)
            if prompt is not None:
                self._client.input(self._result(prompt, on_call, depth))
            self._check()

    def _check(self) -> None:
        if not self._alive():
            raise KernelGone("the student's kernel died")
        if time.monotonic() > self._until:
            raise KernelGone(f"no answer within {self._timeout:g} seconds")

    def _wait(self) -> None:
        """Wait until the kernel says something, on whatever channel, for a moment at most."""
        poller = zmq.Poller()
        for channel in (self._client.shell_channel, self._client.stdin_channel, self._client.iopub_channel):
            poller.register(channel.socket, zmq.POLLIN)
        poller.poll(int(_POLL * 1000))

    def _reply_to(self, message: str) -> Any:
        try:
            reply = self._client.get_shell_msg(timeout=0)
        except queue.Empty:
            return None
        return reply if _part(reply, "parent_header", "msg_id") == message else None

    def _prompt(self) -> str | None:
        """Return what the student's code asks, if it does, and throw away what it prints."""
        _drain(self._client)
        try:
            return str(_part(self._client.get_stdin_msg(timeout=0), "content", "prompt"))
        except queue.Empty:
            return None


class ExaminerKernel:
    """Runs test cells in the examiner's kernel.

    Parameters
    ----------
    client : jupyter_client.BlockingKernelClient
        With channels started.
    timeout : float
        Seconds for one cell.
    """

    def __init__(self, client: Any, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    def open(self) -> None:
        """Load the examiner's bench into the kernel."""
        reply, _ = self.run(_OPEN_EXAMINATION, None)
        if reply["status"] != "ok":
            raise RuntimeError(f"the examiner's kernel does not start: {reply.get('evalue')}")

    def run(self, code: str, student: Callable[[str, OnCall], str] | None) -> tuple[Any, list[Any]]:
        """Run code, and put its questions to the student's kernel.

        Parameters
        ----------
        code : str
        student : callable, optional
            ``student(question, on_call) -> answer``. Without it, a question is an error.

        Returns
        -------
        reply : dict
            The content of the kernel's reply.
        outputs : list of dict
            The messages that make up the cell's outputs.

        Raises
        ------
        TimeoutError
            If the cell takes too long.
        """
        outputs: list[Any] = []
        reply = self._client.execute_interactive(
            code,
            store_history=False,
            allow_stdin=True,
            stop_on_error=False,  # what comes after a failed test is no part of it
            timeout=self._timeout,
            stdin_hook=lambda message: self._asked(message["content"]["prompt"], student),
            output_hook=outputs.append,
        )
        return reply["content"], outputs

    def is_idle(self, seconds: float) -> bool:
        """Tell whether the kernel does what it is asked: it has finished what it was asked before.

        Parameters
        ----------
        seconds : float
            How long to wait for it.
        """
        patience, self._timeout = self._timeout, seconds
        try:
            self.run("", None)
        except TimeoutError:
            return False
        finally:
            self._timeout = patience
        return True

    def _asked(self, prompt: str, student: Callable[[str, OnCall], str] | None) -> None:
        if student is None or not prompt.startswith(ASK):
            self._client.input("")
            return
        self._client.input(ANSWER + student(prompt.removeprefix(ASK), self._call))

    def _call(self, call: str, ask: Callable[[str], str]) -> str:
        """Let the waiting test run the function that the student's code calls, and put that function's questions."""
        self._client.input(CALL + call)
        while True:
            try:
                prompt = str(self._client.get_stdin_msg(timeout=self._timeout)["content"]["prompt"])
            except queue.Empty:
                raise TimeoutError(f"a function of the test's takes longer than {self._timeout:g} seconds") from None
            if not prompt.startswith(ASK):
                return prompt.removeprefix(RETURN)
            self._client.input(ANSWER + ask(prompt.removeprefix(ASK)))


def _nobody(call: str, ask: Callable[[str], str]) -> str:
    """Stand for the test's functions where there is no test."""
    return ""


def _drain(client: Any) -> None:
    while True:
        try:
            client.get_iopub_msg(timeout=0)
        except queue.Empty:
            return


def _shown(reply: Any) -> str:
    """Return the text of the evaluated expression."""
    text = _part(reply, "content", "user_expressions", "answer", "data", "text/plain")
    if not isinstance(text, str):
        reason = str(_part(reply, "content", "user_expressions", "answer", "ename") or "no reason given")
        raise KernelGone(f"the student's kernel cannot answer ({reason[:60]})")
    return text


def _part(message: Any, *keys: str) -> Any:
    """Return a part of a message; None if it has no such part, for the student's process may have written it."""
    for key in keys:
        message = message.get(key) if isinstance(message, dict) else None
    return message
