"""Examine a notebook with two kernels: the student's cells run in one, the tests in another.

This replaces nbgrader's `Execute`. First all cells but the tests run in the student's kernel. Then the tests run in the
examiner's, unchanged, and ask the student's kernel for values; the examiner's never runs a line of the student's. Only
what it says counts: a test cell's outputs are its verdict, and warnings cost nothing.

A student's kernel that dies or hangs is started anew without the cell that killed it, so that it costs only the tests
that needed that cell.
"""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output, output_from_msg
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.preprocessors import Execute  # type: ignore[import-untyped]
from traitlets import Bool, Dict, Float, Integer, Unicode

from course_pkg.assignments.contents import is_illustration
from course_pkg.assignments.names import bound_names
from course_pkg.grading.kernels import ExaminerKernel, KernelGone, StudentKernel
from course_pkg.grading.sandbox.managers import blocking_client, examiner_manager, student_manager
from course_pkg.grading.sandbox.starters import start_warm_processes
from course_pkg.grading.sanitize import safe_outputs

__all__ = ["Examine"]


_SHOWN = ("stream", "display_data", "execute_result", "error")
_GONE = '{"error": {"type": "KernelGone", "bases": ["RuntimeError"], "message": "the kernel died or hung"}}'
_NOT_RUN = "Not run for the grading: no answer depends on it.\n"
_NUMPY_SCALAR = re.compile(r"np\.float\d+\((.*)\)")
_FATAL = (DeadKernelError, CellTimeoutError, KernelGone)


