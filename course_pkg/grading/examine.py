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
from collections.abc import Iterator
from typing import Any

from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output, output_from_msg
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.preprocessors import Execute  # type: ignore[import-untyped]
from traitlets import Float, Integer, Unicode

from course_pkg.grading.kernels import ExaminerKernel, KernelGone, StudentKernel

__all__ = ["Examine"]

_SHOWN = ("stream", "display_data", "execute_result", "error")
_GONE = '{"error": {"type": "KernelGone", "bases": ["RuntimeError"], "message": "the kernel died or hung"}}'
_NUMPY_SCALAR = re.compile(r"np\.float\d+\((.*)\)")
_FATAL = (DeadKernelError, CellTimeoutError, KernelGone)


class Examine(Execute):  # type: ignore[misc]
    """The first of nbgrader's autograde preprocessors, in place of `Execute`.

    The student's kernel is the one of `Execute.kernel_name`; a kernel specification with a sandbox goes there.
    """

    examiner_kernel = Unicode("python3", help="The kernel that runs the tests.").tag(config=True)
    test_timeout = Float(120, help="Seconds for one test cell.").tag(config=True)
    call_timeout = Float(60, help="Seconds for one call of a student's function.").tag(config=True)
    revivals = Integer(3, help="How often a student's kernel that died is started anew.").tag(config=True)
    longest_output = Integer(1_000_000, help="Bytes of output of one student's cell.").tag(config=True)

    # a tag that a student sets must not skip a cell
    skip_cells_with_tag = Unicode("").tag(config=False)

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run the notebook; return it with the outputs of both sides."""
        NotebookClient.__init__(self, nb, km)
        self.reset_execution_trackers()
        self._check_assign_resources(resources)
        self.nb = nb
        self._fatal: dict[int, str] = {}
        self._revived = 0
        self._printed = 0
        nb.metadata["language_info"] = {"name": "python"}
        with self._examiner() as examiner, contextlib.ExitStack() as stack:
            self._stack = stack
            self._student = self._start_student()
            for cell in nb.cells:
                if _is_test(cell):
                    self._run_test(examiner, cell)
        return nb, resources

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Stop a cell that floods its output."""
        if msg["msg_type"] in _SHOWN:
            self._printed += len(str(msg["content"]))
            if self._printed > self.longest_output:
                raise KernelGone(f"more than {self.longest_output:,} bytes of output")
        return super().process_message(msg, cell, cell_index)

    @contextlib.contextmanager
    def _examiner(self) -> Iterator[ExaminerKernel]:
        """Start the examiner's kernel, and run the course's own cells in it."""
        with _running(KernelManager(kernel_name=self.examiner_kernel), self.startup_timeout) as client:
            examiner = ExaminerKernel(client, self.test_timeout)
            examiner.open()
            for cell in self.nb.cells:
                if _is_setup(cell):
                    reply, _ = examiner.run(cell.source, None)
                    if reply["status"] != "ok":
                        name = cell.metadata.nbgrader.grade_id
                        raise RuntimeError(f"the course's own cell {name} fails: {reply['ename']}: {reply['evalue']}")
            yield examiner

    def _start_student(self) -> StudentKernel | None:
        """Run all cells but the tests; start over without a cell that killed the kernel."""
        while True:
            self._stack.close()
            self._stack.enter_context(self.setup_kernel())
            client = self._stack.enter_context(_channels(self.km.blocking_client(), self.startup_timeout))
            student = StudentKernel(client, self._is_alive, self.call_timeout)
            number = -1
            try:
                for number, cell in enumerate(self.nb.cells):
                    if cell.cell_type == "code" and not _is_test(cell) and number not in self._fatal:
                        self._run_student_cell(student, cell, number)
                student.open_desk()
            except _FATAL as error:
                self._record_death(number, error)
                if self._revived > self.revivals:
                    return None
                continue
            return student

    def _run_student_cell(self, student: StudentKernel, cell: Any, number: int) -> None:
        self._printed = 0
        cell.outputs = []
        self.execute_cell(cell, number, store_history=False)
        stopped = any(output.get("ename") == "CellTimeoutError" for output in cell.outputs)
        if stopped and not student.responds(5):
            raise KernelGone("it does not stop when it is told to")

    def _record_death(self, number: int, error: Exception) -> None:
        """Leave the cell out from now on, and say so in its place."""
        self._revived += 1
        self._fatal[number] = f"{error}" or type(error).__name__
        if number >= 0:
            text = "This cell ended the kernel; it was left out."
            self.nb.cells[number].outputs = [_error(type(error).__name__, text)]

    def _is_alive(self) -> bool:
        provisioner = self.km.provisioner
        return provisioner is not None and provisioner.process is not None and provisioner.process.poll() is None

    def _run_test(self, examiner: ExaminerKernel, cell: Any) -> None:
        cell.execution_count = None
        cell.outputs = []
        if self._student is None:
            cell.outputs = [_error("StudentKernelDied", "The notebook's kernel died too often; this test was not run.")]
            return
        try:
            outputs = self._verdict(examiner, cell)
        except (*_FATAL, TimeoutError) as error:
            outputs = [_error(type(error).__name__, str(error))]
            self._revive_after(error)
        cell.outputs = outputs

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
        reply, _ = examiner.run(f"_course_bench.lay_out({source!r})", ask)
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
    manager.start_kernel(extra_arguments=["--HistoryManager.hist_file=:memory:"])
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
