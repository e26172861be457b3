"""The register in plain Python: what every kind of case leaves of who lives where, hukou and registration.

Written from the rules, not from the program: nothing here knows of SQL. A refused act leaves the state as it was.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Self
from uuid import UUID

from tests.residence.register_facts import EVER, LIVE, Fact, Form, Lineage, Registration, later

MISTAKES = ("duplicate", "wrong", "false_entry")
GONE_FOR_GOOD = ("deceased", "settled_abroad", "military_service")


class Refused(Exception):
    """The register cannot take it."""


@dataclass
class Facts:
    """What is so, as known now."""

    today: dt.date
    documents: dict[int, int] = field(default_factory=dict)
    born: dict[UUID | None, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    facts: dict[str, dict[int, Fact]] = field(
        default_factory=lambda: {"residence": {}, "hukou": {}, "absence": {}}
    )
    registrations: dict[int, Registration] = field(default_factory=dict)
    lineages: dict[int, Lineage] = field(default_factory=dict)
    touched: dict[tuple[str, int], int] = field(default_factory=dict)
    step: int = 0
    serial: int = 0

    def attempt(self, act: Callable[[Self], None]) -> tuple[Self, str]:
        """Return the state after an act with 'done', or this one with the reason of refusal."""
        fresh = replace(
            self, documents=dict(self.documents), born=dict(self.born), merged=dict(self.merged),
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
            if form.own in self.born:
                raise Refused("form-outdated")
            self.documents[form.number] = self.born[form.own] = self._next()
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
        for key, row in list(self.known("absence", person)):
            if row.place != place and row.until > day:
                self._end("absence", key, day)
        self._add("hukou", Fact(person, place, day))

    def _correct_hukou(self, person: int, place: str | None, day: dt.date) -> None:
        known = dict(self.known("hukou", person))
        if not known:
            self._settle_hukou(person, place, day)
        elif place is not None:
            last = max(known, key=lambda key: known[key].since)
            self._set("hukou", last, place=place)
            for key, row in list(self.known("absence", person)):
                if row.place != place and row.meets(known[last]):
                    self._set("absence", key, known=False)

    def has_died(self, person: int) -> bool:
        """Return whether the register says that somebody died."""
        return any(
            row.end_reason == "deceased"
            for kind in ("residence", "hukou")
            for _, row in self.known(kind, person)
        )

    def _correct_end(self, person: int, stay: int, why: str) -> None:
        for key, row in list(self.known("residence", person)):
            if row.until != EVER and (key == stay or row.end_reason == "deceased"):
                for own, one in self.registrations.items():
                    if (
                        one.stay == key
                        and one.status == "cancelled"
                        and one.end_reason == row.end_reason is not None
                    ):
                        self.registrations[own] = replace(one, end_reason=why)
                self._set("residence", key, end_reason=why)
        known = list(self.known("hukou", person))
        for key, row in known:
            if row.end_reason in GONE_FOR_GOOD and all(other.since < row.until for _, other in known):
                self._set("hukou", key, until=EVER, end_reason=None)

    def _register(self, stay: int, expires_on: dt.date, form: Form) -> None:
        self.registrations[self._next()] = Registration(stay, self.today, expires_on, number=form.number)

    def settle_here(self, case: int, unit: str, form: Form, months: int) -> None:
        """Somebody lives in a unit from a day on."""
        person, day = self.person_of(form), form.day or self.today
        lived = list(self.known("residence", person))
        own = next((k for k, row in lived if row.place == unit and row.covers(day)), None)
        if self.has_died(person):
            raise Refused("has-died")
        if own is not None and self.registered(own) is not None:
            raise Refused("already-registered")
        if own is not None and self.facts["residence"][own].main:
            self._set("residence", own, household=self.facts["residence"][own].household or case)
        else:
            for key, row in lived:
                if (row.main or row.place == unit) and row.until > day:
                    if row.since >= day and key != own:
                        raise Refused("lives-later")
                    self._end_stay(key, day, None if key == own else "moved_within_city", "cancelled")
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
        for key, _ in self.known("residence", person):
            if (live := self.registered(key)) is not None:
                self.registrations[live] = replace(
                    self.registrations[live], status="cancelled", ended_on=self.today, end_reason="duplicate"
                )
        self._register(own, later(self.today, months), form)

    def settle_away(self, unit: str, form: Form) -> None:
        """Somebody whose hukou is at a unit lives elsewhere from a day on."""
        person, day = self.person_of(form), form.day or self.today
        if self.has_died(person):
            raise Refused("has-died")
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
                self._register(added, self.registrations[live].expires_on, form)
            self._check("overlaps", row.person)
            if moved:
                self._end_all("absence", row.person, day, unit)
        self._settle_hukou(row.person, form.hukou, day)

    def _cancel_absence(self, person: int, unit: str, day: dt.date, *, never: bool) -> bool:
        if not never:
            return self._end_all("absence", person, day, unit)
        away = {key: row for key, row in self.known("absence", person) if row.place == unit}
        if away:
            last = max(away, key=lambda key: (away[key].covers(day), away[key].since))
            self._set("absence", last, known=False)
        return bool(away)

    def cancel(self, unit: str, form: Form) -> None:
        """A dwelling ends, or never was."""
        day, why = form.ends_on or self.today, form.end_reason
        if form.stay is None:
            person, refusal = self.live(form.person or 0), "not-absent"
            if all(
                row.place != unit for kind in ("residence", "absence") for _, row in self.known(kind, person)
            ):
                raise Refused("residence-gone")
            done = self._cancel_absence(person, unit, day, never=why in MISTAKES)
        else:
            key, row = self._stay(form)
            person, refusal = row.person, "has-ended"
            done = why in MISTAKES or row.until > day
            if done:
                self._end_stay(key, day, why, "cancelled")
        ends_hukou = why in GONE_FOR_GOOD and any(row.until > day for _, row in self.known("hukou", person))
        if not done and not ends_hukou:
            raise Refused(refusal)
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
            status = "expired" if one.expires_on <= self.today else "changed"
            self.registrations[old] = replace(one, status=status, ended_on=self.today)
        self._register(key, later(max(one.expires_on, self.today), months), form)
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
        live = self.registered(key)
        if live is not None and until <= self.today:
            self.registrations[live] = replace(
                self.registrations[live], status="cancelled", ended_on=until, end_reason=form.end_reason
            )
        if form.end_reason is not None:
            self._correct_end(row.person, key, form.end_reason)
        self._correct_hukou(row.person, form.hukou, since)
        self._check("overlaps", row.person)

    def _check(self, why: str, person: int) -> None:
        """Refuse two dwellings at once that are one, or are both the main one."""
        mine = [row for _, row in self.known("residence", person)]
        if any(a.meets(b) and ((a.main and b.main) or a.place == b.place) for a, b in combinations(mine, 2)):
            raise Refused(why)
