"""Processes that start sooner, by what they do without."""

from __future__ import annotations

import sys

__all__ = ["without_iri_grammar"]


def without_iri_grammar() -> None:
    """Keep jsonschema, and all of Jupyter that imports it, from building a grammar that nothing here uses.

    Importing ``jsonschema`` imports ``rfc3987_syntax`` where that is installed, which takes some 2 s: it builds a
    parser for each part of an international web address, for schemas with the formats ``iri`` and ``iri-reference``.
    No schema of Jupyter's has them. Where the import fails, jsonschema goes on without these two formats; so it is
    made to fail.
    Does nothing if the grammar is loaded already.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is how an import is made to fail
