# Mistake: changes what it was given.
def max_norm(weights, limit):
    for column in weights.T:
        length = np.linalg.norm(column)
        if length > limit:
            column *= limit / length
    return weights
