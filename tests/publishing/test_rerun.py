"""The real papermill on small chapters, through the real command."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from small_book import BODY, HEADER, NUMBER, PARAMETERS, SmallBook

pytestmark = pytest.mark.slow


def cell(code: str) -> str:
    return f"\n```{{code-cell}} ipython3\n{code}\n```\n"


def values(path) -> dict:
    return {name: entry["value"] for name, entry in json.loads(path.read_text())["values"].items()}


def kernels(book: SmallBook) -> list[psutil.Process]:
    """Processes that work for this book."""
    mark = str(book.root)
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        environment = process.info["environ"] or {}
        if mark in environment.get("COURSE_RESULTS_FILE", ""):
            found.append(process)
    return found


def wait_for(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def test_a_chapter_is_run_with_its_seed_and_then_skipped(small_book):
    small_book.add("one", BODY)
    assert "one: done" in small_book.course("book", "run").stdout
    first = small_book.result("one").read_bytes()
    assert values(small_book.result("one"))["seed_used"] == 1
    assert "Up to date: one." in small_book.course("book", "run").stdout
    small_book.course("book", "run", "--seed", "5")
    assert values(small_book.result("one", "seed-5"))["seed_used"] == 5
    assert values(small_book.result("one", "seed-5"))["draws"] != values(small_book.result("one"))["draws"]
    assert small_book.result("one").read_bytes() == first
    assert "one: done" in small_book.course("book", "run", "--force").stdout
    assert small_book.result("one").read_bytes() == first


def test_whatever_a_result_depends_on_makes_a_rerun(small_book):
    """Of two chapters, a change of one's source reruns that one; the lab, the lock and the preset rerun both."""
    source = small_book.add("one", BODY)
    small_book.add("two", BODY)
    small_book.course("book", "run")
    lab, cli = small_book.root / "course_pkg" / "lab.py", small_book.root / "course_pkg" / "cli" / "__init__.py"

    def reran(**environment):
        out = small_book.course("book", "run", **environment).stdout
        return [name for name in ("one", "two") if f"{name}: done" in out]

    cli.parent.mkdir()
    cli.write_text("# changed, but no part of the lab\n")
    assert reran() == []
    source.write_text(source.read_text() + "\nMore.\n")
    assert reran() == ["one"]
    lab.write_text("ANSWER = 43\n")
    assert reran() == ["one", "two"]
    (small_book.root / "requirements.lock").write_text("numpy==2.4.7\n")
    assert reran() == ["one", "two"]
    assert reran(COURSE_PRESET="native") == ["one", "two"]
    small_book.course("book", "run")
    small_book.result("two").write_text("{}")  # outputs that are not those of the run
    assert reran() == ["two"]


def test_parameters_are_passed_and_a_misspelt_one_is_refused(small_book):
    small_book.add("one", BODY)
    small_book.course("book", "run", "-p", "COUNT=5")
    assert len(values(small_book.result("one", "seed-1-COUNT=5"))["draws"]) == 5
    refused = small_book.course("book", "run", "-p", "COUTN=5", ok=False)
    assert "error: Chapter one has no parameter 'COUTN'. It has: COUNT, SEED." in refused.stderr


def test_a_failing_cell_is_shown_and_no_old_numbers_stay_looking_fresh(small_book):
    small_book.add("good", BODY + NUMBER % "good")
    source = small_book.add("bad", BODY)
    small_book.course("book", "run")
    small_book.course("book", "publish")
    small_book.course("book", "build")
    before = small_book.result("bad").read_bytes()
    source.write_text(HEADER + PARAMETERS + BODY + cell("x = 1\nraise ValueError('the reason')"))
    failed = small_book.course("book", "run", ok=False)
    assert failed.returncode == 1
    first = failed.stderr.splitlines()[0]
    assert first.startswith("error: Chapter bad, code cell 3: ValueError: the reason.")
    assert "    raise ValueError('the reason')" in failed.stderr
    assert "Traceback" in failed.stderr
    assert "\x1b[" not in failed.stderr
    assert small_book.result("bad").read_bytes() == before
    assert not small_book.index.exists()
    assert "has no run of its present state" in small_book.course("book", "build", ok=False).stderr
    assert not small_book.index.exists()


