"""Who acts: the operator's identity as it stands in every entry of the audit log.

Trap avoided: an anonymous entry. Without a configured name the system's user rules, taken from the user id
and not from an environment variable that anyone can set.
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from core.config.settings import Operator
from core.text import visible

_LIMIT = 80


@dataclass(frozen=True, slots=True)
class OperatorIdentity:
    name: str
    role: str
    host: str
    """The machine the console runs on."""
    client: str
    """Address of the SSH client; empty for a local session."""

    def __str__(self) -> str:
        source = f" from {self.client}" if self.client else ""
        return f"{self.name}@{self.host}{source}"


def identify_operator(configured: Operator, environment: Mapping[str, str] | None = None) -> OperatorIdentity:
    """The configured operator, else the system's user; with host and SSH client. Never raises."""
    environment = os.environ if environment is None else environment
    connection = environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or ""
    client = connection.split()[0] if connection.split() else ""
    return OperatorIdentity(
        name=visible(configured.name.strip() or _system_user(), _LIMIT),
        role=visible(configured.role.strip(), _LIMIT),
        host=visible(socket.gethostname(), _LIMIT),
        client=visible(client, _LIMIT),
    )


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
