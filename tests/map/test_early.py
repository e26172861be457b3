"""What is pressed before the scripts of a page have come is done once they are there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.map.conftest import DESK, Visitor
from tests.map.town import PASSWORD

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]


def late(page: Page, script: str) -> list[Route]:
    """Hold a script of the pages back; answer where the held request will stand."""
    held: list[Route] = []
    page.route(f"**/{script}", lambda route: held.append(route), times=1)  # noqa: PLW0108  (a function can be marked)
    return held


def let_come(page: Page, held: list[Route]) -> None:
    """Let a script come that was held back; it may still be on its way here."""
    for _ in range(300):
        if held:
            held.pop().continue_()
            return
        page.wait_for_timeout(100)
    raise AssertionError("the page asks for no such script")


def test_a_form_sent_early_waits_and_puts_nothing_into_the_address(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    held = late(page, "js/login.js")
    page.goto(f"{visitor.watch.base}/login", wait_until="commit")
    page.fill("#login", "du")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.press("#password", "Enter")
    page.wait_for_timeout(300)
    assert page.url == f"{visitor.watch.base}/login"
    let_come(page, held)
    page.wait_for_selector("#who")
    assert not [one for one in visitor.watch.requests if "password" in one or "login=" in one]
    assert (
        len([one for one in visitor.watch.requests if one.startswith("POST") and "/v1/session" in one]) == 1
    )


def test_a_button_pressed_early_is_pressed_once_the_page_listens(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.sign_in()  # a session of its own, for it ends here
    held = late(page, "js/shell.js")
    page.goto(f"{visitor.watch.base}/about", wait_until="commit")
    page.click("#who summary")
    page.click("[data-sign-out]")
    page.wait_for_timeout(300)
    assert page.url == f"{visitor.watch.base}/about"
    let_come(page, held)
    page.wait_for_url(f"{visitor.watch.base}/login")


def test_a_text_typed_early_is_read(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lin", "/addresses")
    held = late(page, "js/reading.js")
    page.goto(page.url, wait_until="commit")
    page.fill("#text", "映月路8号")
    visitor.wait("document.readyState !== 'loading'")
    let_come(page, held)
    page.wait_for_selector(".read")
    assert page.input_value("#text") == "映月路8号"
