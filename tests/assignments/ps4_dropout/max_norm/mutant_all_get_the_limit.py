# Mistake: gives every column the limit's length (a unit norm, not a maximum).
def max_norm(weights, limit):
    lengths = np.sqrt((weights**2).sum(axis=0))
    return weights * limit / np.maximum(lengths, 1e-12)
