"""Write the book's reference of the lab: a tour and a page for each module, from signatures and docstrings.

The pages are MyST Markdown, without any directive that only Sphinx knows.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import pprint
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from numpydoc.docscrape import NumpyDocString  # type: ignore[import-untyped]  # it publishes no types
from sphinx.pycode import ModuleAnalyzer

import course_pkg
from course_pkg.errors import CourseError
from course_pkg.publishing import rest
from course_pkg.publishing.book import Book

__all__ = ["PAGE", "TOUR_EXAMPLE", "Entry", "Reference", "module_names", "write"]

FOLDER = "reference"
TOUR = "lab"
PAGE = f"{FOLDER}/{TOUR}"
_PACKAGE = "course_pkg"
# What a newcomer meets first comes first; a module that is not named here comes last.
_ORDER = ("datasets", "networks", "replicates", "evaluation", "plots", "seeds", "records", "presets")
_NOT_FOR_READERS = {
    *("__main__", "assignments", "checks", "cli", "doctor"),
    *("errors", "files", "grading", "publishing", "startup"),
}
_CONSTANT_LINES = 8
_WIDTH = 76

TOUR_EXAMPLE = """
>>> import course_pkg  # before NumPy and TensorFlow
>>> from course_pkg.datasets import load
>>> from course_pkg.evaluation import summarize
>>> from course_pkg.networks import mlp
>>> from course_pkg.replicates import replicate
>>> data = load("sequence")
>>> def build():
...     return mlp(1, 10, activation="linear", optimizer="adam", loss="mse")
>>> runs = replicate(build, data.X, data.y, seeds=30, epochs=100)
>>> print(summarize(runs.final("loss")))
0.071 (95 % interval 0.020 to 0.122), standard deviation 0.14, n = 30
"""
"""The example on the tour's page; the tests run it."""


@dataclass(frozen=True)
class Entry:
    """A public object of the lab.

    Parameters
    ----------
    module : str
        The public module that it is imported from, without the package's name.
    name : str
        Its name there; of a member, ``Class.member``.
    value : object
        The object itself.
    """

    module: str
    name: str
    value: Any

    @property
    def kind(self) -> str:
        """One of ``function``, ``class``, ``exception``, ``constant``, ``property``."""
        if isinstance(self.value, property | cached_property):
            return "property"
        if isinstance(self.value, type):
            return "exception" if issubclass(self.value, BaseException) else "class"
        return "function" if callable(self.value) or isinstance(self.value, classmethod) else "constant"

    @property
    def path(self) -> str:
        """The full dotted name."""
        return f"{_PACKAGE}.{self.module}.{self.name}"

    @property
    def doc(self) -> str:
        """The docstring, dedented; of a constant, the string below its assignment."""
        return _constant_doc(self) if self.kind == "constant" else inspect.getdoc(self.value) or ""

    @property
    def signature(self) -> str:
        """How to call it, with defaults and without annotations, for the docstring says more of types."""
        function = self.value.__func__ if isinstance(self.value, classmethod) else self.value
        parameters = list(inspect.signature(function).parameters.values())
        if "." in self.name:
            parameters = parameters[1:]  # self or cls
        constants = {id(value): name for name, value in vars(_load(self.module)).items() if name.isupper()}
        bare = [_bare(p, constants) for p in parameters if not p.name.startswith("_")]
        return f"{self.name}{inspect.Signature(bare)}"


