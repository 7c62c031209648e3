from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.engine.compare import compare
from reconciler.engine.import_from import Imported, import_from
from reconciler.errors import InvalidError
from reconciler.render.comparison import comparison_csv
from reconciler.sources.edits import write_edits
from reconciler.sources.imports.names import key_of, title_of
from reconciler.sources.package_text import new_text, package_document
from tests.replay import years
from tests.strategies import sound_definitions
from tests.workspaces import CONFIG, repository, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.engine.import_from import Origin
    from reconciler.model.packages import Definition
    from reconciler.sources.workspace import Workspace

PRICING = """
saasName: Talk
syntaxVersion: "2.1"
createdAt: 2025-01-01
features:
  videoCalls: {description: "Face to\\n face", valueType: BOOLEAN, defaultValue: false, type: DOMAIN}
  chat: {valueType: BOOLEAN, defaultValue: true, type: DOMAIN}
  support: {valueType: TEXT, defaultValue: "", type: SUPPORT}
  storage: {valueType: NUMERIC, defaultValue: 0, type: DOMAIN}
usageLimits:
  maxCallMinutes:
    {valueType: NUMERIC, unit: minute, defaultValue: 40, type: RENEWABLE, linkedFeatures: [videoCalls]}
  maxSeats: {valueType: NUMERIC, unit: user, defaultValue: 3, type: NON_RENEWABLE}
plans:
  FREE: {description: For one., price: 0, features: null, usageLimits: null}
  PRO_PLAN:
    price: 12.5
    features: {videoCalls: {value: true}, support: {value: by phone}, storage: {value: 0.5}}
    usageLimits: {maxCallMinutes: {value: .inf}, maxSeats: {value: 99999999}}
addOns:
  extra: {price: 1}
"""
AUTUMN: dict[str, Any] = {
    "features": [
        {"id": "sso", "name": "Single sign-on", "type": "boolean"},
        {"id": "messages", "name": "Messages", "type": "metered", "consumable": True},
        {"id": "seats", "name": "Seats", "type": "metered", "consumable": False},
    ],
    "plans": [
        {
            "id": "pro",
            "name": "Pro",
            "description": None,
            "price": {"amount": 10, "interval": "month"},
            "items": [
                {"featureId": "sso"},
                {
                    "featureId": "messages",
                    "included": 100,
                    "reset": {"interval": "month"},
                    "price": {"amount": 1},
                },
                {"feature_id": "seats", "unlimited": True},
            ],
        },
        {"id": "extra", "name": "Extra", "addOn": True, "items": []},
    ],
}


def brought(
    root: Path, origin: Origin, content: str | bytes, users: str | None = None
) -> tuple[Workspace, Imported]:
    """Import into an empty repository."""
    config = root / "reconciler.yaml"
    config.write_text(CONFIG)
    data = content if isinstance(content, bytes) else content.encode()
    result = import_from(workspace(config), origin, data, users=users)
    write_edits(root, result.edits)
    return workspace(config), result


def definitions(made: Workspace) -> dict[str, Definition]:
    return {key: package.definition for key, package in made.packages.items()}


def test_pricing2yaml_becomes_catalog_and_packages(tmp_path: Path) -> None:
    made, result = brought(tmp_path, "pricing2yaml", PRICING)

    assert made.errors == ()
    assert result.findings == ()
    assert made.catalog is not None
    assert (made.catalog.features["video_calls"].title, made.catalog.features["video_calls"].description) == (
        "Video calls",
        "Face to face",
    )
    limit = made.catalog.limits["max_call_minutes"]
    assert (limit.unit, limit.per, limit.feature) == ("minute", "cycle", "video_calls")
    free, pro = made.packages["free"].definition, made.packages["pro_plan"].definition
    assert (free.title, free.features, dict(free.limits)) == ("Free", ("chat",), {"max_seats": 3})
    assert pro.title == "Pro Plan"
    assert pro.features == ("chat", "support", "video_calls")
    assert dict(pro.limits) == {"max_call_minutes": "unlimited", "max_seats": "unlimited"}


def test_what_pricing2yaml_says_and_a_package_cannot_is_told(tmp_path: Path) -> None:
    _, result = brought(tmp_path, "pricing2yaml", PRICING)

    assert result.remarks == (
        "PRO_PLAN, support: the text 'by phone' was left out; the feature is on.",
        "PRO_PLAN, storage: 0.5 is no whole number from 0 on; it was left out.",
        "PRO_PLAN, maxSeats: 99999999 is taken for unlimited.",
        "Add-ons are no packages; what they add was left out: extra.",
        "Prices were left out: a package has none.",
        "The number of team members is unlimited, stated so or left out: free, pro_plan.",
    )


