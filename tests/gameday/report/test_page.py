"""The report as a page: well-formed, closed in itself, and safe from what people call their teams."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from support.game_reports import LONG_NAME, alone, friday

from gameday.report import document_of, render, to_html
from gameday.report.markup import Markup, code_spans, tag

VOID = {"meta", "wbr"}
NUMBERS = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"}


class Page(HTMLParser):
    """Reads a page, and notes what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += [f"{name} is never closed" for name in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} is closed where it is not open")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name in names]


@pytest.fixture(scope="module")
def text() -> str:
    return to_html(document_of(friday()))


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_tag_is_closed(page: Page) -> None:
    assert page.wrong == []


def test_nothing_is_fetched_and_nothing_runs(text: str, page: Page) -> None:
    assert not page.of("script", "link", "img", "iframe", "object", "embed", "base", "form")
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert not {"src", "srcset", "action", "style"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style
    assert "://" not in style


def test_names_are_text(page: Page) -> None:
    assert not page.of("script", "i-am", "cluster")
    assert any(LONG_NAME in each for each in page.texts)
    assert any("<script>alert(1)</script>" in each for each in page.texts)
    assert any("<i>about</i>" in each for each in page.texts)


def test_links_and_labels_point_at_something(page: Page) -> None:
    ids = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        wanted = str(attributes.get("aria-labelledby") or "").split()
        wanted += [str(attributes["href"])[1:]] if "href" in attributes else []
        wanted += re.findall(r"url\(#(.+?)\)", str(attributes.get("fill") or ""))
        assert set(wanted) <= set(ids)


def test_it_can_be_read_without_eyes(page: Page) -> None:
    tables, captions = page.of("table"), page.of("caption")
    assert len(tables) == len(captions) > 10
    charts = [attributes for attributes in page.of("svg") if attributes.get("role") == "img"]
    assert len(charts) == len(page.of("desc")) == 5
    assert all(
        attributes.get("aria-hidden") == "true" for attributes in page.of("svg") if "role" not in attributes
    )
    assert all(attributes.get("scope") for attributes in page.of("th"))
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_drawings_have_numbers_within_their_bounds(page: Page) -> None:
    for name, attributes in page.elements:
        for key in NUMBERS & set(attributes):
            if name in ("meta", "pattern"):
                continue
            value = float(str(attributes[key]))
            assert -1 <= value <= 2_000, (name, attributes)
        for number in re.findall(r"[a-z]+", str(attributes.get("d") or "").lower()):
            assert number in ("m", "l", "h", "v", "a", "z"), attributes["d"]  # and so neither nan nor inf


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(friday()) == render(friday())


def test_one_team_for_which_nothing_broke() -> None:
    text = to_html(document_of(alone()))
    page = Page(text)
    assert page.wrong == []
    said = " ".join(page.texts)
    assert "No SLO was ever broken." in said
    assert "not needed" in said
    assert "team by team" not in said
    assert "Nothing came that could hurt." in said


def test_questions_have_room_on_paper(text: str, page: Page) -> None:
    assert len([each for each in page.of("div") if each.get("class") == "room"]) == 3
    printed = text[text.index("@media print") :]
    assert ".room { display: block; }" in printed
    assert "--paper: #ffffff" in printed


def test_markup_escapes_whatever_is_not_markup() -> None:
    made = tag("p", "a < b & c", tag("b", "<i>"), class_="x", data_name="\"'<", left_out=None)
    assert made == '<p class="x" data-name="&quot;&#x27;&lt;">a &lt; b &amp; c<b>&lt;i&gt;</b></p>'
    assert tag("p", "a\x00b\x1b[31m\ud800") == "<p>ab[31m</p>"
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert tag("rect", x=1.26, y=-0.01, width=3) == '<rect x="1.3" y="0" width="3"></rect>'


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("plain", "plain"),
        ("`a<b` and `c`", "<code>a&lt;b</code> and <code>c</code>"),
        ("one ` alone", "one ` alone"),
        ("`a` and one ` alone", "<code>a</code> and one ` alone"),
    ],
)
def test_authors_write_code_between_backticks(said: str, expected: str) -> None:
    assert code_spans(said) == Markup(expected)
