"""Random acts on everything that is counted, straight at the tables, as the roles that do them."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg

from geo_registry import cluster
from tests.factories import point, square

BLOCKS, SIDE = 6, 300.0
TODAY = dt.date.today()  # noqa: DTZ011  (the tests' clock and the database's may differ by a day: nothing depends on it)

DIVISIONS = """
INSERT INTO registry.division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id, boundary)
VALUES (%(id)s, 'cn', %(code)s, %(level)s, %(code)s, %(code)s, %(parent)s, %(district)s, %(township)s, %(shape)s)
"""


class World:
    """A district of six blocks with ground around them, and what was put into it so far."""

    def __init__(self, urls: cluster.Urls, seed: int, *, beside: "World | None" = None) -> None:
        """Open both roles' connections and store the areas and blocks, or act on those of another world."""
        self.rng = random.Random(seed)
        self.app = psycopg.connect(urls.app, options="-c search_path=registry,public")
        self.owner = psycopg.connect(urls.owner, options="-c search_path=registry,public")
        self.day = TODAY
        self.done: Counter[str] = Counter()
        self.district, self.account = uuid4(), uuid4()
        self.areas: list[tuple[UUID, UUID | None, UUID | None]] = [(self.district, None, None)]
        self.blocks: list[UUID] = []
        self.edges = [SIDE * number for number in range(BLOCKS + 1)]
        if beside is None:
            self._found()
        else:
            self.district, self.account, self.day = beside.district, beside.account, beside.day
            self.areas, self.blocks, self.edges = beside.areas, beside.blocks, beside.edges

    def close(self) -> None:
        """Close both connections."""
        self.app.close()
        self.owner.close()

    def _found(self) -> None:
        shape = square(0, 0, 9000)
        self._division(self.district, "district", None, None, shape)
        for _ in range(2):
            township = uuid4()
            self._division(township, "township", self.district, None, shape)
            self.areas.append((self.district, township, None))
            for _ in range(2):
                community = uuid4()
                self._division(community, "community", township, township, shape)
                self.areas.append((self.district, township, community))
        self.owner.execute(
            "INSERT INTO account (id, login, name, role) VALUES (%s, %s, '甲', 'coordinator')",
            [self.account, f"acts{uuid4()}"],
        )
        self.owner.execute(
            "INSERT INTO photo (sha256, width, height, size_bytes) VALUES (sha256('x'), 1, 1, 1) ON CONFLICT DO NOTHING"
        )
        self.owner.commit()
        for number in range(BLOCKS):
            self.blocks.append(uuid4())
            self.app.execute(
                """INSERT INTO grid_block (id, code, name, boundary, district_id, township_id, community_id)
                   VALUES (%s, %s, 'b', %s, %s, %s, %s)""",
                [
                    self.blocks[-1],
                    f"{number}-{self.district}",
                    self._strip(number),
                    *self.rng.choice(self.areas[1:]),
                ],
            )
        self.app.commit()

    def _division(
        self, own: UUID, level: str, parent: UUID | None, township: UUID | None, shape: str
    ) -> None:
        self.owner.execute(
            DIVISIONS,
            {"id": own, "code": str(own), "level": level, "parent": parent, "district": self.district,
             "township": own if level == "township" else township, "shape": shape},
        )  # fmt: skip

    def _strip(self, number: int) -> str:
        left, right = self.edges[number], self.edges[number + 1]
        return square((left + right) / 2, 0, right - left, SIDE)

    def _place(self) -> str:
        return point(self.rng.uniform(-100, BLOCKS * SIDE + 100), self.rng.uniform(-200, 200))

    def some(self, table: str, condition: str = "true", most: int = 1) -> list[UUID]:
        """Return random rows of a table."""
        rows = self.owner.execute(
            f"SELECT id FROM {table} WHERE {condition} AND district_id = %s ORDER BY random() LIMIT %s",
            [self.district, most],
        ).fetchall()
        self.owner.rollback()
        return [row[0] for row in rows]

    def act(self, *, alone: bool = True) -> None:
        """Do one act; what a constraint refuses is rolled back and counted as such.

        Beside others only acts that touch totals in one statement: two that went on to more could meet in a
        circle, as they could on any rows.
        """
        name, do = self.rng.choice(ACTS if alone else BESIDE)
        try:
            do(self)
            self.app.commit()
            self.owner.commit()
            self.done[name] += 1
        except psycopg.errors.IntegrityError as error:
            self.give_up()
            if error.diag.constraint_name == "tally_counts_check":
                raise
            self.done[f"{name} refused"] += 1

    def give_up(self) -> None:
        """Undo the act that is under way."""
        self.app.rollback()
        self.owner.rollback()

    # Places, as the server.
    def build(self) -> None:
        """Store buildings."""
        self.app.execute(
            """INSERT INTO building (method, position, district_id, township_id, community_id)
               SELECT 'derived', p, %s, %s, %s FROM unnest(%s::text[]) p""",
            [*self.rng.choice(self.areas), [self._place() for _ in range(3)]],
        )

    def move_building(self) -> None:
        """Move buildings, some of them to other areas at once."""
        for building in self.some("building", most=2):
            self.app.execute(
                """UPDATE building SET position = %s, district_id = %s, township_id = %s, community_id = %s
                   WHERE id = %s""",
                [self._place(), *self.rng.choice(self.areas), building],
            )

    def change_building_areas(self) -> None:
        """Give many buildings to another community in one statement, units and residents with them."""
        buildings, areas = self.some("building", most=8), self.rng.choice(self.areas)
        for table, column in (("building", "id"), ("housing_unit", "building_id")):
            self.app.execute(
                f"UPDATE {table} SET district_id = %s, township_id = %s, community_id = %s WHERE {column} = ANY (%s)",
                [*areas, buildings],
            )

    def end_building(self) -> None:
        """End a building, or take its end back."""
        self.app.execute(
            "UPDATE building SET state = CASE state WHEN 'realized' THEN 'demolished' ELSE 'realized' END WHERE id = ANY (%s)",
            [self.some("building")],
        )

    def add_units(self) -> None:
        """Store units in several buildings with one statement."""
        self.app.execute(
            """INSERT INTO housing_unit (building_id, room, unit_text, unit_key, use, district_id, township_id, community_id)
               SELECT b.id, 'x', 'x', gen_random_uuid()::text, (ARRAY['let_whole', 'let_rooms', 'vacant', NULL])[1 + n %% 4],
                 b.district_id, b.township_id, b.community_id
               FROM building b, generate_series(1, %s) n WHERE b.id = ANY (%s)""",
            [self.rng.randint(1, 4), self.some("building", most=3)],
        )

    def change_units(self) -> None:
        """Change state and use of units."""
        self.app.execute(
            """UPDATE housing_unit SET state = coalesce(%s, state), use = %s WHERE id = ANY (%s)""",
            [self.rng.choice([None, "realized", "retired", "removed", "out_of_use", "not_realized"]),
             self.rng.choice([None, "let_whole", "collective_dormitory", "self_occupied"]),
             self.some("housing_unit", most=self.rng.choice([1, 5]))],
        )  # fmt: skip

    def add_addresses(self) -> None:
        """Store addresses, with and without a position."""
        self.app.execute(
            """INSERT INTO address (scope_id, number, number_key, number_text, standard_text, state, position,
                 district_id, township_id, community_id)
               SELECT %(community)s, 1, gen_random_uuid()::text, 'n', 'n', s, p, %(district)s, %(township)s, %(community)s
               FROM unnest(%(states)s::text[], %(places)s::text[]) x (s, p)""",
            {"community": self.areas[2][2], "district": self.district, "township": self.areas[2][1],
             "states": ["current", "current", "proposed", "current"],
             "places": [self._place(), None, self._place(), self._place()]},
        )  # fmt: skip

    def change_addresses(self) -> None:
        """Move addresses, retire them, take them back, give them to another community."""
        _, township, community = self.rng.choice([area for area in self.areas if area[2]])
        self.app.execute(
            """UPDATE address SET state = coalesce(%s, state), position = %s, township_id = %s, community_id = %s,
                 scope_id = %s, number_key = gen_random_uuid()::text WHERE id = ANY (%s)""",
            [self.rng.choice([None, "current", "retired", "current"]), self.rng.choice([None, self._place()]),
             township, community, community, self.some("address")],
        )  # fmt: skip

    def add_plates(self) -> None:
        """Store plates of several kinds at addresses."""
        self.app.execute(
            """INSERT INTO plate (address_id, kind, text, state, district_id, township_id, community_id)
               SELECT a.id, %s, 'n', 'delivered', a.district_id, a.township_id, a.community_id
               FROM address a WHERE a.id = ANY (%s) ON CONFLICT DO NOTHING""",
            [self.rng.choice(["gate_large", "gate_small", "building"]), self.some("address", most=5)],
        )

    def hang_plates(self) -> None:
        """Install several plates with one statement, two of them perhaps at one address."""
        plates = self.some("plate", "state IN ('delivered', 'damaged')", most=3)
        self.app.execute(
            """INSERT INTO plate_installation (plate_id, photo_sha256, installed_at, account_id, position)
               SELECT p, sha256('x'), now(), %s, %s FROM unnest(%s::uuid[]) p""",
            [self.account, self._place(), plates],
        )
        self.app.execute("UPDATE plate SET state = 'installed' WHERE id = ANY (%s)", [plates])

    def take_plates(self) -> None:
        """Report plates as damaged, missing or replaced."""
        plates = self.some("plate", "state = 'installed'", most=2)
        self.app.execute(
            "UPDATE plate_installation SET ended_at = now() WHERE plate_id = ANY (%s) AND ended_at IS NULL",
            [plates],
        )
        state = self.rng.choice(["damaged", "missing", "replaced"])
        self.app.execute("UPDATE plate SET state = %s WHERE id = ANY (%s)", [state, plates])

    def redraw(self) -> None:
        """Shift the edge between two blocks: one loses the ground that the other gains."""
        number = self.rng.randint(1, BLOCKS - 1)
        self.edges[number] = SIDE * number + self.rng.uniform(-120, 120)
        self.app.execute(
            """UPDATE grid_block g SET boundary = x.shape::geometry, community_id = %s, township_id = %s
               FROM unnest(%s::uuid[], %s::text[]) x (id, shape) WHERE g.id = x.id""",
            [*reversed(self.rng.choice(self.areas[1:])[1:]), self.blocks[number - 1 : number + 1],
             [self._strip(number - 1), self._strip(number)]],
        )  # fmt: skip

    def end_block(self) -> None:
        """End a block, or take its end back: all in it goes to its community and returns."""
        self.app.execute(
            "UPDATE grid_block SET state = CASE state WHEN 'current' THEN 'retired' ELSE 'current' END WHERE id = %s",
            [self.rng.choice(self.blocks)],
        )

    def visit(self) -> None:
        """Visit units: late, twice in one statement, and over several cycles."""
        units = self.some("housing_unit", most=3)
        times = [
            dt.datetime.now(dt.UTC)
            - dt.timedelta(hours=self.rng.uniform(0, 24 * self.rng.choice([1, 20, 60])))
            for _ in range(6)
        ]
        self.app.execute(
            """INSERT INTO visit (unit_id, visited_at, outcome)
               SELECT u, t, 'met_all' FROM unnest(%s::uuid[], %s::timestamptz[]) x (u, t) WHERE u IS NOT NULL""",
            [(units * 6)[:6], times],
        )

    def check_unit(self) -> None:
        """Check a unit in the field."""
        met, found = self.rng.randint(0, 5), self.rng.randint(0, 5)
        for unit in self.some("housing_unit"):
            self.app.execute(
                "SELECT record_field_check(NULL, NULL, %s, %s, NULL, %s, %s, %s, %s, NULL)",
                [unit, self._past_day(), met, self.rng.randint(0, met), found, self.rng.randint(0, found)],
            )

    def check_buildings(self) -> None:
        """Compare the units of buildings with those found."""
        self.app.execute(
            """INSERT INTO building_check (building_id, leaf_id, checked_on, units_found, units_listed, district_id)
               SELECT b.id, coalesce(k.block_id, b.community_id, b.township_id, b.district_id), %s, 3, 2, b.district_id
               FROM building b LEFT JOIN building_block k ON k.building_id = b.id WHERE b.id = ANY (%s)""",
            [self._past_day(), self.some("building", most=2)],
        )

    def _past_day(self) -> dt.date:
        return TODAY - dt.timedelta(days=self.rng.randint(0, 60))

    # Persons, as the owner.
    def settle(self) -> None:
        """Let persons move in: some in the past, some in the future, some beside their main dwelling."""
        begin = self.day + dt.timedelta(days=self.rng.choice([-400, -3, 0, 0, 1, 2, 9]))
        end = self.rng.choice([None, None, begin + dt.timedelta(days=self.rng.choice([2, 4, 30]))])
        self.owner.execute(
            """WITH p AS (
                 INSERT INTO person (name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
                 SELECT '某', '1', 1990, 1, '111', '', gen_random_uuid()::text::bytea, '0'
                 FROM generate_series(1, %s) RETURNING id)
               INSERT INTO residence (person_id, unit_id, category, valid, is_main)
               SELECT p.id, u, 'incomer', daterange(%s, %s), %s FROM p, unnest(%s::uuid[]) u""",
            [self.rng.randint(1, 6), begin, end, self.rng.random() < 0.9, self.some("housing_unit")],
        )

    def leave(self) -> None:
        """End residences, correct others, make others secondary."""
        stays = self.some("residence", "upper_inf(sys)", most=3)
        change = self.rng.choice([
            "valid = daterange(lower(valid), lower(valid) + 1 + (random() * 300)::int)",
            "sys = tstzrange(lower(sys), greatest(now(), lower(sys) + interval '1 second'))",
            "is_main = NOT is_main", "valid = daterange(lower(valid), NULL)",
        ])  # fmt: skip
        self.owner.execute(f"UPDATE residence SET {change} WHERE id = ANY (%s)", [stays])

    def move(self) -> None:
        """Move a person: correct the unit of a residence, or end it and begin another."""
        unit = self.some("housing_unit")
        stays = self.some("residence", "upper_inf(sys) AND is_main", most=2)
        if self.rng.random() < 0.5:
            self.owner.execute(
                "UPDATE residence SET unit_id = coalesce((%s::uuid[])[1], unit_id) WHERE id = ANY (%s)",
                [unit, stays],
            )
            return
        self.owner.execute(
            """UPDATE residence SET sys = tstzrange(lower(sys), clock_timestamp()) WHERE id = ANY (%s)""",
            [stays],
        )
        self.owner.execute(
            """INSERT INTO residence (person_id, unit_id, category, valid)
               SELECT r.person_id, u, 'lodger', r.valid FROM residence r, unnest(%s::uuid[]) u WHERE r.id = ANY (%s)""",
            [unit, stays],
        )

    def register(self) -> None:
        """Register residences with any status."""
        self.owner.execute(
            """INSERT INTO registration (residence_id, person_id, status, registered_on, expires_on)
               SELECT r.id, r.person_id, %s, %s, %s FROM residence r WHERE r.id = ANY (%s) ON CONFLICT DO NOTHING""",
            [self.rng.choice(["active", "active", "draft", "submitted", "cancelled"]),
             TODAY - dt.timedelta(days=self.rng.choice([0, 3, 40, 500])),
             self.day + dt.timedelta(days=self.rng.choice([1, 5, 200])), self.some("residence", most=4)],
        )  # fmt: skip

    def change_registrations(self) -> None:
        """Take registrations forward, end them, hang them on another residence, delete them."""
        forms = self.some("registration", most=3)
        if self.rng.random() < 0.2:
            self.owner.execute("DELETE FROM registration WHERE id = ANY (%s)", [forms[:1]])
        elif self.rng.random() < 0.3:
            self.owner.execute(
                "UPDATE registration SET residence_id = coalesce((%s::uuid[])[1], residence_id) WHERE id = ANY (%s)",
                [self.some("residence"), forms[:1]],
            )
        else:
            status = self.rng.choice(["active", "submitted", "returned", "cancelled", "expired"])
            self.owner.execute("UPDATE registration SET status = %s WHERE id = ANY (%s)", [status, forms])

    def forget(self) -> None:
        """Delete a residence that nobody registered."""
        stays = self.some(
            "residence", "NOT EXISTS (SELECT FROM registration g WHERE g.residence_id = residence.id)"
        )
        self.owner.execute("DELETE FROM residence WHERE id = ANY (%s)", [stays])

    def turn(self) -> None:
        """Let some days pass."""
        if self.rng.random() < 0.3:
            self.day += dt.timedelta(days=self.rng.randint(1, 3))
            self.owner.execute("SELECT registry.turn_to(%s)", [self.day])


ACTS: tuple[tuple[str, Callable[[World], None]], ...] = tuple(
    (name, do)
    for name, do in vars(World).items()
    if callable(do) and not name.startswith("_") and name not in {"close", "some", "act"}
)
BESIDE = tuple(
    (name, do)
    for name, do in ACTS
    if name in {"build", "add_units", "change_units", "add_addresses", "add_plates", "hang_plates", "redraw", "end_block",
                "visit", "check_unit", "check_buildings", "settle", "leave", "register", "change_registrations", "forget"}
)  # fmt: skip
