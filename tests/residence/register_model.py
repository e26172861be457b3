"""The register in plain Python: what every kind of case leaves of who lives where, hukou and registration.

Written from the rules, not from the program: nothing here knows of SQL. A refused act leaves the state as it was.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

from tests.residence.register_facts import LIVE, Fact, Form, Lineage, Registration, later

MISTAKES = ("duplicate", "wrong", "false_entry")
GONE_FOR_GOOD = ("deceased", "settled_abroad", "military_service")


class Refused(Exception):
    """The register cannot take it."""


@dataclass
class Register:
    """What is so, as known now."""

    today: dt.date
    documents: dict[int, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    facts: dict[str, dict[int, Fact]] = field(
        default_factory=lambda: {"residence": {}, "hukou": {}, "absence": {}}
    )
    registrations: dict[int, Registration] = field(default_factory=dict)
    lineages: dict[int, Lineage] = field(default_factory=dict)
    touched: dict[tuple[str, int], int] = field(default_factory=dict)
    step: int = 0
    serial: int = 0

    def attempt(self, act: Callable[["Register"], None]) -> tuple["Register", str]:
        """Return the state after an act with 'done', or this one with the reason of refusal."""
        fresh = replace(
            self, documents=dict(self.documents), merged=dict(self.merged),
            facts={kind: dict(rows) for kind, rows in self.facts.items()},
            registrations=dict(self.registrations), lineages=dict(self.lineages), touched=dict(self.touched),
            step=self.step + 1,
        )  # fmt: skip
        try:
            act(fresh)
        except Refused as refused:
            return replace(self, step=fresh.step), str(refused)
        for kind, rows in fresh.facts.items():
            for key, row in rows.items():
                if self.facts[kind].get(key) != row:
                    fresh.touched[kind, key] = fresh.step
        return fresh, "done"

    def known(self, kind: str, person: int | None = None) -> Iterator[tuple[int, Fact]]:
        """Yield what is known now, of one person or of all."""
        for key, row in sorted(self.facts[kind].items()):
            if row.known and (person is None or row.person == person):
                yield key, row

    def live(self, person: int) -> int:
        """Return the record that holds for a record."""
        while person in self.merged:
            person = self.merged[person]
        return person

    def person_of(self, form: Form) -> int:
        if form.number not in self.documents:
            self.documents[form.number] = self._next()
        return self.live(self.documents[form.number])

    def registered(self, stay: int) -> int | None:
        """Return the live registration of a dwelling."""
        return next(
            (k for k, one in self.registrations.items() if one.stay == stay and one.status == LIVE), None
        )

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def _add(self, kind: str, row: Fact) -> int:
        key = self._next()
        self.facts[kind][key] = row
        return key

    def _set(self, kind: str, key: int, **over: object) -> None:
        self.facts[kind][key] = replace(self.facts[kind][key], **over)  # type: ignore[arg-type]

    def _end(self, kind: str, key: int, day: dt.date, *, never: bool = False, **over: str | None) -> None:
        row = self.facts[kind][key]
        if never or day <= row.since:
            self._set(kind, key, known=False, **over)
        else:
            self._set(kind, key, until=min(day, row.until), **over)

    def _end_stay(self, stay: int, day: dt.date, why: str | None, becomes: str) -> None:
        self._end("residence", stay, day, never=why in MISTAKES, end_reason=why)
        if (key := self.registered(stay)) is not None:
            one = self.registrations[key]
            self.registrations[key] = replace(one, status=becomes, ended_on=day, end_reason=why)

    def _end_all(
        self, kind: str, person: int, day: dt.date, place: str | None = None, **over: str | None
    ) -> bool:
        found = [k for k, row in self.known(kind, person) if row.until > day and place in (None, row.place)]
        for key in found:
            self._end(kind, key, day, never=False, **over)
        return bool(found)

    def _settle_hukou(self, person: int, place: str | None, day: dt.date) -> None:
        if place is None or any(
            row.covers(day) and row.place == place for _, row in self.known("hukou", person)
        ):
            return
        self._end_all("hukou", person, day, end_reason=None)
        self._add("hukou", Fact(person, place, day))

    def _register(self, stay: int, expires_on: dt.date) -> None:
        self.registrations[self._next()] = Registration(stay, self.today, expires_on)

    def settle_here(self, case: int, unit: str, form: Form, months: int) -> None:
        """Somebody lives in a unit from a day on."""
        person, day = self.person_of(form), form.day or self.today
        lived = list(self.known("residence", person))
        own = next((k for k, row in lived if row.place == unit and row.covers(day)), None)
        if own is not None:
            if self.registered(own) is not None:
                raise Refused("already-registered")
            self._set("residence", own, household=self.facts["residence"][own].household or case)
        else:
            for key, row in lived:
                if (row.main or row.place == unit) and row.until > day:
                    if row.since >= day:
                        raise Refused("lives-later")
                    self._end_stay(key, day, "moved_within_city", "cancelled")
            own = self._add(
                "residence",
                Fact(
                    person,
                    unit,
                    day,
                    category=form.category or "",
                    relation=form.relation,
                    main=True,
                    household=case,
                ),
            )
        self._settle_hukou(person, form.hukou, day)
        self._end_all("absence", person, day, unit)
        self._register(own, later(self.today, months))

    def settle_away(self, unit: str, form: Form) -> None:
        """Somebody whose hukou is at a unit lives elsewhere from a day on."""
        person, day = self.person_of(form), form.day or self.today
        for key, row in list(self.known("residence", person)):
            if row.place == unit and row.until > day:
                if row.since >= day:
                    raise Refused("lives-later")
                self._end_stay(key, day, "left_area", "cancelled")
        self._settle_hukou(person, unit, day)
        self._end_all("absence", person, day)
        self._add("absence", Fact(person, unit, day))

    def _stay(self, form: Form) -> tuple[int, Fact]:
        row = self.facts["residence"].get(form.stay) if form.stay is not None else None
        if form.stay is None or row is None or not row.known:
            raise Refused("residence-gone")
        return form.stay, row

    def change(self, case: int, unit: str, form: Form) -> None:
        """Another dwelling, or another way of living there, from a day on."""
        key, row = self._stay(form)
        day = form.day or self.today
        values = (unit, form.category or row.category, form.relation or row.relation)
        if row.until <= day:
            raise Refused("has-ended")
        if day < row.since or (day == row.since and unit != row.place):
            raise Refused("before-its-start")
        if day == row.since or values == (row.place, row.category, row.relation):
            self._set("residence", key, category=values[1], relation=values[2])
        else:
            live = self.registered(key)
            if live is not None and self.registrations[live].expires_on <= self.today:
                raise Refused("registration-expired")
            moved = unit != row.place
            self._end_stay(key, day, "moved_within_city" if moved else None, "changed")
            fresh = replace(
                row, place=unit, since=day, category=values[1], relation=values[2],
                household=case if moved else row.household,
            )  # fmt: skip
            added = self._add("residence", fresh)
            if live is not None:
                self._register(added, self.registrations[live].expires_on)
            if moved:
                self._end_all("absence", row.person, day, unit)
        self._settle_hukou(row.person, form.hukou, day)

    def cancel(self, form: Form) -> None:
        """A dwelling ends, or never was."""
        day, why = form.ends_on or self.today, form.end_reason
        if form.stay is None:
            person = self.live(form.person or 0)
            if not self._end_all("absence", person, dt.date.min if why in MISTAKES else day):
                raise Refused("not-absent")
        else:
            key, row = self._stay(form)
            person = row.person
            if why not in MISTAKES and row.until <= day:
                raise Refused("has-ended")
            self._end_stay(key, day, why, "cancelled")
        if why in GONE_FOR_GOOD:
            self._end_all("hukou", person, day, end_reason=why)
            self._end_all("absence", person, day)
        if why == "deceased":
            for key, row in list(self.known("residence", person)):
                if row.until > day:
                    self._end_stay(key, day, why, "cancelled")

    def renew(self, form: Form, months: int) -> None:
        """The registration of a dwelling begins anew."""
        key, row = self._stay(form)
        if not row.covers(self.today):
            raise Refused("has-ended")
        latest = [
            (one.status == LIVE, one.registered_on, k)
            for k, one in self.registrations.items()
            if one.stay == key and one.status in (LIVE, "expired")
        ]
        if not latest:
            raise Refused("not-registered")
        old = max(latest)[2]
        one = self.registrations[old]
        if one.status == LIVE:
            status = "expired" if one.expires_on < self.today else "changed"
            self.registrations[old] = replace(one, status=status, ended_on=self.today)
        self._register(key, later(max(one.expires_on, self.today), months))
        self._settle_hukou(row.person, form.hukou, form.day or self.today)

    def correct(self, case: int, unit: str, form: Form) -> None:
        """What was recorded wrongly of a dwelling or of its person is put right in place."""
        key, row = self._stay(form)
        if form.person != row.person:
            raise Refused("form-outdated")
        if self.documents.get(form.number, row.person) != row.person:
            raise Refused("document-taken")
        since, until = form.day or row.since, form.ends_on or row.until
        if until <= since:
            raise Refused("before-its-start")
        self.documents = {number: who for number, who in self.documents.items() if who != row.person}
        self.documents[form.number] = row.person
        self._set(
            "residence", key, place=unit, since=since, until=until, category=form.category or row.category,
            relation=form.relation or row.relation, household=row.household if unit == row.place else case,
        )  # fmt: skip
        mine = [other for _, other in self.known("residence", row.person)]
        if any(a.meets(b) and ((a.main and b.main) or a.place == b.place) for a, b in combinations(mine, 2)):
            raise Refused("overlaps")

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
        lineage, fates = self._next(), {}
        kinds = self.facts if kind == "merge" else ("residence",)
        for which in kinds:
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
        if kind == "merge":
            self.merged[source] = target
        else:
            self.merged.pop(target, None)
        self.lineages[lineage] = Lineage(kind, source, target, fates, self.step)

    def _withdraw(self, stay: int, lineage: int) -> None:
        if (key := self.registered(stay)) is not None:
            self.registrations[key] = replace(
                self.registrations[key], status="cancelled", ended_on=self.today, end_reason="duplicate",
                cancelled_by=lineage,
            )  # fmt: skip

    def undo(self, lineage: int) -> None:
        """Put back what a merge or split did, unless something was built on it."""
        one = self.lineages[lineage]
        changed = any(self.touched[where] != one.step for where in one.fates)
        if one.kind == "merge":
            changed |= self.merged.get(one.source) != one.target
        else:
            changed |= one.source in self.merged or one.target in self.merged
        if changed:
            raise Refused("changed-since")
        for (kind, key), fate in one.fates.items():
            row = self.facts[kind][key]
            self._set(kind, key, person=one.source, known=True, main=row.main or fate == "demoted")
        for key, registration in self.registrations.items():
            if registration.cancelled_by == lineage:
                self.registrations[key] = replace(
                    registration, status=LIVE, ended_on=None, end_reason=None, cancelled_by=None
                )
        if one.kind == "merge":
            self.merged.pop(one.source)
        elif any(
            (m.kind, m.state, m.source, m.target) == ("merge", "done", one.target, one.source)
            for m in self.lineages.values()
        ):
            self.merged[one.target] = one.source
        self.lineages[lineage] = replace(one, state="undone")
