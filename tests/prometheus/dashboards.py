"""The dashboards for Grafana in lb/examples/grafana, as Grafana reads them: panels, queries, variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "lb/examples/grafana"
COLUMNS = 24  # of Grafana's grid


@dataclass(frozen=True)
class Query:
    """One query of a panel, with variables in it."""

    board: str
    panel: str
    ref: str
    expression: str
    instant: bool

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}, {self.ref}: {self.expression}"


class Dashboard:
    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.text = path.read_text()
        self.json: dict[str, Any] = json.loads(self.text)
        self.panels: list[dict[str, Any]] = self.json["panels"]

    def queries(self) -> Iterator[Query]:
        for panel in self.panels:
            for target in panel.get("targets", []):
                yield Query(self.name, panel["title"], target["refId"], target["expr"], target["instant"])

    def annotations(self) -> Iterator[str]:
        for annotation in self.json["annotations"]["list"]:
            yield annotation["expr"]

    def variables(self) -> dict[str, dict[str, Any]]:
        """Those that ask Prometheus, by name."""
        return {it["name"]: it for it in self.json["templating"]["list"] if it["type"] == "query"}


def all_dashboards() -> list[Dashboard]:
    return [Dashboard(path) for path in sorted(FOLDER.glob("*.json"))]


def variables_in(text: str) -> set[str]:
    """Names of the variables that a query uses, without Grafana's own, which begin with two underscores."""
    return set(re.findall(r"\$\{?((?!__)[a-z_]+)", text))


def expanded(text: str, values: dict[str, str], window: str) -> str:
    """The query as Grafana sends it: each variable by its value, Grafana's own windows by `window`."""
    text = re.sub(r"\$__(rate_interval|interval|range)", window, text)
    return re.sub(r"\$\{?([a-z]+)\}?", lambda found: values[found[1]], text)
