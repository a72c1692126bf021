"""What the chapters claim, evaluated on the recorded results of several root seeds."""

from __future__ import annotations

import json
import operator
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from course_pkg.errors import CourseError, Interrupted
from course_pkg.files import write_atomically
from course_pkg.publishing.book import Book, Chapter
from course_pkg.publishing.numbers import look_up
from course_pkg.publishing.progress import Reporter
from course_pkg.publishing.rerun import Run, rerun, run_folder
from course_pkg.records import ChapterResults, read_results

__all__ = ["Claim", "Verdict", "evaluate", "judge", "publish_verdicts", "published_verdicts", "read_claims", "table"]

_EFFECTS = {"difference": operator.sub, "ratio": operator.truediv}
_DIRECTIONS = {"greater": operator.gt, "less": operator.lt}
_KEYS = {"id", "sentence", "left", "right", "effect", "direction", "threshold", "share"}


@dataclass(frozen=True)
class Claim:
    """A sentence that the recorded results must bear out.

    Parameters
    ----------
    id : str
        Unique within the chapter.
    sentence : str
        For readers.
    left : str
        Name of a recorded value; dots reach into lists and dicts.
    right : str or float
        Another, or a number.
    effect : {"difference", "ratio"}
        Of left and right.
    direction : {"greater", "less"}
        Where the effect must lie of the threshold.
    threshold : float
    share : float
        Of the root seeds in which it must hold, above 0, at most 1.
    """

    id: str
    sentence: str
    left: str
    right: str | float
    effect: str
    direction: str
    threshold: float
    share: float

    def effect_in(self, results: ChapterResults) -> float:
        """Return the effect in one run.

        Raises
        ------
        CourseError
            If a name is not recorded, is not a number, or the ratio's divisor is 0.
        """
        left, right = (self._number(results, side) for side in (self.left, self.right))
        if self.effect == "ratio" and right == 0:
            raise CourseError(f"Claim {results.chapter}:{self.id}: the ratio's right side is 0.")
        return float(_EFFECTS[self.effect](left, right))

    def holds_for(self, effect: float) -> bool:
        """Tell whether an effect bears the claim out."""
        return bool(_DIRECTIONS[self.direction](effect, self.threshold))

    def _number(self, results: ChapterResults, side: str | float) -> float:
        value = look_up(results, side) if isinstance(side, str) else side
        if isinstance(value, dict) and "estimate" in value:
            value = value["estimate"]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise CourseError(f"Claim {results.chapter}:{self.id}: {side!r} is no number but {value!r}.")
        return value


@dataclass(frozen=True)
class Verdict:
    """How a claim fared over several root seeds.

    Parameters
    ----------
    claim : Claim
    effects : dict of int to float
        Root seed to effect.
    """

    claim: Claim
    effects: dict[int, float]

    @property
    def held(self) -> int:
        """In how many seeds the claim held."""
        return sum(self.claim.holds_for(effect) for effect in self.effects.values())

    @property
    def stands(self) -> bool:
        """True if it held in the share of seeds that it promises."""
        return self.held >= self.claim.share * len(self.effects)

    @property
    def failed_seeds(self) -> list[int]:
        """The seeds in which it did not hold."""
        return [seed for seed, effect in self.effects.items() if not self.claim.holds_for(effect)]


