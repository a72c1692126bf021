"""How much a kernel may use: memory, processor time, threads, files, wall time."""

from __future__ import annotations

import resource
from dataclasses import dataclass

__all__ = ["MB", "Limits", "apply_limits"]

MB = 1 << 20
_GRACE_S = 5  # between the signal that says "too long" and the one that ends it


@dataclass(frozen=True)
class Limits:
    """What one kernel may use.

    Parameters
    ----------
    memory_mb : int
        Private and shared memory of all its processes together.
    scratch_mb : int
        All files in its scratch together, deleted but open ones included.
    file_mb : int
        One file.
    files : int
        Files in its scratch.
    open_files : int
    threads : int
    cpu_s : int
        Processor time.
    wall_s : float
    """

    memory_mb: int = 4096
    scratch_mb: int = 256
    file_mb: int = 256
    files: int = 20_000
    open_files: int = 512
    threads: int = 256
    cpu_s: int = 900
    wall_s: float = 1200.0


def apply_limits(limits: Limits, *, count_threads: bool) -> None:
    """Put this process under the limits that the system itself keeps; the watchdog keeps the others.

    Parameters
    ----------
    limits : Limits
    count_threads : bool
        Let the system count threads too. It counts all of a user's, so this is right in a user namespace only, where
        the kernel is the only one.
    """
    hard = {
        resource.RLIMIT_DATA: limits.memory_mb * MB,
        resource.RLIMIT_FSIZE: limits.file_mb * MB,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 64 << 10,
    }
    if count_threads:
        hard[resource.RLIMIT_NPROC] = limits.threads
    for what, most in hard.items():
        _, ceiling = resource.getrlimit(what)
        most = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + _GRACE_S))
