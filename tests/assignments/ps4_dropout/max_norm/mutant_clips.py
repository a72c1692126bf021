# Mistake: clips single weights.
def max_norm(weights, limit):
    return np.clip(weights, -limit, limit)
