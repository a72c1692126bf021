"""Build the online book with Sphinx from the executed chapters; nothing is executed here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course_pkg.errors import CourseError, cannot_write
from course_pkg.files import move_into_place
from course_pkg.publishing import comparison, downloads, overview, problem_sets, reference
from course_pkg.publishing.book import Book, Chapter
from course_pkg.publishing.claims import Verdict, published_verdicts, table
from course_pkg.publishing.rerun import Run, run_folder, up_to_date
from course_pkg.records import read_results

__all__ = ["StudentZip", "build", "is_current", "stage"]

StudentZip = Callable[[str, Path], object]
"""Writes the zip of a problem set for students: takes the set's name and where the zip goes."""

_DOWNLOADS = "downloads"  # becomes the top of the site: html_extra_path
_STAMP = ".built-from"
_NOT_PAGES = {"_build", "claims", "results", "chapters", "comparison.yml"}


def build(book: Book, student_zip: StudentZip | None = None) -> Path:
    """Build the HTML anew, warnings being errors.

    Parameters
    ----------
    book : Book
    student_zip : StudentZip, optional
        With it, the site offers each problem set as a zip.

    Returns
    -------
    Path
        The site's ``index.html``.

    Raises
    ------
    CourseError
        If a chapter has no run of its present state, or Sphinx warns about anything.
    """
    source = stage(book, student_zip)
    fresh = book.build / "html.new"
    shutil.rmtree(fresh, ignore_errors=True)
    # By -c: Jupyter Book cannot be run with -m, and both start sooner after our own package (see `startup`).
    configure = "import course_pkg.publishing; from jupyter_book.cli.main import main; main()"
    _call(["-c", configure, "config", "sphinx", str(source)], "Jupyter Book")
    warnings = book.build / "sphinx-warnings.txt"
    warnings.unlink(missing_ok=True)
    # -W: a warning in a book is a mistake that readers see. -a -E: an incremental build forgets earlier warnings.
    options = ["-b", "html", "-W", "--keep-going", "-a", "-E", "-q", "-w", str(warnings)]
    doctrees = book.build / "doctrees"
    make = "import sys, course_pkg.publishing; from sphinx.cmd.build import main; sys.exit(main())"
    _call(["-c", make, *options, "-d", str(doctrees), str(source), str(fresh)], "Sphinx", warnings)
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
    pages += problem_sets.notebooks(book)
    runs = run_folder(book, Run()).glob("*.run.json")  # these hold the hashes of the notebooks
    code = (path for path in Path(__file__).parent.rglob("*") if path.suffix in {".py", ".html"})
    digest = hashlib.sha256()
    for path in sorted([*pages, *runs, *code, book.lock]):
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def stage(book: Book, student_zip: StudentZip | None = None) -> Path:
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
        (target / _DOWNLOADS / downloads.FOLDER).mkdir(parents=True)
        sets = problem_sets.find(book)
        pages = [_page(book, chapter, records[chapter.name], sets) for chapter in book.chapters]
        _write_chapters(book, pages, target, zips=student_zip is not None)
        _write_home(pages, target)
        if comparison.PAGE in book.pages:
            comparison.write(book, target)
        if problem_sets.PAGE in book.pages:
            problem_sets.write(sets, target, downloads.FOLDER if student_zip else None)
        if student_zip:
            for found in sets:
                student_zip(found.path.stem, target / _DOWNLOADS / downloads.FOLDER / found.student_zip)
        if reference.PAGE in book.pages:  # it takes seconds, for Keras is loaded
            reference.write(book, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return target


@dataclass(frozen=True)
class _Page:
    """A chapter as executed, with all that is said about it."""

    chapter: Chapter
    notebook: Any
    sets: list[problem_sets.ProblemSet]
    verdicts: list[Verdict]
    overview: overview.Overview


def _page(book: Book, chapter: Chapter, record: dict[str, Any], sets: list[problem_sets.ProblemSet]) -> _Page:
    folder = run_folder(book, Run())
    notebook = nbformat.read(folder / f"{chapter.name}.ipynb", as_version=4)
    notebook.cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    claims = (book.source / "claims" / f"{chapter.name}.yml").exists()
    verdicts = published_verdicts(book, chapter) if claims else []
    figures = overview.Overview(
        chapter=chapter,
        minutes=overview.reading_minutes(notebook),
        record=record,
        values=len(read_results(folder / f"{chapter.name}.json").values),
        claims=len(verdicts),
        held=sum(verdict.stands for verdict in verdicts),
    )
    return _Page(chapter, notebook, [found for found in sets if found.chapter == chapter.name], verdicts, figures)


def _write_chapters(book: Book, pages: list[_Page], target: Path, *, zips: bool) -> None:
    repository = downloads.find_repository(book)
    for page in pages:
        name = page.chapter.name
        downloads.write_notebook(book, page.chapter, page.notebook, repository, target / _DOWNLOADS)
        student_zip = page.sets[0].student_zip if page.sets and zips else None
        _complete(page, overview.opening(page.overview, repository, student_zip))
        nbformat.write(page.notebook, target / "chapters" / f"{name}.ipynb")
    if repository:
        downloads.write_surroundings(repository, target / _DOWNLOADS)


def _write_home(pages: list[_Page], target: Path) -> None:
    home = target / "intro.md"
    text = home.read_text(encoding="utf-8")
    home.write_text(text.replace(overview.STATES, overview.states([page.overview for page in pages])), encoding="utf-8")


def _record(book: Book, chapter: Chapter) -> dict[str, Any]:
    record = up_to_date(book, chapter, Run())
    if record is None:
        raise CourseError(f"Chapter {chapter.name} has no run of its present state. Do `course book run` first.")
    return record


def _skipped(book: Book, folder: str, names: list[str]) -> set[str]:
    return _NOT_PAGES & set(names) if Path(folder) == book.source else set()


def _complete(page: _Page, opening: str) -> None:
    """Say under the title what the chapter offers, and at the end what it claims and where its numbers come from."""
    first = page.notebook.cells[0]
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{opening}\n{rest}"
    ends = [problem_sets.section(found) for found in page.sets]
    if page.verdicts:
        ends.append(_CLAIMS + table(page.verdicts) + "\n")
    ends.append(_provenance(page.overview))
    page.notebook.cells += [nbformat.v4.new_markdown_cell(end) for end in ends]


_CLAIMS = """## What this chapter claims

Each claim was evaluated on whole reruns of this page under several root seeds. A claim that does not hold as often as
it promises is reworded or dropped; no seed is chosen to make it hold.

"""


def _provenance(figures: overview.Overview) -> str:
    record, name = figures.record, figures.chapter.name
    environment, versions = record["environment"], record["environment"]["versions"]
    return (
        "```{admonition} How this page was made\n:class: course-provenance\n"
        f"Seed {record['seed']} · {figures.values} recorded values · results `{figures.digest}` · "
        f"run on {figures.day} in {record['seconds']:.0f} s · {environment['cpu']}, "
        f"{environment['preset']} preset · Python {environment['python']}, TensorFlow {versions['tensorflow']}, "
        f"Keras {versions['keras']}, NumPy {versions['numpy']}.\n"
        f"Repeat it: `course book verify {name}`\n```\n"
    )


def _call(arguments: list[str], who: str, warnings: Path | None = None) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)
    if done.returncode == 0:
        return
    said = warnings.read_text(encoding="utf-8").strip() if warnings and warnings.exists() else ""
    count = f"{len(said.splitlines())} warning lines" if said else f"exit status {done.returncode}"
    raise CourseError(f"{who}: the book was not built ({count}).", details=said or done.stderr[-4000:])
