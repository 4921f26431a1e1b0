from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup import (
    Entry,
    badge,
    details,
    figure,
    headline,
    image,
    key_values,
    link,
    note,
    paragraph,
    preformatted,
    section,
    side_by_side,
    sparkline,
    table,
    timeline,
)

hostile = st.text(st.characters(codec=None, exclude_categories=()), min_size=1, max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "</style></title><b>"]
)


def _everything(text):
    return [
        table([{text: text, "n": 1}], caption=text),
        table([[text, None]], [text, "n"]),
        badge("ok", text),
        key_values({text: text}),
        headline({text: text}),
        section(text, text, level=3),
        details(text, text),
        paragraph(text),
        preformatted(text),
        link(text, "https://example.org"),
        note("warn", text),
        figure(sparkline([1], title=text), text),
        image(b"x", text),
        side_by_side(text),
        timeline([Entry(text, text, "fail", text)]),
        table([], empty=text),
    ]


@given(text=hostile)
@settings(max_examples=60)
def test_no_component_lets_data_become_markup(skeleton, text):
    for markup, innocent in zip(_everything(text), _everything("innocent"), strict=True):
        assert skeleton(markup) == skeleton(innocent)


def test_a_table_shows_all_keys_in_order_of_appearance(visible_text):
    text = visible_text(table([{"a": "x"}, {"b": "y", "a": "z"}]))
    assert text == "abx—zy"


def test_columns_choose_order_and_name(visible_text):
    assert visible_text(table([{"a": "x", "b": "y"}], {"b": "Second", "a": "First"})) == "SecondFirstyx"
    assert visible_text(table([("x", "y"), ("z",)], ["one", "two"])) == "onetwoxyz—"


def test_numbers_are_aligned_right_with_shared_decimals():
    html = table([{"auc": 0.7312, "name": "a"}, {"auc": 0.5, "name": "b"}, {"auc": None, "name": None}])
    assert '<td class="mk-number">0.7312</td>' in html
    assert '<td class="mk-number">0.5000</td>' in html
    assert '<th scope="col" class="mk-number">auc</th>' in html
    assert "<td>a</td>" in html


def test_a_column_of_numbers_and_text_is_text():
    assert 'class="mk-number"' not in table([{"a": 1}, {"a": "x"}, {"a": True}])


def test_a_frame_becomes_a_table():
    frame = pd.DataFrame({"at": pd.to_datetime(["2013-05-01 04:30", None]), "n": pd.array([1, None], dtype="Int64")})
    html = table(frame.to_dict("records"))
    assert '<time datetime="2013-05-01T04:30:00">2013-05-01 04:30</time>' in html
    assert html.count("—") == 2


def test_long_text_is_cut_and_kept_in_a_tooltip():
    html = table([{"a": "x" * 500}])
    assert f'title="{"x" * 500}"' in html
    assert f">{'x' * 79}…<" in html


def test_markup_stays_markup_in_a_cell():
    assert "<svg" in table([{"trend": sparkline([1, 2])}])


def test_a_table_without_rows_says_so(visible_text):
    assert visible_text(table([])) == "Nothing here yet."
    assert visible_text(timeline([])) == "Nothing has happened yet."


def test_every_status_has_its_own_shape_and_word(visible_text):
    badges = [badge(status) for status in ("ok", "warn", "fail", "neutral")]
    assert [visible_text(each) for each in badges] == ["ok", "warn", "fail", "neutral"]
    assert len({each.partition(' d="')[2].partition('"')[0] for each in badges}) == 4


def test_an_unknown_status_is_refused():
    with pytest.raises(ValueError, match="'great' is not a status; use one of: ok, warn, fail, neutral"):
        badge("great")


def test_a_timeline_keeps_its_order(visible_text):
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    text = visible_text(timeline([Entry(when, "promoted", "ok", "by ana"), Entry(None, "registered")]))
    assert text == "promoted 2026-03-01 12:00 UTCby ana" + "registered —"
