# Mistake: measures the whole matrix.
def max_norm(weights, limit):
    length = np.linalg.norm(weights)
    return weights * limit / length if length > limit else weights.copy()
