"""Names that are kept: on the day a reservation ends, the name is free for whoever asks for it."""

from sqlalchemy import select

from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import NamingCase, NamingStep, PlaceName
from geo_registry.area.writes import Paper, begin_act
from geo_registry.codes import new_id
from geo_registry.db import Session, today

LAPSED = "预留到期"


def let_lapse(session: Session, viewer: Viewer, place: PlaceName) -> bool:
    """End a reservation of a place name that has run out; tell whether there was one."""
    query = (
        select(NamingCase)
        .where(NamingCase.place_name_id == place.id, NamingCase.state == "reserved")
        .where(NamingCase.reserved_until <= today())
        .with_for_update(key_share=True)
    )
    case = session.execute(query).scalar_one_or_none()
    if case is None:
        return False
    act_id = begin_act(session, viewer, "withdraw", "naming_case", case, Paper(reason=LAPSED))
    case.state = "withdrawn"
    if place.state == "reserved":
        begin_act(session, viewer, "withdraw", "place_name", place, Paper(reason=LAPSED, cause=act_id))
        place.state = "rejected"
    session.add(
        NamingStep(
            id=new_id(), case_id=case.id, step="withdraw", account_id=viewer.account_id, note=LAPSED,
            act_id=act_id,
        )
    )  # fmt: skip
    session.flush()
    return True
