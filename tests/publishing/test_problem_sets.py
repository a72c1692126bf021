"""Problem sets, as the book shows them."""

import nbformat
import pytest

from course_pkg.errors import CourseError
from course_pkg.publishing import problem_sets
from course_pkg.publishing.book import Book


def graded(name, points, *, solution):
    own = {"grade": True, "grade_id": name, "points": points, "solution": solution, "locked": not solution}
    return {"nbgrader": {"schema_version": 3, **own}}


@pytest.fixture
def book(small_book):
    small_book.add("randomness")
    folder = small_book.root / "assignments" / "ps1_randomness"
    folder.mkdir(parents=True)
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell("# Problem set 1: Randomness\n\nText."),
        v4.new_markdown_cell("## Task 1: A mean (2 points)"),
        v4.new_code_cell("assert True", metadata=graded("mean_test", 2, solution=False)),
        v4.new_markdown_cell("## Task 2: A figure (3 points)"),
        v4.new_markdown_cell("YOUR ANSWER HERE", metadata=graded("figure", 3, solution=True)),
    ]
    nbformat.write(v4.new_notebook(cells=cells), folder / "ps1_randomness.ipynb")
    return Book(small_book.root)


def test_a_set_is_read_from_its_release(book):
    (found,) = problem_sets.find(book)
    assert (found.chapter, found.title) == ("randomness", "Problem set 1: Randomness")
    assert (found.tasks, found.points, found.by_hand) == (2, 5, 3)
    assert "{download}`ps1_randomness.ipynb </problem_sets/ps1_randomness.ipynb>`" in problem_sets.section(found)


def test_the_page_lists_the_sets_and_has_the_notebooks_beside_it(book, tmp_path):
    (tmp_path / "problem_sets.md").write_text("# Problem sets\n")
    problem_sets.write(problem_sets.find(book), tmp_path, "notebooks")
    page = (tmp_path / "problem_sets.md").read_text()
    assert "| Problem set 1: Randomness | {doc}`chapters/randomness` | 2 | 2 + 3 |" in page
    assert '<a href="notebooks/ps1_randomness.zip" download>' in page
    assert (tmp_path / "problem_sets" / "ps1_randomness.ipynb").exists()


def test_a_broken_release_is_named(book):
    (book.root / "assignments" / "ps1_randomness" / "ps1_randomness.ipynb").write_text("{")
    with pytest.raises(CourseError, match=r"ps1_randomness\.ipynb.*course assignments build"):
        problem_sets.find(book)


def test_a_book_without_sets_has_none(small_book):
    small_book.add("randomness")
    assert problem_sets.find(Book(small_book.root)) == []
