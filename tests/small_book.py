"""A book of small chapters in a repository of its own, to run the real machinery on."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
covers: [R1]
---
"""

PARAMETERS = """
# A small chapter

```{code-cell} ipython3
:tags: [parameters]
SEED = 1
COUNT = 3
```
"""

BODY = """
```{code-cell} ipython3
import random
from course_pkg.records import record
generator = random.Random(SEED)
record("draws", [generator.random() for _ in range(COUNT)])
record("seed_used", SEED);
```
"""

NUMBER = "\nThe first draw is {result}`%s:draws.0:.3f`.\n"


class SmallBook:
    """A book of small chapters in a repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "book" / "chapters").mkdir(parents=True)
        (root / "book" / "results").mkdir()
        (root / "course_pkg").mkdir()
        (root / "course_pkg" / "lab.py").write_text("ANSWER = 42\n")
        (root / "course_pkg" / "cli.py").write_text("# no part of the lab\n")
        (root / "requirements.lock").write_text("numpy==2.4.6\n")
        for name in ("_config.yml", "references.bib"):
            shutil.copy(REPOSITORY / "book" / name, root / "book" / name)
        shutil.copytree(REPOSITORY / "book" / "_static", root / "book" / "_static")
        (root / "book" / "intro.md").write_text("# A small book\n\nText.\n")
        self.names: list[str] = []

    def add(self, name: str, body: str = BODY, *, header: str = HEADER, parameters: str = PARAMETERS) -> Path:
        path = self.root / "book" / "chapters" / f"{name}.md"
        path.write_text(header + parameters + body, encoding="utf-8")
        self.names = [*self.names, *([] if name in self.names else [name])]
        entries = "".join(f"  - file: chapters/{known}\n" for known in self.names)
        (self.root / "book" / "_toc.yml").write_text(f"format: jb-book\nroot: intro\nchapters:\n{entries}")
        return path

    def copy(self, root: Path) -> "SmallBook":
        """Return the same book, with all that was made of it, in another folder."""
        shutil.copytree(self.root, root)
        twin = copy.copy(self)
        twin.root, twin.names = root, [*self.names]
        return twin

    def course(self, *arguments: str, ok: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real command as a user does."""
        done = subprocess.run(
            [sys.executable, "-m", "course_pkg", *arguments],
            cwd=self.root,
            env={**os.environ, "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode == 0) is ok, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def result(self, name: str, tag: str = "seed-1") -> Path:
        return self.root / "book" / "_build" / "executed" / tag / f"{name}.json"

    @property
    def index(self) -> Path:
        return self.root / "book" / "_build" / "html" / "index.html"
