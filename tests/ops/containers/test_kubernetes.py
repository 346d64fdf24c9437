"""The manifests of Kubernetes, held against the code and against one another. Their schemas are looked at by hand, and
no cluster has run them: ops/docs/containers.md says so."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dispatcher.settings import Settings
from dispatcher.wiring.connections import CONNECTIONS_API, CONNECTIONS_READING, record_connections
from tests.ops.containers.manifests import (
    ACCOUNT,
    METRICS,
    PORTS,
    ROOT,
    documents_of,
    in_the_clear,
    no_probe,
    not_understood,
    page,
    run_within,
    unknown_settings,
    within,
)

FOLDER = ROOT / "ops" / "kubernetes"
OF_OTHERS = {"prometheus.yaml", "prometheus-adapter.yaml"}
"""What Prometheus and its adapter read, and Kubernetes does not."""
OBJECTS = [
    one
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.name not in OF_OTHERS
    for one in documents_of(path.read_text("utf-8"))
]


def objects(kind: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] == kind}


def pods() -> dict[str, Any]:
    """The pods' templates, by name of what makes them."""
    templates = {
        name: one["spec"]["template"] for name, one in (objects("Deployment") | objects("Job")).items()
    }
    jobs = objects("CronJob").items()
    return templates | {name: one["spec"]["jobTemplate"]["spec"]["template"] for name, one in jobs}


def container(name: str) -> Any:
    [one] = pods()[name]["spec"]["containers"]
    return one


OURS = sorted(set(pods()) - {"proxy"})
SERVING = ("api", "citizens", "reading", "worker")
SETTINGS = objects("ConfigMap")["settings"]["data"]


def environment(name: str) -> dict[str, str]:
    given = container(name)
    shared = SETTINGS if {"configMapRef": {"name": "settings"}} in given.get("envFrom", ()) else {}
    return {**shared, **{one["name"]: one["value"] for one in given.get("env", ())}}


