"""Reads COUNT mutants of the two files in FOLDER; any import, exec, open or process meanwhile ends it.

A COUNT below 0 unpickles instead, to show that the watch is awake.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.models.problems import ModelProblem
from core.models.sb3 import read_zip
from core.models.vecnormalize import read_vecnormalize

FORBIDDEN = (
    "import",
    "exec",
    "compile",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "pickle.",
    "marshal.",
    "ctypes.",
)
armed = False


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if armed and event.startswith(FORBIDDEN):
        raise SystemExit(f"{event} while a mutant was read: {arguments!r:.200}")


def payloads(folder: Path) -> list[bytes]:
    """Pickles and pieces of them that would leave a file behind."""
    path = str(folder / "exploded")
    short = b"\x8c" + bytes([len(path)]) + path.encode()
    command = f"touch {path}"
    return [
        b"\x8c\x02os\x8c\x05mkdir\x93" + short + b"\x85R",
        b"cposix\nsystem\n\x8c" + bytes([len(command)]) + command.encode() + b"\x85R",
        b"(cos\nmkdir\nS'" + path.encode() + b"'\no",
        b"(S'" + path.encode() + b"'\nios\nmkdir\n",
        b"\x8c\x08builtins\x8c\x04open\x93" + short + b"\x8c\x01w\x86R",
        b"\x8c\x08builtins\x8c\x04exec\x93\x8c\x01x\x85R",
        *(b"\x82\x01", b"Q", b"b", b"R", b"\x81", b"\x92", b"\x93", b"0"),
        *(b"2", b"h\x00", b"\x94", b"(", b"u", b"t"),
    ]


def mutate(data: bytes, chance: random.Random, extra: list[bytes]) -> bytes:
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(mutant) or 1)
        match chance.randrange(6):
            case 0:
                mutant[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                mutant[at:at] = chance.choice(extra)
            case 2:
                mutant[at : at + chance.randrange(1, 20)] = b""
            case 3:
                other = chance.randrange(len(mutant) or 1)
                mutant[at:at] = mutant[other : other + chance.randrange(1, 40)]
            case 4:
                mutant[at : at + 1] = bytes([mutant[at] ^ (1 << chance.randrange(8))]) if mutant else b""
            case 5:
                mutant[-1:-1] = chance.choice(extra)
    return bytes(mutant)


def rezip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mutants(folder: Path, seed: int) -> Callable[[], tuple[Callable[[bytes], object], bytes]]:
    """The next reader and what it is to read; checksums are right, so that the change arrives."""
    chance, extra = random.Random(seed), payloads(folder)
    whole, statistics = (folder / "model.zip").read_bytes(), (folder / "statistics.pkl").read_bytes()
    outer = members_of(whole)
    inner, fields = members_of(outer["policy.pth"]), json.loads(outer["data"])
    pickled = ("policy_class", "policy_kwargs", "observation_space", "action_space")

    def following() -> tuple[Callable[[bytes], object], bytes]:
        match chance.randrange(5):
            case 0:
                return read_vecnormalize, mutate(statistics, chance, extra)
            case 1:
                name = chance.choice(pickled)
                raw = mutate(base64.b64decode(fields[name][":serialized:"]), chance, extra)
                changed = {**fields, name: {":serialized:": base64.b64encode(raw).decode()}}
                return read_zip, rezip({**outer, "data": json.dumps(changed).encode()})
            case 2:
                name = chance.choice([name for name in inner if name.endswith(("data.pkl", "/0", "version"))])
                tensors = rezip({**inner, name: mutate(inner[name], chance, extra)})
                return read_zip, rezip({**outer, "policy.pth": tensors})
            case 3:
                name = chance.choice(list(outer))
                return read_zip, rezip({**outer, name: mutate(outer[name], chance, extra)})
        return read_zip, mutate(whole, chance, extra)

    return following


def main() -> None:
    global armed
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    following = mutants(folder, seed)
    sys.addaudithook(watch)
    if count < 0:
        armed = True
        pickle.loads(b"\x80\x04" + payloads(folder)[0] + b".")  # noqa: S301
    found = {"read": 0, "refused": 0}
    for _ in range(count):
        read, data = following()
        armed = True
        try:
            read(data)
            found["read"] += 1
        except ModelProblem as problem:
            found["refused"] += 1
            assert str(problem).isprintable(), problem
        finally:
            armed = False
    print(found)


main()
