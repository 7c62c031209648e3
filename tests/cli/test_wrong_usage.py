"""What somebody is told who asks for what cannot be: the message, and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from reconciler.errors import InvalidError, UnreachableError
from reconciler.live.opening import open_platform
from reconciler.store.schema import HEAD
from tests.shop import opened_shop
from tests.sources.test_invalid_cases import workspace_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run
    from tests.shop import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A package that `acme` holds, on a platform that is as the files say; nothing here changes it."""
    with opened_shop(tmp_path_factory.mktemp("shop")) as opened:
        opened.package("pro", features=["chat", "calls"], limits={"minutes": 5})
        opened.apply()
        opened.clients("acme", package="pro")
        files = {
            "list.json": "[]",
            "text.json": "{",
            "latin.csv": "Größe,Pro\n",
            "anchors.yaml": "a: &a [1]\nb: *a\n",
            "table.csv": ",Pro\nchat,yes\n",
        }
        for name, content in files.items():
            (opened.root / name).write_text(content, encoding="latin-1")
        yield opened


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("clients extend acme", "Give one of --by and --until."),
        ("clients extend acme --by 9999y", "Give a shorter span."),
        (
            "clients grant acme minutes --add 1 --set 2 --until cycle",
            "--add and --set are two different grants",
        ),
        ("clients reassign", "Whom to reassign? Name clients, or give --all and --package KEY."),
        ("clients list --expiring soon", "'soon' is no span; write 7d, 2w, 1m or 1y."),
        ("packages list --at yesterday", "is not an instant; write 2026-10-01 or 2026-10-01T09:30:00Z."),
        ("plan --allow pro", "'pro' names no guard and key; write adopt:premium, say."),
        ("compare nothing", "The files have: pro"),
        ("history pro", "'pro' names no run; write 5 or run:5"),
        ("packages show nosuch", "`reconciler packages list` lists those that it has."),
        ("reference", "reference was not told where to write. Give --write or --man FOLDER."),
        ("schema", "schema was told neither what to print nor where to write."),
        ("platform adopt", "Nothing was changed: what is it to become?"),
        ("tokens revoke nobody", "`tokens list` lists them."),
        ("demo --into {root}", "is not empty."),
        ("init {root} --reviewers nobody!", "is no reviewer. Name users or teams: @ana, @acme/pricing."),
        (
            "init {root} --table {root}/table.csv",
            "There is a reconciler.yaml already. Use `reconciler import csv FILE`.",
        ),
        ("import autumn {root}/list.json", "Give what `atmn pull` or the API returns as JSON."),
        ("import csv {root}/latin.csv", "Save it as UTF-8."),
        (
            "import pricing2yaml {root}/anchors.yaml",
            "nests too deeply, or uses anchors. Write the values out.",
        ),
        ("show {root}/text.json", "not JSON"),
        ("apply {root}/packages/pro.yaml", "pro.yaml is no plan: plans are JSON, which `plan --out` writes"),
        ("show {root}/list.json", "list.json: not a plan: the file: Input should be an object"),
        ("plan -e nowhere", "There is no environment 'nowhere'. reconciler.yaml has: local."),
        ("validate /", "where the configuration is. Name another with --config."),
        ("diff --against nowhere", "'nowhere' cannot be compared with: "),
        ("clients reassign acme --keep-term", "another package. Name it with --to KEY."),
        ("clients reassign acme --to pro", "start anew? Give either --keep-term or --new-term."),
    ],
)
def test_wrong_usage_is_answered_with_what_to_do(shop: Shop, run: Run, typed: str, said: str) -> None:
    code, _, error = run(*typed.format(root=shop.root).split())

    assert code in {3, 4, 64}
    assert said in " ".join(error.replace("hint:", " ").split())


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://", "Write https:// with a host, and a port where it needs one."),
        ("postgresql://h/d?schema=pg_a", "Write ?schema= and up to 63 of a-z, 0-9 and _"),
    ],
)
def test_an_address_that_no_platform_can_have_is_refused_before_anything_is_asked(
    tmp_path: Path, url: str, hint: str
) -> None:
    with pytest.raises(InvalidError) as raised, open_platform(url, root=tmp_path):
        pass

    assert hint in raised.value.hint


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE notes (text TEXT)")

    with (
        pytest.raises(UnreachableError, match="is the database of another program") as raised,
        open_platform("sqlite:///other.db", root=tmp_path),
    ):
        pass

    assert raised.value.hint == "Name another file under `platform` in reconciler.yaml."


def test_an_environment_that_is_named_needs_no_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    platforms = (
        "environments:\n  prod: {platform: 'sqlite:///p.db'}\n  staging: {platform: 'sqlite:///s.db'}\n"
    )
    config = ["--config", str(workspace_at(tmp_path, **{"reconciler.yaml": platforms}))]

    assert main([*config, "validate"]) == 0
    assert main([*config, "apply", "--yes", "-e", "prod"]) == 0
    capsys.readouterr()
    assert main([*config, "plan"]) == 64
    told = " ".join(capsys.readouterr().err.split())
    assert "Which environment? None was named, and reconciler.yaml has no 'local'." in told
    assert (
        "Give --environment one of: prod, staging; or write `default_environment: NAME` into the file."
        in told
    )


def test_a_migration_says_which_form_the_tables_have_and_had(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(workspace_at(tmp_path))]
    (tmp_path / ".reconciler").mkdir()

    told = []
    for options in (["--check"], [], []):
        main([*config, "platform", "migrate", *options])
        told.append(capsys.readouterr().err)

    assert told == [
        f"local: no tables yet; `platform migrate` makes it {HEAD}.\n",
        f"local: schema {HEAD} now, no tables before.\n",
        f"local: schema {HEAD}, the newest that this version knows. Nothing to migrate.\n",
    ]
