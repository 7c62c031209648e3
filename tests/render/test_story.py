from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from msgspec import Struct
from msgspec.structs import astuple, replace

import reconciler.render
from reconciler.model.english import counted, plural_of
from reconciler.model.plans import Plan
from reconciler.model.terms import CAPS
from reconciler.render.checks.remarks import of_story
from reconciler.render.html.plan import plan_html
from reconciler.render.markdown.plan import plan_markdown
from reconciler.render.story.blockers import Audience
from reconciler.render.story.effects import Effect, effects_line, naming
from reconciler.render.story.figures import Level
from reconciler.render.story.story import story
from reconciler.render.story.words import Origin, Span, Tone, around, plain, words
from reconciler.render.text.plan import plan_text
from reconciler.render.text.style import Paper
from tests.naughty import naughty_plan
from tests.render.cases import CASES, named, plan_of, plans, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.render.story.story import Story

MARKER = "zqx"
SOURCES = sorted(Path(reconciler.render.__path__[0]).rglob("*.py"))
every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)


def spans_of(value: Any) -> Iterator[Span]:
    if isinstance(value, Span):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from spans_of(each)
    elif isinstance(value, Struct):
        yield from spans_of(astuple(value))


def all_texts(story: Story) -> list[str]:
    remarks = [f"{each.title} {each.message}" for each in of_story(story)]
    return [
        plan_text(story, Paper(None)),
        plan_markdown(story),
        re.sub(r"<[^>]+>", "", plan_html(story)),
        *remarks,
    ]


def heading_of(name: str) -> str:
    return plan_text(told(named(name)), Paper(None)).splitlines()[0]


def test_the_headline_says_who_loses_who_uses_it_what_ends_and_who_keeps() -> None:
    assert heading_of("review") == (
        "Package plan for production, BLOCKED: 49 clients lose something now, 19 of them use it; "
        "2 subscriptions end; 210 keep what they have until reassigned; 33 gain."
    )


def test_where_nothing_is_lost_one_calm_line_says_so_and_who_gains() -> None:
    assert heading_of("nothing-lost") == "Package plan for production: No client loses anything; 33 gain."


def test_without_a_platform_nobody_is_denied() -> None:
    story = told(named("offline"))

    assert plain(story.verdict.statement) == "Which clients it touches is unknown"
    assert all(count is None for name, count in story.figures if name != "moving")
    assert "No client" not in plan_text(story, Paper(None))


def test_the_edit_and_the_move_of_a_package_are_one_entry_and_each_loss_is_told_once() -> None:
    plan = named("review")

    story = told(plan)

    assert [entry.key for entry in story.entries] == [
        "trial",
        "professional",
        "starter",
        "premium",
        "founders",
    ]
    for entry in story.entries:
        told_of = [(fact.rule, fact.term) for fact in entry.facts]
        assert len(told_of) == len(set(told_of))


def test_packages_come_worst_first_and_one_that_nobody_holds_is_never_alarming() -> None:
    levels = {entry.key: entry.level for entry in told(named("review")).entries}

    assert list(levels.values()) == sorted(levels.values())
    assert levels["founders"] is Level.NOBODY


@given(plans())
def test_worst_first_holds_for_any_plan(plan: Plan) -> None:
    entries = told(plan).entries

    levels = [entry.level for entry in entries]
    assert levels == sorted(levels)
    assert all(entry.level is Level.NOBODY for entry in entries if not any(dict(entry.figures).values()))


def test_the_losses_of_an_edit_and_of_a_rollback_add_up_where_they_are_of_different_clients() -> None:
    (entry,) = told(named("rollback")).entries

    lost, gained = entry.facts
    assert {each.name: each.count for each in gained.effects} == {"gain": 6}
    assert {each.name: each.count for each in lost.effects} == {
        "lose": 6,
        "lose-use": 2,
        "keep": 4,
        "use": 3,
    }


def test_what_people_hold_is_told_not_what_the_file_said() -> None:
    (entry,) = told(named("one-key-twice")).entries

    felt = [plain(fact.felt) for fact in entry.facts]
    assert felt[1].startswith("9 keep 200 or 300 until reassigned")


def test_no_more_are_named_than_are_spoken_of() -> None:
    losing = Effect("lose", 3, words("drop"))
    over = Effect("lose-over", 1, words("of them is over"), is_part=True)
    keeping = Effect("keep", 4, words("keep"))
    sample = tuple("abcde")

    told = ((losing, over, keeping), (losing, keeping), (keeping,), (replace(keeping, count=9),))
    lines = [effects_line(naming(of, sample)) for of in told]

    assert list(map(plain, lines)) == [
        "3 drop, 1 of them is over · namely a · 4 keep",
        "3 drop · namely a, b and c · 4 keep",
        "4 keep · namely a, b, c and d",
        "9 keep · such as a, b, c, d and e",
    ]


