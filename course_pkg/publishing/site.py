"""Build the online book with Sphinx from the executed chapters; nothing is executed here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat

from course_pkg.errors import CourseError, cannot_write
from course_pkg.files import move_into_place
from course_pkg.publishing import comparison, problem_sets, reference
from course_pkg.publishing.book import Book, Chapter
from course_pkg.publishing.claims import table
from course_pkg.publishing.rerun import Run, run_folder, up_to_date
from course_pkg.records import read_results

__all__ = ["build", "is_current", "stage"]

_STAMP = ".built-from"
_NOT_PAGES = {"_build", "claims", "results", "chapters", "comparison.yml"}


def build(book: Book) -> Path:
    """Build the HTML anew, warnings being errors.

    Parameters
    ----------
    book : Book

    Returns
    -------
    Path
        The site's ``index.html``.

    Raises
    ------
    CourseError
        If a chapter has no run of its present state, or Sphinx warns about anything.
    """
    source = stage(book)
    fresh = book.build / "html.new"
    shutil.rmtree(fresh, ignore_errors=True)
    configure = "from jupyter_book.cli.main import main; main()"  # the package cannot be run with -m
    _call(["-c", configure, "config", "sphinx", str(source)], "Jupyter Book")
    warnings = book.build / "sphinx-warnings.txt"
    warnings.unlink(missing_ok=True)
    # -W: a warning in a book is a mistake that readers see. -a -E: an incremental build forgets earlier warnings.
    options = ["-b", "html", "-W", "--keep-going", "-a", "-E", "-q", "-w", str(warnings)]
    doctrees = book.build / "doctrees"
    _call(["-m", "sphinx", *options, "-d", str(doctrees), str(source), str(fresh)], "Sphinx", warnings)
    (fresh / _STAMP).write_text(_inputs(book), encoding="utf-8")
    shutil.rmtree(book.html, ignore_errors=True)
    move_into_place(fresh, book.html)
    return book.html / "index.html"


def is_current(book: Book) -> bool:
    """Tell whether the built site shows the present pages, results, runs and settings."""
    try:
        return (book.html / _STAMP).read_text(encoding="utf-8") == _inputs(book)
    except OSError:
        return False


def _inputs(book: Book) -> str:
    """Hash all that a build reads."""
    pages = [path for path in book.source.rglob("*") if path.is_file() and book.build not in path.parents]
    pages += [problem_set.path for problem_set in problem_sets.find(book)]
    runs = run_folder(book, Run()).glob("*.run.json")  # these hold the hashes of the notebooks
    digest = hashlib.sha256()
    for path in sorted([*pages, *runs, *Path(__file__).parent.glob("*.py"), book.lock]):
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def stage(book: Book) -> Path:
    """Lay out what Sphinx reads: the pages, the published results, the executed chapters, and the lab's reference.

    Returns
    -------
    Path
        ``book/_build/source``.

    Raises
    ------
    CourseError
        If a chapter has no run of its present state, a docstring of the lab cannot be written as Markdown, or the
        folder cannot be written.
    """
    target = book.build / "source"
    records = {chapter.name: _record(book, chapter) for chapter in book.chapters}
    try:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(book.source, target, ignore=lambda folder, names: _skipped(book, folder, names))
        shutil.copytree(book.published, target / "results")
        (target / "chapters").mkdir()
        for chapter in book.chapters:
            notebook = nbformat.read(run_folder(book, Run()) / f"{chapter.name}.ipynb", as_version=4)
            page = _as_page(book, chapter, notebook, records[chapter.name])
            nbformat.write(page, target / "chapters" / f"{chapter.name}.ipynb")
        if comparison.is_in_contents(book):
            comparison.write(book, target)
        if problem_sets.is_in_contents(book):
            problem_sets.write(book, target)
        if reference.is_in_contents(book):
            reference.write(book, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return target


def _record(book: Book, chapter: Chapter) -> dict[str, Any]:
    record = up_to_date(book, chapter, Run())
    if record is None:
        raise CourseError(f"Chapter {chapter.name} has no run of its present state. Do `course book run` first.")
    return record


def _skipped(book: Book, folder: str, names: list[str]) -> set[str]:
    return _NOT_PAGES & set(names) if Path(folder) == book.source else set()


def _as_page(book: Book, chapter: Chapter, notebook: Any, record: dict[str, Any]) -> Any:
    """Hide what only the machinery needs, and say at the end where the numbers come from."""
    notebook.cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    own = [found for found in problem_sets.find(book) if found.chapter == chapter.name]
    notebook.cells += [nbformat.v4.new_markdown_cell(problem_sets.section(found)) for found in own]
    if (book.source / "claims" / f"{chapter.name}.yml").exists():
        notebook.cells.append(nbformat.v4.new_markdown_cell(_claims(book, chapter)))
    notebook.cells.append(nbformat.v4.new_markdown_cell(_provenance(book, chapter, record)))
    return notebook


def _claims(book: Book, chapter: Chapter) -> str:
    return (
        "## What this chapter claims\n\n"
        "Each claim was evaluated on whole reruns of this page under several root seeds. A claim that does not hold as "
        "often as it promises is reworded or dropped; no seed is chosen to make it hold.\n\n"
        f"{table(book, chapter)}\n"
    )


def _provenance(book: Book, chapter: Chapter, record: dict[str, Any]) -> str:
    environment, versions = record["environment"], record["environment"]["versions"]
    results = read_results(run_folder(book, Run()) / f"{chapter.name}.json")
    date = datetime.fromisoformat(record["date"])
    return (
        "```{admonition} How this page was made\n:class: course-provenance\n"
        f"Seed {record['seed']} · {len(results.values)} recorded values · "
        f"results `{record['outputs'][f'{chapter.name}.json'][:12]}` · "
        f"run on {date.day} {date:%B %Y} in {record['seconds']:.0f} s · {environment['cpu']}, "
        f"{environment['preset']} preset · Python {environment['python']}, TensorFlow {versions['tensorflow']}, "
        f"Keras {versions['keras']}, NumPy {versions['numpy']}.\n"
        f"Repeat it: `course book verify {chapter.name}`\n```\n"
    )


def _call(arguments: list[str], who: str, warnings: Path | None = None) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)
    if done.returncode == 0:
        return
    said = warnings.read_text(encoding="utf-8").strip() if warnings and warnings.exists() else ""
    count = f"{len(said.splitlines())} warning lines" if said else f"exit status {done.returncode}"
    raise CourseError(f"{who}: the book was not built ({count}).", details=said or done.stderr[-4000:])
