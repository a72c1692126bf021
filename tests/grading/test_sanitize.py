"""What is kept of a cell's outputs."""

import pandas as pd
import pytest
from nbformat.v4 import new_output

from course_pkg.grading.sanitize import safe_outputs


def kept(**data):
    output = new_output("display_data", {kind.replace("_", "/"): what for kind, what in data.items()})
    safe_outputs([output])
    return output.data


@pytest.mark.parametrize(
    "kind", ["application/javascript", "image/svg+xml", "application/vnd.jupyter.widget-view+json"]
)
def test_what_a_browser_would_run_is_dropped(kind):
    output = new_output("display_data", {kind: "alert(1)", "text/plain": "x"}, metadata={"isolated": True})
    safe_outputs([output])
    assert output.data == {"text/plain": "x"}
    assert not output.metadata


def test_html_is_cleaned():
    html = '<b onclick="x()">bold</b><script>x()</script><img src=x onerror=x()><iframe src=x></iframe>'
    clean = kept(text_html=html)["text/html"]
    assert clean.startswith("<b>bold</b>")
    assert not [word for word in ("script", "onerror", "onclick", "iframe", "x()") if word in clean]


def test_tables_images_and_text_stay():
    table = pd.DataFrame({"loss": [0.5]})._repr_html_()
    data = kept(text_html=table, text_plain="loss", image_png="iVBORw0=")
    assert "<td>0.5</td>" in data["text/html"]
    assert (data["text/plain"], data["image/png"]) == ("loss", "iVBORw0=")


def test_html_that_would_take_minutes_to_parse_is_no_html():
    assert kept(text_html="<div>" * 10_000)["text/html"].startswith("&lt;div&gt;")
    assert kept(text_html="x" * 1_000_000, text_plain="x") == {"text/plain": "x"}


def test_other_outputs_are_left_alone():
    safe_outputs([new_output("stream", text="x"), new_output("error", ename="E", evalue="", traceback=[])])
