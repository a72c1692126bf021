"""Confine this process, step by step; what is given up here is given up for good.

The order matters. Namespaces, mounts and Landlock come while there is a single thread. The filter of system calls comes
last, for it covers all threads, and the kernel must open its sockets first.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from course_pkg.grading.sandbox import system
from course_pkg.grading.sandbox.landlock import restrict_files, version
from course_pkg.grading.sandbox.limits import Limits, apply_limits
from course_pkg.grading.sandbox.places import HOME, RunFolder, system_files

__all__ = ["confine", "private_files", "readable_files"]

_SHARED_MEMORY_MB = 64
_OWN = system.MS_NOSUID | system.MS_NODEV
_PROC = (
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/version",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/vm/overcommit_memory",
)


def private_files(folder: RunFolder, limits: Limits) -> RunFolder:
    """In new namespaces, lay private file systems over what kernels would share, and return where it lives now.

    Parameters
    ----------
    folder : RunFolder
        With the copy of the submission.
    limits : Limits
    """
    everything = folder.path.parent
    # opened now, for the next mounts hide them
    home = os.open(folder.home, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    sockets = os.open(folder.sockets, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    system.mount(None, "/", None, system.MS_SLAVE | system.MS_REC)
    system.mount("tmpfs", HOME, "tmpfs", _OWN, f"size={limits.scratch_mb}m,nr_inodes={limits.files},mode=755")
    system.mount("tmpfs", str(everything), "tmpfs", _OWN | system.MS_NOEXEC, "size=1m,nr_inodes=100,mode=755")
    folder.sockets.mkdir(parents=True)
    system.mount(f"/proc/self/fd/{sockets}", str(folder.sockets), None, system.MS_BIND)
    shutil.copytree(f"/proc/self/fd/{home}/", HOME, dirs_exist_ok=True)
    system.mount("tmpfs", "/dev/shm", "tmpfs", _OWN | system.MS_NOEXEC, f"size={_SHARED_MEMORY_MB}m")
    system.mount("proc", "/proc", "proc", _OWN | system.MS_NOEXEC | system.MS_RDONLY)
    os.close(home)
    os.close(sockets)
    inside = RunFolder(folder.path)
    inside.home = Path(HOME)
    inside.scratch = inside.home / folder.scratch.name
    inside.temporary = inside.home / folder.temporary.name
    return inside


def confine(folder: RunFolder, libraries: list[str], limits: Limits, *, has_namespaces: bool) -> None:
    """Give up capabilities, other people's files and all that is beyond the limits.

    Parameters
    ----------
    folder : RunFolder
    libraries : list of str
        What it may read beside the system's own files.
    limits : Limits
    has_namespaces : bool
    """
    system.forbid_new_privileges()
    system.drop_capabilities()
    if version() or not has_namespaces:
        writable = [str(folder.home), *(["/dev/shm"] if has_namespaces else [])]
        restrict_files(readable_files(libraries, has_namespaces=has_namespaces), writable, str(folder.sockets))
    apply_limits(limits, count_threads=has_namespaces)


def readable_files(libraries: list[str], *, has_namespaces: bool) -> list[str]:
    """Return what a confined kernel may read: of /proc, all if it is its own, else itself and what is harmless."""
    proc = ["/proc"] if has_namespaces else [*_PROC, os.path.realpath("/proc/self")]
    return [*system_files(), *libraries, *proc]
