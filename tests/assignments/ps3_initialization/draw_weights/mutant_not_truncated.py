# Mistake: ignores the truncation.
def draw_weights(rule, fan_in, fan_out, seed):
    generator = np.random.default_rng(seed)
    shape = (fan_in, fan_out)
    if rule in ("xavier", "normalized_xavier"):
        limit = np.sqrt(1 / fan_in) if rule == "xavier" else np.sqrt(6 / (fan_in + fan_out))
        return generator.uniform(-limit, limit, size=shape)
    std = np.sqrt(2 / fan_in)
    if rule == "he":
        return generator.normal(0, std, size=shape)
    weights = generator.normal(0, std, size=shape)
    return weights