def soft(template: Any) -> list[str]:
    """What a pod may do that it need not."""
    spec, said = template["spec"], []
    if spec["securityContext"].get("runAsNonRoot") is not True or not spec["securityContext"].get(
        "runAsUser"
    ):
        said.append("root")
    if spec["securityContext"].get("seccompProfile") != {"type": "RuntimeDefault"}:
        said.append("all system calls")
    if spec.get("automountServiceAccountToken") is not False:
        said.append("the API of the cluster")
    for one in spec["containers"]:
        context = one.get("securityContext", {})
        wanted = {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        said += [name for name, value in wanted.items() if context.get(name) != value]
        said += [] if "memory" in one.get("resources", {}).get("limits", {}) else ["all memory"]
    return said


@pytest.mark.parametrize("name", OURS)
def test_each_pod_runs_a_command_with_settings_that_there_are(name: str) -> None:
    assert container(name)["image"] == "cap-dispatcher"
    assert not_understood(container(name)["args"]) == []
    assert unknown_settings(environment(name)) == []
    assert in_the_clear(environment(name)) == []


def test_the_settings_are_taken() -> None:
    given = {
        key.removeprefix("WARN_").lower(): value for key, value in SETTINGS.items() if "_FILE" not in key
    }
    given.pop("FORWARDED_ALLOW_IPS".lower())
    Settings(**given)
    assert set(SETTINGS) > {"DATABASE_URL_FILE", "REDIS_URL_FILE", "WARN_KEY_PEPPER_FILE"}


@pytest.mark.parametrize("name", OURS)
def test_each_pod_finds_its_secrets_where_its_settings_say(name: str) -> None:
    mounts = {one["name"]: one for one in container(name)["volumeMounts"]}
    place = mounts["secrets"]["mountPath"]
    named = {value for key, value in environment(name).items() if key.endswith("_FILE")}
    assert named
    assert {str(Path(one).parent) for one in named} == {place}
    volumes = {one["name"]: one for one in pods()[name]["spec"]["volumes"]}
    assert set(volumes) == set(mounts)
    wanted = "cap-dispatcher-owner" if name == "migrate" else "cap-dispatcher"
    assert volumes["secrets"]["secret"] == {"secretName": wanted, "defaultMode": 0o440}
    assert ("WARN_DATABASE_OWNER_URL_FILE" in environment(name)) == (name == "migrate")


@pytest.mark.parametrize("name", sorted(pods()))
def test_no_pod_may_do_more_than_it_needs(name: str) -> None:
    assert soft(pods()[name]) == []
    user = pods()[name]["spec"]["securityContext"]["runAsUser"]
    assert (user == ACCOUNT) == (name in OURS)


def test_a_pod_that_may_do_everything_is_found() -> None:
    bare = {"spec": {"securityContext": {}, "containers": [{}]}}
    assert len(soft(bare)) == 7


@pytest.mark.parametrize("name", SERVING)
def test_probes_ask_what_answers(name: str) -> None:
    ports = {one["name"]: one["containerPort"] for one in container(name)["ports"]}
    expected = {"metrics": METRICS, **({"http": PORTS[name]} if name in PORTS else {})}
    assert ports == expected
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container(name)[probe]["httpGet"]
        assert not no_probe(asked["path"])
        assert asked["port"] == "metrics"
    # A record that is away ends no process, and takes nobody away who could say so.
    assert container(name)["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert (container(name)["readinessProbe"]["httpGet"]["path"] == "/livez") == (name != "worker")


def test_a_path_that_nothing_answers_is_found() -> None:
    assert no_probe("/healthz")


def test_services_and_budgets_find_their_pods() -> None:
    for name, service in objects("Service").items():
        labels = pods()[name]["metadata"]["labels"]
        assert service["spec"]["selector"].items() <= labels.items(), name
        there = {one["name"]: one["containerPort"] for one in container(name)["ports"]}
        assert all(there[one["targetPort"]] == one["port"] for one in service["spec"]["ports"]), name
    budgets = objects("PodDisruptionBudget")
    assert set(budgets) == set(objects("Deployment"))
    for name, budget in budgets.items():
        assert budget["spec"]["selector"]["matchLabels"].items() <= pods()[name]["metadata"]["labels"].items()
        assert objects("Deployment")[name]["spec"].get("replicas", 2) > budget["spec"]["minAvailable"]


def test_policies_name_pods_that_there_are_and_the_ports_of_processes() -> None:
    policies = objects("NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    components = {one["metadata"]["labels"]["app.kubernetes.io/component"] for one in pods().values()}
    named = {
        value
        for one in within(policies)
        if one.get("key") == "app.kubernetes.io/component"
        for value in one["values"]
    }
    named |= {
        one["app.kubernetes.io/component"] for one in within(policies) if "app.kubernetes.io/component" in one
    }
    assert named == components
    # The self-test leaves by the service's own name, and comes to the proxy's pods.
    [https] = [one["containerPort"] for one in container("proxy")["ports"] if one["name"] == "https"]
    assert {
        "to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "proxy"}}}],
        "ports": [{"protocol": "TCP", "port": https}],
    } in policies["outward"]["spec"]["egress"]
    [processes] = policies["from-the-proxy"]["spec"]["ingress"]
    [ports] = processes["ports"]
    assert range(ports["port"], ports["endPort"] + 1) == range(min(PORTS.values()), max(PORTS.values()) + 1)
    assert set(PORTS.values()) == set(range(ports["port"], ports["endPort"] + 1))
    assert policies["metrics"]["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": METRICS}]


def labelled(selector: str) -> list[tuple[str, str]]:
    """What `kubectl apply --selector` takes of all, by kind and name."""
    key, _, value = selector.partition("=")
    return [
        (one["kind"], one["metadata"]["name"])
        for one in OBJECTS
        if one.get("metadata", {}).get("labels", {}).get(key) == value
    ]


def test_the_migration_can_be_applied_by_itself_and_is_before_all_else() -> None:
    [block] = re.findall(
        r"^```\n(kubectl -n cap-dispatcher delete job.*?)^```$", page(), re.MULTILINE | re.DOTALL
    )
    away, alone, done, all_else = block.splitlines()
    assert [line[-3:] for line in (away, alone, done)] == [" &&"] * 3
    assert "--for=condition=complete" in done
    assert all_else == "kubectl apply -k ops/kubernetes"
    [selector] = re.findall(r"-l (\S+)", alone)
    assert labelled(selector) == [("Job", "migrate")]
    assert ("Deployment", "api") in labelled("app.kubernetes.io/name=cap-dispatcher")
    assert "envFrom" not in container("migrate")  # what it needs is there, though nothing else is applied


def test_a_backup_is_made_where_it_stays_and_reads_its_passphrase() -> None:
    claims = {
        one["persistentVolumeClaim"]["claimName"]
        for one in within(objects("CronJob"))
        if "persistentVolumeClaim" in one
    }
    assert claims == set(objects("PersistentVolumeClaim"))
    mounts = {one["mountPath"] for one in container("backup")["volumeMounts"]}
    _, directory, option, passphrase = container("backup")["args"]
    assert {directory, str(Path(passphrase).parent)} <= mounts
    assert option == "--passphrase-file"
    # It is refused to others, but for what a manager of services hands out.
    assert environment("backup")["CREDENTIALS_DIRECTORY"] == str(Path(passphrase).parent)
    [secret] = {
        one["secret"]["secretName"]
        for one in pods()["backup"]["spec"]["volumes"]
        if one["name"] == "passphrase"
    }
    assert f"secret generic {secret} --from-file={Path(passphrase).name}\n" in page()


def test_the_page_leaves_no_secret_in_a_checkout_and_runs_commands_that_there_are() -> None:
    [block] = re.findall(r"^```\n(checkout=.*?)^```$", page(), re.MULTILINE | re.DOTALL)
    assert block.startswith('checkout=$PWD; umask 077; cd "$(mktemp -d)"\n')
    assert set(re.findall(r"\S*ops/", block)) <= {'--from-file="$checkout/ops/', '"$checkout/ops/'}
    named = set(re.findall(r"secret generic (\S+)", block))
    assert named == {one["secretName"] for one in within(pods()) if "secretName" in one}
    commands = run_within(page(), "--")
    assert {line.split()[0] for line in commands} == {"canary", "source"}
    assert [not_understood(line.split()) for line in commands] == [[]] * len(commands)


def test_the_age_that_workers_are_scaled_by_is_one_that_rules_record() -> None:
    scaler = objects("HorizontalPodAutoscaler")["worker"]["spec"]
    assert scaler["scaleTargetRef"]["name"] in objects("Deployment")
    assert "replicas" not in objects("Deployment")["worker"]["spec"]
    [adapter] = documents_of((FOLDER / "prometheus-adapter.yaml").read_text("utf-8"))
    [rule] = adapter["rules"]["external"]
    assert scaler["metrics"][0]["external"]["metric"]["name"] == rule["name"]["as"]
    assert rule["seriesQuery"] in rule["metricsQuery"]
    rules = (ROOT / "ops/prometheus/rules/recording.yml").read_text("utf-8")
    assert f"- record: {rule['seriesQuery']}\n" in rules
    used = (
        scaler["maxReplicas"] * record_connections(Settings()) + 4 * CONNECTIONS_API + 2 * CONNECTIONS_READING
    )
    [said] = re.findall(r"`max_connections` of (\d+)", page())
    assert used < int(said)


def test_prometheus_takes_the_rule_and_what_it_is_to_scrape(promtool: Any, tmp_path: Path) -> None:
    [scraped] = documents_of((FOLDER / "prometheus.yaml").read_text("utf-8"))
    [job] = scraped["scrape_configs"]
    assert job["job_name"] == "dispatcher"
    assert job["kubernetes_sd_configs"][0]["namespaces"]["names"] == list(objects("Namespace"))
    # Debian's Prometheus is built without the discovery of Kubernetes; everything else it does look at.
    text, found = re.subn(
        r"kubernetes_sd_configs:\n(?: {6}.*\n)+",
        "static_configs: []\n",
        (FOLDER / "prometheus.yaml").read_text("utf-8"),
    )
    assert found == 1
    (tmp_path / "prometheus.yml").write_text(text)
    status, said = promtool("check", "config", tmp_path / "prometheus.yml")
    assert status == 0, said
    [adapter] = documents_of((FOLDER / "prometheus-adapter.yaml").read_text("utf-8"))
    query = adapter["rules"]["external"][0]["metricsQuery"]
    series = adapter["rules"]["external"][0]["seriesQuery"]
    # At 60 s the routine batch is 50 s old, the exercise does not count; at 120 s none waits.
    tests = f"""
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - {{series: '{series}{{lane="routine"}}', values: '10 10 10 10 10 0 0 0 0 0'}}
      - {{series: '{series}{{lane="exercise"}}', values: '1x10'}}
    promql_expr_test:
      - {{expr: '{query}', eval_time: 60s, exp_samples: [{{labels: '{{}}', value: 50}}]}}
      - {{expr: '{query}', eval_time: 120s, exp_samples: [{{labels: '{{}}', value: 0}}]}}
      - {{expr: '{query.replace(series, "none")}', eval_time: 60s, exp_samples: [{{labels: '{{}}', value: 0}}]}}
"""
    (tmp_path / "age_test.yml").write_text(tests)
    status, said = promtool("test", "rules", tmp_path / "age_test.yml")
    assert status == 0, said


def test_the_bundle_has_all_and_names_nothing_twice() -> None:
    [bundle] = documents_of((FOLDER / "kustomization.yaml").read_text("utf-8"))
    files = {path.name for path in FOLDER.glob("*.yaml")}
    assert set(bundle["resources"]) == files - OF_OTHERS - {"kustomization.yaml", "autoscaling.yaml"}
    assert {one["name"] for one in bundle["images"]} == {container(name)["image"] for name in OURS}
    assert bundle["namespace"] in objects("Namespace")
    counted = Counter((one["kind"], one["metadata"]["name"]) for one in OBJECTS if "metadata" in one)
    assert max(counted.values()) == 1


@pytest.mark.processes
def test_the_proxy_is_started_by_the_same_script() -> None:
    assert container("proxy")["command"][-1].endswith("/proxy.sh")
    script = (ROOT / "ops/container/proxy.sh").read_text("utf-8")
    for one in container("proxy")["env"]:
        assert f"${{{one['name']}:" in script, one
    subprocess.run(["/bin/sh", "-n", ROOT / "ops/container/proxy.sh"], check=True)
