"""The plain model of the register goes on: what a merge, a split and their undoing leave."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.residence.register_facts import LIVE, Lineage
from tests.residence.register_model import Facts, Refused


@dataclass
class Register(Facts):
    """What is so, as known now, with the persons that turned out to be one."""

    def obstacle(self, kind: str, source: int, target: int, chosen: Iterable[int]) -> None:
        """Refuse a merge or split that cannot be carried out."""
        chosen = set(chosen)
        if source in self.merged or (
            target in self.merged and (kind == "merge" or self.merged[target] != source)
        ):
            raise Refused("already-merged")
        mine = dict(self.known("residence", source))
        if kind == "split" and (not chosen or not chosen <= set(mine)):
            raise Refused("residence-unknown")
        for key, row in mine.items():
            for other, theirs in self.known("residence", target):
                same = row.place == theirs.place and row.meets(theirs) and (kind == "merge" or key in chosen)
                if same and self.registered(key) is not None and self.registered(other) is None:
                    raise Refused("registered-under-other")

    def relate(self, kind: str, source: int, target: int, chosen: Iterable[int] = ()) -> None:
        """Merge a record into another one, or move chosen dwellings of it."""
        chosen = set(chosen)
        self.obstacle(kind, source, target, chosen)
        lineage = self._next()
        fates: dict[tuple[str, int], str] = {}
        kinds = self.facts if kind == "merge" else ("residence",)
        for which in kinds:
            if which == "absence":
                fates |= self._come_home((source, target), target)
            theirs = [row for _, row in self.known(which, target)]
            for key, row in list(self.known(which, source)):
                if kind == "split" and key not in chosen:
                    continue
                met = [other for other in theirs if row.meets(other)]
                fate = "moved"
                if any(which != "residence" or other.place == row.place for other in met):
                    fate = "removed"
                elif row.main and any(other.main for other in met):
                    fate = "demoted"
                fates[which, key] = fate
                if fate == "removed":
                    self._set(which, key, known=False)
                    self._withdraw(key, lineage)
                else:
                    self._set(which, key, person=target, main=row.main and fate == "moved")
        self._end_doubles(target, {key for which, key in fates if which == "residence"}, lineage)
        if kind == "merge":
            self.merged[source] = target
        else:
            self.merged.pop(target, None)
        self.lineages[lineage] = Lineage(kind, source, target, fates, self.step)

    def _come_home(self, people: tuple[int, int], target: int) -> dict[tuple[str, int], str]:
        homes = [home for _, home in self.known("residence", target)]
        away = [pair for person in people for pair in self.known("absence", person)]
        over = [key for key, row in away if any(row.place == h.place and row.meets(h) for h in homes)]
        for key in over:
            self._set("absence", key, known=False)
        return {("absence", key): "removed" for key in over}

    def _joins_again(self, one: Lineage) -> bool:
        return one.kind == "split" and any(
            (m.kind, m.state, m.source, m.target) == ("merge", "done", one.target, one.source)
            for m in self.lineages.values()
        )

    def _is_written_since(self, one: Lineage) -> bool:
        facts = any(
            row.person == one.target and self.touched[kind, key] > one.step
            for kind, rows in self.facts.items() for key, row in rows.items()
        )  # fmt: skip
        stays = self.facts["residence"]
        return facts or any(
            one.kind == "merge" and stays[g.stay].person == one.target and ("residence", g.stay) not in one.fates
            and g.number is not None and self.documents.get(g.number) == one.source
            for g in self.registrations.values()
        )  # fmt: skip

    def _withdraw(self, stay: int, lineage: int) -> None:
        if (key := self.registered(stay)) is not None:
            self.registrations[key] = replace(
                self.registrations[key], status="cancelled", ended_on=self.today, end_reason="duplicate",
                cancelled_by=lineage,
            )  # fmt: skip

    def _end_doubles(self, person: int, came: set[int], lineage: int) -> None:
        lived = dict(self.known("residence", person))
        live = [one for one in self.registrations.values() if one.status == LIVE and one.stay in lived]
        best = max(
            live, default=None,
            key=lambda one: (one.expires_on > self.today, lived[one.stay].main, one.stay not in came),
        )  # fmt: skip
        for one in live:
            if best is not None and (one.stay in came) != (best.stay in came):
                self._withdraw(one.stay, lineage)

    def undo(self, lineage: int) -> None:
        """Put back what a merge or split did, unless something was built on it."""
        one = self.lineages[lineage]
        changed = any(self.touched[where] != one.step for where in one.fates)
        if one.kind == "merge":
            changed |= self.merged.get(one.source) != one.target
        else:
            changed |= one.source in self.merged or one.target in self.merged
        if one.kind == "merge" or self._joins_again(one):
            changed |= self._is_written_since(one)
        changed |= any(
            self.touched["residence", ended.stay] > one.step or self.registered(ended.stay) is not None
            for ended in self.registrations.values() if ended.cancelled_by == lineage
        )  # fmt: skip
        if changed:
            raise Refused("changed-since")
        for (kind, key), fate in one.fates.items():
            row = self.facts[kind][key]
            person = row.person if fate == "removed" else one.source
            self._set(kind, key, person=person, known=True, main=row.main or fate == "demoted")
        self._check("changed-since", one.source)
        for key, registration in self.registrations.items():
            if registration.cancelled_by == lineage:
                self.registrations[key] = replace(
                    registration, status=LIVE, ended_on=None, end_reason=None, cancelled_by=None
                )
        if one.kind == "merge":
            self.merged.pop(one.source)
        elif self._joins_again(one):
            self.merged[one.target] = one.source
        self.lineages[lineage] = replace(one, state="undone")
