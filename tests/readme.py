"""The tables of the README that follow from data: `python -m tests.readme` writes them again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from console.config import ENV_PREFIX, SETTINGS
from console.ui.commands import COMMANDS, Group, shown_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

README = Path(__file__).parents[1] / "README.md"


def keys_table() -> str:
    """One row a command of the screen, in the order of its help."""
    rows = [
        (" ".join(f"`{shown_key(key)}`" for key in command.keys), command.tip, f"`{command.id}`")
        for group in Group
        for command in COMMANDS
        if command.group is group
    ]
    return _table(("key", "does", "name for `[keys]`"), rows)


def settings_table() -> str:
    """One row a setting, in the order of the help."""
    rows = [
        (
            f"`{setting.name}`",
            f"`{setting.flag}`" if setting.flag is not None and not setting.toggle else _toggle(setting.flag),
            setting.form,
            setting.default or "none",
            setting.help,
        )
        for setting in SETTINGS
    ]
    return _table(("setting", "flag", "form", "default", "meaning"), rows)


TABLES: Mapping[str, Callable[[], str]] = {"keys": keys_table, "settings": settings_table}


def written(text: str) -> str:
    """The README with each table as it must be now.

    Raises:
        ValueError: a table has no place in it.
    """
    for name, table in TABLES.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        if not begin or not end:
            raise ValueError(f"the README has no place for the table of {name}")
        text = f"{before}{begin}{table()}\n{end}{after}"
    return text


def block_under(heading: str, text: str) -> list[str]:
    """The lines of the first fenced block under a heading of the second level.

    Raises:
        ValueError: there is none.
    """
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.search(r"^```[a-z]*\n(.*?)\n```$", section, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"no fenced block under {heading!r}")
    return found[1].split("\n")


def variables() -> set[str]:
    """Every variable of the environment that means something."""
    return {setting.variable for setting in SETTINGS} | {f"{ENV_PREFIX}CONFIG"}


def _toggle(flag: str | None) -> str:
    return f"`{flag}`, `--no-{flag[2:]}`" if flag is not None else "none"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
