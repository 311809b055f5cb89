"""Serve the page of emo_hub on Hugging Face Spaces; everything it consists of is in the package."""

from emo_hub.space import launch

if __name__ == "__main__":
    launch(host="0.0.0.0", port=7860)
