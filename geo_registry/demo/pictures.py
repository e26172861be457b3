"""Pictures of door plates on a wall, drawn: what an installer's photo would show."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFont

SIZE = (480, 360)
BLUE, WHITE = (18, 74, 158), (250, 250, 250)


def plate_picture(number: str) -> bytes:
    """Return a JPEG of a blue plate with a number, hanging on a wall whose colour follows from the number."""
    # A picture, not a secret.
    rng = Random(number)  # noqa: S311
    shade = rng.randint(165, 215)
    image = Image.new("RGB", SIZE, (shade, shade - rng.randint(4, 18), shade - rng.randint(18, 42)))
    pen = ImageDraw.Draw(image)
    for y in range(rng.randint(0, 30), SIZE[1], 36):
        pen.line([(0, y), (SIZE[0], y + rng.randint(-2, 2))], fill=(shade - 26,) * 3, width=2)
    left, top = rng.randint(100, 140), rng.randint(105, 135)
    box = (left, top, left + 240, top + 120)
    pen.rounded_rectangle(box, radius=10, fill=BLUE, outline=WHITE, width=5)
    font = ImageFont.load_default(size=64)
    pen.text(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), number, fill=WHITE, font=font, anchor="mm")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()
