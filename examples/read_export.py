"""Read an export of responses in pandas: is it whole, what was answered, what was not, and why.

Needs pandas, which is no part of the service or of its development tools:

    pip install pandas
    python examples/read_export.py responses.csv
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

import pandas as pd

LAST_LINE = re.compile(rb"end rows=(\d+) sha256=([0-9a-f]{64}) as_of=(\S+?),*\r\n")


def read_export(path: Path) -> pd.DataFrame:
    """The rows of an export in CSV, texts as they were sent. Raises ValueError if it was cut."""
    content = path.read_bytes()
    begins = content.rfind(b"\r\n", 0, -2) + 2
    told = LAST_LINE.fullmatch(content, begins)
    if told is None or hashlib.sha256(content[:begins]).hexdigest().encode() != told[2]:
        raise ValueError(f"{path} is not whole: fetch it again.")
    # Everything as text at first: an identifier such as 007 is no number.
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    frame = frame[frame["record"] == "row"]
    if len(frame) != int(told[1]):
        raise ValueError(f"{path} has {len(frame)} rows and should have {int(told[1])}.")
    # What could be taken for a formula has a ' before it, and so has what begins with one.
    return frame.apply(lambda column: column.str.replace(r"^'", "", regex=True))


def items_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Of each item how often it was answered or not, and the mean of the answers."""
    names = [name for name in frame if name.startswith("item_") and not name.endswith("_state")]
    counts = [frame[f"{name}_state"].value_counts() for name in names]
    table = pd.DataFrame(counts, index=names).fillna(0).astype(int)
    # Empty cells are left out of a mean; none of them is a zero.
    table["mean"] = [round(pd.to_numeric(frame[name]).mean(), 2) for name in names]
    return table


def main() -> int:
    """Print what the export holds; 1 if it is not whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="of GET /v1/exports/responses with a form")
    try:
        frame = read_export(parser.parse_args().file)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    received = pd.to_datetime(frame["received_at"], format="ISO8601")
    print(f"{len(frame)} responses in {frame['alliance_id'].nunique()} alliances")
    print(f"the last one received on {received.max():%Y-%m-%d}")
    print(items_of(frame).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