def test_a_limit_can_say_how_many_team_members_there_are(tmp_path: Path) -> None:
    made, _ = brought(tmp_path, "pricing2yaml", PRICING, users="max_seats")

    assert made.packages["free"].definition.caps["user_count"] == 3
    assert made.catalog is not None
    assert "max_seats" not in made.catalog.limits


def test_autumn_becomes_catalog_and_packages(tmp_path: Path) -> None:
    made, result = brought(tmp_path, "autumn", json.dumps(AUTUMN), users="seats")

    assert made.errors == ()
    assert made.catalog is not None
    assert made.catalog.limits["messages"].per == "cycle"
    pro = made.packages["pro"].definition
    assert (pro.title, pro.features, dict(pro.limits), pro.caps["user_count"]) == (
        "Pro",
        ("sso",),
        {"messages": 100},
        "unlimited",
    )
    assert list(made.packages) == ["pro"]
    assert "extra: an add-on is no package; it was left out." in result.remarks


def test_what_autumn_items_cannot_be_carried_over_is_told(tmp_path: Path) -> None:
    items = [{"featureId": "chat"}, {"featureId": "chat"}, "agent", 5]
    features = [{"id": "chat", "name": "Chat", "type": "boolean"}, None]
    document = {"features": features, "plans": [{"id": "pro", "name": "Pro", "items": items}, "basic"]}

    made, result = brought(tmp_path, "autumn", json.dumps(document))

    assert made.errors == ()
    assert made.packages["pro"].definition.features == ("chat",)
    told = "\n".join(result.remarks)
    for left_out in ("'agent'", "'5'", "'None'", "'basic'"):
        assert f"{left_out} is no mapping; it was left out." in told
    assert "pro, chat: it is granted twice; the first counts." in told


def test_older_autumn_products_are_read_too(tmp_path: Path) -> None:
    items = [
        {"feature_id": "messages", "included_usage": 5, "interval": "month"},
        {"price": 20, "interval": "month"},
    ]
    old = {
        "features": [{"id": "messages", "name": "Messages", "type": "single_use"}],
        "products": [{"id": "free", "name": "Free", "items": items}],
    }

    made, _ = brought(tmp_path, "autumn", json.dumps(old))

    assert dict(made.packages["free"].definition.limits) == {"messages": 5}


def test_a_table_drawn_by_hand_becomes_packages(tmp_path: Path) -> None:
    table = "Feature;Lite;Pro Plus\nVideo calls;;✓\nMinutes;100;1,000\nTeam;x;x\nuser_count;3;unlimited\n"

    made, result = brought(tmp_path, "csv", table)

    lite, plus = made.packages["lite"].definition, made.packages["pro_plus"].definition
    assert (lite.features, dict(lite.limits), lite.caps["user_count"]) == (("team",), {"minutes": 100}, 3)
    assert (plus.features, dict(plus.limits)) == (("team", "video_calls"), {"minutes": 1000})
    assert result.remarks == ("The number of team members is unlimited, stated so or left out: pro_plus.",)


@pytest.mark.parametrize("year", years(), ids=lambda year: f"{year.parent.name}-{year.name}")
def test_real_catalogs_come_back_from_the_table_that_compare_prints(tmp_path: Path, year: Path) -> None:
    shutil.copytree(year, tmp_path / "from", dirs_exist_ok=True)
    (tmp_path / "from" / "reconciler.yaml").write_text(CONFIG)
    before = workspace(tmp_path / "from" / "reconciler.yaml")
    (tmp_path / "to").mkdir()

    after, result = brought(tmp_path / "to", "csv", comparison_csv(compare(before)))

    assert result.findings == ()
    fields = ("title", "features", "limits", "caps", "expiry")
    assert {key: [getattr(each, name) for name in fields] for key, each in definitions(after).items()} == {
        key: [getattr(each, name) for name in fields] for key, each in definitions(before).items()
    }


def test_files_that_are_there_stay_and_the_catalog_gains_what_it_lacks(tmp_path: Path) -> None:
    catalog = "features:\n  chat: {title: Ours}  # we call it so\n"
    config = repository(tmp_path, catalog=catalog, free="title: Free\nuser_count: 1\n")

    result = import_from(workspace(config), "pricing2yaml", PRICING.encode())

    edits = {edit.file: edit.after.decode() for edit in result.edits}
    assert set(edits) == {"packages/pro_plan.yaml", "schemas/catalog.yaml"}
    assert edits["schemas/catalog.yaml"].startswith(
        "features:\n  chat: {title: Ours}  # we call it so\n  video_calls:\n"
    )
    assert [found.rule for found in result.findings] == ["duplicate-key"]


