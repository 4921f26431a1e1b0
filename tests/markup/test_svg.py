import colorsys
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.markup import svg

numbers = st.floats(min_value=-1e299, max_value=1e299)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted([_luminance(one), _luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("background", ["#ffffff", "#16191d"])
@pytest.mark.parametrize("colour", [svg.BLUE, svg.VERMILLION, svg.GREEN, svg.PURPLE, svg.GREY])
def test_colours_stand_out_on_light_and_on_dark(colour, background):
    assert _contrast(colour, background) >= 3


def test_colours_differ_in_hue():
    hues = [
        colorsys.rgb_to_hsv(*(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0]
        for c in (svg.BLUE, svg.VERMILLION, svg.GREEN, svg.PURPLE)
    ]
    assert len({round(hue, 1) for hue in hues}) == 4


@given(st.lists(st.none() | numbers, max_size=5))
def test_a_scale_keeps_every_value_inside_and_its_ticks_few_and_in_order(values):
    scale = svg.scale_over(values, 300, 0)
    assert all(0 <= scale(value) <= 300 for value in values if value is not None)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 15
    assert all(low < high for low, high in itertools.pairwise(ticks))
    assert len(svg.tick_labels(ticks)) == len(ticks)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([0, 100], ["0", "20", "40", "60", "80", "100"]),
        ([0.7, 0.75], ["0.70", "0.71", "0.72", "0.73", "0.74", "0.75"]),
        ([0.0, 0.003], ["0", "0.0005", "0.0010", "0.0015", "0.0020", "0.0025", "0.0030"]),
    ],
)
def test_axes_have_round_labels_with_equal_decimals(values, labels):
    assert svg.tick_labels(svg.scale_over(values, 0, 250, padding=0).ticks()) == labels


def test_wide_characters_take_more_room():
    assert svg.text_width(["東京"]) > svg.text_width(["ab"])


def test_long_labels_are_cut_and_kept_whole_in_a_tooltip():
    label = svg.label(0, 0, "x" * 100)
    assert f"<title>{'x' * 100}</title>" in label
    assert svg.text_width(["x" * 100]) == svg.text_width(["x" * svg.LABEL_LIMIT])
