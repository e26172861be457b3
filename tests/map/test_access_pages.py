"""Who may see what, on pages: signing in by two steps, accounts, purposes, reviews, audit, disclosures."""

import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import psycopg
import pyotp
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.conftest import sign_in as new_session
from tests.map.test_journeys import faults_of
from tests.map.town import PASSWORD

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
NEW_PASSWORD = "three words and more"


def hold(visitor: Visitor, name: str) -> None:
    """Hold the page as it stands to the watch, to axe and to human eyes."""
    visitor.shoot(name)
    visitor.settle()
    assert faults_of(visitor) == []


def sign_in(visitor: Visitor, login: str, password: str) -> None:
    visitor.page.goto(f"{visitor.watch.base}/login")
    visitor.page.fill("#login", login)
    visitor.page.fill("#password", password)
    visitor.page.click("#login-form [type=submit]")


def sign_out(visitor: Visitor) -> None:
    visitor.page.click("#who summary")
    visitor.page.click("[data-sign-out]")
    visitor.page.wait_for_url("**/login")


def choose(visitor: Visitor, text: str) -> None:
    """Open what a table or queue names."""
    visitor.page.click(f"main a:has-text('{text}')")
    visitor.page.wait_for_selector(".access-pane-head")


def add_officer(visitor: Visitor, login: str) -> str:
    """Add an account on its page; return the one-time password."""
    page = visitor.page
    sign_in(visitor, "an", PASSWORD)
    page.wait_for_url("**/accounts")
    page.click("[data-open=act-add]")
    page.fill("#add-login", login)
    page.fill("#add-name", "新某")
    page.select_option("#add-role", "officer")
    assert page.is_checked("#act-add [name=second_factor_required]")
    page.click("#act-add [type=submit]")
    expect(page.locator("#add-area_ids-error").first).to_have_text("请填写此项", use_inner_text=True)
    page.fill("#add-find", "990101001000")
    visitor.wait("document.querySelectorAll('#add-area_ids option').length === 1")
    hold(visitor, "account-add")
    page.click("#act-add [type=submit]")
    page.wait_for_selector("#secret[open]")
    one_time = page.inner_text("#secret-text")
    hold(visitor, "account-secret")
    page.click("#secret-close")
    page.wait_for_selector(".access-pane-head")
    expect(page.locator(".access-pane").first).to_contain_text("一次性密码", use_inner_text=True)
    assert one_time not in page.content()
    sign_out(visitor)
    return one_time


def put_in_order(visitor: Visitor, login: str, one_time: str) -> list[str]:
    """Change the one-time password and set the second factor up; return the recovery codes."""
    page = visitor.page
    sign_in(visitor, login, one_time)
    page.wait_for_url("**/account")
    expect(page.locator(".access-due").first).to_contain_text("请先改掉一次性密码", use_inner_text=True)
    page.goto(f"{visitor.watch.base}/person")
    assert page.url.endswith("/account")
    page.fill("#own-password", one_time)
    page.fill("#own-new", NEW_PASSWORD)
    page.fill("#own-again", "something else")
    page.click("#password-form [type=submit]")
    expect(page.locator("#own-again-error").first).to_have_text("两次输入的新密码不同", use_inner_text=True)
    page.fill("#own-again", NEW_PASSWORD)
    page.click("#password-form [type=submit]")
    page.wait_for_selector(".access-due h2:has-text('请先设置两步验证')")
    page.fill("#start-password", NEW_PASSWORD)
    page.click("#factor-start [type=submit]")
    page.wait_for_selector("#factor-code svg")
    secret = pyotp.TOTP(page.inner_text("#factor-key").replace(" ", ""))
    page.fill("#confirm-code", "000000")
    page.click("#factor-confirm [type=submit]")
    page.wait_for_selector("#confirm-code-error:not([hidden])")
    hold(visitor, "account-factor")
    page.fill("#confirm-code", secret.now())
    page.click("#factor-confirm [type=submit]")
    page.wait_for_selector("#codes[open]")
    recovery = page.locator("#codes-list li").all_inner_texts()
    assert len(set(recovery)) == 10
    hold(visitor, "account-codes")
    page.emulate_media(media="print")
    assert [page.is_visible(part) for part in ("#codes-list", "#codes-close", ".topbar", "#main")] == [
        True,
        False,
        False,
        False,
    ]
    visitor.shoot("account-codes-print")
    page.emulate_media(media="screen")
    page.click("#codes-close")
    page.wait_for_selector("#map-frame")
    return recovery


