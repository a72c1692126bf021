"""Watch a kernel from outside, and end it when it takes more than it may of what the system does not limit."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from course_pkg.grading.sandbox.limits import MB, Limits

__all__ = ["Watchdog"]

_PERIOD_S = 0.1
_BLOCK = 512  # bytes, in which the system counts what a file takes


class Watchdog(threading.Thread):
    """Watches wall time, memory, threads, and the scratch where that is an ordinary folder.

    Parameters
    ----------
    pid : int
    end : callable
        Ends the kernel and all it started.
    limits : Limits
    scratch : Path or None
        A folder without a size limit of its own.
    is_alone : bool
        The kernel cannot start processes. To look for them takes longer than all the rest.
    """

    def __init__(
        self, pid: int, end: Callable[[], None], limits: Limits, scratch: Path | None, *, is_alone: bool
    ) -> None:
        super().__init__(name=f"watchdog of {pid}", daemon=True)
        self._pid = pid
        self._end = end
        self._limits = limits
        self._scratch = scratch
        self._is_alone = is_alone
        self._stop = threading.Event()
        self.reason = ""
        self.peak_mb = 0.0

    def run(self) -> None:
        """Watch until the kernel ends, exceeds a limit, or `stop` is called."""
        until = time.monotonic() + self._limits.wall_s
        while not self._stop.wait(_PERIOD_S):
            try:
                self.reason = self._exceeded(time.monotonic() > until)
            except (FileNotFoundError, ProcessLookupError):
                return  # it has ended
            except Exception as error:
                self.reason = f"it could not be watched ({error})"
            if self.reason:
                self._end()
                return

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _exceeded(self, late: bool) -> str:
        if late:
            return f"it ran for more than {self._limits.wall_s:g} seconds"
        tree = [self._pid] if self._is_alone else _tree(self._pid)
        found = [_status(self._pid)]
        for pid in tree[1:]:
            with contextlib.suppress(OSError):  # a child that has ended meanwhile
                found.append(_status(pid))
        memory = sum(status.memory for status in found) / MB
        self.peak_mb = max(self.peak_mb, memory)
        if memory > self._limits.memory_mb:
            return f"it took more than {self._limits.memory_mb:,} MB of memory"
        threads = sum(status.threads for status in found)
        if threads > self._limits.threads:
            return f"it started more than {self._limits.threads:,} threads"
        return self._scratch_exceeded(tree) if self._scratch else ""

    def _scratch_exceeded(self, tree: list[int]) -> str:
        assert self._scratch is not None
        size = count = 0
        for folder, folders, names in os.walk(self._scratch, onerror=_unless_gone):
            for name in [*folders, *names]:
                size += _size(os.path.join(folder, name))
                count += 1
            if count > self._limits.files or size > self._limits.scratch_mb * MB:
                break
        size += sum(_deleted(pid, str(self._scratch), self._limits.file_mb * MB) for pid in tree)
        if size > self._limits.scratch_mb * MB:
            return f"it wrote more than {self._limits.scratch_mb:,} MB"
        return f"it wrote more than {self._limits.files:,} files" if count > self._limits.files else ""


class _Status:
    """Memory that belongs to a process, in bytes (private and shared, not files), and its threads."""

    def __init__(self) -> None:
        self.memory = 0
        self.threads = 0


def _status(pid: int) -> _Status:
    status = _Status()
    for line in _read(f"/proc/{pid}/status").splitlines():
        name, _, rest = line.partition(b":")
        if name in (b"RssAnon", b"RssShmem"):
            status.memory += int(rest.split()[0]) << 10
        elif name == b"Threads":
            status.threads = int(rest)
    return status


def _tree(pid: int) -> list[int]:
    """Return a process and all that it and its threads have started."""
    found = [pid]
    for parent in found:
        for thread in _threads(parent):
            with contextlib.suppress(OSError):  # a thread that has ended meanwhile
                found += map(int, _read(f"/proc/{parent}/task/{thread}/children").split())
    return found


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:  # it has ended meanwhile
        return []


def _read(path: str) -> bytes:
    """Read a file of /proc, ten times a second: as Python's files, they would take several times as long."""
    file = os.open(path, os.O_RDONLY)
    try:
        return b"".join(iter(lambda: os.read(file, 1 << 16), b""))
    finally:
        os.close(file)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_blocks * _BLOCK
    except OSError:
        return 0


def _unless_gone(error: OSError) -> None:
    """Let a folder that cannot be looked into end the kernel; one that has gone meanwhile is no matter."""
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _deleted(pid: int, scratch: str, largest: int) -> int:
    """Return the bytes of the files without a name that a process has open, or holds mapped after it has closed them.

    Only root may ask how large a mapped file is; for others it counts as large as one file may be.
    """
    sizes: dict[tuple[int, int], int] = {}
    with contextlib.suppress(OSError):  # it is about to end
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # it has closed it
                found = os.stat(f"/proc/{pid}/fd/{name}")
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    sizes[found.st_dev, found.st_ino] = found.st_blocks * _BLOCK
        for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
            if not line.endswith(" (deleted)") or scratch not in line:
                continue
            addresses, _, _, device, inode, *_ = line.split(maxsplit=5)
            major, minor = (int(part, 16) for part in device.split(":"))
            file = (os.makedev(major, minor), int(inode))
            if file not in sizes:
                sizes[file] = _mapped_size(pid, addresses, largest)
    return sum(sizes.values())


def _mapped_size(pid: int, addresses: str, largest: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/map_files/{addresses}").st_blocks * _BLOCK
    except FileNotFoundError:  # no longer mapped
        return 0
    except OSError:
        return largest
