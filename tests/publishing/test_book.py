import pytest

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book, find_book
from small_book import BODY, HEADER, PARAMETERS


def read(small_book, **parts):
    small_book.add("one", **parts)
    return Book(small_book.root).chapters[0].read()


def test_chapters_come_in_the_order_of_the_contents_from_parts_and_sections(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "_toc.yml").write_text(
        "root: intro\nparts:\n- chapters:\n  - file: chapters/b\n    sections:\n    - file: chapters/c.md\n"
        "- chapters:\n  - file: glossary\n  - file: chapters/a\n"
    )
    book = find_book(tmp_path / "book")
    assert [chapter.name for chapter in book.chapters] == ["b", "c", "a"]
    assert [chapter.name for chapter in book.select(["a", "b.md"])] == ["b", "a"]


def test_an_unknown_chapter_suggests_the_nearest(small_book):
    small_book.add("randomness")
    with pytest.raises(CourseError, match=r"no chapter 'randomnes'. Did you mean randomness\?"):
        Book(small_book.root).select(["randomnes"])


def test_outside_the_repository(tmp_path):
    with pytest.raises(CourseError, match="not inside the course's repository"):
        find_book(tmp_path)


def test_a_good_chapter_gives_its_parameters_and_topics(small_book):
    assert read(small_book).parameters == {"SEED": 1, "COUNT": 3}
    assert Book(small_book.root).chapters[0].covers == ["R1"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"header": ""}, "lacks the notebook header"),
        ({"header": "---\ncovers: [R1]\n---\n"}, "lacks the notebook header"),
        ({"header": HEADER.replace("  language: python\n", "")}, "`language: python`"),
        ({"header": "---\n: [\n---\n"}, "not valid YAML"),
        ({"parameters": ""}, "0 cells tagged `parameters`"),
        ({"parameters": PARAMETERS + PARAMETERS}, "2 cells tagged `parameters`"),
        ({"parameters": PARAMETERS.replace("SEED = 1\n", "")}, "no SEED"),
        ({"parameters": PARAMETERS.replace("SEED = 1", "SEED = 2")}, "SEED = 2; write SEED = 1"),
        ({"parameters": PARAMETERS.replace("COUNT = 3", "COUNT = f(3)")}, "may only hold lines like"),
        ({"parameters": PARAMETERS.replace("COUNT = 3", "import os")}, "may only hold lines like"),
    ],
)
def test_a_malformed_chapter_is_named_with_a_cure(small_book, parts, message):
    with pytest.raises(CourseError) as caught:
        read(small_book, **{"body": BODY, **parts})
    assert message in str(caught.value)
    assert "one.md" in str(caught.value)


def test_a_missing_source_is_named(small_book):
    small_book.add("one").unlink()
    with pytest.raises(CourseError, match=r"Cannot read .*one\.md: No such file"):
        Book(small_book.root).chapters[0].read()
