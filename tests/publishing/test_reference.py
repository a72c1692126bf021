"""The reference of the lab: reStructuredText becomes Markdown, and pages name, link and say what the code does."""

import re

import pytest
import yaml

from course_pkg.errors import CourseError
from course_pkg.publishing import reference, rest
from course_pkg.publishing.book import Book
from course_pkg.publishing.reference import Entry, Reference, module_names
from small_book import BODY, REPOSITORY, SmallBook

CONTENTS = yaml.safe_load((REPOSITORY / "book" / "_toc.yml").read_text())


def link(role: str, target: str, shown: str) -> str:
    return f"<{role}|{target}|{shown}>"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Plain\nover two lines.", "Plain over two lines."),
        ("``code`` and `name`", "`code` and `name`"),
        ("``a `b` c``", "`` a `b` c ``"),
        ("a ``|`` b", "a `|` b"),
        ("*one* **two** 2 * 3 a_b [1] $5 <x> \\\\", r"*one* **two** 2 \* 3 a\_b \[1\] \$5 \<x> \\"),
        (":math:`a_b^2`", "$a_b^2$"),
        (".. math::\n\n    x_1 * y", "$$\nx_1 * y\n$$"),
        (":func:`load`", "<func|load|load>"),
        (":func:`~a.b.load`", "<func|a.b.load|load>"),
        (":class:`the set <a.Dataset>`", "<class|a.Dataset|the set>"),
        (":doc:`chapters/x`.", "<doc|chapters/x|chapters/x>."),
        ("See https://keras.io/.", "See <https://keras.io/>."),
        ("- one\n- two\n  lines\n\n  - inner", "- one\n- two lines\n\n  - inner"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("term\n    meaning", "term\n: meaning"),
        ("Thus::\n\n    if x:\n        *y*\n\n    z", "Thus:\n\n```text\nif x:\n    *y*\n\nz\n```"),
        (">>> 1 + 1\n2\n\nThen:\n\n>>> 3\n3", "```pycon\n>>> 1 + 1\n2\n```\n\nThen:\n\n```pycon\n>>> 3\n3\n```"),
        ("=  =====\na  b\n=  =====\n1  ``x|y``\n=  =====", "| a | b |\n| --- | --- |\n| 1 | `x\\|y` |"),
        ("C. Nadeau, Y. Bengio, 2003.", "C. Nadeau, Y. Bengio, 2003."),
        (".. a comment", ""),
    ],
)
def test_rest_becomes_markdown(text, markdown):
    assert rest.to_markdown(text, link) == markdown


@pytest.mark.parametrize("start", ["# x", "- x", "+ x", "> x", "% x", ": x", "1. x", "(x)=", "=x", "~~~ x"])
def test_a_paragraph_stays_one_whatever_it_begins_with(start):
    from markdown_it import MarkdownIt

    markdown = rest.to_markdown(f"{start[0]}\\{start[1:]} y" if start[0] in "1" else f"\\{start} y", link)
    assert MarkdownIt().render(markdown) == f"<p>{start.replace('>', '&gt;')} y</p>\n"
    assert not re.match(r"[%:(]", markdown)  # comments, definitions and labels are MyST's


@pytest.mark.parametrize("text", ["*open", "``open", ":nonsense:`x`", "a [1]_\n\n.. [1] note", "A\n=\n\nb", "|sub|"])
def test_what_cannot_be_written_is_refused(text):
    with pytest.raises(rest.RestError):
        rest.to_markdown(text, link)


@pytest.fixture(scope="module")
def lab() -> Reference:
    return Reference({"randomness"})


@pytest.fixture(scope="module")
def pages(lab) -> dict[str, str]:
    return {name: lab.page(name) for name in module_names()}


def section(pages: dict[str, str], path: str) -> str:
    """Return the text below an object's label, up to the next label."""
    module = path.split(".")[1]
    _, _, rest_of_page = pages[module].partition(f"({path})=\n")
    assert rest_of_page, f"no label {path}"
    return re.split(r"^\(course_pkg", rest_of_page, maxsplit=1, flags=re.M)[0]


