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
from reconciler.sources.settings import find_config
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


class TestCache:
    @pytest.fixture
    def many(self, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
        for n in range(60):
            (config.parent / "packages" / f"p{n}.yaml").write_text(f"title: P{n}\nuser_count: {n + 1}\n")
        return config

    def file(self, config: Path) -> Path:
        return config.parent / ".reconciler" / "cache" / "packages.jsonl"

    def test_what_is_read_from_the_cache_equals_what_is_read_from_files(self, many: Path) -> None:
        first = read(many, cache=True)

        second = read(many, cache=True)

        assert self.file(many).exists()
        assert (many.parent / ".reconciler" / ".gitignore").read_text() == "*\n"
        assert second == first == read(many)

    def test_a_changed_file_is_read_anew(self, many: Path) -> None:
        read(many, cache=True)
        (many.parent / "packages" / "p1.yaml").write_text("title: New\nuser_count: 1\n")

        assert read(many, cache=True).packages["p1"].definition.title == "New"

    def test_a_planted_cache_is_ignored(self, many: Path) -> None:
        read(many, cache=True)
        content = self.file(many).read_text()
        self.file(many).write_text(content.replace('"user_count":1}', '"user_count":9}'))

        assert read(many, cache=True) == read(many)

    @pytest.mark.parametrize("content", [b"", b"\n", b"x" * 100, b"\xff\n\xff"])
    def test_a_corrupt_cache_is_ignored(self, many: Path, content: bytes) -> None:
        read(many, cache=True)
        self.file(many).write_bytes(content)

        assert read(many, cache=True) == read(many)

    def test_a_linked_cache_folder_is_not_written_through(self, many: Path, tmp_path: Path) -> None:
        (tmp_path / "target").mkdir()
        (many.parent / ".reconciler").symlink_to(tmp_path / "target")

        read(many, cache=True)

        assert list((tmp_path / "target").iterdir()) == []

    def test_a_linked_cache_file_is_neither_read_nor_written_through(
        self, many: Path, tmp_path: Path
    ) -> None:
        read(many, cache=True)
        target = self.file(many).rename(tmp_path / "target")
        before = target.read_text()
        self.file(many).symlink_to(target)
        (many.parent / "packages" / "p1.yaml").write_text("title: New\nuser_count: 1\n")

        read(many, cache=True)

        assert target.read_text() == before
        assert not self.file(many).is_symlink()

    @pytest.mark.parametrize("is_link", [False, True])
    def test_a_cache_folder_that_a_commit_can_fill_keeps_no_key(
        self, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_link: bool
    ) -> None:
        (many.parent / ".git").mkdir()
        monkeypatch.setenv("XDG_CACHE_HOME", str(many.parent / ".cache"))
        if is_link:
            (tmp_path / "known").mkdir()
            (many.parent / ".cache").symlink_to(tmp_path / "known")

        read(many, cache=True)

        assert list(tmp_path.rglob("key")) == []
        assert not self.file(many).exists()

    def test_few_files_leave_nothing_behind(self, config: Path) -> None:
        read(config, cache=True)

        assert not (config.parent / ".reconciler").exists()

    def test_where_nothing_can_be_written_all_is_read(self, many: Path) -> None:
        (many.parent / ".reconciler").write_text("a file where the folder should be")

        assert read(many, cache=True).findings == ()


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
        "httpx",
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
