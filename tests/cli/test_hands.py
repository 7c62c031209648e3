"""What is done to clients by hand is shown before it is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.shop import opened_shop
from tests.terminals import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run
    from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Clients on the better of two packages, one of whom uses what the other lacks."""
    with opened_shop(tmp_path) as opened:
        opened.package("pro", features=["chat", "calls"])
        opened.package("basic", title="Basic", features=["chat"], expiry="30 days")
        opened.apply()
        opened.clients("acme", package="pro", usage={"calls": 3})
        opened.clients("globex", package="pro")
        yield opened


def held(run: Run, client: str = "acme") -> str:
    shown = json.loads(run("clients", "show", client, "--format", "json")[1])
    return str(shown["subscription"]["package"])


def test_without_a_terminal_an_assignment_is_shown_and_not_done(run: Run) -> None:
    code, text, error = run("clients", "assign", "acme", "basic")

    assert code == 64
    assert "Loses:\n  - feature     Calls (calls) (3 used in this cycle)\n" in text
    assert "  ~ expiry      never → 30 days (ends " in text
    assert "Starts anew: the expiry and the billing cycle; back to 0: Calls (3 used).\n" in text
    assert error.endswith("hint:  Add --yes to do it.\n")
    assert held(run) == "pro"


def test_with_yes_an_assignment_is_shown_and_done(run: Run) -> None:
    code, text, _ = run("clients", "assign", "acme", "basic", "--yes")

    assert code == 0
    assert "Calls (calls) (3 used in this cycle)" in text
    assert "acme holds basic revision 1; it expires " in text
    assert held(run) == "basic"


def test_what_an_assignment_gives_is_shown_too(run: Run) -> None:
    run("clients", "assign", "acme", "basic", "--yes")

    _, text, _ = run("clients", "assign", "acme", "pro")

    assert "  + feature     Calls (calls)\n" in text.partition("Gains:\n")[2]
    assert "Loses:" not in text


def test_assigning_what_a_client_holds_says_so(run: Run) -> None:
    _, text, _ = run("clients", "assign", "acme", "pro")

    assert "It holds this revision already: only what starts anew would change.\n" in text


def test_as_json_an_assignment_is_shown_as_the_api_tells_it(run: Run) -> None:
    code, document, _ = run("clients", "assign", "acme", "basic", "--format", "json")

    told = json.loads(document)
    (gone,) = (each for each in told["fields"] if each["code"] == "feature-removed")
    assert code == 64
    assert (told["package"], told["used"], told["restarted"]) == ("basic", {"calls": 3}, {"calls": 3})
    assert (gone["path"], gone["from"], gone["to"]) == ("/features/calls", True, None)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (b"y\n", 0, ""),
        (b"n\n", 130, "\nNothing was assigned."),
        (b"\x04", 130, "\nInterrupted. Nothing was assigned."),
    ],
)
def test_on_a_terminal_an_assignment_is_asked_for(
    shop: Shop, run: Run, answer: bytes, code: int, said: str
) -> None:
    ended, seen = answered(shop.root, answer, "clients", "assign", "acme", "basic")

    assert ended == code
    assert "Loses:" in seen
    assert "Assign this on " in seen
    assert said in seen.replace("\r", "")
    assert held(run) == ("pro" if code else "basic")


@pytest.mark.parametrize("named", ["Basic", "basik", "BASIC"])
@pytest.mark.parametrize(
    "typed",
    [
        ("clients", "assign", "acme", "{}"),
        ("clients", "add", "x", "--name", "X", "--owner-email", "x@x.example", "--package", "{}"),
        ("clients", "list", "--package", "{}"),
        ("clients", "usage", "{}"),
    ],
)
def test_a_package_that_is_not_there_is_answered_with_what_was_meant(
    run: Run, typed: tuple[str, ...], named: str
) -> None:
    code, _, error = run(*(word.format(named) for word in typed))

    assert code == 64
    assert "hint:  Did you mean `basic`?\n" in error


