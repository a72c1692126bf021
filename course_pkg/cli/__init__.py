"""The ``course`` command: parses, calls, and turns errors into one clear line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from course_pkg.cli import grade
from course_pkg.errors import CourseError
from course_pkg.presets import usable_cores

if TYPE_CHECKING:
    from course_pkg.publishing.book import Book

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
book_app = typer.Typer(no_args_is_help=True, help="Rerun, verify, publish and build the book.")
app.add_typer(book_app, name="book")
assignments_app = typer.Typer(no_args_is_help=True, help="Test, release and bundle the problem sets.")
app.add_typer(assignments_app, name="assignments")
app.add_typer(grade.app, name="grade")

out = Console()
err = Console(stderr=True)

Chapters = Annotated[list[str] | None, typer.Argument(metavar="[CHAPTER]…", help="Chapters by name; default: all.")]
Root = Annotated[Path | None, typer.Option(help="The repository; default: the one around the working folder.")]
ProblemSets = Annotated[list[str] | None, typer.Argument(metavar="[PS]…", help="Problem sets by name; default: all.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Chapters at a time; default: one for each CPU.")]


@app.callback()
def _course() -> None:
    """The tools of the course: its book, its problem sets, and this computer's fitness for them."""


@app.command()
def doctor(root: Root = None) -> None:
    """Say what is installed, what determinism holds, what is missing and what to do about it."""
    from course_pkg.doctor import examine
    from course_pkg.publishing.book import find_book

    try:
        folder = find_book(root).root
    except CourseError:
        folder = None
    findings = [*examine(folder), *(_of_the_sandbox() if folder else [])]
    marks = {"good": "[green]✓[/]", "optional": "[yellow]–[/]", "bad": "[red]✗[/]"}
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(marks[finding.state], finding.topic, _escaped(finding.what))
    out.print(table)
    for finding in findings:
        if finding.cure:
            _say(f"{finding.topic}, {finding.what}: {finding.cure}.")
    bad = [finding.topic for finding in findings if finding.state == "bad"]
    if bad:
        raise CourseError(f"Not right here: {', '.join(bad)}. The table says what to do.")


@book_app.command("run")
def book_run(
    chapters: Chapters = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Root seed; default: the published one.")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", "-p", help="Another parameter, as NAME=VALUE.")] = None,
    jobs: Jobs = None,
    force: Annotated[bool, typer.Option("--force", help="Rerun also what is up to date.")] = False,
    root: Root = None,
) -> None:
    """Rerun chapters by papermill. What nothing has touched since its last run is skipped."""
    from course_pkg.publishing.book import PUBLISHED_SEED
    from course_pkg.publishing.progress import reporter
    from course_pkg.publishing.rerun import Run, rerun, run_folder

    book, selected = _selected(root, chapters)
    run = Run(PUBLISHED_SEED if seed is None else seed, _parsed(param or []))
    with reporter(out) as progress:
        outcomes = rerun(book, selected, run, progress, jobs=jobs or usable_cores(), force=force)
    skipped = [outcome.chapter for outcome in outcomes if outcome.skipped]
    if skipped:
        _say(f"Up to date: {', '.join(skipped)}.")
    _say(f"Notebooks and results: {_relative(run_folder(book, run))}")


@book_app.command("check")
def book_check(chapters: Chapters = None, root: Root = None) -> None:
    """Compare the last run with the published results."""
    from course_pkg.publishing.verify import check_against_published

    book, selected = _selected(root, chapters)
    _tell([check_against_published(book, chapter) for chapter in selected])


@book_app.command("verify")
def book_verify(
    chapters: Chapters = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Root seed; default: the published one.")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="One run, where its results equal the published ones in every byte.")
    ] = False,
    jobs: Jobs = None,
    root: Root = None,
) -> None:
    """Run each chapter twice under conditions that must not matter, and demand equal results."""
    from course_pkg.publishing.book import PUBLISHED_SEED
    from course_pkg.publishing.progress import reporter
    from course_pkg.publishing.verify import check_against_published, verify, verify_once

    book, selected = _selected(root, chapters)
    seed = PUBLISHED_SEED if seed is None else seed
    if once and seed != PUBLISHED_SEED:
        raise CourseError(f"--once needs published results to compare with; there are none for seed {seed}.")
    jobs = jobs or usable_cores()
    other = "with one CPU, in another folder, the chapters in the opposite order"
    unsettled = selected
    if once:
        _say(f"Each chapter runs once, {other}; the published results stand for the run before.")
        unsettled = verify_once(book, selected, reporter(out), jobs=jobs)
        settled = [chapter for chapter in selected if chapter not in unsettled]
        _say(f"A run of {_chapters(settled)} with seed {seed}: every byte of the results is as published.")
        _tell([check_against_published(book, chapter) for chapter in settled])
    if unsettled:
        _say(f"{_chapters(unsettled)} to run twice: with all CPUs, then {other}.")
        checks = verify(book, unsettled, seed, (reporter(out), reporter(out)), jobs=jobs)
        _say(f"Two runs of {_chapters(unsettled)} with seed {seed}: every byte of the results is equal.")
        _tell(checks)


