"""Feedback and formgrader: what was wrong is said, hidden tests stay hidden, and nothing of a student's runs."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.api import Gradebook
from small_class import PROBLEM_SET, TASKS, SmallClass, notebook, write_notebook
from traitlets.config import Config

from course_pkg.assignments.problem_sets import find_course
from course_pkg.assignments.regions import HIDDEN, split
from course_pkg.grading.feedback import HarmlessOutputs, Verdicts, clean, wire

RAN = "window.ran = (window.ran || 0) + 1"
VECTORS = [
    f"<script>{RAN}</script>",
    f"<ScRiPt x>{RAN}//",
    f'<img src=x onerror="{RAN}">',
    f"<img/src=x/onerror={RAN.replace(' ', '')}>",
    f'<svg onload="{RAN}"><script>{RAN}</script><animate onbegin="{RAN}" attributeName=x dur=1s>',
    f'<iframe src="javascript:parent.{RAN}" srcdoc="<script>parent.{RAN}</script>"></iframe>',
    f'<a id=link href="java&#10;script:{RAN}">x</a><a href=" JAVASCRIPT:{RAN}">y</a>',
    f'<a href="data:text/html,<script>{RAN}</script>">z</a>',
    f'<form action="javascript:{RAN}"><button formaction="javascript:{RAN}" autofocus onfocus="{RAN}">b</button>',
    f'</form><details open ontoggle="{RAN}">d</details>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RAN}&gt;">',
    f'<noscript><p title="</noscript><img src=x onerror={RAN}>">',
    '<meta http-equiv="refresh" content="0;url=https://example.org"><base href="https://example.org/">',
    '<link rel="stylesheet" href="https://example.org/x.css">',
    '<style>@import "https://example.org/y.css"; body {display: none}</style>',
    '<img src="https://example.org/who-looks.png">',
    '<div style="background: url(https://example.org/b.png); position: fixed">x</div>',
    f'<object data="javascript:{RAN}"></object><embed src="javascript:{RAN}">',
    f'<video onerror="{RAN}"><source src=x></video>',
    '<b id="submission_id" name="base_url" class="btn full-credit">100 points</b>',
]
FORBIDDEN = {"script", "style", "iframe", "svg", "math", "form", "button", "object", "embed", "meta", "base", "link"}
PICTURE = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{RAN}</script></svg>'
UNQUOTED = {"image/png": {"width": f"1 onerror={RAN.replace(' ', '')}"}}


def hostile_notebook():
    made_up = notebook("print('<script>')")
    answer = {"grade_id": "explain", "grade": True, "solution": True, "locked": False, "task": False}
    everything = "\n\n".join(VECTORS)
    made_up.cells[1].outputs = [
        *(new_output("display_data", {"text/html": vector}) for vector in VECTORS),
        new_output("display_data", {"text/html": VECTORS[0]}, metadata={"text/html": {"isolated": True}}),
        new_output("display_data", {"application/javascript": RAN}),
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": VECTORS[0]}}),
        new_output("display_data", {"text/vnd.mermaid": VECTORS[0]}),
        new_output("display_data", {"text/markdown": everything}),
        new_output("display_data", {"text/latex": f"$\\href{{javascript:{RAN}}}{{x}}$ {VECTORS[0]}"}),
        new_output("display_data", {"image/svg+xml": PICTURE}),
        new_output("display_data", {"image/png": "AAAA"}, metadata=UNQUOTED),
        new_output("display_data", {"image/png": f'"><script>{RAN}</script>'}),
        new_output("stream", name="stdout", text=everything),
        new_output("error", ename=VECTORS[0], evalue=VECTORS[2], traceback=[everything]),
    ]
    made_up.cells.append(
        new_markdown_cell(everything, metadata={"nbgrader": {**answer, "points": 3, "schema_version": 3}}, id="explain")
    )
    made_up.cells.append(new_markdown_cell(f"[x](javascript:{RAN}) ![y](https://example.org/y.png) $a < b$", id="more"))
    made_up.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": VECTORS[0]}}
    return made_up


def visit(browser, address: str) -> tuple[object, list[str]]:
    """Open a page, click what can be clicked in students' parts, and say what ran and what was asked for elsewhere."""
    tab = browser.new_page()
    asked: list[str] = []

    def answer(route):
        if route.request.url.startswith(("http://127.0.0.1", "file:", "data:")):
            return route.continue_()
        asked.append(route.request.url)
        return route.abort()

    tab.route("**/*", answer)
    tab.goto(address)
    tab.evaluate("document.querySelectorAll('.output a, .rendered_html a').forEach(link => link.click())")
    tab.wait_for_timeout(300)
    ran = tab.evaluate("window.ran")
    tab.close()
    # nbconvert's template itself names these
    return ran, [url for url in asked if "cdnjs.cloudflare.com" not in url]


