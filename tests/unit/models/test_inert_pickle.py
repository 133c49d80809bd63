"""A pickle is data: what it holds comes out, what it asks for is written down, and nothing happens."""

from __future__ import annotations

import os
import pickle
import pickletools
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.inert import Name, Record, decode, describe
from core.models.problems import MalformedError, ModelProblem, NeedsCodeError

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**1000), 2**1000)
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.binary(max_size=300)
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=5), inner, max_size=5)
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@given(_VALUES, st.sampled_from([4, 5]))
def test_plain_values_come_out_as_pickle_loads_gives_them(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert decode(data) == pickle.loads(data)  # noqa: S301


class Calls:
    def __init__(self, called: Any, *arguments: Any) -> None:
        self.reduced = (called, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_call_is_written_down_and_not_made(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "exploded"
    for called, argument in (
        (os.mkdir, str(target)),
        (os.system, f"touch {target}"),
        (eval, f"open({target!r})"),
    ):
        record = decode(pickle.dumps(Calls(called, argument), protocol))
        assert type(record) is Record and record.arguments == (argument,)
        assert describe(record).startswith("a call of ")
    assert not target.exists()


def test_a_call_of_a_call_is_refused(tmp_path: Path) -> None:
    inner = (
        b"cos\nmkdir\nX"
        + struct.pack("<I", len(str(tmp_path / "x")))
        + str(tmp_path / "x").encode()
        + b"\x85R"
    )
    with pytest.raises(NeedsCodeError, match=r"calls a call of os\.mkdir"):
        decode(b"\x80\x04" + inner + b")R.")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"(ios\nsystem\n.", "INST"),
        (b"(cos\nsystem\no.", "OBJ"),
        (b"S'id'\n.", "STRING"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"Pname\n.", "PERSID"),
        (b"\x80\x04\x8c\x01aQ.", "BINPERSID"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.", "NEWOBJ_EX"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x04\x8f.", "EMPTY_SET"),
        (b"\x80\x04N0.", "POP"),
        (b"\x80\x04}N}b.", "sets the state of"),
        (b"\x80\x04]N)s.", "sets items of list"),
        (b"\x80\x04}NNs.", "None as a dictionary's key"),
    ],
)
def test_an_instruction_outside_the_list_is_refused_by_name(stream: bytes, words: str) -> None:
    with pytest.raises(ModelProblem, match=words):
        decode(stream)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b".",
        b"\x80\x04N",
        b"\x80\x04NN.",
        b"\x80\x04N.N.",
        b"\x80\x06N.",
        b"\x80\x04h\x07.",
        b"\x80\x04(.",
        b"\x80\x04t.",
        b"\x80\x04\x85.",
        b"\x80\x04}(Nu.",
        b"\x80\x04NK\x01a.",
        b"\x80\x04K\x01K\x02\x93.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x04\x8c\x02\xff\xff.",
        b"I" + b"9" * 10_000 + b"\n.",
    ],
)
def test_a_broken_stream_is_malformed(stream: bytes) -> None:
    with pytest.raises(ModelProblem):
        decode(stream)


@settings(max_examples=400)
@given(
    st.lists(
        st.sampled_from(pickletools.opcodes).map(lambda op: op.code.encode("latin1")) | st.binary(max_size=3)
    )
)
def test_no_stream_raises_anything_but_a_problem(parts: list[bytes]) -> None:
    try:
        decode(b"\x80\x04" + b"".join(parts) + b".")
    except ModelProblem as problem:
        assert str(problem).isprintable()


def test_a_cut_stream_is_malformed_wherever_it_is_cut(statistics: bytes) -> None:
    for end in range(0, len(statistics), 3):
        with pytest.raises(ModelProblem):
            decode(statistics[:end])


def test_bombs_are_refused_or_harmless_in_little_time() -> None:
    began = time.process_time()
    with pytest.raises(MalformedError, match="at most 1,048,576 bytes"):
        decode(pickle.dumps(b"x" * (1 << 20)))
    with pytest.raises(MalformedError, match="at most 200,000 instructions"):
        decode(b"\x80\x04" + b"N" * 300_000 + b".")
    memo = b"\x80\x04]" + b"".join(b"r" + struct.pack("<I", (1 << 32) - 1 - i) for i in range(100_000)) + b"."
    assert decode(memo) == []
    laughs = b"\x80\x04N" + b"".join(b"q%ch%c\x86" % (i, i) for i in range(200)) + b"."
    assert len(decode(laughs)) == 2, "shared, not unfolded"
    deep = decode(b"\x80\x04N" + b"\x85" * 150_000 + b".")
    assert describe(deep) == "tuple"
    del deep
    colliding = b"".join(pickle.dumps(i * (2**61 - 1), 4)[2:-1] + b"N" for i in range(1, 5000))
    with pytest.raises(NeedsCodeError, match="dictionary's key"):
        decode(b"\x80\x04}(" + colliding + b"u.")
    assert time.process_time() - began < 10


def test_a_name_is_only_a_name_and_is_said_printable() -> None:
    name = decode(b"\x80\x04\x8c\x04no\x1bm\x8c\x03abc\x93.")
    assert type(name) is Name and name.name == "no\x1bm.abc"
    assert describe(name).isprintable() and "\x1b" not in describe(name)


def test_a_stream_may_not_import_what_is_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "never_imported.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    record = decode(pickle.dumps(Calls(subprocess.Popen, "id")).replace(b"subprocess", b"never_impo"))
    assert type(record) is Record
