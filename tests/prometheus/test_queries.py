"""Runs every query of the dashboards and every rule on a real Prometheus that scrapes a proxy at work."""

from __future__ import annotations

import math
import re
import subprocess
import time
import unittest
import urllib.request

from dashboards import Query, all_dashboards, expanded
from scene import SceneTest

WINDOW = "4s"  # as Grafana would make it of a scrape every second
PATIENCE_S = 25.0

# Queries, as board and panel and reference, that have no data in a run of some seconds, and why.
WITHOUT_DATA = {
    ("traffic", "Against an hour ago", "A"): "the run has no hour ago",
    ("traffic", "Now, a day ago, a week ago", "B"): "nor a day ago",
    ("traffic", "Now, a day ago, a week ago", "C"): "nor a week ago",
    ("servers", "Streams opened, and not", "B"): "every stream of the run finds its server",
}


def has_number(result: list[dict]) -> bool:
    """Whether any sample is a number, not NaN or infinite as of a division by nothing."""
    return any(math.isfinite(float(value)) for series in result
               for _, value in series.get("values") or [series["value"]])


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\bfinishline_\w+", expression))


def words_in(expression: str) -> set[tuple[str, str]]:
    """Label and value of each matcher, without those that are variables."""
    return {(label, word) for label, text in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)"([^"$]+)"', expression)
            for word in text.split("|")}


class Queries(SceneTest):
    def everything(self) -> dict[str, str]:
        return {name: ".*" for board in all_dashboards() for name in board.variables()}

    def choices(self) -> dict[str, str]:
        """For each variable two of its values at most, as Grafana writes a choice; it has some."""
        prometheus, chosen = self.scene.prometheus, {}
        for board in all_dashboards():
            for name, variable in board.variables().items():
                metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"]).groups()
                values = prometheus.values(label, expanded(metric, self.everything(), WINDOW))
                self.assertTrue(values, f"{board.name}: ${name} has no values")
                chosen[name] = "(" + "|".join(values[:2]) + ")"
        return chosen

    def ask(self, query: Query, values: dict[str, str]) -> list[dict]:
        expression = expanded(query.expression, values, WINDOW)
        if query.instant:
            return self.scene.prometheus.get("query", query=expression)["result"]
        now = time.time()
        return self.scene.prometheus.get("query_range", query=expression, start=now - 10, end=now, step=1)["result"]

    def lacking(self, queries: list[Query]) -> list[Query]:
        self.scene.ask_for_no_known_type()
        return [query for query in queries if not has_number(self.ask(query, self.everything()))]

    def queries(self) -> list[Query]:
        return [query for board in all_dashboards() for query in board.queries()]

    def rules(self) -> list[dict]:
        return [rule for group in self.scene.prometheus.get("rules")["groups"] for rule in group["rules"]]

    def test_1_every_query_of_every_panel_has_data(self) -> None:
        queries = self.queries()
        self.assertLessEqual(WITHOUT_DATA.keys(), {(it.board, it.panel, it.ref) for it in queries})
        lacking = [it for it in queries if (it.board, it.panel, it.ref) not in WITHOUT_DATA]
        until = time.monotonic() + PATIENCE_S
        while lacking and time.monotonic() < until:
            lacking = self.lacking(lacking)
            time.sleep(0.2 if lacking else 0)
        self.assertFalse(lacking, "no data:\n" + "\n".join(map(str, lacking)))

    def test_1_legends_name_labels_that_are_there(self) -> None:
        for board in all_dashboards():
            for panel in board.panels:
                for target in panel.get("targets", []):
                    query = Query(board.name, panel["title"], target["refId"], target["expr"], target["instant"])
                    wanted = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
                    for series in self.ask(query, self.everything()):
                        self.assertFalse(wanted - set(series["metric"]), query)

    def test_2_every_query_is_valid_whatever_is_chosen(self) -> None:
        choices = self.choices()
        for query in self.queries():
            self.ask(query, choices)
        for board in all_dashboards():
            for expression in board.annotations():
                self.scene.prometheus.get("query", query=expanded(expression, choices, WINDOW))

    def test_3_rules_are_evaluated_and_what_is_recorded_has_data(self) -> None:
        self.eventually(lambda: all(rule["health"] == "ok" for rule in self.rules()), "rules are evaluated")
        self.assertTrue(any(rule["type"] == "alerting" for rule in self.rules()))
        for rule in self.rules():
            self.scene.prometheus.get("query", query=rule["query"])
            if rule["type"] == "recording":
                self.eventually(lambda: has_number(self.scene.prometheus.get("query", query=rule["name"])["result"]),
                                f"{rule['name']} has data")

    def test_4_metrics_and_words_that_are_asked_for_are_there(self) -> None:
        expressions = [query.expression for query in self.queries()] + [rule["query"] for rule in self.rules()]
        unknown = set().union(*map(names_in, expressions)) - set(self.scene.prometheus.values("__name__"))
        self.assertFalse(unknown, "no such metrics")
        for label, word in set().union(*map(words_in, expressions)):
            self.assertIn(word, self.scene.prometheus.values(label), label)

    def test_5_promtool_finds_no_fault_with_the_page(self) -> None:
        with urllib.request.urlopen(f"http://{self.scene.admin}/metrics", timeout=10) as page:
            said = subprocess.run(["promtool", "check", "metrics"], input=page.read(), capture_output=True, timeout=60)
        self.assertEqual((said.returncode, said.stdout, said.stderr), (0, b"", b""))

    def test_6_a_server_that_ends_is_told(self) -> None:
        def alerts() -> set[tuple[str, str]]:
            return {(it["labels"]["alertname"], it["labels"].get("server", ""))
                    for it in self.scene.prometheus.get("alerts")["alerts"]}

        self.assertNotIn(("FinishlineServerDown", "video-1"), alerts())
        self.scene.servers["video-1"].end()
        self.eventually(lambda: ("FinishlineServerDown", "video-1") in alerts(), "an alert that video-1 is down")
        self.assertNotIn(("FinishlineServerDown", "video-2"), alerts())


if __name__ == "__main__":
    unittest.main()
