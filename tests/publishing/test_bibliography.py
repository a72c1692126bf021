"""Labels of the references read as the citations in the text do."""

from pybtex.database import parse_file, parse_string

from course_pkg.publishing.bibliography import Labels
from small_book import REPOSITORY


def labels(data):
    return list(Labels().format_labels(data.entries.values()))


def test_a_label_names_up_to_two_authors_and_the_year():
    people = ("Ng, Andrew", "Glorot, Xavier and Bengio, Yoshua", "A, B and C, D and E, F", "{{Keras contributors}}")
    entries = (f"@misc{{k{i}, author = {{{who}}}, title = {{t}}, year = {{2010}}}}" for i, who in enumerate(people))
    assert labels(parse_string("\n".join(entries), "bibtex")) == [
        "Ng, 2010",
        "Glorot and Bengio, 2010",
        "A et al., 2010",
        "Keras contributors, 2010",
    ]


def test_the_books_references_can_be_told_apart():
    found = labels(parse_file(REPOSITORY / "book" / "references.bib"))
    assert len(set(found)) == len(found)
