# Differs: column by column.
def max_norm(weights, limit):
    result = np.array(weights, dtype=float)
    for unit in range(result.shape[1]):
        length = np.linalg.norm(result[:, unit])
        if length > limit:
            result[:, unit] = result[:, unit] / length * limit
    return result
