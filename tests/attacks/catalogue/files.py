"""What is handed in beside the notebook: modules that shadow others, links, devices, forged times, broken notebooks."""

import json
import os
from pathlib import Path

from attacks.attack import Attack, Target

_EVIL = """
import builtins, os
builtins.AssertionError = SystemExit
for place in ("@ROOT@", "/tmp"):
    try:
        open(os.path.join(place, "@ESCAPED@"), "w").write("shadow")
    except OSError:
        pass
def __getattr__(name):
    return lambda *args, **kwargs: True
"""


def _shadows(folder: Path, target: Target) -> None:
    evil = target.known_to(_EVIL, "shadow_modules")
    for name in (
        "numpy",
        "ipykernel_launcher",
        "ipykernel",
        "nbgrader",
        "json",
        "sitecustomize",
        "usercustomize",
        "zmq",
    ):
        (folder / f"{name}.py").write_text(evil)
    for package in ("course_pkg", "course_pkg/grading", "IPython", "traitlets"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text(evil)
    (folder / "nbgrader_config.py").write_text(evil)
    (folder / "jupyter_config.py").write_text(evil)
    (folder / "evil.pth").write_text("import sitecustomize\n")


def _link_to_gradebook(folder: Path, target: Target) -> None:
    (folder / "data.csv").symlink_to(target.root / "grading" / "gradebook.db")
    (folder / "friend.ipynb").symlink_to(target.classmate)


def _link_to_folder(folder: Path, target: Target) -> None:
    (folder / "data").symlink_to(target.root)


def _notebook_is_link(folder: Path, target: Target) -> None:
    notebook = folder / "target.ipynb"
    notebook.unlink()
    notebook.symlink_to(target.classmate)


def _link_in_place_of_folder(folder: Path, target: Target) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.symlink_to(target.classmate.parent)


def _pipe(folder: Path, target: Target) -> None:
    os.mkfifo(folder / "data.csv")


def _hard_link(folder: Path, target: Target) -> None:
    os.link(target.root / "grading" / "gradebook.db", folder / "data.csv")


def _forged_time(folder: Path, target: Target) -> None:
    (folder / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC\n")


def _strange_time(folder: Path, target: Target) -> None:
    (folder / "timestamp.txt").write_bytes(b"\xff\x00 tomorrow " * 1000)


def _no_json(folder: Path, target: Target) -> None:
    (folder / "target.ipynb").write_text('{"cells": [')


def _deep_json(folder: Path, target: Target) -> None:
    (folder / "target.ipynb").write_text("[" * 200_000 + "]" * 200_000)


def _no_notebook(folder: Path, target: Target) -> None:
    (folder / "target.ipynb").rename(folder / "Target (1).ipynb")


def _folder_notebook(folder: Path, target: Target) -> None:
    (folder / "target.ipynb").unlink()
    (folder / "target.ipynb").mkdir()


def _shapeless(folder: Path, target: Target) -> None:
    notebook = json.loads((folder / "target.ipynb").read_text())
    cells = notebook["cells"]
    for cell, change in zip(
        cells,
        ({"metadata": []}, {"source": 5}, {"source": None}, {"metadata": {"nbgrader": 7}}, {"cell_type": "poem"}),
        strict=False,
    ):
        cell.update(change)
    cells[5]["metadata"]["nbgrader"]["grade_id"] = ["mean"]
    cells += [{}, {"cell_type": "code"}, 3, None]
    notebook["metadata"] = None
    (folder / "target.ipynb").write_text(json.dumps(notebook))


def _huge(folder: Path, target: Target) -> None:
    path = folder / "target.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}]
    path.write_text(json.dumps(notebook))


def _many_files(folder: Path, target: Target) -> None:
    for number in range(3000):
        (folder / f"{number}.txt").write_text("x")


def _strange_name(folder: Path, target: Target) -> None:
    for name in (b"L\xf6sung.txt", "Lösung.txt".encode(), b"new\nline", b"\xff" * 200):
        (folder / os.fsdecode(name)).write_text("x")


ATTACKS = [
    Attack(
        "strange_names",
        "Files have names that are no text, as a zip from another system gives them.",
        files=_strange_name,
        honest=("scale",),
    ),
    Attack(
        "shadow_modules",
        "Modules in the folder shadow NumPy, the kernel, nbgrader and the course.",
        files=_shadows,
        loses_all=True,
    ),
    Attack(
        "link_to_gradebook",
        "A data file is a link to the gradebook, another to a classmate's notebook.",
        files=_link_to_gradebook,
        loses_all=True,
    ),
    Attack("link_to_folder", "A folder is a link to the whole course.", files=_link_to_folder, loses_all=True),
    Attack(
        "notebook_is_link",
        "The notebook is a link to a classmate's right one.",
        files=_notebook_is_link,
        loses_all=True,
    ),
    Attack(
        "folder_is_link",
        "The whole submission is a link to a classmate's.",
        files=_link_in_place_of_folder,
        loses_all=True,
    ),
    Attack("named_pipe", "A data file is a pipe: who opens it waits for ever.", files=_pipe, loses_all=True),
    Attack(
        "hard_link",
        "A data file is a hard link to the gradebook: who changes its rights changes the gradebook's.",
        files=_hard_link,
        loses_all=True,
    ),
    Attack(
        "forged_time",
        "The submission says that it was handed in in 1999.",
        files=_forged_time,
        honest=("scale",),
        loses_all=True,
    ),
    Attack("strange_time", "The submission's time is no time.", files=_strange_time, honest=("scale",), loses_all=True),
    Attack("no_json", "The notebook ends after its first line.", files=_no_json, loses_all=True),
    Attack("deep_json", "The notebook is a list in a list in a list, 200,000 deep.", files=_deep_json, loses_all=True),
    Attack("no_notebook", "The notebook has another name.", files=_no_notebook, loses_all=True),
    Attack("folder_notebook", "The notebook is a folder.", files=_folder_notebook, loses_all=True),
    Attack("shapeless", "Every part of the notebook has the wrong type somewhere.", files=_shapeless, loses_all=True),
    Attack(
        "huge_notebook",
        "An output of 60 MB was handed in with the notebook.",
        files=_huge,
        honest=("scale",),
        loses_all=True,
    ),
    Attack(
        "many_files",
        "3,000 files were handed in with the notebook.",
        files=_many_files,
        honest=("scale",),
        loses_all=True,
    ),
]
