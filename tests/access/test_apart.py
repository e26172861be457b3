"""P33: no account can grant, read persons and erase the audit; nobody at all erases it through the server."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from geo_registry.access.rules import Role
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.db import transaction
from tests.access.conftest import SIGNED_IN, Town
from tests.access.test_look_walls import NEEDED

GRANT, READ, ERASE = "grant", "read persons", "erase audit"
EFFECTS = {
    GRANT: re.compile(r"INSERT INTO (account|area_grant)\b"),
    READ: re.compile(r"(FROM|JOIN) (registry\.)?person\b"),
    ERASE: re.compile(r"DELETE FROM audit\b|UPDATE audit\b|TRUNCATE|DROP TABLE|DETACH|DISABLE TRIGGER"),
}
# By what a function lets somebody in; a look is judged by `may_look`, whose ticket `honour` demands.
ADMITTED = re.compile(r"admit\(\w+, ARRAY\[([^\]]*)\]\)")
FUNCTIONS = text("""
    SELECT p.proname, p.prosrc, has_function_privilege('registry_app', p.oid, 'EXECUTE') AS called, p.prosecdef AS definer
    FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace AND p.prorettype <> 'trigger'::regtype""")
LOOKERS = text("""
    SELECT r FROM unnest(CAST(:roles AS text[])) r, unnest(CAST(:actions AS text[])) a
    WHERE registry.may_look(r, a)""")
# What the server's role may do, as itself and as any role that it could become.
RIGHTS = text("""
    WITH RECURSIVE becomes (oid) AS (
      SELECT oid FROM pg_roles WHERE rolname = 'registry_app'
      UNION SELECT m.roleid FROM pg_auth_members m JOIN becomes b ON b.oid = m.member)
    SELECT r.rolname, c.relname, v.verb FROM becomes b JOIN pg_roles r ON r.oid = b.oid, pg_class c,
      unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) v (verb)
    WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind IN ('r', 'p') AND (c.relname ~ '^audit'
        OR c.relname IN ('person', 'residence', 'hukou', 'account', 'area_grant', 'session', 'recovery_code'))
      AND (has_table_privilege(b.oid, c.oid, v.verb)
        OR v.verb IN ('INSERT', 'UPDATE') AND has_any_column_privilege(b.oid, c.oid, v.verb))""")


@dataclass
class Graph:
    """Who reaches what: accounts by role, the functions that let them in, the steps of those, their effects."""

    edges: dict[str, set[str]] = field(default_factory=dict)

    def add(self, start: str, *ends: str) -> None:
        self.edges.setdefault(start, set()).update(ends)

    def reached(self, start: str) -> set[str]:
        seen, waiting = {start}, [start]
        while waiting:
            fresh = self.edges.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        return seen


def _guards(source: str, looking: set[str]) -> Iterator[str]:
    for listed in ADMITTED.findall(source):
        yield from re.findall(r"'(\w+)'", listed)
    if "managing(" in source:
        yield "security_admin"
    if "judge_look(" in source or "honour(" in source:
        yield from looking
    if "own_session(" in source:
        yield "oneself"
    # A function that names the roles itself lets in those and nobody else.
    if re.search(r"\broles?\b", source):
        yield from (role for role in Role if f"'{role.value}'" in source)


def graph_of(connection: Connection) -> tuple[Graph, list[str]]:
    """Return the graph, and the functions that have an effect and ask nobody who he is."""
    rows = connection.execute(FUNCTIONS).all()
    looking = set(
        connection.execute(
            LOOKERS, {"roles": [role.value for role in Role], "actions": list(NEEDED)}
        ).scalars()
    )
    steps = re.compile(r"\b(" + "|".join(sorted({re.escape(row.proname) for row in rows})) + r")\(")
    graph, open_ = Graph(), []
    for row in rows:
        source = re.sub(r"--[^\n]*", "", row.prosrc)
        name = f"{row.proname}()"
        graph.add(name, *(f"{step}()" for step in steps.findall(source)))
        graph.add(name, *(effect for effect, pattern in EFFECTS.items() if pattern.search(source)))
    for row in rows:
        if row.called and row.definer:
            # Whoever calls it is let in by itself or by the steps that it begins with.
            sources = [
                other.prosrc for other in rows if f"{other.proname}()" in graph.reached(f"{row.proname}()")
            ]
            guards = {guard for source in sources for guard in _guards(source, looking)}
            for guard in guards:
                graph.add(guard, f"{row.proname}()")
            if not guards and graph.reached(f"{row.proname}()") & set(EFFECTS):
                open_.append(row.proname)
    return graph, open_


@pytest.mark.promise("P33")
def test_no_account_can_grant_and_read_and_erase(connection: Connection) -> None:
    graph, open_ = graph_of(connection)
    # The owner's own steps, which the server cannot call, are seen: the search is not blind.
    assert ERASE in graph.reached("prune_audit()")
    assert READ in graph.reached("reveal_person()")
    assert GRANT in graph.reached("add_account()")
    # What keeps totals counts persons behind its own rules and answers with numbers alone.
    assert set(open_) <= {
        "building_persons",
        "raise_alarms",
        "sample_checked",
        "sample_totals",
        "turn_day",
        "record_field_check",
    }
    found = {role: graph.reached(role) & set(EFFECTS) for role in (*Role, "oneself")}
    assert len(graph.edges) > 60
    assert [role for role, effects in found.items() if ERASE in effects] == []
    assert [role for role, effects in found.items() if {GRANT, READ} <= effects] == []
    assert found[Role.SECURITY_ADMIN] == {GRANT}
    assert found[Role.OFFICER] == {READ}
    assert found[Role.AUDIT_ADMIN] == found[Role.SYSTEM_ADMIN] == set()
    # Even with every account that he could make for himself, the one who grants erases nothing.
    for role in Role:
        graph.add(GRANT, role)
    assert [role for role in Role if {GRANT, READ, ERASE} <= graph.reached(role)] == []


@pytest.mark.promise("P33")
def test_the_server_becomes_nobody_and_writes_none_of_it(connection: Connection) -> None:
    assert connection.execute(RIGHTS).all() == []


TRICKS = {
    ERASE: (
        "DELETE FROM registry.audit", "UPDATE registry.audit SET note = 'x'", "TRUNCATE registry.audit",
        "DROP TABLE registry.audit CASCADE", "ALTER TABLE registry.audit DISABLE TRIGGER ALL",
        "UPDATE registry.audit_head SET seq = 0", "SET ROLE registry_owner", "SET ROLE registry_reader",
        "SET session_replication_role = replica", "SELECT registry.prune_audit(:token, :token, now())",
        "ALTER TABLE registry.audit DETACH PARTITION registry.audit_default",
        "CREATE TRIGGER x BEFORE INSERT ON registry.audit FOR EACH ROW EXECUTE FUNCTION registry.seal_audit()",
    ),
    GRANT: (
        "SELECT registry.add_account(:token, :id, 'puppet', 'x', 'officer', false, 'x', NULL, false, NULL, NULL)",
        "SELECT registry.grant_area(:token, (SELECT id FROM registry.account WHERE name = 'chief'), NULL, NULL, CURRENT_DATE, NULL)",
        "INSERT INTO registry.area_grant (account_id) SELECT id FROM registry.account",
        "UPDATE registry.account SET role = 'officer'",
    ),
    READ: (
        "SELECT name FROM registry.person",
        "CALL registry.look(:id, :token, 'person', 'any', 'case 2026', 'person', :person, NULL, '{name}', NULL, NULL, NULL, NULL, NULL, NULL, 9, NULL, NULL, NULL)",
    ),
}  # fmt: skip

# Not the purpose is to stop anybody here, but the role.
ANY_PURPOSE = text("""
    INSERT INTO registry.purpose (code, title, legal_basis, roles, valid) VALUES ('any', '试验', '试验', :roles, '[2020-01-01,)')""")


@pytest.mark.commits
@pytest.mark.promise("P33")
def test_with_the_token_of_each_role_nobody_gets_two_of_three(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(ANY_PURPOSE, {"roles": [role.value for role in Role]})
    tried = 0
    done: dict[str, set[str]] = {}
    for role in Role:
        token = f"token of {role}"
        with transaction(town.owner) as session:
            session.execute(
                SIGNED_IN, {"login": f"p.{role}", "role": role, "code": None, "hash": hash_token(token)}
            )
        before = town.count("SELECT count(*) FROM registry.audit")
        for effect, statements in TRICKS.items():
            for statement in statements:
                tried += 1
                if _succeeds(town, statement, token):
                    done.setdefault(role, set()).add(effect)
        assert town.count("SELECT count(*) FROM registry.audit") >= before
    assert tried == len(Role) * sum(len(statements) for statements in TRICKS.values())
    assert {role for role, effects in done.items() if READ in effects} == {
        Role.OFFICER, Role.STATION_HEAD, Role.POPULATION_OFFICE,
    }  # fmt: skip
    assert {role for role, effects in done.items() if GRANT in effects} == {Role.SECURITY_ADMIN}
    assert [role for role, effects in done.items() if len(effects) > 1 or ERASE in effects] == []


def _succeeds(town: Town, statement: str, token: str) -> bool:
    """Tell whether a statement of the server's role does what it says: a look has to show something."""
    values = {"token": hash_token(token), "id": new_id(), "person": town.persons[1]}
    try:
        with town.app.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text(statement), values)
            if statement.startswith("CALL"):
                return bool(result.one()[0] == "granted")
            return True
    except DBAPIError:
        return False
