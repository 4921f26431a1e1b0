"""From the text of a search to its conditions; `mlopskit.tracking.search` describes the language."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, NamedTuple, NoReturn

import attrs

from mlopskit.errors import SearchError

Holds = Literal["any", "number", "text", "time"]

_SAME = {"==": "=", "<>": "!="}
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ATTRIBUTES: dict[str, Holds] = {
    **dict.fromkeys(["run_id", "name", "status", "user", "experiment", "parent", "note", "error"], "text"),
    **dict.fromkeys(["started", "ended"], "time"),
    "seconds": "number",
}  # fmt: skip
_KINDS = {"params": "params", "param": "params", "metrics": "metrics", "metric": "metrics", "tags": "tags",
          "tag": "tags", "attributes": "run", "attribute": "run"}  # fmt: skip
_HOLDS: dict[str, Holds] = {"params": "any", "metrics": "number", "tags": "any"}
_PARTS = ("last", "min", "max", "mean", "count")
_STATUSES = ("running", "finished", "failed", "killed")
_WORDS = {"true": 1.0, "false": 0.0}
_KEYWORDS = {"and", "or", "not", "in", "like", "ilike", "is", "null", "asc", "desc", *_WORDS}
_DEEPEST = 100

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?:inf(?:inity)?|nan)\b)", re.IGNORECASE
)
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>{_NUMBER.pattern})
    | (?P<column>[^\W\d]\w*\.(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|[\w./:@-]+))
    | (?P<word>[^\W\d]\w*)
    | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
    | (?P<operator><=|>=|<>|!=|==|=|<|>)
    | (?P<mark>[(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.IGNORECASE,
)


@attrs.frozen
class Field:
    """One thing known of each run: where it is found, and what it holds."""

    kind: str
    name: str
    holds: Holds
    part: str = "last"


@attrs.frozen
class Comparison:
    """A field against a number or a text; a time is a number of seconds since 1970."""

    field: Field
    operator: str
    value: float | str


@attrs.frozen
class Like:
    """A field's text against a pattern."""

    field: Field
    pattern: re.Pattern[str]
    negated: bool = False


@attrs.frozen
class Known:
    """A field is not null."""

    field: Field


@attrs.frozen
class Not:
    """What the condition does not match."""

    condition: Condition


@attrs.frozen
class Every:
    """All of the conditions."""

    conditions: tuple[Condition, ...]


@attrs.frozen
class Either:
    """At least one of the conditions."""

    conditions: tuple[Condition, ...]


Condition = Comparison | Like | Known | Not | Every | Either


def parse(expression: str) -> Condition | None:
    """Read an expression; an empty one is None.

    Raises
    ------
    SearchError
        If it can not be understood.

    Examples
    --------
    >>> parse("metrics.roc_auc > 0.7")
    Comparison(field=Field(kind='metrics', name='roc_auc', holds='number', part='last'), operator='>', value=0.7)
    """
    return _Parser(expression, "An expression").condition()


def parse_order(entry: str) -> list[tuple[Field, bool]]:
    """Read what to order by: fields, and whether each is descending.

    Raises
    ------
    SearchError
        If it can not be understood.

    Examples
    --------
    >>> parse_order("name desc")
    [(Field(kind='run', name='name', holds='text', part='last'), True)]
    """
    return _Parser(entry, "order_by").order()


def is_number(text: str) -> bool:
    """Whether a text reads as one number."""
    return _NUMBER.fullmatch(text) is not None


class Token(NamedTuple):
    """A piece of an expression and where it is; of a quoted text also the quotes."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword that it may be, whose case does not matter."""
        return self.text.lower() if self.kind == "word" else self.text


