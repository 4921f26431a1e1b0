import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit import markup
from mlopskit.markup import fragment, page, section, sparkline, table

hostile = st.text(st.characters(codec=None, exclude_categories=()), min_size=1, max_size=30) | st.sampled_from(
    ["</title><script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", "<!--", "<base href=//x>"]
)


@given(text=hostile)
@settings(max_examples=60)
def test_no_page_lets_data_become_markup(skeleton, text):
    def build(text):
        return page(text, section(text, text), table([{text: text}]), subtitle=text)

    assert skeleton(build(text)) == skeleton(build("innocent"))
    assert build(text).encode("utf-8")


def test_a_page_asks_nobody_for_anything():
    html = page("Flights", sparkline([1, 2]))
    assert "default-src 'none'" in html
    addresses = re.findall(r"https?://[^\"' ]+", html)
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|<link|@import|url\(|\son\w+=", html)


def test_the_policy_comes_before_anything_it_rules():
    html = page("Flights")
    assert html.index("Content-Security-Policy") < html.index("<style>") < html.index("<body>")


def test_a_page_is_dark_for_those_who_want_it_and_prints():
    html = page("Flights")
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_the_style_of_a_fragment_reaches_nothing_outside():
    style = fragment("x").partition("<style>")[2].partition("</style>")[0]
    flat = re.sub(r"@media (?:print|screen) \{|\}\s*\}", "}", style)
    selectors = [one.strip() for group in re.findall(r"([^{}]+)\{", flat) for one in group.split(",")]
    assert selectors
    assert all(selector.startswith(".mlopskit") for selector in selectors)


def test_the_same_content_gives_the_same_bytes():
    assert page("a", table([{"b": 1}])) == page("a", table([{"b": 1}]))


def test_public_names_are_sorted_and_exist():
    assert markup.__all__ == sorted(markup.__all__)
    assert all(hasattr(markup, name) for name in markup.__all__)
