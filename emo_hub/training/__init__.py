"""From records to a dual encoder: rows, batches, the loss, the one Accelerate loop, the finish."""

from emo_hub.errors import require

require("accelerate", "train", "Training")
require("peft", "train", "Training")
