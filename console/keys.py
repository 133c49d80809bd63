"""The one table of keys: it drives dispatch, the footer, the help screen and the palette.

Each row has a stable id, by which `[keys]` of config.toml remaps it (`console.keyboard`). A screen (or the
app) handles an id in its method ``do_<id with dots as underscores>``. Trap
avoided: a footer or help that says what a key once did. No key that a terminal, tmux or flow control swallows
is the only way to its action.
"""

from __future__ import annotations

import msgspec
from textual.binding import Binding

DASHBOARD, ALERTS, CHECKLIST, LOGS, REVALIDATE, STANDUP = 1, 2, 3, 4, 5, 6
TIMELINE, RUNBOOK = 7, 8
IN_BOXES = 0
"""No screen: only in boxes over one, as `console.box_keys` says."""


class Key(msgspec.Struct, frozen=True):
    """One action and the keys that start it."""

    id: str
    """Stable: `alert.acknowledge`."""
    keys: str
    """Textual key names, comma separated; the first is the one shown."""
    shown: str
    """How help and footer print the first key: `space`, `?`."""
    words: str
    """One or two words for the footer."""
    help: str
    """What it does, a short sentence."""
    group: str
    """Its heading in the help screen."""
    screens: tuple[int, ...] = ()
    """The screens it acts on; empty: all."""
    footer: int = 0
    """Order in the footer; 0 keeps it out."""
    sticky: bool = False
    """Stays in the footer when there is no room for all."""
    palette: bool = True
    """Offered in the command palette."""

    def acts_on(self, screen: int) -> bool:
        return not self.screens or screen in self.screens


_SCREENS = (
    Key("screen.dashboard", "1", "1", "Dashboard", "Dashboard: is the run healthy", "Screens"),
    Key("screen.alerts", "2", "2", "Alerts", "Alerts: what needs me", "Screens"),
    Key("screen.checklist", "3", "3", "Checklist", "Checklist: preflight and the day's checks", "Screens"),
    Key("screen.logs", "4", "4", "Logs", "Logs: training, alerts, daily summary", "Screens"),
    Key("screen.revalidate", "5", "5", "Revalidate", "Revalidate: did the model earn GO", "Screens"),
    Key("screen.standup", "6", "6", "Standup", "Standup: the morning's template, filled", "Screens"),
    Key("screen.timeline", "7", "7", "Timeline", "Timeline: the week, what is due and overdue", "Screens"),
    Key("screen.runbook", "8", "8", "Runbook", "Runbook: what to do, with its checks made", "Screens"),
)

_PANES = (DASHBOARD, ALERTS, CHECKLIST, LOGS, REVALIDATE)
_LISTS = (DASHBOARD, ALERTS, CHECKLIST, LOGS, REVALIDATE, STANDUP, TIMELINE, RUNBOOK)

