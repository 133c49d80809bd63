"""The host: what can be seen, and None where nothing can."""

from __future__ import annotations

import os
from pathlib import Path

from core.process import ProcessIdentity, identify
from core.telemetry.host import HostProbe


def test_memory_disk_and_the_first_cpu_figure(tmp_path: Path) -> None:
    probe = HostProbe()
    host = probe.read([tmp_path, tmp_path / "not" / "there" / "yet"])
    assert host.cpu_percent is None
    assert 0 < host.memory_used < host.memory_total
    assert 0 <= host.memory_free_percent <= 100
    assert [disk.path for disk in host.disks] == [tmp_path, tmp_path / "not" / "there" / "yet"]
    assert all(disk.free is not None and disk.free > 0 for disk in host.disks)
    assert probe.read([]).cpu_percent is not None


def test_the_trainers_use_only_while_it_is_that_process() -> None:
    me = identify(os.getpid(), "")
    probe = HostProbe()
    first = probe.read([], me)
    assert first.trainer is not None
    assert (first.trainer.pid, first.trainer.cpu_percent) == (me.pid, None)
    assert first.trainer.memory > 1_000_000
    second = probe.read([], me)
    assert second.trainer is not None and second.trainer.cpu_percent is not None
    stranger = ProcessIdentity(me.pid, me.started - 9999, me.boot_id, "", me.host)
    assert probe.read([], stranger).trainer is None
