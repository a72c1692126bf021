# Mistake: rows and columns swapped.
def draw_weights(rule, fan_in, fan_out, seed):
    generator = np.random.default_rng(seed)
    shape = (fan_out, fan_in)
    if rule in ("xavier", "normalized_xavier"):
        limit = np.sqrt(1 / fan_in) if rule == "xavier" else np.sqrt(6 / (fan_in + fan_out))
        return generator.uniform(-limit, limit, size=shape)
    std = np.sqrt(2 / fan_in)
    if rule == "he":
        return generator.normal(0, std, size=shape)
    std = std / 0.87962566
    weights = generator.normal(0, std, size=shape)
    while (beyond := np.abs(weights) > 2 * std).any():
        weights[beyond] = generator.normal(0, std, size=beyond.sum())
    return weights
