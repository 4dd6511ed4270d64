#!/usr/bin/python3
"""Draws the cover of the handbook: a fan of pages held by a stitched spine.

Run once by hand; the picture is committed, so building the book needs neither Pillow nor a font. It takes
Debian's python3-pil and fonts-dejavu-core.
"""

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 600, 900
# Everything is drawn larger and scaled down, which smooths every edge.
SCALE = 4
SPINE = 62
COLOURS = 128

NIGHT = (18, 30, 49)
SPINE_BLUE = (11, 20, 34)
CREAM = (244, 236, 219)
THREAD = (226, 182, 92)
RIBBON = (200, 70, 52)
# The pages run through these colours from the lowest to the highest.
PAGES = [(31, 74, 92), (47, 125, 124), (134, 170, 140), (232, 205, 150), (226, 150, 84), (200, 82, 58)]

FONTS = Path("/usr/share/fonts/truetype/dejavu")


def main():
    picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), NIGHT)
    draw = ImageDraw.Draw(picture)
    fan(draw)
    spine(draw)
    lettering(draw)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    small = small.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(Path(__file__).parent / "handbook" / "cover.png", optimize=True)


def fan(draw):
    """Pages as wedges around one point of the spine, the longest in the middle."""
    centre = (SPINE, 800)
    count = 26
    first, last = 4.0, -88.0
    step = (last - first) / count
    for number in range(count):
        share = number / (count - 1)
        reach = 374 + 96 * math.sin(math.pi * share)
        low, high = first + step * number, first + step * (number + 1)
        # The gap between two pages is what makes them pages.
        wedge(draw, centre, reach, low, high + 0.55, blend(PAGES, share))
    # Where all pages meet they are held, so the tips of the wedges disappear under a quarter of a disc.
    x, y = centre
    disc(draw, x, y, 64, NIGHT)
    disc(draw, x, y, 50, THREAD)
    disc(draw, x, y, 42, NIGHT)
    # Below the book lies the table.
    box(draw, SPINE, 832, WIDTH, HEIGHT, NIGHT)


def wedge(draw, centre, reach, low, high, colour):
    x, y = centre
    points = [centre]
    for part in range(9):
        angle = math.radians(low + (high - low) * part / 8)
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    draw.polygon([(px * SCALE, py * SCALE) for px, py in points], fill=colour)


def spine(draw):
    box(draw, 0, 0, SPINE, HEIGHT, SPINE_BLUE)
    box(draw, SPINE, 0, SPINE + 2, HEIGHT, THREAD)
    # Stitches in pairs, as a binder sews a quire: out at one hole, in at the next.
    for top in range(46, HEIGHT - 60, 72):
        box(draw, SPINE / 2 - 1.5, top, SPINE / 2 + 1.5, top + 40, THREAD)
        disc(draw, SPINE / 2, top, 4.5, CREAM)
        disc(draw, SPINE / 2, top + 40, 4.5, CREAM)
    # The ribbon hangs out of the book.
    ribbon = [(500, 0), (530, 0), (530, 104), (515, 90), (500, 104)]
    draw.polygon([(x * SCALE, y * SCALE) for x, y in ribbon], fill=RIBBON)


def lettering(draw):
    left = SPINE + 40
    text(draw, left, 66, "The", "DejaVuSerif.ttf", 40, THREAD)
    text(draw, left - 4, 112, "Bindery", "DejaVuSerif-Bold.ttf", 86, CREAM)
    text(draw, left - 4, 204, "Handbook", "DejaVuSerif-Bold.ttf", 76, CREAM)
    box(draw, left, 308, left + 72, 311, THREAD)
    text(draw, left, 326, "Releases from manifests,", "DejaVuSans.ttf", 19, CREAM)
    text(draw, left, 352, "the same bytes every time", "DejaVuSans.ttf", 19, CREAM)
    spaced(draw, left, 852, "THE BINDERY AUTHORS", "DejaVuSans.ttf", 15, CREAM, 3.2)


def text(draw, x, y, words, font, size, colour):
    face = ImageFont.truetype(str(FONTS / font), size * SCALE)
    draw.text((x * SCALE, y * SCALE), words, font=face, fill=colour)


def spaced(draw, x, y, words, font, size, colour, gap):
    face = ImageFont.truetype(str(FONTS / font), size * SCALE)
    for letter in words:
        draw.text((x * SCALE, y * SCALE), letter, font=face, fill=colour)
        x += face.getlength(letter) / SCALE + gap


def box(draw, left, top, right, bottom, colour):
    draw.rectangle([left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1], fill=colour)


def disc(draw, x, y, radius, colour):
    draw.ellipse([(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE], fill=colour)


def blend(colours, share):
    """The colour at this share of the way through all of them."""
    place = share * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    part = place - index
    return tuple(round(a + (b - a) * part) for a, b in zip(colours[index], colours[index + 1]))


main()
