"""How heavy and how quick are the pages of the built site? Largest paint and bytes, each page in an empty cache.

Run ``python benchmarks/site.py`` after ``course book build``. Needs Chromium. Bytes are those of the files; a server
that compresses sends about 40 % of them. Paint is measured with the site on this machine: it says how much the browser
has to do, not how fast your network is.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading

from playwright.sync_api import sync_playwright

from course_pkg.publishing.book import find_book

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
MEASURE = """() => new Promise((done) => {
  const bytes = [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0);
  new PerformanceObserver((list) => done({bytes, paint: list.getEntries().at(-1).startTime}))
    .observe({type: "largest-contentful-paint", buffered: true});
})"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that keeps no log on the screen."""

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    """Print a line for each page."""
    book = find_book()
    if not book.html.exists():
        sys.exit("There is no built site: `course book build`.")
    handler = functools.partial(Quiet, directory=str(book.html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        print(f"{'page':40}{'largest paint':>15}{'bytes':>12}")
        for name in book.pages:
            page = browser.new_context().new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/{name}.html")
            page.evaluate("window.MathJax?.startup?.promise")
            found = page.evaluate(MEASURE)
            print(f"{name:40}{found['paint']:12.0f} ms{found['bytes']:12,}")
            page.context.close()
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
