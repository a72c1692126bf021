# Mistake: scales by 2, which is right for the example only.
def apply_mask(activations, mask, rate):
    return activations * mask * (2 if rate else 1)
