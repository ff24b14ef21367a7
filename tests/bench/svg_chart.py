"""A line chart as SVG, with the standard library alone."""

import html
import math

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 48, 56
COLORS = ["#1f5fa8", "#c2541b", "#3a7d44", "#7a4b9c"]


class Axis:
    """Maps values to places between `start` and `end`; logarithmic axes have a tick at every value given, others at round numbers."""

    def __init__(self, values, start, end, logarithmic):
        self.start, self.end, self.logarithmic = start, end, logarithmic
        self.ticks = sorted(set(values)) if logarithmic else round_ticks(max(values))
        self.low, self.high = self.of(self.ticks[0]), self.of(self.ticks[-1])

    def of(self, value):
        return math.log(value) if self.logarithmic else value

    def place(self, value):
        share = (self.of(value) - self.low) / ((self.high - self.low) or 1)
        return self.start + share * (self.end - self.start)


def round_ticks(highest):
    """From 0 in four to eight steps of 1, 2 or 5 times a power of ten, to the highest or above."""
    power = 10 ** math.floor(math.log10(highest / 4))
    step = next(power * factor for factor in (1, 2, 5, 10) if highest / (power * factor) <= 8)
    return [i * step for i in range(math.ceil(highest / step) + 1)]


def number(value):
    return f"{value / 1e9:.3g} G" if value >= 1e9 else f"{value / 1e6:.3g} M" if value >= 1e6 else f"{value:g}"


def text(x, y, content, anchor="middle", **attributes):
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{html.escape(content)}</text>'


def line(x1, y1, x2, y2, color="#dddddd"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>'


def frame(x, y, title, x_label, y_label):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [text(LEFT, 24, title, "start", font_size=15, font_weight="bold"), text((LEFT + right) / 2, HEIGHT - 12, x_label),
             text(18, (TOP + bottom) / 2, y_label, transform=f"rotate(-90 18 {(TOP + bottom) / 2})")]
    for tick in x.ticks:
        parts += [line(x.place(tick), TOP, x.place(tick), bottom), text(x.place(tick), bottom + 18, number(tick))]
    for tick in y.ticks:
        parts += [line(LEFT, y.place(tick), right, y.place(tick)), text(LEFT - 8, y.place(tick) + 4, number(tick), "end")]
    return parts


def curve(x, y, points, color, dashed):
    path = " ".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in points)
    if dashed:
        return [f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5" stroke-dasharray="5 4"/>']
    marks = [f'<circle cx="{x.place(a):.1f}" cy="{y.place(b):.1f}" r="3.5" fill="{color}"/>' for a, b in points]
    return [f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>', *marks]


def chart(title, x_label, y_label, series, logarithmic_x=False):
    """The SVG's text. `series`: name to points (x, y); a name that begins with "fit" is drawn dashed, without marks. y begins at 0."""
    points = [point for of_series in series.values() for point in of_series]
    x = Axis([a for a, _ in points], LEFT, WIDTH - RIGHT, logarithmic_x)
    y = Axis([b for _, b in points], HEIGHT - BOTTOM, TOP, False)
    parts = frame(x, y, title, x_label, y_label)
    for i, (name, of_series) in enumerate(series.items()):
        parts += curve(x, y, of_series, COLORS[i % len(COLORS)], name.startswith("fit"))
        if len(series) > 1:
            parts.append(text(LEFT + 10, TOP + 18 + 17 * i, name, "start", fill=COLORS[i % len(COLORS)]))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#333333">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