class Reference:
    """The lab's public objects, and what links to them.

    Parameters
    ----------
    chapters : set of str, optional
        The chapters that the book has; a mention of another one becomes plain text.
    """

    def __init__(self, chapters: set[str] | None = None) -> None:
        self._chapters = chapters or set()
        self.modules = module_names()
        self.unresolved: list[str] = []
        self._targets: dict[str, Entry] = {}
        for name in self.modules:
            for entry in self.entries(name):
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        """Make an entry known by its public name, and by that of the module which defines it."""
        self._targets[entry.path] = entry
        defined_in = getattr(entry.value, "__module__", None)
        if defined_in and defined_in.startswith(_PACKAGE):
            self._targets.setdefault(f"{defined_in}.{entry.name}", entry)
        for member in self.members(entry):
            self._add(member)

    def entries(self, module: str) -> list[Entry]:
        """Return a module's public objects: functions, classes, exceptions, constants, each in the source's order."""
        loaded = _load(module)
        names = [name for name in vars(loaded) if name in loaded.__all__]
        order = ("function", "class", "exception", "constant")
        found = [Entry(module, name, getattr(loaded, name)) for name in names]
        return sorted(found, key=lambda entry: order.index(entry.kind))

    def members(self, entry: Entry) -> list[Entry]:
        """Return a class's public methods and properties, without those of a base class that has its own entry."""
        if not isinstance(entry.value, type):
            return []
        found: dict[str, Any] = {}
        for base in entry.value.__mro__:
            known = self._targets.get(f"{base.__module__}.{base.__name__}")
            if base is not entry.value and (known or not base.__module__.startswith(_PACKAGE)):
                continue
            for name, value in vars(base).items():
                if not name.startswith("_") and _is_member(value):
                    found.setdefault(name, value)
        return [Entry(entry.module, f"{entry.name}.{name}", value) for name, value in found.items()]

    def label(self, entry: Entry) -> str:
        """Return the target that chapters link to: the full name, in lower case as links ignore case.

        Where a class and a function differ in case alone, the class's label ends in ``-class``.
        """
        label = entry.path.lower()
        owner, _, _ = entry.name.partition(".")
        top = self._targets.get(f"{_PACKAGE}.{entry.module}.{owner}", entry)
        rivals = [e for e in self.entries(entry.module) if e.name.lower() == owner.lower() and e.name != owner]
        return f"{label}-class" if rivals and isinstance(top.value, type) else label

    def find(self, target: str, module: str, owner: str = "") -> Entry | None:
        """Look up a name as the docstring of `owner` in `module` would write it."""
        places = (f"{_PACKAGE}.{module}.{owner.partition('.')[0]}.", f"{_PACKAGE}.{module}.", "")
        return next((self._targets[place + target] for place in places if place + target in self._targets), None)

    def tour(self) -> str:
        """Return the page that says which module does what."""
        rows = [["Module", "What it does"]]
        for name in self.modules:
            summary = " ".join(NumpyDocString(inspect.getdoc(_load(name)) or "")["Summary"])
            rows.append([f"[`{name}`]({name}.md)", rest.inline(summary, self._links(name, ""))])
        return "\n\n".join(
            [
                "(course_pkg)=\n# The lab",
                "What the chapters import is the package `course_pkg`, here called the lab: small modules that load "
                "data, build a network, train it from many seeds, and judge the outcome with an interval. Import it "
                "before NumPy and TensorFlow, since it sets what decides whether numbers repeat on another computer. "
                "An experiment takes the modules roughly in the order of the table; the last three belong to one "
                "chapter each. Every example on these pages is run by the tests.",
                rest.table(rows),
                "A whole experiment: the same network from 30 seeds, and what to say about its loss.",
                f"```pycon\n{TOUR_EXAMPLE.strip()}\n```",
            ]
        )

    def page(self, module: str) -> str:
        """Return the page of a module.

        Raises
        ------
        CourseError
            If a docstring cannot be written as Markdown; names the object.
        """
        loaded, entries = _load(module), self.entries(module)
        parsed = NumpyDocString(inspect.getdoc(loaded) or "")
        prose = "\n".join([*parsed["Summary"], "", *parsed["Extended Summary"]])
        rows = [["Name", "What it is"]]
        rows += [[f"[`{e.name}`](#{self.label(e)})", self._summary(e)] for e in entries]
        return "\n\n".join(
            [
                f"({_PACKAGE}.{module})=\n# {rest.escape(module)}",
                rest.to_markdown(prose, self._links(module, "")),
                f"```python\nfrom {_PACKAGE} import {module}\n```",
                rest.table(rows),
                *(self.section(entry, 2) for entry in entries),
            ]
        )

    def _summary(self, entry: Entry) -> str:
        first = entry.doc.split("\n\n")[0]
        return rest.inline(first, self._links(entry.module, entry.name))

    def section(self, entry: Entry, level: int) -> str:
        """Write an object under a heading of its own, its members below.

        Parameters
        ----------
        entry : Entry
        level : int
            Of the heading.

        Raises
        ------
        CourseError
            If its docstring cannot be written as Markdown.
        """
        try:
            text = "\n\n".join(filter(None, self._parts(entry)))
        except (ValueError, UserWarning) as error:
            raise CourseError(f"The docstring of {entry.path} cannot be written as Markdown: {error}") from error
        title = f"({self.label(entry)})=\n{'#' * level} {rest.escape(entry.name)}"
        return "\n\n".join([title, text, *(self.section(member, level + 1) for member in self.members(entry))])

    def _parts(self, entry: Entry) -> Iterator[str]:
        doc = _parsed(entry.doc)
        link = self._links(entry.module, entry.name)
        yield self._head(entry, doc)
        yield rest.to_markdown("\n".join(doc["Summary"]), link)
        yield rest.to_markdown("\n".join(doc["Extended Summary"]), link)
        for name in ("Parameters", "Attributes", "Other Parameters"):
            yield _titled(name, rest.definitions([self._argument(item, link) for item in doc[name]]))
        for name in ("Returns", "Yields"):
            yield _titled(name, "\n\n".join(self._outcome(item, link) for item in doc[name]))
        for name in ("Raises", "Warns"):
            items = [(self._errors(item.type, link), _text(item.desc, link)) for item in doc[name]]
            yield _titled(name, rest.definitions(items))
        yield _titled("See also", "\n".join(self._relation(names, desc, link) for names, desc in doc["See Also"]))
        for name in ("Warnings", "Notes", "References", "Examples"):
            yield _titled(name, _text(doc[name], link))

    def _head(self, entry: Entry, doc: NumpyDocString) -> str:
        """Show how a thing is called, what it derives from, or its value."""
        if entry.kind == "property":
            return "*Property*"
        if entry.kind == "constant":
            start = f"{entry.name} = "
            value = pprint.pformat(entry.value, width=_WIDTH - len(start), compact=True, sort_dicts=False)
            short = value.count("\n") < _CONSTANT_LINES
            return _python(start + value.replace("\n", "\n" + " " * len(start))) if short else ""
        if entry.kind == "exception":
            return f"*Exception*, a kind of {self._bases(entry)}"
        call = _python(_wrapped(entry.signature))
        if entry.kind == "function":
            return call
        bases = self._bases(entry)
        kind = f"*Class*, a kind of {bases}" if bases else "*Class*"
        return f"{call}\n\n{kind}" if doc["Parameters"] else kind  # without parameters others make it

    def _bases(self, entry: Entry) -> str:
        link = self._links(entry.module, entry.name)
        bases = [base for base in entry.value.__bases__ if base not in (object, tuple)]
        return ", ".join(link("class", f"{base.__module__}.{base.__name__}", base.__name__) for base in bases)

    def _argument(self, item: Any, link: rest.Link) -> tuple[str, str]:
        term = ", ".join(rest.code(name.strip()) for name in item.name.split(","))
        return term, self._outcome(item, link)

    def _outcome(self, item: Any, link: rest.Link) -> str:
        """Write a type and what it means; the meaning follows on the same line unless it is a list or the like."""
        kind = f"*{rest.inline(self._linked(item.type), link)}*" if item.type else ""
        meaning = _text(item.desc, link)
        if not kind or not meaning:
            return kind or meaning
        return f"{kind}\n\n{meaning}" if rest.opens_block(meaning) else f"{kind}. {meaning}"

    def _linked(self, text: str) -> str:
        """Mark the code in a type, and the lab's own classes for a link."""

        def mark(found: re.Match[str]) -> str:
            marked, quoted, word = found.groups()
            if marked:
                return str(marked)
            if quoted:
                return f"``{quoted}``"
            entry = self._class(word)
            return f":class:`~{entry.path}`" if entry else str(word)

        return re.sub(r"((?::\w+:)?`+[^`]*`+)|(\{[^{}`]*\}|\"[^\"`]*\")|(?<![\w.])([A-Z]\w+)\b", mark, text)

    def _class(self, name: str) -> Entry | None:
        return next((e for e in self._targets.values() if e.name == name and isinstance(e.value, type)), None)

    def _errors(self, names: str, link: rest.Link) -> str:
        shown = [name.strip().rpartition(".")[2] for name in names.split(",")]
        known = [(name, self._class(name)) for name in shown]
        return ", ".join(link("class", entry.path, name) if entry else rest.code(name) for name, entry in known)

    def _relation(self, names: list[tuple[str, str | None]], desc: list[str], link: rest.Link) -> str:
        linked = ", ".join(link("func", name, name) for name, _ in names)
        return f"- {linked}: {_text(desc, link)}" if desc else f"- {linked}"

    def _links(self, module: str, owner: str) -> rest.Link:
        """Return what turns a role in the docstring of `owner` into Markdown."""

        def link(role: str, target: str, shown: str) -> str:
            if role == "doc":
                return self._chapter(target)
            name = target.removeprefix(f"{_PACKAGE}.")
            if role == "mod" and name in self.modules:
                return f"[{rest.code(shown)}]({name}.md)"
            entry = self.find(target, module, owner)
            if entry:
                return f"[{rest.code(shown)}](#{self.label(entry)})"
            if role in ("func", "class", "meth") and (target.startswith(_PACKAGE) or "." not in target):
                self.unresolved.append(f"{_PACKAGE}.{module}.{owner}: {target}")
            return rest.code(shown)

        return link

    def _chapter(self, target: str) -> str:
        name = target.rpartition("/")[2]
        return f"{{doc}}`../chapters/{name}`" if name in self._chapters else f"chapter *{name.replace('_', ' ')}*"


