"""Link a chapter's words to the glossary, and give each link the definition, for a tooltip.

In each chapter the first use of each word is linked by itself. Authors mark others, and words that also have an
everyday meaning, with ``{term}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

__all__ = ["setup"]

_EVERYDAY = {"claim", "patience", "precision", "recall", "repeat", "run", "step", "unit"}
"""Words that mean something else as often as not: a double precision, to run."""

_CHAPTERS = "chapters/"
_LEFT_ALONE = (
    nodes.Admonition,
    nodes.FixedTextElement,
    nodes.caption,
    nodes.citation,
    nodes.emphasis,
    nodes.footnote,
    nodes.inline,  # figures that were computed, math, interpreted text
    nodes.literal,
    nodes.math,
    nodes.reference,
    nodes.strong,
    nodes.table,
    nodes.title,
)


@dataclass
class _Glossary:
    """What a build knows of the glossary.

    Parameters
    ----------
    definitions : dict
        The id of a term: the text that explains it.
    places : dict
        A word in small letters: the page and the id of its term.
    """

    definitions: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Any word that is linked by itself, also in the plural; of two that begin alike, the longer one."""
        words = sorted(self.places.keys() - _EVERYDAY, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?:e?s)?(?![\w-])", re.IGNORECASE)


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("env-updated", _collect)
    app.connect("doctree-resolved", _link)
    app.connect("doctree-resolved", _define)


def _collect(app: Sphinx, env: Any) -> None:
    """Read the glossary when all pages have been read."""
    glossary = env.course_glossary = _Glossary()
    for (kind, name), (page, label) in sorted(env.domaindata["std"]["objects"].items()):
        if kind == "term":
            for word in name.split(", "):
                glossary.places[word.lower()] = (page, label)
    for page in sorted({page for page, _ in glossary.places.values()}):
        glossary.definitions.update(_definitions(env.get_doctree(page)))


def _glossary_of(app: Sphinx) -> _Glossary:
    environment: Any = app.env  # Sphinx's type does not know what _collect has set
    glossary: _Glossary = environment.course_glossary
    return glossary


def _definitions(page: nodes.document) -> Iterator[tuple[str, str]]:
    for item in page.findall(nodes.definition_list_item):
        definition = " ".join(part.astext() for part in item.findall(nodes.definition)).replace("\n", " ")
        for term in item.findall(nodes.term):
            for label in term["ids"]:
                yield label, definition


def _link(app: Sphinx, page: nodes.document, name: str) -> None:
    """Link the first use of each word in a chapter's running text."""
    glossary = _glossary_of(app)
    if not name.startswith(_CHAPTERS) or not glossary.places:
        return
    pattern = glossary.pattern
    done = _marked_by_the_author(page)
    for text in [text for text in page.findall(nodes.Text) if _is_running_text(text)]:
        parts: list[nodes.Node] = []
        end = 0
        for found in pattern.finditer(text):
            target, label = glossary.places[found[1].lower()]
            if label in done:
                continue
            done.add(label)
            address = f"{app.builder.get_relative_uri(name, target)}#{label}"
            word = nodes.inline("", found[0], classes=["xref", "std", "std-term"])
            parts += [
                nodes.Text(text[end : found.start()]),
                nodes.reference("", "", word, internal=True, refuri=address),
            ]
            end = found.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def _marked_by_the_author(page: nodes.document) -> set[str]:
    return {_label(link) for link in page.findall(nodes.reference) if _is_term(link)}


def _is_running_text(text: nodes.Text) -> bool:
    """Whether it stands in a paragraph, and not in what a cell has put out."""
    node = text.parent
    in_a_paragraph = False
    while node is not None:
        if isinstance(node, _LEFT_ALONE) or "cell" in node.get("classes", ()):
            return False
        in_a_paragraph |= isinstance(node, nodes.paragraph)
        node = node.parent
    return in_a_paragraph


def _define(app: Sphinx, page: nodes.document, name: str) -> None:
    """Give each link to the glossary the definition as its title."""
    definitions = _glossary_of(app).definitions
    for link in page.findall(nodes.reference):
        if _is_term(link) and _label(link) in definitions:
            link["reftitle"] = definitions[_label(link)]


def _is_term(link: nodes.reference) -> bool:
    return any("std-term" in child["classes"] for child in link.findall(nodes.inline))


def _label(link: nodes.reference) -> str:
    label: str = link.get("refid") or link.get("refuri", "").partition("#")[2]
    return label
