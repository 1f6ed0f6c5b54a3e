"""Times training steps of PyramidFlow in PyTorch, from the weights and images of this project, and writes the samples (ms) as JSON.

JSON on stdin: `file` holds `tensors` (name, shape) one after the other as f32; `blocks` say which levels each coupling reads and rewrites.
"""
import json
import sys
import time

import torch
from torch.nn import functional as F

from torch_device import CUDA, DEVICE, about

VN_AXES = {"CVN": (0, 1), "SVN": (0, 2, 3)}
TRAINED = ("conv1", "conv2", "lower", "log_s", "upper")


def blur(x):
    row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device) / 16
    return F.conv2d(x, torch.outer(row, row).expand(x.shape[1], 1, 5, 5), padding=2, groups=x.shape[1])


def enlarge(x, like):
    return blur(F.interpolate(x, size=like.shape[2:]))


def decompose(x, levels):
    bands = []
    for _ in range(levels - 1):
        coarse = F.max_pool2d(blur(x), 2)
        bands.append(x - enlarge(coarse, x))
        x = coarse
    return bands + [x]


def compose(bands):
    x = bands[-1]
    for band in reversed(bands[:-1]):
        x = band + enlarge(x, band)
    return x


def mixing(p):
    channels = len(p["log_s"])
    scale = p["sign"] * torch.exp(p["log_s"] - p["log_s"].mean())
    lower = torch.tril(p["lower"], -1) + torch.eye(channels, device=scale.device)
    return (p["perm"] @ lower @ (torch.triu(p["upper"], 1) + torch.diag(scale)))[:, :, None, None]


def coupled(levels, block, p, norm):
    """The target level after affine coupling and mixing."""
    x, size = levels[block["target"]], levels[block["network"]].shape[2:]
    condition = torch.cat([F.interpolate(levels[c], size=size) for c in block["conditions"]], 1)
    pad = p["conv1"].shape[2] // 2
    hidden = F.leaky_relu(F.conv2d(condition, p["conv1"], padding=pad), 0.01)
    raw, shift = F.conv2d(hidden, p["conv2"], padding=pad).chunk(2, 1)
    clamped = 2 * 0.636 * torch.atan(raw / 2)
    mean = clamped.mean(VN_AXES[norm], keepdim=True)
    with torch.no_grad():
        p["running_mean"] += 0.1 * (mean - p["running_mean"])
    log_scale, shift = (F.interpolate(t, size=x.shape[2:]) for t in (clamped - mean, shift))
    return F.conv2d(torch.exp(log_scale) * x + shift, mixing(p))


def loss_of(images, stem, blocks, parameters, config):
    levels = decompose(F.conv2d(images, stem), config["levels"])
    for block, p in zip(blocks, parameters):
        levels[block["target"]] = coupled(levels, block, p, config["norm"])
    i, j = torch.triu_indices(len(images), len(images), 1)
    difference = compose([(z[i] - z[j]) ** 2 for z in levels]).mean(1)
    return torch.fft.fft2(difference).abs().mean()


def main():
    task = json.load(sys.stdin)
    with open(task["file"], "rb") as file:
        read = lambda shape: torch.frombuffer(bytearray(file.read(4 * torch.Size(shape).numel())), dtype=torch.float32).view(shape)
        tensors = {name: read(shape).to(DEVICE) for name, shape in task["tensors"]}
    parameters = [{} for _ in task["blocks"]]
    for name, tensor in tensors.items():
        if name.startswith("blocks."):
            _, block, part = name.split(".")
            parameters[int(block)][part] = tensor.requires_grad_(part in TRAINED)
    trained = [p[part] for p in parameters for part in TRAINED]
    optimizer = torch.optim.Adam(trained, **task["adam"])

    def step():
        optimizer.zero_grad()
        loss = loss_of(tensors["images"], tensors["stem.weight"], task["blocks"], parameters, task["config"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, task["clipNorm"])
        optimizer.step()
        return loss.item()  # waits for the device

    losses, samples = [], []
    for _ in range(task["steps"]):
        start = time.perf_counter()
        losses.append(step())
        samples.append(1000 * (time.perf_counter() - start))
    peak = torch.cuda.max_memory_allocated() if CUDA else None
    json.dump({**about(), "losses": losses, "samples": samples, "peakBytes": peak}, sys.stdout)


main()
