"""CSV as spreadsheets write it: what is taken, and the verdict on what could mean two things."""

import csv
import io
from itertools import pairwise
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidRequest
from app.imports.columns import FIXED, column_named
from app.imports.csv_rows import column_at, submission_of
from app.imports.header import header_from
from app.imports.splitting import Splitter
from app.instruments.definitions import shipped
from app.responses.schemas import Submission, VoidInBatch
from tests.imports.conftest import CSV, Work, csv_of, taken
from tests.imports.test_results import fetched
from tests.support.own import OWN, definition, publish

SRS = {"instrument": "srs-3", "rater_role": "client"}
PAIR = {"alliance_external_id": "a-1", "client_ref": "c-1", "professional_ref": "p-1"}


def read(name: str, cell: str, separator: str = ",") -> Any:
    """What a cell becomes in a file with this column alone."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerow([cell, "x"])
    raw = text.getvalue().removesuffix("\r\n").encode()
    body: Any = submission_of(raw, separator, [name, "external_id"])
    column = column_named(name)
    assert column is not None
    if column.kind == "number":
        (reported,) = body["reported_scores"]
        return reported[column.path[-1]]
    for part in column.path:
        if part not in body:
            return None
        body = body[part]
    return body


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("item_1", "4", 4),
        ("item_1", " 4 ", 4),
        ("item_1", "4.0", 4.0),
        ("item_1", "-1", -1),
        ("item_1", "declined", "declined"),
        ("item_1", "Not_Applicable", "not_applicable"),
        ("item_1", "", None),
        ("item_1", "  ", None),
        ("case_ref", " a ", " a "),
        ("case_ref", "007", "007"),
        ("case_ref", "'=1", "'=1"),
        ("session_number", "3", 3),
        ("backfill", "TRUE", True),
        ("interpreter", "false", False),
        ("occurred_on", "2026-11-20", "2026-11-20"),
        ("occurred_at", "2026-11-20T10:00:00+01:00", "2026-11-20T10:00:00+01:00"),
        ("notice_audience", "client  supervisor", ["client", "supervisor"]),
        ("reported_bond_mean", "3.25", 3.25),
        ("reported_total_sum", "44", 44),
        ("void_reason", "wrong person", "wrong person"),
    ],
)
def test_a_cell_is_read(name: str, cell: str, value: object) -> None:
    found = read(name, cell)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_decimal_comma_is_read_where_it_can_mean_nothing_else(separator: str) -> None:
    assert read("item_1", "9,4", separator) == 9.4
    assert read("reported_total_sum", "44,25", separator) == 44.25


@pytest.mark.parametrize(
    ("name", "cell", "separator", "code"),
    [
        ("item_1", "9,4", ",", "decimal_comma"),
        ("item_1", "1,234", ";", "decimal_comma"),
        ("reported_total_sum", "1.234,5", ";", "decimal_comma"),
        ("item_1", "four", ",", "not_an_answer"),
        ("item_1", "nan", ",", "not_an_answer"),
        ("item_1", "1e1", ",", "not_an_answer"),
        ("item_1", "٤", ",", "not_an_answer"),
        ("item_1", "#N/A", ",", "not_an_answer"),
        ("item_1", "9" * 400, ",", "not_an_answer"),
        ("reported_bond_mean", "bad", ",", "not_a_number"),
        ("session_number", "3.0", ",", "not_a_whole_number"),
        ("session_number", "third", ",", "not_a_whole_number"),
        ("backfill", "WAHR", ",", "not_true_or_false"),
        ("backfill", "1", ",", "not_true_or_false"),
        ("occurred_on", "31.12.2026", ",", "date_not_iso"),
        ("occurred_on", "12/31/2026", ",", "date_not_iso"),
        ("occurred_on", "01/02/2026", ",", "date_not_iso"),
        ("occurred_on", "46387", ",", "date_not_iso"),
        ("occurred_on", "2026-11-20 00:00:00", ",", "date_not_iso"),
        ("occurred_at", "2026-11-20 10:00", ",", "time_not_iso"),
        ("occurred_at", "2026-11-19T10:00:00", ",", "time_not_iso"),
        ("case_ref", "#WERT!", ",", "spreadsheet_error"),
        ("external_id", "1.23457E+11", ",", "shortened_number"),
        ("client_ref", "1,23E+11", ";", "shortened_number"),
    ],
)
def test_a_cell_that_could_mean_two_things_gets_its_verdict(
    name: str, cell: str, separator: str, code: str
) -> None:
    if name == "external_id":
        with pytest.raises(InvalidRequest) as refused:
            submission_of(cell.encode(), separator, [name])
    else:
        with pytest.raises(InvalidRequest) as refused:
            read(name, cell, separator)
    (error,) = refused.value.errors
    assert error.code == code
    assert column_at(error.pointer, [name]) == name
    assert cell not in error.detail


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"1", "wrong_number_of_cells"),
        (b"1,2,3", "wrong_number_of_cells"),
        (b'1,"2', "malformed_csv"),
        (b'1,"2"x', "malformed_csv"),
        (b"1,\xe4", "not_utf8"),
    ],
)
def test_a_row_that_cannot_be_read_gets_its_verdict(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        submission_of(raw, ",", ["external_id", "item_1"])
    assert refused.value.errors[0].code == code


def test_empty_cells_at_the_end_are_nothing() -> None:
    assert submission_of(b"1,4,,,", ",", ["external_id", "item_1"]) == {
        "external_id": "1",
        "answers": {"1": 4},
    }


def test_every_column_fills_a_field_that_there_is() -> None:
    for column in FIXED:
        model: Any = VoidInBatch if column.path[0] == "void" else Submission
        for part in column.path:
            assert part in model.model_fields, column.name
            kinds = [model.model_fields[part].annotation]
            kinds += list(getattr(kinds[0], "__args__", ()))
            model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
    assert len({column.name for column in FIXED}) == len(FIXED)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(
    rows=st.lists(st.tuples(CELL, CELL).filter(lambda row: any(map(str.strip, row))), min_size=1),
    separator=st.sampled_from(",;\t"),
    cuts=st.lists(st.integers(0, 200), max_size=5),
)
def test_rows_are_those_that_a_csv_reader_finds(
    rows: list[tuple[str, str]], separator: str, cuts: list[int]
) -> None:
    """Whatever is quoted in them, and wherever the bytes are cut on their way."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    content = text.getvalue().encode()
    splitter = Splitter(quotes=True)
    splitter.separator = separator.encode()
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    found = [raw for start, end in pairwise(places) for _, raw in splitter.rows(content[start:end])]
    found += [raw for _, raw in splitter.last()]
    read_again = [next(csv.reader([one.decode()], delimiter=separator)) for one in found]
    expected = [list(row) for row in rows if "".join(row).strip(' \t\r\n,;"')]
    assert read_again == expected


