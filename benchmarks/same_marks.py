"""Do the same answers get the same marks each time? ``python benchmarks/same_marks.py [PS…] [--times 20]``.

Marks right answers of each problem set again and again, by real nbgrader, and compares all marks. It takes minutes, so
it is no test.
"""

from __future__ import annotations

import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)

# isort: split
import argparse
import dataclasses
import os
import tempfile
from pathlib import Path

from course_pkg.assignments.check import jobs_of
from course_pkg.assignments.marking import generate, mark
from course_pkg.assignments.problem_sets import find_course
from course_pkg.assignments.warm import KERNEL, warm_kernels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, warm_kernels(Path(name)) as environment:
        os.environ.update(environment)
        for problem_set in find_course().select(arguments.sets):
            folder = Path(name) / problem_set.name
            generated = folder / "generated"
            generated.mkdir(parents=True)
            generate(problem_set, generated)
            job = next(
                job for job in jobs_of(problem_set.name, problem_set.read(), generated) if "alternates" in job.variant
            )
            job = dataclasses.replace(job, short=True)
            seen = set()
            for number in range(arguments.times):
                marks = mark(job, folder / str(number), KERNEL)
                seen.add(marks.failure or tuple(sorted(marks.scores.items(), key=str)))
            print(f"{problem_set.name}: {arguments.times} times marked, {len(seen)} different marks", flush=True)


if __name__ == "__main__":
    main()
