"""Rerun chapters by papermill, in parallel, each in a process of its own; skip those that nothing has touched."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from course_pkg import datasets, presets
from course_pkg.errors import CourseError, Interrupted, cannot_write
from course_pkg.files import move_into_place, write_atomically
from course_pkg.publishing import worker
from course_pkg.publishing.book import PUBLISHED_SEED, Book, Chapter
from course_pkg.publishing.progress import Reporter
from course_pkg.records import CHAPTER_VARIABLE, FILE_VARIABLE, SEED_VARIABLE, ChapterResults, write_results

__all__ = ["Outcome", "Run", "Surroundings", "checked_parameters", "rerun", "rerun_key", "run_folder", "up_to_date"]

_NOT_THE_LAB = {"assignments", "publishing", "grading", "checks.py", "cli", "startup.py"}


@dataclass(frozen=True)
class Surroundings:
    """What must not matter for a result, and is varied by `course book verify`.

    Parameters
    ----------
    one_core : bool, default False
        Confine each kernel to a single CPU.
    hash_seed : str, default "0"
        The value of ``PYTHONHASHSEED``.
    folder_name : str, default "work"
        The name of the kernel's working folder.
    """

    one_core: bool = False
    hash_seed: str = "0"
    folder_name: str = "work"

    def __str__(self) -> str:
        cores = "one CPU" if self.one_core else f"{presets.usable_cores()} CPUs"
        return f"{cores}, PYTHONHASHSEED={self.hash_seed}, working folder {self.folder_name!r}"


@dataclass(frozen=True)
class Run:
    """Chapters to execute with one set of parameters.

    Parameters
    ----------
    seed : int, default PUBLISHED_SEED
    parameters : dict
        More parameters than the seed; name to value.
    surroundings : Surroundings
    label : str
        Sets the outputs of a special run (such as the second one of `verify`) apart from the ordinary ones.
    """

    seed: int = PUBLISHED_SEED
    parameters: dict[str, Any] = field(default_factory=dict)
    surroundings: Surroundings = Surroundings()
    label: str = ""

    @property
    def tag(self) -> str:
        """The name of the folder that holds the run's outputs."""
        more = [f"{name}={value}" for name, value in sorted(self.parameters.items())]
        parts = [f"seed-{self.seed}", *more, *([self.label] if self.label else [])]
        return "".join(c if c.isalnum() or c in "-=._" else "_" for c in "-".join(parts))


@dataclass(frozen=True)
class Outcome:
    """What became of a chapter.

    Parameters
    ----------
    chapter : str
    skipped : bool
        True if nothing that it depends on had changed.
    seconds : float
        Of this execution, or of the last one if skipped.
    peak_bytes : int
        Largest memory of the kernel.
    """

    chapter: str
    skipped: bool
    seconds: float
    peak_bytes: int


def run_folder(book: Book, run: Run) -> Path:
    """Return the folder with a run's ``CHAPTER.ipynb``, ``CHAPTER.json`` (results) and ``CHAPTER.run.json``."""
    return book.build / "executed" / run.tag


