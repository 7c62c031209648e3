import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from reconciler.cli.main import COMMANDS, commands

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "docs" / "deploy" / "kubernetes").glob("*.yaml"))
DOCUMENTS = [
    pytest.param(document, id=f"{path.stem}-{document['metadata']['name']}")
    for path in MANIFESTS
    for document in yaml.safe_load_all(path.read_text())
]


def containers(document: dict[str, Any]) -> list[dict[str, Any]]:
    spec = document.get("spec", {})
    pod = spec.get("jobTemplate", {"spec": spec})["spec"].get("template", {"spec": {}})["spec"]
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


def test_manifests_are_what_kubernetes_takes() -> None:
    validate = Path(sys.executable).with_name("kubernetes-validate")
    command = [str(validate), "--strict", "-k", "1.31", *map(str, MANIFESTS)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS)
def test_containers_have_no_more_rights_than_they_need(document: dict[str, Any]) -> None:
    for container in containers(document):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not any("value" in each for each in container.get("env", ()))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_manifests_are_commands_with_options_that_exist(document: dict[str, Any]) -> None:
    for container in containers(document):
        if "command" not in container:
            command, *options = container["args"]
            named = {option.partition("=")[0] for option in options if option.startswith("--")}
            assert named <= options_of(command)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_who_holds_the_secret_takes_the_configuration_from_the_operator(document: dict[str, Any]) -> None:
    for container in containers(document):
        if not container.get("envFrom"):
            continue
        (config,) = (each.partition("=")[2] for each in container["args"] if each.startswith("--config="))
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        mount = mounts.get(config) or mounts[str(Path(config).parent)]
        assert (mount["name"], mount["readOnly"]) == ("configuration", True)


def test_a_job_that_only_reports_has_a_token_of_its_own() -> None:
    secrets = {
        container["name"]: container["envFrom"][0]["secretRef"]["name"]
        for path in MANIFESTS
        for document in yaml.safe_load_all(path.read_text())
        for container in containers(document)
        if container.get("envFrom")
    }

    assert [name for name, secret in secrets.items() if secret == secrets["drift"]] == ["drift"]


def options_of(command: str) -> set[str]:
    shown = CliRunner().invoke(commands, [command, "--help"], obj={})
    assert shown.exit_code == 0
    return set(re.findall(r"--[a-z-]+", shown.output))


def test_the_gitlab_template_matches_gitlabs_schema() -> None:
    template = ROOT / "docs" / "deploy" / "gitlab-ci.yml"
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.gitlab-ci",
        str(template),
    ]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_pre_commit_hook_calls_a_command_that_exists() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

    program, command, *_ = hook["entry"].split()

    assert program == "reconciler"
    assert command in COMMANDS
    assert re.search(hook["files"], "packages/pro.yaml")
    assert re.search(hook["files"], "shop/reconciler.yaml")
    assert not re.search(hook["files"], "src/main.py")
