"""A YAML language server, spoken to over its standard streams as an editor does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_TO_THE_EDITOR: dict[str, Any] = {
    "workspace/configuration": None,
    "client/registerCapability": None,
    "window/workDoneProgress/create": None,
}


@dataclass
class LanguageServer:
    """One editing session on a folder."""

    program: Path
    folder: Path
    settings: dict[str, Any] = field(default_factory=lambda: {"yaml": {"schemaStore": {"enable": False}}})
    _number: int = 0

    def __enter__(self) -> Self:
        command = ["node", str(self.program), "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        root = self.folder.as_uri()
        abilities = {
            "textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}}
        }
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": abilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": self.settings})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, file: str) -> list[dict[str, Any]]:
        """Open a file of the folder and return what is underlined in it."""
        path = self.folder / file
        item = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        self._tell("textDocument/didOpen", {"textDocument": item})
        while True:
            message = self._next()
            found = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and found["uri"] == path.as_uri():
                return list(found["diagnostics"])

    def completions(self, file: str, line: int, column: int) -> list[dict[str, Any]]:
        """Return what is offered at a place, counted from 0."""
        result = self.ask("textDocument/completion", self._at(file, line, column))
        return list(result["items"] if isinstance(result, dict) else result)

    def hover(self, file: str, line: int, column: int) -> str:
        """Return what is shown when the mouse rests on a place, counted from 0."""
        return str((self.ask("textDocument/hover", self._at(file, line, column)) or {}).get("contents", ""))

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and wait for its answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _at(self, file: str, line: int, column: int) -> dict[str, Any]:
        place = {"line": line, "character": column}
        return {"textDocument": {"uri": (self.folder / file).as_uri()}, "position": place}

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        """Return the next message, answering what the server asks of an editor."""
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if message.get("method") in _TO_THE_EDITOR and "id" in message:
            asked = message.get("params", {}).get("items", [])
            answer = [self.settings.get(each.get("section")) for each in asked] or None
            self._send({"id": message["id"], "result": answer})
        return message
