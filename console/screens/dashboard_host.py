"""The machine of the console, the training process where it can be seen, volumes and GPUs, in words. Pure.

Trap avoided: a blank where a card or a process cannot be seen; what is not known says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import units
from core.text import visible
from widgets.tiles import Tile
from widgets.tone import Tone

if TYPE_CHECKING:
    from core.telemetry.gpu import Gpu
    from core.telemetry.host import Disk, Host
    from core.telemetry.model import Run

Fact = tuple[str, str, Tone]


def gpu_tiles(host: Host) -> list[Tile]:
    """One row a card; none where none can be seen."""
    return [_gpu_tile(card) for card in host.gpus.cards]


def _gpu_tile(card: Gpu) -> Tile:
    load = units.percent(None if card.percent is None else 5 * round(card.percent / 5), 0)
    memory = _of(card.memory_used, card.memory_total)
    heat = f"{card.temperature} °C" if card.temperature is not None else ""
    return Tile(
        f"gpu {card.index}", " ".join(filter(None, (load, memory, heat))), short=f"{load} {heat}".strip()
    )


def _of(used: int | None, total: int | None) -> str:
    if used is None or total is None:
        return ""
    return f"{units.gigabytes(used).removesuffix(' GB')}/{units.gigabytes(total)}"


def host_facts(run: Run, host: Host | None, host_name: str) -> list[Fact]:
    """The console's machine, the training process where it can be seen, volumes and cards."""
    if host is None:
        return [("host", "not looked at yet", "unknown")]
    cpu = f", cpu {units.percent(host.cpu_percent, 0)}" if host.cpu_percent is not None else ""
    memory = f"memory {units.gigabytes(host.memory_used)} of {units.gigabytes(host.memory_total)}"
    facts: list[Fact] = [("host", f"{host_name}: {host.cores} cores{cpu}, {memory}", "plain")]
    facts.append(("trainer", *_trainer(run, host, host_name)))
    facts += [("disk", words, "plain") for words in _volumes(host.disks)]
    for card in host.gpus.cards:
        facts.append((f"gpu {card.index}", _card(card), "plain"))
    if not host.gpus.cards:
        facts.append(("gpu", host.gpus.reason or "none", "unknown"))
    return facts


def _trainer(run: Run, host: Host, host_name: str) -> tuple[str, Tone]:
    info, use = run.info, host.trainer
    if info.pid is None:
        return "not known: its files name no process", "unknown"
    where = f"process {info.pid} on {visible(info.host or 'an unnamed host', 80)}"
    if use is not None:
        return (
            f"{where}: cpu {units.percent(use.cpu_percent, 0)}, memory {units.gigabytes(use.memory)}",
            "plain",
        )
    if run.process == "gone":
        return f"{where}: gone", "plain"
    why = "another host" if info.host not in (None, host_name) else "another user's, or not ours to look at"
    return f"{where}: not seen from here ({why})", "unknown"


def _volumes(disks: Sequence[Disk]) -> list[str]:
    """Each volume once, with the folders that lie on it."""
    found: dict[tuple[int | None, int | None], list[str]] = {}
    for disk in disks:
        found.setdefault((disk.free, disk.total), []).append(visible(str(disk.path), 200))
    return [
        f"{units.gigabytes(free)} free of {units.gigabytes(total)}: {', '.join(folders)}"
        if free is not None
        else f"cannot be seen: {', '.join(folders)}"
        for (free, total), folders in found.items()
    ]


def _card(card: Gpu) -> str:
    held = card.trainer_memory
    parts = [
        card.name,
        f"{units.percent(card.percent, 0)} busy" if card.percent is not None else "load not told",
        f"memory {_of(card.memory_used, card.memory_total) or 'not told'}",
        f"{card.temperature} °C" if card.temperature is not None else "",
        f"{card.watts:.0f} W" if card.watts is not None else "",
        f"the trainer holds {units.gigabytes(held)}" if held is not None else "",
    ]
    return ", ".join(part for part in parts if part)
