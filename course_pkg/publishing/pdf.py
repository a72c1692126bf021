"""The whole book as one PDF: each built page printed by headless Chromium, then joined, numbered and given contents."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

from course_pkg.errors import CourseError, cannot_write
from course_pkg.publishing.book import Book
from course_pkg.publishing.site import is_current

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["PDF", "write_pdf"]

PDF = "book.pdf"
"""The name of the file in ``book/_build``."""

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
_A4: dict[str, Any] = {"format": "A4", "margin": {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}}


@dataclass(frozen=True)
class _Part:
    """A printed page of the site.

    `first` is the page of the book on which it begins, counted from 0 without the contents.
    """

    name: str
    title: str
    file: Path
    first: int
    pages: int


def write_pdf(book: Book, progress: Callable[[int, int], None]) -> Path:
    """Print the built site into one file.

    Parameters
    ----------
    book : Book
    progress : callable
        Called with how many pages of the site are printed, and of how many.

    Returns
    -------
    Path
        ``book/_build/book.pdf``.

    Raises
    ------
    CourseError
        If the site is not current, or no Chromium is installed.
    """
    if not is_current(book):
        raise CourseError("The site is not up to date. Do `course book build` first.")
    output = book.build / PDF
    with tempfile.TemporaryDirectory() as scratch, _browser() as page:
        folder = Path(scratch)
        parts = list(_print_all(book, page, folder, progress))
        contents = _print_contents(book, page, folder, parts)
        total = len(contents.pages) + sum(part.pages for part in parts)
        numbers = _print_numbers(page, folder, total)
        joined = folder / PDF
        _join(book, contents, parts, numbers, joined)
        try:
            shutil.copyfile(joined, output)
        except OSError as error:
            raise cannot_write(output, error) from error
    return output


@contextmanager
def _browser() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise CourseError("Printing needs Chromium: apt-get install chromium, or your system's way to install it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        page = browser.new_page(color_scheme="light")
        page.emulate_media(media="print")
        yield page
        browser.close()


def _print_all(book: Book, page: Page, folder: Path, progress: Callable[[int, int], None]) -> Iterator[_Part]:
    first = 0
    for number, name in enumerate(book.pages, start=1):
        page.goto(_address(book, name))
        page.evaluate("window.MathJax?.startup?.promise")
        title = page.evaluate(_OPEN_FOLDS)
        file = folder / f"{number}.pdf"
        page.pdf(path=file, outline=True, tagged=True, scale=0.75, **_A4)
        pages = len(PdfReader(file).pages)
        yield _Part(name, title, file, first, pages)
        first += pages
        progress(number, len(book.pages))


def _print_contents(book: Book, page: Page, folder: Path, parts: Sequence[_Part]) -> PdfReader:
    """Print the contents, twice: the numbers in them depend on how long they are."""
    file, length = folder / "contents.pdf", 1
    for _ in range(2):
        rows = (
            f'<li><a href="{_address(book, part.name)}">{escape(part.title)}</a> {length + part.first + 1}</li>'
            for part in parts
        )
        page.set_content(_CONTENTS.format(title=escape(_TITLE), rows="".join(rows)))
        page.pdf(path=file, **_A4)
        length = len(PdfReader(file).pages)
    return PdfReader(file)


def _print_numbers(page: Page, folder: Path, total: int) -> PdfReader:
    """Print sheets that are empty but for their number, to be laid over the book's."""
    file = folder / "numbers.pdf"
    page.set_content(_NUMBERS.format(sheets="".join(f"<p>{number}</p>" for number in range(1, total + 1))))
    page.pdf(path=file, format="A4")
    return PdfReader(file)


def _join(book: Book, contents: PdfReader, parts: Sequence[_Part], numbers: PdfReader, target: Path) -> None:
    writer = PdfWriter()
    writer.append(contents, outline_item="Contents", import_outline=False)
    for part in parts:
        writer.append(part.file, outline_item=part.title)
    for sheet, number in zip(writer.pages, numbers.pages, strict=True):
        sheet.merge_page(number)
    length = len(contents.pages)
    _turn_links(writer, {_address(book, part.name): length + part.first for part in parts})
    writer.add_metadata({"/Title": _TITLE})
    writer.compress_identical_objects(remove_unreferenced=True)
    writer.write(target)


def _turn_links(writer: PdfWriter, starts: dict[str, int]) -> None:
    """Let links between pages of the site lead to their place in the book; drop those to other files of the site."""
    for sheet in writer.pages:
        kept = ArrayObject()
        for annotation in sheet.get("/Annots", ArrayObject()):
            link = annotation.get_object()
            address = str(link.get("/A", {}).get("/URI", "")).partition("#")[0]
            if address in starts:
                del link["/A"]
                start = writer.pages[starts[address]].indirect_reference
                link[NameObject("/Dest")] = ArrayObject([start, NameObject("/Fit")])
            if not address.startswith("file:") or address in starts:
                kept.append(annotation)
        sheet[NameObject("/Annots")] = kept


def _address(book: Book, name: str) -> str:
    return (book.html / f"{name}.html").as_uri()


_OPEN_FOLDS = """() => {
  document.querySelectorAll(".toggle-hidden").forEach((fold) => fold.classList.remove("toggle-hidden"));
  return document.querySelector("article h1").textContent.replace(/#$/, "").trim();
}"""

_TITLE = "Training neural networks, repeatably"

_CONTENTS = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>
  body {{ font: 11pt/1.6 sans-serif; }}
  h1 {{ margin: 12mm 0 10mm; }}
  ol {{ list-style: none; padding: 0; }}
  li {{ display: flex; justify-content: space-between; border-bottom: 1px dotted #999; }}
  a {{ color: inherit; text-decoration: none; }}
</style>
<h1>{title}</h1><h2>Contents</h2><ol>{rows}</ol>"""

_NUMBERS = """<!doctype html><meta charset="utf-8">
<style>
  @page {{ margin: 0; }}
  body {{ margin: 0; font: 9pt sans-serif; color: #555; }}
  p {{ box-sizing: border-box; height: 297mm; margin: 0; padding-top: 284mm; text-align: center; break-after: page; }}
  p:last-child {{ break-after: auto; }}
</style>{sheets}"""
