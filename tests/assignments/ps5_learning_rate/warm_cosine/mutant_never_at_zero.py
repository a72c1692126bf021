# Mistake: the progress never gets to 1.
def warm_cosine(rate, warm, total):
    rise = rate * (np.arange(warm) + 1) / max(warm, 1)
    fall = rate / 2 * (1 + np.cos(np.pi * np.arange(total - warm) / (total - warm)))
    return np.concatenate([rise, fall])
