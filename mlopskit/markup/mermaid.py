"""What comes from what, as text that GitHub, GitLab and JupyterLab draw: a Mermaid flowchart for a README."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

_DASHED = "classDef parameter stroke-dasharray: 4 3"
_UNSAFE_IN_A_LABEL = re.compile(r"[^\w ,/.]|\.(?= )")  # quotes, tags, Markdown and icons; "1. " would begin a list
_UNSAFE_IN_AN_ID = re.compile(r"[^A-Za-z0-9_]")


def mermaid(
    inputs: Mapping[str, Sequence[str]],
    *,
    parameters: Collection[str] = (),
    notes: Mapping[str, str] | None = None,
) -> str:
    """Write which step needs which other ones, to be put into a README as a code block of the language mermaid.

    The same graph gives the same text, so that a diff shows what has changed.

    Parameters
    ----------
    inputs : mapping of str to sequence of str
        For every step those it needs. A name that is nobody's step is drawn as one without inputs.
    parameters : collection of str
        The names that are parameters of the run: their boxes are round and dashed.
    notes : mapping of str to str, optional
        A few words below a step's name, such as ``"1.2 s"``.

    Returns
    -------
    str
        Lines, the last one ended too.

    Examples
    --------
    >>> needs = {"split": ["flights"], "model": ["split", "depth"]}
    >>> print(mermaid(needs, parameters=["depth"], notes={"model": "1.2 s"}), end="")
    flowchart LR
        n_flights["flights"]
        n_split["split"]
        n_depth(["depth"]):::parameter
        n_model["model<br/>1.2 s"]
        n_flights --> n_split
        n_split --> n_model
        n_depth --> n_model
        classDef parameter stroke-dasharray: 4 3
    """
    names = dict.fromkeys(name for user, sources in inputs.items() for name in (*sources, user))
    lines = [_node(name, name in parameters, (notes or {}).get(name)) for name in names]
    lines += _edges(inputs)
    if any(name in parameters for name in names):
        lines.append(_DASHED)
    return "\n    ".join(["flowchart LR", *lines]) + "\n"


def _node(name: str, is_parameter: bool, note: str | None) -> str:
    words = _label(name) if note is None else f"{_label(name)}<br/>{_label(note)}"
    return f'{_id(name)}(["{words}"]):::parameter' if is_parameter else f'{_id(name)}["{words}"]'


def _edges(inputs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, sources in inputs.items():
        for source in sources:
            yield f"{_id(source)} --> {_id(name)}"


def _id(name: str) -> str:
    """Name a node so that no two names meet, and none is a word of Mermaid's own such as ``end`` or ``class``.

    >>> _id("end"), _id("hour of day")
    ('n_end', 'n_hour.20.of.20.day')
    """
    return "n_" + _UNSAFE_IN_AN_ID.sub(lambda found: f".{ord(found[0]):x}.", name)


def _label(text: str) -> str:
    """Write text for between quotes.

    >>> _label('the "best" of [3]')
    'the #34;best#34; of #91;3#93;'
    """
    return _UNSAFE_IN_A_LABEL.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split()))
