"""One notification through apprise.

Apprise is an optional extra and 43 ms to import, so it is loaded here, at the first delivery. Traps avoided:
its log, which names URLs, on the console's terminal; a failure without a reason.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import ConsoleError, UsageError
from core.notify.targets import Target, redact

if TYPE_CHECKING:
    from types import ModuleType

INSTALL = "pip install 'ppo-console[notify]'"
_KINDS = {"critical": "failure", "warning": "warning", "info": "info", "resolved": "success"}


class Sender(Protocol):
    """What the courier asks of a way to deliver."""

    def send(self, target: Target, title: str, body: str, kind: str) -> str:
        """Deliver; the reason why not, without secrets, or an empty text. Blocks for seconds at most."""
        ...


class AppriseSender:
    """Any of apprise's targets."""

    def send(self, target: Target, title: str, body: str, kind: str) -> str:
        """`kind`: a severity, or `resolved`. Never raises."""
        try:
            apprise = load_apprise()
        except ConsoleError as error:
            return f"{error.title}: {error.hint}"
        try:
            return redact(_send(apprise, target, title, body, kind), target.secrets)
        except Exception as error:  # noqa: BLE001 - a plugin of a service may raise anything
            return redact(f"{type(error).__name__}: {error}", target.secrets)


def load_apprise() -> ModuleType:
    """The library. Raises UsageError where it is not installed."""
    try:
        import apprise
    except ImportError:
        raise UsageError("notifications need apprise, which is not installed", hint=INSTALL) from None
    logging.getLogger("apprise").propagate = False
    module: ModuleType = apprise
    return module


def _send(apprise: Any, target: Target, title: str, body: str, kind: str) -> str:
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as captured:
        client = apprise.Apprise(asset=apprise.AppriseAsset(app_id="ppo-console", app_desc="ppo-console"))
        if not client.add(target.url):
            return f"apprise does not know how to use this {target.scheme or 'text'} URL"
        delivered = client.notify(
            body=body,
            title=title,
            notify_type=_KINDS.get(kind, "info"),
            body_format="text",
            interpret_escapes=False,
        )
        said = " ".join(captured.getvalue().split())
    if delivered:
        return ""
    return said or f"{target.scheme} did not take it, and apprise does not say why"
