from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest


class _Skeleton(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.texts = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.tags.append(("/" + tag, ()))

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.tags.append(("comment", ()))

    handle_decl = handle_pi = unknown_decl = handle_comment


def _parsed(markup: str) -> _Skeleton:
    parser = _Skeleton()
    parser.feed(markup)
    parser.close()
    return parser


@pytest.fixture(scope="session")
def skeleton() -> Callable[[str], list[tuple[str, tuple[str, ...]]]]:
    """Give the tags and the names of their attributes, as a browser would see them."""
    return lambda markup: _parsed(markup).tags


@pytest.fixture(scope="session")
def visible_text() -> Callable[[str], str]:
    return lambda markup: "".join(_parsed(markup).texts)


@pytest.fixture(scope="session")
def drawing() -> Callable[[str], ET.Element]:
    """Parse an SVG as strictly as XML, and check that it is named, described and drawn with finite numbers."""

    def parse(markup: str) -> ET.Element:
        root = ET.fromstring(markup.encode())
        assert root.get("role") == "img"
        assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]
        assert root[1].text
        numbers = [value for node in root.iter() for name, value in node.items() if name not in {"fill", "font-family"}]
        assert not any("nan" in value or "inf" in value for value in numbers)
        assert all(float(node.get(size, "0")) >= 0 for node in root.iter() for size in ("width", "height", "r"))
        return root

    return parse
