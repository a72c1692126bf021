"""Keep of what a cell put out text, images and harmless HTML; widgets, drawings and scripts are dropped."""

from __future__ import annotations

from typing import Any

from course_pkg.grading.feedback import clean

__all__ = ["safe_outputs"]

_PLAIN = ("text/plain", "text/latex", "image/png", "image/jpeg")
_HTML = "text/html"
_LONGEST = 200_000  # characters of HTML


def safe_outputs(outputs: list[Any]) -> None:
    """Leave nothing in a cell's outputs that a browser would run.

    Parameters
    ----------
    outputs : list of NotebookNode
        Are changed in place.
    """
    for output in outputs:
        if "data" not in output:
            continue
        html = output.data.get(_HTML)
        output.data = {kind: output.data[kind] for kind in _PLAIN if kind in output.data}
        output.metadata = {}
        if isinstance(html, str) and len(html) <= _LONGEST:
            output.data[_HTML] = clean(html)