def module_names() -> list[str]:
    """Return the names of the modules that readers import, in the order of the tour.

    Examples
    --------
    >>> module_names()[:3]
    ['datasets', 'networks', 'replicates']
    """
    found = [info.name for info in pkgutil.iter_modules(course_pkg.__path__) if info.name not in _NOT_FOR_READERS]
    return sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))


def write(book: Book, folder: Path) -> None:
    """Write all pages of the reference.

    Parameters
    ----------
    book : Book
        Its chapters are linked to.
    folder : Path
        The staged source of the book; the pages go into its folder ``reference``.

    Raises
    ------
    CourseError
        If a docstring cannot be written as Markdown; names the object.
    """
    reference = Reference({chapter.name for chapter in book.chapters})
    pages = {TOUR: reference.tour(), **{name: reference.page(name) for name in reference.modules}}
    (folder / FOLDER).mkdir()
    for name, text in pages.items():
        (folder / FOLDER / f"{name}.md").write_text(f"{text}\n", encoding="utf-8")


def _load(module: str) -> ModuleType:
    return importlib.import_module(f"{_PACKAGE}.{module}")


class _Name(str):
    """A name that is shown without quotes."""

    __repr__ = str.__str__


def _bare(parameter: inspect.Parameter, constants: dict[int, str]) -> inspect.Parameter:
    """Leave out the annotation, and show a default that is one of the module's constants by its name."""
    default = parameter.default
    named = isinstance(default, tuple | dict | list) and id(default) in constants
    return parameter.replace(
        annotation=inspect.Parameter.empty, default=_Name(constants[id(default)]) if named else default
    )


