# Mistake: changes what it was given.
def apply_mask(activations, mask, rate):
    activations *= mask
    activations /= 1 - rate
    return activations
