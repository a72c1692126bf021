import pytest

from course_pkg.publishing.lint import typed_results


def found(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return [(finding.line, finding.text) for finding in typed_results(path)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The mean is 0.123.", "0.123"),
        ("It fell by 12 %.", "12 %"),
        ("It fell by 12%.", "12%"),
        ("It is −0.5 here", "−0.5"),
        ("(0.5)", "0.5"),
        ("**98.7 %** accuracy", "98.7 %"),
        ("about 95 % of the runs", "95 %"),
        ("| 0.25 | a |", "0.25"),
        ("```{note}\nIt is 0.5 here.\n```", "0.5"),
        (":::{tip}\nIt is 0.5 here.\n:::", "0.5"),
        ("````{exercise}\nSee\n```python\nx = 0.1\n```\nand 0.7 here.\n````", "0.7"),
        ("Costs $5 and $6, or 0.5 of it", "0.5"),
    ],
)
def test_typed_results_are_found(tmp_path, text, number):
    assert [item for _, item in found(tmp_path, text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "---\nversion: 0.13\n---\nText.",
        "The rate is `0.01`, and ``0.5`` too.",
        "The mean is {result}`x:mean:.3f` against {published}`0.0030` {cite}`a`.",
        "$x = 0.5$ and\n$$\ny = 0.25\n$$\n",
        "```{math}\nx = 0.5\n```",
        "```{code-cell} ipython3\nx = 0.5\n```",
        "```python\nx = 0.5\n```",
        "````{code-cell} ipython3\nx = 0.5\n```\ny = 0.5\n````",
        "200 samples, 40 updates, 1,000 epochs, 30 seeds, section 3.",
        "[a page](https://example.org/v1.5/a) and <https://example.org/0.5>",
        "A 95 % interval and 95 % confidence; two 95 % intervals.",
        "% a comment with 0.5\n<!-- 0.5 -->",
        "```{figure} a.png\n:width: 50%\nA caption.\n```",
        "Version 2.21.0 of TensorFlow",
    ],
)
def test_what_is_no_result_passes(tmp_path, text):
    assert found(tmp_path, text) == []


def test_the_line_is_that_of_the_file(tmp_path):
    text = "---\na: 1\n---\n\n```python\n0.5\n0.5\n```\n\n$a$ `0.5`\nThen 0.75.\n"
    assert found(tmp_path, text) == [(11, "0.75")]
