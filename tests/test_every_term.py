"""Every row of the table of terms the whole way: files, plan in every medium, apply, API, notes, comparison.

What reads a term without the table forgets the rows that it does not know of. So the same tests run once more
over a copy of the program whose table has one cap more, which no module can know of.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import reconciler
from reconciler.cli.main import main
from reconciler.cli.output import PLAN_FORMATS
from reconciler.model import terms
from reconciler.model.documents.package import PackageDocument
from reconciler.model.plans import Plan
from reconciler.model.terms import CAPS, CODES, Cap, Code
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story
from tests.servers import serving_file

ROOT = Path(reconciler.__file__).parents[1]
Run = Callable[..., tuple[int, str]]
CATALOG = {
    "features": {
        "chat": {"title": "Live chat"},
        "calls": {"title": "Audio calls"},
        "agent": {"title": "Chat agent", "ai": True},
    },
    "limits": {"minutes": {"title": "Call minutes", "unit": "minute", "per": "cycle"}},
}
PACKAGE: Mapping[str, Any] = {"title": "Pro", "features": ["chat", "agent"], "user_count": 99}
CLIENT = {"id": "acme", "name": "Acme", "owner_email": "ops@acme.example", "package": "pro"}
OWNERS = ["ops@acme.example", "ops@bolt.example"]
LONG_AGO = "2026-01-01T00:00:00Z"
Edit = tuple[Mapping[str, Any], Mapping[str, Any], str]
"""Fields before a loss, fields after it, and what it is called in texts."""


def _of_cap(cap: Cap) -> Edit:
    return {cap.key: 50}, {cap.key: 20}, cap.label


LOSSES: dict[Code, Edit] = {
    Code.FEATURE_REMOVED: ({"features": ["agent", "chat", "calls"]}, {}, "Audio calls"),
    Code.LIMIT_LOWERED: ({"limits": {"minutes": 50}}, {"limits": {"minutes": 20}}, "Call minutes"),
    Code.LIMIT_REMOVED: ({"limits": {"minutes": 50}}, {}, "Call minutes"),
    Code.EXPIRY_SHORTENED: ({"expiry": "60 days"}, {"expiry": "50 days"}, "expiry"),
    Code.SUBSCRIPTION_ENDED: ({}, {"expiry": "30 days"}, "subscription"),
    Code.EMAILS_NARROWED: ({"allowed_emails": OWNERS}, {"allowed_emails": OWNERS[1:]}, "e-mail"),
    Code.PACKAGE_ARCHIVED: ({}, {"archived": True}, "Pro"),
    **{cap.lowered: _of_cap(cap) for cap in CAPS.values()},
}
NEITHER = {Code.TITLE_CHANGED, Code.DESCRIPTION_CHANGED, Code.PACKAGE_RENAMED}
"""What takes from nobody and gives to nobody."""
OF_NO_FILE = Code.GRANT_ENDED
"""A loss that a move of clients brings about, whatever is edited."""
GRANTED = {
    Code.FEATURE_REMOVED,
    Code.LIMIT_LOWERED,
    Code.LIMIT_REMOVED,
    *(cap.lowered for cap in CAPS.values()),
}
"""Losses of what a client can use, which more than a plan speaks of."""
of_each_loss = pytest.mark.parametrize("code", LOSSES, ids=lambda code: code.value)
of_each_cap = pytest.mark.parametrize("cap", CAPS.values(), ids=lambda cap: cap.key)


class Agency:
    """Files, and one client on a platform that is reached over HTTP."""

    def __init__(self, root: Path, run: Run) -> None:
        self.root = root
        self.run = run

    def write(self, fields: Mapping[str, Any], key: str = "pro") -> None:
        document = {**PACKAGE, "rollout": {"existing_clients": "reassign"}, **fields}
        (self.root / "packages" / f"{key}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

    def sell(self, code: Code) -> None:
        """Apply what is there before the loss, and let a client use it."""
        before, _, _ = LOSSES[code]
        self.write(before)
        assert self.run("apply", "--yes")[0] == 0
        usage = {
            "minutes": 30,
            "calls": 3,
            **{cap.key: 30 for cap in CAPS.values() if cap.metered == "usage"},
        }
        start = {"assigned_at": LONG_AGO} if code is Code.SUBSCRIPTION_ENDED else {}
        line = {**CLIENT, "users": 30, "usage": usage, **start}
        (self.root / "clients.ndjson").write_text(json.dumps(line))
        assert self.run("clients", "import", "clients.ndjson")[0] == 0

    def lose(self, code: Code) -> Plan:
        self.sell(code)
        self.write(LOSSES[code][1])
        return self.plan()

    def plan(self) -> Plan:
        return Plan.model_validate_json(self.run("plan", "--format", "json")[1])

    def paste(self, made: Plan) -> None:
        """Write into the file what the plan says to paste."""
        stops = story(made, Audience.TERMINAL).blockers
        pastes = [point.paste for blocker in stops for point in blocker.points if point.paste]
        with (self.root / "packages" / "pro.yaml").open("a") as file:
            file.writelines(f"{line}\n" for paste in pastes for line in paste.lines)


@pytest.fixture
def agency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    (tmp_path / "packages").mkdir()
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump(CATALOG))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        return code, capsys.readouterr().out

    with serving_file(tmp_path) as url:
        guards = {"acknowledge": "touching", "archives": "unlimited", "clients_losing": "unlimited"}
        environments = {"local": {"platform": url, "guards": guards}}
        config = {"catalog": "catalog.yaml", "tiers": ["pro", "top"], "environments": environments}
        (tmp_path / "reconciler.yaml").write_text(yaml.safe_dump(config))
        yield Agency(tmp_path, run)


def said(code: Code) -> re.Pattern[str]:
    return re.compile(re.escape(LOSSES[code][2]), re.IGNORECASE)


def test_every_code_is_a_loss_of_these_tests_or_a_gain_that_mirrors_one_or_neither() -> None:
    mirrors = {CODES[code].mirror for code in LOSSES}

    assert LOSSES.keys() | mirrors | NEITHER | {OF_NO_FILE} == set(Code)
    assert {code for code, row in CODES.items() if row.severity.is_loss} == LOSSES.keys() | {OF_NO_FILE}


def test_a_package_file_has_a_field_for_each_cap_which_is_required_where_it_is_always_granted() -> None:
    fields = PackageDocument.model_fields

    assert CAPS.keys() <= fields.keys()
    for cap in CAPS.values():
        assert fields[cap.key].is_required() == cap.is_always_granted


@of_each_loss
def test_the_schema_takes_both_sides(agency: Agency, code: Code) -> None:
    document = json.loads(agency.run("schema", "package", "--generic")[1])

    for fields in LOSSES[code][:2]:
        jsonschema.validate({**PACKAGE, **fields}, document)


@of_each_loss
def test_a_loss_is_found_counted_and_told_in_every_medium(agency: Agency, code: Code) -> None:
    made = agency.lose(code)

    found = {finding.code: finding for change in made.changes for finding in change.impact.findings}
    fields = {field.code for change in made.changes for field in change.fields}
    assert code in found.keys() | fields
    if code is not Code.PACKAGE_ARCHIVED:
        assert max(found[code].lose, found[code].keep) == 1
    for form in ("text", *sorted({*PLAN_FORMATS} - {"gitlab-widget"})):
        exit_code, text = agency.run("plan", "--format", form)
        assert exit_code == 4
        assert said(code).search(text), form
        assert CODES[code].verb in text or code.value in text, form


@of_each_loss
def test_what_the_plan_says_to_paste_acknowledges_the_loss(agency: Agency, code: Code) -> None:
    made = agency.lose(code)
    assert [each.id for each in made.guards if each.result == "blocked"] == ["acknowledge"]

    agency.paste(made)

    assert agency.run("validate")[0] == 0
    assert agency.run("apply", "--yes")[0] == 0
    assert agency.plan().is_empty


@of_each_loss
def test_the_other_way_it_is_the_gain_that_mirrors_it(agency: Agency, code: Code) -> None:
    before, after, _ = LOSSES[code]
    agency.write(after)
    agency.run("apply", "--yes")
    agency.write({"allowed_emails": "any", **before})

    made = agency.plan()

    row = CODES[code]
    assert {field.code for change in made.changes for field in change.fields} & {row.mirror}
    text = agency.run("plan")[1]
    assert said(code).search(text) or "subscription" in LOSSES[code][2]


@pytest.mark.parametrize("code", sorted(GRANTED), ids=lambda code: code.value)
def test_what_is_granted_is_told_by_notes_explain_comparison_and_advice(agency: Agency, code: Code) -> None:
    agency.sell(code)
    cap = CODES[code].cap
    names = (cap.label, cap.title, cap.units) if cap else (LOSSES[code][2],)
    name = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)

    assert name.search(agency.run("compare")[1])
    if code is not Code.FEATURE_REMOVED:
        assert name.search(agency.run("clients", "usage", "pro")[1])
    agency.write(LOSSES[code][1])
    agency.paste(agency.plan())
    for command in (("notes",), ("explain", "acme"), ("clients", "show", "acme")):
        assert name.search(agency.run(*command)[1]), command


@pytest.mark.parametrize("code", sorted(GRANTED), ids=lambda code: code.value)
def test_a_tier_that_grants_less_than_the_one_below_is_told_so(agency: Agency, code: Code) -> None:
    before, after, _ = LOSSES[code]
    agency.write(before)
    agency.write({"title": "Top", **after}, key="top")

    findings = agency.run("validate", "--format", "json")[1]

    assert "tier-not-including" in findings


@of_each_cap
def test_a_cap_is_what_the_api_says_that_a_client_may_use(agency: Agency, cap: Cap) -> None:
    agency.lose(cap.lowered)
    agency.paste(agency.plan())
    agency.run("apply", "--yes")

    client = json.loads(agency.run("clients", "show", "acme", "--format", "json")[1])

    assert client["entitlements"][cap.key] == 20


@of_each_cap
def test_more_of_a_cap_is_granted_enforced_told_and_counted_in_plans(agency: Agency, cap: Cap) -> None:
    agency.sell(cap.lowered)
    stated = ("clients", "grant", "acme", cap.key, "--until", "subscription", "--yes")

    assert agency.run(*stated, "--add", "5")[0] == 0
    assert agency.run(*stated, "--set", "60")[0] == 0

    client = json.loads(agency.run("clients", "show", "acme", "--format", "json")[1])
    assert client["entitlements"][cap.key] == 65
    assert "50 of it from the package" in agency.run("clients", "show", "acme")[1]
    agency.write(LOSSES[cap.lowered][1])
    found = {each.code: each for change in agency.plan().changes for each in change.impact.findings}
    assert (found[cap.lowered].lose, found[cap.lowered].granted) == (0, 1)


@of_each_cap
def test_a_grant_of_a_cap_that_ends_with_a_move_is_counted_and_told_in_every_medium(
    agency: Agency, cap: Cap
) -> None:
    agency.sell(cap.lowered)
    agency.run("clients", "grant", "acme", cap.key, "--add", "5", "--until", "reassigned", "--yes")
    agency.write({**LOSSES[cap.lowered][0], "features": ["chat", "agent", "calls"]})

    made = agency.plan()

    found = {each.code: each for change in made.changes for each in change.impact.findings}
    assert (found[OF_NO_FILE].subject, found[OF_NO_FILE].lose) == (cap.key, 1)
    assert made.summary.clients_losing == 1
    for form in ("text", *sorted({*PLAN_FORMATS} - {"gitlab-widget"})):
        text = agency.run("plan", "--format", form)[1]
        assert re.search(f"{cap.title}|{cap.key}", text, re.IGNORECASE), form
        assert re.search(rf"grants of|ends with the reassignment|{OF_NO_FILE.value}", text), form


@of_each_cap
def test_a_cap_and_its_codes_are_explained(agency: Agency, cap: Cap) -> None:
    for code in (cap.lowered, cap.raised):
        assert CODES[code].title in agency.run("explain", code.value)[1]


@of_each_cap
def test_a_description_that_promises_another_amount_of_a_cap_is_told_so(agency: Agency, cap: Cap) -> None:
    agency.write({cap.key: 20, "description": f"With 30 {cap.names[0]}s."})

    assert "description-differs" in agency.run("validate", "--format", "json")[1]


@of_each_cap
def test_a_catalog_may_not_declare_a_limit_of_the_key_of_a_cap(agency: Agency, cap: Cap) -> None:
    catalog = {**CATALOG, "limits": {cap.key: {"title": "Mine"}}}
    (agency.root / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    agency.write({})

    assert agency.run("validate")[0] == 3


NAME_A_CAP = {
    "model/terms.py": "the table",
    "model/documents/package.py": "the fields of a file, which people read",
    "live/rules.py": "AI credits exist only beside an AI feature",
    "validation/packages.py": "the same, with its place in the file",
    "validation/lint.py": "an AI feature without AI credits",
    "live/embedded/assignments.py": "team members are no usage of a cycle",
    "live/embedded/client_imports.py": "the same",
    "engine/compare.py": "packages are shown from the smallest team to the largest",
    "engine/demo.py": "its clients have team members",
    "engine/import_from.py": "prices of other tools know no team members",
}


def test_only_what_a_cap_means_is_written_outside_of_the_table() -> None:
    package = ROOT / "reconciler"
    files = [path for path in package.rglob("*.py") if "conformance" not in path.parts]

    naming = {path.relative_to(package).as_posix() for path in files if _names_a_cap(path.read_text())}

    assert naming == NAME_A_CAP.keys()


def _names_a_cap(source: str) -> bool:
    known = {name for name, value in vars(terms).items() if isinstance(value, Cap)}
    return any(
        (isinstance(node, ast.Constant) and node.value in CAPS)
        or (isinstance(node, ast.ImportFrom) and known & {alias.name for alias in node.names})
        for node in ast.walk(ast.parse(source))
    )


TRIAL_CODES = '    STORAGE_LOWERED = "storage-gb-lowered"\n    STORAGE_RAISED = "storage-gb-raised"\n'
TRIAL_CAP = """\
STORAGE: Final = Cap(
    key="storage_gb",
    label="storage",
    title="Storage",
    unit="GB",
    units="GB",
    lowered=Code.STORAGE_LOWERED,
    raised=Code.STORAGE_RAISED,
    names=("gigabyte",),
)
CAPS: Final"""
TRIAL_FIELD = """\
    storage_gb: Count | Unlimited | None = Field(default=None, description="Files, in GB.", examples=[50])
    expiry: """


@pytest.mark.skipif("STORAGE" in vars(Code), reason="this is the copy")
def test_a_cap_that_only_this_test_knows_goes_the_whole_way(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "reconciler", tmp_path / "reconciler", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "tests").mkdir()
    for file in (ROOT / "tests").glob("*.py"):
        shutil.copy(file, tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    edited = {
        "reconciler/model/terms.py": {
            "    EXPIRY_SHORTENED =": f"{TRIAL_CODES}    EXPIRY_SHORTENED =",
            "CAPS: Final": TRIAL_CAP,
            "(USERS, AI_CREDITS)": "(USERS, AI_CREDITS, STORAGE)",
        },
        "reconciler/model/documents/package.py": {"    expiry: ": TRIAL_FIELD},
    }
    for name, changes in edited.items():
        text = (tmp_path / name).read_text()
        for before, after in changes.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        (tmp_path / name).write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    generate = (
        "from pathlib import Path; from reconciler.engine.schema import write_schemas;"
        "write_schemas(Path('reconciler/validation/schemas'))"
    )
    subprocess.run([sys.executable, "-c", generate], check=True, cwd=tmp_path, env=environment)

    tests = ("-q", "-p", "no:cacheprovider", "-k", "storage", "tests/test_every_term.py")
    command = [sys.executable, "-m", "pytest", *tests]
    result = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert result.returncode == 0, result.stdout[-5_000:]
    assert "passed" in result.stdout.splitlines()[-1]