def _is_member(value: Any) -> bool:
    return inspect.isfunction(value) or isinstance(value, property | cached_property | classmethod)


def _constant_doc(entry: Entry) -> str:
    """Find the string below an assignment, in the public module or in the one that it is imported from."""
    home = f"{_PACKAGE}.{entry.module}"
    for module in [name for name in sys.modules if name == home or name.startswith(f"{home}.")]:
        docs = ModuleAnalyzer.for_module(module).find_attr_docs()
        if ("", entry.name) in docs:
            return "\n".join(docs["", entry.name]).strip()
    return ""


def _parsed(doc: str) -> NumpyDocString:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpydoc only warns of a section that it does not know
        return NumpyDocString(doc)


def _text(lines: list[str], link: rest.Link) -> str:
    return rest.to_markdown("\n".join(lines), link)


def _titled(title: str, text: str) -> str:
    return f"**{title}**\n\n{text}" if text else ""


def _python(text: str) -> str:
    return f"```python\n{text}\n```"


def _wrapped(signature: str) -> str:
    """Break a long signature between its parameters."""
    if len(signature) <= _WIDTH:
        return signature
    name, _, others = signature.partition("(")
    whole = re.sub(r"\([^()]*\)", lambda default: default.group().replace(" ", "\0"), others[:-1])
    lines = textwrap.wrap(whole, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return "\n".join([f"{name}(", *lines, ")"]).replace("\0", " ")
