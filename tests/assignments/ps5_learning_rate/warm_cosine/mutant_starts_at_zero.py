# Mistake: the warm-up starts at 0.
def warm_cosine(rate, warm, total):
    rise = rate * np.arange(warm) / max(warm, 1)
    fall = rate / 2 * (1 + np.cos(np.pi * np.linspace(0, 1, total - warm)))
    return np.concatenate([rise, fall])
