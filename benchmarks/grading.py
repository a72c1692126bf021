"""What grading costs, here and by stock nbgrader: ``python benchmarks/grading.py [--quick] [--parts term,light]``.

In one run on the same submissions: submissions per minute and overhead per notebook of stock ``nbgrader autograde`` and
of ``course grade run``, the memory of a further warm kernel, and the throughput against jobs and submissions. It prints
ratios and one table in Markdown. It takes three quarters of an hour; ``--quick`` a few minutes, with fewer submissions.
"""

from __future__ import annotations

import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)

# isort: split
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from attacks.problem_set import PLAIN, ProblemSet

from course_pkg.assignments.problem_sets import find_course
from course_pkg.grading.demo import make_class
from course_pkg.grading.sandbox.managers import student_manager
from course_pkg.presets import usable_cores

REPOSITORY = Path(__file__).resolve().parent.parent
STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"
c.Execute.timeout = 120
"""
PARTS = ("term", "overhead", "memory", "light")
# like every problem set, it imports the lab; and then it does next to nothing
IDLE = ProblemSet(
    "idle",
    "import course_pkg\nimport numpy as np\nimport keras\nfrom course_pkg import networks, replicates",
    PLAIN.right,
    PLAIN.wrong,
    PLAIN.tests,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer submissions")
    parser.add_argument(
        "--problem-sets", default="", help="names with commas between them; default: all six, as in a term"
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="which parts to run (default: all)")
    arguments = parser.parse_args()
    quick, parts = arguments.quick, arguments.parts.split(",")
    if unknown := ", ".join(part for part in parts if part not in PARTS):
        parser.error(f"no such part: {unknown}. There are {', '.join(PARTS)}.")
    cores = usable_cores()
    rows = []
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        folder = Path(name)
        if "term" in parts:
            names = arguments.problem_sets.split(",") if arguments.problem_sets else []
            rows += term(folder / "term", names, 1 if quick else 12, cores)
        if "overhead" in parts:
            rows += overhead(folder / "idle", 3 if quick else 10)
        if "memory" in parts:
            rows.append(("memory of a further warm kernel, MB", "–", f"{memory(2 if quick else 6):.0f}", ""))
        if "light" in parts:
            rows += [
                throughput(folder / f"light-{number}-{jobs}", number, jobs) for number, jobs in sizes(quick, cores)
            ]
    print(f"\n{cores} cores, mode {os.environ.get('COURSE_SANDBOX', 'the strongest that holds here')}\n")
    print("| | stock nbgrader | here | ratio |\n|---|---:|---:|---:|")
    for row in rows:
        print("| {} | {} | {} | {} |".format(*row))


def sizes(quick: bool, cores: int) -> list[tuple[int, int]]:
    """Return the classes to grade and with how many jobs; the largest with all cores only, for it takes minutes."""
    few = [(number, jobs) for number in ((10,) if quick else (10, 100)) for jobs in sorted({1, cores})]
    return few if quick else [*few, (1000, cores)]


def term(folder: Path, names: list[str], students: int, jobs: int) -> list[tuple[str, str, str, str]]:
    """Time the honest part of a made-up class: right and wrong answers, with all that they compute.

    Ours goes before and after stock, and the mean of both counts: machines get faster and slower meanwhile.
    """
    selected = find_course(REPOSITORY).select(names)
    make_class(REPOSITORY, selected, folder / "before", students)
    for path in (folder / "before" / "grading" / "submitted").iterdir():
        if not path.name.startswith("student-"):
            shutil.rmtree(path)
    for other in ("stock", "all", "after"):
        shutil.copytree(folder / "before", folder / other)
    with (folder / "all" / "nbgrader_config.py").open("a") as settings:
        settings.write("\nc.Examine.run_illustrations = True\n")
    number = len(list((folder / "before" / "grading" / "submitted").glob("*/*")))
    all_sets = [one.name for one in selected]
    before = by_ours(folder / "before", *all_sets, jobs=jobs)
    stock = sum(by_stock(folder / "stock", name) for name in all_sets)
    complete = by_ours(folder / "all", *all_sets, jobs=jobs)
    ours = (before + by_ours(folder / "after", *all_sets, jobs=jobs)) / 2
    what = f"{len(selected)} problem sets, {number} submissions, {jobs} jobs, per minute"
    return [
        (cells, f"{60 * number / stock:.1f}", f"{60 * number / seconds:.1f}", f"{stock / seconds:.1f} ×")
        for cells, seconds in ((what, ours), (f"{what}, illustrations run too", complete))
    ]


def overhead(folder: Path, number: int) -> list[tuple[str, str, str, str]]:
    """Time notebooks that do nothing: all of it is overhead. What comes once for a whole run is taken off both."""
    rows = []
    for side, grade in (("stock", by_stock), ("ours", by_ours)):
        course(folder / side, IDLE, 1, stock=side == "stock")
        once = grade(folder / side, IDLE.name)
        course(folder / f"{side}-all", IDLE, 1 + number, stock=side == "stock")
        rows.append((grade(folder / f"{side}-all", IDLE.name) - once) / number)
    stock, ours = rows
    return [("overhead per notebook, s", f"{stock:.2f}", f"{ours:.2f}", f"{stock / ours:.1f} ×")]


def throughput(folder: Path, number: int, jobs: int) -> tuple[str, str, str, str]:
    """Time submissions without TensorFlow, start of the command included."""
    course(folder, PLAIN, number)
    seconds = by_ours(folder, PLAIN.name, jobs=jobs)
    plural = "s" if jobs > 1 else ""
    return (f"{number:,} light submissions, {jobs} job{plural}, per minute", "–", f"{60 * number / seconds:.0f}", "")


def memory(number: int) -> float:
    """Return the MB that each kernel takes after the first, as the processes' proportional shares."""
    import asyncio

    async def measure() -> float:
        managers = [student_manager() for _ in range(1 + number)]
        used = []
        for manager in managers:
            await manager.start_kernel()
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=60)
            client.stop_channels()
            used.append(share())
        for manager in managers:
            await manager.shutdown_kernel(now=True)
        return (used[-1] - used[0]) / number

    return asyncio.run(measure())


