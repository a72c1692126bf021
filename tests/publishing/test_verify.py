"""Two real runs, compared; then the published results."""

import json

import pytest

from small_book import BODY, HEADER, NUMBER

pytestmark = pytest.mark.slow


def cell(code: str) -> str:
    return f"\n```{{code-cell}} ipython3\n{code}\n```\n"


def change(path, name, new, tolerance=None):
    content = json.loads(path.read_text())
    content["values"][name]["value"] = new
    if tolerance is not None:
        content["values"][name]["tolerance"] = tolerance
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def committed(book):
    return book.root / "book" / "results" / "one.json"


def test_a_chapter_that_repeats_is_verified_and_leaves_an_ordinary_run(published):
    done = published.course("book", "verify")
    assert "Two runs of 1 chapter with seed 1: every byte of the results is equal." in done.stdout
    assert "one: 2 results equal the published ones to the last bit." in done.stdout
    assert "Up to date: one." in published.course("book", "run").stdout
    other = published.course("book", "verify", "--seed", "9")
    assert "with seed 9" in other.stdout
    assert "published" not in other.stdout


def test_what_is_published_can_stand_for_the_first_run(published):
    done = published.course("book", "verify", "--once")
    assert "A run of 1 chapter with seed 1: every byte of the results is as published." in done.stdout
    assert "one: 2 results equal the published ones to the last bit." in done.stdout
    assert "Two runs" not in done.stdout
    assert "Up to date: one." in published.course("book", "run").stdout
    refused = published.course("book", "verify", "--once", "--seed", "9", ok=False)
    assert "there are none for seed 9" in refused.stderr
    # what only one CPU shows is found out, as a miss of what does not repeat
    published.add("one", BODY + NUMBER % "one" + cell("import os\nrecord('cores', len(os.sched_getaffinity(0)) == 1);"))
    published.course("book", "run")
    published.course("book", "publish")
    failed = published.course("book", "verify", "--once", ok=False)
    assert "A run of 0 chapters" in failed.stdout
    assert "Chapter one does not repeat: the first difference is cores: False against True" in failed.stderr


def test_whatever_must_not_matter_is_found_out(small_book):
    leaks = {
        "cores": "len(os.sched_getaffinity(0)) == 1",
        "folder": "os.path.basename(os.getcwd())",
        "hash_seed": "list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})",
        "process": "os.getpid()",
        "entropy": "np.random.default_rng().random()",
    }
    lines = [f"record('leak_{name}', {code}, tolerance=None);" for name, code in leaks.items()]
    small_book.add("one", BODY + cell("\n".join(["import os, numpy as np", *lines])))
    failed = small_book.course("book", "verify", ok=False)
    first = failed.stderr.splitlines()[0]
    # the first key, both values, and both environments
    assert first.startswith(
        "error: Chapter one does not repeat: the first difference is leak_cores: False against True"
    )
    assert "First run:" in failed.stderr
    assert "PYTHONHASHSEED=4242" in failed.stderr
    assert "one CPU" in failed.stderr
    for name in leaks:
        assert f"leak_{name}" in failed.stderr
    assert "draws" not in failed.stderr


def test_the_order_of_the_chapters_is_found_out(small_book, tmp_path):
    shared = tmp_path / "left-behind.txt"
    code = (
        f"from pathlib import Path\nmark = Path({str(shared)!r})\n"
        "before = mark.read_text() if mark.exists() else ''\nmark.write_text('{name}')\n"
        "record('before', before, tolerance=None);"
    )
    for name in ("one", "two"):
        small_book.add(name, BODY + cell(code.replace("{name}", name)))
    shared.write_text("two")
    failed = small_book.course("book", "verify", "--jobs", "1", ok=False)
    assert "does not repeat: the first difference is before" in failed.stderr
    assert "opposite order" in failed.stderr


