"""Who answers a prompt: a recording, an HTTP server, a batch file, or a model in this process."""

from emo_hub.errors import Usage
from emo_hub.teacher.answers import BatchReply, ImportReport, import_replies, read_replies
from emo_hub.teacher.batch import Asked, BatchSettings, Pending, read_index, write_requests
from emo_hub.teacher.guard import guard
from emo_hub.teacher.lines import DamagedLine, recording_files, recording_line
from emo_hub.teacher.prompt import Annotators, Filled, Prompt, Reply, Teacher, stop
from emo_hub.teacher.reading import read_object
from emo_hub.teacher.recording import FAULTS, PACKAGED_RECORDINGS, Recorded

__all__ = [
    "FAULTS",
    "PACKAGED_RECORDINGS",
    "Annotators",
    "Asked",
    "BatchReply",
    "BatchSettings",
    "DamagedLine",
    "Filled",
    "ImportReport",
    "Pending",
    "Prompt",
    "Recorded",
    "Reply",
    "Teacher",
    "Usage",
    "guard",
    "import_replies",
    "read_index",
    "read_object",
    "read_replies",
    "recording_files",
    "recording_line",
    "stop",
    "write_requests",
]
