"""How the benchmarks print numbers and tables."""


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}" if value < 1 else f"{value:.3g}"


def ratio(peer: float | None, ours: float | None) -> str:
    return f" ({number(peer / ours)} x)" if peer and ours else ""


def table(
    title: str, heads: list[str], targets: list[str] | None, cells: dict[str, list[str]],
    reasons: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Print a table with the targets as its first line, and below it why there are dashes."""
    lines = [["", *heads], *([["target", *targets]] if targets else [])]
    lines += [[name, *line] for name, line in cells.items()]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads) + 1)]
    lines.insert(1, ["-" * width for width in widths])
    print(f"\n{title}")
    for first, *others in lines:
        print("  " + "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]))
    for where, reason in (reasons or {}).items():
        print(f"  - {where}: {reason}")
    print(end="", flush=True)
