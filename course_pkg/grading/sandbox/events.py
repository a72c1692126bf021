"""What a kernel tries to do beyond its own business: noted inside it, told through a pipe, read when it has ended.

It is a record for people and never touches a mark. Code in the kernel may switch it off or lie in it, about itself
only: the kernel cannot read the pipe, which holds what fits into it and no more.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["LARGEST", "note_attempts", "read_events"]

LARGEST = 64 << 10
"""Bytes that are kept of one kernel's record: what a pipe holds."""

_MOST = 100
_LONGEST = 160
_KINDS = ("file", "network", "process", "kernel")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FILES = {
    "open",
    "os.chmod",
    "os.link",
    "os.listdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "os.symlink",
    "os.truncate",
    "shutil.rmtree",
}
_READING = {"os.listdir", "os.scandir"}
_ALWAYS = {
    "socket.connect": "network",
    "socket.bind": "network",
    "socket.getaddrinfo": "network",
    "socket.gethostbyname": "network",
    "socket.sendto": "network",
    "subprocess.Popen": "process",
    "os.system": "process",
    "os.exec": "process",
    "os.fork": "process",
    "os.forkpty": "process",
    "os.posix_spawn": "process",
    "pty.spawn": "process",
    "os.kill": "kernel",
    "os.killpg": "kernel",
    "signal.pthread_kill": "kernel",
    "sys.settrace": "kernel",
    "sys.setprofile": "kernel",
    "sys.addaudithook": "kernel",
    "sys._current_frames": "kernel",
    "gc.get_objects": "kernel",
}


def note_attempts(pipe: int, readable: Iterable[str], writable: Iterable[str]) -> None:
    """From now on, tell what this process attempts outside the given folders.

    Parameters
    ----------
    pipe : int
        Where to write; a full one takes nothing more.
    readable, writable : iterable of str
        Files and folders that it may read; folders that are its own.
    """
    os.set_blocking(pipe, False)
    own = (*writable, "/dev")
    known = (*own, *readable)
    seen: set[tuple[str, str]] = set()

    def tell(what: str, where: str) -> None:
        event = (what, where[:_LONGEST])
        if event in seen or len(seen) >= _MOST:
            return
        seen.add(event)
        try:
            os.write(pipe, json.dumps({"what": what, "where": event[1]}).encode() + b"\n")
        except OSError:
            return  # the pipe is full

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _ALWAYS:
            tell(_ALWAYS[event], f"{event} {_first(arguments)}".strip())
        elif event in _FILES and arguments and isinstance(arguments[0], (str, bytes)):
            with contextlib.suppress(ValueError):  # no path at all: what was called says so itself
                path = os.path.realpath(os.fsdecode(arguments[0]))
                if not _is_within(path, own if _writes(event, arguments) else known):
                    tell("file", f"{event} {path}")

    sys.addaudithook(hook)


def read_events(pipe: int) -> list[dict[str, str]]:
    """Return what a kernel told, each line checked, for a student may write anything there.

    Parameters
    ----------
    pipe : int
        The reading end.

    Returns
    -------
    list of dict
        ``{"what": "file" | "network" | "process" | "kernel", "where": str}``.
    """
    os.set_blocking(pipe, False)
    try:
        text = os.read(pipe, LARGEST).decode("utf-8", "replace")
    except BlockingIOError:
        return []
    events = []
    for line in text.splitlines()[:_MOST]:
        try:
            event = json.loads(line)
            what, where = event["what"], event["where"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if what in _KINDS and isinstance(where, str):
            events.append({"what": what, "where": "".join(c for c in where[:_LONGEST] if c.isprintable())})
    return events


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        return bool(int(arguments[2] or 0) & _WRITING)
    return event not in _READING


def _is_within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _first(arguments: tuple[Any, ...]) -> str:
    """Return the first argument as text, if it is plain: an object's own ``__repr__`` is a student's code."""
    for argument in arguments:
        if type(argument) in (str, bytes, int, list, tuple):
            return repr(argument)
    return ""
