"""Where the parts of the book lie, and what a chapter must look like before it is run."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from course_pkg.errors import CourseError

__all__ = ["PUBLISHED_SEED", "Book", "Chapter", "Source", "find_book"]

PUBLISHED_SEED = 1
"""The seed of the committed results. Chosen before the first run and never changed since."""

_HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3, language: python}
covers: [R1]
---"""


@dataclass(frozen=True)
class Source:
    """A chapter's source, read and checked.

    Parameters
    ----------
    notebook : NotebookNode
        The cells, without outputs.
    parameters : dict
        Name to default value, from the cell tagged ``parameters``.
    """

    notebook: Any
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Chapter:
    """One executable page of the book.

    Parameters
    ----------
    name : str
        The file's name without ``.md``; the chapter's name everywhere.
    path : Path
        Its MyST Markdown source.
    """

    name: str
    path: Path

    def read(self) -> Source:
        """Parse the source and check its form.

        Raises
        ------
        CourseError
            If the file is missing, lacks the notebook header or the kernel's language, or its parameters cell
            is missing, does not set ``SEED`` to the published seed, or holds something other than plain values.
        """
        import jupytext

        text = self._text()
        front_matter = _front_matter(text, self.path)
        if "jupytext" not in front_matter or "kernelspec" not in front_matter:
            raise CourseError(
                f"{self.path} lacks the notebook header, so none of its code would run. Begin it with:", details=_HEADER
            )
        if front_matter["kernelspec"].get("language") != "python":
            raise CourseError(f"{self.path}: papermill needs `language: python` in the header's kernelspec. Add it.")
        notebook = jupytext.reads(text, fmt="md:myst")
        return Source(notebook, self._parameters(notebook))

    @property
    def covers(self) -> list[str]:
        """The ids of the topics that the chapter covers, from its front matter."""
        return list(_front_matter(self._text(), self.path).get("covers", []))

    @property
    def title(self) -> str:
        """The chapter's first heading."""
        return next(line[2:].strip() for line in self._text().splitlines() if line.startswith("# "))

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise CourseError(f"Cannot read {self.path}: {error.strerror}.") from error

    def _parameters(self, notebook: Any) -> dict[str, Any]:
        cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        if len(cells) != 1:
            raise CourseError(
                f"{self.path} has {len(cells)} cells tagged `parameters`; it needs exactly one, that sets SEED."
            )
        parameters = _literal_assignments(cells[0].source, self.path)
        if parameters.get("SEED") != PUBLISHED_SEED:
            found = f"SEED = {parameters['SEED']}" if "SEED" in parameters else "no SEED"
            raise CourseError(f"{self.path}: its parameters cell has {found}; write SEED = {PUBLISHED_SEED}.")
        return parameters


@dataclass(frozen=True)
class Book:
    """The repository, seen as a book.

    Parameters
    ----------
    root : Path
        The repository's top folder.
    """

    root: Path

    @property
    def source(self) -> Path:
        """The folder ``book/`` that holds the pages."""
        return self.root / "book"

    @property
    def build(self) -> Path:
        """The git-ignored folder for all that is generated."""
        return self.source / "_build"

    @property
    def html(self) -> Path:
        """The folder of the built site."""
        return self.build / "html"

    @property
    def published(self) -> Path:
        """The folder of the committed results."""
        return self.source / "results"

    @property
    def lock(self) -> Path:
        """The file that pins every version."""
        return self.root / "requirements.lock"

    @cached_property
    def pages(self) -> list[str]:
        """All pages, as the table of contents names them: paths below `source`, without ``.md``."""
        contents = self.source / "_toc.yml"
        try:
            toc = yaml.safe_load(contents.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise CourseError(f"Cannot read the table of contents {contents}: {error}") from error
        return [file.removesuffix(".md") for file in _files_of(toc)]

    @cached_property
    def chapters(self) -> list[Chapter]:
        """All chapters, in the order of the table of contents."""
        return [
            Chapter(Path(page).name, self.source / f"{page}.md") for page in self.pages if page.startswith("chapters/")
        ]

    def select(self, names: Iterable[str]) -> list[Chapter]:
        """Return the named chapters in the book's order, all of them if no name is given.

        Raises
        ------
        CourseError
            If a name is not a chapter's; suggests the nearest one.
        """
        wanted = [Path(name).stem for name in names]
        known = {chapter.name: chapter for chapter in self.chapters}
        for name in wanted:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise CourseError(f"There is no chapter {name!r}.{hint} Chapters: {', '.join(known)}.")
        return [chapter for chapter in self.chapters if not wanted or chapter.name in wanted]


def find_book(start: Path | None = None) -> Book:
    """Find the repository that a folder lies in.

    Parameters
    ----------
    start : Path, optional
        Default: the working folder.

    Raises
    ------
    CourseError
        If neither it nor a folder above it has ``book/_toc.yml``.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "book" / "_toc.yml").is_file():
            return Book(folder)
    raise CourseError(f"{start} is not inside the course's repository. Change to it, or name it with --root.")


def _files_of(node: Any) -> list[str]:
    """Collect the ``root:`` and ``file:`` entries of a table of contents, in order."""
    if isinstance(node, dict):
        own = [str(node[key]) for key in ("root", "file") if key in node]
        return own + [file for key, item in node.items() if key not in {"root", "file"} for file in _files_of(item)]
    if isinstance(node, list):
        return [file for item in node for file in _files_of(item)]
    return []


def _front_matter(text: str, path: Path) -> dict[str, Any]:
    parts = text.split("---\n", 2)
    if len(parts) < 3 or parts[0].strip():
        return {}
    try:
        return yaml.safe_load(parts[1]) or {}
    except yaml.YAMLError as error:
        raise CourseError(f"{path}: its header is not valid YAML: {error}") from error


def _literal_assignments(code: str, path: Path) -> dict[str, Any]:
    """Read ``NAME = value`` lines without running them."""
    found = {}
    try:
        for statement in ast.parse(code).body:
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                raise ValueError(ast.unparse(statement))
            found[statement.targets[0].id] = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError) as error:
        raise CourseError(f"{path}: the parameters cell may only hold lines like SEED = 1, found: {error}") from error
    return found
