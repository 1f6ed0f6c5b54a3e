"""Times the convolutions that stand in JSON on stdin with PyTorch, and writes the samples (ms) as JSON to stdout.
"""
import json
import sys
import time

import torch
from torch.nn.grad import conv2d_input, conv2d_weight

from torch_device import CUDA, DEVICE, about

LEAST, SAMPLES, BUDGET = 0.010, 15, 15.0  # s of a sample, samples of an entry, s that they may take


def main():
    sync = torch.cuda.synchronize if CUDA else lambda: None
    results = []
    for task in json.load(sys.stdin):
        n, ci, co, s, k = (task["sizes"][name] for name in ("batch", "inputs", "outputs", "side", "k"))
        x, w, dy = (torch.rand(*shape, device=DEVICE) * 2 - 1 for shape in ((n, ci, s, s), (co, ci, k, k), (n, co, s, s)))
        run = {
            "forward": lambda: torch.nn.functional.conv2d(x, w, padding=k // 2),
            "gradient to input": lambda: conv2d_input(x.shape, w, dy, padding=k // 2),
            "gradient to weight": lambda: conv2d_weight(x, w.shape, dy, padding=k // 2),
        }[task["part"]]
        results.append(measure(run, sync))
    json.dump({**about(), "results": results}, sys.stdout)


def measure(run, sync):
    def seconds(repeats):
        sync()
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        sync()
        return time.perf_counter() - start

    seconds(2)
    repeats, total = 1, seconds(1)
    while total < LEAST:
        repeats *= 2
        total = seconds(repeats)
    samples = max(5, min(SAMPLES, int(BUDGET / total)))
    return {"repeats": repeats, "samples": [1000 * seconds(repeats) / repeats for _ in range(samples)]}


main()
