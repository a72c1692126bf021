"""Shared by all tests: a small book to work on, and tools that may be missing."""

import course_pkg  # noqa: F401, I001  # first: it sets what NumPy and TensorFlow read when they load

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from small_book import BODY, NUMBER, REPOSITORY, SmallBook


# A loaded machine is no failure; and CI tries the same examples each time, while daily work looks for new ones.
settings.register_profile("daily", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("COURSE_NO_SKIP") else "daily")

# Ctrl-C is tried in child processes. A shell starts what it runs in the background with Ctrl-C ignored, and what is
# ignored is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)


BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def needs() -> Callable[..., str]:
    """Return the path of a program, or skip with one line that says what to install; in CI, fail instead."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program)
        if path:
            return path
        line = f"needs {program}: apt-get install {package}"
        if os.environ.get("COURSE_NO_SKIP"):
            pytest.fail(f"{line} (nothing may skip here)")
        pytest.skip(line)

    return find


@pytest.fixture(scope="module")
def browser(needs: Callable[..., str]) -> Iterator[object]:
    """A browser that reaches this machine only. Not for the session: while Playwright runs, so does an event loop, and
    no second one can be started by what other modules test."""
    from playwright.sync_api import sync_playwright

    chromium = needs("chromium", "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def small_book(tmp_path: Path) -> SmallBook:
    return SmallBook(tmp_path / "repository")


@pytest.fixture(scope="session")
def _published_once(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    book = SmallBook(tmp_path_factory.mktemp("published") / "repository")
    book.add("one", BODY + NUMBER % "one")
    book.course("book", "run")
    book.course("book", "publish")
    return book


@pytest.fixture
def published(_published_once: SmallBook, tmp_path: Path) -> SmallBook:
    """A copy of a small book whose chapter has run and is published."""
    return _published_once.copy(tmp_path / "repository")
