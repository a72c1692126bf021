"""All attacks, a module for each family. A module's first line says what its attacks have in common."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from attacks.attack import Attack

__all__ = ["ATTACKS", "FAMILIES"]

FAMILIES: dict[str, list[Attack]] = {
    path.stem: import_module(f"attacks.catalogue.{path.stem}").ATTACKS
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))
}
"""Family to attacks."""

ATTACKS: list[Attack] = [attack for family in FAMILIES.values() for attack in family]
"""The attacks of all families."""
