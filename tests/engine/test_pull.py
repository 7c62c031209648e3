from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.engine.pull import Pulled, PullRequest, pull
from reconciler.errors import WrongUsageError
from reconciler.live.opening import open_platform
from reconciler.sources.edits import write_edits
from reconciler.sources.layout.parsing import parse
from reconciler.sources.package_text import new_text, package_document
from tests.builders import definition
from tests.planting import plant_package
from tests.replay import years
from tests.shop import Shop, opened_shop
from tests.sources.test_atomic import without_power
from tests.strategies import sound_definitions
from tests.workspaces import workspace

if TYPE_CHECKING:
    from reconciler.model.packages import Definition


def pulled(shop: Shop, *keys: str, archived: bool = False, adopt: bool = True) -> Pulled:
    request = PullRequest(keys, archived=archived, adopt=adopt)
    result = pull(workspace(shop.root / "reconciler.yaml"), shop.platform, request)
    write_edits(shop.root, result.edits)
    return result


def text(shop: Shop, key: str) -> str:
    return (shop.root / "packages" / f"{key}.yaml").read_text()


def write(shop: Shop, key: str, content: str) -> None:
    (shop.root / "packages" / f"{key}.yaml").write_text(content)


def test_a_package_without_a_file_gets_one_in_the_canonical_layout(shop: Shop) -> None:
    live = definition(
        features=["chat", "agent"], ai_credits=5, expiry="14 days", allowed_emails=["B@x.example"]
    )
    shop.platform.edit_package("pro", live, shop.at)

    result = pulled(shop)

    assert text(shop, "pro") == (
        "title: Basic\nfeatures:\n  - agent\n  - chat\nuser_count: 3\nai_credits: 5\nexpiry: 14 days\n"
        "allowed_emails:\n  - b@x.example\n"
    )
    assert result.adopted == ("pro",)


def test_no_second_file_is_made_beside_a_folder_that_may_hold_the_first(shop: Shop) -> None:
    shop.platform.edit_package("pro", definition(), shop.at)
    (shop.root / "packages" / "team").symlink_to(shop.root.parent)

    result = pulled(shop)

    assert [found.file for found in result.findings] == ["packages/team"]
    assert not (shop.root / "packages" / "pro.yaml").exists()


def test_no_second_file_is_made_beside_a_folder_that_may_not_be_read() -> None:
    with without_power() as folder, opened_shop(folder) as shop:
        shop.package("pro", features=["chat"])
        shop.apply()
        team = folder / "packages" / "team"
        team.mkdir()
        (folder / "packages" / "pro.yaml").rename(team / "pro.yaml")
        team.chmod(0)
        try:
            result = pulled(shop)
        finally:
            team.chmod(0o700)

        assert [(found.file, found.rule) for found in result.findings] == [
            ("packages/team", "file-unreadable")
        ]
        assert not (folder / "packages" / "pro.yaml").exists()


def test_what_is_written_around_the_values_of_a_file_stays(shop: Shop) -> None:
    before = (
        "# Ours since spring.\nuser_count: 5   # seats\ntitle:  'Pro'\n\n# the list\n"
        "features: [calls, 'chat']\nlimits:\n    # sold in packs\n    minutes: 10    # per month\n"
    )
    write(shop, "pro", before)
    shop.apply()
    live = definition(
        title="Pro plus", user_count=7, features=["chat", "calls", "agent"], limits={"minutes": 20}
    )
    shop.platform.edit_package("pro", live, shop.at)

    pulled(shop)

    assert text(shop, "pro") == (
        "# Ours since spring.\nuser_count: 7   # seats\ntitle: 'Pro plus'\n\n# the list\n"
        "features: [calls, 'chat', agent]\n"
        "limits:\n    # sold in packs\n    minutes: 20    # per month\n"
    )


def test_a_comment_on_a_line_of_its_own_stays_when_what_is_below_it_goes(shop: Shop) -> None:
    write(
        shop,
        "pro",
        "title: Pro\nuser_count: 5\n# the trial\nexpiry: 14 days  # gone\nfeatures:\n  # talk\n  - chat\n",
    )
    shop.apply()
    shop.platform.edit_package("pro", definition(title="Pro", user_count=5), shop.at)

    pulled(shop)

    assert text(shop, "pro") == "title: Pro\nuser_count: 5\n# the trial\n# talk\n"


def test_a_new_key_is_put_where_it_belongs(shop: Shop) -> None:
    write(shop, "pro", "title: Pro\nuser_count: 5\narchived: false\n")
    shop.apply()
    live = definition(title="Pro", user_count=5, description="Two\nlines.", expiry="1 year")
    shop.platform.edit_package("pro", live, shop.at)

    pulled(shop)

    assert text(shop, "pro") == (
        "title: Pro\ndescription: |-\n  Two\n  lines.\nuser_count: 5\nexpiry: 1 year\narchived: false\n"
    )