def share() -> float:
    """Return the proportional set size of all processes below this one, in MB."""
    return sum(process.memory_full_info().pss for process in psutil.Process().children(recursive=True)) / 1e6


def course(folder: Path, problem_set: ProblemSet, students: int, *, stock: bool = False) -> None:
    """Make a course with right submissions of many students."""
    source = folder / "solutions" / problem_set.name
    source.mkdir(parents=True)
    (folder / "grading").mkdir()
    (folder / "nbgrader_config.py").write_text(STOCK)
    nbformat.write(problem_set.source(), source / f"{problem_set.name}.ipynb")
    run(["nbgrader", "generate_assignment", problem_set.name], folder)
    if not stock:
        shutil.copy(REPOSITORY / "nbgrader_config.py", folder)
    release = folder / "assignments" / problem_set.name / f"{problem_set.name}.ipynb"
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        cell.source = problem_set.right.get(cell.metadata.nbgrader.grade_id, cell.source)
    for number in range(students):
        path = folder / "grading" / "submitted" / f"student-{number:04}" / problem_set.name
        path.mkdir(parents=True)
        nbformat.write(notebook, path / release.name)


def by_stock(folder: Path, problem_set: str) -> float:
    (folder / "nbgrader_config.py").write_text(STOCK)
    return run(["nbgrader", "autograde", problem_set], folder)


def by_ours(folder: Path, *problem_sets: str, jobs: int = 1) -> float:
    return run([sys.executable, "-m", "course_pkg", "grade", "run", *problem_sets, "--jobs", str(jobs)], folder)


def run(command: list[str], folder: Path) -> float:
    """Return the seconds that a command takes."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    print(f"{folder.name}: {' '.join(command[-4:])}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return seconds


if __name__ == "__main__":
    main()
