"""Look at this computer: what is installed, what determinism holds, what is missing and what to do about it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_pkg import datasets, presets
from course_pkg.seeds import environment

__all__ = ["Finding", "examine"]

_TOOLS = {
    "dot": ("Graphviz draws models (`plot_model`)", "graphviz"),
    "bwrap": ("bubblewrap confines students' code when grading", "bubblewrap"),
    "chromium": ("Chromium tests the built site and makes its PDF", "chromium"),
    "qemu-x86_64": ("qemu-user repeats an experiment on an emulated older CPU", "qemu-user"),
}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    topic, what : str
    state : {"good", "optional", "bad"}
        ``optional``: something is missing that only some parts need.
    cure : str
        What to do about it; empty when nothing is.
    """

    topic: str
    what: str
    state: str
    cure: str = ""


def examine(root: Path | None) -> list[Finding]:
    """Examine this computer.

    Parameters
    ----------
    root : Path or None
        The repository, whose lock file says which versions are right; None when there is none (a student's
        environment).

    Returns
    -------
    list of Finding
    """
    here = environment()
    return [
        *_versions(here, root),
        *_machine(here),
        *_determinism(here),
        *_data_sets(),
        *[_tool(program, *about) for program, about in _TOOLS.items()],
    ]


def _versions(here: dict[str, Any], root: Path | None) -> list[Finding]:
    locked = _locked(root / "requirements.lock") if root else {}
    lines = [Finding("Python", here["python"], "good")]
    for name, found in here["versions"].items():
        wanted = locked.get(name, locked.get(f"{name}-cpu"))
        if found == "not installed":
            lines.append(Finding(name, found, "bad", "run `make book`, which installs from the lock"))
        elif wanted and found != wanted:
            cure = f"the lock says {wanted}: delete .venv and run `make book`"
            lines.append(Finding(name, found, "bad", cure))
        else:
            lines.append(Finding(name, found, "good"))
    return lines


def _machine(here: dict[str, Any]) -> list[Finding]:
    cores = Finding("CPU", f"{here['cpu']}, {here['cores']} cores for this process", "good")
    memory = _memory_gib()
    if memory is None:
        return [cores]
    enough = memory >= 4
    cure = "" if enough else "chapters take up to 3 GiB each: use --jobs 1"
    return [cores, Finding("Memory", f"{memory:.1f} GiB", "good" if enough else "optional", cure)]


def _determinism(here: dict[str, Any]) -> list[Finding]:
    lines = []
    if here["problems"]:
        cure = "import course_pkg before NumPy and TensorFlow"
        lines.append(Finding("Preset", f"{here['preset']}: {'; '.join(here['problems'])}", "bad", cure))
    else:
        lines.append(Finding("Preset", f"{here['preset']}, in force", "good"))
    if here["portable"]:
        lines.append(Finding("Results", "must equal the published ones to the last bit", "good"))
    else:
        why = (
            "this is no Linux on an x86-64 CPU with AVX2"
            if here["preset"] == "portable"
            else "another preset is chosen"
        )
        cure = "" if here["preset"] == "portable" else f"unset {presets.ENV_VAR}"
        lines.append(Finding("Results", f"equal within the recorded tolerances only: {why}", "optional", cure))
    threads = {str(pool["num_threads"]) for pool in here["blas"]}
    families = {str(pool["architecture"]) for pool in here["blas"] if pool["architecture"]}
    what = f"BLAS kernels {', '.join(sorted(families)) or 'unknown'}; threads {', '.join(sorted(threads)) or 'unknown'}"
    lines.append(Finding("Threads", what, "good"))
    return lines


def _data_sets() -> list[Finding]:
    here = [name for name in datasets.fetched_names() if datasets.available(name)]
    away = [name for name in datasets.fetched_names() if name not in here]
    cure = "fetched when first used; without a network, put the files in a folder and name it in COURSE_DATA_DIR"
    lines = [Finding("Data sets", f"at hand: {', '.join(here)}", "good")] if here else []
    return [*lines, Finding("Data sets", f"not at hand: {', '.join(away)}", "optional", cure)] if away else lines


def _tool(program: str, purpose: str, package: str) -> Finding:
    path = shutil.which(program)
    if path:
        return Finding(package, path, "good")
    return Finding(package, f"not found. {purpose}", "optional", f"on Debian: apt-get install {package}")


def _locked(path: Path) -> dict[str, str]:
    pins = re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.M)
    return dict(pins)


def _memory_gib() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return None
