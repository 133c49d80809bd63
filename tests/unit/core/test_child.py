"""What a child process says at its end."""

from __future__ import annotations

import os

from core.child import last_words, read_last_words, trim


def test_of_a_child_that_wrote_without_end_the_last_line_alone_is_read() -> None:
    with last_words() as errors:
        errors.write(b"noise\n" * 200_000 + b"ValueError: \x1b[31mno such layer\n\n")
        read = []
        whole, errors.read = errors.read, lambda size=-1: read.append(whole(size)) or read[-1]  # type: ignore
        assert read_last_words(errors) == "ValueError: \u241b[31mno such layer"
    assert sum(map(len, read)) <= 4000


def test_of_a_child_that_said_nothing_nothing_is_told() -> None:
    with last_words() as errors:
        assert read_last_words(errors) == ""


def test_a_child_that_writes_without_end_fills_no_memory_and_its_last_line_stays() -> None:
    with last_words() as errors:
        childs = os.dup(errors.fileno())
        sizes = []
        for number in range(40):
            os.write(childs, b"noise\n" * 20_000 + b"line %d\n" % number)
            trim(errors)
            sizes.append(os.fstat(childs).st_size)
        os.close(childs)
        assert max(sizes) <= (1 << 20) and read_last_words(errors) == "line 39"
