"""Training on two processes that talk to each other, as torchrun and Accelerate start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent

# What `accelerate config` writes for weights that are shared out.
SHARED_OUT = """
compute_environment: LOCAL_MACHINE
distributed_type: FSDP
mixed_precision: 'no'
num_machines: 1
num_processes: 2
machine_rank: 0
main_process_port: 0
fsdp_config:
  fsdp_version: 2
  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP
  fsdp_transformer_layer_cls_to_wrap: BertLayer
  fsdp_reshard_after_forward: true
  fsdp_cpu_ram_efficient_loading: false
"""

_ENDS = """
import json, os, sys
from pathlib import Path
import torch

def die(step, steps, loss):
    if step == int(os.environ.get("DIE_AT", "-1")):
        os._exit(9)

def tell(made, out):
    from accelerate.state import AcceleratorState
    if os.environ["RANK"] == "0":
        told = {
            "losses": made.losses,
            "resumed_at": made.resumed_at,
            "processes": torch.distributed.get_world_size(),
            "kind": str(AcceleratorState().distributed_type.value),
        }
        (out.parent / "told.json").write_text(json.dumps(told))
"""

ENCODER = (
    _ENDS
    + """
from tests.lessons import lesson
from emo_hub.training.encoder import EncoderRecipe, train_lesson
out = Path(sys.argv[1])
made = train_lesson(lesson(49), out, EncoderRecipe(**json.loads(sys.argv[2])), progress=die)
tell(made, out)
"""
)

CONTRASTIVE = (
    _ENDS
    + """
from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive
out, data = Path(sys.argv[1]), Path(sys.argv[3])
made = train_contrastive(data, out, ContrastiveRecipe(**json.loads(sys.argv[2])), progress=die)
tell(made, out)
"""
)


def on_two_processes(script, out, settings, *more, config="", die_at=-1):
    """Run a script on two processes; give what it tells, or None where it was to die."""
    out.parent.mkdir(parents=True, exist_ok=True)
    code = out.parent / "run.py"
    code.write_text(script)
    command = [sys.executable, "-m"]
    if config:
        (out.parent / "accelerate.yaml").write_text(config)
        command += ["accelerate.commands.launch", "--config_file", out.parent / "accelerate.yaml"]
    else:
        command += ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [code, out, json.dumps(settings), *more]
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
        "DIE_AT": str(die_at),
    }
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env=environment,
        timeout=280,
        check=False,
    )
    if die_at >= 0:
        assert done.returncode != 0
        return None
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out.parent / "told.json").read_text())