@given(st.binary(max_size=300), st.booleans())
def test_whatever_comes_no_byte_of_a_row_is_lost(content: bytes, quotes: bool) -> None:  # noqa: FBT001 - as made
    splitter = Splitter(quotes=quotes)
    found = [*splitter.rows(content), *splitter.last()]
    blank = b' \t\r\n,;"\x0b\x0c\xef\xbb\xbf'
    assert [b for b in b"".join(raw for _, raw in found) if b not in blank] == [
        b for b in content if b not in blank
    ]
    assert [line for line, _ in found] == sorted({line for line, _ in found})


def test_the_header_of_a_template_is_taken_as_it_stands() -> None:
    for instrument, revisions in shipped().definitions.items():
        for form, about in revisions[-1].forms.items():
            names = [f"item_{item}" for item in about.key.items]
            line = ";".join([*(column.name for column in FIXED), *names]).encode()
            header = header_from(line, None, {})
            assert (header.separator, header.columns[-1]) == (";", names[-1]), (instrument, form)


async def test_a_spreadsheet_is_imported_with_a_verdict_for_each_row(
    client: AsyncClient, work: Work
) -> None:
    """As a German Excel saves it: byte-order mark, semicolons, decimal commas, empty rows."""
    asked = {"instrument": "srs-3", "form": "client", "separator": "semicolon"}
    header = (await client.get("/v1/imports/template", params=asked)).text.strip()
    names = header.split(";")
    rows = [
        {"external_id": "1", "occurred_on": "2026-11-20", "item_1": "9,4", "item_2": "declined"},
        {"external_id": "2", "occurred_on": "20.11.2026", "item_1": "9,4"},
        {"external_id": "3", "occurred_on": "2026-11-21", "item_1": "94"},
        {"external_id": "4", "occurred_on": "2026-11-21"},
        {"external_id": "5", "occurred_on": "2026-11-22", "item_1": "8", "item_4": "7,25"},
    ]
    whole = [dict.fromkeys(names, "") | PAIR | row for row in rows]
    content = b"\xef\xbb\xbf" + csv_of(whole, ";") + b";" * (len(names) - 1) + b"\r\n"
    made = await taken(client, content, CSV, instrument="srs-3", rater_role="client")
    await work()
    succeeded = await fetched(client, made, "succeeded")
    failed = await fetched(client, made, "failed")
    first, last = (await client.get("/v1/responses")).json()["items"]

    assert made["rows"] == 5
    assert [one["external_id"] for one in succeeded] == ["1", "5"]
    assert [(o["line"], o["external_id"], o["code"], o["column"]) for o in failed] == [
        (3, "2", "date_not_iso", "occurred_on"),
        (4, "3", "not_an_answer", "item_1"),
        (5, "4", "answers_or_scores", None),
    ]
    assert first["answers"] == {"1": 9.4, "2": "declined"}
    assert last["answers"] == {"1": 8, "4": 7.25}
    assert last["occasion"]["occurred_on"] == "2026-11-22"


