"""Pictures that readers can play with: ``{course-widget}`` puts one of ``book/widgets/*.js`` into a page.

A widget is an ES module in anywidget's form, ``export default {render({model, el})}``. It gets recorded values by
``model.get(name)``, and needs no server and no network: module and values stand in the page itself, so that it works
from a folder on disk too, where browsers load no modules. Without JavaScript, readers see a still picture and a text.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from course_pkg.errors import CourseError
from course_pkg.publishing.numbers import look_up
from course_pkg.publishing.stills import STILLS, draw_still
from course_pkg.records import read_results

__all__ = ["Widget", "page_part", "setup"]

_IMPORT = re.compile(r'from "\./(\w+\.js)"')


class Widget(SphinxDirective):
    """``{course-widget} name``: a widget, with the recorded values that it reads.

    Options: ``results``, the chapter whose values it reads; ``values``, their names; ``alt``, what the still picture
    shows. The content is the text beside the picture.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "results": directives.unchanged_required,
        "values": directives.unchanged,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the widget's part of the page; an unknown name fails the build."""
        name, source = self.arguments[0], Path(self.env.srcdir)
        try:
            values = self._values(source)
            before, after = page_part(source / "widgets", name, values, self.options.get("alt", ""))
        except CourseError as error:
            raise self.error(f"{{course-widget}} {name}: {error}") from error
        for path in (source / "widgets").glob("*.js"):
            self.env.note_dependency(str(path))
        text = nodes.container(classes=["course-widget-text"])
        self.state.nested_parse(self.content, self.content_offset, text)
        return [nodes.raw("", before, format="html"), text, nodes.raw("", after, format="html")]

    def _values(self, source: Path) -> dict[str, Any]:
        names = self.options.get("values", "").split()
        if not names:
            return {}
        results = read_results(source / "results" / f"{self.options['results']}.json")
        return {name: look_up(results, name) for name in names}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the style sheet."""
    app.add_directive("course-widget", Widget)
    app.add_css_file("widgets.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def page_part(folder: Path, name: str, values: Mapping[str, Any], alt: str) -> tuple[str, str]:
    """Return the HTML of a widget, before and after its text.

    Parameters
    ----------
    folder : Path
        Where the modules are.
    name : str
        The widget's module, without ``.js``.
    values : mapping
        What the widget may ask its model for.
    alt : str
        What the still picture shows, for those who cannot see it.

    Raises
    ------
    CourseError
        If there is no such widget, or the still picture has no description.
    """
    if name not in STILLS:
        raise CourseError(f"There is no widget {name!r}. Widgets: {', '.join(sorted(STILLS))}.")
    if not alt:
        raise CourseError("It needs `:alt:`, a sentence that says what its still picture shows.")
    still = base64.b64encode(_png(name, values)).decode()
    data = json.dumps(values, allow_nan=False).replace("<", "\\u003c")
    script = (
        f'import {{ mount }} from "{_inlined(folder, "kit.js")}";\n'
        f'import widget from "{_inlined(folder, f"{name}.js")}";\n'
        f'for (const found of document.querySelectorAll(".course-widget[data-widget={name}]")) mount(widget, found);\n'
    )
    before = f'<div class="course-widget" data-widget="{name}">\n<script type="application/json">{data}</script>\n'
    after = (
        '<div class="course-widget-live" hidden></div>\n'
        f'<div class="course-widget-still"><img src="data:image/png;base64,{still}" alt="{html.escape(alt)}"/></div>\n'
        f'<script type="module">\n{script}</script>\n</div>'
    )
    return before, after


def _inlined(folder: Path, name: str) -> str:
    """Return a module as an address that holds it, and what it imports in turn."""
    try:
        source = (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"Cannot read the widget's module {folder / name}: {error.strerror}.") from error
    source = _IMPORT.sub(lambda found: f'from "{_inlined(folder, found[1])}"', source)
    return f"data:text/javascript;base64,{base64.b64encode(source.encode()).decode()}"


def _png(name: str, values: Mapping[str, Any]) -> bytes:
    import matplotlib.pyplot as plt

    figure = draw_still(name, values)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return file.getvalue()
