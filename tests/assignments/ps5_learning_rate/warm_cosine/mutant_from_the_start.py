# Mistake: the cosine runs from update 0, under the warm-up.
def warm_cosine(rate, warm, total):
    rates = rate / 2 * (1 + np.cos(np.pi * np.linspace(0, 1, total)))
    rates[:warm] = rate * (np.arange(warm) + 1) / max(warm, 1)
    return rates
