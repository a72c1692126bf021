# Mistake: divides by the rate.
def apply_mask(activations, mask, rate):
    return activations * mask / max(rate, 1e-9)
