"""The built site, served on this machine only, and a real browser that cannot reach anything else."""

from __future__ import annotations

import functools
import gzip
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from course_pkg.publishing.book import find_book
from course_pkg.publishing.site import is_current


@pytest.fixture(scope="session")
def site(repository: Path) -> Path:
    book = find_book(repository)
    if is_current(book):
        return book.html
    line = "needs the built site: `course book build`"
    if os.environ.get("COURSE_NO_SKIP"):
        pytest.fail(f"{line} (nothing may skip here)")
    pytest.skip(line)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Compress text, as every web server does."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix not in {".html", ".css", ".js"} or not path.is_file():
            super().do_GET()
            return
        content = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(_Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@dataclass
class Visitor:
    """A browser window, and all that goes wrong in it."""

    page: object
    base: str
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda m: m.type == "error" and self.troubles.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", lambda r: r.status >= 400 and self.troubles.append(f"{r.status}: {r.url}"))
        self.page.on("request", lambda request: self._inside(request.url))

    def open(self, path: str) -> None:
        """Open a page and wait until its formulas are set."""
        self.page.goto(self.base + path)
        self.page.evaluate("window.MathJax?.startup?.promise")

    def _failed(self, request: object) -> None:
        if request.failure != "net::ERR_ABORTED":  # the browser gave up what it no longer needed: the page was left
            self.troubles.append(f"failed: {request.url}: {request.failure}")

    def _inside(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.troubles.append(f"outside: {url}")


@pytest.fixture
def visit(browser, address) -> Iterator[Callable[..., Visitor]]:
    """Open windows; each has its own empty cache and storage."""
    contexts = []

    def window(base: str = address, width: int = 1280, **more: object) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": 900}, **more)
        contexts.append(context)
        visitor = Visitor(context.new_page(), base)
        visitor.watch()
        return visitor

    yield window
    for context in contexts:
        context.close()
