"""The looks on the screens themselves: every text of high contrast can be read, and the palette switches."""

from __future__ import annotations

from typing import Any

from rich.color import Color as RichColor

from console.theme import theme


def luminance(colour: RichColor) -> float:
    parts = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def rgb(colour: RichColor) -> tuple[float, ...]:
    assert colour.triplet is not None, colour
    return tuple(colour.triplet.normalized)


def pale(app: Any, lines: frozenset[str]) -> list[tuple[str, str, str, float]]:
    """Texts on the screen, or in the box over it, with less than 7:1, but for the lines that only frame."""
    found = []
    boxes = [*app.screen.query(".question, #help")]
    region = boxes[0].region if boxes else app.screen.region
    for strip in app.screen._compositor.render_strips()[region.y : region.bottom]:
        for text, style, _control in strip.crop(region.x, region.right):
            if not text.strip() or style is None or style.color is None or style.bgcolor is None:
                continue
            if style.color.triplet is not None and style.color.triplet.hex in lines:
                continue
            light, dark = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
            if (ratio := (light + 0.05) / (dark + 0.05)) < 7:
                found.append((text.strip(), style.color.name, style.bgcolor.name, round(ratio, 2)))
    return found


async def test_the_palette_switches_to_high_contrast_where_every_text_has_seven_to_one(
    given: Any, make: Any
) -> None:
    look = theme("high-contrast")
    frames = frozenset({look.variables["border-blurred"], look.variables["scrollbar"]})
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(
            pilot, make.snapshot(alerts=[make.alert(), make.alert(key="b", severity="warning")])
        )
        await given.pressed(pilot, "2", "1")
        assert pale(given.app, frozenset()), "the calm theme has labels below 7:1"
        await given.pressed(pilot, "colon", *"high-con")
        await pilot.pause()
        await given.pressed(pilot, "enter")
        await pilot.pause()
        assert given.app.theme == "high-contrast"
        for keys in ("1", "2", "a", "escape 5", "8", "question_mark"):
            await given.pressed(pilot, *keys.split())
            assert pale(given.app, frames) == [], f"after {keys}"