class Examine(Execute):  # type: ignore[misc]
    """The first of nbgrader's autograde preprocessors, in place of `Execute`.

    Both kernels come from the sandbox, whatever a notebook or `Execute.kernel_name` says. What was noticed meanwhile
    goes into the notebook, as ``metadata["course_grading"]``: ``events``, and if it shall `measure`, ``seconds``,
    ``peak_memory_mb`` and ``sandbox``.
    """

    limits = Dict(help="What a kernel may use; see `course_pkg.grading.sandbox.limits.Limits`.").tag(config=True)
    test_timeout = Float(120, help="Seconds for one test cell.").tag(config=True)
    call_timeout = Float(60, help="Seconds for one call of a student's function.").tag(config=True)
    revivals = Integer(3, help="How often a student's kernel that died is started anew.").tag(config=True)
    longest_output = Integer(1_000_000, help="Bytes of output of one student's cell.").tag(config=True)
    run_illustrations = Bool(False, help="Run also cells with the tag `illustration`.").tag(config=True)
    measure = Bool(False, help="Note times and memory, by which two equal gradings differ.").tag(config=True)

    # `nbgrader autograde --no-execute` would give full marks to all, for a test without output counts as passed
    enabled = Bool(True).tag(config=False)
    # a tag that a student sets must not skip a cell
    skip_cells_with_tag = Unicode("").tag(config=False)
    # the sandbox's kernels keep no history anyhow, and do not start if they are told so twice
    ipython_hist_file = Unicode("").tag(config=False)
    # the state of widgets would pile up here
    store_widget_state = Bool(False).tag(config=False)
    # a student's kernel has nothing to say at its end
    shutdown_kernel = "immediate"

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run the notebook; return it with the outputs of both sides."""
        NotebookClient.__init__(self, nb, km)
        self.reset_execution_trackers()
        self._check_assign_resources(resources)
        self.nb = nb
        self._fatal: set[int] = set()
        self._revived = 0
        self._is_wary = False
        self._printed = 0
        self._events: list[dict[str, str]] = []
        self._peak_memory_mb = 0.0
        nb.metadata["language_info"] = {"name": "python"}
        start = time.monotonic()
        start_warm_processes()
        with contextlib.ExitStack() as examiners, contextlib.ExitStack() as stack:
            self._examiners, self._stack = examiners, stack
            self._examiner = self._start_examiner()
            self._student = self._start_student()
            answered = time.monotonic()
            self._own_names: set[str] = set()
            for cell in nb.cells:
                if _is_test(cell):
                    self._run_test(cell)
                    self._own_names |= bound_names(str(cell.source))
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = _joined(cell.outputs)
                safe_outputs(cell.outputs)
        found = {**nb.metadata.get("course_grading", {}), "events": self._events}
        if self.measure:
            seconds = {"student": answered - start, "tests": time.monotonic() - answered}
            found["seconds"] = {side: round(taken, 3) for side, taken in seconds.items()}
            found["peak_memory_mb"] = round(self._peak_memory_mb, 1)
            found["sandbox"] = self._sandbox
        nb.metadata["course_grading"] = found
        return nb, resources

    def create_kernel_manager(self) -> Any:
        """Return the manager of the student's kernel."""
        self.km = student_manager(self.limits)
        return self.km

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Stop a cell that floods its output, of whatever kind; one that replaces others counts as often as it does."""
        self._printed += len(str(msg["content"])) * self._copies(msg)
        if self._printed > self.longest_output:
            raise KernelGone(f"more than {self.longest_output:,} bytes of output")
        if msg["msg_type"].startswith("comm"):  # widgets have nobody to talk to here
            return None
        return super().process_message(msg, cell, cell_index)

    def _copies(self, msg: Any) -> int:
        """Return in how many places a message will stand."""
        if msg["msg_type"] != "update_display_data":
            return 1
        shown = self._display_id_map.get(msg["content"].get("transient", {}).get("display_id"), {})
        return max(1, sum(map(len, shown.values())))

    def _start_examiner(self) -> ExaminerKernel:
        """Start the examiner's kernel, and run the course's own cells in it."""
        self._examiners.close()
        self._examiner_manager = examiner_manager(self.limits)
        client = self._examiners.enter_context(_running(self._examiner_manager, self.startup_timeout))
        examiner = ExaminerKernel(client, self.test_timeout)
        examiner.open()
        for cell in self.nb.cells:
            if _is_setup(cell):
                reply, _ = examiner.run(cell.source, None)
                if reply["status"] != "ok":
                    name = cell.metadata.nbgrader.grade_id
                    raise RuntimeError(f"the course's own cell {name} fails: {reply['ename']}: {reply['evalue']}")
        return examiner

    def _start_student(self) -> StudentKernel | None:
        """Run all cells but the tests; start over without a cell that killed the kernel."""
        while True:
            self._stack.close()
            client = self._stack.enter_context(self._student_kernel())
            student = StudentKernel(client, self._is_alive, self.call_timeout)
            number: int | None = None
            try:
                for number, cell in enumerate(self.nb.cells):
                    if cell.cell_type == "code" and not _is_test(cell) and number not in self._fatal:
                        self._run_student_cell(student, cell, number)
                number = None
                student.open_desk()
            except _FATAL as error:
                if isinstance(error, DeadKernelError) and not self._is_wary:
                    self._is_wary = True  # it may have been a cell before: find out which
                else:
                    self._record_death(number, error)
                if self._revived > self.revivals:
                    return None
                continue
            return student

    @contextlib.contextmanager
    def _student_kernel(self) -> Iterator[Any]:
        """Start the student's kernel; when it has ended, note what the sandbox saw of it."""
        with self.setup_kernel():
            self._provisioner = self.km.provisioner
            self._sandbox = {"mode": self._provisioner.mode, "warm": self._provisioner.warm}
            try:
                with _channels(blocking_client(self.km), self.startup_timeout) as client:
                    yield client
            finally:
                self._peak_memory_mb = max(self._peak_memory_mb, self._provisioner.peak_memory_mb)
                self._events += [event for event in self._provisioner.take_events() if event not in self._events]

    def _run_student_cell(self, student: StudentKernel, cell: Any, number: int) -> None:
        if is_illustration(cell) and not self.run_illustrations:
            cell.outputs = [new_output("stream", name="stdout", text=_NOT_RUN)]
            return
        self._printed = 0
        cell.outputs = []
        self.execute_cell(cell, number, store_history=False)
        stopped = any(output.get("ename") == "CellTimeoutError" for output in cell.outputs)
        if stopped and not student.responds(5):
            raise KernelGone("it does not stop when it is told to")
        if self._is_wary and self._dies_within(0.2):
            raise DeadKernelError("it ended just after the cell")

    def _dies_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        return not self._is_alive()

    def _record_death(self, number: int | None, error: Exception) -> None:
        """Leave the cell out from now on, and say so in its place; without a number, it was no cell's doing."""
        self._revived += 1
        if number is None:
            return
        self._fatal.add(number)
        why = self._provisioner.ended_because
        text = f"This cell ended the kernel{f' ({why})' if why else ''}; it was left out."
        cell = self.nb.cells[number]
        cell.outputs = [_error(type(error).__name__, text)]
        cell.execution_count = None  # whether the kernel could still tell it is a matter of luck

    def _is_alive(self) -> bool:
        process = self._provisioner.process
        return process is not None and process.poll() is None

    def _run_test(self, cell: Any) -> None:
        cell.execution_count = None
        cell.outputs = []
        if self._student is None:
            cell.outputs = [_error("StudentKernelDied", "The notebook's kernel died too often; this test was not run.")]
            return
        try:
            outputs = self._verdict(self._examiner, cell)
        except (*_FATAL, TimeoutError) as error:
            outputs = [_error(type(error).__name__, str(error))]
            if isinstance(error, TimeoutError):
                self._free_examiner()
            self._revive_after(error)
        cell.outputs = outputs

    def _free_examiner(self) -> None:
        """Let what a test has taken too long over not keep the next tests waiting, nor what it has filled."""
        self._examiner_manager.interrupt_kernel()
        if not self._examiner.is_idle(5):
            self._examiner = self._start_examiner()

    def _verdict(self, examiner: ExaminerKernel, cell: Any) -> list[Any]:
        """Return the outputs of a test cell: an error if and only if the examiner's kernel says that it failed."""
        assert self._student is not None
        gone: list[KernelGone] = []

        def ask(question: str, on_call: Any) -> str:
            try:
                return self._student.answer(question, on_call)  # type: ignore[union-attr]
            except KernelGone as error:
                gone.append(error)
                return _GONE

        source = str(cell.source)
        reply, _ = examiner.run(f"_course_bench.lay_out({source!r}, {sorted(self._own_names)!r})", ask)
        messages: list[Any] = []
        if reply["status"] == "ok":
            reply, messages = examiner.run(source, ask)
        if gone:
            raise gone[0]
        return _outputs(reply, messages, float(cell.metadata.nbgrader.points))

    def _revive_after(self, error: Exception) -> None:
        """Start the student's kernel anew, for the next tests."""
        if isinstance(error, TimeoutError) and self._student is not None and self._student.responds(5):
            return
        self._revived += 1
        self._student = self._start_student() if self._revived <= self.revivals else None