async def test_totals_of_an_older_system_and_withdrawals_come_in_a_file(
    client: AsyncClient, work: Work
) -> None:
    asked = {"instrument": "wai-sr-2006", "form": "client", "totals": "true"}
    names = (await client.get("/v1/imports/template", params=asked)).text.strip().split(",")
    row = dict.fromkeys(names, "") | PAIR | {
        "external_id": "1", "instrument": "wai-sr-2006", "rater_role": "client",
        "occurred_on": "2020-01-02", "backfill": "true",
        "reported_total_sum": "44", "reported_bond_mean": "4.25",
    }  # fmt: skip
    void = dict.fromkeys(names, "") | {
        "external_id": "1", "external_version": "2", "void_reason": "Entered twice.",
    }  # fmt: skip
    await taken(client, csv_of([row]), CSV)
    await work()
    (found,) = (await client.get("/v1/responses")).json()["items"]
    await taken(client, csv_of([void]), CSV)
    await work()
    (voided,) = (await client.get("/v1/responses")).json()["items"]

    assert (found["record_kind"], found["backfill"]) == ("scores_only", True)
    assert {one["scale"]: one["sum"] for one in found["scores"]} == {"total": 44, "bond": 17}
    assert voided["record_status"] == "voided"


async def test_the_dictionary_names_every_column_of_a_form_also_of_ones_own(
    client: AsyncClient,
) -> None:
    await publish(client, definition())
    for instrument in ("wai-sr-2006", OWN):
        asked = {"instrument": instrument, "form": "client"}
        found = (await client.get("/v1/imports/dictionary", params=asked)).json()
        as_csv = await client.get("/v1/imports/dictionary", params=asked | {"format": "csv"})
        templates = [
            (await client.get("/v1/imports/template", params=asked | {"totals": totals})).text
            for totals in ("false", "true")
        ]
        named = {one["name"] for one in found["columns"]}
        assert named == {name for text in templates for name in text.strip().split(",")}
        assert [row["name"] for row in csv.DictReader(io.StringIO(as_csv.text, newline=""))] == [
            one["name"] for one in found["columns"]
        ]
    likert = {one["name"]: (one["type"], one["low"], one["high"]) for one in found["columns"]}
    assert likert["item_1"][0] == "answer"
    assert likert["item_1"][1] is not None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"instrument": "no", "form": "client"}, "instrument"),
        ({"instrument": "srs-3", "form": "nobody"}, "form"),
        ({"instrument": "srs-3", "form": "client", "instrument_revision": "9.9"},
         "instrument_revision"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("what", ["template", "dictionary"])
async def test_there_is_none_for_a_form_that_there_is_not(
    client: AsyncClient, what: str, query: dict[str, str], name: str
) -> None:
    answer = await client.get(f"/v1/imports/{what}", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"#/query/{name}"