@book_app.command("claims")
def book_claims(
    chapters: Chapters = None,
    seeds: Annotated[str | None, typer.Option(help="Root seeds, as 1,2,3; default: the published one and 2.")] = None,
    fresh: Annotated[int, typer.Option(min=0, help="Draw this many new root seeds as well.")] = 0,
    publish: Annotated[bool, typer.Option("--publish", help="Write the effects to book/results/claims.")] = False,
    jobs: Jobs = None,
    root: Root = None,
) -> None:
    """Evaluate what the chapters claim, under several root seeds."""
    from course_pkg.publishing.claims import evaluate, publish_verdicts
    from course_pkg.publishing.progress import reporter

    book, selected = _selected(root, chapters)
    chosen = [*_seeds(seeds), *_drawn(fresh)]
    if fresh:
        _say(f"Again with the same seeds: --seeds {','.join(map(str, chosen))}")
    verdicts = evaluate(book, selected, chosen, reporter(out), jobs=jobs or usable_cores())
    failed = [(name, verdict) for name, found in verdicts.items() for verdict in found if not verdict.stands]
    for name, found in verdicts.items():
        for verdict in found:
            mark = "holds" if verdict.stands else "FAILS"
            _say(f"{mark}  {name}:{verdict.claim.id}  in {verdict.held} of {len(chosen)} seeds")
    if failed:
        raise CourseError(
            f"{len(failed)} claim{'s' if len(failed) > 1 else ''} not borne out. Reword or drop; never choose a seed.",
            details="\n".join(
                f"{name}:{verdict.claim.id}: {verdict.claim.sentence} It must hold in {verdict.claim.share:.0%} of the "
                f"seeds; it did not in {verdict.failed_seeds}."
                for name, verdict in failed
            ),
        )
    if publish:
        publish_verdicts(book, verdicts)
        _say(f"Published the effects under seeds {', '.join(map(str, chosen))}.")


@book_app.command("publish")
def book_publish(chapters: Chapters = None, root: Root = None) -> None:
    """Make the last run's results the published ones, and show what changes."""
    from course_pkg.publishing.verify import publish

    book, selected = _selected(root, chapters)
    for chapter, changes in publish(book, selected).items():
        _say(f"{chapter}: {'unchanged' if not changes else f'{len(changes)} changed'}")
        for change in changes:
            _say(f"  {change}")


@book_app.command("build")
def book_build(
    if_changed: Annotated[bool, typer.Option("--if-changed", help="Keep a site that is up to date.")] = False,
    root: Root = None,
) -> None:
    """Build the HTML from the executed chapters. A warning is an error."""
    from course_pkg.publishing.site import build, is_current

    book, _ = _selected(root, None)

    def student_zip(name: str, output: Path) -> None:
        from course_pkg.assignments.bundle import bundle  # it loads nbgrader, which takes seconds
        from course_pkg.assignments.problem_sets import find_course

        course = find_course(book.root)
        bundle(course, course.select([name]), output)

    if not (if_changed and is_current(book)):
        with err.status("Building the pages"):
            build(book, student_zip)
    _say(f"The book: {_relative(book.html / 'index.html')}")


