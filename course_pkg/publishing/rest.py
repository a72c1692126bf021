"""Turn the reStructuredText of docstrings into MyST Markdown: docutils reads it, this writes it anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser, roles

__all__ = ["Link", "RestError", "code", "definitions", "escape", "inline", "opens_block", "table", "to_markdown"]

Link = Callable[[str, str, str], str]
"""What a role becomes: takes its name (``func``), its target and the text shown, and returns Markdown."""

_ROLES = ("attr", "class", "data", "doc", "exc", "func", "meth", "mod")
_OPENS_BLOCK = re.compile(r"```|\$\$|[-|>] |\d+\. ")


class RestError(ValueError):
    """Text that docutils complains of, or that has something this module cannot write."""


def to_markdown(text: str, link: Link) -> str:
    """Convert paragraphs, lists, tables, literal blocks, doctests and formulas.

    Parameters
    ----------
    text : str
        reStructuredText, without section titles.
    link : callable
        What a role becomes: takes its name, its target and the text shown, and returns Markdown.

    Returns
    -------
    str
        MyST Markdown, one line for each paragraph.

    Raises
    ------
    RestError
        If the text is not valid, or has an element that is not listed above.

    Examples
    --------
    >>> print(to_markdown("Twice ``x``, as `y`::\\n\\n    y = 2 * x", lambda role, target, shown: shown))
    Twice `x`, as `y`:
    <BLANKLINE>
    ```text
    y = 2 * x
    ```
    """
    return _blocks(_parsed(text), link)


def inline(text: str, link: Link) -> str:
    """Convert a text that stays within one paragraph.

    Parameters
    ----------
    text : str
    link : callable
        As in :func:`to_markdown`.

    Returns
    -------
    str
        One line.

    Raises
    ------
    RestError
        If it is more than one paragraph.

    Examples
    --------
    >>> inline("an *odd* number_of ``x``", lambda role, target, shown: shown)
    'an *odd* number\\\\_of `x`'
    """
    children = _parsed(text).children
    if not children:
        return ""
    if len(children) > 1 or not isinstance(children[0], nodes.paragraph):
        raise RestError(f"one line is wanted here, found: {text!r}")
    return _inlines(children[0], link)


def definitions(items: list[tuple[str, str]]) -> str:
    """Write a definition list.

    Parameters
    ----------
    items : list of (str, str)
        Terms and what they mean, both Markdown. A term without a meaning becomes a paragraph.

    Returns
    -------
    str

    Examples
    --------
    >>> print(definitions([("`x`", "The first."), ("`y`", "")]))
    `x`
    : The first.
    <BLANKLINE>
    `y`
    """
    return "\n\n".join(f"{term}\n: {_indented(body, 2)}" if body else term for term, body in items)


def opens_block(text: str) -> bool:
    """Tell whether Markdown begins with something other than a paragraph."""
    return bool(_OPENS_BLOCK.match(text))


def code(text: str) -> str:
    """Write code within a line, whatever backticks it has.

    Examples
    --------
    >>> code("a `b`")
    '`` a `b` ``'
    """
    runs = [len(run) for run in re.findall("`+", text)]
    if not runs:
        return f"`{text}`"
    fence = "`" * (max(runs) + 1)
    return f"{fence} {text} {fence}"


def escape(text: str) -> str:
    r"""Write text so that Markdown leaves it as it is.

    Examples
    --------
    >>> print(escape("batch_size * 2"))
    batch\_size \* 2
    """
    return re.sub(r"([\\`*_\[\]<$])|\{(?=\{)|&(?=#?\w+;)", r"\\\g<0>", " ".join(re.split(r"\s*\n\s*", text)))


def _parsed(text: str) -> nodes.document:
    for role in _ROLES:
        roles.register_local_role(role, _role)
    text = re.sub(r"^(\s*[A-Z])\. ", r"\1\\. ", text, flags=re.MULTILINE)  # an author's initial, not a list's letter
    document = utils.new_document("docstring", _settings())
    try:
        Parser().parse(text, document)
    except utils.SystemMessage as error:
        raise RestError(f"{error}\nin: {text!r}") from error
    return document


@cache
def _settings() -> Any:
    settings = frontend.get_default_settings(Parser)
    settings.report_level = 5  # nothing is printed: what is wrong is raised
    settings.halt_level = 2
    return settings


def _role(
    name: str, rawtext: str, text: str, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Keep a role as it is, for the writer; docutils itself knows none of Sphinx's."""
    text = utils.unescape(text)
    explicit = re.fullmatch(r"(.+?)\s*<([^<>]+)>", text, re.DOTALL)
    if explicit:
        shown, target = explicit.groups()
    else:
        target = text.removeprefix("~")
        shown = target.rpartition(".")[2] if text.startswith("~") else target
    return [nodes.inline(rawtext, shown, role=name, target=target)], []


