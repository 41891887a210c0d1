"""What can be told of dashboards by reading them: their grid, ids, units, variables and data source."""

from __future__ import annotations

import itertools
import unittest

import yaml

from dashboards import COLUMNS, FOLDER, Dashboard, all_dashboards, variables_in

BY_VARIABLE = {"type": "prometheus", "uid": "${datasource}"}


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


class Dashboards(unittest.TestCase):
    def each(self) -> list[Dashboard]:
        boards = all_dashboards()
        self.assertEqual([board.name for board in boards], ["balancer", "network", "servers", "traffic"])
        return boards

    def test_there_is_one_of_each_name(self) -> None:
        boards = all_dashboards()
        for key in ("uid", "title"):
            self.assertEqual(len({board.json[key] for board in boards}), len(boards), key)
        for board in boards:
            self.assertNotIn("id", board.json, "an id is the database's to give")

    def test_ids_and_titles_of_panels_are_unique(self) -> None:
        for board in self.each():
            for key in ("id", "title"):
                values = [panel[key] for panel in board.panels]
                self.assertEqual(sorted(set(values)), sorted(values), f"{board.name}: {key}")

    def test_panels_stand_inside_the_grid_and_beside_each_other(self) -> None:
        for board in self.each():
            for panel in board.panels:
                place = panel["gridPos"]
                self.assertTrue(place["x"] >= 0 and place["w"] > 0 and place["x"] + place["w"] <= COLUMNS, panel["title"])
            for one, other in itertools.combinations(board.panels, 2):
                self.assertFalse(overlap(one["gridPos"], other["gridPos"]), f"{one['title']} on {other['title']}")

    def test_the_grid_has_no_holes(self) -> None:
        for board in self.each():
            taken = {(x, y) for panel in board.panels for place in [panel["gridPos"]]
                     for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            height = max(y for _, y in taken) + 1
            self.assertEqual(len(taken), COLUMNS * height, f"{board.name} has a hole")

    def test_every_panel_says_what_it_shows_and_in_which_unit(self) -> None:
        for board in self.each():
            for panel in board.panels:
                if panel["type"] == "row":
                    continue
                self.assertTrue(panel["description"].endswith("."), panel["title"])
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"], panel["title"])
                references = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(set(references)), len(references), panel["title"])
                for target in panel["targets"]:
                    self.assertTrue(target["legendFormat"], panel["title"])

    def test_the_data_source_is_a_variable_everywhere(self) -> None:
        for board in self.each():
            first = board.json["templating"]["list"][0]
            self.assertEqual((first["name"], first["type"], first["query"]), ("datasource", "datasource", "prometheus"))
            askers = [it for it in board.panels if it["type"] != "row"] + board.json["annotations"]["list"]
            for asker in [*askers, *board.variables().values()]:
                self.assertEqual(asker["datasource"], BY_VARIABLE)
            self.assertEqual(board.text.count('"uid"'), board.text.count('"uid": "${datasource}"') + 1)

    def test_variables_are_used_and_those_that_are_used_are_there(self) -> None:
        for board in self.each():
            used = set().union(*(variables_in(query.expression) for query in board.queries()),
                               *(variables_in(expression) for expression in board.annotations()))
            self.assertEqual(used, set(board.variables()))
            before: set[str] = set()
            for name, variable in board.variables().items():
                self.assertLessEqual(variables_in(variable["query"]["query"]), before, f"{name} asks for a later one")
                self.assertEqual((variable["multi"], variable["includeAll"], variable["allValue"]), (True, True, ".*"))
                before.add(name)

    def test_a_variable_of_many_values_is_matched_by_pattern(self) -> None:
        for board in self.each():
            for query in board.queries():
                for name in variables_in(query.expression):
                    self.assertEqual(query.expression.count(f"${name}"), query.expression.count(f'{name}=~"${name}"'), query)

    def test_queries_keep_to_the_proxies_that_are_chosen(self) -> None:
        for board in self.each():
            for query in board.queries():
                self.assertEqual(query.expression.count("finishline_"), query.expression.count('{instance=~"$instance"'), query)


class Provisioning(unittest.TestCase):
    def read(self, name: str) -> dict:
        content = yaml.safe_load((FOLDER / "provisioning" / name).read_text())
        self.assertEqual(content["apiVersion"], 1)
        return content

    def test_the_data_source_is_one_of_prometheus(self) -> None:
        (source,) = self.read("datasources.yaml")["datasources"]
        self.assertEqual((source["type"], source["access"]), ("prometheus", "proxy"))

    def test_dashboards_are_read_from_a_folder(self) -> None:
        (provider,) = self.read("dashboards.yaml")["providers"]
        self.assertEqual(provider["type"], "file")
        self.assertTrue(provider["options"]["path"].startswith("/"))


if __name__ == "__main__":
    unittest.main()
