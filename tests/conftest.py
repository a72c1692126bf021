"""Shared by all tests: a small book to work on, and tools that may be missing."""

import course_pkg  # noqa: F401, I001  # first: it sets what NumPy and TensorFlow read when they load

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from small_book import REPOSITORY, SmallBook


# A loaded machine is no failure; and CI tries the same examples each time, while daily work looks for new ones.
settings.register_profile("daily", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("COURSE_NO_SKIP") else "daily")


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
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


@pytest.fixture
def small_book(tmp_path: Path) -> SmallBook:
    return SmallBook(tmp_path / "repository")
