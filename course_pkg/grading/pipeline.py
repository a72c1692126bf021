"""What nbgrader does to a submission here: its own steps, with ours in place of those that trust students."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import Any

from nbgrader.preprocessors import (  # type: ignore[import-untyped]
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from course_pkg.grading.examine import Examine
from course_pkg.grading.rebuild import RebuildFromRelease
from course_pkg.grading.submissions import set_aside_unlisted

__all__ = ["AUTOGRADE", "SANITIZE", "wire"]

SANITIZE = [RebuildFromRelease, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
"""First the rebuilt notebook; then nbgrader puts the tests back that the release does not show."""

AUTOGRADE = [Examine, IgnorePattern, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]
"""Without nbgrader's `ClearMetadataPreprocessor`, which would clear what our own steps found out."""


def wire(config: Any, *, release: str) -> None:
    """Make nbgrader grade by our steps.

    Parameters
    ----------
    config : traitlets.config.Config
        Is changed in place.
    release : str
        The folder of the releases, as in ``CourseDirectory.release_directory``.
    """
    config.Autograde.sanitize_preprocessors = SANITIZE
    config.Autograde.autograde_preprocessors = AUTOGRADE
    config.Autograde.pre_convert_hook = partial(set_aside_unlisted, release=PurePath(release))
    config.Execute.record_timing = False  # times would make two equal gradings differ
