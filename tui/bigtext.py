"""Letters of blocks, five lines high, for what must be read across a room. Pure."""

from __future__ import annotations

_HEIGHT = 5

_FONT = {
    "A": ".##. #..# #### #..# #..#",
    "B": "###. #..# ###. #..# ###.",
    "C": ".### #... #... #... .###",
    "D": "###. #..# #..# #..# ###.",
    "E": "#### #... ###. #... ####",
    "F": "#### #... ###. #... #...",
    "G": ".### #... #.## #..# .###",
    "H": "#..# #..# #### #..# #..#",
    "I": "### .#. .#. .#. ###",
    "J": "..## ...# ...# #..# .##.",
    "K": "#..# #.#. ##.. #.#. #..#",
    "L": "#... #... #... #... ####",
    "M": "#...# ##.## #.#.# #...# #...#",
    "N": "#...# ##..# #.#.# #..## #...#",
    "O": ".##. #..# #..# #..# .##.",
    "P": "###. #..# ###. #... #...",
    "Q": ".##. #..# #..# #.## .###",
    "R": "###. #..# ###. #.#. #..#",
    "S": ".### #... .##. ...# ###.",
    "T": "##### ..#.. ..#.. ..#.. ..#..",
    "U": "#..# #..# #..# #..# .##.",
    "V": "#...# #...# #...# .#.#. ..#..",
    "W": "#...# #...# #.#.# ##.## #...#",
    "X": "#...# .#.#. ..#.. .#.#. #...#",
    "Y": "#...# .#.#. ..#.. ..#.. ..#..",
    "Z": "##### ...#. ..#.. .#... #####",
    "0": ".##. #.## ##.# #..# .##.",
    "1": ".#. ##. .#. .#. ###",
    "2": "###. ...# .##. #... ####",
    "3": "###. ...# .##. ...# ###.",
    "4": "#..# #..# #### ...# ...#",
    "5": "#### #... ###. ...# ###.",
    "6": ".##. #... ###. #..# .##.",
    "7": "#### ...# ..#. .#.. .#..",
    "8": ".##. #..# .##. #..# .##.",
    "9": ".##. #..# .### ...# .##.",
    ":": ". # . # .",
    ".": ". . . . #",
    "/": "...# ..#. ..#. .#.. #...",
    "-": "... ... ### ... ...",
    "_": "... ... ... ... ###",
    "[": "## #. #. #. ##",
    "]": "## .# .# .# ##",
    " ": ".. .. .. .. ..",
}  # fmt: skip
_UNKNOWN = "#### #### #### #### ####"


def big(text: str, width: int) -> list[str]:
    """Lines of blocks of at most `width` cells, as large as they fit; none when they do not. Small letters are drawn as capitals."""
    dots = _dots(text)
    across = len(dots[0])
    # A dot is about as high as it is wide where it is twice as many cells wide as lines high.
    for wide, high in ((4, 2), (2, 1)):
        if across * wide <= width:
            return [
                "".join("█" * wide if dot == "#" else " " * wide for dot in line)
                for line in dots
                for _ in range(high)
            ]
    return _halves(dots) if across <= width else []


def _dots(text: str) -> list[str]:
    glyphs = [_FONT.get(letter, _UNKNOWN).split(" ") for letter in text.upper()]
    return [".".join(glyph[line] for glyph in glyphs) for line in range(_HEIGHT)]


def _halves(dots: list[str]) -> list[str]:
    """Two lines of dots in one."""
    rows = [*dots, "." * len(dots[0])]
    signs = {("#", "#"): "█", ("#", "."): "▀", (".", "#"): "▄", (".", "."): " "}
    return [
        "".join(signs[pair] for pair in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    ]
