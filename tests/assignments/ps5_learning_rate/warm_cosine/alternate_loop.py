# Differs: pure Python.
def warm_cosine(rate, warm, total):
    import math

    rates = []
    for update in range(total):
        if update < warm:
            rates.append(rate * (update + 1) / warm)
        else:
            progress = (update - warm) / (total - 1 - warm)
            rates.append(0.5 * rate * (1 + math.cos(math.pi * progress)))
    return rates
