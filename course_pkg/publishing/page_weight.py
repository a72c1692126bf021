"""What a page loads: all of it from the site itself, and no more than the page uses.

MathJax comes from an installed package, file by file; icons come from the theme's font instead of a script of two
thousand of them; figures become WebP, a quarter as large. The notebook for download keeps them as they were drawn.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms.images import BaseImageConverter
from sphinx.writers.html5 import HTML5Translator

from course_pkg.errors import CourseError

__all__ = ["SmallerFigures", "setup"]

_MATHJAX = (
    "startup.js",
    "core.js",
    "input/tex-base.js",
    "input/tex/extensions/ams.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "output/chtml/fonts/woff-v2",
    "a11y/assistive-mml.js",
)
_LOADED = ["core", "input/tex-base", "[tex]/ams", "output/chtml", "a11y/assistive-mml"]
_UNUSED = ("sphinx-thebe.js", "sphinx-thebe.css")  # live code: it would ask servers elsewhere
_COLOURS = 256


class SmallerFigures(BaseImageConverter):
    """Replace PNG figures by WebP without loss but for colours beyond the 256 most used ones.

    A plot has few colours, and the shades between them at the edges of lines: no eye sees the difference.
    """

    default_priority = 200

    def match(self, node: nodes.image) -> bool:
        """Take PNG figures of HTML pages."""
        return bool(self.app.builder.format == "html" and node["uri"].endswith(".png"))

    def handle(self, node: nodes.image) -> None:
        """Write the smaller figure beside the doctrees, and let the page show it."""
        source = Path(self.app.srcdir, node["uri"])
        target = Path(self.imagedir, f"{source.stem}.webp")
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(source) as image:
            few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
            few.convert("RGB").save(target, lossless=True)
            node["pixels"] = image.size
        node["uri"] = str(target)
        node["candidates"] = {"*": str(target)}  # HTML builders of this Sphinx do not list WebP
        self.env.images.add_file(self.env.docname, str(target))


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.add_post_transform(SmallerFigures)
    app.add_node(nodes.image, override=True, html=(_visit_image, _depart_image))
    app.connect("config-inited", _use_own_mathjax)
    app.connect("builder-inited", _copy_mathjax)
    app.connect("html-page-context", _drop_unused, priority=900)


def _use_own_mathjax(app: Sphinx, config: Config) -> None:
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {"loader": {"load": _LOADED}, "tex": {"packages": {"[+]": ["ams"]}}}
    config.templates_path.append(str(Path(__file__).with_name("templates")))


def _copy_mathjax(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise CourseError("sphinx-mathjax-offline is not installed. `make book` installs it.")
    source, target = Path(package.origin).parent / "static" / "mathjax", Path(app.outdir) / "_static" / "mathjax"
    for name in _MATHJAX:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / name, target / name)


def _drop_unused(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    for files in ("script_files", "css_files"):
        context[files] = [file for file in context.get(files, []) if not _is_unused(file)]


def _is_unused(file: Any) -> bool:
    return str(file.filename).endswith(_UNUSED) or "THEBE" in (file.attributes.get("body") or "")


def _visit_image(translator: Any, node: nodes.image) -> None:
    """Tell the browser the figure's proportions, so that the text does not jump when the figure arrives."""
    HTML5Translator.visit_image(translator, node)
    if "pixels" in node:
        width, height = node["pixels"]
        translator.body[-1] = translator.body[-1].replace("<img ", f'<img width="{width}" height="{height}" ', 1)


def _depart_image(translator: Any, node: nodes.image) -> None:
    HTML5Translator.depart_image(translator, node)
