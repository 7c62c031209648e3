"""What a person does in Unleash itself, and what an application asks of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

DEVELOPMENT = "environments/development"


@dataclass(frozen=True)
class Console:
    address: str
    token: str
    prefix: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        request = Request(f"{self.address}/api/admin/{path}", content, headers, method=method)  # noqa: S310 - loopback
        with urlopen(request) as answer:  # noqa: S310 - loopback
            text = answer.read()
        return json.loads(text) if text else None

    def segments(self) -> dict[str, dict[str, Any]]:
        """By package."""
        found: list[dict[str, Any]] = self.call("GET", "segments")["segments"]
        names = ((each["name"].partition("."), each) for each in found)
        return {package: each for (prefix, _, package), each in names if prefix == self.prefix}

    def segment(self, package: str) -> dict[str, Any]:
        return self.segments()[package]

    def packages(self) -> dict[str, dict[str, str]]:
        """What each package is: its title, and by path what each flag that is on carries for it."""
        found = {key: {"title": str(each["description"])} for key, each in self.segments().items()}
        keys = {each["id"]: key for key, each in self.segments().items()}
        for flag in self.call("GET", "projects/default/features")["features"]:
            prefix, _, rest = flag["name"].partition(".")
            environment = next(each for each in flag["environments"] if each["name"] == "development")
            if prefix != self.prefix or not environment["enabled"]:
                continue
            path = f"/{rest.removeprefix('caps.').replace('.', '/')}"
            for strategy in self.strategies(rest):
                amount = "".join(each["payload"]["value"] for each in strategy["variants"])
                for id_ in strategy["segments"]:
                    found[keys[id_]][path] = amount
        return found

    def clients(self, package: str) -> list[str]:
        values: list[str] = self.segment(package)["constraints"][0]["values"]
        return values

    def name_clients(self, package: str, *ids: str) -> None:
        segment = self.segment(package)
        segment["constraints"][0]["values"] = list(ids)
        body = {name: segment[name] for name in ("name", "description", "constraints")}
        self.call("PUT", f"segments/{segment['id']}", body)

    def strategies(self, flag: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"{self._flag(flag)}/{DEVELOPMENT}/strategies")
        return found

    def take(self, flag: str, package: str) -> None:
        """Take a flag's strategy for a package away."""
        id_ = self.segment(package)["id"]
        (strategy,) = (each for each in self.strategies(flag) if id_ in each["segments"])
        self.call("DELETE", f"{self._flag(flag)}/{DEVELOPMENT}/strategies/{strategy['id']}")

    def switch_off(self, flag: str) -> None:
        self.call("POST", f"{self._flag(flag)}/{DEVELOPMENT}/off")

    def has(self, flag: str, client: str) -> bool:
        """Ask Unleash itself whether a client has a feature."""
        asked = {
            "environment": "development",
            "projects": ["default"],
            "context": {"appName": "shop", "userId": client},
        }
        found = self.call("POST", "playground", asked)["features"]
        return any(each["name"] == f"{self.prefix}.{flag}" and each["isEnabled"] for each in found)

    def _flag(self, flag: str) -> str:
        return f"projects/default/features/{self.prefix}.{flag}"
