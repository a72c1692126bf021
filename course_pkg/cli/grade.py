"""The ``course grade`` commands: parse, call, print."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course_pkg.errors import CourseError
from course_pkg.presets import usable_cores

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Grade, regrade, report and export, with students' code confined.")

out = Console()
err = Console(stderr=True)

Root = Annotated[Path | None, typer.Option(help="The repository; default: the one around the working folder.")]
Students = Annotated[list[str] | None, typer.Option("--students", help="Only these; may be given more than once.")]
Format = Literal["csv", "canvas", "moodle", "json"]
Jobs = Annotated[int | None, typer.Option(min=1, help="Submissions at a time; default: one for each CPU.")]
Scheduler = Annotated[str | None, typer.Option(help="A Dask scheduler whose workers grade, by address.")]
AllowUnsafe = Annotated[
    bool, typer.Option("--allow-unsafe", help="Run students' code with your rights where no sandbox works.")
]
Cold = Annotated[bool, typer.Option("--cold", help="Start each kernel afresh: slower, the same marks.")]


@app.callback()
def _grade() -> None:
    """Grade what students handed in."""


@app.command("run")
def grade_run(
    problem_sets: Annotated[list[str], typer.Argument(metavar="PS…", help="Problem sets by name.")],
    students: Students = None,
    jobs: Jobs = None,
    force: Annotated[bool, typer.Option("--force", help="Grade also what is finished.")] = False,
    scheduler: Scheduler = None,
    allow_unsafe: AllowUnsafe = False,
    cold: Cold = False,
    root: Root = None,
) -> None:
    """Grade submissions. What is finished is skipped; a run that was stopped or killed is resumed."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.grading import batch
    from course_pkg.grading.changes import finish_interrupted
    from course_pkg.grading.executors import open_executor
    from course_pkg.grading.places import find_places

    course = find_course(root)
    places = find_places(course.root)
    names = [problem_set.name for problem_set in course.select(problem_sets)]
    for line in finish_interrupted(places):
        _say(line)
    selected = batch.select(places, names, students or [])
    _set_modes(allow_unsafe=allow_unsafe, cold=cold)
    with open_executor(jobs or usable_cores(), scheduler) as (executor, at_a_time), _bar() as progress:
        summary = batch.grade(places, selected, executor, at_a_time, force=force, progress=progress)
    for outcome in summary.graded:
        if outcome["status"] != "graded":
            _say(f"{outcome['status']}  {outcome['problem_set']}  {outcome['student']}: {outcome['reason']}")
    counts = [f"{number} {status}" for status, number in sorted(summary.counts.items(), reverse=True)]
    if summary.finished:
        counts.append(f"{summary.finished} were finished before")
    _say(f"{len(selected)} submissions: {', '.join(counts)}.")


@app.command("regrade")
def grade_regrade(
    problem_set: Annotated[str, typer.Argument(metavar="PS", help="A problem set by name.")],
    students: Students = None,
    apply: Annotated[bool, typer.Option("--apply", help="Change the gradebook; without it, nothing changes.")] = False,
    why: Annotated[str, typer.Option(help="For the audit trail.")] = "",
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    allow_unsafe: AllowUnsafe = False,
    cold: Cold = False,
    root: Root = None,
) -> None:
    """Grade again by the tests as they are now, and show which marks change and why.

    Marks and comments given by hand stay. Students whose submission cannot be graded keep their marks.
    """
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.cli.regrading import show_regrade
    from course_pkg.grading import regrade
    from course_pkg.grading.changes import finish_interrupted
    from course_pkg.grading.executors import open_executor
    from course_pkg.grading.places import find_places

    course = find_course(root)
    places = find_places(course.root)
    (selected,) = course.select([problem_set])
    for line in finish_interrupted(places):
        _say(line)
    _set_modes(allow_unsafe=allow_unsafe, cold=cold)
    with open_executor(jobs or usable_cores(), scheduler) as (executor, at_a_time), _bar() as progress:
        found = regrade.prepare(places, selected.name, students or [], executor, at_a_time, progress)
    if found.anew:
        _say(f"Graded anew, for this has changed since you were shown the difference: {'; '.join(found.anew)}.")
    show_regrade(out, found)
    if apply and found.surprising:
        regrade.note_shown(found)
        raise CourseError("The difference is not the one that you were shown. Look, and run this again to apply it.")
    if not apply:
        regrade.note_shown(found)
        _say("Nothing was changed. `--apply` changes the gradebook and the graded notebooks.")
        return
    regrade.apply(places, found, why)
    _say(f"Applied as {found.folder.name}. `course grade undo` takes it back.")


@app.command("undo")
def grade_undo(
    why: Annotated[str, typer.Option(help="For the audit trail.")] = "",
    root: Root = None,
) -> None:
    """Take the last applied regrade back. Marks and comments that were given since then stay."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.cli.regrading import show_differences
    from course_pkg.grading import regrade
    from course_pkg.grading.changes import finish_interrupted
    from course_pkg.grading.places import find_places

    places = find_places(find_course(root).root)
    for line in finish_interrupted(places):
        _say(line)
    undone = regrade.undo(places, why)
    show_differences(out, undone.differences)
    if undone.kept:
        _say(f"Graded anew since then, so their marks stay: {', '.join(undone.kept)}.")
    _say(f"Undone: {undone.name}. The tests in solutions/{undone.problem_set} stay as they are.")


@app.command("history")
def grade_history(
    student: Annotated[str | None, typer.Argument(metavar="[STUDENT]", help="Default: all.")] = None,
    root: Root = None,
) -> None:
    """Show who changed which marks after they were given, when and why."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.cli.regrading import show_history
    from course_pkg.grading import audit
    from course_pkg.grading.places import find_places

    places = find_places(find_course(root).root)
    show_history(out, audit.read(places.audit, student))


