import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup.findings import Finding, findings, percent

hostile = st.text(st.characters(codec=None, exclude_categories=()), min_size=1, max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</li></ul><b>"]
)


@given(text=hostile)
@settings(max_examples=60)
def test_data_never_become_markup(skeleton, text):
    def build(text):
        return findings([Finding(text, "fail", 0.5, (text,)), Finding(text)])

    assert skeleton(build(text)) == skeleton(build("innocent"))


def test_the_bar_is_as_long_as_the_share_and_never_lost():
    def widths(share):
        return [float(width) for width in re.findall(r'<rect width="([\d.]+)"', findings([Finding("a", share=share)]))]

    assert widths(0.5) == [120, 60]
    assert widths(1.0) == [120, 120]
    assert widths(1e-6) == [120, 2]
    assert widths(0.0) == [120]
    assert widths(None) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0009, "< 0.1 %"), (0.001, "0.1 %"), (0.5, "50.0 %"), (0.9995, "> 99.9 %"), (1, "100 %")],
)
def test_only_none_and_all_are_said_to_be_none_and_all(share, text):
    assert percent(share) == text


def test_long_text_is_cut(visible_text):
    text = visible_text(findings([Finding("a" * 500, detail=("b" * 5000,))]))
    assert 700 < len(text) <= 800
