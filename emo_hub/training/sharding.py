"""Weights shared out among processes (FSDP): in pieces while they train, whole where they are read.

Accelerate's config decides: `distributed_type: FSDP` with `fsdp_version: 2`. What is trained is
then a copy, cut into pieces; the task's own module stays whole, takes the gathered weights whenever
they are judged, and is what gets written.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator, DistributedType, FullyShardedDataParallelPlugin
from accelerate.state import PartialState
from accelerate.utils import parse_flag_from_env
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from emo_hub.errors import SettingsError

Groups = list[dict[str, Any]]


def is_asked() -> bool:
    """Tell whether Accelerate's config asks for shared-out weights.

    Raises:
        SettingsError: it asks for a version that is not supported.
    """
    if not parse_flag_from_env("ACCELERATE_USE_FSDP"):
        return False
    version = os.environ.get("FSDP_VERSION", "1")
    if version != "2":
        raise SettingsError(
            f"Accelerate's config asks for FSDP of version {version}, which hides parameters from "
            "the optimiser's groups; set fsdp_version: 2 under fsdp_config."
        )
    return True


def share_out(accelerator: Accelerator) -> None:
    """Let processes without a GPU share weights out too.

    Accelerate grants that to processes with a GPU; others would train whole copies without a word.
    """
    state = accelerator.state
    if state.distributed_type is not DistributedType.MULTI_CPU:
        return
    plugin = FullyShardedDataParallelPlugin()
    if accelerator.mixed_precision != "no":
        plugin.set_mixed_precision(accelerator.mixed_precision)
    state.fsdp_plugin = plugin
    # The second is what every state that is made later copies from.
    state.distributed_type = PartialState().distributed_type = DistributedType.FSDP


def is_shared_out(accelerator: Accelerator) -> bool:
    """Tell whether what a run trains is cut into pieces."""
    return bool(accelerator.is_fsdp2)


def twin(module: nn.Module, groups: Groups) -> tuple[nn.Module, Groups]:
    """Copy a module, with the optimiser's groups of the copy's own parameters."""
    copied = copy.deepcopy(module)
    own = dict(zip(module.parameters(), copied.parameters(), strict=True))
    return copied, [{**group, "params": [own[p] for p in group["params"]]} for group in groups]


def whole(tensor: Tensor) -> Tensor:
    """Give all of a tensor; every process must ask where it is in pieces."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


@torch.no_grad()
def put(values: Mapping[str, Tensor], parameters: Mapping[str, nn.Parameter]) -> None:
    """Copy values, whole or in pieces, into parameters of the same names."""
    for name, value in values.items():
        parameters[name].copy_(cut_like(value, parameters[name]))


def cut_like(value: Tensor, parameter: Tensor) -> Tensor:
    """Cut a whole tensor as a parameter is; what is in the parameter's form already stays."""
    if not isinstance(parameter, DTensor) or isinstance(value, DTensor):
        return value.to(parameter.device)
    mesh, places = parameter.device_mesh, parameter.placements
    # Every process has the whole, so none needs to send it.
    return distribute_tensor(value.to(parameter.device), mesh, places, src_data_rank=None)


def gather(trained: nn.Module, module: nn.Module) -> None:
    """Put the weights of a module in pieces into its whole twin; every process must ask."""
    there = dict(module.named_parameters())
    with torch.no_grad():
        for name, parameter in trained.named_parameters():
            there[name].copy_(whole(parameter.detach()))
