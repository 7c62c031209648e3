"""The schema in the language server that editors run; `npm` installs it for the session."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from tests.editors.language_server import LanguageServer
from tests.workspaces import CONFIG, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "1.25.0"
CATALOG = """\
features:
  chat: {title: Live chat, description: Visitors write.}
  agent: {title: AI agent, ai: true, requires: [chat]}
  fax: {title: Fax, deprecated: true, replaced_by: chat}
limits:
  live_sessions: {title: Live sessions, unit: session, per: cycle}
"""

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the server's script: RECONCILER_TEST_YAML_SERVER, or a fresh installation."""
    if stated := os.environ.get("RECONCILER_TEST_YAML_SERVER"):
        return Path(stated)
    folder = tmp_path_factory.mktemp("server")
    command = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(folder),
        f"yaml-language-server@{VERSION}",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "packages").mkdir()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "reconciler.yaml").write_text(CONFIG)
    (tmp_path / "schemas" / "catalog.yaml").write_text(CATALOG)
    main(["schema", "--write", str(tmp_path / "schemas"), "--config", str(tmp_path / "reconciler.yaml")])
    return tmp_path


def package(folder: Path, text: str) -> Path:
    """Write a package, and let fmt put the modeline, which is line 0 then."""
    (folder / "packages" / "pro.yaml").write_text(text)
    main(["fmt", "--config", str(folder / "reconciler.yaml")])
    return folder / "packages" / "pro.yaml"


@pytest.fixture
def server(program: Path, folder: Path) -> Iterator[LanguageServer]:
    with LanguageServer(program, folder) as server:
        yield server


def test_completion_offers_the_features_of_the_catalog(server: LanguageServer, folder: Path) -> None:
    package(folder, "title: Pro\nfeatures:\n  - chat\n  - age\nuser_count: 3\n")
    server.open("packages/pro.yaml")

    offered = [item["label"] for item in server.completions("packages/pro.yaml", 4, 4)]

    assert {"agent", "chat", "fax"} <= set(offered)


def test_completion_offers_the_limits_of_the_catalog(server: LanguageServer, folder: Path) -> None:
    package(folder, "title: Pro\nlimits:\n  live_sessions: 5\nuser_count: 3\n")
    file = folder / "packages" / "pro.yaml"
    file.write_text(file.read_text().replace("  live_sessions: 5", "  "))
    server.open("packages/pro.yaml")

    offered = [item["label"] for item in server.completions("packages/pro.yaml", 3, 2)]

    assert offered == ["live_sessions"]


def test_hover_explains_a_feature(server: LanguageServer, folder: Path) -> None:
    package(folder, "title: Pro\nfeatures:\n  - fax\nuser_count: 3\n")
    server.open("packages/pro.yaml")

    shown = server.hover("packages/pro.yaml", 3, 5)

    assert "deprecated" in shown
    assert "chat" in shown


@pytest.mark.parametrize(
    "text",
    [
        "title: Pro\nfeatures:\n  - chat\n  - agnet\nuser_count: 3\n",
        "title: Pro\nlimits:\n  live_session: 5\nuser_count: 3\n",
        "title: Pro\nlimits:\n  live_sessions: many\nuser_count: 3\n",
        "titel: Pro\ntitle: Pro\nuser_count: 3\n",
        "title: Pro\nuser_count: 3\narchived: no\n",
        "title: Pro\nuser_count: 3\nallowed_emails: []\n",
    ],
)
def test_a_mistake_is_underlined_where_validate_reports_it(
    server: LanguageServer, folder: Path, text: str
) -> None:
    package(folder, text)

    underlined = server.open("packages/pro.yaml")

    found = workspace(folder / "reconciler.yaml").findings
    places = {
        (each["range"]["start"]["line"] + 1, each["range"]["start"]["character"] + 1) for each in underlined
    }
    assert places == {(each.position.line, each.position.column) for each in found}


def test_a_sound_file_is_not_underlined(server: LanguageServer, folder: Path) -> None:
    package(
        folder, "title: Pro\nfeatures: [chat, agent]\nlimits: {live_sessions: unlimited}\nuser_count: 3\n"
    )

    assert server.open("packages/pro.yaml") == []