def _is_test(cell: Any) -> bool:
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def _is_setup(cell: Any) -> bool:
    """Tell whether it is a cell of the course's own that both kernels run: locked, and no test."""
    return cell.cell_type == "code" and utils.is_locked(cell) and not utils.is_grade(cell)


def _outputs(reply: Any, messages: list[Any], points: float) -> list[Any]:
    outputs = [output_from_msg(message) for message in messages if message["msg_type"] in _SHOWN]
    outputs = [output for output in outputs if output.output_type != "error" and output.get("name") != "stderr"]
    if reply["status"] != "ok":
        error = {key: reply[key] for key in ("ename", "evalue", "traceback")}
        return [*outputs, new_output("error", **error)]
    return [_clamped(output, points) for output in outputs]


def _joined(outputs: list[Any]) -> list[Any]:
    """Join what was printed between two other outputs, each stream for itself: a kernel sends pieces as time allows."""
    joined: list[Any] = []
    for printed, run in groupby(outputs, key=lambda output: output.output_type == "stream"):
        if not printed:
            joined += run
            continue
        texts: dict[str, list[str]] = {}
        for output in run:
            texts.setdefault(output.name, []).append("".join(output.text))  # a forged message may hold a list of texts
        # which stream came first is a matter of time, too: stdout, then stderr
        joined += [new_output("stream", name=name, text="".join(texts[name])) for name in sorted(texts, reverse=True)]
    return joined


def _clamped(output: Any, points: float) -> Any:
    """Hold a partial score within [0, points]; nbgrader takes a negative one, or none at all, for full marks."""
    if output.output_type == "execute_result":
        try:
            score = float(_NUMPY_SCALAR.sub(r"\1", str(output.data.get("text/plain"))))
        except ValueError:
            score = math.nan
        score = min(max(score, 0.0), points) if math.isfinite(score) else 0.0
        output.data = {"text/plain": repr(score)}
    return output


def _error(name: str, text: str) -> Any:
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


@contextlib.contextmanager
def _running(manager: Any, patience: float) -> Iterator[Any]:
    manager.start_kernel()
    try:
        with _channels(manager.client(), patience) as client:
            yield client
    finally:
        manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def _channels(client: Any, patience: float) -> Iterator[Any]:
    client.start_channels()
    try:
        client.wait_for_ready(timeout=patience)
        yield client
    finally:
        client.stop_channels()
