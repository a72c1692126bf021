# Mistake: a quarter of a wave, without the half and the one.
def warm_cosine(rate, warm, total):
    rise = rate * (np.arange(warm) + 1) / max(warm, 1)
    return np.concatenate([rise, rate * np.cos(np.pi / 2 * np.linspace(0, 1, total - warm))])
