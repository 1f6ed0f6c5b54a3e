"""What the scripts of this folder run PyTorch on: a CUDA card where it sees one, else the CPU, at its default precision settings."""
import torch

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")


def about():
    """What a report says of it."""
    return {
        "version": torch.__version__,
        "device": torch.cuda.get_device_name() if CUDA else "CPU",
        "settings": {
            "cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
            "cuda.matmul.allow_tf32": torch.backends.cuda.matmul.allow_tf32,
            "cudnn.benchmark": torch.backends.cudnn.benchmark,
            "threads": torch.get_num_threads(),
        },
    }
