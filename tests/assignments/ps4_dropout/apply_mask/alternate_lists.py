# Differs: pure Python, and a list of lists.
def apply_mask(activations, mask, rate):
    scale = 1 / (1 - rate)
    return [[a * m * scale for a, m in zip(row, kept)] for row, kept in zip(activations.tolist(), mask.tolist())]
