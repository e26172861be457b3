"""`geo-registry profile`: list the scheme profiles and check a profile file."""

from pathlib import Path
from typing import Annotated

import typer

from geo_registry.address.numbers import Door
from geo_registry.address.profile import check_profile, load_profile, shipped_profiles
from geo_registry.address.rules import compose
from geo_registry.address.scheme import Profile
from geo_registry.address.search.query import read_query

app = typer.Typer(no_args_is_help=True, help="Scheme profiles: how addresses are written and numbered.")


@app.command("list")
def list_profiles() -> None:
    """List the profiles that come with the product.

    Example: geo-registry profile list
    """
    for code in shipped_profiles():
        profile = load_profile(code)
        typer.echo(f"{code}\t{profile.version}\t{profile.title}")


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Profile file in YAML", exists=True, dir_okay=False)],
) -> None:
    """Check a profile file; print every fault with its line and end with 1, or show what it composes.

    Example: geo-registry profile check my-city.yaml
    """
    profile, faults = check_profile(file)
    for fault in faults:
        typer.echo(f"{file}:{fault}", err=True)
    if profile is None:
        raise typer.Exit(1)
    unread = [text for text in profile.examples if composed(profile, text) is None]
    for text in unread:
        typer.echo(f"{file}: examples: {text} cannot be read by this profile", err=True)
    if unread:
        raise typer.Exit(1)
    typer.echo(_summary(profile))


def composed(profile: Profile, text: str) -> str | None:
    """Return an address text taken apart and composed again, None when the profile cannot read it."""
    query = read_query(profile, text)
    if query.rest or not isinstance(query.door, Door):
        return None
    return compose(profile, [(name.kind, name.text) for name in query.names], query.door)


def _summary(profile: Profile) -> str:
    until = f" to {profile.valid_to}" if profile.valid_to else ""
    parts = " > ".join(f"{part.kind} {part.title}" for part in profile.parts)
    targets = ", ".join(f"{one.rate} {one.target_permille}" for one in profile.measures.targets)
    examples = "\n".join(f"  {composed(profile, text)}" for text in profile.examples)
    return (
        f"{profile.code} {profile.version}: {profile.title}, valid from {profile.valid_from}{until}\n"
        f"parts: {parts}\n"
        f"street names unique in: {profile.street_unique_in}; highest number: {profile.numbering.maximum}\n"
        f"plates: {len(profile.plates)} kinds; targets in permille: {targets}\n"
        f"examples:\n{examples}"
    )
