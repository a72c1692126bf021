import json

import pytest
import yaml

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book
from course_pkg.publishing.claims import judge, publish_verdicts, published_verdicts, read_claims, table
from course_pkg.records import ChapterResults
from small_book import BODY

GOOD = {
    "id": "a",
    "sentence": "A is larger than B.",
    "left": "a",
    "right": "b.0",
    "effect": "difference",
    "direction": "greater",
    "threshold": 0,
    "share": 0.5,
}


def claims(small_book, *entries):
    if "one" not in small_book.names:
        small_book.add("one", BODY)
    folder = small_book.root / "book" / "claims"
    folder.mkdir(exist_ok=True)
    (folder / "one.yml").write_text(yaml.safe_dump(list(entries)))
    book = Book(small_book.root)
    return read_claims(book, book.chapters[0])


def results(a, b):
    return ChapterResults("one", 1, {"a": a, "b": [b], "text": "x"}, dict.fromkeys(("a", "b", "text")))


@pytest.mark.parametrize(
    ("change", "a", "b", "effect", "holds"),
    [
        ({}, 2.0, 1.0, 1.0, True),
        ({}, 1.0, 1.0, 0.0, False),
        ({"threshold": 2}, 2.0, 1.0, 1.0, False),
        ({"direction": "less"}, 1.0, 2.0, -1.0, True),
        ({"effect": "ratio", "threshold": 1}, 3.0, 2.0, 1.5, True),
        ({"right": 5, "direction": "less"}, 3.0, 0.0, -2.0, True),
        ({}, {"estimate": 2.0, "low": 1, "high": 3, "confidence": 0.95}, 1.0, 1.0, True),
    ],
)
def test_an_effect_is_computed_and_judged(small_book, change, a, b, effect, holds):
    verdict = judge(claims(small_book, {**GOOD, **change}), {1: results(a, b)})[0]
    assert verdict.effects == {1: effect}
    assert (verdict.held == 1) is holds


@pytest.mark.parametrize(
    ("share", "held", "stands"), [(1.0, 3, False), (0.75, 3, True), (0.76, 3, False), (1.0, 4, True)]
)
def test_a_claim_stands_if_it_holds_in_its_share_of_the_seeds(small_book, share, held, stands):
    found = {seed: results(2.0 if seed < held else 0.0, 1.0) for seed in range(4)}
    verdict = judge(claims(small_book, {**GOOD, "share": share}), found)[0]
    assert verdict.held == held
    assert verdict.stands is stands
    assert verdict.failed_seeds == list(range(held, 4))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**GOOD, "effect": "quotient"}, "effect must be one of difference, ratio, got 'quotient'"),
        ({**GOOD, "direction": "up"}, "direction must be one of greater, less"),
        ({**GOOD, "share": 0}, "share must lie above 0"),
        ({**GOOD, "threshold": "0"}, "threshold must be a number"),
        ({k: v for k, v in GOOD.items() if k != "share"}, "claim a: share is missing"),
        ({**GOOD, "extra": 1}, "extra is unknown"),
        ("text", "claim number 1: it is not a mapping"),
    ],
)
def test_a_malformed_claim_is_named(small_book, entry, message):
    with pytest.raises(CourseError) as caught:
        claims(small_book, entry)
    assert message in str(caught.value)
    assert "one.yml" in str(caught.value)


def test_an_id_may_be_used_once(small_book):
    with pytest.raises(CourseError, match="'a' is used twice"):
        claims(small_book, GOOD, GOOD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": "nothing"}, "records no 'nothing'"),
        ({"left": "text"}, "is no number"),
        ({"left": "b"}, "is no number"),
    ],
)
def test_a_name_that_is_not_recorded_or_no_number_is_refused(small_book, change, message):
    with pytest.raises(CourseError, match=message):
        judge(claims(small_book, {**GOOD, **change}), {1: results(1.0, 2.0)})


def test_the_table_says_in_how_many_seeds_and_how_large(small_book):
    verdicts = judge(claims(small_book, GOOD), {1: results(2.0, 1.0), 2: results(0.5, 1.0), 3: results(4.0, 1.0)})
    book = Book(small_book.root)
    publish_verdicts(book, {"one": verdicts})
    assert "| A is larger than B. | 2 of 3 seeds | difference 1 (−0.5 to 3) |" in table(
        published_verdicts(book, book.chapters[0])
    )
    claims(small_book, {**GOOD, "id": "new"})
    with pytest.raises(CourseError, match="lacks 'new'"):
        published_verdicts(book, book.chapters[0])


@pytest.mark.slow
def test_the_command_runs_the_seeds_judges_and_publishes(small_book):
    small_book.add("one", BODY)
    entry = {**GOOD, "left": "seed_used", "right": 0, "share": 1.0}
    claims(small_book, entry)
    done = small_book.course("book", "claims", "--seeds", "1,4", "--publish")
    assert "holds  one:a  in 2 of 2 seeds" in done.stdout
    effects = json.loads((small_book.root / "book" / "results" / "claims" / "one.json").read_text())
    assert effects == {"a": {"1": 1.0, "4": 4.0}}
    claims(small_book, {**entry, "direction": "less"})
    failed = small_book.course("book", "claims", "--seeds", "1", "--fresh", "1", ok=False)
    assert "FAILS  one:a  in 0 of 2 seeds" in failed.stdout
    assert "error: 1 claim not borne out" in failed.stderr
    assert "it did not in [1, " in failed.stderr
    assert "not a list of whole numbers" in small_book.course("book", "claims", "--seeds", "a", ok=False).stderr


@pytest.mark.slow
def test_a_seed_under_which_a_chapter_fails_is_named_and_the_others_are_run(small_book):
    failing = "```{code-cell} ipython3\nassert SEED != 1, 'a rare case'\n```\n"
    small_book.add("one", f"{BODY}\n{failing}")
    claims(small_book, {**GOOD, "left": "seed_used", "right": 0})
    failed = small_book.course("book", "claims", "--seeds", "1,4", ok=False)
    assert "error: Root seed 1: Chapter one, code cell" in failed.stderr
    assert "a rare case" in failed.stderr
    assert (small_book.root / "book" / "_build" / "executed" / "seed-4" / "one.json").is_file()
