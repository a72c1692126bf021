"""What readers take away: each chapter's executed notebook, and copies that run in Colab or on Binder.

A site built with a ``repository: url:`` in ``book/_config.yml`` holds in ``notebooks/online/`` what belongs on the
branch ``notebooks`` of that repository: the notebooks, each with a first cell that installs the lab, and the two files
that Binder reads. Links to Colab and Binder point there. Without an address there are no such links.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book, Chapter
from course_pkg.publishing.numbers import render
from course_pkg.records import ChapterResults, read_results

__all__ = ["BRANCH", "FOLDER", "Repository", "find_repository", "readable", "write_notebook", "write_surroundings"]

FOLDER = "notebooks"
"""Where the notebooks lie in the site."""

BRANCH = "notebooks"
"""The repository's branch that Colab and Binder read."""

_ONLINE = "online"
_GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
_ROLE = re.compile(r"\{(\w+)\}`([^`]+)`")
_LABEL = re.compile(r"^\([\w-]+\)=\n", re.M)
_DIRECTIVE = re.compile(r"^```\{([\w-]+)\} ?([^\n]*)\n((?::\w+:[^\n]*\n)*)(.*?)^```$\n?", re.M | re.S)


@dataclass(frozen=True)
class Repository:
    """Where the course is published.

    Parameters
    ----------
    owner, name : str
        As in ``https://github.com/OWNER/NAME``.
    """

    owner: str
    name: str

    @property
    def lab(self) -> str:
        """The requirement that installs the lab from there."""
        return f"course-pkg @ git+https://github.com/{self.owner}/{self.name}"

    def colab(self, chapter: str) -> str:
        """The address that opens a chapter in Colab."""
        return f"https://colab.research.google.com/github/{self.owner}/{self.name}/blob/{BRANCH}/{chapter}.ipynb"

    def binder(self, chapter: str) -> str:
        """The address that opens a chapter on Binder."""
        return f"https://mybinder.org/v2/gh/{self.owner}/{self.name}/{BRANCH}?urlpath=lab/tree/{chapter}.ipynb"


def find_repository(book: Book) -> Repository | None:
    """Read the repository's address from ``book/_config.yml``; None where it is empty.

    Raises
    ------
    CourseError
        If the address is not one that Colab and Binder know.
    """
    path = book.source / "_config.yml"
    try:
        url = (yaml.safe_load(path.read_text(encoding="utf-8")).get("repository") or {}).get("url")
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise CourseError(f"Cannot read {path}: {error}") from error
    if not url:
        return None
    parts = _GITHUB.fullmatch(url)
    if parts is None:
        raise CourseError(f"{path}: repository url {url!r} is not of the form https://github.com/OWNER/NAME.")
    return Repository(*parts.groups())


def write_notebook(book: Book, chapter: Chapter, notebook: Any, repository: Repository | None, target: Path) -> None:
    """Write a chapter's notebook with its outputs, and the copy for Colab and Binder if the course is published.

    Parameters
    ----------
    book : Book
    chapter : Chapter
    notebook : NotebookNode
        As executed.
    repository : Repository or None
    target : Path
        What becomes the top of the site.
    """
    own = copy.deepcopy(notebook)
    results = _Results(book)
    for cell in own.cells:
        if cell.cell_type == "markdown":
            cell.source = readable(cell.source, results.render)
    _write(own, target / FOLDER / f"{chapter.name}.ipynb")
    if repository:
        install = nbformat.v4.new_code_cell(_INSTALL.format(lab=repository.lab), id="install-the-lab")
        own.cells.insert(0, install)
        _write(own, target / FOLDER / _ONLINE / f"{chapter.name}.ipynb")


def write_surroundings(repository: Repository, target: Path) -> None:
    """Write what Binder reads beside the notebooks."""
    folder = target / FOLDER / _ONLINE
    (folder / "requirements.txt").write_text(f"{repository.lab}\n", encoding="utf-8")
    (folder / "runtime.txt").write_text("python-3.11\n", encoding="utf-8")


def readable(text: str, number: Callable[[str], str]) -> str:
    """Turn what only the book's builder understands into plain Markdown.

    Numbers are filled in, references become their text, and boxes become paragraphs under a bold heading.

    Parameters
    ----------
    text : str
        A cell of MyST Markdown.
    number : callable
        Takes what a ``{result}`` names, and returns the number as text.

    Examples
    --------
    >>> print(readable("The mean is {result}`one:mean:.2f`, see {doc}`chapters/one`.", lambda name: "0.52"))
    The mean is 0.52, see chapters/one.
    """
    text = _DIRECTIVE.sub(_box, _LABEL.sub("", text))
    return _ROLE.sub(lambda role: number(role[2]) if role[1] == "result" else _shown(role[2]), text)


_INSTALL = """\
# Colab only: installs the course's lab there. It takes a minute or two. If Colab then asks for a restart, restart.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet "{lab}"
"""


class _Results:
    """The published results, each chapter's read once."""

    def __init__(self, book: Book) -> None:
        self._folder = book.published
        self._known: dict[str, ChapterResults] = {}

    def render(self, reference: str) -> str:
        chapter, _, rest = reference.partition(":")
        if chapter not in self._known:
            self._known[chapter] = read_results(self._folder / f"{chapter}.json")
        return render(self._known[chapter], *rest.split(":", 1))


def _box(found: re.Match[str]) -> str:
    kind, title, body = found[1], found[2], found[4]
    if kind == "course-widget":
        return "*The online book has something to try out here.*\n"
    if kind.startswith("solution"):
        return "**Solution**\n" if kind == "solution-start" else ""
    heading = f"{kind.capitalize()}: {title}" if kind == "exercise" else title or kind.capitalize()
    return f"**{heading}**\n\n{body}"


def _shown(text: str) -> str:
    explicit = re.fullmatch(r"(.+?)\s*<[^<>]+>", text)
    return explicit[1] if explicit else text


def _write(notebook: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
