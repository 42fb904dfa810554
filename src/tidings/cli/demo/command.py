"""The command: plays the story, shows what was found, and succeeds only if all of it held."""

import asyncio

import msgspec
import typer
from rich.console import Console

from tidings.cli.demo.finding import Finding, as_table
from tidings.cli.demo.stage import stage
from tidings.cli.demo.story import play
from tidings.cli.printing import AsJson, show, stack
from tidings.clock import Clock
from tidings.core.instants import to_seconds


def demo(*, as_json: AsJson = False) -> None:
    """Play the whole story on this machine alone: register, test, all events, a retry, a refusal."""
    clock = Clock()
    begun = clock.monotonic()
    findings = asyncio.run(_findings(clock))
    seconds = round(to_seconds(clock.monotonic() - begun), 1)
    ok = all(finding.held for finding in findings)
    document = {"ok": ok, "seconds": seconds, "findings": [msgspec.structs.asdict(finding) for finding in findings]}
    verdict = f"All of it held, in {seconds} s." if ok else "Not all of it held."
    show(document, stack(as_table(findings), verdict), as_json=as_json)
    if not ok:
        typer.echo("tidings: the demo found something that is not as it must be", err=True)
        raise typer.Exit(1)


async def _findings(clock: Clock) -> list[Finding]:
    found: list[Finding] = []
    with Console(stderr=True).status("setting the stage") as status:
        async with stage(clock) as ready:
            async for finding in play(ready):
                found.append(finding)
                status.update(f"{finding.what}: {finding.result}")
    return found
