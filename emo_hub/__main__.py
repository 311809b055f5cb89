"""Run the command line as `python -m emo_hub`."""

from emo_hub.cli import main

main()
