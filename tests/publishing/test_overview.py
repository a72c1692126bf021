"""What stands under a chapter's title, and in the table of all chapters."""

import nbformat
import pytest

from course_pkg.publishing.book import Chapter
from course_pkg.publishing.downloads import Repository
from course_pkg.publishing.overview import Overview, opening, reading_minutes, states

v4 = nbformat.v4


def test_reading_time_counts_words_and_visible_code():
    words = v4.new_markdown_cell("one two-three " * 200)  # 600 words, 3 minutes
    code = v4.new_code_cell("x = 1\n\n" * 40)  # 40 lines, 2 minutes
    hidden = v4.new_code_cell("x = 1\n" * 1000, metadata={"tags": ["remove-input"]})
    assert reading_minutes(v4.new_notebook(cells=[words, code, hidden])) == 5


@pytest.fixture
def figures(tmp_path):
    record = {"seconds": 130.4, "date": "2026-11-21T14:16:00+00:00", "outputs": {"one.json": "0123456789abcdef"}}
    return Overview(Chapter("one", tmp_path / "one.md"), 12, record, values=60, claims=7, held=6)


def test_the_opening_links_to_what_there_is(figures):
    plain = opening(figures, None, None)
    assert "about 12 minutes" in plain
    assert "Running: 2 min" in plain
    assert "Colab" not in plain
    assert ".zip" not in plain
    full = opening(figures, Repository("me", "course"), "ps1_one.zip")
    assert 'href="https://colab.research.google.com/github/me/course/blob/notebooks/one.ipynb"' in full
    assert 'href="../notebooks/ps1_one.zip" download' in full


def test_the_table_has_a_row_for_each_chapter_and_one_for_all(figures):
    rows = states([figures, figures] * 5).replace("\N{NO-BREAK SPACE}", "~").splitlines()
    day = "2026-11-21".replace("-", "\N{NON-BREAKING HYPHEN}")
    assert rows[2] == f"| {{doc}}`chapters/one` | 6~of~7 | 60 | `0123456789ab` | {day} | 2~min | 12~min |"
    assert rows[-1] == "| **all** | 60~of~70 | 600 | | | 22~min | 2.0~h |"
