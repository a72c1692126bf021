"""A class of 300, killed twice half-way: ``python benchmarks/class_of_300.py [--size 300] [--jobs 2]``.

One submission in ten is broken, one in twenty hostile. An undisturbed run and one that is killed by SIGKILL after a
third and after two thirds must end with the same gradebook, outcomes and graded notebooks. `make test` does it with a
small class (tests/grading/test_batch.py), since 300 submissions take several minutes.
"""

from __future__ import annotations

import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)

# isort: split
import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from a_class import everything, hand_in_a_class, kill_half_way, run
from small_course import SmallCourse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    how = ("--jobs", str(arguments.jobs))
    with tempfile.TemporaryDirectory(prefix="class-") as scratch:
        template = SmallCourse(Path(scratch) / "template")
        hand_in_a_class(template, arguments.size)
        undisturbed, killed = (template.copy(Path(scratch) / name) for name in ("undisturbed", "killed"))
        start = time.monotonic()
        status, out, err = run(undisturbed, *how)
        assert status == 0, err
        minutes = (time.monotonic() - start) / 60
        print(f"Undisturbed: {out.rsplit('. ', 1)[-1]} {minutes:.1f} minutes, {arguments.size / minutes:.0f} a minute.")
        for share in (1, 2):
            kill_half_way(killed, share * arguments.size // 3, *how)
            print(f"Killed by SIGKILL when {share} of 3 parts were done.")
        status, out, err = run(killed, *how)
        assert status == 0, err
        print(f"Resumed: {out[out.rindex(f'{arguments.size} submissions') :]}")
        names = ("gradebook", "outcomes", "graded notebooks")
        unlike = [
            f"{name}: {difference}"
            for name, *both in zip(names, everything(undisturbed), everything(killed), strict=True)
            for difference in differences(*both)
        ]
        print("Gradebook, outcomes and graded notebooks are the same." if not unlike else "\n".join(unlike))
        sys.exit(bool(unlike))


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Name the places where two nested dicts differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            difference
            for key in sorted(one.keys() | other.keys(), key=str)
            for difference in differences(one.get(key), other.get(key), f"{path}/{key}")
        ]
    return [] if one == other else [f"{path}: {str(one)[:300]} and {str(other)[:300]}"]


if __name__ == "__main__":
    main()
