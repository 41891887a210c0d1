"""The files for containers and Kubernetes: what they name is there, and says the same in all places that have to agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "proto/python"))
from tests.programs import BIN, ProgramTest  # noqa: E402

CONTAINER = REPOSITORY / "lb/examples/container"
KUBERNETES = REPOSITORY / "lb/examples/kubernetes"
PROGRAMS = ("finishline", "finishline-server", "finishline-client")
IN_EVERY_IMAGE = {"libc6", "libgcc-s1", "libstdc++6", "libtinfo6"}  # of Debian


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def ports_of(config: dict[str, Any]) -> set[int]:
    """Those that the proxy itself binds."""
    return {port_of(config["proxy"]["admin"])} | {port_of(listener["bind"]) for listener in config["listener"]}


def after(words: list[str], flag: str) -> str:
    return words[words.index(flag) + 1]


class FilesTest(ProgramTest):
    def folder(self) -> Path:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def checked(self, config: Path) -> dict[str, Any]:
        """What `finishline check` says of a good configuration."""
        outcome = subprocess.run([BIN / "finishline", "check", "--json", config], capture_output=True, text=True)
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""))
        return json.loads(outcome.stdout)

    def serves(self, command: list[str]) -> str:
        """The server starts as it is told to, but for its port. Its address."""
        where = command.index("--listen") + 1
        program = self.start(BIN / command[0], *command[1:where], "127.0.0.1:0", *command[where + 1:])
        return program.says(r"listening on (\S+)")[1]


class ComposeTest(FilesTest):
    def setUp(self) -> None:
        self.services = yaml.safe_load((CONTAINER / "compose.yaml").read_text())["services"]
        self.config = tomllib.loads((CONTAINER / "finishline.toml").read_text())

    def mounted(self, service: str) -> dict[str, Path]:
        """What stands in the container where."""
        mounts = (volume.split(":") for volume in self.services[service].get("volumes", []))
        return {inside: (CONTAINER / outside).resolve() for outside, inside, *_ in mounts}

    def test_files_that_it_mounts_and_services_that_it_waits_for_are_there(self) -> None:
        for name, service in self.services.items():
            for file in self.mounted(name).values():
                self.assertTrue(file.exists(), file)
            self.assertLessEqual(set(service.get("depends_on", [])), set(self.services))
            build = service.get("build")
            if build:
                self.assertTrue((CONTAINER / build["context"] / build["dockerfile"]).exists())
                self.assertEqual((CONTAINER / build["context"]).resolve(), REPOSITORY)

    def test_the_configuration_is_good_and_names_the_servers_with_their_types_and_ports(self) -> None:
        self.checked(CONTAINER / "finishline.toml")
        for server in self.config["server"]:
            service = self.services[server["address"].partition(":")[0]]
            self.assertEqual(after(service["command"], "--type"), server["type"])
            self.assertEqual(port_of(after(service["command"], "--listen")), port_of(server["address"]))
            self.serves(service["entrypoint"] + service["command"])

    def test_ports_that_it_publishes_are_those_that_the_proxy_binds(self) -> None:
        published = {int(port.rpartition(":")[2]) for port in self.services["finishline"]["ports"]}
        self.assertEqual(published, ports_of(self.config))

    def test_it_waits_longer_than_the_proxy_drains(self) -> None:
        self.assertGreater(int(self.services["finishline"]["stop_grace_period"].removesuffix("s")), 30)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_prometheus_finds_its_files_where_they_are_mounted_and_the_proxy_where_it_is(self) -> None:
        folder = self.folder()
        for inside, outside in self.mounted("prometheus").items():
            target = folder / inside.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(outside, target)
        config = folder / "etc/prometheus/prometheus.yml"
        outcome = subprocess.run(["promtool", "check", "config", config], capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 0, outcome.stdout + outcome.stderr)
        job, = yaml.safe_load(config.read_text())["scrape_configs"]
        self.assertEqual(job["job_name"], "finishline")  # the rules ask for it
        for target in job["static_configs"][0]["targets"]:
            self.assertIn(target.partition(":")[0], self.services)
            self.assertEqual(port_of(target), port_of(self.config["proxy"]["admin"]))
            self.assertIn(target.partition(":")[0], self.config["proxy"]["admin_hosts"].split(","))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_the_sample_of_prometheus_is_good_as_it_says(self) -> None:
        sample = REPOSITORY / "lb/examples/prometheus/prometheus.yml"
        outcome = subprocess.run(["promtool", "check", "config", sample], capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 0, outcome.stdout + outcome.stderr)

    def test_grafana_finds_dashboards_where_they_are_mounted_and_prometheus_where_it_is(self) -> None:
        mounted = self.mounted("grafana")
        provisioning = "/etc/grafana/provisioning/"
        source, = yaml.safe_load(mounted[provisioning + "datasources/finishline.yaml"].read_text())["datasources"]
        self.assertEqual(source["type"], "prometheus")  # of that kind they take any
        self.assertIn(re.match(r"http://([^:/]+):9090$", source["url"])[1], self.services)
        for provider in yaml.safe_load(mounted[provisioning + "dashboards/finishline.yaml"].read_text())["providers"]:
            boards = list(mounted[provider["options"]["path"]].glob("*.json"))
            self.assertTrue(boards)
            for board in boards:
                self.assertTrue(json.loads(board.read_text())["title"])


class ContainerfileTest(FilesTest):
    def setUp(self) -> None:
        text = (CONTAINER / "Containerfile").read_text().replace("\\\n", " ")
        self.lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]

    def all(self, word: str) -> list[str]:
        return [rest for first, rest in self.lines if first == word]

    def test_what_it_copies_is_there_or_was_built(self) -> None:
        for copied in self.all("COPY"):
            if not copied.startswith("--from="):
                self.assertTrue((REPOSITORY / copied.split()[0]).exists(), copied)

    def test_ports_that_it_exposes_are_those_of_its_configuration(self) -> None:
        config = tomllib.loads((CONTAINER / "finishline.toml").read_text())
        self.assertEqual({int(port) for port in self.all("EXPOSE")[0].split()}, ports_of(config))

    @unittest.skipUnless(shutil.which("objdump") and shutil.which("dpkg"), "no objdump, or this is no Debian")
    def test_it_installs_every_library_that_the_programs_are_linked_with(self) -> None:
        release = Path("/etc/os-release").read_text()
        if "VERSION_CODENAME=bookworm" not in release:
            self.skipTest("the image is Debian 12, and this is not")
        needed = set()
        for program in PROGRAMS:
            headers = subprocess.run(["objdump", "-p", BIN / program], capture_output=True, text=True, check=True).stdout
            if "libasan" in headers or "libtsan" in headers:
                self.skipTest("these programs are built for tests alone")
            needed |= set(re.findall(r"NEEDED\s+(\S+)", headers))
        owners = {library: subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True).stdout
                  for library in needed}
        installed = set(" ".join(self.all("RUN")).split()) | IN_EVERY_IMAGE
        for library, owner in owners.items():
            packages = {line.partition(":")[0] for line in owner.splitlines()}
            self.assertTrue(packages & installed, f"{library} of {packages or 'no package'}")

    def test_the_programs_that_it_starts_and_the_words_that_it_gives_them_are_known(self) -> None:
        health = json.loads(self.all("HEALTHCHECK")[0].partition("CMD ")[2])
        start = json.loads(self.all("ENTRYPOINT")[0]) + json.loads(self.all("CMD")[0])
        for program, command, *flags in (health, start):
            told = subprocess.run([BIN / program, command, "--help"], capture_output=True, text=True)
            self.assertEqual(told.returncode, 0, told.stderr)
            for flag in flags:
                self.assertIn(flag, told.stdout)


class KubernetesTest(FilesTest):
    def setUp(self) -> None:
        self.parts = [part for file in sorted(KUBERNETES.glob("*.yaml")) for part in yaml.safe_load_all(file.read_text())]
        self.text = self.one("ConfigMap", "finishline")["data"]["finishline.toml"]
        self.config = tomllib.loads(self.text)

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [part for part in self.parts if part["kind"] == kind]

    def one(self, kind: str, name: str) -> dict[str, Any]:
        found, = (part for part in self.all(kind) if part["metadata"]["name"] == name)
        return found

    def container(self, deployment: str) -> dict[str, Any]:
        container, = self.one("Deployment", deployment)["spec"]["template"]["spec"]["containers"]
        return container

    def ports(self, deployment: str) -> dict[str, int]:
        return {port["name"]: port["containerPort"] for port in self.container(deployment)["ports"]}

    def written(self, text: str) -> Path:
        file = self.folder() / "finishline.toml"
        file.write_text(text)
        return file

    def test_every_part_has_its_form(self) -> None:
        self.assertTrue(self.parts)
        versions = {"ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1", "PodDisruptionBudget": "policy/v1",
                    "NetworkPolicy": "networking.k8s.io/v1"}
        for part in self.parts:
            self.assertEqual(part["apiVersion"], versions[part["kind"]])
            self.assertRegex(part["metadata"]["name"], r"^[a-z][a-z0-9-]*$")

    def test_the_configuration_is_good_and_its_ports_are_those_of_the_container(self) -> None:
        self.checked(self.written(self.text))
        self.assertEqual(set(self.ports("finishline").values()), ports_of(self.config))
        annotations = self.one("Deployment", "finishline")["spec"]["template"]["metadata"]["annotations"]
        self.assertEqual(int(annotations["prometheus.io/port"]), port_of(self.config["proxy"]["admin"]))

    def test_what_the_workers_may_hold_fits_into_the_memory_of_the_container(self) -> None:
        need = self.checked(self.written(self.text))["memory_per_worker_bytes"]
        limit = self.container("finishline")["resources"]["limits"]["memory"]
        workers = self.config["proxy"]["workers"]  # said, for a node may have any number of cores
        self.assertLess(workers * need, int(limit.removesuffix("Mi")) << 20)

    def test_the_container_is_given_longer_than_the_proxy_drains(self) -> None:
        grace = self.one("Deployment", "finishline")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        self.assertGreater(grace, int(self.config["proxy"]["drain_timeout"].removesuffix("s")))

    def test_the_configuration_is_mounted_where_the_program_looks_for_it(self) -> None:
        pod = self.one("Deployment", "finishline")["spec"]["template"]["spec"]
        names = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["mountPath"]: names[mount["name"]] for mount in self.container("finishline")["volumeMounts"]}
        self.one("ConfigMap", mounts["/etc/finishline"]["configMap"]["name"])
        told = subprocess.run([BIN / "finishline", "run", "--help"], capture_output=True, text=True).stdout
        self.assertIn("/etc/finishline/finishline.toml", told)

    def test_selectors_find_their_pods_and_names_of_ports_are_theirs(self) -> None:
        for deployment in self.all("Deployment"):
            labels = deployment["spec"]["template"]["metadata"]["labels"]
            self.assertLessEqual(deployment["spec"]["selector"]["matchLabels"].items(), labels.items())
            name = deployment["metadata"]["name"]
            for probe in ("livenessProbe", "readinessProbe"):
                if what := self.container(name).get(probe):
                    self.assertIn((what.get("httpGet") or what["tcpSocket"])["port"], self.ports(name))
        for service in self.all("Service"):
            for port in service["spec"]["ports"]:
                self.assertEqual(port["port"], self.ports(service["spec"]["selector"]["app"])[port["targetPort"]])
        for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            for part in self.all(kind):
                self.one("Deployment", part["spec"][key]["matchLabels"]["app"])
        policy = self.one("NetworkPolicy", "finishline")["spec"]["ingress"]
        self.assertEqual({port["port"] for rule in policy for port in rule["ports"]}, ports_of(self.config))

    def test_servers_are_found_by_headless_services_at_their_ports(self) -> None:
        for server in self.config["server"]:
            service = self.one("Service", server["address"].partition(":")[0])["spec"]
            self.assertEqual((service["clusterIP"], server["resolve"]), ("None", "all"))
            self.assertEqual([port["port"] for port in service["ports"]], [port_of(server["address"])])
            container = self.container(service["selector"]["app"])
            self.assertEqual(after(container["args"], "--type"), server["type"])
            self.serves(container["command"] + container["args"])

    def test_probes_ask_for_what_the_admin_server_answers(self) -> None:
        """With the configuration as it is, but for the ports and where the servers are."""
        text = re.sub(r'(bind|admin) = "0\.0\.0\.0:\d+"', r'\1 = "127.0.0.1:0"', self.text)
        for server in self.config["server"]:
            container = self.container(server["address"].partition(":")[0])
            text = text.replace(server["address"], self.serves(container["command"] + container["args"]))
        proxy = self.start(BIN / "finishline", *self.container("finishline")["args"], "-c", self.written(text))
        admin = proxy.says(r"admin_listening address=(\S+)")[1]
        for probe in ("livenessProbe", "readinessProbe"):
            path = self.container("finishline")[probe]["httpGet"]["path"]
            self.eventually(lambda: self.status_of(admin, path) == 200, f"{path} of {probe}")

    def status_of(self, admin: str, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://{admin}{path}", timeout=10) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code


if __name__ == "__main__":
    unittest.main()
