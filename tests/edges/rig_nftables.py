"""The kernel's own firewall, in a network namespace made for the test."""

import json
import shutil
import stat
from pathlib import Path
from typing import Any, Self

import pytest
from tests.edges.network_namespace import NetworkNamespace

from ringfence.gate.edges import Edge
from ringfence.gate.edges.nftables import NftablesEdge, NftablesSettings
from ringfence.vocabulary.subjects import SubjectKind

NFT = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin") or "nft"


class NftablesRig:
    """Sets of a namespace. The program that the edge runs can be spoiled; the kernel cannot."""

    kind = SubjectKind.SOURCE

    def __init__(self, folder: Path, *, ports: tuple[int, ...] = (5060, 5061), forgeable: bool = False) -> None:
        if shutil.which(NFT) is None:
            pytest.skip("not installed here: nft")
        self.space = NetworkNamespace()
        self._ports = ports
        self._forgeable = forgeable
        self._program = folder / "nft"
        self._work()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.space.__exit__()

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        settings = NftablesSettings(
            name="edge-1",
            command=(str(self._program),),
            ports=self._ports,
            forgeable=self._forgeable,
            deadline_ms=deadline_ms,
        )
        return NftablesEdge(settings)

    def nft(self, batch: str) -> str:
        """Do something behind the driver's back."""
        return self.space.run(NFT, "-f", "-", told=batch)

    def elements(self) -> list[dict[str, Any]]:
        """Return the elements of both sets."""
        listed = json.loads(self.space.run(NFT, "-j", "list", "ruleset"))["nftables"]
        sets = [each["set"] for each in listed if "set" in each and each["set"]["name"] in ("refused4", "refused6")]
        found = [element for each in sets for element in each.get("elem", ())]
        return [element["elem"] if isinstance(element, dict) else {"val": element} for element in found]

    async def foreign(self, key: str) -> None:
        self._add(key, "the operator's own")

    async def keys(self) -> set[str]:
        return {f"source:{element['val']}" for element in self.elements()}

    async def forget(self, key: str | None = None) -> None:
        if key is None:
            self.nft("flush ruleset")
        else:
            address = key.removeprefix("source:")
            self.nft(f"delete element inet ringfence refused{6 if ':' in address else 4} {{ {address} }}")

    async def stray(self, key: str, order: str) -> None:
        self._add(key, order)

    async def break_down(self, how: str) -> None:
        if how == "silent":
            self._write("exec sleep 60")
        elif how == "errors":
            self._write("echo 'Error: Could not process rule: Device or resource busy' >&2; exit 1")
        else:
            self._program.unlink()

    async def mend(self) -> None:
        self._work()

    def _add(self, key: str, comment: str) -> None:
        address = key.removeprefix("source:")
        name, kind = ("refused6", "ipv6_addr") if ":" in address else ("refused4", "ipv4_addr")
        self.nft(
            "add table inet ringfence\n"
            f"add set inet ringfence {name} {{ type {kind}; flags timeout; counter; }}\n"
            f'add element inet ringfence {name} {{ {address} timeout 1h comment "{comment}" }}\n'
        )

    def _work(self) -> None:
        self._write(f'exec {" ".join(self.space.enter)} {NFT} "$@"')

    def _write(self, line: str) -> None:
        draft = self._program.with_suffix(".draft")
        draft.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        draft.chmod(draft.stat().st_mode | stat.S_IXUSR)
        draft.replace(self._program)
