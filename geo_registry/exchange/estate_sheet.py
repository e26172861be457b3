"""Read the sheets of a workbook in a process of its own: a small file can ask for any memory.

Takes the workbook from standard input and gives, as JSON, the first sheet and each further one with lines:
its `name`, its cells, `rows`, and the corners of what was `merged`. Run as a file, without the package, to
start at once.
"""

import io
import json
import resource
import sys

MOST_BYTES, MOST_SECONDS, MOST_CELLS, MOST_CHARACTERS = 1 << 30, 10, 4_000_000, 40_000_000
LONGEST = 500


def main() -> None:
    """Read, or die of a limit."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    told, cells, characters = [], 0, 0
    for place, name in enumerate(book.sheet_names):
        sheet = book.get_sheet_by_index(place)
        if place and sheet.height < 2:
            continue
        last_row, last_column = sheet.end or (0, 0)
        cells += (last_row + 1) * (last_column + 1)
        if cells > MOST_CELLS:
            raise SystemExit("reaches too far")
        rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        characters += sum(len(cell) for row in rows for cell in row if isinstance(cell, str))
        if characters > MOST_CHARACTERS:
            raise SystemExit("says too much")
        told.append({"name": name, "rows": rows, "merged": sheet.merged_cell_ranges or []})
    json.dump(told, sys.stdout, ensure_ascii=True)


def _plain(cell: object) -> str | int | float:
    if isinstance(cell, int | float):
        return cell
    return str(cell)[:LONGEST]


if __name__ == "__main__":
    main()
