# Differs: pure Python lists.
import math


def variances(X, kernels, activation):
    signal = [list(map(float, row)) for row in X]
    found = []
    for kernel in kernels:
        columns = list(zip(*kernel))
        signal = [[sum(float(a) * float(w) for a, w in zip(row, column)) for column in columns] for row in signal]
        if activation == "tanh":
            signal = [[math.tanh(v) for v in row] for row in signal]
        elif activation == "relu":
            signal = [[max(v, 0.0) for v in row] for row in signal]
        flat = [v for row in signal for v in row]
        mean = sum(flat) / len(flat)
        found.append(sum((v - mean) ** 2 for v in flat) / len(flat))
    return found
