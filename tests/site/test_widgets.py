"""The widgets, tried in a real browser: by keyboard, at 360 px, without JavaScript; their numbers against Python's."""

import json
import re

import numpy as np
import pytest

from course_pkg import evaluation, schedules
from course_pkg.errors import CourseError
from course_pkg.publishing.stills import STILLS
from course_pkg.publishing.widgets import page_part
from course_pkg.records import read_results
from small_book import REPOSITORY

FOLDER = REPOSITORY / "book" / "widgets"
RULES = ("small_uniform", "normalized_xavier", "he")
LAYERS = [1, 25, 50]
ERRORS = np.random.default_rng(5).exponential(0.04, size=200).tolist()
SCORES = (
    0.95
    + np.random.default_rng(6).normal(0, 0.02, size=(10, 1))
    + np.random.default_rng(7).normal(0, 0.008, size=(10, 30))
)
VALUES = {
    "draw_another_run": {"many_errors": ERRORS},
    "batch_calculator": {"updates_200": 40000, "updates_201": 41000},
    "schedule_explorer": {"per_epoch": 9},
    "dropout_mask": {},
    "signal_through_depth": {
        "depth_curves": {
            "layers": LAYERS,
            "values": {
                name: {rule: {"forward": [0, last / 2, last], "back": [last, last / 2, 0]} for rule in RULES}
                for name, last in (("tanh", 0.5), ("relu", -3))
            },
        }
    },
    "folds_and_seeds": {"scores": SCORES.tolist()},
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """One page with each widget, as Sphinx would write it, without the theme."""
    folder = tmp_path_factory.mktemp("widgets")
    style = (REPOSITORY / "book" / "_static" / "widgets.css").read_text()
    for name, values in VALUES.items():
        before, after = page_part(FOLDER, name, values, "A still picture.")
        (folder / f"{name}.html").write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{name}</title><style>body {{ margin: 0 8px }} {style}</style>{before}<p>Try it.</p>{after}"
        )
    return folder


@pytest.fixture
def opened(browser, pages):
    """Open a widget's page from the folder on disk; nothing may go wrong on it."""
    wrong, contexts = [], []

    def open_page(name, width=800, **settings):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **settings))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(("file:", "data:")) else wrong.append(request.url)
        )
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def says(page):
    return page.get_by_role("status").inner_text()


@pytest.mark.parametrize("name", sorted(STILLS))
def test_it_works_from_a_folder_at_360_px(opened, name):
    page = opened(name, width=360)
    assert says(page) != ""
    assert page.locator("svg[role=img]").get_attribute("aria-label")
    assert page.locator(".course-widget-still").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", sorted(STILLS))
def test_without_javascript_there_is_a_picture_and_the_text(opened, name):
    page = opened(name, java_script_enabled=False)
    assert page.get_by_text("Try it.").is_visible()
    picture = page.locator(".course-widget-still img")
    assert picture.is_visible()
    assert picture.get_attribute("alt") == "A still picture."
    assert page.locator(".course-widget-live").is_hidden()


@pytest.mark.parametrize("name", sorted(STILLS))
def test_every_control_is_reached_and_worked_by_keyboard(opened, name):
    page = opened(name)
    controls = page.locator(".course-widget-live :is(button, input, select)")
    reached = set()
    for _ in range(controls.count() + 1):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    for control in controls.all():
        assert (control.get_attribute("id") or control.inner_text()) in reached
    before = page.locator(".course-widget-live").inner_html()
    first = controls.first
    first.focus()
    page.keyboard.press(
        {"BUTTON": "Enter", "INPUT": "ArrowDown", "SELECT": "ArrowUp"}[first.evaluate("e => e.tagName")]
    )
    assert page.locator(".course-widget-live").inner_html() != before


def test_another_run_has_the_interval_of_the_lab(opened):
    page = opened("draw_another_run")
    assert "One run has no interval" in says(page)
    page.get_by_role("button", name="A hundred more").click()
    page.get_by_role("button", name="A hundred more").click()
    interval = evaluation.summarize(ERRORS).t
    assert f"mean {np.mean(ERRORS):.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}" in says(page)
    assert "It holds the mean of all 200" in says(page)


def test_students_t_is_right_for_all_numbers_of_runs(opened):
    from scipy import stats

    page = opened("draw_another_run")
    kit = re.search(r'from "(data:[^"]+)"', page.content())[1]
    found = page.evaluate(
        "async (kit) => { const {student} = await import(kit); return [...Array(999)].map((_, i) => student(i + 1)); }",
        kit,
    )
    np.testing.assert_allclose(found, stats.t.ppf(0.975, np.arange(1, 1000)), rtol=1e-3)


@pytest.mark.parametrize(
    ("samples", "batch", "sentence"),
    [
        (200, 5, "40 updates an epoch (40 full). All batches are full. 1,000 epochs: 40,000 updates."),
        (201, 5, "41 updates an epoch (40 full). The last batch has 1 sample. 1,000 epochs: 41,000 updates."),
        (3, 10, "1 update an epoch (0 full). The last batch has 3 samples. 1,000 epochs: 1,000 updates."),
    ],
)
def test_updates_are_counted_with_the_uneven_batch(opened, samples, batch, sentence):
    page = opened("batch_calculator")
    page.get_by_label("samples").fill(str(samples))
    page.get_by_label("batch size").fill(str(batch))
    assert sentence in says(page)


