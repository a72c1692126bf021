# Differs: where instead of a product.
def apply_mask(activations, mask, rate):
    return np.where(np.asarray(mask) == 1, np.asarray(activations) / (1 - rate), 0.0)
