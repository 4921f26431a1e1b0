import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.markup import Markup, element, escape, join

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=60) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onload='x",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "\udc80\x00",
        "\u202egnp.exe",
    ]
)


@given(text=anything, title=anything)
def test_data_become_neither_tags_nor_attributes(skeleton, text, title):
    markup = element("p", text, element("span", text, title=title), class_=title)
    assert skeleton(markup) == [("p", ("class",)), ("span", ("title",)), ("/span", ()), ("/p", ())]


@given(text=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
def test_a_reader_sees_the_very_text(visible_text, text):
    assert visible_text(element("p", text)) == text


@given(text=anything)
def test_markup_can_always_be_written_as_utf_8(text):
    assert escape(text).encode().decode() == escape(text)


def test_markup_is_not_escaped_twice_but_what_is_made_of_it_with_plain_text_is():
    bold = element("strong", "a & b")
    assert element("p", bold) == "<p><strong>a &amp; b</strong></p>"
    assert element("p", bold + "<") == "<p>&lt;strong&gt;a &amp;amp; b&lt;/strong&gt;&lt;</p>"


def test_attributes_are_escaped_even_if_they_are_markup():
    assert element("span", title=Markup('"<')) == '<span title="&quot;&lt;"></span>'


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "//elsewhere.example",
        "\\\\server\\share",
        "file:///etc/passwd",
        "blob:x",
        "",
    ],
)
def test_links_that_could_run_code_or_leave_unseen_lose_their_address(url):
    assert element("a", "text", href=url) == "<a>text</a>"


@pytest.mark.parametrize(
    "url", ["https://example.org/?a=1&b=2", "http://x", "mailto:ana@example.org", "#top", "card.html", "../runs/1.html"]
)
def test_ordinary_links_stay(url):
    assert element("a", "text", href=url) == f'<a href="{escape(url)}">text</a>'


@pytest.mark.parametrize(
    "url", ["https://example.org/pixel.png", "data:image/svg+xml;base64,AAAA", "data:image/png;base64,AA\"'"]
)
def test_images_are_embedded_pictures_only(url):
    assert element("img", src=url, alt="a") == '<img alt="a"/>'


@pytest.mark.parametrize("tag", ["script", "iframe", "style", "object", "p onclick=x", "use", "foreignObject", ""])
def test_tags_that_could_run_code_are_refused(tag):
    with pytest.raises(ValueError, match="use one of"):
        element(tag)


@pytest.mark.parametrize("name", ["onclick", "style", "srcdoc", "formaction", "a b", 'x"y'])
def test_attributes_that_could_run_code_are_refused(name):
    with pytest.raises(ValueError, match="use one of"):
        element("p", **{name: "x"})


def test_numbers_in_attributes_are_short_and_never_negative_zero():
    assert element("circle", cx=1 / 3, cy=-0.001, r=2) == '<circle cx="0.33" cy="0" r="2"></circle>'


def test_none_is_left_out_among_children_and_attributes():
    assert join([element("p", None, "a", title=None), None]) == "<p>a</p>"
