"""The report: right figures, a page for any class, and nothing of a student's that runs."""

import datetime
import re
import shutil
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from small_class import DUE, PROBLEM_SET, TASKS, SmallClass, realistic_class

from course_pkg.errors import CourseError
from course_pkg.grading import charts
from course_pkg.grading.database import reading
from course_pkg.grading.items import analyse
from course_pkg.grading.marks import records
from course_pkg.grading.report import write_report
from course_pkg.grading.similarity import near_identical

FULL = dict(TASKS, explain=3.0)
SCRIPT = '<script>window.ran = (window.ran || 0) + 1</script><img src="x" onerror="window.ran = 1">'


def page_of(small_class: SmallClass) -> str:
    return write_report(small_class.places, PROBLEM_SET).read_text(encoding="utf-8")


def words(page: str) -> str:
    text = re.sub(r"<(style|svg).*?</\1>", " ", page, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture(scope="module")
def typical(tmp_path_factory):
    small_class = realistic_class(tmp_path_factory.mktemp("typical"))
    return small_class, page_of(small_class)


# items


def test_difficulty_and_discrimination():
    rng = np.random.default_rng(1)
    ability = rng.normal(size=400)
    scores = pd.DataFrame({f"t{n}": (ability + rng.normal(size=400) > 0).astype(float) for n in range(5)})
    scores["guess"] = rng.integers(0, 2, size=400) * 2.0
    scores["upside_down"] = (ability < 0) * 1.0
    scores["all"] = 1.0
    most = pd.Series({**dict.fromkeys(scores.columns, 1.0), "guess": 2.0})
    items = analyse(scores, most)
    rest = scores.drop(columns="t0").sum(axis=1)
    assert items.loc["t0", "r"] == pytest.approx(np.corrcoef(scores["t0"], rest)[0, 1])
    assert items.loc["t0", "low"] < items.loc["t0", "r"] < items.loc["t0", "high"]
    assert abs(items.loc["guess", "r"]) < 0.2 < items.loc["t1", "r"]
    assert items.loc["upside_down", "r"] < -0.3
    assert np.isnan(items.loc["all", "r"])
    assert items.loc["all", ["mean", "full", "none"]].tolist() == [1, 1, 0]
    assert items.loc["guess", "mean"] == pytest.approx(scores["guess"].mean() / 2)


def test_an_answer_that_waits_is_not_a_zero():
    scores = pd.DataFrame({"a": [1.0, 1.0, np.nan, np.nan], "b": [np.nan] * 4})
    items = analyse(scores, pd.Series({"a": 1.0, "b": 3.0}))
    assert items.loc["a", ["marked", "mean"]].tolist() == [2, 1]
    assert items.loc["b", "marked"] == 0
    assert np.isnan(items.loc["b", "mean"])


def test_few_students_have_no_correlation():
    scores = pd.DataFrame({"a": [0.0, 1.0] * 4, "b": [0.0, 1.0] * 4})
    assert analyse(scores, pd.Series({"a": 1.0, "b": 1.0}))["r"].isna().all()


# marks


def test_marks_are_nbgraders_own(tmp_path):
    from nbgrader.api import Gradebook

    small_class = SmallClass(tmp_path)
    small_class.hand_in("ada", {**FULL, "fit_test_1": 2.5, "explain": None}, penalty=1.25)
    small_class.hand_in("late", FULL, penalty=99.0)
    small_class.enrol("absent", first_name="Nobody")
    with Gradebook(small_class.db_url) as gradebook:
        grade = gradebook.find_grade("mean_test_1", PROBLEM_SET, PROBLEM_SET, "ada")
        grade.manual_score, grade.extra_credit = 0.5, 0.25
        gradebook.db.commit()
        submission = gradebook.find_submission(PROBLEM_SET, "ada")
        expected = (submission.score, submission.late_submission_penalty, submission.max_score)
    with reading(small_class.db_url) as session:
        absent, ada, late = records(session, [PROBLEM_SET])
    assert (ada.raw_score, ada.penalty, ada.max_score) == expected
    assert ada.score == expected[0] - 1.25
    assert ada.waiting == ["explain"]
    assert (absent.handed_in, absent.score, absent.waiting, absent.first_name) == (False, 0.0, [], "Nobody")
    assert late.score == 0.0


def test_an_extension_moves_the_due_date(tmp_path):
    small_class = SmallClass(tmp_path)
    day = datetime.timedelta(days=1)
    small_class.hand_in("with", FULL, late=day, extension=day)
    small_class.hand_in("without", FULL, late=day)
    with reading(small_class.db_url) as session:
        extended, plain = records(session)
    assert (extended.seconds_late, plain.seconds_late) == (0.0, 86_400.0)
    assert (extended.due, plain.due) == (DUE + day, DUE)


def test_an_unknown_name_is_an_error(tmp_path):
    small_class = SmallClass(tmp_path)
    with reading(small_class.db_url) as session, pytest.raises(CourseError, match=r"no problem set 'ps0'.*ps9_made_up"):
        records(session, ["ps0"])


# near-identical solutions


def code(numbers, name="x"):
    return "\n".join(f"{name} = {name} * {a} + {b} if {name} > {b} else {a}" for a, b in pairwise(numbers))


def test_a_copy_is_found_although_it_was_renamed():
    given = code(range(100, 140), "given")
    solutions = {
        "original": given + code(range(20, 40)),
        "copy": "# my own work\n" + given + code(range(20, 40), "my_very_own").replace("=", "  ="),
        "other": given + code(range(60, 80)),
        "nothing": given,
    }
    (group,) = near_identical(solutions, given)
    assert group.students == ["copy", "original"]
    assert group.similarity == 1.0
    for name, excerpt in zip(group.pair, group.excerpts, strict=True):
        assert "".join(text for text, _ in excerpt) == solutions[name]
        shared = "".join(text for text, shared in excerpt if shared)
        assert "20" in shared
        assert "100" not in shared  # what was handed out is not marked as copied


def test_what_was_handed_out_makes_nobody_alike():
    given = code(range(100, 160))
    assert near_identical({"a": given, "b": given, "c": given + "\nx = 1"}, given) == []
    assert [group.students for group in near_identical({"a": given, "b": given}, "")] == [["a", "b"]]


def test_half_a_copy_is_none():
    both = {"a": code(range(10, 50)), "b": code(range(30, 70))}
    assert near_identical(both, "") == []
    assert near_identical(both, "", threshold=0.3)


def test_groups_do_not_depend_on_order_or_hash_seed():
    solutions = {name: code(range(n, n + 20)) for name, n in [("d", 5), ("a", 5), ("c", 40), ("b", 5)]}
    groups = near_identical(solutions, "")
    assert groups == near_identical(dict(reversed(solutions.items())), "")
    assert [group.students for group in groups] == [["a", "b", "d"]]


@pytest.mark.parametrize("text", ["", "\0", "def (", "'''", "é" * 500, "\r\n" * 300, "x" * 300_000])
def test_any_text_can_be_compared(text):
    near_identical({"a": text, "b": text, "c": code(range(30))}, "x = 1")


# the page


def test_the_page_says_what_to_look_at(typical):
    _, page = typical
    text = words(page)
    assert "64 handed in, of 65 students 60 graded 4 failed or refused" in text
    assert "7 answers wait for a person's mark" in text
    assert "student023 cell mean tried to open /etc/passwd 3" in text
    assert "2 students, up to 100 %: student005 , student006" in text
    assert "a hint where to look, not a proof" in text
    assert "student002 mean_test_1 was edited; the original counts" in text
    assert "student011" in text.partition("Without a time")[2][:60]
    assert "student030 41.0" in text
    assert "broken000 failed no notebook" in text
    assert "60 submissions were confined by: bubblewrap" in text
    assert "tensorflow 2.21.0" in text
    rows = re.findall(r"\b(\w+_test_\d|explain) \d+ \d+ % \d+ % [−\d.]+", text)
    assert rows == list(FULL)  # in the order of the notebook
    assert page.count("<svg") == 2


def test_the_page_is_the_same_each_time(typical):
    small_class, page = typical
    assert page_of(small_class) == page


def test_the_page_asks_for_nothing_outside_and_has_no_script(typical):
    _, page = typical
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|link|iframe|img|object|embed|form|base)\b|@import|url\((?!#)", page)
    assert not re.findall(r"""(?:src|href)=["'](?!#)([^"']*)""", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_plots_take_their_colours_from_the_page():
    items = pd.DataFrame({"full": [0.5], "none": [0.2]}, ["a<b>$"])
    figures = charts.histogram([1.0, 2.5, 3.0], 4.0) + charts.shares(items)
    assert "currentColor" in figures
    assert "a&lt;b&gt;$" in figures
    assert not re.findall(r"(?:fill|stroke): #(?!fff)\w+", figures)


@pytest.mark.parametrize("students", [0, 1])
def test_a_class_of_none_or_one(tmp_path, students):
    small_class = SmallClass(tmp_path, due=None)
    for number in range(students):
        small_class.hand_in(f"s{number}", FULL)
    small_class.tell("unlucky", status="failed", reason="no notebook", tasks={})
    text = words(page_of(small_class))
    assert f"{students} graded 1 failed or refused" in text
    assert ("Nothing is marked yet" in text) == (students == 0)
    assert "nan" not in text.lower().split()


def test_nothing_graded_is_an_error(tmp_path):
    with pytest.raises(CourseError, match="course grade run ps9_made_up"):
        write_report(SmallClass(tmp_path).places, PROBLEM_SET)


def test_a_broken_outcome_file_does_not_stop_the_report(tmp_path):
    small_class = SmallClass(tmp_path)
    small_class.hand_in("fine", FULL)
    for name, text in {"half": '{"student": "half"', "list": "[]", "empty": "{}"}.items():
        small_class.places.outcome(PROBLEM_SET, name).write_text(text)
    text = words(page_of(small_class))
    assert "1 graded" in text
    assert all(f"{name}.json unreadable" in text for name in ("half", "list", "empty"))


def test_different_environments_and_no_sandbox_are_told(tmp_path):
    small_class = SmallClass(tmp_path)
    small_class.hand_in("a", FULL, environment={"python": "3.11.1"}, sandbox={"mode": "none", "warm": False})
    small_class.hand_in("b", FULL, environment={"python": "3.12.1"})
    text = words(page_of(small_class))
    assert "Not all submissions were graded in the same environment" in text
    assert "1 submission was confined by: none that is, not at all" in text


def hostile_class(root) -> SmallClass:
    """Markup wherever a student can put any: folder names, file names, code, and what grading says about them."""
    small_class = SmallClass(root)
    told = [{"what": SCRIPT, "where": SCRIPT, "cell": SCRIPT}]
    copied = f'"""{SCRIPT}</pre></details>"""\n' + code(range(10, 40))
    for name in ("<script>window.ran = 1", '"><svg onload="window.ran=1">', "{{ 7*7 }}{% raw %}", "\u202emoc\u2066"):
        small_class.hand_in(
            name,
            FULL,
            late=datetime.timedelta(days=1),
            code=copied,
            events=told,
            deviations=told,
            environment={SCRIPT: SCRIPT},
            sandbox={"mode": SCRIPT},
        )
    small_class.tell(SCRIPT, status="refused", reason=SCRIPT * 50, graded_at=SCRIPT)
    return small_class


def test_what_students_write_is_text(tmp_path):
    page = page_of(hostile_class(tmp_path))
    assert "<script" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    assert "characters)" in page  # a long reason is cut


def test_no_script_of_a_student_runs(tmp_path, browser):
    page = page_of(hostile_class(tmp_path))
    # without the policy too: escaping alone must hold
    for number, text in enumerate((page, re.sub(r"<meta http-equiv[^>]*>", "", page))):
        file = tmp_path / f"{number}.html"
        file.write_text(text, encoding="utf-8")
        tab = browser.new_page()
        asked = []
        tab.on("request", lambda request, asked=asked: asked.append(request.url))
        tab.goto(file.as_uri())
        assert tab.evaluate("window.ran") is None
        assert tab.evaluate("document.querySelectorAll('script, [onerror], [onload], img').length") == 0
        assert asked == [file.as_uri()]
        tab.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits(typical, tmp_path, browser, width):
    file = tmp_path / "page.html"
    file.write_text(typical[1], encoding="utf-8")
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(file.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_the_command_writes_the_page(tmp_path, repository, monkeypatch):
    from typer.testing import CliRunner

    from course_pkg.cli import app

    small_class = SmallClass(tmp_path)
    small_class.hand_in("ada", FULL)
    (tmp_path / "solutions" / PROBLEM_SET).mkdir(parents=True)
    shutil.copy(repository / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["grade", "report", "ps9"])
    assert done.exit_code == 0, done.output
    assert done.output == f"The report: grading/reports/{PROBLEM_SET}.html\n"
    assert "1 graded" in words((tmp_path / "grading" / "reports" / f"{PROBLEM_SET}.html").read_text())