BOMB = "a: &a [x]\n" + "".join(f"k{n}: [*a, *a]\n" for n in range(50))


@pytest.mark.parametrize("origin", ["autumn", "pricing2yaml", "csv"])
@pytest.mark.parametrize("content", ["", "[1]", "{", "a: [", "[" * 100_000, BOMB, "\xff\x00", "null", '"x"'])
def test_files_of_another_kind_are_refused_with_a_sentence(
    tmp_path: Path, origin: Origin, content: str
) -> None:
    config = repository(tmp_path)

    with pytest.raises(InvalidError):
        import_from(workspace(config), origin, content.encode("latin-1", errors="replace"))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "name",
                    "type",
                    "items",
                    "featureId",
                    "included",
                    "reset",
                    "interval",
                    "features",
                    "plans",
                ]
            )
            | st.sampled_from(
                ["value", "valueType", "usageLimits", "linkedFeatures", "period", "unit", "defaultValue"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON, st.sampled_from(["autumn", "pricing2yaml"]))
def test_any_structure_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, document: Any, origin: Origin
) -> None:
    config = repository(tmp_path_factory.mktemp("any"))

    try:
        result = import_from(workspace(config), origin, json.dumps(document).encode())
    except InvalidError:
        return

    assert isinstance(result.edits, tuple)


@pytest.mark.parametrize(
    ("name", "key", "title"),
    [
        ("maxBreakoutRooms", "max_breakout_rooms", "Max breakout rooms"),
        ("AES256Encryption", "aes256_encryption", "AES256 encryption"),
        ("PRO_PLAN", "pro_plan", "PRO PLAN"),
        ("Büro & Co", "buro_co", "Büro & co"),
        ("2fa", "n2fa", "2fa"),
        ("日本", "unnamed", "日本"),
    ],
)
def test_names_become_keys_and_titles(name: str, key: str, title: str) -> None:
    assert (key_of(name), title_of(name)) == (key, title)


def test_a_key_that_is_taken_gets_a_number() -> None:
    assert key_of("日本", {"unnamed"}) == "unnamed_2"


@given(st.dictionaries(st.sampled_from(["lite", "pro", "top_deal"]), sound_definitions(), min_size=1))
def test_generated_packages_come_back_from_the_table(
    tmp_path_factory: pytest.TempPathFactory, packages: dict[str, Definition]
) -> None:
    texts = {
        key: new_text(package_document(replace(each, title=key.title(), allowed_emails=None)))
        for key, each in packages.items()
    }
    before = workspace(repository(tmp_path_factory.mktemp("from"), **texts))
    to = repository(tmp_path_factory.mktemp("to"))

    result = import_from(workspace(to), "csv", comparison_csv(compare(before)).encode())
    write_edits(to.parent, result.edits)

    after = definitions(workspace(to))
    assert after == {key: replace(each, description="") for key, each in definitions(before).items()}


def test_a_limit_of_several_features_and_an_odd_period_are_told(tmp_path: Path) -> None:
    pricing = """
features: {chat: {valueType: BOOLEAN, defaultValue: true}, calls: {valueType: BOOLEAN, defaultValue: true}}
usageLimits:
  both: {valueType: NUMERIC, defaultValue: 1, type: NON_RENEWABLE, linkedFeatures: [chat, calls]}
  daily: {valueType: NUMERIC, defaultValue: 1, type: TIME_DRIVEN, period: {value: 1, unit: DAY}}
plans: {ONE: {}}
"""

    made, result = brought(tmp_path, "pricing2yaml", pricing)

    assert made.errors == ()
    assert "both: it caps chat, calls; a limit has one feature, so it got none." in result.remarks
    assert "daily: a period of DAY is no billing cycle; it was left out." in result.remarks


def test_columns_with_the_same_title_become_packages_of_their_own(tmp_path: Path) -> None:
    made, _ = brought(tmp_path, "csv", "title,Pro,Pro,top-deal\nChat,yes,no,yes\n")

    assert list(made.packages) == ["pro", "pro_2", "top-deal"]


@pytest.mark.parametrize(
    "amount", ["1" + "0" * 400, "-1" + "0" * 400, "1e400", "-1e400", "0.1", "true", "null"]
)
def test_amounts_of_any_size_are_read_or_told(tmp_path: Path, amount: str) -> None:
    features = '[{"id": "messages", "name": "Messages", "type": "metered"}]'
    items = f'[{{"featureId": "messages", "included": {amount}}}]'
    plans = f'[{{"id": "pro", "name": "Pro", "items": {items}}}]'

    made, result = brought(tmp_path, "autumn", f'{{"features": {features}, "plans": {plans}}}')

    assert made.errors == ()
    assert result.findings == ()
