from __future__ import annotations

import time

from provendor.redaction.known_values import KnownValues
from wrapped import b64


def test_thousands_of_values_are_found_in_time():
    """A page of contacts has an address each; all of them are looked for in every text."""
    known = KnownValues()
    for number in range(2000):
        known.add(f"person.number{number}@corp.io", "personal data", f"<{number}>")
    text = "a sentence in which nobody is named, " * 2000
    started = time.process_time()

    assert known.replaced(text) == text
    assert known.replaced("to person.number1999@corp.io, person.number199@corp.io") == "to <1999>, <199>"
    assert time.process_time() - started < 5


def test_the_longest_value_is_taken_and_the_first_name_stays():
    """One may be the beginning of another, or the same."""
    known = KnownValues()
    for value, name in (("secret-1", "short"), ("secret-1-and-more", "long"), ("secret-1", "again")):
        known.add(value, name, f"<{name}>")

    assert known.replaced("secret-1-and-more, secret-1, asecret-1") == "<long>, <short>, a<short>"


def test_a_value_that_was_cut_off_is_found_by_its_beginning():
    """Before an ellipsis or at the end; a word that a secret happens to begin with is no secret."""
    known = KnownValues()
    known.add("production-4711-key", "key", "<key>")

    assert known.replaced('"production-4711… and production-4... production-471') == '"<key>… and <key>... <key>'
    assert known.replaced("made for production") == "made for production"


def test_a_name_that_was_cut_off_is_found_by_its_beginning():
    """Before an ellipsis, also where only the first name is left; at the end a word may be one of its own."""
    known = KnownValues()
    known.add("Maximilian Byron", "personal data", "Robin Hill")

    assert known.replaced('"Maximilian By..." and Maximilian…') == '"Robin Hill..." and Robin Hill…'
    assert known.replaced("the great Maximilian") == "the great Maximilian"


def test_what_is_still_there_is_told_by_name_and_form():
    """Encoded in whatever way, the value itself never."""
    known = KnownValues()
    known.add("s3cr3t-value", "key", "<key>")

    assert known.spelled_in("s3cr3t-value") == {("key", "plain")}
    assert known.spelled_in("czNjcjN0LXZhbHVl") == {("key", "base64")}
    assert known.spelled_in(b64(b64("s3cr3t-value"))) == {("key", "encoded")}
    assert known.spelled_in("nothing") == set()
    assert "s3cr3t" not in repr(known)
