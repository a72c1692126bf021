"""The notebooks that readers take away."""

import nbformat
import pytest

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book
from course_pkg.publishing.downloads import Repository, find_repository, readable, write_notebook, write_surroundings
from course_pkg.records import ChapterResults, write_results

PLAIN = {
    "{result}`one:mean:.2f` of {published}`0.0030`": "<one:mean:.2f> of 0.0030",
    "an {term}`epoch`, two {term}`epochs <epoch>`, {doc}`the chapter <one>`": "an epoch, two epochs, the chapter",
    "(label)=\n## Heading": "## Heading",
    "```{admonition} Answer\n:class: dropdown\nYes: {result}`x`.\n```\nAfter.": "**Answer**\n\nYes: <x>.\nAfter.",
    "```{exercise} Why?\n:label: why\nSay why.\n```": "**Exercise: Why?**\n\nSay why.\n",
    "```{solution-start} why\n:class: dropdown\n```": "**Solution**\n",
    "```{solution-end}\n```": "",
    "```{course-widget} dropout_mask\n:alt: A net.\nTry it.\n```": "*The online book has something to try out here.*\n",
    "```python\nx = {1}\n```": "```python\nx = {1}\n```",
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_cell_reads_well_in_any_jupyter(text):
    assert readable(text, lambda name: f"<{name}>") == PLAIN[text]


@pytest.fixture
def book(small_book):
    small_book.add("one")
    write_results(ChapterResults("one", 1, {"mean": 0.5172}, {"mean": 0}), small_book.root / "book/results/one.json")
    return Book(small_book.root)


def settle(book, url):
    (book.source / "_config.yml").write_text(f'repository: {{url: "{url}"}}\n')


def test_without_an_address_there_is_one_notebook_and_no_copy(book, tmp_path):
    settle(book, "")
    assert find_repository(book) is None
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("Mean {result}`one:mean:.2f`")])
    write_notebook(book, book.chapters[0], notebook, None, tmp_path)
    assert [path.name for path in tmp_path.rglob("*.ipynb")] == ["one.ipynb"]
    assert nbformat.read(tmp_path / "notebooks" / "one.ipynb", as_version=4).cells[0].source == "Mean 0.52"
    assert notebook.cells[0].source == "Mean {result}`one:mean:.2f`"  # the page is made from it next


@pytest.mark.parametrize("url", ["https://github.com/me/course", "https://github.com/me/course.git"])
def test_with_an_address_a_copy_installs_the_lab(book, tmp_path, url):
    settle(book, url)
    repository = find_repository(book)
    assert repository == Repository("me", "course")
    write_notebook(book, book.chapters[0], nbformat.v4.new_notebook(), repository, tmp_path)
    write_surroundings(repository, tmp_path)
    online = tmp_path / "notebooks" / "online"
    first = nbformat.read(online / "one.ipynb", as_version=4).cells[0].source
    assert '%pip install --quiet "course-pkg @ git+https://github.com/me/course"' in first
    assert (online / "requirements.txt").read_text() == "course-pkg @ git+https://github.com/me/course\n"
    assert (online / "runtime.txt").read_text() == "python-3.11\n"
    assert "/me/course/blob/notebooks/one.ipynb" in repository.colab("one")
    assert "/me/course/notebooks?" in repository.binder("one")


def test_an_address_that_binder_does_not_know_is_refused(book):
    settle(book, "https://example.org/course")
    with pytest.raises(CourseError, match=r"https://example\.org/course.*OWNER/NAME"):
        find_repository(book)