@book_app.command("pdf")
def book_pdf(root: Root = None) -> None:
    """Print the built site as one PDF with contents and page numbers. Needs Chromium."""
    from rich.progress import Progress

    from course_pkg.publishing.pdf import write_pdf

    book, _ = _selected(root, None)
    with Progress(console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task("Printing pages", total=None)
        output = write_pdf(book, lambda done, of: bar.update(task, completed=done, total=of))
    _say(f"The book as one file: {_relative(output)}")


@book_app.command("lint")
def book_lint(root: Root = None) -> None:
    """Refuse results that somebody typed into the prose."""
    from course_pkg.publishing.lint import typed_results

    book, _ = _selected(root, None)
    pages = sorted(path for path in book.source.rglob("*.md") if "_build" not in path.parts)
    found = [finding for page in pages for finding in typed_results(page)]
    if found:
        raise CourseError(
            f"{len(found)} typed {'result' if len(found) == 1 else 'results'} in the prose.",
            details="\n".join(str(finding) for finding in found),
        )
    _say(f"No typed results in {len(pages)} pages.")


def main() -> None:
    """Run the command; every error is one clear line and a non-zero exit status."""
    try:
        app()
    except CourseError as error:
        err.print(f"[bold red]error:[/] {_escaped(str(error))}", highlight=False, soft_wrap=True)
        if error.details:
            # tracebacks bring their own colours; keep them on a terminal only
            sys.stderr.write((error.details if err.is_terminal else _without_colours(error.details)) + "\n")
        sys.exit(error.exit_status)


@assignments_app.command("check")
def assignments_check(
    problem_sets: ProblemSets = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Notebooks at a time; default: one for each CPU.")] = None,
    cold: Annotated[bool, typer.Option("--cold", help="Start each kernel afresh: slower, the same marks.")] = False,
    examiner: Annotated[
        bool, typer.Option("--examiner", help="Mark as `course grade run` does, instead of by stock nbgrader.")
    ] = False,
    root: Root = None,
) -> None:
    """Test the tests by nbgrader: solutions, untouched releases, wrong answers, right answers that look different.

    The hidden tests draw from the grading seed in COURSE_GRADING_SEED, if it is set.
    """
    from rich.progress import Progress

    from course_pkg.assignments.check import by_nbgrader, check
    from course_pkg.assignments.problem_sets import find_course, raise_all

    pool = by_nbgrader
    if examiner:
        from course_pkg.grading.checking import by_examiner as pool
    selected = find_course(root).select(problem_sets or [])
    with Progress(console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task("Marking notebooks", total=None)
        report = check(
            selected,
            jobs=jobs or usable_cores(),
            warm=not cold,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
            pool=pool,
        )
    table = Table("task", "mutants killed", "alternates passed", "what survives", box=None)
    for row in report.rows:
        survivors = _escaped(", ".join(row.survivors))
        table.add_row(
            f"{row.problem_set.split('_')[0]} {row.task}",
            f"{row.killed} of {row.mutants}",
            f"{row.passed} of {row.alternates}",
            survivors,
        )
    out.print(table)
    marker = "our own grading" if examiner else "nbgrader"
    _say(f"{report.notebooks} notebooks by {marker}, {report.seconds_each:.1f} s each.")
    for name, seconds in report.processor_seconds.items():
        if not examiner:  # its kernels are not this command's children, so what they take is not known here
            _say(f"An honest run of {name} takes {seconds:.0f} processor seconds.")
    raise_all(report.failures)


@assignments_app.command("build")
def assignments_build(problem_sets: ProblemSets = None, root: Root = None) -> None:
    """Make the releases in assignments/ anew from solutions/."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.assignments.release import build

    for name, changed in build(find_course(root).select(problem_sets or [])).items():
        _say(f"assignments/{name}: {'written' if changed else 'unchanged'}")


@assignments_app.command("bundle")
def assignments_bundle(
    problem_sets: ProblemSets = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip to write.")] = Path("problem-sets.zip"),
    root: Root = None,
) -> None:
    """Write one zip for students: notebooks, the lab as a wheel, its requirements, a README."""
    from course_pkg.assignments.bundle import bundle
    from course_pkg.assignments.problem_sets import find_course

    course = find_course(root)
    for name in bundle(course, course.select(problem_sets or []), output):
        _say(f"  {name}")
    _say(f"For students: {_relative(output)}")


def _of_the_sandbox() -> list[Any]:
    """Return what holds of the confinement of students' code, in the form of the doctor's other findings."""
    from course_pkg.doctor import Finding
    from course_pkg.grading.sandbox.guarantees import guarantees

    return [Finding(g.topic, g.what, "good" if g.holds else "optional", g.cure) for g in guarantees()]


def _selected(root: Path | None, chapters: list[str] | None) -> tuple[Book, Any]:
    from course_pkg.publishing.book import find_book

    book = find_book(root)
    return book, book.select(chapters or [])


def _seeds(text: str | None) -> list[int]:
    from course_pkg.publishing.book import PUBLISHED_SEED

    if text is None:
        return [PUBLISHED_SEED, 2]
    try:
        return list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise CourseError(f"--seeds {text!r} is not a list of whole numbers such as 1,2,3.") from error


def _drawn(count: int) -> list[int]:
    """New root seeds from the operating system; they are printed, so that a failure can be repeated."""
    import secrets

    return [secrets.randbelow(2**32) for _ in range(count)]


def _parsed(params: list[str]) -> dict[str, Any]:
    import ast

    parsed = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals or not name.isidentifier() or name == "SEED":
            raise CourseError(f"--param {param!r} is not of the form NAME=VALUE (and the seed is set with --seed).")
        try:
            parsed[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            parsed[name] = value
    return parsed


def _tell(checks: list[Any]) -> None:
    for check in checks:
        how = "to the last bit" if check.exact else "within the recorded tolerances"
        _say(f"{check.chapter}: {check.values} results equal the published ones {how}.")
        if check.missing:
            _say(
                f"  Not compared: what needs {', '.join(check.missing)}, not at hand (`course doctor` says what to do)."
            )


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)


def _relative(path: Path) -> str:
    return os.path.relpath(path)


def _chapters(chapters: list[Any]) -> str:
    return "1 chapter" if len(chapters) == 1 else f"{len(chapters)} chapters"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _without_colours(text: str) -> str:
    from rich.text import Text

    return Text.from_ansi(text).plain
