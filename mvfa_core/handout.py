"""A hand-out: one HTML page with its pictures inside, without scripts and without requests, that prints well on A4.

H W grid in cells · pictures uint8 (height, width, 3) RGB. Every text is escaped: names may come from strangers.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from mvfa_core import draw
from mvfa_core.checks import expect
from mvfa_core.explanation import Explanation
from mvfa_core.images import squash

WIDE_PX = 460
Limits = tuple[float, float]

_STYLE = """
@page { size: A4; margin: 15mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1d2228; background: #fff;
  max-width: 180mm; margin: 12mm auto; padding: 0 4mm; }
h1 { font-size: 18pt; margin: 0 0 2mm; } h2 { font-size: 13pt; margin: 7mm 0 2mm; break-after: avoid; }
p { margin: 0 0 2mm; } a { color: #28576f; overflow-wrap: anywhere; }
.lead { font-size: 12.5pt; }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(39mm, 1fr)); gap: 4mm; break-inside: avoid; }
figure { margin: 0; break-inside: avoid; } img { width: 100%; display: block; }
figcaption { font-size: 9pt; color: #454c54; margin-top: 1mm; } figcaption b { color: #1d2228; }
.bar img { height: 4mm; } .ends { display: flex; justify-content: space-between; font-size: 9pt; }
.bar { max-width: 90mm; margin: 3mm 0 0; break-inside: avoid; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 9.5pt; margin: 1mm 0 2mm; }
caption { text-align: left; color: #454c54; padding-bottom: 1mm; }
th, td { text-align: right; padding: 0.6mm 3mm; border-bottom: 0.2mm solid #d5d5cf; } th { font-weight: 600; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } td { overflow-wrap: anywhere; }
tr { break-inside: avoid; } thead { display: table-header-group; }
.facts td { text-align: left; } .note { font-size: 9pt; color: #454c54; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
"""


def page(title: str, parts: Sequence[str], *, language: str = "en") -> str:
    """The whole hand-out from its parts, each made by one of the functions below."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    # Whatever slips in: nothing is executed and nothing is fetched.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    guard = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    body = "\n".join((f"<h1>{escape(title)}</h1>", *parts))
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head>{head}{guard}<style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def heading(text: str) -> str:
    """A title over a part."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; `kind` "lead" is larger, "note" smaller."""
    expect(kind in ("", "lead", "note"), "kind", '"", "lead" or "note"', kind)
    return f'<p class="{kind}">{escape(text)}</p>'


def link(address: str) -> str:
    """An address that can be followed, if it is one of the web."""
    if not address.startswith(("http://", "https://")):
        return paragraph(address)
    return f'<p><a href="{escape(address)}">{escape(address)}</a></p>'


def figure(picture: np.ndarray, title: str, caption: str) -> str:
    """A picture with what it shows; the title and caption are its alternative text, too."""
    shown = f"<b>{escape(title)}</b> {escape(caption)}"
    text = escape(f"{title}. {caption}")
    return f'<figure><img src="{_source(picture)}" alt="{text}"><figcaption>{shown}</figcaption></figure>'


def row(figures: Sequence[str]) -> str:
    """Figures beside each other, as many as fit."""
    return f'<div class="row">{"".join(figures)}</div>'


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of texts and numbers."""
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>" for cells in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def facts(rows: Sequence[tuple[str, object]]) -> str:
    """Names and values."""
    body = "".join(f'<tr><th scope="row">{escape(a)}</th><td>{escape(str(b))}</td></tr>' for a, b in rows)
    return f'<table class="facts"><tbody>{body}</tbody></table>'


# --- pictures of an explanation ---


def canvas(picture: Image.Image) -> np.ndarray:
    """The picture at the size at which it is printed."""
    height = max(1, round(WIDE_PX * picture.height / picture.width))
    return squash(picture, (height, WIDE_PX))


def limits(maps: Sequence[np.ndarray | None]) -> Limits:
    """One range for all maps, centred on zero if there are values on both sides of it."""
    values = np.concatenate([map_HW.ravel() for map_HW in maps if map_HW is not None])
    low, high = float(values.min()), float(values.max())
    end = max(abs(low), abs(high))
    return (-end, end) if low < 0 < high else (low, high)


def map_over(picture: np.ndarray, map_HW: np.ndarray, within: Limits) -> np.ndarray:
    """A map over the picture, in the colours of its range; signed ones thin out towards zero."""
    values = draw.enlarge(map_HW, (picture.shape[1], picture.shape[0]))
    signed = within[0] < 0 < within[1]
    colour = draw.heat(values, within, "diverging" if signed else "inferno").astype(np.float32)
    cover = 0.75 * (np.minimum(1.0, 1.6 * np.abs(values) / within[1]) if signed else np.ones_like(values))
    return (picture + cover[..., None] * (colour - picture)).round().clip(0, 255).astype(np.uint8)


def colour_bar(within: Limits, unit: str) -> str:
    """The colours of a range with its ends."""
    name = "diverging" if within[0] < 0 < within[1] else "inferno"
    strip = np.repeat(draw.palette(name)[None], 8, axis=0)
    ends = "".join(f"<span>{escape(f'{end:+.3g} {unit}')}</span>" for end in within)
    return f'<div class="bar"><img src="{_source(strip)}" alt=""><div class="ends">{ends}</div></div>'


def anchors_on(picture: np.ndarray, explanation: Explanation) -> np.ndarray:
    """The anchors as dots."""
    assert explanation.anchors_K2 is not None
    return draw.anchors(picture, explanation.anchors_K2, explanation.grid)


def regions_on(picture: np.ndarray, explanation: Explanation, count: int) -> np.ndarray:
    """The surest regions as boxes."""
    assert explanation.sizes is not None
    across = np.array([picture.shape[1] / explanation.size_px[0], picture.shape[0] / explanation.size_px[1]] * 2)
    top = explanation.top(count)
    colours = [draw.size_colour(region.size, explanation.sizes) for region in top]
    return draw.boxes(picture, [np.array(region.box_px) * across for region in top], colours)


def _source(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=90, method=3)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
