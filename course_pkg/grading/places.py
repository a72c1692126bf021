"""Where the files of grading lie: where ``nbgrader_config.py`` says so, and beside the gradebook's other folders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from course_pkg.errors import CourseError

__all__ = ["Places", "find_places"]


@dataclass(frozen=True)
class Places:
    """A course with its settings.

    Parameters
    ----------
    root : Path
        The repository.
    config : Config
        What ``nbgrader_config.py`` says.
    settings : str
        Its text.
    """

    root: Path
    config: Any
    settings: str

    @cached_property
    def db_url(self) -> str:
        """The gradebook; a relative SQLite file is meant from the repository."""
        text = str(self._course.db_url)
        try:
            url = make_url(text)
        except ArgumentError:
            return text
        if url.get_backend_name() != "sqlite" or not url.database:
            return text
        return url.set(database=str(self.root / url.database)).render_as_string(hide_password=False)

    def release(self, problem_set: str) -> Path:
        """The folder of what students get."""
        return self._path("release_directory", ".", problem_set)

    def source(self, problem_set: str) -> Path:
        """The folder of the notebook with solutions, and of the files that go with it."""
        return self._path("source_directory", ".", problem_set)

    def submitted(self, problem_set: str, student: str) -> Path:
        """The folder of what a student handed in."""
        return self._path("submitted_directory", student, problem_set)

    def autograded(self, problem_set: str, student: str) -> Path:
        """The folder of the graded notebook."""
        return self._path("autograded_directory", student, problem_set)

    def feedback(self, problem_set: str, student: str) -> Path:
        """The folder of a student's feedback."""
        return self._path("feedback_directory", student, problem_set)

    @property
    def grading(self) -> Path:
        """The folder that is not in version control: what students handed in, and what became of it."""
        return self.root / "grading"

    def outcome(self, problem_set: str, student: str) -> Path:
        """The record of how a submission was graded."""
        return self.grading / "outcomes" / problem_set / f"{student}.json"

    @property
    def audit(self) -> Path:
        """The trail of marks that were changed afterwards."""
        return self.grading / "audit.jsonl"

    def students(self, problem_set: str) -> list[str]:
        """Return those who handed something in, by name."""
        found = self.submitted("*", "*").parent.parent.glob(f"*/{problem_set}")
        return sorted(path.parent.name for path in found if not path.parent.name.startswith("."))

    @cached_property
    def _course(self) -> Any:
        config = Config(self.config)
        config.CourseDirectory.root = str(self.root)
        return CourseDirectory(config=config)

    def _path(self, step: str, student: str, problem_set: str) -> Path:
        return Path(self._course.format_path(getattr(self._course, step), student, problem_set))


def find_places(root: Path) -> Places:
    """Read the settings of the course in a folder.

    Parameters
    ----------
    root : Path
        The repository.

    Raises
    ------
    CourseError
        If its ``nbgrader_config.py`` is missing or does not run.
    """
    file = root / "nbgrader_config.py"
    try:
        config = PyFileConfigLoader(file.name, path=str(root)).load_config()
    except ConfigFileNotFound:
        raise CourseError(f"{root} has no nbgrader_config.py, which says where submissions lie. Restore it.") from None
    except Exception as error:  # anything that a file of Python may raise
        raise CourseError(f"{file} does not run: {type(error).__name__}: {error}") from error
    return Places(root, config, file.read_text(encoding="utf-8"))