def test_the_contents_list_every_module_in_the_order_of_the_tour(lab):
    chapters = [chapter for part in CONTENTS["parts"] for chapter in part["chapters"]]
    tour = next(chapter for chapter in chapters if chapter["file"] == "reference/lab")
    assert [item["file"] for item in tour["sections"]] == [f"reference/{name}" for name in module_names()]
    assert re.findall(r"^\| \[`(\w+)`\]\((\w+)\.md\) \| \w", lab.tour(), re.M) == [(n, n) for n in module_names()]


def test_each_public_object_stands_on_its_page_once(lab, pages):
    for name, page in pages.items():
        for entry in lab.entries(name):
            assert page.count(f"({lab.label(entry)})=\n") == 1, entry.path
            assert f"](#{lab.label(entry)}) |" in page, entry.path
            assert section(pages, lab.label(entry)).startswith(f"## {rest.escape(entry.name)}\n")


def test_every_link_has_a_target(pages, lab):
    text = "\n".join([lab.tour(), *pages.values()])
    labels = re.findall(r"^\((\S+)\)=$", text, re.M)
    assert len(labels) == len(set(labels))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(labels)
    assert set(re.findall(r"\]\((\w+)\.md\)", text)) <= set(pages)
    assert lab.unresolved == []


def test_no_trace_of_rest_is_left(pages):
    for name, page in pages.items():
        outside_code = re.sub(r"^```.*?^```$|(`+).*?\1", "", page, flags=re.M | re.S)
        for trace in (r":\w+:(?!\w)", r"::\s*$", r"\.\. \w", r"eval-rst", r"^----", r"^===", ">>>"):
            assert not re.search(trace, outside_code, re.M), (name, trace)


def test_a_function_is_told_in_full(pages):
    text = section(pages, "course_pkg.seeds.child_seeds")
    assert "```python\nchild_seeds(seed, count)\n```" in text
    assert "Derive independent seeds from one." in text
    assert "**Parameters**\n\n`seed`\n: *int*. The parent, from 0 to `MAX_SEED`." in text
    assert "**Returns**\n\n*list of int*. `count` different seeds" in text
    assert "**Raises**\n\n`ValueError`\n: If `count` is negative" in text
    assert "**Examples**\n\n```pycon\n>>> child_seeds(1, 3)\n[1835504127, 1731038949, 1320224556]\n```" in text


def test_a_class_is_told_with_its_members(pages):
    text = section(pages, "course_pkg.evaluation.interval")
    assert "Interval(estimate, low, high, confidence=0.95)" in text
    assert "`low`, `high`\n: *float*. The bounds." in text
    assert "*Property*" in section(pages, "course_pkg.evaluation.interval.half_width")
    assert "Interval.includes(value)" in section(pages, "course_pkg.evaluation.interval.includes")
    assert "(course_pkg.evaluation.interval.count)=" not in pages["evaluation"]  # a tuple's, not the lab's


def test_a_schedule_names_its_base_and_not_what_keras_gives_it(pages):
    assert "a kind of [`Schedule`](#course_pkg.schedules.schedule)" in section(pages, "course_pkg.schedules.stepdecay")
    assert "```text\ndef learning_rate(update):\n" in section(pages, "course_pkg.schedules.stepdecay")
    assert "see also" not in pages["seeds"].lower()
    assert "- [`StepDecay`](#course_pkg.schedules.stepdecay): drops after" in pages["schedules"]
    assert "from_config" not in section(pages, "course_pkg.schedules.stepdecay")


def test_constants_and_exceptions(pages):
    text = section(pages, "course_pkg.seeds.max_seed")
    assert "MAX_SEED = 4294967295" in text
    assert "The largest seed" in text
    assert "a kind of `RuntimeError`" in section(pages, "course_pkg.seeds.toolateerror")


