"""Only a whole, plain zip is opened: anything else is not yet whole, damaged or made to harm."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable

import pytest

from core.models.problems import MalformedError, ModelProblem, NotWholeError
from core.models.sb3 import read_zip
from core.models.zips import StoredZip


def made(fill: Callable[[zipfile.ZipFile], object], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        with zipfile.ZipFile(stream, "w", compression) as archive:
            fill(archive)
    return stream.getvalue()


def test_members_of_both_writers_zips_are_read(plain_zip: bytes) -> None:
    outer = StoredZip(plain_zip)
    assert set(outer.names) >= {"data", "policy.pth", "system_info.txt"}
    inner = StoredZip(outer.read("policy.pth", 1 << 20))
    assert any(name.endswith("/data.pkl") for name in inner.names)


def test_a_model_that_is_cut_off_is_not_a_model(plain_zip: bytes) -> None:
    """Also right after the zip inside it, where other readers open that one."""
    kinds = set()
    for end in range(0, len(plain_zip), 2):
        with pytest.raises(ModelProblem) as caught:
            read_zip(plain_zip[:end])
        kinds.add(caught.type)
    assert kinds == {NotWholeError}
    with zipfile.ZipFile(io.BytesIO(plain_zip)) as archive:
        inner = archive.getinfo("policy.pth")
        start = inner.header_offset + 30 + len("policy.pth")
        end = plain_zip.index(b"PK\x03\x04", start + inner.file_size)
    with zipfile.ZipFile(io.BytesIO(plain_zip[:end])) as confused:
        assert "data" not in confused.namelist(), "this is the trap"
    with pytest.raises(NotWholeError, match="cut off"):
        read_zip(plain_zip[:end])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (made(lambda zip_: [zip_.writestr("data", "1"), zip_.writestr("data", "2")]), "there twice"),
        (made(lambda zip_: zip_.writestr("../data", "1")), "leads elsewhere"),
        (made(lambda zip_: zip_.writestr("/data", "1")), "leads elsewhere"),
        (made(lambda zip_: zip_.writestr("a\\b", "1")), "leads elsewhere"),
        (made(lambda zip_: zip_.writestr("data", b"0" * 10**7), zipfile.ZIP_DEFLATED), "compressed"),
        (made(lambda zip_: [zip_.writestr(str(i), "") for i in range(4097)]), "at most 4,096 members"),
        (b"hello\x1b]52;c;AAAA\x07", "starts with"),
    ],
)
def test_a_zip_that_no_training_writes_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(MalformedError, match=words) as caught:
        StoredZip(data)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda data: data + b"x", NotWholeError),
        (lambda data: b"x" + data, MalformedError),
        (lambda data: data[:-2] + b"\x01\x00" + b"c", NotWholeError),
        (lambda data: b"", NotWholeError),
        (lambda data: b"PK", NotWholeError),
    ],
)
def test_bytes_before_or_after_a_zip_are_refused(
    plain_zip: bytes, change: Callable[[bytes], bytes], kind: type[ModelProblem]
) -> None:
    with pytest.raises(kind):
        StoredZip(change(plain_zip))


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (8, struct.pack("<H", 1), "damaged"),  # encrypted
        (20, struct.pack("<II", 1 << 30, 1 << 30), "overlaps|reaches"),  # larger than the file
        (42, struct.pack("<I", 0), "overlaps"),  # where another member lies
        (16, struct.pack("<I", 0), "damaged"),  # another checksum
    ],
)
def test_an_index_that_lies_is_refused(plain_zip: bytes, offset: int, value: bytes, words: str) -> None:
    entry = plain_zip.rindex(b"system_info.txt") - 46
    assert plain_zip[entry : entry + 4] == b"PK\x01\x02"
    data = plain_zip[: entry + offset] + value + plain_zip[entry + offset + len(value) :]
    with pytest.raises(MalformedError, match=words):
        StoredZip(data).read("system_info.txt", 1 << 20)


def test_a_member_larger_than_its_limit_is_not_read(plain_zip: bytes) -> None:
    with pytest.raises(MalformedError, match=r"policy\.pth: expected at most 100 bytes"):
        StoredZip(plain_zip).read("policy.pth", 100)
