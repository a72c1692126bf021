# Mistake: a whole wave.
def warm_cosine(rate, warm, total):
    rise = rate * (np.arange(warm) + 1) / max(warm, 1)
    fall = rate / 2 * (1 + np.cos(2 * np.pi * np.linspace(0, 1, total - warm)))
    return np.concatenate([rise, fall])
