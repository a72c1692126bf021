"""The two small problem sets under attack: one without TensorFlow, one with Keras models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import v4

__all__ = ["HIDDEN", "KERAS", "PLAIN", "ProblemSet"]

HIDDEN = "hidden-test-text-9c41"
"""Stands in every hidden test. No student may ever see it."""


@dataclass(frozen=True)
class ProblemSet:
    """A problem set, with right and wrong answers to each task.

    Parameters
    ----------
    name : str
    setup : str
        The locked first cell.
    right, wrong : mapping of str to str
        Task to answer.
    tests : mapping of str to tuple of (str, float, str)
        Task to the name, points and text of each test cell.
    """

    name: str
    setup: str
    right: Mapping[str, str]
    wrong: Mapping[str, str]
    tests: Mapping[str, tuple[tuple[str, float, str], ...]]

    def source(self) -> Any:
        """Return the source notebook, as an instructor writes it."""
        cells = [_cell(v4.new_code_cell, "setup", self.setup, locked=True)]
        for task, tests in self.tests.items():
            answer = f"### BEGIN SOLUTION\n{self.right[task]}\n### END SOLUTION"
            cells.append(_cell(v4.new_code_cell, task, answer, solution=True))
            cells += [
                _cell(v4.new_code_cell, name, text, grade=True, locked=True, points=points)
                for name, points, text in tests
            ]
        cells.append(_cell(v4.new_markdown_cell, "essay", "", grade=True, solution=True, points=5.0))
        return v4.new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})

    def marks(self, tasks: tuple[str, ...]) -> dict[str, float]:
        """Return what somebody earns in each test cell who has answered these tasks rightly, and no other."""
        return {
            name: points if task in tasks else 0.0 for task, tests in self.tests.items() for name, points, _ in tests
        }


_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def _cell(kind: Any, name: str, text: str, **role: Any) -> Any:
    role = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "grade_id": name, **role}
    if role["grade"]:
        role.setdefault("points", 0.0)
    return kind(
        text, metadata={"nbgrader": {**role, "cell_type": "markdown" if kind is v4.new_markdown_cell else "code"}}
    )


def _hidden(text: str) -> str:
    return f"### BEGIN HIDDEN TESTS\n# {HIDDEN}\n{text}\n### END HIDDEN TESTS"


PLAIN = ProblemSet(
    name="target",
    setup="import numpy as np",
    right={
        "mean": "def mean(x):\n    return sum(x) / len(x)",
        "scale": "def scale(x):\n    return np.asarray(x) / max(x)",
        "count": "def count(text):\n    words = text.split()\n    return {word: words.count(word) for word in words}",
    },
    wrong={
        "mean": "def mean(x):\n    return max(x)",
        "scale": "def scale(x):\n    return np.asarray(x)",
        "count": "def count(text):\n    return {}",
    },
    tests={
        "mean": (
            (
                "mean_visible",
                2.0,
                "def same(found, expected):\n    assert abs(found - expected) < 1e-9, found\n\nsame(mean([1, 3]), 2)",
            ),
            ("mean_hidden", 3.0, _hidden("same(mean([2.5, 3.5, 9.0]), 5)\nsame(mean([0, 0, 6]), 2)")),
        ),
        "scale": (
            ("scale_visible", 2.0, "assert all(map(lambda x: scale(x)[-1] == 1, ([1, 2], [3, 5])))"),
            (
                "scale_hidden",
                3.0,
                _hidden(
                    "found = scale([1, 2, 8])\nassert found.shape == (3,)\nassert np.allclose(found, [0.125, 0.25, 1])"
                ),
            ),
        ),
        "count": (
            ("count_visible", 2.0, 'assert count("b a b") == {"a": 1, "b": 2}'),
            (
                "count_hidden",
                2.0,
                _hidden(
                    'cases = {"x": {"x": 1}, "x y x y x": {"x": 3, "y": 2}}\n'
                    "2 * sum(count(text) == expected for text, expected in cases.items()) / len(cases)"
                ),
            ),
        ),
    },
)

KERAS = ProblemSet(
    name="network",
    setup="import course_pkg\nimport keras\nimport numpy as np",
    right={
        "double": (
            "def double():\n"
            "    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])\n"
            "    model.set_weights([np.array([[2.0]]), np.array([0.0])])\n"
            "    return model"
        ),
        "triple": "def triple(x):\n    return 3 * x",
    },
    wrong={
        "double": "def double():\n    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])",
        "triple": "def triple(x):\n    return x",
    },
    tests={
        "double": (
            (
                "double_visible",
                2.0,
                "np.testing.assert_allclose(double().predict(np.ones((2, 1)), verbose=0), 2 * np.ones((2, 1)))",
            ),
            (
                "double_hidden",
                3.0,
                _hidden("inputs = np.array([[-1.0], [5.0]])\nnp.testing.assert_allclose(double()(inputs), 2 * inputs)"),
            ),
        ),
        "triple": (
            ("triple_visible", 2.0, "assert triple(2) == 6"),
            ("triple_hidden", 1.0, _hidden("assert triple(5) == 15")),
        ),
    },
)
