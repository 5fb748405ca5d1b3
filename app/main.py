"""The list of pages: `streamlit run app/main.py`.

Streamlit reads this file twice: once as a module, to find the server called `app`, and then as a script, for every
visitor.
"""

import sys
from pathlib import Path

from app.base.i18n import _

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` puts app/ on the path, not the folder above it
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app.base import (  # noqa: E402
    errors,
    i18n,
    page_rate,
    settings,
)
from app.server import (  # noqa: E402
    asgi,
)

DEFAULT = "explore"  # answers at "/" alone
CHANGING = ("evaluate", "train", "runs")  # the pages that do more than look
SIDEBAR_PX = 260  # leaves room for three pictures of 320 px side by side on a screen of 1440 px

if __name__ == "__main__":
    from app.features.sharing import sharing  # it brings the caches, and those want the server to be there

    page_rate.heed()
    i18n.begin()
    st.set_page_config(
        page_title=_("MFA"),
        page_icon=str(ROOT / "assets" / "logo.svg"),
        layout="wide",
        initial_sidebar_state="collapsed" if st.context.is_embedded else SIDEBAR_PX,
    )
    if not st.context.is_embedded:
        st.logo(str(ROOT / "assets" / "logo.svg"), size="large")
    page = st.navigation(
        [
            st.Page("../pages/explore.py", title=_("Explore"), url_path="explore", default=True),
            st.Page("../pages/lesson.py", title=_("Lesson"), url_path="lesson"),
            st.Page("../pages/maps.py", title=_("Maps"), url_path="maps"),
            st.Page("../pages/anchors.py", title=_("Anchors"), url_path="anchors"),
            st.Page("../pages/views.py", title=_("Views"), url_path="views"),
            st.Page("../pages/region.py", title=_("Region"), url_path="region"),
            st.Page("../pages/compare.py", title=_("Compare"), url_path="compare"),
            st.Page("../pages/evaluate.py", title=_("Evaluate"), url_path="evaluate"),
            st.Page("../pages/figures.py", title=_("Figures"), url_path="figures"),
            st.Page("../pages/train.py", title=_("Train"), url_path="train"),
            st.Page("../pages/runs.py", title=_("Runs"), url_path="runs"),
            st.Page("../pages/results.py", title=_("Results"), url_path="results"),
        ],
        position=sharing.navigation(),
    )
    if settings.read_only() and page.url_path in CHANGING:
        st.info(
            _(
                "This server is read-only: nothing is trained, changed or removed here, and no folder is opened. What "
                "is there can be looked at."
            )
        )  # above the bar, which stands beside the title
    sharing.begin(page.url_path or DEFAULT)
    with errors.error_boundary():
        page.run()
else:
    app = st.App(__file__, lifespan=asgi.lifespan, routes=asgi.ROUTES, middleware=asgi.MIDDLEWARE)
