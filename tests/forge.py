"""A GitHub that keeps state, behind its own command line: comments, issues, labels, pull requests, artifacts.

As a program it stands in for `gh`; every `--jq` expression is run by the real `jq`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = "agency/packages"
OUR_BOT = "github-actions[bot]"


@dataclass(frozen=True)
class Forge:
    """What a test looks at and prepares."""

    folder: Path

    @property
    def state(self) -> dict[str, Any]:
        file = self.folder / "state.json"
        empty: dict[str, Any] = {"comments": [], "issues": [], "pulls": [], "runs": [], "artifacts": []}
        return {**empty, **json.loads(file.read_text())} if file.exists() else empty

    def keep(self, state: dict[str, Any]) -> None:
        (self.folder / "state.json").write_text(json.dumps(state))

    def add(self, kind: str, **fields: Any) -> int:
        state = self.state
        number = 1 + max((each["id"] for each in state[kind]), default=0)
        state[kind].append({"id": number, **fields})
        self.keep(state)
        return number

    def comments(self, pull_request: int = 7) -> list[str]:
        return [each["body"] for each in self.state["comments"] if each["pull"] == pull_request]

    def issues(self, state: str = "OPEN") -> list[dict[str, Any]]:
        return [each for each in self.state["issues"] if each["state"] == state]

    def merged(self, head: str, commit: str) -> None:
        """A pull request whose head was merged as a commit."""
        self.add("pulls", merged_at="2026-11-28T12:00:00Z", merge_commit_sha=commit, head={"sha": head})

    def ran(self, head: str, *, repository: str = REPOSITORY, conclusion: str = "success") -> int:
        """A run of the workflow that plans."""
        return self.add(
            "runs", head_sha=head, conclusion=conclusion, head_repository={"full_name": repository}
        )

    def uploaded(self, run: int, name: str, file: Path, *, branch: str = "main", own: bool = True) -> None:
        """An artifact of a run with one file."""
        kept = self.folder / "artifacts" / str(run) / name
        kept.mkdir(parents=True)
        shutil.copy(file, kept)
        where = {"id": run, "head_branch": branch, "repository_id": 1, "head_repository_id": 1 if own else 2}
        self.add("artifacts", name=name, expired=False, workflow_run=where)


def _value(arguments: list[str], flag: str) -> str:
    return arguments[arguments.index(flag) + 1] if flag in arguments else ""


def _api(forge: Forge, path: str, arguments: list[str]) -> Any:
    """Answer a request, or end as `gh` does where GitHub refuses."""
    url, method = urlsplit(path), _value(arguments, "--method")
    if path == "graphql":
        return {"data": {"viewer": {"login": OUR_BOT}}}
    if method:
        return _written(forge, url.path, method, _value(arguments, "--field").removeprefix("body=@"))
    place = url.path.removeprefix(f"repos/{REPOSITORY}/")
    query = {key: values[0] for key, values in parse_qs(url.query).items()}
    for pattern, answer in _ANSWERS.items():
        if found := re.fullmatch(pattern, place):
            return answer(forge.state, query, *found.groups())
    raise SystemExit(f"gh: Not Found (HTTP 404): {path}")


def _compared(_state: Any, _query: Any, base: str, head: str) -> Any:
    command = ["git", "rev-list", "--reverse", f"{base}..{head}"]
    log = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"commits": [{"sha": each} for each in log.stdout.split()]}


def _pulls(state: Any, _query: Any, commit: str) -> Any:
    return [each for each in state["pulls"] if commit in {each["merge_commit_sha"], each["head"]["sha"]}]


def _runs(state: Any, query: Any) -> Any:
    wanted = {"head_sha": query["head_sha"], "conclusion": query["status"]}
    return {"workflow_runs": [each for each in state["runs"] if wanted.items() <= each.items()]}


_ANSWERS: dict[str, Callable[..., Any]] = {
    r"issues/(\d+)/comments": lambda state, _, pull: [
        each for each in state["comments"] if each["pull"] == int(pull)
    ],
    r"compare/(\w+)\.\.\.(\w+)": _compared,
    r"commits/(\w+)/pulls": _pulls,
    r"actions/workflows/reconciler-plan\.yml/runs": _runs,
    r"actions/artifacts": lambda state, query: {
        "artifacts": [each for each in state["artifacts"] if each["name"] == query.get("name", each["name"])]
    },
}


def _written(forge: Forge, path: str, method: str, file: str) -> None:
    if os.environ.get("GH_READ_ONLY"):
        raise SystemExit("gh: Resource not accessible by integration (HTTP 403)")
    *_, kind, number = path.removesuffix("/comments").split("/")
    body = Path(file).read_text()
    if method == "POST":
        forge.add("comments", pull=int(number), user={"login": OUR_BOT, "type": "Bot"}, body=body)
        return
    state = forge.state
    (comment,) = (each for each in state[kind] if each["id"] == int(number))
    if comment["user"]["login"] != OUR_BOT:
        raise SystemExit("gh: Resource not accessible by integration (HTTP 403)")
    comment["body"] = body
    forge.keep(state)


def _issue(forge: Forge, verb: str, arguments: list[str]) -> Any:
    state = forge.state
    body = Path(file).read_text() if (file := _value(arguments, "--body-file")) else ""
    match verb:
        case "list":
            label = _value(arguments, "--label")
            return [{"number": each["id"]} for each in forge.issues() if each["label"] == label]
        case "create":
            label, title = _value(arguments, "--label"), _value(arguments, "--title")
            forge.add("issues", label=label, title=title, body=body, state="OPEN")
        case "edit" | "close":
            (issue,) = (each for each in state["issues"] if each["id"] == int(arguments[0]))
            issue.update({"body": body} if verb == "edit" else {"state": "CLOSED"})
            forge.keep(state)
        case _:
            raise SystemExit(f"gh: unknown command issue {verb}")
    return None


def _download(forge: Forge, run: str, arguments: list[str]) -> None:
    kept = forge.folder / "artifacts" / run / _value(arguments, "--name")
    if not kept.exists():
        raise SystemExit("no artifact matches any of the names or patterns provided")
    shutil.copytree(kept, _value(arguments, "--dir"), dirs_exist_ok=True)


def main(arguments: list[str]) -> None:
    """Answer one command of `gh`."""
    forge = Forge(Path(os.environ["GH_FOLDER"]))
    answer: Any = None
    rest = [each for each in arguments[1:] if each not in {"--paginate", "--silent"}]
    match arguments[0], rest[0]:
        case "api", _:
            paths = [each for each in rest if each == "graphql" or each.startswith("repos/")]
            answer = _api(forge, paths[0], rest)
        case "issue", verb:
            answer = _issue(forge, verb, rest[1:])
        case "run", "download":
            _download(forge, rest[1], rest)
        case "label", "create":
            pass
        case _:
            raise SystemExit(f"gh: unknown command {arguments}")
    if (jq := _value(rest, "--jq")) and answer is not None:
        subprocess.run(["jq", "-r", jq], input=json.dumps(answer), text=True, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
