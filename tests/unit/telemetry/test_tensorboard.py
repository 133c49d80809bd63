"""Event files: a cut record waits, a damaged one is an event and never the end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telemetry import tensorboard
from core.telemetry.crc32c import crc32c, masked_crc32c
from core.telemetry.tensorboard import MAX_RECORD, Corrupt, EventReader, Scalar

Make = Callable[..., bytes]


def scalars(found: list[Scalar | Corrupt]) -> list[tuple[str, int, float]]:
    return [(one.tag, one.step, one.value) for one in found if isinstance(one, Scalar)]


def test_the_checksum_is_crc32c() -> None:
    """Known answers: RFC 3720 B.4 and the check value of the Castagnoli polynomial."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


def test_a_cut_record_waits_at_every_byte(scalar_record: Make) -> None:
    data = scalar_record("a", 1, 0.5) + scalar_record("b", 2, 0.25)
    reader, found = EventReader(), []
    for place in range(len(data)):
        found += reader.feed(data[place : place + 1])
    assert scalars(found) == [("a", 1, 0.5), ("b", 2, 0.25)]
    assert not any(isinstance(one, Corrupt) for one in found)


@pytest.mark.parametrize("place", [0, 5, 9, 13, 20, -2])
def test_one_flipped_byte_is_corrupt_and_the_next_record_is_read(scalar_record: Make, place: int) -> None:
    first, second, third = (scalar_record("a", step, float(step)) for step in (1, 2, 3))
    damaged = bytearray(second)
    damaged[place] ^= 0x41
    found = list(EventReader().feed(first + bytes(damaged) + third))
    assert scalars(found) == [("a", 1, 1.0), ("a", 3, 3.0)]
    assert [one.offset for one in found if isinstance(one, Corrupt)] == [len(first)]


def test_garbage_between_records_is_one_event(scalar_record: Make) -> None:
    garbage = bytes(range(256)) * 40 + bytes(5000)
    reader, found = EventReader(), []
    data = scalar_record("a", 1, 1.0) + garbage + scalar_record("a", 2, 2.0)
    for start in range(0, len(data), 1000):
        found += reader.feed(data[start : start + 1000])
    assert scalars(found) == [("a", 1, 1.0), ("a", 2, 2.0)]
    assert sum(isinstance(one, Corrupt) for one in found) == 1


def test_a_huge_length_is_skipped_without_being_held(scalar_record: Make) -> None:
    length = struct.pack("<Q", MAX_RECORD + 1000)
    header = length + struct.pack("<I", masked_crc32c(length))
    reader = EventReader()
    found = list(reader.feed(scalar_record("a", 1, 1.0) + header))
    held = 0
    left = MAX_RECORD + 1000 + 4
    while left:
        piece = min(left, 1 << 20)
        found += reader.feed(bytes(piece))
        held = max(held, len(reader._buffer))
        left -= piece
    found += reader.feed(scalar_record("a", 2, 2.0))
    assert scalars(found) == [("a", 1, 1.0), ("a", 2, 2.0)]
    assert sum(isinstance(one, Corrupt) for one in found) == 1
    assert held < 1 << 20


def test_an_absurd_length_with_a_good_checksum_blocks_nothing_for_long() -> None:
    length = struct.pack("<Q", 2**63)
    reader = EventReader()
    found = list(reader.feed(length + struct.pack("<I", masked_crc32c(length))))
    assert [type(one) for one in found] == [Corrupt]
    assert list(reader.feed(bytes(1 << 20))) == []
    assert len(reader._buffer) == 0


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    list(EventReader().feed(data))


@given(st.binary(max_size=80))
def test_a_record_with_a_good_checksum_and_any_content_is_survived(data: bytes) -> None:
    header = struct.pack("<Q", len(data))
    framed = header + struct.pack("<I", masked_crc32c(header)) + data + struct.pack("<I", masked_crc32c(data))
    list(EventReader().feed(framed))


@pytest.mark.slow
def test_what_torch_writes_is_what_is_read(tmp_path: Path) -> None:
    """Old-style scalars, tensors, nan and text, through torch's own writer."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(tmp_path))
    writer.add_scalar("train/approx_kl", 0.25, 10)
    writer.add_scalar("train/approx_kl", float("nan"), 20)
    writer.add_scalar("new/style", 0.5, 30, new_style=True)
    writer.add_scalar("new/double", 0.1, 40, new_style=True, double_precision=True)
    writer.add_text("notes", "hello", 50)
    writer.close()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    found = list(EventReader().feed(data))
    assert not any(isinstance(one, Corrupt) for one in found)
    values = {(one.tag, one.step): one.value for one in found if isinstance(one, Scalar)}
    assert values[("train/approx_kl", 10)] == 0.25
    assert values[("train/approx_kl", 20)] != values[("train/approx_kl", 20)]
    assert values[("new/style", 30)] == 0.5
    assert values[("new/double", 40)] == pytest.approx(0.1)
    assert all(tag != "notes" for tag, _ in values)


@given(
    tag=st.text(min_size=1, max_size=60),
    step=st.integers(0, 1 << 53),
    value=st.floats(width=32),
    time=st.floats(),
)
def test_the_plain_layout_is_read_as_field_by_field(
    event: Make, tag: str, step: int, value: float, time: float
) -> None:
    data = event(tag, step, value, time)
    assert repr(tensorboard.decode_event(data)) == repr(tensorboard._decode_fields(data))