def _blocks(parent: nodes.Element, link: Link) -> str:
    return "\n\n".join(filter(None, (_block(child, link) for child in parent.children)))


def _block(node: nodes.Node, link: Link) -> str:
    """Write one block; the first line of a paragraph must not be taken for another block."""
    match node:
        case nodes.paragraph():
            return re.sub(r"^([-+#:%=~>(]|\d+(?=[.)]))", _guarded, _inlines(node, link))
        case nodes.bullet_list():
            return _list(node, ["-"] * len(node), link)
        case nodes.enumerated_list():
            return _list(node, [f"{1 + i}." for i in range(len(node))], link)
        case nodes.definition_list():
            return definitions([(_inlines(item[0], link), _blocks(item[-1], link)) for item in node])
        case nodes.literal_block():
            return _fenced("text", node.astext())
        case nodes.doctest_block():
            return _fenced("pycon", node.astext())
        case nodes.math_block():
            return f"$$\n{node.astext()}\n$$"
        case nodes.block_quote():
            return "\n".join(f"> {line}".rstrip() for line in _blocks(node, link).splitlines())
        case nodes.table():
            return _table(node, link)
        case nodes.comment():
            return ""
    raise RestError(f"{type(node).__name__} is more than Markdown is written for here, in: {node.astext()!r}")


def _guarded(start: re.Match[str]) -> str:
    return f"{start.group()}\\" if start.group().isdigit() else f"\\{start.group()}"


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _indented(text: str, width: int) -> str:
    return text.replace("\n", "\n" + " " * width).replace("\n" + " " * width + "\n", "\n\n")


def _list(node: nodes.Element, markers: list[str], link: Link) -> str:
    items = (_indented(_blocks(item, link), len(mark) + 1) for mark, item in zip(markers, node, strict=True))
    return "\n".join(f"{mark} {item}" for mark, item in zip(markers, items, strict=True))


def _table(node: nodes.table, link: Link) -> str:
    if any("morecols" in entry or "morerows" in entry for entry in node.findall(nodes.entry)):
        raise RestError(f"Markdown has no cells that span several, in: {node.astext()!r}")
    rows = [[_cell(entry, link) for entry in row] for row in node.findall(nodes.row)]
    if next(node.findall(nodes.thead), None) is None:
        raise RestError(f"Markdown has no table without a head row, in: {node.astext()!r}")
    return table(rows)


def table(rows: list[list[str]]) -> str:
    """Write a table.

    Parameters
    ----------
    rows : list of lists of str
        Markdown within a line; the first row is the head.

    Returns
    -------
    str

    Examples
    --------
    >>> print(table([["n", "means"], ["1", "a|b"]]))
    | n | means |
    | --- | --- |
    | 1 | a\\|b |
    """
    escaped = [[re.sub(r"(?<!\\)\|", r"\|", cell) for cell in row] for row in rows]
    lines = [escaped[0], ["---"] * len(escaped[0]), *escaped[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(entry: nodes.entry, link: Link) -> str:
    return " ".join(_inlines(paragraph, link) for paragraph in entry)


def _inlines(parent: nodes.Element, link: Link) -> str:
    return "".join(_inline(child, link) for child in parent.children)


def _inline(node: nodes.Node, link: Link) -> str:
    match node:
        case nodes.Text():
            return escape(node.astext())
        case nodes.emphasis():
            return f"*{_inlines(node, link)}*"
        case nodes.strong():
            return f"**{_inlines(node, link)}**"
        case nodes.literal() | nodes.title_reference():
            return code(" ".join(node.astext().split("\n")))
        case nodes.math():
            return f"${node.astext()}$"
        case nodes.reference() if "refuri" in node:
            address = node["refuri"]
            return f"<{address}>" if node.astext() == address else f"[{_inlines(node, link)}]({address})"
        case nodes.inline() if "role" in node:
            return link(node["role"], node["target"], node.astext())
    raise RestError(f"{type(node).__name__} is more than Markdown is written for here, in: {node.astext()!r}")