class _Parser:
    """Reads one text from left to right; each method reads what its name says."""

    def __init__(self, source: str, argument: str) -> None:
        if not isinstance(source, str):
            raise SearchError(f"{argument} is a text, not {type(source).__name__}.")
        self.source, self.position, self.depth = source, 0, 0
        self.tokens = self._tokens()

    def condition(self) -> Condition | None:
        if self._next.kind == "end":
            return None
        condition = self._either()
        if self._next.kind != "end":
            self._fail(self._next, "Conditions are joined by and, or or; here one has ended.")
        return condition

    def order(self) -> list[tuple[Field, bool]]:
        keys = []
        while True:
            field = self._field(self._take())
            keys.append((field, self._next.word == "desc"))
            if self._next.word in ("asc", "desc"):
                self._take()
            if self._next.kind == "end":
                return keys
            self._expect(
                ",", 'Write asc or desc, or a comma and what to order by next, as in "metrics.loss, name desc".'
            )

    def _either(self) -> Condition:
        parts = [self._every()]
        while self._accept("or"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self) -> Condition:
        parts = [self._one()]
        while self._accept("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Condition:
        self.depth += 1
        if self.depth > _DEEPEST:
            self._fail(self._next, f"More than {_DEEPEST} parentheses or nots are nested here; write it flatter.")
        condition = self._negated_or_plain()
        self.depth -= 1
        return condition

    def _negated_or_plain(self) -> Condition:
        if self._accept("not"):
            return Not(self._one())
        if not self._accept("("):
            return self._test()
        condition = self._either()
        self._expect(")", "A parenthesis is open; close it with ).")
        return condition

    def _test(self) -> Condition:
        first = self._take()
        if first.kind in ("number", "text") or first.word in _WORDS:
            sign, field = self._operator(), self._field(self._take())
            return Comparison(field, _MIRRORED[sign], self._value(first, field, sign))
        field = self._field(first)
        if self._accept("is"):
            absent = not self._accept("not")
            self._expect("null", "After is comes null or not null.")
            return Not(Known(field)) if absent else Known(field)
        negated = self._accept("not")
        if self._accept("in"):
            return self._membership(field, negated)
        if self._next.word in ("like", "ilike"):
            return self._like(field, negated)
        if negated:
            self._fail(self._next, "Here, after not comes in, like or ilike.")
        sign = self._operator()
        return Comparison(field, sign, self._value(self._take(), field, sign))

    def _membership(self, field: Field, negated: bool) -> Condition:
        self._expect("(", "After in comes a list, as in: in (4, 6).")
        sign = "!=" if negated else "="
        parts = [Comparison(field, sign, self._value(self._take(), field, sign))]
        while self._accept(","):
            parts.append(Comparison(field, sign, self._value(self._take(), field, sign)))
        self._expect(")", "The values of a list are separated by commas, and ) ends it.")
        return Every(tuple(parts)) if negated else Either(tuple(parts))

    def _like(self, field: Field, negated: bool) -> Condition:
        word, pattern = self._take(), self._take()
        if field.holds in ("number", "time"):
            self._fail(word, f"{field.name} is a {field.holds}; compare it by = or <, {word.word} is for texts.")
        if pattern.kind != "text":
            self._fail(pattern, f"After {word.word} comes a pattern in quotes, such as 'depth-%'.")
        wild = {"%": ".*", "_": "."}
        regex = "".join(wild.get(letter) or re.escape(letter) for letter in _unquoted(pattern.text))
        case = re.IGNORECASE if word.word == "ilike" else 0
        return Like(field, re.compile(regex, re.DOTALL | case), negated)

    def _operator(self) -> str:
        token = self._take()
        if token.kind != "operator":
            self._fail(token, "A comparison belongs here: one of = != < <= > >=, in, like, ilike, is null.")
        return _SAME.get(token.text, token.text)

    def _field(self, token: Token) -> Field:
        if self._next.text == "(" and token.kind == "word" and token.word not in _KEYWORDS:
            return self._part(token)
        if token.kind == "word" and token.word not in _KEYWORDS:
            return self._attribute(token, token.text)
        if token.kind != "column":
            self._fail(token, "Here belongs what to look at, such as metrics.roc_auc, params.max_depth or status.")
        prefix, name = token.text.split(".", 1)
        kind = _KINDS.get(prefix)
        if kind is None:
            self._fail(token, f"Before the dot stands params, metrics or tags.{_perhaps(prefix, _KINDS)}", len(prefix))
        if name[0] in "\"'`":
            name = _unquoted(name)
        return self._attribute(token, name) if kind == "run" else Field(kind, name, _HOLDS[kind])

    def _part(self, token: Token) -> Field:
        if token.text not in _PARTS:
            self._fail(token, f"Of a metric there are {', '.join(_PARTS)}.{_perhaps(token.text, _PARTS)}")
        self._take()
        inner = self._take()
        field = self._field(inner)
        if field.kind != "metrics":
            self._fail(inner, f"{token.text}( ) is for metrics, as in {token.text}(metrics.loss).")
        self._expect(")", f"Close it with ), as in {token.text}(metrics.loss).")
        return attrs.evolve(field, part=token.text)

    def _attribute(self, token: Token, name: str) -> Field:
        if name not in _ATTRIBUTES:
            known = f"{', '.join(_ATTRIBUTES)}, and params.x, metrics.x and tags.x"
            self._fail(token, f"There is no {name}.{_perhaps(name, _ATTRIBUTES)} A run has {known}.")
        return Field("run", name, _ATTRIBUTES[name])

    def _value(self, token: Token, field: Field, sign: str) -> float | str:
        if token.kind == "text":
            return self._text(token, field, sign)
        if token.kind != "number" and token.word not in _WORDS:
            self._fail(token, _not_a_value(token))
        if field.holds == "text":
            self._fail(token, f"{field.name} is a text; write '{token.text}'.")
        if field.holds == "time":
            self._fail(token, f"{field.name} is a time; write it as '2026-03-01' or '2026-03-01T12:00Z'.")
        return float(token.text) if token.kind == "number" else _WORDS[token.word]

    def _text(self, token: Token, field: Field, sign: str) -> float | str:
        text = _unquoted(token.text)
        if field.holds == "time":
            return self._time(token, text)
        numeric = is_number(text)
        if field.holds == "number":
            self._fail(token, f"{field.name} is a number; write {text if numeric else 'one'} without quotes.")
        if numeric and field.holds == "any" and sign not in ("=", "!="):
            self._fail(token, f"As a text, '10' comes before '9'; write {text} without quotes to compare numbers.")
        if field == Field("run", "status", "text"):
            return self._status(token, text.lower())
        return text

    def _status(self, token: Token, status: str) -> str:
        if status not in _STATUSES:
            self._fail(token, f"A status is one of {', '.join(_STATUSES)}.{_perhaps(status, _STATUSES)}")
        return status

    def _time(self, token: Token, text: str) -> float:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            self._fail(token, "This is no time; write it as '2026-03-01' or '2026-03-01T12:00Z'.")
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()

    # -- one token after the other

    def _tokens(self) -> list[Token]:
        tokens: list[Token] = []
        position = 0
        while not tokens or tokens[-1].kind != "end":
            match = _TOKEN.match(self.source, position)
            if match is None:
                start = position + len(self.source[position:]) - len(self.source[position:].lstrip())
                self._fail(Token("odd", self.source[start], start), _odd(self.source[start]))
            kind = str(match.lastgroup)
            tokens.append(Token(kind, match[kind], match.start(kind)))
            position = match.end()
        return tokens

    @property
    def _next(self) -> Token:
        return self.tokens[self.position]

    def _take(self) -> Token:
        token = self._next
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def _accept(self, word: str) -> bool:
        found = self._next.kind in ("word", "mark") and self._next.word == word
        if found:
            self._take()
        return found

    def _expect(self, word: str, remedy: str) -> None:
        if not self._accept(word):
            self._fail(self._next, remedy)

    def _fail(self, token: Token, remedy: str, length: int | None = None) -> NoReturn:
        begin = self.source.rfind("\n", 0, token.start) + 1
        line = self.source[begin:].split("\n", 1)[0]
        carets = "^" * max(1, min(length or len(token.text), len(line) - token.start + begin))
        place = " " * (token.start - begin) + carets
        raise SearchError(f"This search can not be understood.\n    {line}\n    {place}\n{remedy}")


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _perhaps(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _not_a_value(token: Token) -> str:
    if token.word == "null":
        return "Write is null or is not null; nothing is equal to null."
    if token.kind == "word" and token.word not in _KEYWORDS:
        return f"Here belongs a number or a text; texts are quoted, '{token.text}'."
    return "Here belongs a number, or a text in quotes; two columns can not be compared."


def _odd(letter: str) -> str:
    if letter in "\"'`":
        return "This quote is never closed; a quote within a text is doubled."
    if letter == ".":
        return "After params., metrics. and tags. comes a name at once."
    if letter in "&|~":
        return "Conditions are joined by and, or and not."
    return f'{letter} has no meaning here; names with it are quoted, as in params."learning rate".'