def test_names_that_differ_in_case_alone_keep_apart(pages):
    assert section(pages, "course_pkg.evaluation.normality").startswith("## normality\n")
    assert section(pages, "course_pkg.evaluation.normality-class").startswith("## Normality\n")


def test_types_link_to_the_labs_own_classes(pages):
    text = section(pages, "course_pkg.evaluation.summarize")
    assert "**Returns**\n\n*[`Summary`](#course_pkg.evaluation.summary)*" in text
    assert '*`{"portable", "native"}`, default `"portable"`*' in section(pages, "course_pkg.presets.apply")


def test_a_chapter_is_linked_to_if_the_book_has_it(pages):
    assert "Explained in {doc}`../chapters/randomness`." in pages["seeds"]
    assert "Explained in chapter *learning rate*." in pages["schedules"]


def test_a_long_signature_breaks_between_parameters(pages):
    for page in pages.values():
        for block in re.findall(r"^```python\n(.*?)\n```$", page, re.M | re.S):
            assert max(map(len, block.splitlines())) <= 80, block
    shown = section(pages, "course_pkg.replicates.replicate").split("```")[1].removeprefix("python\n")
    assert "initializers=RULES," in section(pages, "course_pkg.initializers.signal_through_depth")
    assert shown.startswith("replicate(\n    build, x, y, *, seeds=30, epochs, batch_size=32,")


@pytest.mark.parametrize(
    ("doc", "what"),
    [
        ("Summary.\n\nNotes\n-----\nAn *open one", "Inline emphasis start-string"),
        ("Summary.\n\nNotice\n------\nNo section of numpydoc's.", "Notice"),
    ],
)
def test_a_docstring_that_cannot_be_written_is_named(lab, doc, what):
    with pytest.raises(CourseError, match=rf"course_pkg\.seeds\.Odd cannot be written(.|\n)*{what}"):
        lab.section(Entry("seeds", "Odd", type("Odd", (), {"__doc__": doc})), 2)


def test_pages_are_written_only_if_the_contents_have_them(small_book):
    small_book.add("one")
    assert reference.PAGE not in Book(small_book.root).pages
    contents = small_book.root / "book" / "_toc.yml"
    contents.write_text(contents.read_text() + "  - file: reference/lab\n")
    book = Book(small_book.root)
    assert reference.PAGE in book.pages
    folder = small_book.root / "staged"
    folder.mkdir()
    reference.write(book, folder)
    assert {path.stem for path in (folder / "reference").iterdir()} == {"lab", *module_names()}


@pytest.mark.slow
def test_the_pages_build_without_a_warning_and_chapters_can_link_to_them(small_book: SmallBook):
    small_book.add("randomness", BODY)
    small_book.course("book", "run")
    small_book.course("book", "publish")
    sections = "".join(f"      - file: reference/{name}\n" for name in module_names())
    contents = small_book.root / "book" / "_toc.yml"
    contents.write_text(f"{contents.read_text()}  - file: reference/lab\n    sections:\n{sections}")
    (small_book.root / "book" / "intro.md").write_text(
        "# A small book\n\n{ref}`course_pkg.seeds.set_seed`, {ref}`course_pkg.evaluation.Summary`\n"
    )
    small_book.course("book", "build")
    html = small_book.index.parent
    intro = (html / "intro.html").read_text()
    assert 'href="reference/seeds.html#course-pkg-seeds-set-seed"' in intro
    assert 'href="reference/evaluation.html#course-pkg-evaluation-summary"' in intro
    page = (html / "reference" / "range_test.html").read_text()
    assert re.search(r'<dt><code[^>]*><span class="pre">batch_size</span></code></dt>', page)
    assert 'href="replicates.html#course-pkg-replicates-replicate"' in page
    seeds = (html / "reference" / "seeds.html").read_text()
    assert 'href="../chapters/randomness.html"' in seeds
