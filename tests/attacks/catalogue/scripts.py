"""Scripts for the browser of whoever looks at the submission: in outputs, in text, in error messages."""

from typing import Any

from attacks.attack import Attack

SCRIPT = "alert-of-an-attack"
"""Stands in every script."""

_HTML = f"<script>{SCRIPT}</script><img src=x onerror='{SCRIPT}'><iframe srcdoc='<script>{SCRIPT}</script>'></iframe>"


def _text(notebook: Any) -> None:
    essay = notebook.cells[-1]
    essay.source = (
        f"My answer. {_HTML} [link](javascript:{SCRIPT}) <svg onload='{SCRIPT}'/> <a href='javascript:{SCRIPT}'>x</a>"
    )


ATTACKS = [
    Attack(
        "script_in_output",
        "Outputs bring scripts: as HTML, JavaScript, SVG, Markdown, LaTeX, in a data frame, in an answer's repr.",
        code=f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
evil = {_HTML!r}
display(HTML(evil), Javascript({SCRIPT!r}), Markdown(evil), Latex(evil))
display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload='{SCRIPT}'>{{evil}}</svg>"))
display({{"text/html": evil, "image/svg+xml": evil, "application/javascript": {SCRIPT!r}, "text/vnd.mermaid": evil,
         "application/vnd.jupyter.widget-view+json": {{"model_id": evil}}, "text/x-evil": evil}}, raw=True)
print(evil)
""",
        answers={
            "scale": f"def scale(x):\n    raise ValueError({_HTML!r})",
            "count": f"class Evil:\n    def _repr_html_(self):\n        return {_HTML!r}\nEvil()",
        },
        edit=_text,
    ),
]