def rerun_key(book: Book, chapter: Chapter, run: Run) -> str:
    """Hash everything that a chapter's results depend on.

    Its source, the parameters, every file of the lab, the lock file, the preset, which of the data sets that it names
    are at hand, the Python version and the kind of machine. Two equal keys mean that a rerun would give the same
    numbers.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    lab = book.root / "course_pkg"
    files = [chapter.path, book.lock, *sorted(p for p in lab.rglob("*.py") if _is_lab(p.relative_to(lab)))]
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(book.root)}:{len(content)}:".encode() + content)
    text = chapter.path.read_text(encoding="utf-8", errors="replace")
    data = [name for name in datasets.fetched_names() if name in text and datasets.available(name)]
    settings = {"seed": run.seed, "parameters": run.parameters, "preset": _kernel_settings(), "data": data}
    system = [platform.python_version(), platform.machine(), platform.system()]
    digest.update(json.dumps([settings, system], sort_keys=True).encode())
    return digest.hexdigest()


def up_to_date(book: Book, chapter: Chapter, run: Run) -> dict[str, Any] | None:
    """Return the record of a chapter's last execution if it still stands, else None.

    It stands when the rerun key is the same and the outputs are those that the execution left.
    """
    folder = run_folder(book, run)
    try:
        record: dict[str, Any] = json.loads((folder / f"{chapter.name}.run.json").read_text(encoding="utf-8"))
        fresh = record["key"] == rerun_key(book, chapter, run) and all(
            _sha256(folder / name) == digest for name, digest in record["outputs"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if fresh else None


def checked_parameters(chapters: Sequence[Chapter], run: Run) -> None:
    """Refuse a chapter that cannot run, before any of them does.

    Raises
    ------
    CourseError
        If a source is malformed, or a parameter is not in its parameters cell (papermill itself would only warn).
    """
    for chapter in chapters:
        known = chapter.read().parameters
        for name in run.parameters:
            if name not in known:
                raise CourseError(
                    f"Chapter {chapter.name} has no parameter {name!r}. It has: {', '.join(sorted(known))}."
                )


def rerun(
    book: Book, chapters: Sequence[Chapter], run: Run, reporter: Reporter, *, jobs: int, force: bool = False
) -> list[Outcome]:
    """Execute chapters, at most `jobs` at a time.

    A chapter's outputs replace the last good ones only when all of it has run.

    Parameters
    ----------
    book : Book
    chapters : sequence of Chapter
        Started in this order.
    run : Run
    reporter : Reporter
    jobs : int
        At least 1.
    force : bool, default False
        Execute also what is up to date.

    Returns
    -------
    list of Outcome
        One a chapter, in the order given.

    Raises
    ------
    CourseError
        If a chapter fails: names it, the cell, its code and the traceback. The others are finished first.
    """
    if jobs < 1:
        raise CourseError(f"--jobs must be at least 1, got {jobs}.")
    last = {chapter.name: None if force else up_to_date(book, chapter, run) for chapter in chapters}
    stale = [chapter for chapter in chapters if last[chapter.name] is None]
    checked_parameters(stale, run)
    with _only_run(book):
        if stale and run == Run():
            _drop(book.html)  # it shows the old numbers
        if stale:
            _prepare_fonts(book)
        with ThreadPoolExecutor(jobs) as pool:
            tasks = {c.name: pool.submit(_rerun_one, book, c, run, reporter, slot) for slot, c in enumerate(stale)}
            try:
                failures = [error for task in tasks.values() if (error := task.exception())]
            except KeyboardInterrupt:
                _Worker.stop_all()
                pool.shutdown(cancel_futures=True)
                raise Interrupted("Interrupted. The last good results are untouched.") from None
    if failures:
        raise _together(failures)
    return [
        _outcome(chapter.name, last[chapter.name] or tasks[chapter.name].result(), last[chapter.name] is not None)
        for chapter in chapters
    ]


def _rerun_one(book: Book, chapter: Chapter, run: Run, reporter: Reporter, slot: int) -> dict[str, Any]:
    key = rerun_key(book, chapter, run)
    reporter.started(chapter.name)
    try:
        with _scratch(book, chapter, run) as scratch:
            done = _execute(book, chapter, run, scratch, reporter, slot)
            record = _keep(book, chapter, run, scratch, key, done)
    except BaseException:
        reporter.finished(chapter.name, "failed")
        raise
    reporter.finished(chapter.name, f"done in {record['seconds']:.0f} s")
    return record


def _execute(book: Book, chapter: Chapter, run: Run, scratch: Path, reporter: Reporter, slot: int) -> dict[str, Any]:
    working_folder = scratch / run.surroundings.folder_name
    working_folder.mkdir()
    job = worker.Job(
        chapter=chapter.name,
        source=str(chapter.path),
        parameters={"SEED": run.seed, **run.parameters},
        scratch=str(scratch),
        working_folder=str(working_folder),
        one_core=_core(slot) if run.surroundings.one_core else None,
    )
    at: dict[str, Any] = {"number": None, "code": ""}
    with _Worker(job, _environment(book, chapter, run, scratch)) as process:
        for event in process.events():
            if event["event"] == "cell":
                at = event
                reporter.at_cell(chapter.name, event["number"], event["of"], event["code"])
            elif event["event"] == "failed":
                # a dead kernel does not say which cell killed it
                raise _failure(chapter, event if event["cell"] else {**event, "cell": at["number"], "code": at["code"]})
            else:
                return event
    raise CourseError(
        f"Chapter {chapter.name}: its process ended without a word (killed, or out of memory). Run it again; "
        "if it happens again, run it alone with --jobs 1.",
        details=process.last_words(),
    )


def _keep(book: Book, chapter: Chapter, run: Run, scratch: Path, key: str, done: dict[str, Any]) -> dict[str, Any]:
    """Move the outputs into place; the record comes last, so that a kill in between only means another rerun."""
    results = scratch / worker.RESULTS
    if not results.exists():
        write_results(ChapterResults(chapter.name, run.seed, {}, {}), results)
    folder = run_folder(book, run)
    outputs = {f"{chapter.name}.ipynb": scratch / worker.NOTEBOOK, f"{chapter.name}.json": results}
    record = {
        "key": key,
        "outputs": {name: _sha256(path) for name, path in outputs.items()},
        "seconds": round(done["seconds"], 2),
        "peak_bytes": done["peak_bytes"],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": run.seed,
        "surroundings": str(run.surroundings),
        "environment": done["environment"],
    }
    for name, path in outputs.items():
        move_into_place(path, folder / name)
    write_atomically(folder / f"{chapter.name}.run.json", json.dumps(record, indent=1, sort_keys=True) + "\n")
    return record


class _Worker:
    """A running worker process that cannot outlive its parent, nor its kernel it."""

    _running: ClassVar[list[_Worker]] = []

    def __init__(self, job: worker.Job, environment: dict[str, str]) -> None:
        self._log = Path(job.scratch) / "worker.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", worker.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                env=environment,
                cwd=job.scratch,
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        self._job = job

    def __enter__(self) -> _Worker:
        self._running.append(self)
        assert self._process.stdin is not None
        self._process.stdin.write(self._job.to_json() + "\n")
        self._process.stdin.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.remove(self)
        self.stop()

    def events(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)

    def last_words(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])

    def stop(self) -> None:
        """End the worker; its kernel notices within a second, and is waited for so that scratch can go."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @classmethod
    def stop_all(cls) -> None:
        for process in list(cls._running):
            os.killpg(process._process.pid, signal.SIGKILL)