_MOVE = (
    Key(
        "move.down", "j,down", "j", "down", "Next row, line or metric (also ↓)", "Move", _LISTS, palette=False
    ),
    Key("move.up", "k,up", "k", "up", "The one before (also ↑)", "Move", _LISTS, palette=False),
    Key("move.top", "g,home", "g", "top", "To the first (also home)", "Move", _LISTS, palette=False),
    Key("move.end", "G,end", "G", "end", "To the last (also end)", "Move", _LISTS, palette=False),
    Key(
        "page.down",
        "pagedown,ctrl+d",
        "pgdn",
        "page",
        "A page down (also ctrl+d)",
        "Move",
        _LISTS,
        palette=False,
    ),
    Key("page.up", "pageup,ctrl+u", "pgup", "page", "A page up (also ctrl+u)", "Move", _LISTS, palette=False),
    Key("move.left", "left,h", "←", "left", "Previous list (also h)", "Move", (CHECKLIST,), palette=False),
    Key("move.right", "right,l", "→", "right", "Next list (also l)", "Move", (CHECKLIST,), palette=False),
    Key("pane.next", "tab", "tab", "next", "Next pane, chart or list", "Move", _PANES, 25, palette=False),
    Key("pane.previous", "shift+tab", "shift+tab", "previous", "Previous one", "Move", _PANES, palette=False),
    Key(
        "row.open",
        "enter",
        "enter",
        "details",
        "The row in full",
        "Move",
        (CHECKLIST, REVALIDATE),
        35,
        palette=False,
    ),
    Key("event.open", "enter", "enter", "go there", "To the event's list or screen", "Move", (TIMELINE,), 8),
    Key("event.next_open", "n", "n", "next open", "Next event that is due now", "Move", (TIMELINE,), 15),
    Key("timeline.look", "f5,ctrl+r", "f5", "look again", "Look at the week again", "Act", (TIMELINE,), 33),
    Key("item.next_open", "n", "n", "next open", "Next item that is open", "Move", (CHECKLIST,), 15),
    Key(
        "row.chart",
        "enter",
        "enter",
        "chart",
        "The alert's chart; on a rule its threshold; on a silence its end",
        "Move",
        (ALERTS,),
        8,
    ),
    Key(
        "procedure.open",
        "enter",
        "enter",
        "open",
        "Open the scenario; of a step, what it records, and ask",
        "Act",
        (RUNBOOK,),
        8,
    ),
    Key("step.take", "space", "space", "take", "Take the step: journal, record", "Act", (RUNBOOK,), 9),
    Key("step.next", "n", "n", "next open", "Next step that nobody took", "Move", (RUNBOOK,), 16),
)

_ACTIONS = (
    Key("item.tick", "space", "space", "tick", "Tick or untick the item", "Act", (CHECKLIST,), footer=10),
    Key(
        "item.override",
        "O",
        "O",
        "override",
        "Override a failing item, with a reason",
        "Act",
        (CHECKLIST,),
        footer=20,
    ),
    Key(
        "item.not_applicable",
        "N",
        "N",
        "n/a",
        "The item does not apply, with a reason",
        "Act",
        (CHECKLIST,),
        footer=22,
    ),
    Key(
        "checklist.refresh",
        "ctrl+r,f5",
        "f5",
        "look again",
        "Evaluate the checklist now",
        "Act",
        (CHECKLIST,),
    ),
    Key(
        "alert.acknowledge",
        "a",
        "a",
        "ack",
        "Acknowledge the alert, with a note",
        "Act",
        (DASHBOARD, ALERTS, LOGS, RUNBOOK),
        footer=10,
    ),
    Key(
        "alert.silence",
        "s",
        "s",
        "silence",
        "Silence alerts for a while, with a comment",
        "Act",
        (ALERTS,),
        11,
    ),
    Key(
        "runbook.open",
        "r",
        "r",
        "runbook",
        "The runbook of the alert: what to do, with its checks made",
        "Act",
        (DASHBOARD, ALERTS, LOGS),
        footer=12,
    ),
    Key(
        "escalation.open",
        "E",
        "E",
        "escalate",
        "The escalation: steps, whom to call, what to write",
        "Act",
        (ALERTS, RUNBOOK),
        footer=14,
    ),
    Key("alert.logs", "c", "c", "logs", "The log lines of the alert's moment", "Act", (ALERTS, RUNBOOK), 13),
    Key("row.details", "d", "d", "details", "All about the row", "Move", (ALERTS, TIMELINE, RUNBOOK), 36),
    Key("runbook.look", "f5,ctrl+r", "f5", "look again", "Make the checks again", "Act", (RUNBOOK,), 33),
    Key(
        "standup.next",
        "enter",
        "enter",
        "line is right",
        "The line may stand: the next",
        "Act",
        (STANDUP,),
        9,
    ),
    Key("standup.edit", "e", "e", "edit", "Edit the line, or the note", "Act", (STANDUP,), footer=10),
    Key(
        "standup.confirm",
        "c",
        "c",
        "confirm",
        "Confirm the standup: store it and write Markdown",
        "Act",
        (STANDUP,),
        footer=20,
    ),
    Key("standup.refresh", "f5", "f5", "refill", "Fill the standup again from the run", "Act", (STANDUP,)),
    Key("revalidate.start", "R", "R", "revalidate", "Judge the model (confirms first)", "Act", footer=30),
    Key(
        "sign.off",
        "S",
        "S",
        "sign-off",
        "The sign-off by phase: sign, reject",
        "Act",
        (REVALIDATE, TIMELINE),
        31,
    ),
    Key("model.backup", "B", "B", "backup", "Back up the models, hashes verified", "Act", (REVALIDATE,), 32),
    Key("training.control", "T", "T", "train", "Start, resume or stop the training (confirms first)", "Act"),
    Key("handover.open", "A", "A", "handover", "What happened while you were away", "Act"),
    Key("workspace.save", "W", "W", "save", "Save this run as a workspace, and go on in it", "Act"),
    Key("display.pause", "p", "p", "pause", "Hold the display still; following goes on", "Act", footer=60),
    Key("display.redraw", "ctrl+l", "ctrl+l", "redraw", "Draw the whole screen again", "Act"),
    Key("text.copy", "y", "y", "copy", "Copy the screen's content; also to a file", "Act", footer=50),
    Key(
        "screen.export",
        "x",
        "x",
        "export",
        "Save the screen as SVG and text, series as CSV and JSON",
        "Act",
        footer=55,
    ),
)

