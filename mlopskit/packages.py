"""Which distributions the imported modules come from, found without reading the metadata of all that are installed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

_INFO = re.compile(r"(?P<name>.+?)(-(?P<version>[^-]+)(-py[\d.]+)?)?\.(dist|egg)-info")
_VERSION = re.compile(rb"^Version: *(\S+)", re.MULTILINE)


class _Distribution(NamedTuple):
    """A distribution by the folder (or, seldom, file) that describes it."""

    name: str
    version: str
    folder: str
    info: str


class _Module(NamedTuple):
    """A module that is not part of another one with a file: a top-level one, or one of a namespace package."""

    name: str
    file: str


_listed: dict[str, tuple[int, list[_Distribution]]] = {}
_found: dict[_Module, _Distribution | None] = {}
_last: tuple[tuple[str, ...], dict[str, str]] = ((), {})  # which modules there were, and what they came from


def imported_packages() -> dict[str, str]:
    """Tell the version of each distribution that something has been imported from, by its normalized name.

    Nothing is imported for it. The first call reads the names of what is installed, and the lists of
    files of some of it; later calls look at the modules that were imported since.

    Examples
    --------
    >>> import numpy
    >>> imported_packages()["numpy"] == numpy.__version__
    True
    """
    global _last  # noqa: PLW0603 - looked for again when something was imported
    if _last[0] == (names := tuple(sys.modules)):
        return dict(_last[1])
    modules = list(_modules())
    unknown = [module for module in modules if module not in _found]
    if unknown:
        distributions = [each for folder in dict.fromkeys(sys.path) for each in _distributions(folder or os.curdir)]
        _found.update(dict.fromkeys(unknown) | _owners(unknown, distributions))
    owners = {owner for module in modules if (owner := _found[module]) is not None}
    _last = names, {owner.name: owner.version for owner in sorted(owners)}
    return dict(_last[1])


def version_of(module: str) -> str:
    """Tell the version of the distribution that an imported top-level module comes from; empty if that is unknown.

    Examples
    --------
    >>> import attr
    >>> version_of("attr") == imported_packages()["attrs"]
    True
    """
    imported_packages()
    owners = (owner for found, owner in _found.items() if found.name == module and owner is not None)
    return next((owner.version for owner in owners), "")


def _modules() -> Iterator[_Module]:
    files = {name: _file(module) for name, module in sys.modules.copy().items()}
    for name, file in files.items():
        top, _, rest = name.partition(".")
        if not file or top in sys.stdlib_module_names or top == "__main__":
            continue
        if not rest or not files.get(name.rpartition(".")[0], ""):
            yield _Module(name, file)


def _file(module: object) -> str:
    if not issubclass(type(module), ModuleType):  # some that are none say in `__class__` that they are
        return ""
    # A lazy module loads when it is asked for an attribute in the usual way.
    file = ModuleType.__getattribute__(module, "__dict__").get("__file__")
    return file if isinstance(file, str) else ""


def _distributions(folder: str) -> list[_Distribution]:
    try:
        changed = os.stat(folder).st_mtime_ns  # noqa: PTH116
        if folder not in _listed or _listed[folder][0] != changed:
            _listed[folder] = changed, [_distribution(folder, name, match) for name, match in _infos(folder)]
    except OSError:  # a zip file, or not there at all
        return []
    return _listed[folder][1]


def _infos(folder: str) -> Iterator[tuple[str, re.Match[str]]]:
    for name in os.listdir(folder):  # noqa: PTH208
        if name.endswith("-info") and (match := _INFO.fullmatch(name)):
            yield name, match


def _distribution(folder: str, info: str, match: re.Match[str]) -> _Distribution:
    path = os.path.join(folder, info)  # noqa: PTH118
    name = re.sub(r"[-_.]+", "-", match["name"]).lower()
    return _Distribution(name, match["version"] or _stated_version(path), folder, path)


def _stated_version(info: str) -> str:
    stated = _VERSION.search(_contents(info, "METADATA") or _contents(info, "PKG-INFO"))
    return stated[1].decode("utf-8", "replace") if stated else ""


def _owners(modules: list[_Module], distributions: list[_Distribution]) -> dict[_Module, _Distribution]:
    by_name = {each.name: each for each in reversed(distributions)}
    owners = {}
    for module in modules:
        owner = by_name.get(module.name.replace("_", "-").replace(".", "-").lower())
        if owner is not None and (_below(module.file, owner.folder) or _is_editable(owner)):
            owners[module] = owner
    folders = dict.fromkeys(each.folder for each in distributions)
    left = {
        module: folder
        for module in modules
        if module not in owners and (folder := next((each for each in folders if _below(module.file, each)), None))
    }
    for distribution in distributions:
        if not left:
            break
        for module in _owned(distribution, left):
            owners[module] = distribution
            del left[module]
    return owners


def _owned(distribution: _Distribution, modules: dict[_Module, str]) -> list[_Module]:
    """Choose the modules that a distribution lists among its files."""
    here = [module for module, folder in modules.items() if folder == distribution.folder]
    if not here:
        return []
    if record := b"\n" + _contents(distribution.info, "RECORD"):
        relative = {
            module: module.file[len(distribution.folder) :].strip(os.sep).replace(os.sep, "/") for module in here
        }
        if owned := [module for module in here if b"\n" + relative[module].encode() + b"," in record]:
            return owned
    names = _contents(distribution.info, "top_level.txt").decode("utf-8", "replace").split()
    return [module for module in here if module.name in names]


def _is_editable(distribution: _Distribution) -> bool:
    return bool(_contents(distribution.info, "direct_url.json"))


def _below(file: str, folder: str) -> bool:
    return file.startswith(folder.rstrip(os.sep) + os.sep)


def _contents(info: str, name: str) -> bytes:
    try:
        return Path(info, name).read_bytes()
    except OSError:
        return b""
