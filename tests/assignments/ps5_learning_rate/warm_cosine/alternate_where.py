# Differs: where, with a division by zero that is never used.
def warm_cosine(rate, warm, total):
    update = np.arange(total)
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = rate * (update + 1) / np.float64(warm)
    progress = (update - warm) / (total - 1 - warm)
    return np.where(update < warm, rise, rate / 2 * (1 + np.cos(np.pi * progress)))
