"""A GitLab that keeps state, over HTTP: merge requests, pipelines, jobs with artifacts, notes and issues.

It answers as documented for version 4 of the API: in pages, by the scope of the token; nobody but its
author may change a note.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = 42
US = 7
Record = dict[str, Any]


@dataclass(frozen=True)
class User:
    """Who a token speaks for, and what it may do: `api`, or `read_api`."""

    id: int
    scope: str


@dataclass
class GitLab:
    """What a test looks at and prepares.

    Attributes:
        obeyed: Lines of notes and issues that GitLab would take for a quick action, such as `/merge`.
    """

    url: str = ""
    users: dict[str, User] = field(default_factory=dict)
    notes: list[Record] = field(default_factory=list)
    issues: list[Record] = field(default_factory=list)
    merge_requests: list[Record] = field(default_factory=list)
    pipelines: list[Record] = field(default_factory=list)
    jobs: list[Record] = field(default_factory=list)
    files: dict[tuple[int, str], bytes] = field(default_factory=dict)
    obeyed: list[str] = field(default_factory=list)

    def bodies(self, iid: int = 7) -> list[str]:
        """Return the notes on a merge request."""
        return [note["body"] for note in self.notes if note["merge_request"] == iid]

    def merged(self, iid: int, head: str, **commits: str) -> None:
        """Have a merge request merged; `commits` are those that this made, such as `merge_commit_sha=`."""
        made = {"merge_commit_sha": None, "squash_commit_sha": None, **commits}
        where = {"target_branch": "main", "target_project_id": PROJECT}
        self.merge_requests.append({"iid": iid, "state": "merged", "sha": head, **where, **made})

    def ran(self, iid: int, files: dict[str, bytes], **fields: Any) -> None:
        """Have a pipeline of a merge request run, with a job that keeps files."""
        id_ = 1000 + len(self.pipelines)
        usual = {"status": "success", "project_id": PROJECT, "ref": f"refs/merge-requests/{iid}/head"}
        self.pipelines.append({"id": id_, "merge_request": iid, **usual, **fields})
        self.jobs.append({"id": id_ * 10, "pipeline": id_, "name": "packages:plan", "status": "success"})
        self.files |= {(id_ * 10, name): content for name, content in files.items()}

    def asked(self, method: str, path: str, query: Record, sent: Record, user: User) -> tuple[int, Any]:
        """Answer a request with a status and a document, or bytes."""
        if method != "GET" and user.scope != "api":
            return 403, {"error": "insufficient_scope"}
        for pattern, answer in _ANSWERS.items():
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answer(self, query, sent, user, *found.groups())
        return 404, {"message": "404 Not Found"}

    def say(self, sent: Record) -> None:
        """Look for quick actions in whatever text was sent."""
        texts = (value for value in sent.values() if isinstance(value, str))
        self.obeyed += [line for text in texts for line in re.findall(r"^\s*/[a-z].*", text, re.MULTILINE)]


def _related(lab: GitLab, _query: Record, _sent: Record, _user: User, commit: str) -> tuple[int, Any]:
    keys = ("sha", "merge_commit_sha", "squash_commit_sha")
    return 200, [each for each in lab.merge_requests if commit in {each[key] for key in keys}]


def _jobs(lab: GitLab, query: Record, _sent: Record, _user: User, pipeline: str) -> tuple[int, Any]:
    jobs = [each for each in lab.jobs if each["pipeline"] == int(pipeline)]
    return 200, [each for each in jobs if each["status"] in query["scope[]"]]


def _file(lab: GitLab, _query: Record, _sent: Record, _user: User, job: str, path: str) -> tuple[int, Any]:
    content = lab.files.get((int(job), path))
    return (404, {"message": "404 Not Found"}) if content is None else (200, content)


def _new_note(lab: GitLab, _query: Record, sent: Record, user: User, iid: str) -> tuple[int, Any]:
    lab.say(sent)
    lab.notes.append({"id": 1 + len(lab.notes), "merge_request": int(iid), "author": {"id": user.id}, **sent})
    return 201, {}


def _edited_note(lab: GitLab, _query: Record, sent: Record, user: User, id_: str) -> tuple[int, Any]:
    (note,) = (each for each in lab.notes if each["id"] == int(id_))
    if note["author"]["id"] != user.id:
        return 403, {"message": "403 Forbidden"}
    lab.say(sent)
    note.update(sent)
    return 200, {}


def _issues(lab: GitLab, query: Record, _sent: Record, _user: User) -> tuple[int, Any]:
    wanted = {"state": query["state"][0], "labels": query["labels"][0]}
    return 200, [each for each in lab.issues if wanted.items() <= each.items()]


def _new_issue(lab: GitLab, _query: Record, sent: Record, user: User) -> tuple[int, Any]:
    lab.say(sent)
    lab.issues.append({"iid": 1 + len(lab.issues), "author": {"id": user.id}, "state": "opened", **sent})
    return 201, {}


def _edited_issue(lab: GitLab, _query: Record, sent: Record, _user: User, iid: str) -> tuple[int, Any]:
    (issue,) = (each for each in lab.issues if each["iid"] == int(iid))
    lab.say(sent)
    if sent.pop("state_event", None) == "close":
        issue["state"] = "closed"
    issue.update(sent)
    return 200, {}


def _of_merge_request(kind: str) -> Callable[..., tuple[int, Any]]:
    return lambda lab, _query, _sent, _user, iid: (
        200,
        [each for each in getattr(lab, kind) if each["merge_request"] == int(iid)],
    )


_HERE = f"/api/v4/projects/{PROJECT}"
_ANSWERS: dict[str, Callable[..., tuple[int, Any]]] = {
    r"GET /api/v4/user": lambda _lab, _query, _sent, user: (200, {"id": user.id}),
    rf"GET {_HERE}/repository/commits/(\w+)/merge_requests": _related,
    rf"GET {_HERE}/merge_requests/(\d+)/pipelines": _of_merge_request("pipelines"),
    rf"GET {_HERE}/pipelines/(\d+)/jobs": _jobs,
    rf"GET {_HERE}/jobs/(\d+)/artifacts/(.+)": _file,
    rf"GET {_HERE}/merge_requests/(\d+)/notes": _of_merge_request("notes"),
    rf"POST {_HERE}/merge_requests/(\d+)/notes": _new_note,
    rf"PUT {_HERE}/merge_requests/\d+/notes/(\d+)": _edited_note,
    rf"GET {_HERE}/issues": _issues,
    rf"POST {_HERE}/issues": _new_issue,
    rf"PUT {_HERE}/issues/(\d+)": _edited_issue,
    rf"POST {_HERE}/issues/\d+/notes": lambda lab, _query, sent, _user, *_: (lab.say(sent), (201, {}))[1],
}


def _page(query: Record, answer: Any) -> Any:
    if not isinstance(answer, list):
        return answer
    size, number = int(query.get("per_page", ["20"])[0]), int(query.get("page", ["1"])[0])
    return answer[(number - 1) * size : number * size]


@contextmanager
def gitlab() -> Iterator[GitLab]:
    """Serve one on a free port of this machine."""
    lab = GitLab()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
            user = lab.users.get(self.headers.get("PRIVATE-TOKEN", ""))
            refused: tuple[int, Any] = (401, {"message": "401 Unauthorized"})
            status, document = lab.asked(self.command, url.path, query, sent, user) if user else refused
            page = _page(query, document)
            body = page if isinstance(page, bytes) else json.dumps(page).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - as the library calls them

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    lab.url = f"http://127.0.0.1:{server.server_port}/api/v4"
    try:
        yield lab
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
