"""Stand for a warm kernel: ask for it, pass interrupts on, end when it ends. It imports little, to start at once."""

import contextlib
import json
import os
import signal
import socket
import sys


def main(address: str, argv: list[str]) -> None:
    """Ask for a kernel and wait until it has ended.

    Parameters
    ----------
    address : str
        Path of the warm process's socket.
    argv : list of str
        The kernel's arguments.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        signal.signal(signal.SIGINT, lambda signum, frame: connection.sendall(b"i"))
        request = {"argv": argv, "folder": os.getcwd(), "environment": dict(os.environ)}
        connection.sendall(json.dumps(request).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            connection.recv(1)  # the kernel never writes: this ends when it does


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
