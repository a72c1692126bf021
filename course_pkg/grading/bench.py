"""What runs in the examiner's kernel: it binds a student's names for a test cell, and asks the grader.

This kernel runs the course's own code only: set-up cells and test cells. What it learns of a student arrives as data.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Collection
from typing import Any

from course_pkg.grading.kernels import ANSWER, ASK, CALL, RETURN
from course_pkg.grading.prompts import Prompt
from course_pkg.grading.proxies import Examination

__all__ = ["Bench", "bound_names", "free_names"]


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


def free_names(code: str) -> set[str]:
    """Return the global names that a piece of code uses and does not bind itself.

    Parameters
    ----------
    code : str

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(free_names("import math\\nfor n in sizes:\\n    check(lambda x: f(x) + math.pi, n)"))
    ['check', 'f', 'sizes']
    """
    top, *inner = _tables(code)
    bound = {symbol.get_name() for symbol in top.get_symbols() if _binds(symbol)}
    used = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for table in inner:
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()}
    return used - bound


def bound_names(code: str) -> set[str]:
    """Return the global names that a piece of code binds; none if it is no Python.

    Parameters
    ----------
    code : str

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(bound_names("import math\\ndef same(a, b):\\n    global last\\n    last = a\\nfor n in (1, 2): pass"))
    ['last', 'math', 'n', 'same']
    """
    try:
        top, *inner = _tables(code)
    except SyntaxError:
        return set()
    bound = {symbol.get_name() for symbol in top.get_symbols() if _binds(symbol)}
    for table in inner:
        bound |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_declared_global() and _binds(symbol)}
    return bound


def _tables(code: str) -> list[symtable.SymbolTable]:
    """Return the symbol tables of a piece of code, the global one first."""
    ast.parse(code)
    tables = [symtable.symtable(code, "<test>", "exec")]
    for table in tables:
        tables += table.get_children()
    return tables


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()
