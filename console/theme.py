"""The looks: a dark, calm one, one for every colour vision, one of high contrast; each with one accent and
three status colours.

Trap avoided: status colours that differ in hue alone. Their lightness differs too, so that they stay apart on
256-colour terminals and for colour-blind readers; glyph and word stand beside them anyway.
"""

from __future__ import annotations

from textual.theme import Theme

NAME = "ppo-console"
NAMES = (NAME, "colour-blind", "high-contrast")


def theme(name: str) -> Theme:
    """One of `NAMES`."""
    if name == "colour-blind":
        # Blue, yellow and vermillion: told apart without red, green or blue cones.
        return _theme(name, accent="#c3ccd9", good="#5aa9f0", warning="#ffe873", critical="#f0642f")
    if name == "high-contrast":
        return _theme(
            name,
            accent="#7fdfff",
            good="#7dff9a",
            warning="#ffe14d",
            critical="#ffaaa3",
            foreground="#ffffff",
            muted="#cccccc",
            disabled="#bdbdbd",
            rule="#8c8c8c",
            background="#000000",
            surface="#000000",
            panel="#121212",
            active="#2b2b2b",
            bar="#6e6e6e",
        )
    return _theme(name, accent="#6fb3d2", good="#8cc890", warning="#e3b65c", critical="#e8746c")


def _theme(
    name: str,
    *,
    accent: str,
    good: str,
    warning: str,
    critical: str,
    foreground: str = "#d5dce5",
    muted: str = "#8795a5",
    disabled: str = "#5b6876",
    rule: str = "#3a4756",
    background: str = "#0f141a",
    surface: str = "#141b23",
    panel: str = "#18212b",
    active: str = "#24313e",
    bar: str = "#2b3744",
) -> Theme:
    """`muted`: labels; `rule`: lines that frame; `active`: beneath the row with the cursor."""
    return Theme(
        name=name,
        primary=accent,
        secondary="#5c7f99",
        accent=accent,
        foreground=foreground,
        background=background,
        surface=surface,
        panel=panel,
        success=good,
        warning=warning,
        error=critical,
        dark=True,
        luminosity_spread=0.1,
        variables={
            "border": accent,
            "border-blurred": rule,
            "surface-active": active,
            "foreground-muted": muted,
            "foreground-disabled": disabled,
            "scrollbar": bar,
            "scrollbar-hover": rule,
            "scrollbar-active": accent,
            "scrollbar-background": background,
            "scrollbar-background-hover": background,
            "scrollbar-background-active": background,
            "scrollbar-corner-color": background,
            "input-cursor-background": accent,
            "input-cursor-foreground": background,
            "input-selection-background": f"{accent} 30%",
            "block-cursor-background": active,
            "block-cursor-foreground": foreground,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": panel,
            "block-hover-background": panel,
            "button-color-foreground": background,
            "button-focus-text-style": "bold",
        },
    )
