import pytest

from course_pkg.errors import CourseError
from course_pkg.publishing.numbers import render
from course_pkg.records import ChapterResults

VALUES = {
    "mean": 0.123456,
    "count": 40000,
    "losses": [0.5, 0.25],
    "interval": {"estimate": 0.5, "low": -0.25, "high": 1.25, "confidence": 0.95},
    "name": "ReLU-like",
    "nested": {"a": {"b": 2.0}},
    "loss_change": -0.5,
}
RESULTS = ChapterResults("x", 1, VALUES, dict.fromkeys(VALUES))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("mean", ".3f"), "0.123"),
        (("mean", ".1%"), "12.3\u00a0%"),
        (("count", ","), "40,000"),
        (("count",), "40000"),
        (("losses.1", ".2f"), "0.25"),
        (("nested.a.b", ".1f"), "2.0"),
        (("loss_change", ".1f"), "−0.5"),
        (("name",), "ReLU-like"),
        (("interval", ".2f"), "0.50 (95 % interval −0.25 to 1.25)"),
        (("interval",), "0.5 (95 % interval −0.25 to 1.25)"),
        (("interval.low", ".1f"), "−0.2"),
        (("interval", ".0%"), "50\u00a0% (95 % interval −25\u00a0% to 125\u00a0%)"),
    ],
)
def test_values_are_written_as_text(arguments, text):
    assert render(RESULTS, *arguments) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("maen",), "records no 'maen'. Did you mean mean?"),
        (("losses",), "holds several values"),
        (("losses.2",), "no part '2'"),
        (("mean.0",), "no part '0'"),
        (("name", ".3f"), "does not fit"),
        (("mean", "zz"), "does not fit"),
    ],
)
def test_a_wrong_name_or_format_is_an_error(arguments, message):
    with pytest.raises(CourseError) as caught:
        render(RESULTS, *arguments)
    assert message in str(caught.value)
