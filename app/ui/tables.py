"""Tables on a page that a visitor can take along: Streamlit writes them as CSV in the browser, from the cells as they
are, so what a spreadsheet would carry out is defused before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mvfa_core.csv_files import defused


def frame(columns: Mapping[str, Any], **look: Any) -> Any:
    """`st.dataframe` of those columns."""
    return st.dataframe({defused(title): [defused(one) for one in cells] for title, cells in columns.items()}, **look)
