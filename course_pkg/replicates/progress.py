"""A progress bar for long runs: on a terminal only, and only after the first seconds."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Any

from course_pkg.replicates.plan import Plan

__all__ = ["Progress"]

_PATIENCE = 3.0


class Progress:
    """Count the epochs done by all replicates, and show them.

    Parameters
    ----------
    plan : Plan
        Its `verbose` says whether to show anything: None after 3 seconds, True at once, False never. In all three
        cases nothing is written where stderr is no terminal.
    """

    def __init__(self, plan: Plan) -> None:
        self._total = plan.count * plan.epochs
        self._wanted = plan.verbose is not False and sys.stderr.isatty()
        self._patience = 0.0 if plan.verbose else _PATIENCE
        self._done = 0
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        """Start the clock."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def add(self, epochs: int) -> None:
        """Count epochs; may be called from any thread."""
        with self._lock:
            self._done += epochs

    def show(self) -> None:
        """Draw the bar if it is time for one; called from the main thread."""
        if not self._wanted or time.monotonic() - self._began < self._patience:
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("Training replicates", total=self._total)
            self._bar.start()
        self._bar.update(self._task, completed=self._done)
