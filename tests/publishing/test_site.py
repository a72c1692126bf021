"""The real Sphinx on a small book."""

import json
import re

import pytest

from small_book import BODY, NUMBER, SmallBook

pytestmark = pytest.mark.slow


@pytest.fixture
def ready(small_book) -> SmallBook:
    small_book.add("one", BODY + NUMBER % "one")
    small_book.course("book", "run")
    small_book.course("book", "publish")
    return small_book


def test_a_number_reaches_the_page(ready):
    assert "The book: book/_build/html/index.html" in ready.course("book", "build").stdout
    page = (ready.index.parent / "chapters" / "one.html").read_text()
    draw = json.loads(ready.result("one").read_text())["values"]["draws"]["value"][0]
    assert re.search(rf'The first draw is <span class="result" title="recorded as one:draws.0">{draw:.3f}</span>', page)
    assert "How this page was made" in page
    assert re.search(r"Repeat it: <code[^>]*>.*course.*book.*verify.*one.*</code>", page)
    assert "injected-parameters" not in page
    # a second build is skipped while nothing has changed, and only then
    stamp = ready.index.stat().st_mtime_ns
    ready.course("book", "build", "--if-changed")
    assert ready.index.stat().st_mtime_ns == stamp
    (ready.root / "book" / "intro.md").write_text("# A small book\n\nOther text.\n")
    ready.course("book", "build", "--if-changed")
    assert "Other text." in ready.index.with_name("intro.html").read_text()


WRONG = {
    "{result}`one:darws:.3f`": "Did you mean draws?",
    "{result}`two:draws`": "no results file",
    "{result}`one:draws:.3f`": "holds several values",
    "{result}`one:draws.0:zz`": "does not fit",
    "[a link](nowhere.md)": "nowhere.md",
    "{doc}`nowhere`": "unknown document: 'nowhere'",
}


def test_every_warning_fails_the_build_and_is_shown(ready):
    ready.course("book", "build")
    (ready.root / "book" / "intro.md").write_text("# A small book\n\n" + "\n\n".join(WRONG) + "\n")
    failed = ready.course("book", "build", ok=False)
    assert failed.stderr.startswith("error: Sphinx: the book was not built")
    for message in WRONG.values():
        assert message in failed.stderr
    assert failed.stderr.count("intro.md") >= len(WRONG)
    # what was there before is the last good site, whole; and it is not taken for a new one
    assert "Text." in ready.index.with_name("intro.html").read_text()
    assert "error" in ready.course("book", "build", "--if-changed", ok=False).stderr


def test_the_staged_folder_can_be_built_by_jupyter_book_itself(ready, tmp_path):
    import subprocess
    import sys

    ready.course("book", "build")
    code = "import sys; from jupyter_book.cli.main import main; sys.argv[1:1] = ['build', '-W', '-q']; main()"
    source = ready.root / "book" / "_build" / "source"
    (source / "conf.py").unlink()
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), "--path-output", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "_build" / "html" / "chapters" / "one.html").read_text()
    assert '<span class="result"' in page
