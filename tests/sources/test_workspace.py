from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from reconciler.errors import InvalidError
from reconciler.model.expiry import Expiry
from reconciler.model.findings import Position
from reconciler.model.packages import Acknowledgement, Pace, Rollout, Share
from reconciler.model.settings import Guards
from reconciler.model.terms import Term
from reconciler.sources.config_path import find_config
from reconciler.sources.workspace import Workspace, locate, read_workspace

TODAY = date(2026, 11, 23)
FILES = {
    "reconciler.yaml": (
        "default_environment: production\n"
        "environments:\n"
        "  production:\n"
        "    platform: https://platform.example.com\n"
        "    token_env: PLATFORM_TOKEN\n"
        "    guards: {archives: unlimited, clients_losing: 7%, acknowledge: touching, protected: [pro]}\n"
    ),
    "schemas/catalog.yaml": (
        "features: {chat: {title: Chat}, fax: {title: Fax}}\nlimits: {seats: {title: Seats}}\n"
    ),
    "packages/pro.yaml": (
        "title: Pro\n"
        "user_count: unlimited\n"
        "features: [chat]\n"
        "limits: {seats: 5}\n"
        "expiry: 2 weeks\n"
        "allowed_emails: [B@acme.example, ' a@acme.example ']\n"
        "rollout: {existing_clients: reassign, per_run: 10%, exclude: [zeta, acme]}\n"
        "acknowledge:\n"
        "  - {removes: fax, clients: 3, reason: They know., until: 2026-12-31}\n"
    ),
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for file, content in FILES.items():
        path = tmp_path / "w" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "w" / "reconciler.yaml"


def read(config: Path, *, cache: bool = False) -> Workspace:
    return read_workspace(config, today=TODAY, cache=cache)


def test_a_package_file_becomes_the_package_it_describes(config: Path) -> None:
    package = read(config).required().packages["pro"]

    assert package.file == "packages/pro.yaml"
    assert package.states_emails
    assert package.definition.caps["user_count"] == "unlimited"
    assert package.definition.expiry == Expiry(14, "days")
    assert package.definition.allowed_emails == ("a@acme.example", "b@acme.example")
    assert package.rollout == Rollout("reassign", Share(10), ("acme", "zeta"), pace=Pace(every=1))
    assert package.acknowledgements == (
        Acknowledgement("removes", Term("", "fax"), 3, "They know.", date(2026, 12, 31)),
    )


def test_the_configuration_becomes_settings(config: Path) -> None:
    settings = read(config).settings

    environment = settings.environments["production"]
    assert settings.default_environment == "production"
    assert environment.token_env == "PLATFORM_TOKEN"  # noqa: S105  # the name of a variable
    assert environment.guards == Guards("unlimited", Share(7), "touching", ("pro",))


def test_every_file_that_was_read_has_a_digest(config: Path) -> None:
    digests = read(config).digests

    assert digests.keys() == FILES.keys()
    assert all(digest.startswith("sha256:") and len(digest) == 71 for digest in digests.values())


def test_a_folder_of_packages_may_hold_the_configuration_and_the_catalog_too(config: Path) -> None:
    text = "packages: .\ncatalog: schemas/catalog.yaml\n"
    config.write_text(text + config.read_text().replace("protected: [pro]", "protected: []"))

    found = read(config)

    assert [finding.file for finding in found.errors] == []
    assert set(found.package_files) == {name for name in FILES if name.startswith("packages/")}


def test_top_level_keys_are_located(config: Path) -> None:
    places = locate(read(config), "pro")

    assert places["features"] == Position(3, 1)
    assert places["acknowledge"] == Position(8, 1)
    assert locate(read(config), "nobody") == {}


def test_errors_raise_with_all_findings_where_a_sound_workspace_is_required(config: Path) -> None:
    (config.parent / "packages" / "pro.yaml").write_text("title: Pro\nprice: 5\n")

    with pytest.raises(InvalidError, match="2 errors in 1 file") as raised:
        read(config).required()

    assert [finding.rule for finding in raised.value.findings] == [
        "missing-key",
        "unknown-key",
        "protected-unknown",
    ]


def test_the_configuration_is_found_above(config: Path) -> None:
    assert find_config(config.parent / "packages") == config


def test_without_a_configuration_the_hint_says_what_one_must_hold(tmp_path: Path) -> None:
    with pytest.raises(InvalidError) as raised:
        find_config(tmp_path)

    assert "environments: {local:" in raised.value.hint


def test_a_missing_configuration_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"reconciler\.yaml: the file cannot be read"):
        read(tmp_path / "reconciler.yaml")


def test_reading_three_files_imports_nothing_slow(config: Path) -> None:
    code = (
        "import json, sys; from datetime import date; from pathlib import Path;"
        "from reconciler.sources.workspace import read_workspace;"
        f"read_workspace(Path({str(config)!r}), today=date(2026, 11, 23), cache=True).required();"
        "print(json.dumps(sorted(sys.modules)))"
    )
    (config.parent / "packages" / "growth.yaml").write_text("title: Growth\nuser_count: 1\n")

    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={**os.environ})

    modules = set(json.loads(answer.stdout))
    assert not modules & {
        "pydantic",
        "jsonschema",
        "rich",
        "sqlalchemy",
        "email_validator",
        "deepdiff",
        "httpcore",
    }


def replay_folder() -> Path | None:
    """The real catalogs lie beside the main checkout; a worktree names them in an environment variable."""
    stated = os.environ.get("RECONCILER_REPLAY")
    folder = Path(stated) if stated else Path(__file__).resolve().parents[3] / "shared" / "data" / "replay"
    return folder if folder.is_dir() else None


def test_real_catalogs_of_many_years_are_valid(tmp_path: Path) -> None:
    folder = replay_folder()
    if folder is None:
        pytest.skip("the replay data is not here")

    for year in sorted(folder.glob("*/*/")):
        if not (year / "packages").is_dir():
            continue
        root = tmp_path / year.parent.name / year.name
        root.mkdir(parents=True)
        for file in year.rglob("*.yaml"):
            copy = root / file.relative_to(year)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
        (root / "reconciler.yaml").write_text("environments: {local: {platform: 'sqlite:///p.db'}}\n")

        workspace = read(root / "reconciler.yaml")

        assert workspace.errors == (), year
        assert workspace.packages
