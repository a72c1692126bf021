"""Refuse numbers that somebody typed into prose: a result stands in the text only if a rerun put it there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TypedResult", "typed_results"]


@dataclass(frozen=True)
class TypedResult:
    """A bare decimal or percentage in prose.

    Parameters
    ----------
    path : Path
    line : int
        From 1.
    text : str
        The number.
    """

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: {self.text!r} is typed into the prose. Record it and write {{result}}`…`, "
            "quote it with {published}`…`, or set it in code font if it is a setting."
        )


# Blanked in this order, newlines kept, so that the line of what remains is right.
_ALLOWED = [
    re.compile(r"\A---\n.*?\n---\n", re.S),  # front matter
    re.compile(r"\$\$.*?\$\$", re.S),
    re.compile(r"<!--.*?-->", re.S),
    re.compile(r"^%.*$|^:[a-z-]+:.*$", re.M),  # comments, options of directives
    re.compile(r"\{[a-z:]+\}`[^`]*`"),  # roles: results, published figures, citations
    re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S),  # code font
    re.compile(r"(?<!\$)\$[^$\n]+\$(?!\$)"),
    re.compile(r"\]\([^)\s]*\)|<https?://[^>]*>"),  # addresses
    re.compile(r"\b(90|95|99)[\s\u00a0]?%(?=\s+(confidence\b|intervals?\b))"),  # the level of an interval is a setting
]
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")
_LITERAL = ("{code", "{math", "{literalinclude", "{mermaid")
_NUMBER = re.compile(r"(?<![\w.])[−-]?\d+(?:[.,]\d+)*[\s\u00a0]?%|(?<![\w.])[−-]?\d+\.\d+(?![\w]|\.\d)")


def typed_results(path: Path) -> list[TypedResult]:
    """Find bare decimals and percentages outside code, maths, roles, addresses and front matter.

    Parameters
    ----------
    path : Path
        A MyST Markdown file.

    Returns
    -------
    list of TypedResult
        In the order of the file; whole numbers are not looked at.
    """
    text = path.read_text(encoding="utf-8")
    text = _without_literal_blocks(text)
    for pattern in _ALLOWED:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return [
        TypedResult(path, text.count("\n", 0, match.start()) + 1, match.group().strip())
        for match in _NUMBER.finditer(text)
    ]


def _without_literal_blocks(text: str) -> str:
    """Blank code and maths between fences; the text of other directives (notes, exercises) stays."""
    kept, closing = [], ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if closing:
            kept.append("")
            if fence and fence[1].startswith(closing) and not fence[2].strip():
                closing = ""
        elif fence and (fence[2].strip().startswith(_LITERAL) or _opens_plain_code(fence[2])):
            kept.append("")
            closing = fence[1]
        else:  # a directive's own fence would read as code font
            kept.append(line.replace(fence[1], "") if fence else line)
    return "\n".join(kept)


def _opens_plain_code(info: str) -> bool:
    """Tell ```` ```python ```` from a directive; an empty info string closes a directive here."""
    return bool(info.strip()) and not info.strip().startswith("{")
