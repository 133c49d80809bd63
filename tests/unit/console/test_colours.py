"""Themes for every eye, and few colours or none: status stays apart, text stays readable."""

from __future__ import annotations

import itertools

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from console.colours import FewColours
from console.terminal import depth
from console.theme import NAMES, theme

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
NO_RED = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
NO_GREEN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881))
NO_BLUE = ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039))
ALL = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
BLACK = Color(0, 0, 0)


def linear(colour: str) -> list[float]:
    parts = [part / 255 for part in Color.parse(colour).rgb]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, seen: tuple[tuple[float, ...], ...]) -> list[float]:
    """CIE L*a*b* (D65) of a colour as an eye without one kind of cones sees it."""
    rgb = [sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in seen]
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def apart(one: str, other: str, seen: tuple[tuple[float, ...], ...]) -> float:
    """ΔE (CIE 1976): 2.3 is just noticeable."""
    pairs = zip(lab(one, seen), lab(other, seen), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def status(look: Theme) -> list[str]:
    return [str(look.success), str(look.warning), str(look.error), look.variables["foreground-muted"]]


def test_status_colours_of_the_colour_blind_theme_are_apart_for_every_colour_vision() -> None:
    look = theme("colour-blind")
    for seen in (ALL, NO_RED, NO_GREEN, NO_BLUE):
        for one, other in itertools.combinations(status(look), 2):
            assert apart(one, other, seen) >= 25, (one, other, seen, apart(one, other, seen))
    assert apart("#8cc890", "#e8746c", NO_RED) < 25, "the measure would pass red and green"


def test_text_of_the_high_contrast_theme_has_at_least_seven_to_one_on_every_ground() -> None:
    look = theme("high-contrast")
    texts = [*status(look), str(look.accent), str(look.foreground), look.variables["foreground-disabled"]]
    grounds = [str(look.background), str(look.surface), str(look.panel), look.variables["surface-active"]]
    for text, ground in itertools.product(texts, grounds):
        assert contrast(text, ground) >= 7, (text, ground, contrast(text, ground))
    assert contrast(look.variables["border-blurred"], str(look.background)) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_status_text_of_every_theme_can_be_read(name: str) -> None:
    look = theme(name)
    for text, ground in itertools.product(status(look), (str(look.background), str(look.panel))):
        assert contrast(text, ground) >= 4.5, (text, ground)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "all"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "screen.linux-m"}, "none"),
    ],
)
def test_as_many_colours_as_the_terminal_has_and_the_person_wants(
    environ: dict[str, str], wanted: str
) -> None:
    assert depth(environ) == wanted


def drawn(look: Theme, many: str, fore: str, back: str, **attributes: bool) -> Style:
    style = Style(color=fore, bgcolor=back, **attributes)
    (segment,) = FewColours(look, many).apply([Segment("x", style)], BLACK)  # type: ignore[arg-type]
    assert segment.style is not None
    return segment.style


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("many", ["16", "256"])
def test_status_colours_stay_apart_in_few_colours_and_no_text_has_the_colour_of_its_ground(
    name: str, many: str
) -> None:
    look = theme(name)
    system = ColorSystem.STANDARD if many == "16" else ColorSystem.EIGHT_BIT
    as_drawn = look.to_color_system().generate()
    roles = ("success", "warning", "error", "foreground-muted", "accent", "foreground", "border-blurred")
    texts = [as_drawn[role] for role in roles]
    for ground in (str(look.background), str(look.panel), look.variables["surface-active"]):
        styles = [drawn(look, many, text, ground) for text in texts]
        codes = [style.color.downgrade(system).number for style in styles if style.color is not None]
        assert len(set(codes[:4])) == 4, codes
        back = styles[0].bgcolor
        assert back is not None and back.downgrade(system).number not in codes
    assert drawn(look, many, texts[0], look.variables["surface-active"]).bgcolor != back_of(look, many)


def back_of(look: Theme, many: str) -> RichColor | None:
    return drawn(look, many, str(look.foreground), str(look.background)).bgcolor


@pytest.mark.parametrize("name", NAMES)
def test_without_colours_no_code_is_left_and_the_cursors_row_is_reversed(name: str) -> None:
    look = theme(name)
    plain = drawn(look, "none", str(look.error), str(look.panel), bold=True)
    cursor = drawn(look, "none", str(look.foreground), look.variables["surface-active"])
    assert plain.color is plain.bgcolor is None and plain.bold and not plain.reverse
    assert cursor.color is cursor.bgcolor is None and cursor.reverse


@pytest.mark.parametrize("name", NAMES)
def test_status_is_green_yellow_and_red_in_sixteen_colours_as_the_widgets_draw_it(name: str) -> None:
    """Textual's colour system moves some of a theme's colours by one."""
    look = theme(name)
    as_drawn = look.to_color_system().generate()
    styles = [
        drawn(look, "16", as_drawn[role], str(look.background)) for role in ("success", "warning", "error")
    ]
    assert [style.color.number for style in styles if style.color is not None] == [10, 11, 9]
    red = drawn(look, "256", as_drawn["error"], str(look.background)).color
    assert red is not None and red.number == 203
