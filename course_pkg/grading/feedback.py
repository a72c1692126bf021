"""What students and graders are shown: verdicts without hidden tests, and nothing of a student's that a browser runs.

nbgrader makes feedback, and formgrader its pages, with nbconvert's ``HTMLExporter``, which passes on HTML, JavaScript
and widgets that a student's cell puts out, and HTML that a student writes into an answer. `wire` sets the exporter's
own options so that both show what is harmless and leave the rest out.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor, Preprocessor
from nbformat.v4 import new_output
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.preprocessors import GetGrades  # type: ignore[import-untyped]
from traitlets import Bool

from course_pkg.assignments.regions import HIDDEN, RegionError, split

__all__ = ["HarmlessOutputs", "Verdicts", "clean", "markdown", "wire"]

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img "
        "ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var",
    )
)
_STYLES = ("background-color", "color", "font-style", "font-weight", "text-align", "text-decoration")
_PLAIN_ATTRIBUTES = {"alt", "colspan", "rowspan", "scope", "start", "title", "open"}
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")  # no address: it would tell who looks
_CLASS = re.compile(r"highlight|hll|dataframe|[a-z][a-z0-9]?")  # colours of code, and of tables by pandas
_TAG = re.compile(r"<(/?)[a-zA-Z]")
_DEEPEST = 200  # tags that are open at once, and those that nobody closes, such as <br>
_NUMBER = re.compile(r"\d{1,5}")
_WITH_TEXT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_NO_PICTURE = re.compile(r"<img(?![^>]* src=)[^>]*>")
_SHOWN = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain")
_LONGEST_MESSAGE = 2000
_NAMES = ("student", "first_name", "last_name", "notebook_id", "assignment_id", "notebook_path", "filename")


def wire(config: Any) -> None:
    """Make nbgrader's feedback and formgrader safe to look at.

    Parameters
    ----------
    config : traitlets.config.Config
        Is changed in place.
    """
    config.GenerateFeedback.preprocessors = [GetGrades, Verdicts, CSSHTMLHeaderPreprocessor]
    config.HTMLExporter.preprocessors = [HarmlessOutputs]
    config.HTMLExporter.filters = {"markdown2html": markdown, "clean_html": clean}
    config.HTMLExporter.sanitize_html = True  # the template leaves out scripts and widgets too


class Verdicts(Preprocessor):
    """For feedback: a test cell shows its visible part and its message, and not how the hidden part is written.

    A traceback quotes the lines of the test, and output may print its inputs: of a failed test the error's name and
    message stay, of one with a partial score the score.
    """

    enabled = Bool(True)  # nbgrader registers what it is given and leaves it as it is

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Change one cell."""
        if cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell):
            cell.source = _visible(cell.source)
            cell.outputs = [verdict for output in cell.outputs if (verdict := _verdict(output))]
        return cell, resources


class HarmlessOutputs(Preprocessor):
    """For all pages: outputs keep what can do no harm, and what students are called is text.

    HTML is cleaned; SVG is left to nbconvert, which shows it as a picture, where scripts do not run. JavaScript,
    widgets and unknown kinds go; so do output metadata, which nbconvert writes into tags unquoted.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Change the notebook, and the names that formgrader's template writes unescaped."""
        for name in _NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(resources[name])
        nb.metadata.pop("widgets", None)
        return super().preprocess(nb, resources)  # type: ignore[no-untyped-call,no-any-return]

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Change one cell."""
        for output in cell.get("outputs", []):
            if output.output_type in ("display_data", "execute_result"):
                output.data = _harmless(output.data)
                output.metadata = {}
        return cell, resources


@pass_context
def markdown(context: Context, source: str) -> str:
    """Return Markdown as clean HTML; nbconvert's filter ``markdown2html``, and its result cleaned.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Its cell may have attachments.
    source : str
    """
    cell = context.get("cell") or {}
    renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}), exclude_anchor_links=True)
    return clean(MarkdownWithMath(renderer=renderer).render(source))


def clean(text: str) -> str:
    """Return HTML without anything that runs, loads something, or looks like the page around it.

    Parameters
    ----------
    text : str
        Where it is nested absurdly deep, it is shown as it stands: parsing would take minutes.

    Examples
    --------
    >>> clean('<b onclick="x()">bold</b><script>x()</script> <a href="javascript:x()">link</a>')
    '<b>bold</b> <a>link</a>'
    """
    text = str(text)
    if _is_absurd(text):
        return html.escape(text)
    cleaner = Cleaner(
        tags=_TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
    )
    return _NO_PICTURE.sub("(picture left out)", str(cleaner.clean(_WITH_TEXT.sub("", text))))


def _is_absurd(text: str) -> bool:
    depth = 0
    for tag in _TAG.finditer(text):
        depth += -1 if tag.group(1) else 1
        if depth > _DEEPEST:
            return True
    return False


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and bool(_LINK.match(value.strip()))
    if name == "src":
        return tag == "img" and bool(_PICTURE.fullmatch(value.strip()))
    if name == "class":
        return all(_CLASS.fullmatch(word) for word in value.split())
    if name in ("width", "height"):
        return bool(_NUMBER.fullmatch(value))
    return name in _PLAIN_ATTRIBUTES or name == "style"


def _harmless(data: Mapping[str, Any]) -> dict[str, Any]:
    shown = {kind: clean(str(what)) if kind == "text/html" else what for kind, what in data.items() if kind in _SHOWN}
    return shown or {"text/plain": f"({', '.join(sorted(data))[:80]}: left out)"}


def _visible(source: str) -> str:
    """Return a test's source with a remark in place of its hidden part."""
    try:
        region = split(source, HIDDEN)
    except RegionError:  # whoever wrote it did not say what is hidden
        return "# The tests of this cell are hidden."
    lines = [*region.outside, "# Further tests are hidden."] if region.inside else region.outside
    return "\n".join(lines).strip("\n")


def _folded(message: str) -> list[str]:
    """Return lines that fit on a page: nbgrader's does not fold them."""
    return [part for line in message.splitlines() for part in textwrap.wrap(line, 100) or [""]]


def _verdict(output: Any) -> Any:
    if output.output_type == "error":
        message = f"{output.ename}: {output.evalue}" if output.evalue else f"{output.ename} (the test says no more)"
        return new_output("error", ename=output.ename, evalue="", traceback=_folded(message[:_LONGEST_MESSAGE]))
    if output.output_type == "execute_result" and "text/plain" in output.data:
        return new_output("execute_result", {"text/plain": output.data["text/plain"]}, execution_count=None)
    return None