def read_claims(book: Book, chapter: Chapter) -> list[Claim]:
    """Read ``book/claims/CHAPTER.yml`` and check its form.

    Raises
    ------
    CourseError
        If the file is missing or malformed; names the claim and what is wrong.
    """
    path = book.source / "claims" / f"{chapter.name}.yml"
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CourseError(f"Chapter {chapter.name} has no claims: write {path}.") from error
    except (OSError, yaml.YAMLError) as error:
        raise CourseError(f"Cannot read {path}: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise CourseError(f"{path} must be a list of claims.")
    claims = [_claim(path, number, entry) for number, entry in enumerate(entries, start=1)]
    ids = [claim.id for claim in claims]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise CourseError(f"{path}: the id {twice[0]!r} is used twice.")
    return claims


def judge(claims: Sequence[Claim], results: Mapping[int, ChapterResults]) -> list[Verdict]:
    """Evaluate claims on the results of several root seeds.

    Parameters
    ----------
    claims : sequence of Claim
    results : mapping of int to ChapterResults
        Root seed to the results of its run.

    Returns
    -------
    list of Verdict
    """
    return [Verdict(claim, {seed: claim.effect_in(found) for seed, found in results.items()}) for claim in claims]


def evaluate(
    book: Book, chapters: Sequence[Chapter], seeds: Sequence[int], reporter: Reporter, *, jobs: int
) -> dict[str, list[Verdict]]:
    """Run chapters under several root seeds, where that has not been done, and judge their claims.

    Returns
    -------
    dict
        Chapter's name to its verdicts.

    Raises
    ------
    CourseError
        If a chapter fails under a seed. All other seeds are run first, so that the next evaluation has them.
    """
    claims = {chapter.name: read_claims(book, chapter) for chapter in chapters}  # a malformed file costs no run
    with reporter:
        failures = dict(_failures(book, chapters, seeds, reporter, jobs))
    if failures:
        raise CourseError(
            "\n".join(f"Root seed {seed}: {error}" for seed, error in failures.items()),
            details="\n\n".join(filter(None, (error.details for error in failures.values()))),
        )
    return {
        chapter.name: judge(
            claims[chapter.name],
            {seed: read_results(run_folder(book, Run(seed)) / f"{chapter.name}.json") for seed in seeds},
        )
        for chapter in chapters
    }


def _failures(
    book: Book, chapters: Sequence[Chapter], seeds: Sequence[int], reporter: Reporter, jobs: int
) -> Iterator[tuple[int, CourseError]]:
    for seed in seeds:
        try:
            rerun(book, chapters, Run(seed), reporter, jobs=jobs)
        except Interrupted:
            raise
        except CourseError as error:
            yield seed, error


def publish_verdicts(book: Book, verdicts: Mapping[str, Sequence[Verdict]]) -> None:
    """Write each chapter's effects by seed to ``book/results/claims/``, from where its table is made."""
    for chapter, found in verdicts.items():
        content = {verdict.claim.id: {str(s): e for s, e in verdict.effects.items()} for verdict in found}
        path = book.published / "claims" / f"{chapter}.json"
        write_atomically(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def published_verdicts(book: Book, chapter: Chapter) -> list[Verdict]:
    """Return how the chapter's claims fared when their effects were last published.

    Raises
    ------
    CourseError
        If a claim has no published effects: `course book claims --publish` makes them.
    """
    path = book.published / "claims" / f"{chapter.name}.json"
    try:
        published: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"Cannot read {path}. `course book claims {chapter.name} --publish` makes it anew."
        ) from error
    claims = read_claims(book, chapter)
    for claim in claims:
        if claim.id not in published:
            raise CourseError(f"{path} lacks {claim.id!r}. `course book claims {chapter.name} --publish` adds it.")
    return [Verdict(claim, {int(seed): effect for seed, effect in published[claim.id].items()}) for claim in claims]


def table(verdicts: Sequence[Verdict]) -> str:
    """Return a table of claims as Markdown: each claim, in how many seeds it held, the effect's interval."""
    rows = ["| claim | held in | effect: median (smallest to largest) |", "|---|---|---|"]
    for verdict in verdicts:
        held = f"{verdict.held} of {len(verdict.effects)} seeds"
        rows.append(f"| {verdict.claim.sentence} | {held} | {_effect(verdict)} |")
    return "\n".join(rows)


def _effect(verdict: Verdict) -> str:
    effects = list(verdict.effects.values())
    numbers = (statistics.median(effects), min(effects), max(effects))
    shown = [f"{number:.3g}".replace("-", "\N{MINUS SIGN}") for number in numbers]
    return f"{verdict.claim.effect} {shown[0]} ({shown[1]} to {shown[2]})"


def _claim(path: Path, number: int, entry: Any) -> Claim:
    name = entry.get("id", f"number {number}") if isinstance(entry, dict) else f"number {number}"

    def wrong(what: str) -> CourseError:
        return CourseError(f"{path}, claim {name}: {what}.")

    if not isinstance(entry, dict):
        raise wrong("it is not a mapping")
    if entry.keys() != _KEYS:
        missing, unknown = sorted(_KEYS - entry.keys()), sorted(entry.keys() - _KEYS)
        raise wrong("; ".join([*(f"{key} is missing" for key in missing), *(f"{key} is unknown" for key in unknown)]))
    for key, allowed in (("effect", _EFFECTS), ("direction", _DIRECTIONS)):
        if entry[key] not in allowed:
            raise wrong(f"{key} must be one of {', '.join(sorted(allowed))}, got {entry[key]!r}")
    for key in ("threshold", "share"):
        if isinstance(entry[key], bool) or not isinstance(entry[key], (int, float)):
            raise wrong(f"{key} must be a number, got {entry[key]!r}")
    if not 0 < entry["share"] <= 1:
        raise wrong(f"share must lie above 0 and at most at 1, got {entry['share']}")
    return Claim(**{**entry, "sentence": " ".join(str(entry["sentence"]).split())})
