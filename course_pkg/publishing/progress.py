"""Show how far the chapters are: a live table on a terminal, plain lines in a log."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["Reporter", "reporter"]

_LINE_EVERY_S = 10


class Reporter(Protocol):
    """What the executing code tells about its progress; called from several threads."""

    def __enter__(self) -> Reporter: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def started(self, chapter: str) -> None:
        """A chapter begins."""

    def at_cell(self, chapter: str, number: int, of: int, code: str) -> None:
        """A chapter has reached a code cell."""

    def finished(self, chapter: str, outcome: str) -> None:
        """A chapter has ended; `outcome` is short, such as ``"done in 31 s"``."""


def reporter(console: Console) -> Reporter:
    """Return the reporter that fits the console: live on a terminal, line by line elsewhere."""
    return _Live(console) if console.is_terminal else _Lines(console)


class _Live:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Live:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, chapter: str) -> None:
        self._tasks[chapter] = self._progress.add_task(chapter, total=None, note="starting the kernel")

    def at_cell(self, chapter: str, number: int, of: int, code: str) -> None:
        self._progress.update(self._tasks[chapter], completed=number - 1, total=of, note=_shortened(code))

    def finished(self, chapter: str, outcome: str) -> None:
        task = self._tasks[chapter]
        total = next((t.total for t in self._progress.tasks if t.id == task), None)
        self._progress.update(task, note=outcome, completed=total if outcome.startswith("done") else None)
        self._progress.stop_task(task)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._begun: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def __enter__(self) -> _Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def started(self, chapter: str) -> None:
        self._begun[chapter] = self._said[chapter] = time.monotonic()
        self._say(f"{chapter}: started")

    def at_cell(self, chapter: str, number: int, of: int, code: str) -> None:
        now = time.monotonic()
        if now - self._said[chapter] >= _LINE_EVERY_S:
            self._said[chapter] = now
            self._say(f"{chapter}: cell {number} of {of}, {now - self._begun[chapter]:.0f} s")

    def finished(self, chapter: str, outcome: str) -> None:
        self._say(f"{chapter}: {outcome}")

    def _say(self, line: str) -> None:
        with self._lock:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _shortened(code: str, limit: int = 40) -> str:
    code = code.replace("[", r"\[")
    return code if len(code) <= limit else code[: limit - 1] + "…"