_CL, _DASH = "Charts and logs", (DASHBOARD,)

_CHARTS_AND_LOGS = (
    Key(
        "tiles.page",
        "v",
        "v",
        "values",
        "The next values, where not all fit",
        "Charts and logs",
        (DASHBOARD,),
    ),
    Key(
        "chart.open", "enter,z", "enter", "metric", "The metric full screen and back (also z)", _CL, _DASH, 22
    ),
    Key(
        "chart.right",
        "l,right",
        "l",
        "cursor",
        "Chart cursor to the right (also →)",
        _CL,
        _DASH,
        palette=False,
    ),
    Key(
        "chart.left",
        "h,left",
        "h",
        "cursor",
        "Chart cursor to the left (also ←)",
        _CL,
        _DASH,
        26,
        palette=False,
    ),
    Key(
        "chart.zoom_in",
        "plus,equals_sign",
        "+",
        "zoom",
        "Zoom in, at the cursor or the newest",
        _CL,
        _DASH,
        28,
    ),
    Key("chart.zoom_out", "minus", "-", "wider", "Zoom out", _CL, _DASH),
    Key("chart.whole", "0", "0", "whole", "The whole run", _CL, _DASH),
    Key("chart.log", "L", "L", "log", "Logarithmic scale of the metric, or back", _CL, _DASH),
    Key("chart.smooth", "S", "S", "smooth", "Smoothed lines above the rows, or back", _CL, _DASH),
    Key("chart.logs", "c", "c", "logs", "The log lines of the cursor's moment", _CL, _DASH, 13),
    Key("time.back", "left_square_bracket", "[", "replay", "Step back in time: replay", _CL, _DASH, 32),
    Key("time.forward", "right_square_bracket", "]", "later", "Step forward in time, up to live", _CL, _DASH),
    Key("time.go", "t", "t", "go to", "Replay from a step or time", _CL, _DASH),
    Key("metric.find", "slash", "/", "find", "Find a metric by its name", _CL, _DASH, 34),
    Key("metric.next", "n", "n", "next found", "To the next metric found", _CL, _DASH, palette=False),
    Key("metric.previous", "N", "N", "previous", "To the previous one found", _CL, _DASH, palette=False),
    Key("metric.filter", "ampersand", "&", "filter", "Show only the metrics with these words", _CL, _DASH),
    Key("run.sources", "i", "i", "sources", "Sources, malformed rows, host and GPUs in full", _CL, _DASH),
    Key("runs.open", "o", "o", "runs", "Earlier runs: their outcome, and overlay them", _CL, _DASH, 36),
    Key("run.overlay", "space", "space", "overlay", "Overlay the run in the list (also enter)", _CL, _DASH),
    Key("run.pin", "P", "P", "pin", "Pin the run in the list: compare with it", _CL, _DASH),
    Key("run.hide", "H", "H", "hide", "Hide the overlaid runs, or show them again", _CL, _DASH),
    Key("log.find", "slash", "/", "find", "Find a text in all lines", _CL, (LOGS,), 10),
    Key("log.next", "n", "n", "next found", "To the next line found", _CL, (LOGS,), 15),
    Key("log.previous", "N", "N", "previous", "To the previous line found", _CL, (LOGS,)),
    Key("log.filter", "ampersand", "&", "filter", "Show only lines with a text", _CL, (LOGS,), 16),
    Key("log.fault_next", "e", "e", "next error", "To the next error or alert", _CL, (LOGS,), 17),
    Key("log.fault_previous", "E", "E", "previous error", "To the error or alert before", _CL, (LOGS,)),
    Key("log.go", "t", "t", "go to", "Go to a time or a step", _CL, (LOGS,), 18),
    Key("log.chart", "c", "c", "chart", "The charts at the line's step or time", _CL, (LOGS,), 19),
    Key("log.follow", "F", "F", "follow", "Follow the newest line again", _CL, (LOGS,), 20),
    Key("log.open", "enter", "enter", "line", "The line in full, with its traceback", _CL, (LOGS,), 22),
    Key("log.wrap", "w", "w", "wrap", "Wrap long lines, or cut them", _CL, (LOGS,), 24),
    Key("log.right", "l,right", "l", "right", "Show long lines further right", _CL, (LOGS,)),
    Key("log.left", "h,left", "h", "left", "Back to the left", _CL, (LOGS,)),
)

