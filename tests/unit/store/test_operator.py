"""Who the operator is: as configured, else the system's user, never what the environment claims."""

from __future__ import annotations

from core.config.settings import Operator
from core.store.operator import identify_operator


def test_operator_falls_back_to_the_system_user() -> None:
    configured = identify_operator(Operator(name=" Ada ", role="Lead"), {})
    assert (configured.name, configured.role, configured.client) == ("Ada", "Lead", "")
    remote = identify_operator(
        Operator(), {"SSH_CONNECTION": "10.0.0.7 50022 10.0.0.1 22", "USER": "mallory"}
    )
    assert remote.client == "10.0.0.7" and remote.name and remote.name != "mallory" and remote.host
    assert str(remote).endswith("from 10.0.0.7")
    hostile = identify_operator(Operator(name="a\x1b]0;x\x07"), {"SSH_CLIENT": "\x9b31m 1 2"})
    assert "\x1b" not in hostile.name and "\x9b" not in hostile.client
