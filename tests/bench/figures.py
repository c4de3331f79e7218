"""A figure of the bench: its value beside its goal or its peer."""

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table; `goal` in words, `met` None where there is none."""

    name: str
    value: str
    goal: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile, share 0–1. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def resident_mb(pid: int) -> float:
    """The resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def machine() -> str:
    """The machine the figures were taken on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.platform(terse=True)}, Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {memory_gb:.0f} GB, {system}"


def markdown(sections: Sequence[tuple[str, Sequence[Figure]]]) -> str:
    """All sections as tables for a document."""
    lines = []
    for title, figures in sections:
        lines += [f"## {title}", "", "| figure | value | goal | met |", "|---|---|---|---|"]
        for figure in figures:
            met = "" if figure.met is None else "yes" if figure.met else "**no**"
            lines.append(f"| {figure.name} | {figure.value} | {figure.goal} | {met} |")
        lines.append("")
    return "\n".join(lines)
