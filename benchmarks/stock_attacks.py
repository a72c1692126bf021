"""How many attacks get marks from stock nbgrader? ``python benchmarks/stock_attacks.py [FAMILY…]``.

A test of the attacks' strength: those of `tests/attacks` that do no harm to the machine are graded by nbgrader's own
steps, in a folder that is thrown away. That none gets a mark from ours, `tests/attacks` shows. Without a sandbox,
students' code can read whatever you can: run it where that is all right.
"""

from __future__ import annotations

import course_pkg  # noqa: F401  (first: it sets the environment that TensorFlow reads when it loads)

# isort: split
import argparse
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from attacks.arena import Stock, open_arena
from attacks.attack import Attack
from attacks.catalogue import FAMILIES

LIMIT_S = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"Default: all. {', '.join(FAMILIES)}")
    chosen = parser.parse_args().families or list(FAMILIES)
    logging.disable(logging.CRITICAL)
    rows = []
    with tempfile.TemporaryDirectory() as folder, open_arena(Path(folder), Stock()) as arena:
        for family in chosen:
            harmless = [attack for attack in FAMILIES[family] if not attack.harmful]
            gains = [(attack.name, gained(arena, attack)) for attack in harmless]
            winners = [f"{name} ({points:g})" for name, points in gains if points > 0]
            rows.append((family, len(harmless), len(winners), ", ".join(winners)))
            print(f"{family}: {len(winners)} of {len(harmless)}", file=sys.stderr, flush=True)
    print("| family | attacks | get marks from stock nbgrader | which (points more than earned) |\n|---|---:|---:|---|")
    for row in rows:
        print("| {} | {} | {} | {} |".format(*row))
    print("| all | {} | {} | |".format(*(sum(row[n] for row in rows) for n in (1, 2))))


def gained(arena, attack: Attack) -> float:
    """Return the points above what the honest part earns."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT_S)
    try:
        result = arena.grade(attack)
    except TimeoutError:
        return 0.0
    finally:
        signal.alarm(0)
    return arena.gained(attack, result)


def _too_long(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
    os._exit(0)  # what attacks have left behind need not be waited for
