"""Few colours: what is drawn where the terminal has 256, 16 or none, or a person wants none (`NO_COLOR`).

The nearest of few colours is often the wrong one: three status colours of one lightness become one white, a
red becomes an orange. So the theme's own colours have fixed places among 256 and 16. Trap avoided: colour
codes under `NO_COLOR`, and a cursor that nobody sees without them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from console.terminal import Depth

_STANDS_OUT = 1.25
"""A background this much lighter than the screen's means something: the cursor's row, a field, a bar."""
_BLACK, _BLUE, _GREY, _WHITE = 0, 4, 8, 15


class FewColours(LineFilter):
    """Puts the theme's colours on those that there are; `depth` is not `all`."""

    def __init__(self, theme: Theme, depth: Depth) -> None:
        super().__init__()
        self._limit = functools.lru_cache(maxsize=4096)(_LIMITS[depth](theme))

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        limit = self._limit
        return [
            segment if segment.style is None else Segment(segment.text, limit(segment.style))
            for segment in segments
        ]


class _Without:
    def __init__(self, theme: Theme) -> None:
        self._base = _luminance(RichColor.parse(theme.background or "#000000"))

    def __call__(self, style: Style) -> Style:
        """No colour; what stood on a lighter ground is reversed."""
        back = style.bgcolor
        stands_out = back is not None and (_luminance(back) + 0.05) / (self._base + 0.05) >= _STANDS_OUT
        plain = style.without_color
        return plain + Style(reverse=True) if stands_out else plain


class _Sixteen:
    """Text in the terminal's own bright colours, on black; on blue what stands out."""

    def __init__(self, theme: Theme) -> None:
        self._base = _luminance(RichColor.parse(theme.background or "#000000"))
        places = _places(theme, good=10, warning=11, critical=9, accent=14, rule=_GREY, muted=7)
        self._places = {colour.triplet: place for colour, place in places.items()}

    def __call__(self, style: Style) -> Style:
        fore, back = style.color, style.bgcolor
        ground = None
        if back is not None:
            stands_out = (_luminance(back) + 0.05) / (self._base + 0.05) >= _STANDS_OUT
            ground = _ansi(_BLUE if stands_out else _BLACK)
            if _luminance(back) > 0.25:  # a light ground: its text is dark
                return style + Style.from_color(_ansi(_BLACK), _ansi(7))
        return style + Style.from_color(None if fore is None else self._text(fore, ground), ground)

    def _text(self, fore: RichColor, ground: RichColor | None) -> RichColor:
        place = self._places.get(fore.triplet) if fore.triplet is not None else None
        if place is None:
            light = _luminance(fore)
            place = _WHITE if light > 0.5 else 7 if light > 0.12 else _GREY
        return _ansi(7 if place == _GREY and ground == _ansi(_BLUE) else place)


class _TwoHundred:
    """As it is, but for the colours whose nearest of 256 would mean or show something else."""

    def __init__(self, theme: Theme) -> None:
        places = _places(
            theme, critical=203, rule=239, bar=238, active=237, panel=235, surface=234, background=233
        )
        self._places = {colour.triplet: _ansi(place) for colour, place in places.items()}

    def __call__(self, style: Style) -> Style:
        fore = self._places.get(style.color.triplet) if style.color is not None else None
        back = self._places.get(style.bgcolor.triplet) if style.bgcolor is not None else None
        return style if fore is None and back is None else style + Style.from_color(fore, back)


_LIMITS: dict[Depth, Callable[[Theme], Callable[[Style], Style]]] = {
    "none": _Without,
    "16": _Sixteen,
    "256": _TwoHundred,
}


def _places(theme: Theme, **roles: int) -> dict[RichColor, int]:
    """Of the theme's colours those named, each with its place; as they are drawn, which may be one off."""
    drawn = theme.to_color_system().generate()
    named = {
        "good": "success",
        "warning": "warning",
        "critical": "error",
        "accent": "accent",
        "rule": "border-blurred",
        "muted": "foreground-muted",
        "active": "surface-active",
        "bar": "scrollbar",
        "panel": "panel",
        "surface": "surface",
        "background": "background",
    }
    return {
        RichColor.parse(drawn[name].lower()): roles[role] for role, name in named.items() if role in roles
    }


def _ansi(number: int) -> RichColor:
    return RichColor.from_ansi(number)


def _luminance(colour: RichColor) -> float:
    """Relative luminance by WCAG 2.1, 0 to 1; of the terminal's own ground 0."""
    if colour.is_default or colour.triplet is None:
        return 0.0
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.triplet.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
