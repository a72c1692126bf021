# Differs: the square of half the angle, in float32.
def warm_cosine(rate, warm, total):
    rise = [rate * (u + 1) / warm for u in range(warm)]
    fall = [rate * np.cos(np.pi / 2 * p) ** 2 for p in np.linspace(0, 1, total - warm)]
    return pd.Series(rise + fall, dtype="float32").tolist()
