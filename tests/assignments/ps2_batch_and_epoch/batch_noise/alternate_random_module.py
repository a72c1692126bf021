# Differs: pure Python: random.sample and lists.
import random


def batch_noise(single, batch_size, batches, seed):
    rows = [[float(v) for v in row] for row in single]
    full = [sum(column) / len(rows) for column in zip(*rows)]
    draw = random.Random(seed)
    total = 0.0
    for _ in range(batches):
        batch = draw.sample(rows, batch_size)
        total += sum((sum(column) / batch_size - f) ** 2 for column, f in zip(zip(*batch), full))
    return total / batches