def test_use_is_told_of_what_goes_and_over_of_what_shrinks_never_both() -> None:
    for case in CASES:
        for entry in told(plan_of(case)).entries:
            for fact in entry.facts:
                names = {each.name for each in fact.effects}
                assert not (names & {"use", "lose-use"} and names & {"over", "lose-over"})


def test_the_grid_shows_first_what_changes_and_alarms_only_where_somebody_holds_it() -> None:
    grid = told(named("review")).grid

    assert grid.columns == ("trial", "professional", "starter", "premium", "founders")
    tones = {
        plain(row.name): {column: cell.tone for column, cell in zip(grid.columns, row.cells, strict=True)}
        for row in grid.changed
    }
    assert tones["Recorded sessions (feature)"]["professional"] is Tone.ALARM
    assert tones["Webhooks"]["founders"] is Tone.PLAIN


def test_the_grid_says_of_a_new_package_what_it_is_and_not_what_it_was() -> None:
    grid = told(named("six-packages")).grid

    column = grid.columns.index("family")
    (expiry,) = (row.cells[column] for row in grid.changed if plain(row.name) == "Expires after")
    assert (plain(expiry.before), plain(expiry.after)) == ("", "1 year")


def test_the_kind_is_said_where_a_feature_and_a_limit_have_one_name() -> None:
    (entry,) = told(named("one-key-twice")).entries

    assert [plain(fact.statement) for fact in entry.facts] == [
        "removes the feature Recorded sessions",
        "lowers the limit Recorded sessions from 200 to 100 per cycle",
    ]


def test_suspended_holders_are_not_denied() -> None:
    text = plan_text(told(named("suspended")), Paper(None))

    assert "No client holds it; 2 hold it while suspended." in text
    assert "1 client holds it; 1 more holds it while suspended." in text


def test_a_new_package_says_that_it_ends_and_for_whom_it_is() -> None:
    family = next(entry for entry in told(named("six-packages")).entries if entry.key == "family")

    said = {fact.label: plain(fact.statement) for fact in family.facts}
    assert said["expiry"] == "expires after 1 year"
    assert said["e-mails"] == "may be assigned to only a***@x.example"


def test_a_loss_never_has_a_plus() -> None:
    for case in CASES:
        for entry in told(plan_of(case)).entries:
            assert not [fact for fact in entry.facts if fact.is_loss and fact.sign == "+"]


@every_case
def test_what_to_paste_names_each_loss_once_and_only_what_has_no_entry(case: Path) -> None:
    plan = plan_of(case)
    missing = [
        f"{each.about.verb}: {each.about.term}"
        for each in plan.guards
        if each.result == "blocked" and each.about and each.about.entry == "missing"
    ]

    pasted = [
        line.removeprefix("  - ")
        for blocker in told(plan).blockers
        for point in blocker.points
        if point.paste
        for line in point.paste.lines
        if line.startswith("  - ")
    ]

    assert sorted(pasted) == sorted(missing)


def test_an_entry_that_is_too_small_is_to_be_raised_not_written_twice() -> None:
    text = plan_text(told(named("breaking-losing-blocked")), Paper(None))

    assert "raise the bound of `lowers: live_sessions` to `clients: 1200`" in text
    assert "- lowers: live_sessions" not in text


def test_a_waiver_can_be_typed_on_a_terminal_and_is_a_maintainers_in_a_review() -> None:
    plan = named("review")

    assert "--allow" in plan_text(told(plan, Audience.TERMINAL), Paper(None))
    comment = plan_markdown(told(plan, Audience.REVIEW))
    assert "--allow" not in comment
    assert "Waivers: `acknowledge:professional` and `acknowledge:trial`." in comment


def test_a_change_deep_in_a_long_text_is_seen() -> None:
    for text in all_texts(told(named("long-description")))[:3]:
        assert "24 hours" in text
        assert "99 hours" in text


def test_the_window_shows_what_differs_wherever_it_is() -> None:
    for place in range(0, 900, 7):
        before = "word " * 200
        after = before[:place] + "X" + before[place + 1 :]

        assert "X" in around(before, after)[1]
        assert max(map(len, around(before, after))) <= 100


def test_the_worst_loss_is_in_the_first_lines_of_a_comment() -> None:
    first = plan_markdown(told(named("six-packages"))).splitlines()[:8]

    assert any("`basic`" in line and "removes Audio calls" in line for line in first)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_sign_of_a_comment_never_stands_without_a_word(case: Path) -> None:
    lines = (case / "plan.md").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if re.search(r"\| [^\w\s|?\u2013-]+ \|", line)] == []


