# Mistake: measures rows, the weights out of one input.
def max_norm(weights, limit):
    lengths = np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return weights * np.where(lengths > limit, limit / np.maximum(lengths, limit), 1)
