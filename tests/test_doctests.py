"""Every example in a docstring runs, and every public object of the lab has the docstring that its reader needs."""

import doctest
import importlib
import inspect
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from numpydoc.docscrape import NumpyDocString

import course_pkg
from course_pkg.publishing.reference import TOUR_EXAMPLE, Entry, Reference, module_names

FOLDER = Path(course_pkg.__file__).parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

# Made by a function, never by the reader: the example stands with the function.
RESULTS = {
    "ClassificationReport": "classification_report",
    "Comparison": "compare",
    "CrossValidation": "cross_validate",
    "Dataset": "load",
    "NestedSummary": "summarize_nested",
    "Normality": "normality",
    "RangeTest": "range_test",
    "Replicates": "replicate",
    "Summary": "summarize",
}
# To derive from: what a constructor takes is said by those that do.
BASES = {"Schedule"}


def with_examples() -> list[str]:
    paths = [path for path in sorted(FOLDER.rglob("*.py")) if "    >>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__") for path in paths]


@pytest.fixture(autouse=True)
def nothing_is_shown_or_left(monkeypatch, tmp_path):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.mark.parametrize("name", with_examples())
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert results.attempted
    assert not results.failed, f"{name}: {results.failed} examples fail; see the output above"


def test_the_example_of_the_tour_runs():
    examples = doctest.DocTestParser().get_doctest(TOUR_EXAMPLE, {}, "tour", None, 0)
    assert doctest.DocTestRunner(optionflags=FLAGS).run(examples).failed == 0


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


def parsed(entry: Entry) -> Any:
    return NumpyDocString(entry.doc)


def documented(entry: Entry, section: str) -> list[str]:
    return [name.strip().lstrip("*") for item in parsed(entry)[section] for name in item.name.split(",")]


def accepted(entry: Entry) -> list[str]:
    """Name the arguments, without self, cls and those that begin with an underscore."""
    value = entry.value.__func__ if isinstance(entry.value, classmethod) else entry.value
    names = list(inspect.signature(value).parameters)
    names = names[1:] if "." in entry.name else names
    return [name for name in names if not name.startswith("_")]


def returns_something(entry: Entry) -> bool:
    value = entry.value.__func__ if isinstance(entry.value, classmethod) else entry.value
    return value.__annotations__["return"] not in (None, "None")


def callables(reference: Reference, module: str) -> list[Entry]:
    entries = reference.entries(module)
    members = [member for entry in entries for member in reference.members(entry) if member.kind == "function"]
    return [entry for entry in entries if entry.kind == "function"] + members


@pytest.mark.parametrize("module", module_names())
def test_public_names_have_examples(reference, module):
    entries = {entry.name: entry for entry in reference.entries(module)}
    silent = [entry.path for entry in entries.values() if not entry.doc]
    assert not silent, f"these say nothing of themselves: {silent}"
    needed = {RESULTS.get(e.name, e.name) for e in entries.values() if e.kind in ("function", "class")}
    lacking = [name for name in needed if not parsed(entries[name])["Examples"]]
    assert not lacking, f"these have no example: {lacking}"


@pytest.mark.parametrize("module", module_names())
def test_every_argument_is_documented(reference, module):
    found = {
        entry.path: (documented(entry, "Parameters"), accepted(entry))
        for entry in callables(reference, module)
        if not overrides(reference, entry)
    }
    for entry in reference.entries(module):
        if entry.kind == "class" and entry.name in RESULTS:
            attributes = documented(entry, "Attributes")
            found[entry.path] = (attributes, fields(entry) or attributes)  # only dataclasses and tuples list theirs
            assert attributes, entry.path
        elif entry.kind == "class" and entry.name not in BASES:
            found[entry.path] = (documented(entry, "Parameters"), accepted(entry))
    wrong = {path: f"says {said}, takes {taken}" for path, (said, taken) in found.items() if said != taken}
    assert not wrong


def fields(entry: Entry) -> list[str]:
    """Name the public fields of a dataclass or named tuple."""
    return [name for name in inspect.get_annotations(entry.value) if not name.startswith("_")]


def overrides(reference: Reference, entry: Entry) -> bool:
    """Tell whether a base class, Keras's or the lab's, explains the method."""
    owner, _, name = entry.name.partition(".")
    if not name:
        return False
    bases = getattr(importlib.import_module(f"course_pkg.{entry.module}"), owner).__mro__[1:]
    return any(inspect.getdoc(vars(base)[name]) for base in bases if name in vars(base))


@pytest.mark.parametrize("module", module_names())
def test_what_is_returned_is_documented(reference, module):
    lacking = [
        entry.path
        for entry in callables(reference, module)
        if returns_something(entry) and not overrides(reference, entry) and not says_what_it_returns(entry)
    ]
    assert not lacking


def says_what_it_returns(entry: Entry) -> bool:
    """Of a method without arguments, one line may say it: "Return the rate"."""
    one_line = "\n" not in entry.doc and entry.doc.startswith("Return ") and "." in entry.name and not accepted(entry)
    return one_line or bool(parsed(entry)["Returns"])


@pytest.mark.parametrize("module", module_names())
def test_links_between_docstrings_lead_somewhere(reference, module):
    reference.page(module)
    assert not reference.unresolved


def test_no_exception_is_listed_in_vain(reference):
    entries = {entry.name: entry for module in module_names() for entry in reference.entries(module)}
    for name, maker in RESULTS.items():
        assert not documented(entries[name], "Parameters"), f"{name} is made by its reader: take it off the list"
        assert name in entries[maker].value.__annotations__["return"] or maker == "load"
    assert not any(documented(entries[name], "Parameters") for name in BASES)
