"""What the book adds to Sphinx: numbers by name, and figures quoted from elsewhere.

``{result}`chapter:name` `` puts a recorded number into prose; ``{published}`0.0030` `` marks a figure that somebody
else published. A number in prose is one of the two, or a setting in code font; the linter refuses all others.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from course_pkg.errors import CourseError
from course_pkg.publishing import bibliography, glossary, page_weight
from course_pkg.publishing.numbers import render
from course_pkg.records import ChapterResults, read_results

__all__ = ["PublishedRole", "ResultRole", "setup"]

_PERCENTAGE = re.compile(r"(?<=\d) %")


class ResultRole(SphinxRole):
    """``{result}`chapter:name:format` ``: a value of the chapter's committed results.

    `name` may reach into lists and dicts with dots (``losses.0``). `format` is a Python format (``.3f``, ``.1%``,
    ``,``); an interval is written as its estimate and bounds. An unknown name is an error of the build.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text, or a warning that fails the build."""
        folder = Path(self.env.srcdir) / "results"
        try:
            chapter, _, rest = self.text.partition(":")
            results = _read(folder / f"{chapter}.json", self.env)
            text = render(results, *rest.split(":", 1))
        except CourseError as error:
            return _refuse(self.inliner, self.rawtext, f"{{result}}`{self.text}`: {error}", self.lineno)
        return [_marked(text, "result", f"recorded as {chapter}:{rest.split(':')[0]}")], []


class PublishedRole(SphinxRole):
    """``{published}`0.0030` ``: a figure taken from the tutorials, not computed here."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the figure, marked for the style sheet."""
        return [_marked(self.text, "published", "published elsewhere, not computed here")], []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the roles."""
    app.add_node(marked, html=(_visit, _depart), latex=(_plain, _plain), text=(_plain, _plain))
    app.add_role("result", ResultRole())
    app.add_role("published", PublishedRole())
    bibliography.setup()
    page_weight.setup(app)
    glossary.setup(app)
    app.connect("doctree-resolved", _keep_percentages_together)
    return {"version": "1", "env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}


def _keep_percentages_together(app: Sphinx, page: nodes.document, name: str) -> None:
    """Let no line end between a number and its percent sign."""
    for text in list(page.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, (nodes.literal, nodes.FixedTextElement, nodes.raw)):
            text.parent.replace(text, nodes.Text(_PERCENTAGE.sub("\N{NO-BREAK SPACE}%", text)))


class marked(nodes.inline):  # type: ignore[misc]  # docutils publishes no types
    """Text with a class and a title, which browsers show to who points at it."""


def _marked(text: str, css_class: str, title: str) -> marked:
    return marked(text, text, classes=[css_class], title=title)


def _visit(translator: Any, node: marked) -> None:
    translator.body.append(translator.starttag(node, "span", "", title=node["title"]))


def _depart(translator: Any, node: marked) -> None:
    translator.body.append("</span>")


def _plain(translator: Any, node: marked) -> None:
    """Outside HTML there is nothing to point at."""


def _read(path: Path, env: Any) -> ChapterResults:
    """Read a results file once a build, and let Sphinx know that the page depends on it."""
    env.note_dependency(str(path))
    cache: dict[Path, ChapterResults] = env.temp_data.setdefault("course_results", {})
    if path not in cache:
        cache[path] = read_results(path)
    return cache[path]


def _refuse(inliner: Inliner, raw: str, message: str, line: int) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    report = inliner.reporter.error(message, line=line)
    return [inliner.problematic(raw, raw, report)], [report]
