"""The week's plan: every time of both documents, each at its own, with its owner, as configured.

Nothing is looked at here, so the header can ask for the next event every second. Trap avoided: a second
calendar beside the checklists'; what has items takes its times from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from core.checklist.build import REVALIDATION_DAY, at, items_of, midnight
from core.checklist.line import Document, Text

if TYPE_CHECKING:
    from core.checklist.item import Item
    from core.config.settings import Settings

Kind = Literal["preflight", "launch", "training", "preparation", "revalidation", "escalation", "signature"]
"""What decides its state: `training` events end with the run."""
DEPLOYMENT_DAY = 5


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """`daily.2026-02-24.10:00`, `launch.2026-02-23.14:00`."""
    kind: Kind
    day: int
    """1 is launch day."""
    at: datetime
    until: datetime
    """Then it is overdue, unless it is done."""
    text: str
    owner: str
    source: Document
    checklist: str = ""
    """The list that holds its items; empty: it has none."""
    items: tuple[str, ...] = ()
    """The ids of its items."""
    command: str = ""
    """What does or shows it."""


_TEXTS: dict[str, Text] = {
    "setup": Text("Final pre-training set-up", "Preparação final de pré-treino"),
    "preflight": Text("Pre-training checklist", "Checklist de pré-treino"),
    "start": Text("START TRAINING", "INICIAR TREINO"),
    "hourly": Text("Hourly check +{hours} h", "Check de hora em hora +{hours} h"),
    "daily0": Text("Morning standup, progress check", "Standup da manhã, verificação de progresso"),
    "daily1": Text("Mid-day convergence review", "Revisão de convergência do meio-dia"),
    "daily2": Text("End-of-day metrics snapshot", "Snapshot das métricas do fim do dia"),
    "daily3": Text("Evening checkpoint validation", "Validação noturna do checkpoint"),
    "check_in": Text("Daily check-in, five points", "Check-in diário, cinco pontos"),
    "second": Text("Optional second check", "Segundo check opcional"),
    "pre_revalidation": Text("Pre-revalidation checklist", "Checklist de pré-revalidação"),
    "preparation": Text("Final preparation", "Preparação final"),
    "execute": Text("EXECUTE REVALIDATION", "EXECUTAR REVALIDAÇÃO"),
    "parse": Text("Parse results, escalate to the CTO", "Interpretar resultados, escalar ao CTO"),
    "cto": Text("CTO decision: deliver the five documents", "Decisão do CTO: entregar os cinco documentos"),
    "approval": Text("CTO approval", "Aprovação do CTO"),
    "deployment": Text("Live deployment (if GO): a signature", "Deploy em produção (se GO): uma assinatura"),
}


def plan(settings: Settings) -> tuple[Planned, ...]:
    """Every event of the week in the order of its time."""
    start, schedule = settings.week.start, settings.schedule
    last = start + timedelta(days=REVALIDATION_DAY)
    make = _Maker(settings)
    preflight = items_of("preflight", settings)
    setup = tuple(item for item in preflight if item.id.startswith("preflight.setup_"))
    events = [
        make("setup", "preflight", at(start, schedule.preflight), "ML Engineer", "001", "preflight", setup),
        make(
            "preflight",
            "preflight",
            at(start, schedule.pre_training),
            "ML",
            "000",
            "preflight",
            tuple(item for item in preflight if item not in setup),
            command="ppo-console preflight",
        ),
        make(
            "start",
            "launch",
            at(start, schedule.launch),
            "ML Engineer",
            "001",
            command="ppo-console train",
            id_="start",
        ),
        *make.slots("launch", start),
    ]
    for index in range(REVALIDATION_DAY):
        day = start + timedelta(days=index)
        events += make.slots("daily", day)
        if index:
            events += [*make.slots("check_in", day), *make.slots("second", day)]
    events += make.slots("preparation", last)
    events += make.slots("revalidation", last)
    events += [
        make(
            "execute",
            "revalidation",
            at(last, schedule.revalidation),
            "ML Lead",
            "001",
            command="ppo-console revalidate",
        ),
        *make.slots("escalation", last),
        make(
            "approval", "signature", at(last, schedule.approval), "CTO", "001", command="ppo-console signoff"
        ),
        make(
            "deployment",
            "signature",
            at(start + timedelta(days=DEPLOYMENT_DAY), "00:00"),
            "SWE",
            "000",
            command="ppo-console signoff live_deployment",
            whole_day=True,
        ),
    ]
    return tuple(sorted(events, key=lambda event: (event.at, event.source)))


_SOURCES: dict[str, Document] = {"daily": "000", "revalidation": "000"}


class _Maker:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._window = timedelta(minutes=settings.schedule.window_minutes)

    def __call__(
        self,
        name: str,
        kind: Kind,
        begin: datetime,
        owner: str,
        source: Document,
        checklist: str = "",
        items: tuple[Item, ...] = (),
        *,
        command: str = "",
        id_: str = "",
        text: str = "",
        whole_day: bool = False,
        end: datetime | None = None,
    ) -> Planned:
        until = midnight(begin.date()) if whole_day else begin + self._window
        shown = text or _TEXTS[name].of(self._settings.checklist.language)
        return Planned(
            id=f"{id_ or name}.{begin:%Y-%m-%d.%H:%M}",
            kind=kind,
            day=(begin.date() - self._settings.week.start).days + 1,
            at=begin,
            until=until if end is None else min(until, end),
            text=shown,
            owner=owner,
            source=source,
            checklist=checklist,
            items=tuple(item.id for item in items),
            command=command or (f"ppo-console checklist {checklist}" if checklist else ""),
        )

    def slots(self, checklist: str, day: Date) -> Iterator[Planned]:
        """One event for the items of a list that share a section of the day."""
        groups: dict[str, list[Item]] = {}
        for item in items_of(checklist, self._settings, day):
            if ".check." not in item.id:
                groups.setdefault(item.group, []).append(item)
        for index, items in enumerate(groups.values()):
            first = items[0]
            if first.due is None or first.until is None:
                continue
            begin = min(item.due for item in items if item.due is not None)
            name, kind, text = self._names(checklist, index, items)
            source: Document = (
                "000" if (checklist, index) == ("preparation", 0) else _SOURCES.get(checklist, "001")
            )
            yield self(
                name,
                kind,
                begin,
                first.owner,
                source,
                checklist,
                tuple(items),
                id_=checklist,
                text=text,
                end=first.until,
                command=f"ppo-console checklist {checklist} --date {day.isoformat()}",
            )

    def _names(self, checklist: str, index: int, items: list[Item]) -> tuple[str, Kind, str]:
        """The event's text key, its kind, and its own text where a line gives it."""
        language = self._settings.checklist.language
        match checklist:
            case "launch":
                return "hourly", "training", _TEXTS["hourly"].of(language).format(hours=index + 1)
            case "daily":
                return f"daily{min(index, 3)}", "training", ""
            case "check_in" | "second":
                return checklist, "training", ""
            case "preparation":
                return ("pre_revalidation", "preparation")[index], "preparation", ""
            case "escalation":
                return "cto", "escalation", ""
            case _:
                if len(items) > 1:
                    return "parse", "revalidation", ""
                return "", "revalidation", items[0].text
