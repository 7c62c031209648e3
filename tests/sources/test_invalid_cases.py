"""Each folder of `cases/invalid` is a workspace, and `expected.txt` what must be said about it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.sources.workspace import read_workspace
from reconciler.validation.rules import RULES
from reconciler.validation.rules.lint import LINT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.findings import Finding

CASES = Path(__file__).parents[1] / "cases" / "invalid"
TODAY = date(2026, 11, 23)
WORKSPACE = {
    "reconciler.yaml": "environments:\n  local: {platform: 'sqlite:///.reconciler/platform.db'}\n",
    "schemas/catalog.yaml": "features:\n  chat: {title: Chat}\n",
    "packages/pro.yaml": "title: Pro\nuser_count: 10\nfeatures: [chat]\n",
}


def line_of(finding: Finding) -> str:
    place = f"{finding.file}:{finding.position.line}:{finding.position.column}"
    fix = f" -> {finding.fix}" if finding.fix else ""
    return f"{place} {finding.severity} {finding.rule}: {finding.message}{fix}\n"


def workspace_at(root: Path, **changed: str | bytes) -> Path:
    for file, content in (WORKSPACE | changed).items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root / "reconciler.yaml"


def findings_at(config: Path) -> tuple[Finding, ...]:
    return read_workspace(config, today=TODAY, cache=False).findings


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_case_gives_the_findings_it_must_give(case: Path) -> None:
    findings = findings_at(case / "reconciler.yaml")

    assert "".join(map(line_of, findings)) == (case / "expected.txt").read_text(encoding="utf-8")


def a_fifo(package: Path) -> None:
    package.unlink()
    os.mkfifo(package)


def a_folder(package: Path) -> None:
    package.unlink()
    package.mkdir()


def a_device(package: Path) -> None:
    package.unlink()
    package.symlink_to("/dev/zero")


def a_link_out(package: Path) -> None:
    outside = package.parents[2] / "outside.yaml"
    outside.write_text("title: Secret\nuser_count: 1\n")
    package.unlink()
    package.symlink_to(outside)


def a_linked_folder(package: Path) -> None:
    (package.parent / "more").symlink_to(package.parent)


def a_broken_link(package: Path) -> None:
    package.unlink()
    package.symlink_to("nothing.yaml")


def a_link_to_itself(package: Path) -> None:
    package.unlink()
    package.symlink_to(package.name)


def a_huge_file(package: Path) -> None:
    package.write_bytes(b"title: " + b"x" * 10_000_000)


def a_long_text(package: Path) -> None:
    package.write_bytes(b"title: " + b"x" * 20_000 + b"\nuser_count: 1\n")


def deep_lists(package: Path) -> None:
    package.write_bytes(b"title: " + b"[" * 100_000)


def deep_mappings(package: Path) -> None:
    package.write_bytes(b"{a: " * 100_000)


def deep_blocks(package: Path) -> None:
    package.write_bytes(b"".join(b" " * n + b"a:\n" for n in range(1_000)))


def many_values(package: Path) -> None:
    package.write_bytes(b"features: [" + b"a," * 250_000 + b"]\n")


def many_faults(package: Path) -> None:
    package.write_bytes(b"features: [" + b"010," * 500 + b"]\n")


@pytest.mark.parametrize(
    ("arrange", "rule"),
    [
        (a_fifo, "not-a-file"),
        (a_folder, "not-a-file"),
        (a_device, "symlink-refused"),
        (a_link_out, "symlink-refused"),
        (a_linked_folder, "symlink-refused"),
        (a_broken_link, "file-unreadable"),
        (a_link_to_itself, "file-unreadable"),
        (a_huge_file, "file-too-large"),
        (a_long_text, "yaml-too-long"),
        (deep_lists, "yaml-too-deep"),
        (deep_mappings, "yaml-too-deep"),
        (deep_blocks, "yaml-too-deep"),
        (many_values, "yaml-too-many-values"),
        (many_faults, "too-many-faults"),
    ],
)
def test_a_hostile_file_is_one_finding(arrange: Callable[[Path], None], rule: str, tmp_path: Path) -> None:
    config = workspace_at(tmp_path / "w")
    arrange(tmp_path / "w" / "packages" / "pro.yaml")

    findings = findings_at(config)

    assert rule in {finding.rule for finding in findings}
    assert {finding.severity for finding in findings if finding.rule == rule} == {"error"}


def test_every_rule_has_a_case_that_breaks_it() -> None:
    expected = "".join((case / "expected.txt").read_text(encoding="utf-8") for case in CASES.iterdir())
    in_folders = {rule for rule in RULES if f" {rule}: " in expected}
    built_here = {"not-a-file", "symlink-refused", "file-unreadable", "file-too-large", "yaml-too-long"}
    built_here |= {"yaml-too-deep", "yaml-too-many-values", "too-many-faults"}
    of_imports = {"bad-client-line"}

    of_lint = {rule.id for rule in LINT_RULES}  # tests/engine/test_lint.py
    assert in_folders | built_here | of_imports | of_lint == RULES.keys()


@pytest.mark.parametrize("bad", ["utf-16", "utf-16-be", "utf-32"])
def test_other_encodings_are_findings(bad: str, tmp_path: Path) -> None:
    config = workspace_at(tmp_path, **{"packages/pro.yaml": WORKSPACE["packages/pro.yaml"].encode(bad)})

    rules = {finding.rule for finding in findings_at(config)}

    assert rules <= {"yaml-encoding", "forbidden-character"}
    assert rules


def test_a_byte_order_mark_at_the_start_is_fine(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + WORKSPACE["packages/pro.yaml"].encode()
    config = workspace_at(tmp_path, **{"packages/pro.yaml": content})

    assert findings_at(config) == ()


def test_a_billion_laughs_are_refused_at_the_first_anchor(tmp_path: Path) -> None:
    lines = ["a: &a [x, x]"] + [
        f"{b}: &{b} [*{a}, *{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    config = workspace_at(tmp_path, **{"packages/pro.yaml": "\n".join(lines)})

    findings = findings_at(config)

    assert "yaml-anchor" in {finding.rule for finding in findings}


def test_a_file_cut_at_any_byte_gives_findings_or_is_valid(tmp_path: Path) -> None:
    whole = (
        "title: Größe\nuser_count: 10\nfeatures: [chat]\nallowed_emails:\n  - ops@acme.example\n"
        "acknowledge:\n  - {lowers: user_count, clients: 2, reason: 'Told: them', until: 2026-12-31}\n"
    ).encode()
    config = workspace_at(tmp_path)
    package = tmp_path / "packages" / "pro.yaml"

    for length in range(len(whole)):
        package.write_bytes(whole[:length])
        workspace = read_workspace(config, today=TODAY, cache=False)

        assert workspace.errors or "pro" in workspace.packages


def test_a_name_that_is_not_utf8_is_a_finding_that_can_be_printed(tmp_path: Path) -> None:
    config = workspace_at(tmp_path)
    (tmp_path / "packages" / os.fsdecode(b"gr\xf6sse.yaml")).write_text("title: X\nuser_count: 1\n")

    (finding,) = findings_at(config)

    assert finding.rule == "bad-file-name"
    assert line_of(finding).encode()


def test_hidden_files_and_other_kinds_are_passed_over(tmp_path: Path) -> None:
    config = workspace_at(
        tmp_path, **{"packages/.pro.yaml": "[", "packages/README.md": "[", "packages/a~": "["}
    )

    assert findings_at(config) == ()


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    config = workspace_at(tmp_path, **{"shared/growth.yaml": "title: Growth\nuser_count: 1\n"})
    (tmp_path / "packages" / "growth.yaml").symlink_to("../shared/growth.yaml")

    workspace = read_workspace(config, today=TODAY, cache=False)

    assert workspace.findings == ()
    assert workspace.packages.keys() == {"growth", "pro"}


def test_a_packages_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    config = workspace_at(tmp_path / "w")
    elsewhere = (tmp_path / "w" / "packages").rename(tmp_path / "elsewhere")
    (tmp_path / "w" / "packages").symlink_to(elsewhere)

    assert [finding.rule for finding in findings_at(config)] == ["symlink-refused"]