def _prepare_fonts(book: Book) -> None:
    """Let Matplotlib look for fonts once, not in each chapter: where that takes long, it says so on stderr."""
    folder = _matplotlib_folder(book)
    if any(folder.glob("fontlist*")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "MPLCONFIGDIR": str(folder)}
    command = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env=environment, capture_output=True, check=False)


def _matplotlib_folder(book: Book) -> Path:
    return book.build.absolute() / "matplotlib"


def _environment(book: Book, chapter: Chapter, run: Run, scratch: Path) -> dict[str, str]:
    """The kernel's environment: the preset in force from the start, and none of the user's own settings."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "IPYTHON", "JUPYTER"))}
    if own.get(datasets.DIR_VAR):  # the kernel works elsewhere
        own[datasets.DIR_VAR] = str(Path(own[datasets.DIR_VAR]).absolute())
    return {
        **own,
        **_kernel_settings(),
        "PYTHONHASHSEED": run.surroundings.hash_seed,
        "PYTHONNOUSERSITE": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLCONFIGDIR": str(_matplotlib_folder(book)),
        FILE_VARIABLE: str(scratch / worker.RESULTS),
        CHAPTER_VARIABLE: chapter.name,
        SEED_VARIABLE: str(run.seed),
    }


def _kernel_settings() -> dict[str, str]:
    name = os.environ.get(presets.ENV_VAR) or "portable"
    return {presets.ENV_VAR: name, **presets.settings(name)}


def _failure(chapter: Chapter, event: dict[str, Any]) -> CourseError:
    where = f", code cell {event['cell']}" if event["cell"] else ""
    message = f"Chapter {chapter.name}{where}: {event['what']}. The last good results are untouched."
    code = "\n".join(f"    {line}" for line in event["code"].splitlines())
    return CourseError(message, details="\n\n".join(part for part in (code, event["more"]) if part))


def _together(failures: list[BaseException]) -> BaseException:
    """One error of many: the first in full, the others by their first line."""
    ours = [error for error in failures if isinstance(error, CourseError)]
    if len(ours) < len(failures):
        return next(error for error in failures if not isinstance(error, CourseError))
    others = "\n".join(f"Also: {error}" for error in ours[1:])
    return CourseError(str(ours[0]), details="\n\n".join(part for part in (ours[0].details, others) if part))


@contextmanager
def _only_run(book: Book) -> Iterator[None]:
    """Let one run at a time write to the build folder; the system drops the lock however the process ends."""
    path = book.build / "run.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise cannot_write(path, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CourseError("Another `course book` command is running in this folder. Wait for it to end.") from error
        _drop(book.build / "scratch")  # what a killed run left behind
        yield


@contextmanager
def _scratch(book: Book, chapter: Chapter, run: Run) -> Iterator[Path]:
    folder = book.build / "scratch" / f"{run.tag}-{chapter.name}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        _drop(folder)


def _drop(folder: Path) -> None:
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)  # a kernel that is just ending may still write there


def _outcome(chapter: str, record: dict[str, Any], skipped: bool) -> Outcome:
    return Outcome(chapter, skipped, record["seconds"], record["peak_bytes"])


def _is_lab(path: Path) -> bool:
    return path.parts[0] not in _NOT_THE_LAB


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _core(slot: int) -> int | None:
    """Spread single-CPU kernels over the CPUs that this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[slot % len(cores)]
