"""What our own processes do without, and that Jupyter's do their work all the same."""

import subprocess
import sys

import pytest

CODE = """
import sys
import course_pkg.{package}
import nbformat
notebook = nbformat.v4.new_notebook()
nbformat.validate(notebook)
notebook.cells.append({{"cell_type": "nothing"}})
try:
    nbformat.validate(notebook)
except nbformat.ValidationError:
    print("validated", "lark" in sys.modules)
"""


@pytest.mark.parametrize("package", ["assignments", "grading", "publishing"])
def test_the_grammar_of_iris_is_not_built_and_notebooks_are_validated(package):
    command = [sys.executable, "-c", CODE.format(package=package)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["validated", "False"]


def test_a_traceback_finds_the_modules_looked_up():
    """`inspect` then asks for no file a second time."""
    code = """
import inspect, os, numpy
from course_pkg.startup import look_up_modules
look_up_modules()
asked = []
real = os.path.realpath
os.path.realpath = lambda *path, **more: (asked.append(path), real(*path, **more))[1]
inspect.getmodule(compile("", "another file", "exec"))
print(len(asked))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 2  # of "another file" itself; without the look-up, of every module: hundreds