@pytest.mark.parametrize("text", ["", "-3", "1e9"])
def test_a_senseless_number_is_held_within_bounds(opened, text):
    page = opened("batch_calculator")
    page.get_by_label("batch size").fill(text)
    page.get_by_label("epochs").focus()
    assert 1 <= int(page.get_by_label("batch size").input_value()) <= 100_000
    assert "NaN" not in says(page)


PER_EPOCH = {"updates_per_epoch": 9}


@pytest.mark.parametrize(
    ("name", "schedule"),
    [
        ("time-based, once per epoch", schedules.TimeDecayPerEpoch(0.1, 0.001, 9)),
        ("time-based, repeated", schedules.TimeDecayRepeated(0.1, 0.001, 9)),
        ("time-based, per update", schedules.TimeDecayPerUpdate(0.1, 0.001)),
        ("step", schedules.StepDecay(0.1, 0.5, 10, **PER_EPOCH)),
        ("step, one epoch early", schedules.StepDecayOneEarly(0.1, 0.5, 10, **PER_EPOCH)),
    ],
)
def test_schedules_are_those_of_the_lab(opened, name, schedule):
    page = opened("schedule_explorer")
    page.get_by_label("schedule").select_option(label=name)
    shown = [float(text) for text in page.locator(".cw-table tbody td:last-child").all_inner_texts()]
    np.testing.assert_allclose(shown, schedules.rates(schedule, np.arange(5) * 9), rtol=1e-6)
    end = float(re.search(r"epoch 50: ([\d.e-]+)\.", says(page))[1])
    assert end == pytest.approx(float(schedules.rates(schedule, [450])[0]), rel=1e-3)


def test_the_published_table_is_the_repeated_formula(opened):
    page = opened("schedule_explorer")
    assert page.locator(".cw-same").count() == 5
    page.get_by_label("schedule").select_option(label="time-based, once per epoch")
    assert page.locator(".cw-same").count() == 2  # at the epochs 0 and 1 they agree


def test_dropout_drops_at_its_rate(opened):
    page = opened("dropout_mask")
    dropped = []
    for _ in range(60):
        page.get_by_role("button", name="Draw another mask").click()
        dropped.append(int(re.match(r"(\d+) of 14", says(page))[1]))
        assert page.locator(".cw-cross").count() == dropped[-1]
    assert np.mean(dropped) == pytest.approx(7, abs=1.5)  # 14 units, 61 masks: five standard errors are 1.2
    page.get_by_label("rate").fill("0")
    assert says(page).startswith("0 of 14 hidden units are off. Each of the others counts 1 times")


def test_what_is_left_through_depth_is_what_was_recorded(opened):
    page = opened("signal_through_depth")
    assert "Variance of the activations in layer 50: 10^-3" in says(page)
    assert "They do not keep their size" in says(page)


def test_both_variances_are_those_of_the_scores(opened):
    page = opened("folds_and_seeds")
    for _ in range(10):
        page.get_by_role("button", name="Draw a hundred").click()
    narrow, wide = (float(text) for text in re.findall(r": (0\.\d+)", says(page)))
    within = np.sqrt((SCORES.var(axis=1) / 10).mean())
    assert narrow == pytest.approx(within, rel=0.15)  # of 1,001 draws
    assert wide == pytest.approx(np.sqrt(SCORES.var() / 10), rel=0.15)


def test_results_cannot_leave_their_place_in_the_page():
    before, _ = page_part(FOLDER, "dropout_mask", {"name": "</script><script>alert(1)"}, "x")
    assert "</script><script>alert" not in before
    data = re.search(r'<script type="application/json">(.*?)</script>', before)[1]
    assert json.loads(data) == {"name": "</script><script>alert(1)"}


@pytest.mark.parametrize(
    ("name", "alt", "words"), [("mask", "x", "Widgets: batch_calculator"), ("dropout_mask", "", "alt")]
)
def test_a_widget_that_is_not_there_or_not_described(name, alt, words):
    with pytest.raises(CourseError, match=words):
        page_part(FOLDER, name, {}, alt)


def test_every_widget_stands_in_one_chapter():
    text = "".join(path.read_text() for path in (REPOSITORY / "book" / "chapters").glob("*.md"))
    assert sorted(re.findall(r"^```\{course-widget\} (\w+)", text, re.M)) == sorted(STILLS)


def test_every_module_has_a_still_picture():
    assert {path.stem for path in FOLDER.glob("*.js")} - {"kit"} == set(STILLS)


def test_the_recorded_values_suffice():
    """The names that the chapters hand over are those that the modules ask for."""
    for path in (REPOSITORY / "book" / "chapters").glob("*.md"):
        for name, options in re.findall(r"^```\{course-widget\} (\w+)\n((?::.*\n)*)", path.read_text(), re.M):
            asked = set(re.findall(r'model\.get\("(\w+)"\)', (FOLDER / f"{name}.js").read_text()))
            given = set(re.findall(r"^:values: (.*)$", options, re.M)[0].split()) if ":values:" in options else set()
            assert asked <= given, name
            if given:
                recorded = read_results(REPOSITORY / "book" / "results" / f"{path.stem}.json").values
                assert given <= recorded.keys()
