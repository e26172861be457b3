"""Accounts over HTTP: one's own, those of others, tokens of machines, purposes; secrets are told once."""

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pyotp
import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Town

NEW_PASSWORD = "another long pass phrase"


def add(town: "Town", by: str = "warden", **more: Any) -> httpx.Response:  # noqa: ANN401  (any body)
    body = {
        "login": f"a{uuid4().hex[:8]}",
        "name": "新某",
        "role": "clerk",
        "area_ids": [str(town.ids["t"])],
        **more,
    }
    return town.act(by, "/v1/accounts", body)


def sign_in(town: "Town", login: str, password: str, code: str | None = None) -> httpx.Response:
    body = {"login": login, "password": password} | ({"code": code} if code else {})
    answer = town.client.post("/v1/session", json=body)
    town.client.cookies.clear()
    return answer


def as_bearer(town: "Town", token: str, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401
    answer = town.client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)
    town.client.cookies.clear()
    return answer


@pytest.fixture
def fresh(town: "Town") -> dict[str, Any]:
    """Give an account just added: id, login, one-time password, version."""
    login = f"a{uuid4().hex[:8]}"
    answer = add(town, login=login)
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "login": login}


def test_a_one_time_password_is_told_once_and_opens_nothing_but_the_own_account(
    town: "Town", fresh: dict[str, Any]
) -> None:
    signed_in = sign_in(town, fresh["login"], fresh["password"])
    assert (signed_in.status_code, signed_in.json()["confined"]) == (201, "password")
    assert signed_in.json()["permissions"] == ["session:own"]
    token = signed_in.json()["token"]
    assert as_bearer(town, token, "GET", "/v1/streets").status_code == 403
    assert as_bearer(town, token, "GET", "/v1/account").json()["password"] == "one-time"
    change = "/v1/account/actions/change-password"
    for new, code in (
        ("short", "password-short"),
        (fresh["password"], "password-weak"),
        (fresh["login"] * 2, "password-weak"),
    ):
        refused = as_bearer(town, token, "POST", change, json={"password": fresh["password"], "new": new})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    wrong = as_bearer(town, token, "POST", change, json={"password": "wrong", "new": NEW_PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "password-wrong")
    done = as_bearer(town, token, "POST", change, json={"password": fresh["password"], "new": NEW_PASSWORD})
    assert done.status_code == 204, done.text
    assert as_bearer(town, token, "GET", "/v1/streets").status_code == 200
    assert sign_in(town, fresh["login"], fresh["password"]).status_code == 401
    assert sign_in(town, fresh["login"], NEW_PASSWORD).json()["confined"] is None


def test_a_replay_does_not_tell_the_secret_again_and_the_database_never_had_it(town: "Town") -> None:
    body = {"login": f"a{uuid4().hex[:8]}", "name": "新某", "role": "clerk", "whole": True}
    headers = {"Idempotency-Key": uuid4().hex}
    first, again = (town.call("warden", "POST", "/v1/accounts", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert len(first.json()["password"]) == 19
    assert (again.json()["password"], again.headers["idempotent-replay"]) == (None, "true")
    assert again.json()["id"] == first.json()["id"]
    stored = town.sql(
        "SELECT count(*) FROM registry.idempotency_key WHERE position(:word IN convert_from(response, 'UTF8')) > 0",
        word=first.json()["password"],
    )
    assert stored == 0


def test_a_second_factor_from_its_set_up_to_its_loss(town: "Town", fresh: dict[str, Any]) -> None:
    town.sql(
        "UPDATE registry.account SET password_expires_at = NULL WHERE login = :login", login=fresh["login"]
    )
    login, password = fresh["login"], fresh["password"]
    token = sign_in(town, login, password).json()["token"]
    started = as_bearer(
        town, token, "POST", "/v1/account/actions/start-second-factor", json={"password": password}
    )
    assert started.status_code == 200, started.text
    totp = pyotp.TOTP(started.json()["secret"])
    assert started.json()["uri"].startswith("otpauth://totp/")
    # It does not count before its first code came.
    assert sign_in(town, login, password).status_code == 201
    bad = as_bearer(town, token, "POST", "/v1/account/actions/confirm-second-factor", json={"code": "000000"})
    assert (bad.status_code, bad.json()["code"]) == (422, "second-factor-wrong")
    now = int(time.time())
    confirmed = as_bearer(
        town, token, "POST", "/v1/account/actions/confirm-second-factor", json={"code": totp.at(now - 30)}
    )
    assert confirmed.status_code == 200, confirmed.text
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    # The session goes on under a new token, all others have ended.
    assert as_bearer(town, token, "GET", "/v1/account").status_code == 401
    token = confirmed.json()["token"]
    assert as_bearer(town, token, "GET", "/v1/account").json()["second_factor"] == "set"
    for code, expected in (
        (None, "second-factor-required"),
        (totp.at(now - 30), "second-factor-wrong"),
        ("123456", "second-factor-wrong"),
    ):
        refused = sign_in(town, login, password, code)
        assert (refused.status_code, refused.json()["code"]) == (401, expected)
    assert sign_in(town, login, password, totp.at(now)).status_code == 201
    assert sign_in(town, login, password, codes[0].upper()).status_code == 201
    assert sign_in(town, login, password, codes[0]).json()["code"] == "second-factor-wrong"
    stepped = as_bearer(town, token, "POST", "/v1/session/actions/confirm", json={"code": totp.at(now + 30)})
    assert stepped.status_code == 200, stepped.text
    assert as_bearer(town, token, "GET", "/v1/session").status_code == 401
    token = stepped.json()["token"]
    dropped = as_bearer(
        town,
        token,
        "POST",
        "/v1/account/actions/drop-second-factor",
        json={"password": password, "code": codes[1]},
    )
    assert dropped.status_code == 204, dropped.text
    assert sign_in(town, login, password).status_code == 201
    kept = town.sql(
        "SELECT count(*) FROM registry.recovery_code c JOIN registry.account a ON a.id = c.account_id WHERE a.login = :login",
        login=login,
    )
    assert kept == 0


def test_a_due_second_factor_confines_and_cannot_be_dropped(town: "Town") -> None:
    login = f"a{uuid4().hex[:8]}"
    password = add(town, login=login, role="officer").json()["password"]
    told = sign_in(town, login, password).json()
    assert told["confined"] == "password"
    town.sql("UPDATE registry.account SET password_expires_at = NULL WHERE login = :login", login=login)
    told = sign_in(town, login, password).json()
    assert told["confined"] == "second-factor"
    token = told["token"]
    assert as_bearer(town, token, "GET", "/v1/streets").status_code == 403
    secret = as_bearer(
        town, token, "POST", "/v1/account/actions/start-second-factor", json={"password": password}
    ).json()["secret"]
    totp, now = pyotp.TOTP(secret), int(time.time())
    done = as_bearer(
        town, token, "POST", "/v1/account/actions/confirm-second-factor", json={"code": totp.at(now - 30)}
    )
    token = done.json()["token"]
    assert as_bearer(town, token, "GET", "/v1/streets").status_code == 200
    kept = as_bearer(
        town,
        token,
        "POST",
        "/v1/account/actions/drop-second-factor",
        json={"password": password, "code": totp.at(now)},
    )
    assert (kept.status_code, kept.json()["code"]) == (403, "second-factor-due")


def test_own_sessions_and_looks(town: "Town", fresh: dict[str, Any]) -> None:
    first, second = (sign_in(town, fresh["login"], fresh["password"]).json()["token"] for _ in range(2))
    rows = as_bearer(town, first, "GET", "/v1/account/sessions").json()["rows"]
    assert [row["is_current"] for row in rows] == [False, True]
    path = f"/v1/account/sessions/{rows[0]['id']}/actions/end"
    assert as_bearer(town, first, "POST", path).status_code == 204
    assert as_bearer(town, first, "POST", path).status_code == 404
    assert as_bearer(town, second, "GET", "/v1/session").status_code == 401
    stranger = town.sql("SELECT id FROM registry.session WHERE account_id <> :id LIMIT 1", id=fresh["id"])
    assert as_bearer(town, first, "POST", f"/v1/account/sessions/{stranger}/actions/end").status_code == 404
    headers = {"Access-Purpose": "01; case=JD20261101"}
    for _ in range(3):
        seen = town.call("officer", "GET", "/v1/housing-units/{unit}/occupants", headers=headers)
        assert seen.status_code == 200, seen.text
    page = town.call("officer", "GET", "/v1/account/looks?limit=2").json()
    assert [row["action"] for row in page["rows"]] == ["occupants", "occupants"]
    assert page["rows"][0]["object_title"] == "映月路8号 402室"
    assert page["rows"][0]["purpose_title"] == "居住登记受理核验"
    rest = town.call("officer", "GET", f"/v1/account/looks?limit=2&after={page['next']}").json()["rows"]
    assert rest
    assert not {row["id"] for row in rest} & {row["id"] for row in page["rows"]}
    assert town.call("clerk", "GET", "/v1/account/looks").json()["rows"] == []


def test_a_look_of_every_kind_is_among_ones_own(town: "Town") -> None:
    for purpose in ("03", "99"):
        headers = {"Access-Purpose": f"{purpose}; case=JD20261102"}
        town.call("officer", "POST", "/v1/separation-runs/{run}/persons", headers=headers, json={})
    rows = town.call("officer", "GET", "/v1/account/looks?limit=2").json()["rows"]
    assert [(row["action"], row["object_kind"], row["case_number"], row["decision"]) for row in rows] == [
        ("run", "separation_run", "JD20261102", "purpose-unknown"),
        ("run", "separation_run", "JD20261102", "granted"),
    ]


def test_an_administrator_keeps_to_the_own_area_and_never_touches_himself(town: "Town") -> None:
    outside = add(town, "security_admin", area_ids=[str(town.ids["far"])])
    assert (outside.status_code, outside.json()["code"]) == (403, "grant-outside")
    whole = add(town, "security_admin", area_ids=[], whole=True)
    assert (whole.status_code, whole.json()["code"]) == (403, "grant-outside")
    assert add(town, area_ids=[]).json()["code"] == "area-or-whole"
    inside = add(town, "security_admin", area_ids=[str(town.ids["c"])])
    assert inside.status_code == 201, inside.text
    far = add(town, area_ids=[str(town.ids["far"])]).json()
    path = f"/v1/accounts/{far['id']}"
    assert town.call("security_admin", "GET", path).status_code == 404
    assert town.act("security_admin", f"{path}/actions/disable", {}, 1).status_code == 404
    beyond = town.act(
        "security_admin",
        f"/v1/accounts/{inside.json()['id']}/actions/grant",
        {"division_id": str(town.ids["far"])},
        1,
    )
    assert (beyond.status_code, beyond.json()["code"]) == (403, "grant-outside")
    own = town.call("security_admin", "GET", "/v1/account").json()
    for verb in ("disable", "reset-password", "reset-second-factor"):
        refused = town.act("security_admin", f"/v1/accounts/{own['id']}/actions/{verb}", {}, own["version"])
        assert (refused.status_code, refused.json()["code"]) == (403, "account-own")
    logins = [
        row["login"] for row in town.call("security_admin", "GET", "/v1/accounts?limit=100").json()["rows"]
    ]
    assert "officer" in logins
    assert not {"foreign", "warden"} & set(logins)


def test_roles_do_not_cross_and_a_new_one_ends_the_sessions(town: "Town", fresh: dict[str, Any]) -> None:
    path = f"/v1/accounts/{fresh['id']}"
    token = sign_in(town, fresh["login"], fresh["password"]).json()["token"]
    crossed = town.act("warden", f"{path}/actions/change", {"role": "audit_admin"}, 1)
    assert (crossed.status_code, crossed.json()["code"]) == (422, "role-crosses")
    changed = town.act("warden", f"{path}/actions/change", {"role": "officer", "hourly_limit": 9}, 1)
    assert changed.status_code == 200, changed.text
    assert as_bearer(town, token, "GET", "/v1/session").status_code == 401
    stale = town.act("warden", f"{path}/actions/change", {"name": "旧某"}, 1)
    assert (stale.status_code, stale.json()["version"]) == (412, 2)
    told = town.call("warden", "GET", path)
    assert (told.json()["role"], told.json()["hourly_limit"], told.headers["etag"]) == ("officer", 9, '"2"')
    note = town.sql(
        "SELECT note FROM registry.audit WHERE object_id = :id AND action = 'change-account'", id=fresh["id"]
    )
    assert note == "clerk to officer limits"


def test_grants_end_at_once_and_whole_needs_the_word(town: "Town", fresh: dict[str, Any]) -> None:
    path = f"/v1/accounts/{fresh['id']}"
    granted = town.act(
        "warden", f"{path}/actions/grant", {"division_id": str(town.ids["far"]), "valid_to": "2999-12-31"}, 1
    )
    assert granted.status_code == 200, granted.text
    areas = {area["division_id"]: area for area in town.call("warden", "GET", path).json()["areas"]}
    far = areas[str(town.ids["far"])]
    assert far["valid_to"] == "2999-12-31"
    again = town.act("warden", f"{path}/actions/grant", {"division_id": str(town.ids["far"])}, 2)
    assert (again.status_code, again.json()["code"]) == (409, "grant-exists")
    for body, code in (({}, "area-or-whole"), ({"whole": True, "valid_to": "2020-01-01"}, "period-empty")):
        assert town.act("warden", f"{path}/actions/grant", body, 2).json()["code"] == code
    for _ in range(2):  # granted, ended and granted again on one day
        ended = town.act(
            "warden",
            f"{path}/actions/end-grant",
            {"grant_id": far["grant_id"]},
            granted.json()["version"],
        )
        assert ended.status_code == 200, ended.text
        assert len(town.call("warden", "GET", path).json()["areas"]) == 1
        granted = town.act(
            "warden", f"{path}/actions/grant", {"division_id": str(town.ids["far"])}, ended.json()["version"]
        )
        far = next(
            a
            for a in town.call("warden", "GET", path).json()["areas"]
            if a["division_id"] == str(town.ids["far"])
        )
    unknown = town.act(
        "warden", f"{path}/actions/end-grant", {"grant_id": str(uuid4())}, granted.json()["version"]
    )
    assert unknown.status_code == 404


def test_a_machine_has_tokens_that_end_at_once(town: "Town") -> None:
    added = add(town, role="officer", is_machine=True)
    assert added.status_code == 201, added.text
    assert "password" not in added.json()
    path = f"/v1/accounts/{added.json()['id']}"
    for body, code in (({"purposes": ["99"]}, "token-purposes"), ({"days": 91}, "validation-failed")):
        refused = town.act("warden", f"{path}/actions/issue-token", {"title": "接口", **body}, 1)
        assert refused.status_code == 422, refused.text
        assert refused.json()["code"] in {code, "invalid"}
    assert town.act("warden", f"{path}/actions/reset-password", {}, 1).json()["code"] == "machine-no-password"
    issued = town.act(
        "warden", f"{path}/actions/issue-token", {"title": "接口", "purposes": ["01"], "days": 30}, 1
    )
    assert issued.status_code == 200, issued.text
    token = issued.json()["token"]
    assert as_bearer(town, token, "GET", "/v1/streets").status_code == 200
    look = f"/v1/housing-units/{town.ids['unit']}/occupants"
    for purpose, status in (("01", 200), ("02", 403)):
        headers = {"Authorization": f"Bearer {token}", "Access-Purpose": f"{purpose}; case=JD20261101"}
        assert town.client.get(look, headers=headers).status_code == status
    assert (
        as_bearer(
            town, token, "POST", "/v1/account/actions/start-second-factor", json={"password": "x"}
        ).status_code
        == 422
    )
    shown = town.call("warden", "GET", path).json()["sessions"]
    assert [(row["kind"], row["title"], row["purposes"]) for row in shown] == [("machine", "接口", ["01"])]
    ended = town.act("warden", f"{path}/actions/end-session", {"session_id": shown[0]["id"]}, 2)
    assert ended.status_code == 200, ended.text
    assert as_bearer(town, token, "GET", "/v1/streets").status_code == 401
    person = town.act("warden", "/v1/accounts/{managed}/actions/issue-token", {"title": "接口"}, 1)
    assert person.json()["code"] == "token-for-machines"
    for machine in (True, False):
        admin = add(town, role="audit_admin", is_machine=machine)
        assert (admin.status_code, admin.json()["code"]) == (403, "administrator-by-console")


def test_purposes_are_kept_by_the_whole_installation_alone(town: "Town") -> None:
    new = {
        "code": "41",
        "title": "学区核验",
        "legal_basis": "义务教育法第十二条",
        "roles": ["officer"],
        "fields": ["name"],
    }
    assert town.act("security_admin", "/v1/purposes", new).status_code == 403
    assert town.act("officer", "/v1/purposes", new).status_code == 403
    assert town.act("warden", "/v1/purposes", {**new, "roles": ["clerk"]}).json()["code"] == "purpose-roles"
    for pattern in ("(", "a)|(b", r"(a)\1"):
        assert town.act("warden", "/v1/purposes", {**new, "case_pattern": pattern}).status_code == 422
    added = town.act("warden", "/v1/purposes", {**new, "case_pattern": "XQ[0-9]{6}"})
    assert (added.status_code, added.json()) == (201, {"id": "41", "version": 1}), added.text
    assert town.act("warden", "/v1/purposes", new).status_code == 409
    look = "/v1/housing-units/{unit}/occupants"
    for case, status in (("JD20261101", 403), ("XQ202611", 200)):
        seen = town.call("officer", "GET", look, headers={"Access-Purpose": f"41; case={case}"})
        assert seen.status_code == status, seen.text
    changed = town.act("warden", "/v1/purposes/41/actions/change", {"roles": ["station_head"]}, 1)
    assert changed.json() == {"id": "41", "version": 2}
    assert (
        town.call("officer", "GET", look, headers={"Access-Purpose": "41; case=XQ202611"}).status_code == 403
    )
    assert town.act("warden", "/v1/purposes/41/actions/change", {"title": "旧名"}, 1).status_code == 412
    ended = town.act("warden", "/v1/purposes/41/actions/end", {}, 2)
    assert ended.status_code == 200, ended.text
    codes = [row["code"] for row in town.call("station_head", "GET", "/v1/purposes").json()["rows"]]
    assert "41" not in codes
    every = town.call("warden", "GET", "/v1/purposes?all=true").json()["rows"]
    assert next(row for row in every if row["code"] == "41")["title"] == "学区核验"
    assert town.call("officer", "GET", "/v1/purposes?all=true").status_code == 403


def test_accounts_are_found_page_by_page(town: "Town") -> None:
    logins: list[str] = []
    after: str | None = ""
    while after is not None:
        page = town.call("warden", "GET", f"/v1/accounts?limit=5{after and f'&after={after}'}").json()
        logins += [row["login"] for row in page["rows"]]
        after = page["next"]
    assert logins == sorted(set(logins))
    assert {"officer", "foreign", "warden", "robot"} <= set(logins)
    assert all(
        row["role"] == "officer"
        for row in town.call("warden", "GET", "/v1/accounts?role=officer&active=true&limit=100").json()[
            "rows"
        ]
    )
    robots = town.call("warden", "GET", "/v1/accounts?machine=true&text=rob").json()["rows"]
    assert [(row["login"], row["password"], row["areas"][0]["name"]) for row in robots] == [
        ("robot", "none", "月河镇")
    ]
    elsewhere = town.call("warden", "GET", f"/v1/accounts?area_id={town.ids['far']}").json()["rows"]
    assert [row["login"] for row in elsewhere if row["login"] == "foreign"] == ["foreign"]
