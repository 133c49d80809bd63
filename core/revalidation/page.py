"""A self-contained HTML page: its style inside, nothing loaded from elsewhere, no script.

For people who decide without a terminal, and for an archive that must still open in ten years. Trap avoided:
text from files as markup; the helpers here escape what they are given.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from core.text import visible

_STYLE = """
:root { color-scheme: light dark; --text: #1c2430; --dim: #667085; --back: #ffffff; --panel: #f5f7fa;
  --rule: #d5dae1; --accent: #1f6feb; --good: #1a7f37; --warning: #9a6700; --critical: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --text: #dfe5ec; --dim: #8b96a5; --back: #0e131a;
  --panel: #161d26; --rule: #2b3441; --accent: #62b0d9; --good: #7fc77f; --warning: #e0b04c;
  --critical: #ef6b64; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .4rem 0; } .dim { color: var(--dim); }
.good { color: var(--good); } .warning { color: var(--warning); } .critical { color: var(--critical); }
.verdict { display: inline-block; padding: .1rem .6rem; border-radius: .25rem; color: var(--back); }
.verdict.good { background: var(--good); } .verdict.warning { background: var(--warning); }
.verdict.critical { background: var(--critical); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92em; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } td.number, th.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; } .charts { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: .5rem 0; background: var(--panel); border-radius: .4rem; padding: .6rem; }
figcaption { color: var(--dim); font-size: .9em; } code { overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--dim); font-size: 10px; }
.line { fill: none; stroke: var(--accent); stroke-width: 1.4; }
.line-area { fill: var(--accent); opacity: .12; }
.fall { fill: none; stroke: var(--critical); stroke-width: 1; }
.fall-area { fill: var(--critical); opacity: .2; }
.other { fill: none; stroke: var(--dim); stroke-width: 1; stroke-dasharray: 3 3; }
.grid { stroke: var(--rule); stroke-width: .6; } .limit { stroke: var(--warning); stroke-dasharray: 4 3; }
.bar { fill: var(--accent); opacity: .75; } .won { fill: var(--good); } .lost { fill: var(--critical); }
"""


def page(title: str, blocks: Iterable[str]) -> str:
    """The whole document. `blocks` are markup; `title` is text."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{text(title)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(blocks)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def text(words: str) -> str:
    """`words` as text of a page."""
    return html.escape(visible(words, 4000))


def heading(words: str) -> str:
    return f"<h2>{text(words)}</h2>"


def paragraph(words: str, style: str = "") -> str:
    return f'<p class="{style}">{text(words)}</p>' if style else f"<p>{text(words)}</p>"


def bullets(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def figure(drawing: str, caption: str) -> str:
    """`drawing` is markup from `core.revalidation.svg`."""
    return f"<figure>{drawing}<figcaption>{text(caption)}</figcaption></figure>" if drawing else ""


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = (), tones: Sequence[str] = ()
) -> str:
    """`numbers` are the columns that stand right; `tones` a style for each row's last cell."""
    right = set(numbers)

    def cells(tag: str, row: Sequence[str], tone: str = "") -> str:
        out = []
        for index, cell in enumerate(row):
            styles = ["number"] if index in right else []
            if tone and index == len(row) - 1:
                styles.append(tone)
            style = f' class="{" ".join(styles)}"' if styles else ""
            out.append(f"<{tag}{style}>{text(cell)}</{tag}>")
        return f"<tr>{''.join(out)}</tr>"

    lines = [
        cells("td", row, tones[number] if number < len(tones) else "") for number, row in enumerate(rows)
    ]
    return f'<div class="scroll"><table>{cells("th", head)}{"".join(lines)}</table></div>'
