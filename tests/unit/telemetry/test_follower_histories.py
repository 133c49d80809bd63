"""The follower over random histories of write, rotate, truncate, rewrite, partial line and read."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.telemetry.follower import Break, Data, LineFollower, Skipped

KEEPING = ["line"] * 5 + ["partial", "finish", "poll", "poll", "poll", "rename", "replace", "late", "reopen"]
LOSSES = ["truncate", "refill_same", "refill_longer", "delete"]
LOSING = KEEPING + LOSSES


class Writer:
    """A process that writes lines, of which each is unique, and what it does to its file."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.path = folder / "rows.csv"
        self.stream = self.path.open("ab", buffering=0)
        self.random = random.Random(seed)
        self.written: list[bytes] = []
        self.half: bytes | None = None
        self.lines = self.rotations = 0

    def line(self, prefix: str = "row") -> None:
        self.finish()
        self.lines += 1
        text = f"{prefix}{self.lines},{self.random.random()}".encode() * self.random.choice([1, 1, 3])
        self.stream.write(text + b"\n")
        self.written.append(text)

    def partial(self) -> None:
        if self.half is None:
            self.lines += 1
            self.half = f"half{self.lines}".encode()
            self.stream.write(self.half)

    def finish(self) -> None:
        if self.half is not None:
            self.stream.write(b"-end\n")
            self.written.append(self.half + b"-end")
            self.half = None

    def rename(self) -> None:
        """Rotation; the writer goes on with the old file until it reopens."""
        self.finish()
        self.rotations += 1
        self.path.rename(self.path.with_suffix(f".{self.rotations}"))

    def replace(self) -> None:
        """An empty file is moved over the path; the writer has not reopened yet."""
        self.finish()
        empty = self.path.with_suffix(".new")
        empty.write_bytes(b"")
        empty.replace(self.path)

    def reopen(self) -> None:
        self.finish()
        self.stream = self.path.open("ab", buffering=0)

    def delete(self) -> None:
        self.finish()
        self.path.unlink(missing_ok=True)
        self.reopen()

    def truncate(self) -> None:
        self.finish()
        os.ftruncate(self.stream.fileno(), 0)

    def refill(self, longer: bool) -> None:
        """Truncated and filled again, to the same size or beyond, between two looks."""
        self.finish()
        size = os.fstat(self.stream.fileno()).st_size
        os.ftruncate(self.stream.fileno(), 0)
        total = 0
        while total < size or (longer and total <= size + 20):
            self.lines += 1
            text = f"refill{self.lines},{self.random.random()}".encode()
            if not longer:
                text = text[: max(1, size - total - 1)]
            self.stream.write(text + b"\n")
            self.written.append(text)
            total += len(text) + 1


class Consumer:
    """What a reader of the follower knows: after a restart of the file it begins anew."""

    def __init__(self, path: Path) -> None:
        self.follower = LineFollower(path)
        self.got: list[bytes] = []
        self.events: list[str] = []
        self.skipped = 0

    def poll(self) -> None:
        for item in self.follower.poll():
            if isinstance(item, Data):
                assert item.data.endswith(b"\n")
                self.got += item.data.split(b"\n")[:-1]
            elif isinstance(item, Break):
                self.events.append(item.event)
            else:
                assert isinstance(item, Skipped)
                self.skipped += 1


def play(operations: list[str], seed: int, keeping: bool) -> tuple[Writer, Consumer]:
    """One history. When nothing may be lost, at most one rotation happens between two looks, since the
    file in the middle is gone for any reader."""
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder), seed)
        consumer = Consumer(writer.path)
        consumer.poll()
        moved = False
        for operation in operations:
            if operation in ("rename", "replace"):
                if moved and keeping:
                    continue
                if not writer.path.exists():
                    continue
                moved = True
            if operation in LOSSES and consumer.follower.offset == 0:
                consumer.poll()  # what was gone before anyone looked leaves no trace
            match operation:
                case "line":
                    writer.line()
                case "late":
                    writer.line("late")
                case "reopen":
                    if moved and keeping:
                        consumer.poll()
                    writer.reopen()
                    if moved and keeping:
                        writer.line("first")
                        consumer.poll()
                    moved = False
                case "poll":
                    consumer.poll()
                case "refill_same" | "refill_longer":
                    writer.refill(operation.endswith("longer"))
                case _:
                    getattr(writer, operation)()
        if moved:
            consumer.poll()
            writer.reopen()
            writer.line("last")
        writer.finish()
        for _ in range(3):
            consumer.poll()
        consumer.follower.close()
        return writer, consumer


histories = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@histories
@given(st.lists(st.sampled_from(KEEPING), min_size=5, max_size=60), st.integers(0, 2**32))
def test_without_truncation_every_line_comes_once_and_in_order(operations: list[str], seed: int) -> None:
    writer, consumer = play(operations, seed, keeping=True)
    assert consumer.got == writer.written
    assert consumer.skipped == 0
    assert not {"truncated", "rewritten", "denied"} & set(consumer.events)


@histories
@given(st.lists(st.sampled_from(LOSING), min_size=5, max_size=60), st.integers(0, 2**32))
def test_with_truncation_no_line_is_torn_and_every_loss_is_a_visible_event(
    operations: list[str], seed: int
) -> None:
    writer, consumer = play(operations, seed, keeping=False)
    assert set(consumer.got) <= set(writer.written)
    lost = set(writer.written) - set(consumer.got)
    if lost:
        assert {"truncated", "rewritten", "replaced", "missing"} & set(consumer.events)


@histories
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(0, 2**32))
def test_lines_do_not_depend_on_how_the_bytes_arrive(cuts: list[int], seed: int) -> None:
    """Any split of the same bytes between looks gives the same lines, without an event."""
    rng = random.Random(seed)
    lines = [bytes(rng.randrange(32, 127) for _ in range(rng.randrange(0, 90))) for _ in range(60)]
    content = b"".join(line + b"\n" for line in lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        consumer = Consumer(path)
        consumer.poll()
        with path.open("ab", buffering=0) as stream:
            at = 0
            for cut in [*cuts, len(content)]:
                stream.write(content[at : at + cut])
                at += cut
                consumer.poll()
        consumer.follower.close()
    assert consumer.got == lines
    assert consumer.events == []