# cleaning


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_that_runs_or_loads_is_left(vector):
    left = clean(vector)
    assert clean(left) == left
    for tag in BeautifulSoup(left, "html.parser").find_all(True):
        assert tag.name not in FORBIDDEN
        assert not {"id", "name"} & tag.attrs.keys()
        for name, value in tag.attrs.items():
            assert not name.startswith("on")
            assert "javascript" not in str(value).lower()
            assert "example.org" not in str(value)
            assert name != "class" or "btn" not in value


def test_what_is_harmless_stays():
    frame = pd.DataFrame({"<a>": [1.5], "b": ["x"]})
    rows = BeautifulSoup(clean(frame.to_html()), "html.parser")
    assert [cell.text for cell in rows.find_all(["th", "td"])] == ["", "<a>", "b", "0", "1.5", "x"]
    assert rows.table["class"] == ["dataframe"]
    for text in (
        '<a href="https://keras.io">docs</a>',
        '<pre><span class="k">def</span></pre>',
        '<img src="data:image/png;base64,iVBO">',
        '<p style="text-align: right;">1</p>',
        "<details><summary>more</summary>text</details>",
    ):
        assert clean(text) == text
    assert clean("<div><style scoped>\n.dataframe {x: y}\n</style>\n<p>kept</p></div>") == "<div>\n<p>kept</p></div>"


def test_outputs_that_cannot_be_shown_are_named():
    made_up = notebook("")
    made_up.cells[1].outputs = [new_output("display_data", {"application/javascript": RAN})]
    cleaned, _ = HarmlessOutputs().preprocess(made_up, {})
    assert cleaned.cells[1].outputs[0].data == {"text/plain": "(application/javascript: left out)"}


# verdicts

TEST = """\
assert draws(3) == 3, "draws(3) gives something else than 3."
### BEGIN HIDDEN TESTS
secret = 12345
assert draws(secret) == secret + 1, "draws is wrong for a large number."
### END HIDDEN TESTS"""


def verdict_on(source, outputs):
    made_up = notebook("def draws(x): ...")
    cell = made_up.cells[2]
    cell.source, cell.outputs = source, outputs
    Verdicts().preprocess_cell(cell, {}, 2)
    return cell


def failed(message="draws is wrong for a large number."):
    trace = ["Traceback", "----> 4 assert draws(secret) == secret + 1", f"AssertionError: {message}"]
    return new_output("error", ename="AssertionError", evalue=message, traceback=trace)


def test_the_message_is_told_and_the_hidden_test_is_not():
    cell = verdict_on(TEST, [new_output("stream", name="stdout", text="secret = 12345"), failed()])
    assert cell.source == 'assert draws(3) == 3, "draws(3) gives something else than 3."\n# Further tests are hidden.'
    (output,) = cell.outputs
    assert output.traceback == ["AssertionError: draws is wrong for a large number."]
    assert "secret" not in nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


def test_an_error_without_a_message():
    assert verdict_on(TEST, [failed("")]).outputs[0].traceback == ["AssertionError (the test says no more)"]


def test_a_long_message_is_folded():
    message = "draws([8.663, 8.903]) returned 0.17; expected about 0.12:\n" + "look at each step again " * 9
    lines = verdict_on(TEST, [failed(message)]).outputs[0].traceback
    assert max(map(len, lines)) <= 100
    assert " ".join(" ".join(lines).split()) == " ".join(f"AssertionError: {message}".split())


def test_a_partial_score_is_shown():
    score = new_output("execute_result", {"text/plain": "0.5", "text/html": "secret"}, execution_count=3)
    assert verdict_on(TEST, [score]).outputs[0].data == {"text/plain": "0.5"}


def test_a_test_without_a_hidden_part_stays():
    assert verdict_on("assert draws(3) == 3", []).source == "assert draws(3) == 3"


def test_marks_that_do_not_match_hide_everything():
    assert "secret" not in verdict_on(TEST.replace("### END HIDDEN TESTS", ""), []).source


def test_a_students_own_cell_keeps_its_traceback():
    made_up = notebook("1 / 0")
    made_up.cells[1].outputs = [failed()]
    Verdicts().preprocess_cell(made_up.cells[1], {}, 1)
    assert len(made_up.cells[1].outputs[0].traceback) == 3


