import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.markup import mermaid

NODE = re.compile(r'    (n_[A-Za-z0-9_.]*)(?:\["([^"]*)"\]|\(\["([^"]*)"\]\):::parameter)')
EDGE = re.compile(r"    (n_[A-Za-z0-9_.]*) --> (n_[A-Za-z0-9_.]*)")
WORDS_OF_ITS_OWN = [
    "end",
    "graph",
    "flowchart",
    "subgraph",
    "style",
    "class",
    "classDef",
    "click",
    "call",
    "href",
    "_top",
]


def _read(text):
    """Give each node's words, in order, and the edges between them."""
    heading, *lines = text.splitlines()
    assert heading == "flowchart LR"
    nodes = {found[1]: found[2] or found[3] for line in lines if (found := NODE.fullmatch(line))}
    edges = [(nodes[found[1]], nodes[found[2]]) for line in lines if (found := EDGE.fullmatch(line))]
    assert len(nodes) + len(edges) + text.count("classDef parameter ") == len(lines)
    return list(nodes.values()), edges


def test_steps_come_in_the_order_given_after_what_they_need():
    text = mermaid({"c": ["b", "a"], "b": ["a"], "d": []})
    assert _read(text) == (["b", "a", "c", "d"], [("b", "c"), ("a", "c"), ("a", "b")])
    assert text.endswith("n_b\n")


def test_no_step_at_all():
    assert mermaid({}) == "flowchart LR\n"


@pytest.mark.parametrize("word", WORDS_OF_ITS_OWN)
def test_a_word_of_mermaids_own_is_only_a_name(word):
    assert _read(mermaid({word: ["a"], "b": [word]})) == (["a", word, "b"], [("a", word), (word, "b")])


def test_parameters_are_round_and_dashed():
    text = mermaid({"model": ["depth"]}, parameters=["depth", "of another run"])
    assert '    n_depth(["depth"]):::parameter\n' in text
    assert text.endswith("    classDef parameter stroke-dasharray: 4 3\n")
    assert "classDef" not in mermaid({"model": ["depth"]}, parameters=["of another run"])


def test_a_note_is_a_second_line():
    assert 'n_model["model<br/>1.2 s, cached"]' in mermaid({"model": []}, notes={"model": "1.2 s, cached"})


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('say "hi"', "say #34;hi#34;"),
        ("<b>&amp;</b>", "#60;b#62;#38;amp#59;#60;/b#62;"),
        ("#35;", "#35;35#59;"),
        ("`code`", "#96;code#96;"),
        ("fa:fa-car", "fa#58;fa#45;car"),
        ("1. first", "1#46; first"),
        ("two\nlines", "two lines"),
        ("durée 数", "durée 数"),
    ],
)
def test_words_are_shown_as_they_are(text, written):
    assert _read(mermaid({"step": []}, notes={"step": text}))[0] == [f"step<br/>{written}"]


@given(names=st.lists(st.text(), min_size=1, max_size=6, unique=True))
def test_no_name_breaks_the_text_or_meets_another(names):
    text = mermaid({names[-1]: names[:-1]})
    assert len(set(re.findall(r"^    (n_\S*?)\[", text, re.MULTILINE))) == len(names)
    _read(text)
