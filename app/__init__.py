"""The frame and the furniture of the app. Streamlit lives here, torch does not."""