def test_equal_files_are_not_touched_however_they_are_written(shop: Shop) -> None:
    write(shop, "pro", "user_count:    5\ntitle:   'Pro'\n")
    shop.apply()

    assert pulled(shop).edits == ()


def test_a_package_archived_on_the_platform_is_archived_in_its_file(shop: Shop) -> None:
    shop.package("pro")
    shop.apply()
    shop.platform.edit_package("pro", definition(title="Pro", user_count=5), shop.at, archived=True)

    pulled(shop)

    assert text(shop, "pro") == "title: Pro\nuser_count: 5\narchived: true\n"


def test_an_archived_package_without_a_file_gets_one_only_when_asked_for(shop: Shop) -> None:
    shop.platform.edit_package("old", definition(), shop.at, archived=True)

    assert pulled(shop).edits == ()
    assert [edit.file for edit in pulled(shop, archived=True).edits] == ["packages/old.yaml"]


def test_packages_made_by_hand_can_be_left_out(shop: Shop) -> None:
    shop.platform.edit_package("pro", definition(), shop.at)

    assert pulled(shop, adopt=False).edits == ()


def test_only_the_named_packages_are_pulled(shop: Shop) -> None:
    shop.platform.edit_package("pro", definition(title="Pro"), shop.at)
    shop.platform.edit_package("lite", definition(title="Lite"), shop.at)

    assert [edit.file for edit in pulled(shop, "lite").edits] == ["packages/lite.yaml"]


def test_a_package_that_is_not_live_keeps_its_file(shop: Shop) -> None:
    shop.package("idea")

    result = pulled(shop)

    assert result.edits == ()
    assert result.only_in_files == ("idea",)


def test_a_file_that_cannot_be_read_is_left_alone_and_no_second_one_is_made(shop: Shop) -> None:
    (shop.root / "packages" / "old").mkdir()
    (shop.root / "packages" / "old" / "pro.yaml").write_text("title: [\n")
    shop.platform.edit_package("pro", definition(), shop.at)

    result = pulled(shop)

    assert result.edits == ()
    assert [found.file for found in result.findings] == ["packages/old/pro.yaml"]


def test_an_acknowledgement_goes_when_the_loss_is_no_longer_proposed(shop: Shop) -> None:
    shop.package("pro", features=["calls", "chat"])
    shop.apply()
    entry = {"removes": "calls", "clients": 5, "reason": "Ends.", "until": "2026-12-31"}
    shop.package("pro", features=["chat"], acknowledge=[entry])

    pulled(shop)

    assert "acknowledge" not in text(shop, "pro")
    assert shop.plan().is_empty


@pytest.mark.parametrize("key", ["../escape", "Pro", "a/b", ".hidden", "x" * 65])
def test_a_live_key_that_cannot_be_a_file_is_told_and_not_written(shop: Shop, key: str) -> None:
    plant_package(shop.root / "platform.db", key, definition())

    result = pulled(shop)

    assert result.edits == ()
    assert [found.rule for found in result.findings] == ["bad-file-name"]


@pytest.mark.parametrize("title", ["a\nb", "x" * 121, "\u202eevil"])
def test_a_live_title_that_no_file_can_hold_is_told_and_the_rest_is_pulled(shop: Shop, title: str) -> None:
    plant_package(shop.root / "platform.db", "bad", definition(title=title))
    shop.platform.edit_package("good", definition(title="Good"), shop.at)

    result = pulled(shop)

    assert [edit.file for edit in result.edits] == ["packages/good.yaml"]
    assert {found.file for found in result.findings} == {"packages/bad.yaml"}


def test_the_live_catalog_comes_in_place_and_keeps_what_unapplied_packages_name(shop: Shop) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()
    (shop.root / "catalog.yaml").write_text(
        "features:\n  agent: {title: Robot, ai: true}  # new name\n  chat: {title: Chat}\n"
        "  fax: {title: Fax}\n  telex: {title: Telex}\n"
    )
    shop.package("idea", features=["fax"])

    pulled(shop)

    after = (shop.root / "catalog.yaml").read_text()
    assert after.startswith(
        "features:\n  agent: {title: Agent, ai: true}  # new name\n  chat: {title: Chat}\n"
        "  fax: {title: Fax}\n"
    )
    assert "telex" not in after
    assert workspace(shop.root / "reconciler.yaml").errors == ()


KEYS = ("alpha", "beta")


@st.composite
def states(draw: st.DrawFn) -> dict[str, Definition]:
    return {key: replace(draw(sound_definitions()), title=key.title()) for key in KEYS}


@settings(deadline=None, max_examples=15)
@given(states())
def test_after_pull_and_apply_of_handmade_packages_nothing_differs(live: dict[str, Definition]) -> None:
    with TemporaryDirectory() as folder, opened_shop(Path(folder)) as shop:
        for key, content in live.items():
            shop.platform.edit_package(key, content, shop.at)

        result = pulled(shop)

        plan = shop.plan()
        assert result.findings == ()
        assert {change.key for change in plan.changes} == set(KEYS)
        assert all(change.adopts and not change.fields for change in plan.changes)
        shop.apply(plan)
        assert shop.plan().is_empty
        assert pulled(shop).edits == ()


