"""What the provisioner and the processes that fork kernels say to each other: a line of JSON, with descriptors."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

__all__ = ["receive", "send"]

_LONGEST = 1 << 20
_MOST_DESCRIPTORS = 2


def send(connection: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
    """Send one message."""
    data = json.dumps(message).encode() + b"\n"
    sent = socket.send_fds(connection, [data], descriptors or [])
    connection.sendall(data[sent:])


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Wait for one message.

    Returns
    -------
    message : dict
    descriptors : list of int

    Raises
    ------
    EOFError
        If the other side has gone.
    """
    data, descriptors, _, _ = socket.recv_fds(connection, _LONGEST, _MOST_DESCRIPTORS)
    while data and not data.endswith(b"\n"):
        more = connection.recv(_LONGEST)
        if not more:
            break
        data += more
    if not data.endswith(b"\n"):
        for descriptor in descriptors:
            os.close(descriptor)
        raise EOFError("the other side has gone")
    message: dict[str, Any] = json.loads(data)
    return message, descriptors
