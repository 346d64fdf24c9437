"""The folder of containers that `ops/container/prepare.sh` makes, held against the code and against itself."""

import copy
import ipaddress
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dispatcher.settings import Settings
from dispatcher.wiring.connections import CONNECTIONS_API, CONNECTIONS_READING, record_connections
from tests.ops.containers.manifests import (
    ACCOUNT,
    CONTAINER,
    METRICS,
    PORTS,
    ROOT,
    documents_of,
    in_the_clear,
    not_understood,
    page,
    run_within,
    unknown_settings,
)

[COMPOSE] = documents_of((CONTAINER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "cap-dispatcher" in one["image"]}
SERVING = ("api", "worker", "reading", "citizens")
MEMBERS = frozenset(
    {
        "cap_add", "cap_drop", "command", "depends_on", "deploy", "entrypoint", "env_file", "environment",
        "healthcheck", "image", "networks", "ports", "profiles", "pull_policy", "read_only", "restart", "secrets",
        "security_opt", "shm_size", "stop_grace_period", "tmpfs", "ulimits", "volumes",
    }
)  # fmt: skip
"""What of https://github.com/compose-spec/compose-spec/blob/main/spec.md is used here."""
TOP = frozenset({"name", "networks", "secrets", "services", "volumes"})
CONDITIONS = frozenset({"service_completed_successfully", "service_healthy", "service_started"})


def names(value: Any) -> set[str]:
    """Those of a list, or of an object."""
    return set(value or ())


def wrong(compose: Mapping[str, Any]) -> list[str]:
    """What a document of the Compose specification says that means nothing, or names what is not there."""
    said = sorted(f"{name}: no member" for name in names(compose) - TOP if not name.startswith("x-"))
    services: Mapping[str, Any] = compose["services"]
    for name, service in services.items():
        said += [f"{name}.{one}: no member" for one in sorted(names(service) - MEMBERS)]
        for kind in ("secrets", "networks"):
            missing = names(service.get(kind)) - names(compose.get(kind))
            said += [f"{name}.{kind}: there is no {one}" for one in sorted(missing)]
        for other, how in service.get("depends_on", {}).items():
            if other not in services or how.get("condition") not in CONDITIONS:
                said.append(f"{name}.depends_on: {other}")
        for volume in service.get("volumes", ()):
            source, colon, _ = volume.partition(":")
            if not colon and source.startswith("/"):
                continue  # without a name: the engine makes one for each container
            if not source.startswith("./") and source not in names(compose.get("volumes")):
                said.append(f"{name}.volumes: there is no {source}")
    return said


def lacking(service: Mapping[str, Any]) -> set[str]:
    """The files of its settings and of its command line that a service does not see, and those that it sees for
    nothing.
    """
    files = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
    files |= {word for word in service["command"] if word.startswith("/run/secrets/")}
    return files ^ {f"/run/secrets/{secret}" for secret in service["secrets"]}


def on_disk(service: Mapping[str, Any], path: str) -> bool:
    """Whether a folder of a service lies on the machine's disk: not in its image, nor in memory."""
    memory = {one.partition(":")[0] for one in service.get("tmpfs", ())}
    return path not in memory and path in {one.split(":")[-1] for one in service.get("volumes", ())}


def relabelled(rule: Mapping[str, Any], labels: Mapping[str, str]) -> str | None:
    """What a rule of Prometheus' relabelling makes of a target's labels; None where it does not match."""
    found = re.fullmatch(rule["regex"], ";".join(labels[one] for one in rule["source_labels"]))
    return found and found.expand(re.sub(r"\$(\d)", r"\\\1", rule["replacement"]))


@pytest.fixture(scope="module")
def folder(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an administrator has after the first command."""
    made = tmp_path_factory.mktemp("folder") / "warn"
    done = subprocess.run([CONTAINER / "prepare.sh", made], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return made


def test_it_is_a_document_of_the_specification() -> None:
    assert wrong(COMPOSE) == []
    broken = {
        "service": {},
        "services": {
            "a": {
                "comand": [],
                "secrets": ["b"],
                "depends_on": {"c": {}},
                "volumes": ["d:/e", "/g", "h"],
                "networks": {"f": 0},
            }
        },
    }
    assert wrong(broken) == [
        "service: no member",
        "a.comand: no member",
        "a.secrets: there is no b",
        "a.networks: there is no f",
        "a.depends_on: c",
        "a.volumes: there is no d",
        "a.volumes: there is no h",
    ]


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_process_is_a_command_with_settings_that_there_are(name: str) -> None:
    service = OURS[name]
    assert not_understood(service["command"]) == []
    assert unknown_settings(service["environment"]) == []
    assert in_the_clear(service["environment"]) == []


def test_what_is_misspelt_or_in_the_clear_is_found() -> None:
    assert not_understood(["wroker"]) == ["wroker"]
    assert not_understood(["secrets", "inti"]) == ["inti"]
    assert not_understood([]) != []
    assert unknown_settings({"WARN_KEY_PEPER_FILE", "REDIS_URL_FILE"}) == ["WARN_KEY_PEPER_FILE"]
    assert in_the_clear({"DATABASE_URL": "", "REDIS_URL_FILE": ""}) == ["DATABASE_URL"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_process_has_the_secrets_that_it_names_and_can_change_nothing(name: str) -> None:
    service = OURS[name]
    assert lacking(service) == set()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_secret_more_as_the_page_has_it_reaches_all_that_inherit_its_setting() -> None:
    more = copy.deepcopy(COMPOSE)
    services = {name: more["services"][name] for name in OURS}
    assert "its name in the `secrets:` of `x-process` and of `backup`" in " ".join(page().split())
    more["x-process"]["environment"]["WARN_SMS_GATEWAYS_FILE"] = "/run/secrets/sms"
    more["x-process"]["secrets"].append("sms")
    assert {name: lacking(one) for name, one in services.items() if lacking(one)} == {
        "backup": {"/run/secrets/sms"}
    }
    services["backup"]["secrets"].append("sms")
    assert not any(map(lacking, services.values()))


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_process_has_its_data_on_a_disk_of_whose_room_an_alarm_speaks(name: str) -> None:
    recipe = (CONTAINER / "build.sh").read_text("utf-8")
    [owned] = re.findall(r'install -d -o "\$ACCOUNT".* "\$root(/\S+)"', recipe)
    assert on_disk(OURS[name], owned)
    assert not on_disk({"tmpfs": [f"{owned}:size=64m"]}, owned)
    assert not on_disk({"volumes": [f"./keys:{owned}/keys"]}, owned)


def test_only_one_that_serves_nobody_knows_the_owner_of_the_record() -> None:
    assert [name for name, one in SERVICES.items() if "database-owner-url" in names(one.get("secrets"))] == [
        "migrate"
    ]


def test_only_the_proxy_is_reached_from_outside_and_is_believed() -> None:
    assert [name for name, one in SERVICES.items() if one.get("ports")] == ["proxy"]
    address = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    assert {OURS[name]["environment"]["FORWARDED_ALLOW_IPS"] for name in SERVING} == {address}
    [net] = COMPOSE["networks"]["front"]["ipam"]["config"]
    whole, given = ipaddress.ip_network(net["subnet"]), ipaddress.ip_network(net["ip_range"])
    assert given.subnet_of(whole)
    for fixed in (address, net["gateway"]):
        assert ipaddress.ip_address(fixed) in whole
        assert ipaddress.ip_address(fixed) not in given  # or whoever starts before may have it
    assert COMPOSE["networks"]["record"] == {"internal": True}
    assert {name for name in SERVICES if "record" not in names(SERVICES[name]["networks"])} == {"proxy"}


def test_docker_is_given_the_image_that_compose_asks_for() -> None:
    [image] = set(re.findall(r"\$\{IMAGE:-(\S+)\}", (CONTAINER / "compose.yaml").read_text("utf-8")))
    assert {one["pull_policy"] for one in OURS.values()} == {"never"}
    assert f"buildah push {image} docker-archive:cap-dispatcher.tar:{image}\ndocker load" in page()


def test_the_page_runs_commands_that_there_are() -> None:
    commands = run_within(page(), "exec api")
    assert commands
    assert [not_understood(line.split()) for line in commands] == [[]] * len(commands)


def test_prometheus_finds_all_and_names_them_as_the_rules_do(promtool: Any, tmp_path: Path) -> None:
    text = (CONTAINER / "prometheus.yaml").read_text("utf-8")
    [scraped] = documents_of(text)
    [job] = scraped["scrape_configs"]
    [found] = job["dns_sd_configs"]
    [rule] = job["relabel_configs"]
    assert (set(found["names"]), found["port"], found["type"]) == (set(SERVING), METRICS, "A")
    targets = [
        {"__meta_dns_name": name, "__address__": f"172.30.118.{130 + number}:{METRICS}"}
        for number, name in enumerate((*SERVING, "worker"))
    ]
    processes = [relabelled(rule, one) for one in targets]
    # Two series of one process within ten minutes are a start more: DispatcherProcessRestarts.
    assert len(set(processes) - {None}) == len(targets)
    rules = "".join(path.read_text("utf-8") for path in (ROOT / "ops/prometheus/rules").glob("*.yml"))
    kinds = set(re.findall(r'process=~"([^"]+)"', rules))
    assert kinds == {"api.*", "worker.*"}
    assert all(any(re.fullmatch(kind, str(one)) for one in processes) for kind in kinds)
    assert set(re.findall(r'up\{job="([^"]+)"', rules)) == {job["job_name"]}
    assert rule["target_label"] == "process"
    (tmp_path / "prometheus.yml").write_text(text)
    status, said = promtool("check", "config", tmp_path / "prometheus.yml")
    assert status == 0, said
    (tmp_path / "prometheus.yml").write_text(text.replace("type: A", "type: B"))
    status, said = promtool("check", "config", tmp_path / "prometheus.yml")
    assert status != 0, said


def test_there_are_connections_to_the_record_for_all() -> None:
    [most] = [
        int(word.partition("=")[2]) for word in SERVICES["postgres"]["command"] if "max_connections" in word
    ]
    workers = SERVICES["worker"]["deploy"]["replicas"]
    used = workers * record_connections(Settings()) + 2 * CONNECTIONS_API + CONNECTIONS_READING
    assert used < most / 2  # during a change of versions there are twice as many


def test_the_folder_has_all_that_it_names(folder: Path) -> None:
    made_later = {"addresses", "pepper", "vapid.pem", "warn.key", "warn.pem"}
    named = {name: folder / one["file"] for name, one in COMPOSE["secrets"].items()}
    assert {name for name, path in named.items() if not path.is_file()} == made_later
    assert (folder / "secrets" / "keys").is_dir()
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert not source.startswith("./") or (folder / source).exists(), source
        assert all((folder / file).is_file() for file in service.get("env_file", ()))


def test_the_service_takes_the_settings_and_addresses_of_the_folder(
    folder: Path, env: pytest.MonkeyPatch
) -> None:
    lines = [line for line in (folder / "settings.env").read_text().splitlines() if not line.startswith("#")]
    for line in lines:
        env.setenv(*line.split("=", 1))
    for name in ("DATABASE_URL", "REDIS_URL", "WARN_DATABASE_OWNER_URL"):
        secret = name.removeprefix("WARN_").lower().replace("_", "-")
        env.setenv(f"{name}_FILE", str(folder / "secrets" / secret))
    settings = Settings()
    assert settings.console_url
    record, owner, queue = map(
        urlsplit, (settings.database_url, settings.database_owner_url, settings.redis_url)
    )
    assert record.hostname == owner.hostname == "postgres"
    assert queue.hostname == "valkey"
    assert owner.username == SERVICES["postgres"]["environment"]["POSTGRES_USER"] != record.username
    assert {record.path, owner.path} == {f"/{SERVICES['postgres']['environment']['POSTGRES_DB']}"}
    assert owner.password == (folder / "secrets" / "postgres-password").read_text()
    assert f"requirepass {queue.password}\n" in (folder / "secrets" / "valkey.conf").read_text()
    passwords = {record.password, owner.password, queue.password}
    assert len(passwords) == 3
    assert all(re.fullmatch("[0-9a-f]{48}", str(one)) for one in passwords)


def test_a_folder_is_closed_to_others_and_never_made_anew(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "secrets").stat().st_mode & 0o077 == 0
    assert (folder / "secrets" / "backup-passphrase").stat().st_mode & 0o777 == 0o400
    assert f"chown -R {ACCOUNT}:{ACCOUNT}" in (CONTAINER / "prepare.sh").read_text("utf-8")
    before = (folder / "secrets" / "database-url").read_text()
    again = subprocess.run([CONTAINER / "prepare.sh", folder], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "nothing was changed" in again.stderr
    assert (folder / "secrets" / "database-url").read_text() == before


def test_the_proxy_leads_to_the_processes_by_name_and_to_none_for_another(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "nginx.conf").write_text("pid /run/nginx.pid;\nevents {\n  worker_connections 768;\n}\n")
    surroundings = {
        "SERVER_NAME": "warnung.kreis.example",
        "SOURCE": str(folder / "cap-dispatcher.conf"),
        **dict.fromkeys(("CONF_D", "NGINX"), str(tmp_path)),
        "MAIN": str(tmp_path / "main.conf"),
    }
    done = subprocess.run(
        ["/bin/sh", folder / "proxy.sh", "--dry"], env=surroundings, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "cap-dispatcher.conf").read_text()
    upstreams = re.findall(r"^  server (\S+?):(\d+)(?: max_fails=0)?;$", written, re.MULTILINE)
    assert dict(upstreams) == {name: str(port) for name, port in PORTS.items()}
    assert {name for name, _ in upstreams} <= set(SERVICES)
    assert "127.0.0.1" not in written
    assert " backup;" not in written
    assert written.count("server_name warnung.kreis.example;") == 2
    certificates = set(re.findall(r"ssl_certificate(?:_key)? (\S+);", written))
    assert certificates == {f"/run/secrets/{one}" for one in SERVICES["proxy"]["secrets"]}
    assert (tmp_path / "main.conf").read_text() == (
        "pid /tmp/nginx.pid;\nevents {\n  worker_connections 16384;\n}\n"
    )