@app.command("report")
def grade_report(
    problem_set: Annotated[str, typer.Argument(metavar="PS", help="A problem set by name.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: grading/reports/PS.html.")] = None,
    root: Root = None,
) -> None:
    """Write one page on how a problem set went: scores, tasks, failures, copies, late and slow submissions."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.grading.places import find_places
    from course_pkg.grading.report import write_report

    course = find_course(root)
    (selected,) = course.select([problem_set])
    page = write_report(find_places(course.root), selected.name, output)
    _say(f"The report: {os.path.relpath(page)}")


@app.command("demo")
def grade_demo(
    problem_sets: Annotated[list[str] | None, typer.Argument(metavar="[PS]…", help="By name; default: all.")] = None,
    students: Annotated[int, typer.Option(min=1, help="How many hand something in.")] = 24,
    folder: Annotated[Path, typer.Option(help="Where the class is made; new or empty.")] = Path("course-demo"),
    jobs: Jobs = None,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Run the class's code with your rights where no sandbox works.")
    ] = False,
    root: Root = None,
) -> None:
    """Make up a class with right, wrong, broken and hostile submissions, grade it, and show the reports."""
    import webbrowser

    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.grading.demo import make_class

    course = find_course(root)
    selected = course.select(problem_sets or [])
    folder = folder.resolve()
    with err.status(f"Making a class of {students}"):
        make_class(course.root, selected, folder, students)
    names = [problem_set.name for problem_set in selected]
    grade_run(names, jobs=jobs, allow_unsafe=allow_unsafe, root=folder)
    for name in names:
        grade_report(name, root=folder)
    if err.is_terminal:
        webbrowser.open((folder / "grading" / "reports" / f"{names[0]}.html").as_uri())
    _say(f"The class: {os.path.relpath(folder)}. Look around: `jupyter lab` there, menu Nbgrader, Formgrader.")


@app.command("export")
def grade_export(
    problem_sets: Annotated[list[str] | None, typer.Argument(metavar="[PS]…", help="By name; default: all.")] = None,
    form: Annotated[Format, typer.Option("--format", help="A table, what an LMS imports, or JSON.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: grading/exports/grades….")] = None,
    root: Root = None,
) -> None:
    """Write the gradebook's grades to a file."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.grading.export import export
    from course_pkg.grading.places import find_places

    course = find_course(root)
    names = [problem_set.name for problem_set in course.select(problem_sets)] if problem_sets else []
    target, waiting = export(find_places(course.root), names, form, output)
    _say(f"The grades: {os.path.relpath(target)}")
    if waiting:
        answers = "1 answer counts" if waiting == 1 else f"{waiting} answers count"
        _say(f"{answers} 0 until a person has marked them: `jupyter lab`, menu Nbgrader, Formgrader.")


@app.command("extend")
def grade_extend(
    problem_set: Annotated[str, typer.Argument(metavar="PS", help="A problem set by name.")],
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="As in the gradebook.")],
    days: Annotated[float, typer.Option(min=0, help="Days after the due date of all.")] = 0,
    hours: Annotated[float, typer.Option(min=0, help="Hours, added to the days.")] = 0,
    until: Annotated[str | None, typer.Option(help="Instead: 2026-05-04, or '2026-05-04 12:00 +0200'.")] = None,
    root: Root = None,
) -> None:
    """Give one student more time. It replaces an extension given before; --days 0 takes it back."""
    from course_pkg.assignments.problem_sets import find_course
    from course_pkg.grading.places import find_places
    from course_pkg.grading.policies import extend, moment

    if until and (days or hours):
        raise CourseError("Give either --until or --days and --hours.")
    course = find_course(root)
    (selected,) = course.select([problem_set])
    end = moment(until) if until else None
    due = extend(find_places(course.root).db_url, selected.name, student, timedelta(days=days, hours=hours), end)
    _say(f"For {student}, {selected.name} is due at {due:%Y-%m-%d %H:%M:%S} UTC.")
    _say(f"If it is graded already: course grade run {selected.name} --students {student} --force")


@app.command("install-kernel")
def grade_install_kernel() -> None:
    """Install the confined kernel for Jupyter into this environment."""
    from course_pkg.grading.sandbox.specifications import KERNEL, install

    _say(f"Installed: {install()}")
    _say(f"To take it away: jupyter kernelspec remove {KERNEL}")


def _set_modes(*, allow_unsafe: bool, cold: bool) -> None:
    """Say it in the environment, which kernels and workers inherit."""
    if allow_unsafe:
        os.environ["COURSE_ALLOW_UNSAFE"] = "1"
    if cold:
        os.environ["COURSE_WARM"] = "0"


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar with an estimate, on a terminal only."""
    columns = (
        TextColumn("Grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None, last="")
        yield lambda name, done, of: bar.update(task, completed=done, total=of, last=name)


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
