"""The two kernels of an examination, and the wire between them.

The examiner's kernel asks through its own standard input: its prompt is the question, the line that it reads is the
answer. The grader, in between, puts the question to the student's kernel the other way round: once its cells have run,
that kernel reads questions from its standard input, and its next prompt is the answer. While it works on one, the
student's code may call a function that the test passed in: its prompt is the call, and it reads the result. While that
function runs, it may call the student's code, whose kernel then reads a question in the place of a result; and so on.
Questions have numbers, so that nothing takes a late answer for its own. No socket, file or memory is shared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import zmq

__all__ = ["ANSWER", "ASK", "CALL", "RETURN", "ExaminerKernel", "KernelGone", "StudentKernel"]

ASK, ANSWER, CALL, RETURN = "course-ask:", "course-answer:", "course-call:", "course-return:"

_OPEN_DESK = """
def _course_desk():
    from course_pkg.grading.prompts import Prompt
    from course_pkg.grading.student import Desk
    from IPython import get_ipython
    shell = get_ipython()
    return Desk(shell.user_ns, Prompt(shell.kernel))
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
        self._wire = _Wire(client, "shell", "stdin")
        self._alive = alive
        self._timeout = timeout
        self._until = 0.0
        self._asked = 0
        self._serving: Any = None

    def open_desk(self) -> None:
        """Load what answers questions into the kernel, which does nothing else from now on."""
        self._run(_OPEN_DESK)
        self._serving = self._send("", "_course_desk.serve()")
        self._until = time.monotonic() + self._timeout
        self._answer_to(0, _nobody, 0)

    def responds(self, seconds: float) -> bool:
        """Tell whether the kernel still does what it is asked."""
        patience, self._timeout = self._timeout, seconds
        try:
            if self._serving is None:
                self._run("")
            else:
                self.answer('{"do": "nothing"}', _nobody)
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
        self._until = time.monotonic() + self._timeout
        return self._ask(question, on_call, 0)

    def _ask(self, question: str, on_call: OnCall, depth: int) -> str:
        """Let the desk read a question: in the place of an input, for which it waits."""
        if depth > _DEEPEST:
            raise KernelGone("functions of the test's and of the student's call each other without end")
        self._asked += 1
        number = self._asked
        self._client.input(f"{ASK}{number}:{question}")
        return self._answer_to(number, on_call, depth)

    def _answer_to(self, number: int, on_call: OnCall, depth: int) -> str:
        while True:
            self._wire.wait(_POLL)
            prompt = self._prompt()
            if prompt is not None and prompt.startswith(f"{ANSWER}{number}:"):
                return prompt.partition(f":{number}:")[2]
            self._check()  # also where there are prompts without end
            if prompt is None:
                continue
            if prompt.startswith(CALL):
                result = on_call(prompt.removeprefix(CALL), lambda question: self._ask(question, on_call, depth + 1))
                self._client.input(result)
            elif not _is_late(prompt, number):  # an `input` of the student's own
                self._client.input("")
            # else it is the answer to a question that was given up; what it waits for is this one

    def _send(self, code: str, expression: str) -> Any:
        return self._client.execute(
            code, silent=True, store_history=False, allow_stdin=True, user_expressions={"answer": expression}
        )

    def _run(self, code: str) -> None:
        """Run code of ours before the desk is open."""
        message = self._send(code, "0")
        self._until = time.monotonic() + self._timeout
        while True:
            self._wire.wait(_POLL)
            if self._prompt() is not None:
                self._client.input("")
            reply = self._received("shell")
            if _part(reply, "parent_header", "msg_id") == message:
                return _check_shown(reply)
            self._check()

    def _check(self) -> None:
        if not self._alive():
            raise KernelGone("the student's kernel died")
        if self._serving is not None and _part(self._received("shell"), "parent_header", "msg_id") == self._serving:
            raise KernelGone("the student's kernel answers no more")
        if time.monotonic() > self._until:
            raise KernelGone(f"no answer within {self._timeout:g} seconds")

    def _prompt(self) -> str | None:
        """Return what the student's code asks, if it does."""
        asked = self._received("stdin")
        return None if asked is None else str(_part(asked, "content", "prompt"))

    def _received(self, channel: str) -> Any:
        try:
            return self._wire.received(channel)
        except Exception as error:  # whatever a message that is none makes jupyter_client stumble over
            raise KernelGone(f"the student's kernel talks nonsense ({type(error).__name__})") from None


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
        self._wire = _Wire(client, "shell", "stdin", "iopub")
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
        until = time.monotonic() + self._timeout
        # what comes after a failed test is no part of it, hence no stop on an error
        message = self._client.execute(code, store_history=False, allow_stdin=True, stop_on_error=False)
        outputs: list[Any] = []
        reply, is_idle = None, False
        while reply is None or not is_idle:
            if not self._wire.wait(until - time.monotonic()):
                raise TimeoutError(f"it takes longer than {self._timeout:g} seconds")
            for channel in ("iopub", "stdin", "shell"):
                found = self._wire.received(channel)
                if found is None or found["parent_header"].get("msg_id") != message:
                    continue  # of a run that was given up
                if channel == "stdin":
                    self._asked(found["content"]["prompt"], student)
                elif channel == "shell":
                    reply = found["content"]
                elif found["msg_type"] == "status":
                    is_idle = found["content"]["execution_state"] == "idle"
                else:
                    outputs.append(found)
        return reply, outputs

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
            if not self._wire.wait(self._timeout, "stdin"):
                raise TimeoutError(f"a function of the test's takes longer than {self._timeout:g} seconds")
            prompt = str(self._wire.received("stdin")["content"]["prompt"])
            if not prompt.startswith(ASK):
                return prompt.removeprefix(RETURN)
            self._client.input(ANSWER + ask(prompt.removeprefix(ASK)))


def _is_late(prompt: str, number: int) -> bool:
    """Tell whether a prompt answers a question before that number."""
    answered = prompt.removeprefix(ANSWER).partition(":")[0] if prompt.startswith(ANSWER) else ""
    return answered.isdecimal() and len(answered) < 20 and int(answered) < number


def _nobody(call: str, ask: Callable[[str], str]) -> str:
    """Stand for the test's functions where there is no test."""
    return ""


class _Wire:
    """Reads a client's sockets as they are: jupyter_client's own methods take ten times as long as a message."""

    def __init__(self, client: Any, *channels: str) -> None:
        self._session = client.session
        self._sockets = {channel: getattr(client, f"{channel}_channel").socket for channel in channels}
        self._poller = zmq.Poller()
        for socket in self._sockets.values():
            self._poller.register(socket, zmq.POLLIN)

    def wait(self, seconds: float, channel: str | None = None) -> bool:
        """Wait until there is a message, on whatever channel unless one is named."""
        poll = self._poller.poll if channel is None else self._sockets[channel].poll
        return bool(poll(max(0, int(seconds * 1000))))

    def received(self, channel: str) -> Any:
        """Return the next message; None if there is none."""
        return self._session.recv(self._sockets[channel], mode=zmq.NOBLOCK)[1]


def _check_shown(reply: Any) -> None:
    """Refuse a reply without the value of the expression."""
    if not isinstance(_part(reply, "content", "user_expressions", "answer", "data", "text/plain"), str):
        reason = str(_part(reply, "content", "user_expressions", "answer", "ename") or "no reason given")
        raise KernelGone(f"the student's kernel cannot answer ({reason[:60]})")


def _part(message: Any, *keys: str) -> Any:
    """Return a part of a message; None if it has no such part, for the student's process may have written it."""
    for key in keys:
        message = message.get(key) if isinstance(message, dict) else None
    return message