def test_no_hidden_line_of_any_problem_set_is_shown(repository):
    for problem_set in find_course(repository).problem_sets:
        contents = nbformat.read(problem_set.source, as_version=4)
        hidden = 0
        for number, cell in enumerate(contents.cells):
            if not cell.metadata.get("nbgrader", {}).get("grade") or cell.cell_type != "code":
                continue
            lines = {line.strip() for line in split(cell.source, HIDDEN).inside if line.strip()}
            Verdicts().preprocess_cell(cell, {}, number)
            assert not lines & {line.strip() for line in cell.source.splitlines()}
            hidden += len(lines)
        assert hidden > 10


# nbgrader's own pages


def page_by(config) -> str:
    exporter = HTMLExporter(config=config)
    exporter.template_name = "classic"
    return exporter.from_notebook_node(hostile_notebook())[0]


def test_the_exporter_shows_nothing_that_runs(browser, tmp_path):
    """And stock nbconvert does: else this test would prove nothing."""
    ours = Config()
    wire(ours)
    (tmp_path / "ours.html").write_text(page_by(ours), encoding="utf-8")
    stock = page_by(Config()).replace('http-equiv="refresh"', "")  # or the page would be gone before we look
    (tmp_path / "stock.html").write_text(stock, encoding="utf-8")
    assert visit(browser, (tmp_path / "ours.html").as_uri()) == (None, [])
    ran, asked = visit(browser, (tmp_path / "stock.html").as_uri())
    assert ran
    assert asked


def nbgrader(folder, *arguments):
    environment = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture
def course(tmp_path, repository):
    """A course with one hostile submission, graded: its student is called by a tag, too."""
    small_class = SmallClass(tmp_path / "course")
    shutil.copy(repository / "nbgrader_config.py", small_class.root)
    source = notebook("")
    write_notebook(small_class.root / "solutions" / PROBLEM_SET, source)
    small_class.student = '"><img src=x onerror="window.ran=1">'
    graded = hostile_notebook()
    graded.cells[3].source, graded.cells[3].outputs = TEST, [failed()]
    small_class.hand_in(small_class.student, dict(TASKS, mean_test_2=0.0, explain=None), penalty=1.0)
    write_notebook(small_class.places.autograded(PROBLEM_SET, small_class.student), graded)
    with Gradebook(small_class.db_url) as gradebook:
        row = gradebook.find_submission_notebook(PROBLEM_SET, PROBLEM_SET, small_class.student)
        comment = gradebook.find_comment("mean", PROBLEM_SET, PROBLEM_SET, small_class.student)
        comment.manual_comment = "Well **done** <script>1</script>"
        gradebook.db.commit()
        small_class.page = row.id
    return small_class


@pytest.mark.slow
def test_nbgraders_feedback(course, browser):
    done = nbgrader(course.root, "generate_feedback", PROBLEM_SET)
    assert done.returncode == 0, done.stderr
    folder = course.places.feedback(PROBLEM_SET, course.student)
    assert [path.name for path in folder.iterdir()] == [f"{PROBLEM_SET}.html"]
    page = folder / f"{PROBLEM_SET}.html"
    text = " ".join(BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").text.split())
    assert "AssertionError: draws is wrong for a large number." in text
    assert "12345" not in text
    assert "secret" not in text
    assert "# Further tests are hidden." in text
    assert re.search(r"Score: 0.0 / 1.0 \(Top\)", text)
    assert "Comments: Well done" in text
    assert "Late submission penalty (Score: -1.0)" in text
    copy = course.root / "page.html"  # the folder's name is no address
    shutil.copy(page, copy)
    assert visit(browser, copy.as_uri()) == (None, [])


@contextlib.contextmanager
def jupyter_server(folder, home):
    """Serve formgrader on this machine only, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }
    command = [sys.executable, "-m", "jupyter", "server", *options, "--IdentityProvider.token=local"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            if server.poll() is not None:
                pytest.fail((home / "log").read_text())
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api"):
                break
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
def test_formgrader(course, browser, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with jupyter_server(course.root, home) as address:
        grading = f"{address}/formgrader/submissions/{course.page}/?token=local"
        with urllib.request.urlopen(grading) as answer:
            text = answer.read().decode()
        page = BeautifulSoup(text, "html.parser")
        assert not page.select("[onerror], [onload], .rendered_html script, .output script")
        assert course.student in page.text  # as text
        assert "secret = " in page.text  # graders see the hidden tests
        assert visit(browser, grading) == (None, [])
        for page in (f"manage_submissions/{PROBLEM_SET}", f"gradebook/{PROBLEM_SET}/{PROBLEM_SET}", "manage_students"):
            assert visit(browser, f"{address}/formgrader/{page}?token=local") == (None, [])