def strewn(content: str, at: list[int]) -> tuple[str, list[str]]:
    """Put comments above some lines of a file."""
    lines, marks = [], []
    for number, line in enumerate(content.splitlines()):
        if number in at:
            marks.append(f"c{number}z")
            lines.append(" " * (len(line) - len(line.lstrip())) + f"# c{number}z")
        lines.append(line)
    return "\n".join(lines) + "\n", marks


@settings(deadline=None, max_examples=15)
@given(states(), states(), states(), st.lists(st.integers(0, 15)))
def test_after_pull_into_commented_files_the_plan_is_empty(
    first: dict[str, Definition], live: dict[str, Definition], local: dict[str, Definition], at: list[int]
) -> None:
    with TemporaryDirectory() as folder, opened_shop(Path(folder)) as shop:
        for key in KEYS:
            write(shop, key, new_text(package_document(first[key])))
        shop.apply()
        for key in KEYS:
            shop.platform.edit_package(key, live[key], shop.at)
        commented = {key: strewn(new_text(package_document(local[key])), at) for key in KEYS}
        for key, (content, _) in commented.items():
            write(shop, key, content)

        result = pulled(shop)

        assert result.findings == ()
        assert shop.plan().is_empty
        for key, (_, marks) in commented.items():
            assert sorted(re.findall(r"c\d+z", text(shop, key))) == sorted(marks)
            parse(text(shop, key))


@pytest.mark.parametrize("year", years()[::6], ids=lambda year: f"{year.parent.name}-{year.name}")
def test_real_catalogs_come_back_from_a_platform(tmp_path: Path, year: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "reconciler.yaml").write_text(
        "environments: {local: {platform: 'sqlite:///p.db', guards: {clients_losing: unlimited}}}\n"
    )
    for file in year.rglob("*.yaml"):
        target = tmp_path / file.relative_to(year)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    with open_platform("sqlite:///p.db", root=tmp_path) as platform:
        shop = Shop(tmp_path, platform)
        shop.apply()
        before = shop.workspace
        for file in (tmp_path / "packages").glob("*.yaml"):
            file.unlink()
        (tmp_path / "schemas" / "catalog.yaml").unlink()

        result = pulled(shop)

        assert result.findings == ()
        assert {key: each.definition for key, each in shop.workspace.packages.items()} == {
            key: each.definition for key, each in before.packages.items()
        }
        assert shop.plan().is_empty


def test_a_catalog_of_the_platform_becomes_a_file(shop: Shop) -> None:
    shop.package("pro")
    shop.apply()
    (shop.root / "catalog.yaml").unlink()

    pulled(shop)

    assert workspace(shop.root / "reconciler.yaml").catalog == shop.platform.catalog()


def test_for_a_platform_without_a_catalog_one_is_made_that_declares_what_packages_name(shop: Shop) -> None:
    (shop.root / "catalog.yaml").unlink()
    live = definition(features=["live_chat"], limits={"call_minutes": 5})
    shop.platform.edit_package("pro", live, shop.at)

    result = pulled(shop)

    catalog = workspace(shop.root / "reconciler.yaml").catalog
    assert catalog is not None
    assert catalog.features["live_chat"].title == "Live chat"
    assert catalog.limits["call_minutes"].title == "Call minutes"
    assert result.findings == ()
    assert workspace(shop.root / "reconciler.yaml").errors == ()


def test_a_named_package_that_is_not_live_is_wrong_usage(shop: Shop) -> None:
    with pytest.raises(WrongUsageError, match="no package 'x'"):
        pulled(shop, "x")


def test_addresses_that_stay_keep_their_spelling(shop: Shop) -> None:
    write(shop, "pro", "title: Pro\nuser_count: 5\nallowed_emails: [Ana@X.example, ben@x.example]\n")
    shop.apply()
    live = definition(title="Pro", user_count=5, allowed_emails=["ana@x.example", "cas@x.example"])
    shop.platform.edit_package("pro", live, shop.at)

    pulled(shop)

    assert "allowed_emails: [Ana@X.example, cas@x.example]\n" in text(shop, "pro")


def test_a_package_opened_on_the_platform_is_opened_in_its_file_by_name(shop: Shop) -> None:
    write(shop, "pro", "title: Pro\nuser_count: 5\nallowed_emails:\n  - ana@x.example\n")
    shop.apply()
    shop.platform.edit_package("pro", definition(title="Pro", user_count=5), shop.at)

    pulled(shop)

    assert text(shop, "pro") == "title: Pro\nuser_count: 5\nallowed_emails: any\n"
    assert shop.plan().is_empty