def test_one_failing_chapter_does_not_stop_the_others(small_book):
    small_book.add("bad", cell("1 / 0"))
    small_book.add("good", BODY)
    failed = small_book.course("book", "run", "--jobs", "1", ok=False)
    assert "error: Chapter bad, code cell 2: ZeroDivisionError" in failed.stderr
    assert small_book.result("good").exists()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import warnings; warnings.warn('old API')", "code cell 2: it wrote to standard error"),
        ("import os; os.kill(os.getpid(), 9)", "code cell 2: DeadKernelError"),
        ("from course_pkg.records import record; record('a', float('nan'))", "RecordError: 'a' cannot be recorded"),
        ("from course_pkg.records import record; record('a', 1); record('a', 1)", "'a' was recorded before"),
    ],
)
def test_what_else_a_cell_can_do_wrong(small_book, code, message):
    small_book.add("bad", cell(code))
    assert message in small_book.course("book", "run", ok=False).stderr
    assert not small_book.result("bad").exists()


def test_a_kernel_sees_none_of_the_users_own_python_settings(small_book):
    small_book.add("one", cell("import os\nassert not os.environ.get('PYTHONPATH')\nassert os.listdir() == []"))
    small_book.course("book", "run", PYTHONPATH=os.pathsep.join(sys.path))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_the_last_good_results_and_no_process(small_book, sign):
    source = small_book.add("one", BODY)
    small_book.course("book", "run")
    before = small_book.result("one").read_bytes()
    source.write_text(HEADER + PARAMETERS + BODY + cell("import time\ntime.sleep(60)"))
    run = subprocess.Popen(
        [sys.executable, "-m", "course_pkg", "book", "run"], cwd=small_book.root, stderr=subprocess.PIPE, text=True
    )
    draft = small_book.root / "book" / "_build" / "scratch" / "seed-1-one" / "results.json"
    wait_for(draft.exists)
    assert kernels(small_book)
    run.send_signal(sign)
    _, errors = run.communicate(timeout=120)
    assert run.returncode != 0
    if sign == signal.SIGINT:
        assert run.returncode == 130
        assert errors.strip() == "error: Interrupted. The last good results are untouched."
    wait_for(lambda: not kernels(small_book))
    assert small_book.result("one").read_bytes() == before
    source.write_text(HEADER + PARAMETERS + BODY)
    small_book.course("book", "run")
    assert not list((small_book.root / "book" / "_build" / "scratch").glob("*"))


def test_two_runs_at_once_are_refused(small_book):
    small_book.add("slow", BODY + cell("import time\ntime.sleep(60)"))
    run = subprocess.Popen([sys.executable, "-m", "course_pkg", "book", "run"], cwd=small_book.root)
    try:
        wait_for((small_book.root / "book" / "_build" / "scratch" / "seed-1-slow" / "results.json").exists)
        assert "Another `course book` command is running" in small_book.course("book", "run", ok=False).stderr
    finally:
        run.kill()
        run.wait()
    wait_for(lambda: not kernels(small_book))


def run_on(mount: str, book: SmallBook) -> subprocess.CompletedProcess[str]:
    """Run with a real file system of its own as build folder, in a mount namespace."""
    build = book.root / "book" / "_build"
    build.mkdir()
    script = f"mount -t tmpfs -o {mount} none {build} && {sys.executable} -m course_pkg book run"
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        cwd=book.root,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespaces here: {done.stderr.strip().splitlines()[0]}")
    assert done.returncode == 1
    return done


def test_a_full_disk_says_so(small_book):
    small_book.add("one", cell("from course_pkg.records import record\nrecord('big', 'x' * 3_000_000);"))
    done = run_on("size=1m", small_book)
    assert "No space left on device" in done.stderr.splitlines()[0] + done.stderr.splitlines()[-1]
    assert "free some space" in done.stderr


def test_a_read_only_folder_says_so(small_book):
    small_book.add("one", BODY)
    done = run_on("ro", small_book)
    assert "Read-only file system" in done.stderr
    assert "work in a copy" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