def test_a_miss_of_the_published_results_is_named(published):
    change(committed(published), "seed_used", 2)
    failed = published.course("book", "check", ok=False)
    assert "Chapter one: 1 value is not what is published" in failed.stderr
    assert "seed_used: 2 against 1" in failed.stderr
    assert "course book publish" in failed.stderr


def test_every_bit_counts_on_this_computer_but_only_the_tolerance_elsewhere(published):
    draws = json.loads(committed(published).read_text())["values"]["draws"]["value"]
    change(committed(published), "draws", [draws[0] + 1e-9, *draws[1:]])
    failed = published.course("book", "check", ok=False)
    assert "draws.0" in failed.stderr
    assert "to the last bit" not in failed.stdout
    # under another preset nothing is promised to the last bit
    passed = published.course("book", "check", COURSE_PRESET="native")
    assert "within the recorded tolerances" in passed.stdout
    change(committed(published), "draws", [draws[0] + 1e-3, *draws[1:]])
    failed = published.course("book", "check", ok=False, COURSE_PRESET="native")
    assert "allowed" in failed.stderr


def test_a_reformatted_results_file_is_refused(published):
    path = committed(published)
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert "is not written as" in published.course("book", "check", ok=False).stderr


def test_publish_shows_what_changes_and_refuses_what_is_out_of_date(published):
    source = published.root / "book" / "chapters" / "one.md"
    text = source.read_text()
    source.write_text(text.replace("COUNT)", "COUNT + 1)"))
    before = committed(published).read_bytes()
    refused = published.course("book", "publish", ok=False)
    assert "Chapter one has no run of its present state" in refused.stderr
    assert committed(published).read_bytes() == before
    published.course("book", "run")
    assert "draws:" in published.course("book", "publish").stdout
    assert committed(published).read_bytes() == published.result("one").read_bytes()
    assert "one: unchanged" in published.course("book", "publish").stdout


def test_a_native_run_is_not_published(published):
    before = committed(published).read_bytes()
    published.course("book", "run", COURSE_PRESET="native")
    refused = published.course("book", "publish", ok=False, COURSE_PRESET="native")
    assert "the portable preset makes no promise" in refused.stderr
    assert committed(published).read_bytes() == before


def test_nothing_published_yet(small_book):
    small_book.add("one", BODY, header=HEADER)
    small_book.course("book", "run")
    assert "has no published results" in small_book.course("book", "check", ok=False).stderr


def test_damaged_results_are_named(published):
    committed(published).write_text("{")
    failed = published.course("book", "check", ok=False)
    assert "one.json is damaged" in failed.stderr
    assert len(failed.stderr.strip().splitlines()) == 1


def test_without_a_data_set_its_published_results_stand(small_book, tmp_path, repository):
    folder = repository.parent / "shared" / "data"
    if not (folder / "pima-indians-diabetes.csv").exists():
        pytest.skip("needs the folder ../shared/data with pima-indians-diabetes.csv")
    code = (
        "from course_pkg import datasets\nif datasets.available('pima'):\n"
        "    record('pima_mean', float(datasets.load('pima').X.mean()), data='pima')"
    )
    small_book.add("one", BODY + cell(code))
    with_data = {"COURSE_DATA_DIR": str(folder)}
    without = {"COURSE_DATA_DIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    small_book.course("book", "run", **with_data)
    small_book.course("book", "publish", **with_data)
    assert "3 results equal" in small_book.course("book", "check", **with_data).stdout
    assert "one: done" in small_book.course("book", "run", **without).stdout  # the data at hand are in the rerun key
    checked = small_book.course("book", "check", **without).stdout
    assert "2 results equal" in checked
    assert "Not compared: what needs pima" in checked
    once = small_book.course("book", "verify", "--once", **without).stdout
    assert "A run of 1 chapter" in once
    assert "Not compared: what needs pima" in once
    refused = small_book.course("book", "publish", ok=False, **without)
    assert "need pima, not at hand here" in refused.stderr
    assert "pima_mean" in committed(small_book).read_text()