_PROGRAM = (
    Key(
        "app.help", "question_mark,f1", "?", "help", "This help (also F1)", "Program", footer=90, sticky=True
    ),
    Key(
        "app.palette",
        "colon,ctrl+p",
        ":",
        "palette",
        "Every action by name (also ctrl+p)",
        "Program",
        palette=False,
    ),
    Key("app.back", "escape", "esc", "back", "Close what is open, else back where you came from", "Program"),
    Key("app.quit", "q", "q", "quit", "Back, then quit", "Program", footer=95, sticky=True),
    Key("app.leave", "ctrl+c", "ctrl+c", "quit", "Quit from anywhere", "Program", palette=False),
)

_BOX = "Over a screen", (IN_BOXES,)

_BOXES = (
    Key("answer.yes", "y", "y", "yes", "Yes", *_BOX),
    Key("answer.default", "enter", "enter", "yes or no", "The answer that loses nothing", *_BOX),
    Key("answer.no", "n", "n", "no", "No", *_BOX),
    Key("step.by_hand", "h", "h", "by hand", "The step was taken by hand: record it", *_BOX),
    Key("text.on", "space", "space", "page", "A page further", *_BOX),
    Key("training.choose", "enter", "enter", "choose", "What the cursor stands on", *_BOX),
    Key("training.start", "n", "n", "start", "Start a new run", *_BOX),
    Key("training.resume", "r", "r", "resume", "Resume the run", *_BOX),
    Key("training.fresh", "f", "f", "start afresh", "Put the run aside and start afresh", *_BOX),
    Key("training.stop", "s", "s", "stop", "Stop the training", *_BOX),
    Key("training.force", "K", "K", "force stop", "End the training by force", *_BOX),
    Key("phase.sign", "enter,s", "enter", "sign", "Sign the phase", *_BOX),
    Key("phase.reject", "x", "x", "reject", "Reject the phase", *_BOX),
)

KEYS: tuple[Key, ...] = (*_SCREENS, *_MOVE, *_ACTIONS, *_CHARTS_AND_LOGS, *_PROGRAM, *_BOXES)
GROUPS = ("Screens", "Move", "Act", "Charts and logs", "Program")


def handler_name(action_id: str) -> str:
    """`alert.acknowledge` → `do_alert_acknowledge`."""
    return "do_" + action_id.replace(".", "_")


def bindings_for(screen: int) -> list[Binding]:
    """Textual bindings of one screen, by the table's ids."""
    return [
        Binding(key.keys, f"app.do('{key.id}')", key.help, show=False, id=key.id)
        for key in KEYS
        if key.acts_on(screen)
    ]