@both
def test_a_new_officer_puts_the_own_account_in_order(visit: Visit, size: tuple[int, int]) -> None:
    """A one-time password, a password of one's own, a second factor, and only then the map."""
    visitor = visit(size)
    page = visitor.page
    login = f"new{uuid4().hex[:6]}"
    recovery = put_in_order(visitor, login, add_officer(visitor, login))
    sign_out(visitor)

    sign_in(visitor, login, NEW_PASSWORD)
    page.wait_for_selector("#second-step:not([hidden])")
    page.fill("#code", "000000")
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#code-error:not([hidden])")
    hold(visitor, "login-second")
    page.fill("#code", recovery[0])
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#map-frame")
    page.goto(f"{visitor.watch.base}/account")
    expect(page.locator("main").first).to_contain_text("还有 9 个备用码", use_inner_text=True)
    hold(visitor, "account")


@both
def test_an_account_is_changed_granted_and_switched_off(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    login = f"m{uuid4().hex[:6]}"
    visitor.enter("an", "/accounts")
    page.click("[data-open=act-add]")
    page.fill("#add-login", login)
    page.fill("#add-name", "对接程序")
    page.select_option("#add-role", "officer")
    page.check("#act-add [name=is_machine]")
    page.select_option("#add-area_ids", label="全部辖区")
    page.click("#act-add [type=submit]")
    page.wait_for_selector(f".access-pane:has-text('{login}')")
    page.click("[data-open=act-token]")
    page.fill("#token-title", "夜间同步")
    page.click("#act-token [name=purposes] >> nth=0")
    page.click("#act-token [type=submit]")
    page.wait_for_selector("#secret[open]")
    token = page.inner_text("#secret-text")
    page.click("#secret-close")
    page.wait_for_selector(".access-pane :text('夜间同步')")
    hold(visitor, "accounts-machine")
    asked = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{visitor.watch.base}/v1/session", headers=asked).json()["login"] == login

    page.click("[data-open=act-grant]")
    page.select_option("#grant-division_id", index=2)
    page.fill("#grant-valid_to", "2020-01-01")
    page.click("#act-grant [type=submit]")
    page.wait_for_selector("#act-grant .field-error:not([hidden])")
    page.fill("#grant-valid_to", "2099-12-31")
    page.click("#act-grant [type=submit]")
    page.wait_for_selector(".access-list :text('2099-12-31')")
    page.click("[data-open=act-switch]")
    page.click("#act-switch [type=submit]")
    page.wait_for_selector(".access-pane .chip-warning:has-text('停用')")
    assert httpx.get(f"{visitor.watch.base}/v1/session", headers=asked).status_code == 401

    page.goto(f"{visitor.watch.base}/accounts?role=leader")
    page.click("main a[href*='account=']")
    page.click("[data-open=act-change]")
    assert not page.is_checked("#act-change [name=second_factor_required]")
    page.select_option("#change-role", "officer")
    assert page.is_checked("#act-change [name=second_factor_required]")

    page.goto(f"{visitor.watch.base}/accounts?text=an")
    hold(visitor, "accounts")
    choose(visitor, "an")
    expect(page.locator("[data-open=act-switch]")).to_have_count(0)
    expect(page.locator(".access-pane").first).to_contain_text("您自己的账号", use_inner_text=True)


@both
def test_a_purpose_is_added_changed_and_ended(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    code = f"p{size[0]}"
    visitor.enter("an", "/purposes")
    hold(visitor, "purposes")
    page.click("[data-open=act-add]")
    page.fill("#add-code", code)
    page.fill("#add-title", "消防检查")
    page.fill("#add-legal_basis", "消防法第五十三条")
    page.click("#act-add [type=submit]")
    page.wait_for_selector("#act-add .field-error:not([hidden])")
    page.check("#act-add [name=roles][value=officer]")
    hold(visitor, "purpose-add")
    page.click("#act-add [type=submit]")
    choose(visitor, code)
    page.click("[data-open=act-change]")
    page.fill("#change-report_delay_days", "30")
    page.uncheck("#act-change [name=fields][value=phone]")
    page.click("#act-change [type=submit]")
    page.wait_for_selector(".access-pane dd:has-text('查看后 30 天起')")
    assert "电话" not in page.inner_text(".access-pane dl")
    hold(visitor, "purpose")
    page.click("[data-open=act-end]")
    page.click("#act-end [type=submit]")
    page.wait_for_selector(".access-pane .chip:has-text('已停用')")


@pytest.fixture
def waiting(town_url: cluster.Urls) -> None:
    """Give three alarms about the officer that nobody has judged."""
    query = """
        INSERT INTO registry.look_review (kind, account_id, looks)
        SELECT kind, a.id, 7 FROM registry.account a, unnest(ARRAY['night', 'walking', 'habit']) kind WHERE a.login = 'du'
    """
    with psycopg.connect(town_url.owner, autocommit=True) as connection:
        connection.execute("DELETE FROM registry.look_review")
        connection.execute(query)


@both
@pytest.mark.usefixtures("waiting")
def test_looks_are_judged_by_keys(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("zhan", "/reviews")
    expect(page.locator("#queue li")).to_have_count(3)
    first, second = page.locator("#queue b").all_inner_texts()[:2]
    hold(visitor, "reviews")
    if visitor.width == PHONE[0]:
        choose(visitor, first)
        hold(visitor, "review")
        page.click("#decide-justified [type=submit]")
    else:
        page.keyboard.press("ArrowDown")
        page.wait_for_selector(f".access-pane h2:has-text('{second}')")
        page.wait_for_load_state()
        page.keyboard.press("ArrowUp")
        page.wait_for_selector(f".access-pane h2:has-text('{first}')")
        page.wait_for_load_state()
        page.keyboard.press("a")
    page.locator("#queue li").nth(2).wait_for(state="detached")
    if visitor.width == PHONE[0]:
        choose(visitor, second)
        page.click("[data-open=act-unjustified]")
    else:
        page.wait_for_load_state()
        page.keyboard.press("r")
    page.click("#act-unjustified [type=submit]")
    expect(page.locator("#unjustified-note-error").first).to_have_text("请填写此项", use_inner_text=True)
    page.fill("#unjustified-note", "没有对应的案卷")
    page.click("#act-unjustified [type=submit]")
    page.locator("#queue li").nth(1).wait_for(state="detached")
    page.goto(f"{visitor.watch.base}/reviews?state=judged")
    assert page.locator("#queue .chip").all_inner_texts() == ["不属正当", "属正当"]


@both
def test_the_audit_is_read_and_filtered(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("shen", "/")
    assert page.url.endswith("/audit")
    expect(page.locator(".access-state").first).to_contain_text("锚定正常", use_inner_text=True)
    hold(visitor, "audit")
    new_session(visitor.watch.base, "du")
    page.select_option("#filter-action", "sign-in")
    page.fill("#filter-account", "du")
    page.click("#filter [type=submit]")
    page.wait_for_selector(".access-rows tbody tr")
    assert set(page.locator(".access-rows td[data-label=动作]").all_inner_texts()) == {"登录\n密码"}
    page.select_option("#filter-action", "prune")
    page.click("#filter [type=submit]")
    page.wait_for_selector("text=没有符合条件的记录")
    page.goto(f"{visitor.watch.base}/audit?action=read-audit")
    assert page.locator(".access-rows tbody tr").count() >= 3
    page.click(".access-heads summary")
    expect(page.locator(".access-heads tbody tr")).to_have_count(16)
    visitor.settle()


@both
def test_a_list_leaves_after_two_approvals(visit: Visit, client: httpx.Client, size: tuple[int, int]) -> None:
    building = client.get("/v1/buildings", params={"limit": 1}).json()["rows"][0]["title"]
    visitor = visit(size)
    page = visitor.page
    recipient = f"某区人民法院{size[0]}"
    visitor.enter("du", "/disclosures")
    page.click("[data-open=act-request]")
    page.click("#act-request [type=submit]")
    expect(page.locator("#request-object_id-error").first).to_have_text("请填写此项", use_inner_text=True)
    page.fill("#request-find", building)
    visitor.wait("document.querySelector('#request-object_id option')?.textContent.includes('整幢')")
    page.select_option("#request-purpose", index=1)
    page.fill("#request-case_number", "(2026)映法函0218号")
    page.fill("#request-recipient", recipient)
    page.fill("#request-reason", "核对被执行人住所")
    hold(visitor, "disclosure-request")
    page.click("#act-request [type=submit]")
    page.click(f"tr:has-text('{recipient}') a")
    page.wait_for_selector(f".access-pane dd:has-text('{recipient}')")
    expect(page.locator("[data-make], [data-open=act-approve]")).to_have_count(0)
    address = page.url
    for judge in ("zhan", "ren"):
        visitor.page.context.clear_cookies()
        visitor.enter(judge, address.removeprefix(visitor.watch.base))
        page.click("[data-open=act-approve]")
        page.fill("#approve-note", f"{judge} 已核对来函")
        page.click("#act-approve [type=submit]")
        page.wait_for_selector(f".access-list :text('{judge} 已核对来函')")
        page.wait_for_load_state()
        expect(page.locator("[data-make]")).to_have_count(0)
    visitor.page.context.clear_cookies()
    visitor.enter("du", address.removeprefix(visitor.watch.base))
    hold(visitor, "disclosure")
    with page.expect_download() as download:
        page.click("[data-make=csv]")
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.startswith("对外提供")
    assert recipient in text.splitlines()[0]
    page.wait_for_selector("#make-told:has-text('审计号')")
    page.reload()
    page.wait_for_selector(".access-list b:has-text('CSV')")
    hold(visitor, "disclosure-made")


def test_an_emergency_asks_for_a_fresh_second_factor(visit: Visit, server: str) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("pan", "/account")
    page.fill("#start-password", PASSWORD)
    page.click("#factor-start [type=submit]")
    page.wait_for_selector("#factor-code svg")
    secret = pyotp.TOTP(page.inner_text("#factor-key").replace(" ", ""))
    page.fill("#confirm-code", secret.at(int(time.time()) - 30))
    page.click("#factor-confirm [type=submit]")
    page.wait_for_selector("#codes[open]")
    page.click("#codes-close")
    page.wait_for_selector("text=还有 10 个备用码")
    page.goto(f"{server}/person")
    page.click("[data-open=emergency]")
    page.click("#emergency-form [type=submit]")
    expect(page.locator("#emergency-form .field-error:visible")).to_have_count(3)
    hold(visitor, "emergency")
    page.fill("#emergency-case", "110-20261120-07")
    page.fill("#emergency-reason", "走失老人，须联系家属")
    page.fill("#emergency-code", "000000")
    page.click("#emergency-form [type=submit]")
    page.wait_for_selector("#emergency-code-error:not([hidden])")
    page.fill("#emergency-code", secret.now())
    page.click("#emergency-form [type=submit]")
    page.wait_for_selector(".emergency-open.is-open")
    visitor.wait("!document.getElementById('emergency').open")
    visitor.page.context.clear_cookies()
    visitor.enter("zhan", "/reviews?kind=emergency")
    expect(page.locator(".access-pane").first).to_contain_text("走失老人，须联系家属", use_inner_text=True)


def test_an_emergency_is_at_hand_on_a_phone(visit: Visit) -> None:
    visitor = visit(PHONE)
    visitor.enter("du", "/")
    visitor.page.click("[data-open=emergency]")
    visitor.page.wait_for_selector("#emergency[open]")
    hold(visitor, "emergency")
    visitor.page.click("#emergency [data-close] >> nth=0")
    hold(visitor, "home-emergency")


def test_pages_are_absent_for_others(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    rights = {
        "/accounts": {"an"}, "/purposes": {"an"}, "/audit": {"shen"}, "/reviews": {"zhan", "ren"},
        "/disclosures": {"du", "zhan", "ren"},
    }  # fmt: skip
    for path, logins in rights.items():
        for login in ("du", "lin", "an", "shen", "zhan", "ren", "ye"):
            reply = httpx.get(f"{server}{path}", headers=headers_of(server, cookies[login]))
            assert reply.status_code == (200 if login in logins else 404), (path, login)
    for login in ("du", "lin", "ye"):
        told = httpx.get(f"{server}/account", headers=headers_of(server, cookies[login]))
        assert told.status_code == 200
        assert ("我的查看" in told.text) == (login == "du")
