# Mistake: multiplies by what is kept, as at inference in the first papers.
def apply_mask(activations, mask, rate):
    return activations * mask * (1 - rate)
