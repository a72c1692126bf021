"""What an attack is: a hostile submission, described so that one can read what it tries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Attack", "Target"]


@dataclass(frozen=True)
class Target:
    """What the attacker knows of the place where he is graded: everything.

    Parameters
    ----------
    root : Path
        The course folder.
    classmate : Path
        Another student's notebook, as handed in.
    canary : Path
        A file outside the course, as in somebody's home folder.
    bystander : int
        A process of somebody else's.
    port : int
        Where a server listens on this machine; it counts who calls.
    """

    root: Path
    classmate: Path
    canary: Path
    bystander: int
    port: int

    def known_to(self, code: str, name: str) -> str:
        """Write into an attack's code where everything is."""
        for token, value in {
            "@ROOT@": self.root,
            "@GRADEBOOK@": self.root / "grading" / "gradebook.db",
            "@CLASSMATE@": self.classmate,
            "@CANARY@": self.canary,
            "@BYSTANDER@": self.bystander,
            "@PORT@": self.port,
            "@ESCAPED@": f"escaped-{name}",
        }.items():
            code = code.replace(token, str(value))
        return code


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Parameters
    ----------
    name : str
    what : str
        What it does, in one sentence.
    code : str
        Stands before a wrong answer in the cell of the first task.
    answers : mapping of str to str
        Tasks whose whole cell it writes. The other tasks get wrong answers.
    honest : tuple of str
        Tasks that it answers rightly: they must keep their marks, and no other may gain one.
    edit : callable, optional
        Changes the notebook.
    files : callable, optional
        Changes the folder that is handed in: ``files(folder, target)``.
    handed_in_before : bool
        A right submission was graded before this one.
    loses_all : bool
        It may cost all of its own marks: the submission is refused, or its kernel killed too often.
    harmful : bool
        Without a sandbox it would harm the machine.
    keras : bool
        It attacks the problem set with Keras models.
    """

    name: str
    what: str
    code: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    honest: tuple[str, ...] = ()
    edit: Callable[[Any], None] | None = None
    files: Callable[[Path, Target], None] | None = None
    handed_in_before: bool = False
    loses_all: bool = False
    harmful: bool = False
    keras: bool = False

    def __str__(self) -> str:
        """Return its name: test ids show it."""
        return self.name
