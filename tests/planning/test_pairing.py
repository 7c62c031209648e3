from __future__ import annotations

from typing import Any

from reconciler.model.packages import DesiredPackage, PackageHead, RevisionRef
from reconciler.model.plans import Action
from reconciler.model.terms import Code
from reconciler.planning.drafts import Draft, drafted
from reconciler.planning.pairing import paired
from tests.builders import definition, desired, head


def drafts_of(
    files: list[DesiredPackage], live: list[PackageHead], **contents: dict[str, Any]
) -> list[Draft]:
    pairing = paired({package.key: package for package in files}, live)
    definitions = {
        RevisionRef(each.key, each.revision): definition(**contents.get(each.key, {})) for each in live
    }
    return list(drafted(pairing.differing, definitions, show_emails=False))


def test_equal_packages_make_no_change_and_need_no_definition() -> None:
    pairing = paired({"basic": desired()}, [head()])

    assert pairing.differing == ()
    assert [pair.key for pair in pairing.equal] == ["basic"]


def test_a_new_file_creates() -> None:
    drafts = drafts_of([desired(features=["chat"])], [])

    assert [(draft.action, draft.key) for draft in drafts] == [(Action.CREATE, "basic")]
    codes = {field.code for field in drafts[0].fields}
    assert codes == {Code.FEATURE_ADDED, Code.USER_COUNT_RAISED, Code.TITLE_CHANGED}


def test_a_removed_file_archives_a_managed_package() -> None:
    drafts = drafts_of([], [head()])

    assert [(draft.action, draft.archived) for draft in drafts] == [(Action.ARCHIVE, True)]


def test_a_removed_file_of_an_archived_package_changes_nothing() -> None:
    assert drafts_of([], [head(archived=True)]) == []


def test_a_package_made_by_hand_is_listed_and_never_touched() -> None:
    pairing = paired({}, [head("handmade", managed=False)])

    assert pairing.unmanaged == ("handmade",)
    assert pairing.differing == ()


def test_a_file_with_the_key_of_a_package_made_by_hand_adopts_it() -> None:
    drafts = drafts_of([desired()], [head(managed=False)])

    assert [(draft.action, draft.adopts, draft.fields) for draft in drafts] == [(Action.UPDATE, True, ())]


def test_archived_true_archives_and_taking_it_away_restores() -> None:
    away = drafts_of([desired(archived=True)], [head()])
    back = drafts_of([desired()], [head(archived=True)])

    assert [draft.action for draft in (*away, *back)] == [Action.ARCHIVE, Action.RESTORE]


def test_a_rename_says_so_and_keeps_the_package() -> None:
    drafts = drafts_of([desired("scale", renamed_from=("growth",))], [head("growth")])

    assert [(draft.action, draft.key, draft.pair.live_key) for draft in drafts] == [
        (Action.RENAME, "scale", "growth")
    ]


def test_a_rename_that_was_applied_changes_nothing_more() -> None:
    assert drafts_of([desired("scale", renamed_from=("growth",))], [head("scale")]) == []


def test_a_platform_that_is_several_renames_behind_is_brought_to_the_last_key() -> None:
    scale = desired("scale", renamed_from=("growth", "team"))

    behind = drafts_of([scale], [head("team")])
    both = drafts_of([scale], [head("growth"), head("team")])

    assert [(draft.action, draft.pair.live_key) for draft in behind] == [(Action.RENAME, "team")]
    assert {draft.pair.live_key: draft.action for draft in both} == {
        "growth": Action.RENAME,
        "team": Action.ARCHIVE,
    }


def test_another_key_without_a_word_is_an_archive_and_a_create() -> None:
    drafts = drafts_of([desired("scale")], [head("growth")])

    assert sorted((draft.action, draft.key) for draft in drafts) == [
        (Action.ARCHIVE, "growth"),
        (Action.CREATE, "scale"),
    ]


def test_leaving_emails_out_does_not_open_a_restricted_package() -> None:
    restricted: dict[str, Any] = {"allowed_emails": ["ana@x.example"]}

    drafts = drafts_of([desired()], [head(**restricted)], basic=restricted)

    assert drafts == []


def test_writing_any_opens_a_restricted_package() -> None:
    restricted: dict[str, Any] = {"allowed_emails": ["ana@x.example"]}

    drafts = drafts_of([desired(allowed_emails="any")], [head(**restricted)], basic=restricted)

    assert [field.code for field in drafts[0].fields] == [Code.EMAILS_WIDENED]