def test_what_others_wrote_is_never_taken_for_our_own_words() -> None:
    story = told(naughty_plan(MARKER))

    assert [span for span in spans_of(story) if MARKER in span.text and span.origin is Origin.OURS] == []
    assert [span for span in spans_of(story) if MARKER in span.text]


@every_case
def test_nouns_and_verbs_agree_with_their_numbers_and_no_word_is_said_twice(case: Path) -> None:
    if case.name == "hostile-titles":
        return
    plurals = "clients|packages|guards|losses|subscriptions|sessions|features|limits|rows|fields"
    singulars = "client|package|guard|loss|subscription|session|feature|limit|row"
    verbs = "keep|lose|use|hold|move|wait|stay|gain|drop|are|have"

    said_once = "user|app|source|session|credit|expiry|client|limit|feature|package|team member"

    for text in all_texts(told(plan_of(case))):
        assert not re.findall(rf"(?<![\d,])1 (?:{plurals}|{verbs})\b", text)
        assert not re.findall(rf"(?<![\d,])(?:[02-9]|\d[\d,]+) (?:{singulars})\b(?!-)", text)
        assert not re.findall(rf"\b({said_once})s? \1s?\b", text)


def test_words_have_the_plural_that_people_use() -> None:
    assert [plural_of(noun) for noun in ("app", "GB", "MB", "team member", "loss", "entry", "key", "m²")] == [
        "apps",
        "GB",
        "MB",
        "team members",
        "losses",
        "entries",
        "keys",
        "m²",
    ]
    assert counted(1, "client") == "1 client"
    assert counted(1234, "loss") == "1,234 losses"


def test_no_renderer_names_a_cap_or_a_code() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    assert text not in CAPS, source
                case ast.Attribute(value=ast.Name(id="Code"), attr=attr):
                    pytest.fail(f"{source} names Code.{attr}")
                case _:
                    pass


@every_case
def test_a_saved_plan_tells_the_same_story(case: Path) -> None:
    plan = plan_of(case)

    again = Plan.model_validate_json(plan.model_dump_json(by_alias=True))

    assert told(again) == told(plan)


def test_a_package_that_is_adopted_as_it_is_is_not_called_updated() -> None:
    adopting = named("adoption")
    unchanged = adopting.model_copy(update={"changes": adopting.changes[1:]})

    tale = told(unchanged)

    assert tale.entries[0].done == ("adopt",)
    assert plain(tale.verdict.sentence) == "1 package is adopted unchanged."
    assert tale.summary == "Plan: 1 to adopt."


def test_the_last_line_says_packages_and_clients_without_doubt() -> None:
    assert told(named("reassign")).summary == "Plan: 2 to reassign (32 clients)."


def crowded(count: int) -> Plan:
    """A plan that does to so many packages what one case does to one; the last one takes something away."""
    (change,) = named("create").changes
    (worst, *_) = named("breaking-losing-blocked").changes
    many = tuple(change.model_copy(update={"key": f"p{n:04}"}) for n in range(count - 1))
    return named("create").model_copy(update={"changes": (*many, worst)})


def test_people_are_told_the_worst_packages_and_the_rest_summed_up() -> None:
    plan = crowded(1_234)

    short, whole = story(plan, Audience.REVIEW, most=100), story(plan, Audience.REVIEW)

    assert short.entries == whole.entries[:100]
    assert short.entries[0].severity.is_loss
    assert plain(short.rest) == "Left out here: 1,134 more packages, 1,134 to create. --all shows each."
    assert replace(short, entries=whole.entries, rest=()) == whole


def test_what_is_not_told_of_packages_says_whom_they_hurt() -> None:
    (worst, *_) = named("breaking-losing-blocked").changes
    many = tuple(worst.model_copy(update={"key": f"p{n}"}) for n in range(3))
    plan = named("breaking-losing-blocked").model_copy(update={"changes": many})
    losing = 2 * (worst.impact.clients_losing or 0)

    rest = plain(story(plan, Audience.REVIEW, most=1).rest)

    assert losing
    assert f"{counted(losing, 'client')} lose something with this apply" in rest


@pytest.mark.parametrize("count", [100, 101])
def test_every_medium_for_people_says_that_there_is_more(count: int) -> None:
    told = story(crowded(count), Audience.REVIEW, most=100)

    for text in (plan_text(told, Paper(None)), plan_markdown(told), plan_html(told)):
        assert ("1 more package" in text) == (count > 100)