@pytest.mark.parametrize("named", ["premium", "Premium"])
def test_a_package_whose_file_was_not_applied_yet_is_answered_with_that(
    shop: Shop, run: Run, named: str
) -> None:
    shop.package("premium", title="Premium", features=["chat"])

    code, _, error = run("clients", "assign", "acme", named)

    assert code == 64
    assert "packages/premium.yaml is there, and not applied yet: `reconciler apply` does.\n" in error


def written(shop: Shop, *lines: dict[str, str]) -> str:
    path = shop.root / "lines.jsonl"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines), encoding="utf-8")
    return str(path)


def test_an_import_that_would_move_clients_says_whom_and_moves_nobody(shop: Shop, run: Run) -> None:
    file = written(shop, {"id": "acme", "package": "basic"}, {"id": "globex", "package": "basic"})

    code, text, error = run("clients", "import", file)

    assert code == 4
    assert text == (
        "  pro → basic: 2 clients, 2 lose something, 1 of them uses it · namely acme and globex.\n"
    )
    assert "Nothing was imported: 2 clients get another package or start by it." in error
    assert "--assign" in error
    assert (held(run), held(run, "globex")) == ("pro", "pro")


def test_with_assign_an_import_moves_clients_and_says_whom(shop: Shop, run: Run) -> None:
    file = written(shop, {"id": "acme", "package": "basic"}, {"id": "globex", "name": "Globex Ltd"})

    code, text, _ = run("clients", "import", file, "--assign")

    assert code == 0
    assert text == (
        "Imported 2 clients: 0 new, 2 known before.\n"
        "  pro → basic: 1 client, 1 loses something, 1 of them uses it · namely acme.\n"
    )
    assert (held(run), held(run, "globex")) == ("basic", "pro")


def test_an_import_passes_the_bound_of_the_files(shop: Shop, run: Run) -> None:
    file = written(shop, {"id": "acme", "package": "basic"}, {"id": "globex", "package": "basic"})
    shop.guards(clients_losing=1)

    code, _, error = run("clients", "import", file, "--assign")

    assert code == 4
    assert (
        "2 clients would lose something with this import; the bound is 1 client. Nothing was imported."
        in error
    )
    assert (held(run), held(run, "globex")) == ("pro", "pro")


def test_where_clients_are_not_named_an_import_names_none(shop: Shop, run: Run) -> None:
    config = shop.root / "reconciler.yaml"
    document = config.read_text(encoding="utf-8")
    hidden = document.replace("guards:", "show_clients: false\n    guards:")
    config.write_text(hidden, encoding="utf-8")
    file = written(shop, {"id": "acme", "package": "basic"})

    _, text, _ = run("clients", "import", file)
    _, document, _ = run("clients", "import", file, "--format", "json")

    assert text == "  pro → basic: 1 client, 1 loses something, 1 of them uses it.\n"
    assert json.loads(document)["moves"][0]["sample"] == []


def test_who_assigned_and_why_is_listed_with_what_changed(run: Run) -> None:
    told = ("--reason", "They asked for it.", "--actor", "ada")
    run("clients", "assign", "acme", "basic", "--yes", *told)

    _, table, _ = run("events", "list", "--limit", "1")
    _, lines, _ = run("events", "export")

    assert "ada" in table
    assert "pro revision 1 → basic revision 1" in table
    assert "They asked for it." in table
    assert [json.loads(each)["kind"] for each in lines.splitlines()].count("assign") == 1


def test_events_that_are_as_they_were_written_have_a_seal_to_keep(run: Run) -> None:
    run("clients", "assign", "acme", "basic", "--yes")

    code, text, _ = run("events", "verify")
    seal = text.partition("Seal: ")[2].strip()

    assert code == 0
    assert run("events", "verify", "--head", seal)[0] == 0


def test_a_seal_that_no_run_has_is_told(run: Run) -> None:
    code, _, error = run("events", "verify", "--head", f"9:sha256:{'0' * 64}")

    assert code == 3
    assert "run 9 does not have the seal that was kept" in error
