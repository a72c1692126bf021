"""Execute one chapter by papermill, in a process of its own.

Started as ``python -m course_pkg.publishing.worker`` with a job (one line of JSON) on standard input, which stays open:
when it closes, the parent is gone, and the worker ends. Writes one JSON event a line to standard output: ``cell``
before each code cell, then ``done`` or ``failed``. Everything that it writes lies in the job's scratch folder; moving
good results into place is the parent's business.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_pkg.publishing.book import Chapter
from course_pkg.seeds import environment

__all__ = ["CELL_LIMIT_S", "NOTEBOOK", "RESULTS", "Job", "main"]

CELL_LIMIT_S = 900
"""Seconds after which a single cell counts as hung."""

NOTEBOOK, RESULTS = "chapter.ipynb", "results.json"
"""Names of the outputs in the scratch folder."""


@dataclass(frozen=True)
class Job:
    """What to execute, and where.

    Parameters
    ----------
    chapter, source : str
        The chapter's name, and the path of its source.
    parameters : dict
        Replace those of the parameters cell.
    scratch : str
        An empty folder on the file system of the results.
    working_folder : str
        The kernel's working folder.
    one_core : int or None
        Confine the kernel to this CPU; None uses all.
    """

    chapter: str
    source: str
    parameters: dict[str, Any]
    scratch: str
    working_folder: str
    one_core: int | None = None

    def to_json(self) -> str:
        """Serialise for the worker's standard input."""
        return json.dumps(asdict(self))


class CellWroteToStderr(Exception):
    """A warning in the book would stand there for every reader."""


def main() -> int:
    """Run the job on standard input; return the exit status."""
    job = Job(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    with contextlib.redirect_stdout(sys.stderr):  # whatever a library prints is no event
        try:
            started = time.monotonic()
            _execute(job, events)
        except Exception as error:
            _send(events, event="failed", **_describe(error))
            return 1
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    _send(
        events,
        event="done",
        seconds=time.monotonic() - started,
        peak_bytes=peak * (1 if sys.platform == "darwin" else 1024),  # macOS counts bytes, Linux KiB
        environment=environment(),  # of this process, which the kernel inherited
    )
    return 0


def _end_with_parent() -> None:
    """Wait until the parent is gone, however it went. The kernel then ends by itself: it watches this process."""
    sys.stdin.read()
    os._exit(1)


def _execute(job: Job, events: Any) -> None:
    import papermill
    from nbformat import v4, write
    from papermill.engines import NBClientEngine, papermill_engines

    if job.one_core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {job.one_core})

    class ReportingEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
        """Papermill's own engine, saying which cell it is at."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            codes = [i for i, cell in enumerate(nb_man.nb.cells) if _is_source_code(cell)]
            start = nb_man.cell_start

            def report(cell: Any, cell_index: int | None = None, **more: Any) -> None:
                if cell_index in codes:
                    first = next((x for x in cell.source.splitlines() if x.strip() and not x.startswith("#")), "")
                    _send(events, event="cell", number=codes.index(cell_index) + 1, of=len(codes), code=first)
                start(cell, cell_index, **more)

            nb_man.cell_start = report
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("reporting", ReportingEngine)
    scratch = Path(job.scratch)
    notebook = Chapter(job.chapter, Path(job.source)).read().notebook
    prepared = scratch / "input.ipynb"
    write(v4.upgrade(notebook), prepared)
    executed = papermill.execute_notebook(
        prepared,
        scratch / NOTEBOOK,
        parameters=job.parameters,
        engine_name="reporting",
        progress_bar=False,
        cwd=job.working_folder,
        execution_timeout=CELL_LIMIT_S,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
    )
    _refuse_stderr(executed)
    write(_cleaned(executed), scratch / NOTEBOOK)


def _refuse_stderr(notebook: Any) -> None:
    for number, cell in enumerate(filter(_is_source_code, notebook.cells), start=1):
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise CellWroteToStderr(number, cell.source, output.text)


def _is_source_code(cell: Any) -> bool:
    """Leave out the cell that papermill injects: the author counts the cells of the source."""
    return cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", [])


def _cleaned(notebook: Any) -> Any:
    """Drop papermill's times and paths: they differ on every run, and readers download this file."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    return notebook


def _describe(error: Exception) -> dict[str, Any]:
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        return {
            "what": f"{error.ename}: {error.evalue}",
            "cell": max(1, error.exec_count - 1),  # less the injected cell
            "code": error.source,
            "more": "\n".join(error.traceback),
        }
    if isinstance(error, CellWroteToStderr):
        number, code, text = error.args
        return {
            "what": "it wrote to standard error, which would show in the book",
            "cell": number,
            "code": code,
            "more": text,
        }
    if isinstance(error, CellTimeoutError):
        return {"what": f"a cell ran longer than {CELL_LIMIT_S} s", "cell": None, "code": "", "more": str(error)}
    return {"what": f"{type(error).__name__}: {error}", "cell": None, "code": "", "more": ""}


def _send(events: Any, **content: Any) -> None:
    events.write(json.dumps(content) + "\n")


if __name__ == "__main__":
    sys.exit(main())
