# Mistake: forgets the 1 / (1 - rate).
def apply_mask(activations, mask, rate):
    return activations * mask
