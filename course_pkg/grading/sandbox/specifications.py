"""Kernel specifications of the sandbox: made in code for grading, or installed for plain Jupyter."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

__all__ = ["KERNEL", "SandboxSpecifications", "install"]

KERNEL = "course-sandbox"
"""The name of the installed kernel."""

_COMMAND = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


class SandboxSpecifications(KernelSpecManager):
    """Knows one kernel, whatever it is called, and needs no file for it.

    Parameters
    ----------
    role : {"student", "examiner"}
    limits : dict
        See `Limits`.
    """

    def __init__(self, role: str, limits: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._content = _content(role, limits or {})

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel's specification."""
        return KernelSpec(**self._content)


def install() -> str:
    """Install the kernel into this environment, for plain Jupyter; ``jupyter kernelspec remove`` takes it away.

    Returns
    -------
    str
        Where it lies.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(_content("student", {}), indent=1), encoding="utf-8")
        return str(KernelSpecManager().install_kernel_spec(folder, KERNEL, prefix=sys.prefix))


def _content(role: str, limits: dict[str, Any]) -> dict[str, Any]:
    provisioner = {"provisioner_name": "course-sandbox", "config": {"role": role, "limits": limits}}
    return {
        "argv": _COMMAND,
        "display_name": "Python (confined)",
        "language": "python",
        "metadata": {"kernel_provisioner": provisioner},
    }
