from graphlib import CycleError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup import graph


@st.composite
def acyclic(draw):
    names = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=8))
    return {
        name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        for index, name in enumerate(names)
    }


def _boxes(root):
    names = [node.text for node in root.iter() if node.tag.endswith("text")]
    frames = [node for node in root.iter() if node.tag.endswith("rect")]
    return {name: (float(frame.get("x")), float(frame.get("width"))) for name, frame in zip(names, frames, strict=True)}


@given(inputs=acyclic())
@settings(max_examples=50)
def test_any_graph_is_drawn_with_every_step_right_of_what_it_needs(drawing, inputs):
    named = {
        f"n{list(inputs).index(name)}": [f"n{list(inputs).index(s)}" for s in sources]
        for name, sources in inputs.items()
    }
    root = drawing(graph(named, title="t"))
    assert graph(named, title="t") == graph(dict(named), title="t")
    if named:
        boxes = _boxes(root)
        assert all(boxes[s][0] + boxes[s][1] < boxes[name][0] for name, sources in named.items() for s in sources)
    drawing(graph(inputs, title="t"))


def test_names_that_are_nobodys_step_are_drawn_just_before_they_are_needed(drawing):
    boxes = _boxes(drawing(graph({"b": ["a"], "c": ["b", "max_depth"]}, title="t")))
    assert boxes["max_depth"][0] == boxes["b"][0]


def test_notes_and_words():
    drawn = graph({"b": ["a"]}, title="t", notes={"b": "cached"})
    assert ">cached<" in drawn
    assert "<desc>b needs a</desc>" in drawn


def test_a_cycle_is_refused():
    with pytest.raises(CycleError):
        graph({"a": ["b"], "b": ["a"]}, title="t")
