"""Run chapters twice under conditions that must not matter; compare the two, and them with what is published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_pkg import datasets
from course_pkg.errors import CourseError
from course_pkg.files import write_atomically
from course_pkg.publishing.book import PUBLISHED_SEED, Book, Chapter
from course_pkg.publishing.compare import Difference, differences
from course_pkg.publishing.progress import Reporter
from course_pkg.publishing.rerun import Run, Surroundings, rerun, run_folder, up_to_date
from course_pkg.records import ChapterResults, read_results
from course_pkg.seeds import environment

__all__ = ["Check", "check_against_published", "publish", "verify", "verify_once"]

_OTHER = Surroundings(one_core=True, hash_seed="4242", folder_name="another folder")


@dataclass(frozen=True)
class Check:
    """How a chapter's fresh results stand against the published ones.

    Parameters
    ----------
    chapter : str
    exact : bool
        Every bit was compared; False: within the recorded tolerances.
    values : int
        How many results were compared.
    missing : list of str
        Data sets that are not at hand; what needs them was not compared.
    """

    chapter: str
    exact: bool
    values: int
    missing: list[str]


def verify_once(book: Book, chapters: Sequence[Chapter], reporter: Reporter, *, jobs: int) -> list[Chapter]:
    """Run each chapter once, with the published results in place of a first run.

    They may stand for one: `publish` takes them from an ordinary run only. So the one run here is the second of
    `verify`, with one CPU and the rest. Its outputs then stand for an ordinary run.

    Parameters
    ----------
    book : Book
    chapters : sequence of Chapter
    reporter : Reporter
    jobs : int

    Returns
    -------
    list of Chapter
        Those of which any byte differs from the published results, or that have none: for `verify` to judge.
    """
    run = Run(surroundings=_OTHER)
    with reporter as progress:
        rerun(book, chapters[::-1], run, progress, jobs=jobs, force=True)
    return [chapter for chapter in chapters if not _as_published(book, chapter)]


def verify(
    book: Book, chapters: Sequence[Chapter], seed: int, reporters: Sequence[Reporter], *, jobs: int
) -> list[Check]:
    """Run each chapter twice in separate processes that differ in what must not matter.

    The second run has one CPU instead of all, another working folder and hash seed, and takes the chapters in the
    opposite order. The first run's outputs then stand for an ordinary run.

    Parameters
    ----------
    book : Book
    chapters : sequence of Chapter
    seed : int
    reporters : sequence of two Reporter
        For the first and the second run.
    jobs : int

    Returns
    -------
    list of Check
        Against the published results; empty for another seed than the published one.

    Raises
    ------
    CourseError
        If the two runs differ in any byte, or a published result is missed.
    """
    first, second = Run(seed), Run(seed, surroundings=_OTHER, label="second")
    with reporters[0] as progress:
        rerun(book, chapters, first, progress, jobs=jobs, force=True)
    with reporters[1] as progress:
        rerun(book, chapters[::-1], second, progress, jobs=jobs, force=True)
    for chapter in chapters:
        _demand_equal(book, chapter, first, second)
    return [check_against_published(book, chapter) for chapter in chapters] if seed == PUBLISHED_SEED else []


def check_against_published(book: Book, chapter: Chapter) -> Check:
    """Compare the last ordinary run with the committed results.

    Under the portable preset on Linux on an x86-64 CPU with AVX2 every byte must be equal, elsewhere each number
    must lie within the tolerance recorded beside it.

    Raises
    ------
    CourseError
        If a value differs, or there are no published results yet.
    """
    fresh = read_results(run_folder(book, Run()) / f"{chapter.name}.json")
    path = book.published / f"{chapter.name}.json"
    if not path.exists():
        raise CourseError(
            f"Chapter {chapter.name} has no published results. Look at its run, then `course book publish`."
        )
    published = read_results(path)
    exact = bool(environment()["portable"])
    missing = _missing_data(published)
    found = differences(published, fresh, within_tolerance=not exact, without=missing)
    if found:
        raise CourseError(
            f"Chapter {chapter.name}: {_count(found)} not what is published (published against this run). "
            "If the change is meant: `course book publish`.",
            details=_listed(found),
        )
    if exact and path.read_text(encoding="utf-8") != published.to_json():
        raise CourseError(f"{path} is not written as `course book publish` writes it. Publish it anew.")
    return Check(chapter.name, exact, len(fresh.values), missing)


def publish(book: Book, chapters: Sequence[Chapter]) -> dict[str, list[Difference]]:
    """Copy the results of the last ordinary run to the committed ones.

    Returns
    -------
    dict
        Chapter's name to its differences, published against new; empty lists for those that stay.

    Raises
    ------
    CourseError
        If a chapter's last run is out of date, or was made where results need not repeat elsewhere.
    """
    changes = {}
    for chapter in chapters:
        record = up_to_date(book, chapter, Run())
        if record is None:
            raise CourseError(f"Chapter {chapter.name} has no run of its present state. `course book run` makes one.")
        if not record["environment"]["portable"]:
            raise CourseError(
                f"Chapter {chapter.name} was run where the portable preset makes no promise, so its numbers cannot be "
                "the published ones. Run it on Linux on an x86-64 CPU with AVX2, with the default preset."
            )
        fresh = read_results(run_folder(book, Run()) / f"{chapter.name}.json")
        target = book.published / f"{chapter.name}.json"
        old = read_results(target) if target.exists() else ChapterResults(chapter.name, fresh.seed, {}, {})
        missing = _missing_data(old)
        if missing:
            raise CourseError(
                f"Chapter {chapter.name} has published results that need {', '.join(missing)}, not at hand here. "
                "Put the files in a folder, name it in COURSE_DATA_DIR, and run the chapter again."
            )
        changes[chapter.name] = differences(old, fresh)
        if changes[chapter.name] or not target.exists():
            write_atomically(target, fresh.to_json())
    return changes


def _as_published(book: Book, chapter: Chapter) -> bool:
    """Tell whether the last ordinary run gave the published results to the last byte, but for data not at hand."""
    name = f"{chapter.name}.json"
    path, fresh = book.published / name, run_folder(book, Run()) / name
    if not path.exists():
        return False
    if path.read_bytes() == fresh.read_bytes():
        return True
    published = read_results(path)
    missing = _missing_data(published)
    return bool(missing) and not differences(published, read_results(fresh), without=missing)


def _missing_data(results: ChapterResults) -> list[str]:
    """Name the data sets that results need and that are not at hand."""
    return sorted(name for name in set(results.needs.values()) if not datasets.available(name))


def _demand_equal(book: Book, chapter: Chapter, first: Run, second: Run) -> None:
    paths = [run_folder(book, run) / f"{chapter.name}.json" for run in (first, second)]
    if paths[0].read_bytes() == paths[1].read_bytes():
        return
    found = differences(read_results(paths[0]), read_results(paths[1]))
    where = found[0] if found else "in the bytes only"
    raise CourseError(
        f"Chapter {chapter.name} does not repeat: the first difference is {where}.",
        details="\n".join(
            [
                f"First run:  {first.surroundings}",
                f"Second run: {second.surroundings}, chapters in the opposite order",
                *_environment_differences(paths),
                f"{_count(found)} different in all:",
                _listed(found),
            ]
        ),
    )


def _environment_differences(results: Sequence[Path]) -> list[str]:
    """What else the two runs' environments do not share."""
    records = [json.loads(path.with_suffix(".run.json").read_text(encoding="utf-8")) for path in results]
    first, second = (record["environment"] for record in records)
    return [f"{key}: {first[key]!r} against {second.get(key)!r}" for key in first if first[key] != second.get(key)]


def _count(found: list[Difference]) -> str:
    return "1 value is" if len(found) == 1 else f"{len(found)} values are"


def _listed(found: list[Difference], limit: int = 20) -> str:
    lines = [f"  {difference}" for difference in found[:limit]]
    return "\n".join([*lines, f"  … and {len(found) - limit} more"] if len(found) > limit else lines)
