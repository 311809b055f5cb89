"""Serve the page of emo_hub on Hugging Face Spaces; everything it consists of is in the package."""

from emo_hub.space import launch

# A repository of the Hub; None runs the model that ships inside the package.
MODEL: str | None = None
# A dataset of the Hub to browse on the page; None leaves the corpus away.
CORPUS = None

if __name__ == "__main__":
    launch(MODEL, host="0.0.0.0", port=7860, corpus=CORPUS)
