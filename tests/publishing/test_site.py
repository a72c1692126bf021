"""The real Sphinx on a small book."""

import json
import re

import pytest

pytestmark = pytest.mark.slow


def test_a_number_reaches_the_page(published):
    assert "The book: book/_build/html/index.html" in published.course("book", "build").stdout
    page = (published.index.parent / "chapters" / "one.html").read_text()
    draw = json.loads(published.result("one").read_text())["values"]["draws"]["value"][0]
    assert re.search(rf'The first draw is <span class="result" title="recorded as one:draws.0">{draw:.3f}</span>', page)
    assert "How this page was made" in page
    assert re.search(r"Repeat it: <code[^>]*>.*course.*book.*verify.*one.*</code>", page)
    assert "injected-parameters" not in page
    # a second build is skipped while nothing has changed, and only then
    stamp = published.index.stat().st_mtime_ns
    published.course("book", "build", "--if-changed")
    assert published.index.stat().st_mtime_ns == stamp
    (published.root / "book" / "intro.md").write_text("# A small book\n\nOther text.\n")
    published.course("book", "build", "--if-changed")
    assert "Other text." in published.index.with_name("intro.html").read_text()


WRONG = {
    "{result}`one:darws:.3f`": "Did you mean draws?",
    "{result}`two:draws`": "no results file",
    "{result}`one:draws:.3f`": "holds several values",
    "{result}`one:draws.0:zz`": "does not fit",
    "[a link](nowhere.md)": "nowhere.md",
    "{doc}`nowhere`": "unknown document: 'nowhere'",
}


def test_every_warning_fails_the_build_and_is_shown(published):
    published.course("book", "build")
    (published.root / "book" / "intro.md").write_text("# A small book\n\n" + "\n\n".join(WRONG) + "\n")
    failed = published.course("book", "build", ok=False)
    assert failed.stderr.startswith("error: Sphinx: the book was not built")
    for message in WRONG.values():
        assert message in failed.stderr
    assert failed.stderr.count("intro.md") >= len(WRONG)
    # what was there before is the last good site, whole; and it is not taken for a new one
    assert "Text." in published.index.with_name("intro.html").read_text()
    assert "error" in published.course("book", "build", "--if-changed", ok=False).stderr


def test_the_staged_folder_can_be_built_by_jupyter_book_itself(published, tmp_path):
    import subprocess
    import sys

    published.course("book", "build")
    code = "import sys; from jupyter_book.cli.main import main; sys.argv[1:1] = ['build', '-W', '-q']; main()"
    source = published.root / "book" / "_build" / "source"
    (source / "conf.py").unlink()
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), "--path-output", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "_build" / "html" / "chapters" / "one.html").read_text()
    assert '<span class="result"' in page
