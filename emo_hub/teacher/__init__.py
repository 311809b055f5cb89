"""Who answers a prompt: a recording, an HTTP server, a batch file, or a model in this process."""

from emo_hub.teacher.prompt import Annotators, Filled, Prompt, Reply, Teacher, Usage
from emo_hub.teacher.recording import (
    PACKAGED_RECORDINGS,
    DamagedLine,
    Recorded,
    recording_files,
    recording_line,
)

__all__ = [
    "PACKAGED_RECORDINGS",
    "Annotators",
    "DamagedLine",
    "Filled",
    "Prompt",
    "Recorded",
    "Reply",
    "Teacher",
    "Usage",
    "recording_files",
    "recording_line",
]
