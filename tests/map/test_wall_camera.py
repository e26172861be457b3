"""Scanning a sign with the camera of a phone: a camera that films the sign as it is drawn for the maker."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser

from geo_registry.address.profile import load_profile
from geo_registry.plate.codes import plate_url
from tests.map.conftest import _CSP_WATCH, ARGUMENTS, CHROMIUM, PHONE, Visitor, Watch
from tests.map.test_journeys import faults_of
from tests.map.test_wall_pages import Office, office, open_list
from web_map.plate_faces import draw_face

__all__ = ["office"]
WIDTH, HEIGHT, RATE = 640, 480, 8
CORNER = """
    document.querySelector('path.square').getBoundingClientRect().toJSON()
"""


def picture_of(browser: Browser, name: str, number: str, code: str) -> Image.Image:
    """Return a sign as the maker draws it, seen from near its square code."""
    profile = load_profile("shanghai")
    sizes = [size for size in profile.plates if size.qr_mm]
    face = draw_face(name, number, 1400, sizes[0].kind, profile, plate_url(code))
    page = browser.new_page(viewport={"width": 1500, "height": 1200})
    page.set_content(f"<body style='margin:40px;background:#b9b2a4'>{face}</body>")
    found = page.evaluate(CORNER)
    side = found["width"] * 1.6
    clip = {
        "x": found["x"] + found["width"] / 2 - side * WIDTH / HEIGHT / 2,
        "y": found["y"] + found["height"] / 2 - side / 2,
        "width": side * WIDTH / HEIGHT,
        "height": side,
    }
    seen = Image.open(io.BytesIO(page.screenshot(clip=clip)))  # type: ignore[arg-type]
    page.close()
    return seen.convert("RGB").resize((WIDTH, HEIGHT))


def film(path: Path, sign: Image.Image) -> None:
    """Write a film: a wall, then the sign held a little askew and shaking, under a grain of light."""
    wall = Image.effect_noise((WIDTH, HEIGHT), 30).convert("RGB")
    shots = [wall] * RATE
    for step in range(4 * RATE):
        held = sign.rotate(4 + step % 3, fillcolor=(185, 178, 164), translate=(step % 5, step % 4))
        shots.append(Image.blend(held, wall, 0.12))
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for shot in shots:
            light, blue, red = shot.convert("YCbCr").split()
            half = (WIDTH // 2, HEIGHT // 2)
            out.write(b"FRAME\n" + light.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes())


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """Give the place of the film that the camera shows."""
    return tmp_path / "camera.y4m"


@pytest.fixture
def phone(
    browser: Browser,
    server: str,
    cookies: dict[str, httpx.Cookies],
    camera: Path,
    office: Office,
    request: pytest.FixtureRequest,
) -> Iterator[tuple[Visitor, str]]:
    """Give a phone whose camera films the sign of a plate that waits, and the plate."""
    (row,) = office.delivered(1, f"镜头 {request.node.name[9:]}")
    film(camera, picture_of(browser, "映月路", "118", row["code"]))
    arguments = [
        *ARGUMENTS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={camera}",
    ]
    filming = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    size = {"width": PHONE[0], "height": PHONE[1]}
    context = filming.new_context(viewport=size, locale="zh-CN", has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    context.add_init_script(_CSP_WATCH)
    visitor = Visitor(context.new_page(), Watch(server), PHONE[0], cookies)
    visitor.watch.follow(visitor.page)
    yield visitor, row["id"]
    visitor.settle()
    filming.close()


@pytest.mark.browser
@pytest.mark.requirement("R89")
def test_the_plate_that_the_camera_sees_opens(phone: tuple[Visitor, str]) -> None:
    visitor, plate_id = phone
    page = visitor.page
    open_list(visitor)
    assert page.evaluate("'BarcodeDetector' in window") is False
    page.context.set_offline(True)
    page.click("#scan-open")
    page.wait_for_url(f"**/plates/{plate_id}/install")
    page.wait_for_selector("#install-form:not([hidden])")
    page.context.set_offline(False)


@pytest.mark.browser
def test_the_camera_stops_with_the_dialog(phone: tuple[Visitor, str]) -> None:
    visitor, _ = phone
    page = visitor.page
    open_list(visitor)
    # Nothing is looked at before the film plays: the dialog stays open.
    page.evaluate("void (document.querySelector('#scan-video').play = () => new Promise(() => {}))")
    page.click("#scan-open")
    visitor.wait("document.querySelector('#scan-video').srcObject !== null")
    page.evaluate("void (window.track = document.querySelector('#scan-video').srcObject.getTracks()[0])")
    assert page.evaluate("window.track.readyState") == "live"
    visitor.shoot("wall-camera")
    assert faults_of(visitor) == []
    page.keyboard.press("Escape")
    visitor.wait("window.track.readyState === 'ended'")
    assert page.evaluate("document.querySelector('#scan-video').srcObject") is None
