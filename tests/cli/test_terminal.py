"""What a person at a terminal is told beside the results, and what is offered while typing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from reconciler.cli import completion
from reconciler.cli.main import main
from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.edits import FileEdit
from reconciler.model.grants import Granting
from reconciler.model.tokens import Scope
from reconciler.render.text.style import Paper
from reconciler.render.text.table import table_lines
from reconciler.sources.edits import write_edits
from tests.shop import opened_shop
from tests.terminals import answered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.options import Choices
    from tests.shop import Shop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A package that `acme` holds, on a platform that is as the files say."""
    with opened_shop(tmp_path) as opened:
        opened.package("pro", features=["chat", "calls"])
        opened.apply()
        opened.clients("acme", package="pro")
        yield opened


def reconciler(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RECONCILER_COMPLETION_SECONDS": "300", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def offered(folder: Path, line: str) -> list[str]:
    """What bash is offered for the last word of a line, which it splits at colons too."""
    words = re.findall(r":|[^\s:]+", line) + ([""] if line.endswith(" ") else [])
    variables = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = reconciler(folder, _RECONCILER_COMPLETE="bash_complete", **variables)
    assert done.stderr == ""
    return [each.removeprefix("plain,") for each in done.stdout.split()]


def test_verbose_tells_what_is_read_asked_and_decided(shop: Shop) -> None:
    shop.package("pro", features=["chat"])

    done = reconciler(shop.root, "plan", "-v")
    plain = reconciler(shop.root, "plan")

    assert done.stdout == plain.stdout
    assert plain.stderr == ""
    for said in (
        f"read {shop.root}/reconciler.yaml (found here or above)",
        "read 1 package in 1 file",
        "for the environment local, by `default_environment`",
        "asked local for packages: 1 item",
        "decided to update pro: breaking, kept-until-reassigned",
    ):
        assert said in done.stderr


def test_quiet_shows_no_plan_where_nobody_is_asked_about_it(shop: Shop) -> None:
    shop.package("pro", features=["chat"])

    done = reconciler(shop.root, "apply", "--yes", "--quiet")

    assert (done.stdout, done.stderr) == ("Applied as run 2: 1 updated.\n", "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reconciler plan -e lo", ["local"]),
        ("reconciler pull ", ["pro"]),
        ("reconciler clients assign acme p", ["pro"]),
        ("reconciler clients list --package ", ["pro"]),
        ("reconciler clients show a", ["acme"]),
        ("reconciler explain unknown-f", ["unknown-feature"]),
        ("reconciler explain acm", ["acme"]),
        ("reconciler plan --allow adopt", ["adopt:pro"]),
        ("reconciler plan --allow adopt:", ["pro"]),
        ("reconciler plan --allow adopt:p", ["pro"]),
        ("reconciler plan --allow clients_", ["clients_losing:pro"]),
        ("reconciler clients list --uses a", ["agent", "ai_credits"]),
        ("reconciler clients list --holds ch", ["chat"]),
        ("reconciler clients grant acme mi", ["minutes"]),
        ("reconciler clients revoke nobody ", []),
        ("reconciler clients update a", ["acme"]),
        ("reconciler clients forget a", ["acme"]),
        ("reconciler history --client a", ["acme"]),
        ("reconciler packages history p", ["pro"]),
        ("reconciler history ", ["1"]),
        ("reconciler rollback 1", ["1"]),
        ("reconciler help dr", ["drift"]),
        ("reconciler clients show nobody", []),
    ],
)
def test_a_shell_completes_the_names_that_files_and_platform_have(
    shop: Shop, line: str, expected: list[str]
) -> None:
    assert offered(shop.root, line) == expected


def test_the_grants_of_a_client_are_completed(shop: Shop) -> None:
    shop.platform.adjust("acme", Granting("minutes", "subscription", add=5), shop.at)
    (grant,) = shop.client("acme").grants

    assert offered(shop.root, "reconciler clients revoke acme ") == [grant.id]


def test_a_rollback_completes_what_can_be_taken_back_newest_first(shop: Shop) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()
    shop.platform.adjust("acme", Granting("minutes", "subscription", add=5), shop.at)
    by_hand = {each.kind: each.id for each in shop.platform.events() if each.part_of is None}
    of_import, grant = by_hand["import"], by_hand["grant"]

    assert offered(shop.root, "reconciler rollback event:") == [grant, of_import]
    assert offered(shop.root, f"reconciler rollback event:{grant[:6]}") == [grant]
    assert offered(shop.root, "reconciler rollback ") == ["2", "1", f"event:{grant}", f"event:{of_import}"]


