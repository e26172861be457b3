"""What the states of a plate mean to the eye: the four phases of map and legend."""

PHASES: dict[str, tuple[str, ...]] = {
    "draft": ("draft",),
    "numbered": ("numbered", "approved", "ordered"),
    "made": ("produced", "delivered", "damaged", "missing"),
    "on_wall": ("installed", "verified"),
    "ended": ("replaced", "superseded", "removed", "cancelled"),
}
"""Phase -> states. A damaged or missing plate exists, but does not hang: it never counts as on the wall."""
_PHASE_OF = {state: phase for phase, states in PHASES.items() for state in states}


def phase_of(state: str) -> str:
    """Return the phase of a state: draft, numbered, made, on_wall or ended."""
    return _PHASE_OF[state]
