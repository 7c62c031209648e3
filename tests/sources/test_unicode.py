"""Byte order marks, ends of lines, Unicode forms and invisible letters: the same wherever text is read."""

import io
from datetime import date
from pathlib import Path
from unicodedata import normalize

import pytest

from reconciler.engine.fmt import fmt
from reconciler.engine.validate import lint
from reconciler.errors import InvalidError
from reconciler.model.packages import Definition
from reconciler.sources.client_lines import read_client_lines
from reconciler.sources.workspace import Workspace, read_workspace
from tests.workspaces import repository

PACKAGE = "title: Größe\nfeatures: [chat]\nuser_count: 3\n"
UNSEEN = ["\u00ad", "\u034f", "\u115f", "\u180e", "\u200b", "\u2060", "\u3164", "\uffa0", "\ufeff"]


def read(config: Path) -> Workspace:
    return read_workspace(config, today=date(2026, 11, 1), cache=False)


def written(folder: Path, content: bytes) -> Path:
    config = repository(folder, pro="")
    (config.parent / "packages" / "pro.yaml").write_bytes(content)
    return config


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_package_is_the_same_in_every_form_of_its_text_and_fmt_writes_one(
    tmp_path: Path, mark: bytes, end: str, form: str
) -> None:
    plain = read(written(tmp_path / "plain", PACKAGE.encode())).packages["pro"].definition
    text = normalize("NFD" if form == "NFD" else "NFC", PACKAGE).replace("\n", end)

    config = written(tmp_path / "other", mark + text.encode())
    workspace = read(config)
    canonical = [edit.after.decode() for edit in fmt(config).edits] or [text]

    assert [each for each in lint(workspace) if each.severity == "error"] == []
    assert workspace.packages["pro"].definition == plain
    assert canonical == [PACKAGE]


@pytest.mark.parametrize("letter", UNSEEN)
def test_an_invisible_letter_is_refused_in_files_and_in_lines_of_clients(tmp_path: Path, letter: str) -> None:
    workspace = read(written(tmp_path, PACKAGE.replace("Grö", f"Gr{letter}ö").encode()))
    line = f'{{"id": "a", "name": "A{letter}B", "owner_email": "o@a.example", "package": "pro"}}'

    assert "forbidden-character" in {each.rule for each in workspace.errors}
    with pytest.raises(InvalidError, match="not sound"):
        list(read_client_lines(io.BytesIO(line.encode())))


def test_names_of_clients_and_live_titles_are_composed() -> None:
    line = '{"id": "a", "name": "Große", "owner_email": "o@a.example", "package": "pro"}'
    decomposed = normalize("NFD", "Größe")

    (client,) = read_client_lines(io.BytesIO(normalize("NFD", line).encode()))

    assert client.name == "Große"
    assert Definition.normalised({"title": decomposed, "description": decomposed}).title == "Größe"
