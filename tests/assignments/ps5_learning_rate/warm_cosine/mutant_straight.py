# Mistake: a straight line instead of a cosine.
def warm_cosine(rate, warm, total):
    rise = rate * (np.arange(warm) + 1) / max(warm, 1)
    return np.concatenate([rise, rate * np.linspace(1, 0, total - warm)])
