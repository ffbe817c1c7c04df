"""Covers as pictures: a pattern in five colours, the title, and the name below."""

from collections.abc import Callable, Mapping
from html import escape

from media.models import Cover, Pattern

WIDTH, HEIGHT = 300, 450

#: Ground, two colours of the pattern, a bright one, and that of the letters.
PALETTES = (
    ("#1d3345", "#2b4c63", "#d9a441", "#f0c96a", "#f8f1e0"),
    ("#5b2333", "#7a3245", "#d97b5c", "#f2b591", "#fbeee4"),
    ("#20402f", "#2f5b44", "#b7c46a", "#e2e6a8", "#f6f4e3"),
    ("#f1e3c8", "#e5cfa4", "#c2552f", "#8c3a22", "#3a2419"),
    ("#dfe7e4", "#c3d3ce", "#34706d", "#1f4b4c", "#17302f"),
    ("#2c2244", "#40325f", "#b06fa8", "#e5a9c9", "#f8edf4"),
    ("#f4dccf", "#eec3ae", "#a63a50", "#6d2440", "#3d1626"),
    ("#14222b", "#1f3541", "#4f9ba8", "#f2c14e", "#f3f1e7"),
    ("#e9e4d4", "#d6cdb4", "#4a6b4f", "#274032", "#20291f"),
    ("#8a3a1f", "#a34a2a", "#f0a04b", "#fbd38a", "#fdf3e3"),
)

Colours = tuple[str, str, str, str, str]


def draw_cover(cover: Cover, title: str, author: str) -> str:
    """Draw a cover as SVG, 300 by 450."""
    colours = PALETTES[cover.palette % len(PALETTES)]
    ground, _, _, _, ink = colours
    pattern = _PATTERNS[cover.pattern](colours, cover.shift)
    lines = _wrap(title)
    # Wide letters take two thirds of their height; 250 of the 300 are free for them.
    size = min(36, 375 // max(map(len, lines)), 130 // len(lines))
    text = "".join(
        f'<text x="24" y="{52 + size * 1.12 * row:.0f}" font-size="{size}" font-weight="700">{escape(line)}</text>'
        for row, line in enumerate(lines)
    )
    small = min(17, 400 // max(len(author), 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{ground}"/>{pattern}'
        f'<g fill="{ink}" font-family="Georgia, \'DejaVu Serif\', serif">{text}'
        f'<text x="24" y="426" font-size="{small}" letter-spacing=".5">{escape(author)}</text></g>'
        f'<rect width="9" height="{HEIGHT}" fill="#000" opacity=".16"/><rect x="9" width="1" height="{HEIGHT}" '
        f'fill="#fff" opacity=".18"/></svg>'
    )


def _wrap(title: str) -> list[str]:
    """Break a title into lines of about 14 letters."""
    lines: list[str] = []
    for word in title.split() or ["Untitled"]:
        if lines and len(lines[-1]) + len(word) < 14:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


# Every pattern keeps to the band from 190 to 396, between the title and the name.
def _sun(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    x, radius = 80 + shift * 1.4, 54 + shift % 26
    bars = "".join(
        f'<rect y="{y}" width="300" height="{3 + (y - 300) // 14}" fill="{strong}"/>' for y in range(306, 396, 18)
    )
    return (
        f'<rect y="190" width="300" height="206" fill="{soft}"/><circle cx="{x:.0f}" cy="300" r="{radius}" '
        f'fill="{bright}"/>{bars}'
    )


def _waves(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    fills = (soft, strong, bright, soft, strong)
    rows = []
    for row, fill in enumerate(fills):
        y, start = 226 + row * 34, -(shift * (row + 1)) % 80 - 80
        curve = " ".join("q 20 -26 40 0 t 40 0" for _ in range(6))
        rows.append(f'<path d="M {start} {y} {curve} V 396 H {start} Z" fill="{fill}"/>')
    return "".join(rows)


def _arches(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    parts = [f'<rect y="190" width="300" height="206" fill="{soft}"/>']
    for column in range(3):
        x = 24 + column * 88
        fill, lift = ((strong, bright)[(column + shift) % 2], (shift * (column + 3)) % 40)
        parts.append(f'<path d="M {x} 396 V {272 - lift} a 38 38 0 0 1 76 0 V 396 Z" fill="{fill}"/>')
    return "".join(parts)


def _grid(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    fills = (soft, strong, bright)
    parts = []
    for cell in range(24):
        x, y = 24 + cell % 6 * 42, 204 + cell // 6 * 48
        fill = fills[(cell * (shift % 7 + 2) + cell // 6) % 3]
        parts.append(
            f'<circle cx="{x + 19}" cy="{y + 19}" r="19" fill="{fill}"/>'
            if (cell + shift) % 4
            else f'<rect x="{x}" y="{y}" width="38" height="38" fill="{fill}"/>'
        )
    return "".join(parts)


def _rays(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    x = 60 + shift * 1.8
    parts = [f'<rect y="190" width="300" height="206" fill="{soft}"/>']
    for ray in range(-5, 6):
        left, right = x + ray * 120 - 26, x + ray * 120 + 26
        parts.append(f'<path d="M {x:.0f} 396 L {left:.0f} 190 L {right:.0f} 190 Z" fill="{strong}"/>')
    clip = f'<path d="M {x - 58:.0f} 396 a 58 58 0 0 1 116 0 Z" fill="{bright}"/>'
    return f'<svg y="190" width="300" height="206" viewBox="0 190 300 206">{"".join(parts)}{clip}</svg>'


def _hills(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    moon = 60 + shift * 1.8
    far = f"M 0 396 V {330 - shift % 30} Q 75 {250 + shift % 40} 150 318 T 300 {300 - shift % 20} V 396 Z"
    near = f"M 0 396 V 372 Q 110 {300 + shift % 30} 190 362 T 300 350 V 396 Z"
    return (
        f'<rect y="190" width="300" height="206" fill="{soft}"/>'
        f'<circle cx="{moon:.0f}" cy="236" r="24" fill="{bright}"/>'
        f'<path d="{far}" fill="{strong}"/><path d="{near}" fill="{bright}" opacity=".55"/>'
    )


def _moons(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    rings = "".join(
        f'<circle cx="150" cy="293" r="{radius}" fill="{fill}"/>'
        for radius, fill in ((103, soft), (84, strong), (62, bright))
    )
    return f'{rings}<circle cx="{120 + shift * 0.6:.0f}" cy="{283 + shift % 20}" r="52" fill="{soft}"/>'


def _stripes(colours: Colours, shift: int) -> str:
    _, soft, strong, bright, _ = colours
    fills = (soft, strong, bright, strong)
    parts, x = [], 24
    for stripe in range(12):
        width = 8 + (shift * (stripe + 2)) % 24
        parts.append(f'<rect x="{x}" y="190" width="{min(width, 276 - x)}" height="206" fill="{fills[stripe % 4]}"/>')
        x += width + 6
        if x > 268:
            break
    return "".join(parts)


_PATTERNS: Mapping[Pattern, Callable[[Colours, int], str]] = {
    Pattern.SUN: _sun,
    Pattern.WAVES: _waves,
    Pattern.ARCHES: _arches,
    Pattern.GRID: _grid,
    Pattern.RAYS: _rays,
    Pattern.HILLS: _hills,
    Pattern.MOONS: _moons,
    Pattern.STRIPES: _stripes,
}
