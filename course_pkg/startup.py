"""Processes that start sooner, by what they do without."""

from __future__ import annotations

import inspect
import sys

__all__ = ["look_up_modules", "without_iri_grammar"]


def look_up_modules() -> None:
    """Let ``inspect`` note the file of each module that is loaded, which it keeps from then on.

    It does so when it first shows a traceback: half a second for the 5,000 modules that come with TensorFlow. In a
    process that forks others, once is enough for all.
    """
    inspect.getmodule(compile("", "a file that no module has", "exec"))


def without_iri_grammar() -> None:
    """Keep jsonschema, and all of Jupyter that imports it, from building a grammar that nothing here uses.

    Importing ``jsonschema`` imports ``rfc3987_syntax`` where that is installed, which takes some 2 s: it builds a
    parser for each part of an international web address, for schemas with the formats ``iri`` and ``iri-reference``.
    No schema of Jupyter's has them. Where the import fails, jsonschema goes on without these two formats; so it is
    made to fail.
    Does nothing if the grammar is loaded already.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is how an import is made to fail
