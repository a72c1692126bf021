"""Where submissions are graded: in processes of this machine, or on a Dask cluster, behind one interface.

Both are a ``concurrent.futures.Executor``. A submission may do anything to the process that grades it, so each of them
runs in a process that grades one at a time and that nothing else depends on. When it dies, a new one takes its place;
with ``concurrent.futures.ProcessPoolExecutor``, all submissions that are under way would go down with it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from typing import Any

from course_pkg.errors import CourseError
from course_pkg.grading.sandbox.modes import chosen_mode
from course_pkg.grading.sandbox.starters import lent_warm_processes
from course_pkg.grading.worker import Graded, Task, failure, grade_one

__all__ = ["LIMIT_S", "Lanes", "main", "open_executor"]

LIMIT_S = 1800.0
"""Seconds after which the grading of a submission is given up. Cells and tests have limits of their own, far below."""

_ATTEMPTS = 2
_MEMORY = 4 << 30  # bytes that the process may take which grades; some 150 MB is usual
_LOOK_EVERY_S = 1.0
_STARTS_WITHIN_S = 120.0
_PATIENCE_S = "30s"


class Lanes(Executor):
    """Grades submissions in processes, one in each at a time.

    Parameters
    ----------
    jobs : int
        How many processes.
    limit_s : float, default LIMIT_S
        Seconds for one submission.
    """

    def __init__(self, jobs: int, limit_s: float = LIMIT_S) -> None:
        self._threads = ThreadPoolExecutor(jobs)
        self._limit_s = limit_s
        self._own = threading.local()
        self._lock = threading.Lock()
        self._processes: list[_Process] = []
        self._is_ending = False
        self._warm = contextlib.ExitStack()
        self._is_prepared = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Grade a submission; `function` is `grade_one`, its argument the task."""
        if function is not grade_one:
            raise ValueError(f"Lanes run grade_one and nothing else, not {function!r}.")
        self._prepare()
        return self._threads.submit(self.grade, *args, **kwargs)

    def grade(self, task: Task) -> Graded:
        """Grade a submission in the process of this thread.

        Parameters
        ----------
        task : Task

        Returns
        -------
        Graded
            A failure if the process died twice, or took too long.
        """
        start = time.monotonic()
        words = ""
        for _ in range(_ATTEMPTS):
            process = self._process()
            if process is None:
                return failure(task, "The run ended before it was graded.", may_pass=True)
            try:
                return process.grade(task, self._limit_s)
            except TimeoutError:
                process.close()
                reason = f"It was given up after {self._limit_s:,.0f} seconds."
                return failure(task, reason, seconds=time.monotonic() - start)
            except (EOFError, OSError, pickle.UnpicklingError):
                process.close()
                words = process.last_words()
        reason = f"The process that graded it ended {_ATTEMPTS} times. {words}".strip()
        return failure(task, reason, seconds=time.monotonic() - start, may_pass=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes. With `cancel_futures`, also those at work, whose submissions then count as not graded."""
        if cancel_futures:
            self._end()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        self._end()
        if wait:
            for process in self._processes:
                process.close()
        self._warm.close()

    def _prepare(self) -> None:
        """Before the first submission, refuse to run unconfined, and import once what all kernels need."""
        if self._is_prepared:
            return
        chosen_mode()
        self._warm.enter_context(lent_warm_processes())
        self._is_prepared = True

    def _end(self) -> None:
        with self._lock:
            self._is_ending = True
            for process in self._processes:
                process.kill()

    def _process(self) -> _Process | None:
        """Return the process of this thread, a new one if it has died; none any more at the end."""
        own: _Process | None = getattr(self._own, "process", None)
        if own is not None and own.lives():
            return own
        with self._lock:
            if self._is_ending:
                return None
            own = self._own.process = _Process()
            self._processes.append(own)
            return own


class _Process:
    """A process that grades what it is sent, until its connection ends."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._is_ready = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for the one who waits
            )

    def lives(self) -> bool:
        return self._process.poll() is None

    def grade(self, task: Task, limit_s: float) -> Graded:
        if not self._is_ready:
            if not self._connection.poll(_STARTS_WITHIN_S):
                raise EOFError
            self._is_ready = bool(self._connection.recv())
        self._connection.send(task)
        if not self._connection.poll(limit_s):
            raise TimeoutError
        answer = self._connection.recv()
        assert isinstance(answer, Graded)
        return answer

    def kill(self) -> None:
        """End it, from any thread: the one that waits for its answer sees the end of the connection."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it and let go of the connection, which no other thread may be using."""
        self.kill()
        self._connection.close()

    def last_words(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            self._errors.seek(0)
            lines = self._errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
            return f"It said last: {lines[-1][:400]}" if lines else ""
        return ""


def main(descriptor: int) -> None:
    """Grade what comes through a connection, until it ends.

    Parameters
    ----------
    descriptor : int
        The inherited file descriptor of the connection.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))  # for whatever a student's kernel may send
    with Connection(descriptor) as connection, contextlib.suppress(EOFError, BrokenPipeError):
        connection.send(True)  # everything is imported: from here on, time counts
        while True:
            task = connection.recv()
            try:
                graded = grade_one(task)
            except Exception as error:
                graded = failure(task, f"Grading failed: {type(error).__name__}: {error}", may_pass=True)
            connection.send(graded)


def _end_with(parent: int) -> None:
    """End, also in the middle of a submission, when the process that wants its marks has ended."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


@contextmanager
def open_executor(jobs: int, scheduler: str | None = None) -> Iterator[tuple[Executor, int]]:
    """Offer an executor, and say how many submissions it grades at a time.

    Parameters
    ----------
    jobs : int
        Processes on this machine.
    scheduler : str, optional
        The address of a Dask scheduler, whose workers do it instead. They need this package, but no common disk.

    Raises
    ------
    CourseError
        If the scheduler does not answer or has no workers.
    """
    if scheduler is not None:
        with _cluster(scheduler) as found:
            yield found
        return
    lanes = Lanes(jobs)
    try:
        yield lanes, jobs
    except BaseException:
        lanes.shutdown(cancel_futures=True)
        raise
    lanes.shutdown()


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, int]]:
    from distributed import Client  # imported late: it takes a second

    try:
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(f"No Dask scheduler answers at {address}. `dask scheduler` prints its address.") from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise CourseError(f"The Dask scheduler at {address} has no workers. Start some: dask worker {address}")
        executor = _OnCluster(client.get_executor(pure=False))
        try:
            yield executor, threads
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


class _OnCluster(Executor):
    """Dask's executor, whose workers grade in processes of their own as well."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if function is not grade_one:
            raise ValueError(f"The cluster runs grade_one and nothing else, not {function!r}.")
        future: Future[Any] = self._executor.submit(grade_on_worker, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait and not cancel_futures)


def grade_on_worker(task: Task) -> Graded:
    """Grade a submission on a Dask worker: not in its threads, which share a working folder and a fate.

    Parameters
    ----------
    task : Task
    """
    return _lanes().grade(task)


_made: list[Lanes] = []
_making = threading.Lock()


def _lanes() -> Lanes:
    with _making:
        if not _made:
            _made.append(Lanes(1))
        return _made[0]


if __name__ == "__main__":
    main(int(sys.argv[1]))
