from pathlib import Path

import pytest

from geo_registry.errors import RuleBroken
from geo_registry.exchange.mapping import Mapping, load_mapping, shipped_mappings


def mapping(**values: object) -> Mapping:
    return Mapping.model_validate({"code": "mine", "title": "Mine", "kind": "plates", **values})


def test_a_column_name_stands_for_itself_and_capitals_do_not_matter() -> None:
    found = mapping(columns={"street": "road", "lon": [{"column": "x_e7", "scale": 1e-7}, "X"]})
    assert found.sources_in(["ROAD", "X"])["street"].column == "ROAD"
    assert found.sources_in(["ROAD", "X"])["lon"].scale == 1.0
    assert found.sources_in(["x_e7", "X"])["lon"].scale == 1e-7


def test_a_missing_required_column_is_named() -> None:
    wanting = mapping(columns={"number": ["number", "no"]}, required=["number"])
    with pytest.raises(RuleBroken, match="number / no") as caught:
        wanting.sources_in(["road"])
    assert caught.value.code == "column-missing"


def test_a_constant_satisfies_a_required_column() -> None:
    assert mapping(constants={"number": "1"}, required=["number"]).sources_in([]) == {}


@pytest.mark.parametrize("path", shipped_mappings().values(), ids=lambda path: path.stem)
def test_every_shipped_mapping_loads_under_its_own_code(path: Path) -> None:
    import yaml

    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert load_mapping(path.stem, content["kind"]).code == path.stem


def test_faulty_mappings_are_refused(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text("code: faulty\ntitle: F\nkind: plates\ncolour: red\n", encoding="utf-8")
    for given, kind, code in (
        ("nowhere", "plates", "mapping-missing"), (str(faulty), "plates", "mapping-faulty"),
        ("door-plates", "areas", "mapping-kind"),
    ):  # fmt: skip
        with pytest.raises(RuleBroken) as caught:
            load_mapping(given, kind)
        assert caught.value.code == code
