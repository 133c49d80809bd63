"""The look: one dark, calm theme with one accent and three status colours.

Trap avoided: status colours that differ in hue alone. Their lightness differs too, so that they stay apart on
256-colour terminals and for colour-blind readers; glyph and word stand beside them anyway.
"""

from __future__ import annotations

from textual.theme import Theme

NAME = "ppo-console"

THEME = Theme(
    name=NAME,
    primary="#6fb3d2",
    secondary="#5c7f99",
    accent="#6fb3d2",
    foreground="#d5dce5",
    background="#0f141a",
    surface="#141b23",
    panel="#18212b",
    success="#8cc890",
    warning="#e3b65c",
    error="#e8746c",
    dark=True,
    luminosity_spread=0.1,
    variables={
        "border": "#6fb3d2",
        "border-blurred": "#3a4756",
        "surface-active": "#24313e",
        "foreground-muted": "#8795a5",
        "foreground-disabled": "#5b6876",
        "scrollbar": "#2b3744",
        "scrollbar-hover": "#3a4756",
        "scrollbar-active": "#6fb3d2",
        "scrollbar-background": "#0f141a",
        "scrollbar-background-hover": "#0f141a",
        "scrollbar-background-active": "#0f141a",
        "scrollbar-corner-color": "#0f141a",
        "input-cursor-background": "#6fb3d2",
        "input-cursor-foreground": "#0f141a",
        "input-selection-background": "#6fb3d2 30%",
        "block-cursor-background": "#24313e",
        "block-cursor-foreground": "#d5dce5",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#18212b",
        "block-hover-background": "#18212b",
        "button-color-foreground": "#0f141a",
        "button-focus-text-style": "bold",
    },
)
