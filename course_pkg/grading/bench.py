"""What runs in the examiner's kernel: it binds a student's names for a test cell, and asks the grader.

This kernel runs the course's own code only: set-up cells and test cells. What it learns of a student arrives as data.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection
from typing import Any

from course_pkg.assignments.names import free_names
from course_pkg.grading.kernels import ANSWER, ASK, CALL, RETURN
from course_pkg.grading.prompts import Prompt
from course_pkg.grading.proxies import Examination

__all__ = ["Bench"]


class Bench:
    """Where test cells are run.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """

    def __init__(self, shell: Any) -> None:
        self._prompt = Prompt(shell.kernel)
        self._namespace = shell.user_ns
        self._borrowed: set[str] = set()
        self.examination = Examination(self._ask)

    def lay_out(self, code: str, own: Collection[str] = ()) -> None:
        """Bind the names that a test cell uses and the course's own cells do not define, as the student defined them.

        A name that the student does not define stays undefined, and the test fails with Python's own NameError.

        Parameters
        ----------
        code : str
            The test cell.
        own : collection of str, optional
            Names that the course's own cells before this one define. Should such a cell have failed, the student may
            not put something of his own in their places.
        """
        for name in self._borrowed:
            self._namespace.pop(name, None)
        self._borrowed = free_names(code) - self._namespace.keys() - vars(builtins).keys() - {*own}
        for name in sorted(self._borrowed):
            try:
                self._namespace[name] = self.examination.name(name)
            except NameError:
                continue
        self._mirror_seeds()

    def _ask(self, question: str) -> str:
        line = self._prompt(ASK + question)
        while line.startswith(CALL):
            line = self._prompt(RETURN + self.examination.answer_callback(line.removeprefix(CALL)))
        return line.removeprefix(ANSWER)

    def _mirror_seeds(self) -> None:
        """Let ``set_seed`` in a test seed the student's process too, as it does where both are one process."""
        own = self._namespace.get("set_seed")
        if own is None or getattr(own, "mirrored", False):
            return

        def set_seed(seed: int) -> Any:
            self.examination.seed(seed)
            return own(seed)

        set_seed.mirrored = True  # type: ignore[attr-defined]
        self._namespace["set_seed"] = set_seed