def test_tokens_that_can_still_be_revoked_are_completed(shop: Shop) -> None:
    with open_served("sqlite:///platform.db", root=shop.root) as (_, register):
        kept, revoked = (create_token(register, name, (Scope.READ,), shop.at)[0] for name in ("ci", "old"))
        register.revoke(revoked.id, shop.at)

    assert offered(shop.root, "reconciler tokens revoke ") == [kept.id]
    assert offered(shop.root, f"reconciler tokens rotate {kept.id[:4]}") == [kept.id]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reconciler plan -e lo", ["local"]),
        ("reconciler plan --allow adopt:p", ["adopt:pro"]),
        ("reconciler clients show ", ["acme"]),
    ],
)
def test_other_shells_are_offered_the_same(shop: Shop, line: str, expected: list[str]) -> None:
    before, _, typed = line.rpartition(" ")
    of_zsh = {"COMP_WORDS": line, "COMP_CWORD": str(len(before.split()))}
    of_fish = {"COMP_WORDS": line, "COMP_CWORD": typed}

    zsh = reconciler(shop.root, _RECONCILER_COMPLETE="zsh_complete", **of_zsh)
    fish = reconciler(shop.root, _RECONCILER_COMPLETE="fish_complete", **of_fish)

    assert (zsh.stderr, fish.stderr) == ("", "")
    assert zsh.stdout.splitlines()[1::3] == expected
    assert [each.removeprefix("plain,") for each in fish.stdout.split()] == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_a_script_to_source(tmp_path: Path, shell: str) -> None:
    done = reconciler(tmp_path, _RECONCILER_COMPLETE=f"{shell}_source")

    assert f"_RECONCILER_COMPLETE={shell}_complete" in done.stdout
    assert done.stderr == ""


def test_no_more_than_fifty_names_are_offered(shop: Shop) -> None:
    shop.clients(*(f"many-{number:03}" for number in range(60)), package="pro")

    assert len(offered(shop.root, "reconciler clients show many")) == 50


def test_completion_is_silent_where_there_is_nothing_to_complete_from(tmp_path: Path) -> None:
    assert offered(tmp_path, "reconciler plan -e ") == []


def test_completion_is_silent_about_a_fault_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = click.Command("plan")
    asked: list[Choices] = []

    def failing(choices: Choices) -> None:
        asked.append(choices)
        raise RuntimeError("Nobody foresaw this.")

    monkeypatch.setattr(completion, "settings_of", failing)

    assert completion.environments(click.Context(plan), click.Argument(["name"]), "") == []
    assert len(asked) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("file", ["platform.db", "reconciler.yaml"])
def test_completion_is_silent_where_what_it_reads_is_damaged(shop: Shop, file: str) -> None:
    (shop.root / file).write_bytes(b"\0\xff: [" * 999)

    assert offered(shop.root, "reconciler rollback ") == []
    assert offered(shop.root, "reconciler tokens revoke ") == []


def lines(count: int) -> bytes:
    client = {"name": "A", "owner_email": "ops@a.example", "package": "pro"}
    return b"".join(json.dumps({"id": f"c-{n}", **client}).encode() + b"\n" for n in range(count))


def test_an_interrupted_import_says_that_nothing_was_imported(shop: Shop) -> None:
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-m", "reconciler", "clients", "import", "-"],
        cwd=shop.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(lines(5000))  # more than a pipe holds: it reads

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 130
    assert "Interrupted. Nothing was imported." in process.stderr.read().decode()
    process.stdin.close()
    process.stderr.close()
    assert "c-1" not in reconciler(shop.root, "clients", "list").stdout


def test_interrupted_writing_names_the_files_that_are_written(tmp_path: Path) -> None:
    def edits() -> Iterator[FileEdit]:
        yield FileEdit("a.yaml", None, b"a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"Written are a\.yaml; nothing else"):
        write_edits(tmp_path, edits())


def test_an_import_shows_a_person_its_progress_with_a_total_and_a_build_server_none(shop: Shop) -> None:
    (shop.root / "clients.jsonl").write_bytes(lines(2500))
    command = ("clients", "import", "clients.jsonl")

    _, seen = answered(shop.root, b"", *command, TERM="xterm", CI="")
    _, in_ci = answered(shop.root, b"", *command, TERM="xterm", CI="true")

    assert re.search(r"KiB read.* of \d+", seen)
    assert "KiB read" not in in_ci


def test_rows_stay_aligned_once_they_outgrow_the_first_page() -> None:
    rows = [("a", "b")] * 600 + [("x" * 60, "b")] * 3

    for paper in (Paper(), Paper(40)):
        written = list(table_lines(("ID", "NAME"), rows, paper))
        last = written[written.index("", 1) + 1 :] if "" in written else written[-5:]

        assert len({line.index("b") for line in last if line.endswith(" b")}) == 1
        assert "".join(written).count("x") == 180


def test_a_stream_of_ascii_is_shown_signs_of_ascii(shop: Shop) -> None:
    shop.package("pro", title="Größe", features=["chat"], user_count=2)

    shown = reconciler(shop.root, "plan", PYTHONIOENCODING="ascii").stdout

    assert shown.isascii()
    assert re.findall(r"\\u\w{4}", shown) == [r"\u00f6", r"\u00df"] * (shown.count("Gr"))
    assert "->" in shown


def test_details_are_messages_that_quiet_leaves_out(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--config", str(shop.root / "reconciler.yaml"), "-q", "-v", "validate"])

    assert capsys.readouterr().err == ""


def test_an_error_counts_mistakes_once_and_lists_what_can_be_chosen_on_one_line(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.package("pro", features=["chta"])
    config = ["--config", str(shop.root / "reconciler.yaml")]

    main([*config, "plan"])
    plan = capsys.readouterr().err
    main([*config, "tokens", "create", "ci"])
    token = capsys.readouterr().err

    assert plan.count("1 error in 1 file") == 1
    assert "\\u0009" not in token
    assert "Choose from: read, packages" in " ".join(token.split())
