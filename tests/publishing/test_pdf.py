"""The book as one PDF, from pages small enough to be printed quickly."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pypdf import PdfReader

from course_pkg.errors import CourseError
from course_pkg.publishing import pdf
from course_pkg.publishing.book import Book

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><article><h1>{name}</h1>
<p>See <a href="{link}">another page</a>, <a href="notes.txt">a file</a>, <a href="https://example.org/">a site</a>.</p>
<div style="height: {height}mm"></div><p>The end of {name}.</p></article></html>"""


@pytest.fixture
def book(small_book):
    small_book.add("one")
    book = Book(small_book.root)
    (book.html / "chapters").mkdir(parents=True)
    for path, link, height in (("intro", "chapters/one.html#part", 10), ("chapters/one", "../intro.html", 500)):
        name = path.rpartition("/")[2].capitalize()
        (book.html / f"{path}.html").write_text(PAGE.format(name=name, link=link, height=height))
    return book


def test_a_site_that_is_not_current_is_not_printed(book):
    with pytest.raises(CourseError, match="course book build"):
        pdf.write_pdf(book, lambda done, of: None)


@pytest.mark.slow
def test_pages_are_joined_numbered_and_linked(book, monkeypatch, needs):
    needs("chromium", "chromium")
    monkeypatch.setattr(pdf, "is_current", lambda book: True)
    told = []
    with ThreadPoolExecutor(1) as pool:  # Playwright wants a thread of its own
        output = pool.submit(pdf.write_pdf, book, lambda done, of: told.append((done, of))).result()
    assert told == [(1, 2), (2, 2)]
    printed = PdfReader(output)
    texts = [sheet.extract_text() for sheet in printed.pages]
    assert "Contents" in texts[0]
    assert "The end of Intro." in texts[1]
    assert "The end of One." in texts[-1]
    assert len(texts) > 3
    assert [text.split()[-1] for text in texts] == [str(number) for number in range(1, len(texts) + 1)]
    assert [entry.title for entry in printed.outline if not isinstance(entry, list)] == ["Contents", "Intro", "One"]
    links = [reference.get_object() for reference in printed.pages[1]["/Annots"]]
    assert [str(link["/A"]["/URI"]) for link in links if "/A" in link] == ["https://example.org/"]
    assert [link["/Dest"][0] for link in links if "/Dest" in link] == [printed.pages[2].indirect_reference]
    assert b"file://" not in output.read_bytes()
