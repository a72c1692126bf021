"""How a kernel asks the grader: by the message that `input` sends, in less than half the time.

ipykernel's own `raw_input` first waits until two threads have sent out what was printed, and then looks a hundred times
a second whether there is an answer. Here, nobody reads what a cell prints before the cell has ended.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Prompt"]


class Prompt:
    """Asks whoever runs the present cell.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    def __call__(self, text: str) -> str:
        """Say something, and wait for what is said to it.

        Parameters
        ----------
        text : str

        Returns
        -------
        str
        """
        kernel, socket = self._kernel, self._kernel.stdin_socket
        while socket.poll(0):  # an answer to what was interrupted
            socket.recv_multipart()
        content = {"prompt": text, "password": False}
        kernel.session.send(
            socket, "input_request", content, kernel.get_parent("shell"), ident=kernel._parent_ident["shell"]
        )
        while True:
            socket.poll()
            _, reply = kernel.session.recv(socket)
            if reply is not None:
                return str(reply["content"]["value"])
