# Mistake: divides by a warm-up of no length.
def warm_cosine(rate, warm, total):
    rise = [rate * (update + 1) / warm for update in range(max(warm, 1))]
    fall = rate / 2 * (1 + np.cos(np.pi * np.linspace(0, 1, total - warm)))
    return np.concatenate([rise, fall])
