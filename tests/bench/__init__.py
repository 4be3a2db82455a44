"""The benchmark behind `make bench`: the lab beside a plain PyTorch loop of the same mathematics."""
