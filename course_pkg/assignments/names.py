"""Which global names a cell uses, and which it binds."""

from __future__ import annotations

import ast
import symtable

__all__ = ["bound_names", "free_names"]


def free_names(code: str) -> set[str]:
    """Return the global names that a piece of code uses and does not bind itself.

    Parameters
    ----------
    code : str

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(free_names("import math\\nfor n in sizes:\\n    check(lambda x: f(x) + math.pi, n)"))
    ['check', 'f', 'sizes']
    """
    top, *inner = _tables(code)
    bound = {symbol.get_name() for symbol in top.get_symbols() if _binds(symbol)}
    used = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for table in inner:
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()}
    return used - bound


def bound_names(code: str) -> set[str]:
    """Return the global names that a piece of code binds; none if it is no Python.

    Parameters
    ----------
    code : str

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(bound_names("import math\\ndef same(a, b):\\n    global last\\n    last = a\\nfor n in (1, 2): pass"))
    ['last', 'math', 'n', 'same']
    """
    try:
        top, *inner = _tables(code)
    except SyntaxError:
        return set()
    bound = {symbol.get_name() for symbol in top.get_symbols() if _binds(symbol)}
    for table in inner:
        bound |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_declared_global() and _binds(symbol)}
    return bound


def _tables(code: str) -> list[symtable.SymbolTable]:
    """Return the symbol tables of a piece of code, the global one first."""
    ast.parse(code)
    tables = [symtable.symtable(code, "<test>", "exec")]
    for table in tables:
        tables += table.get_children()
    return tables


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()
