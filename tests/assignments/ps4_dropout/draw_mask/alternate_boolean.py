# Differs: float32 numbers, and a boolean array turned into bytes, with a warning on the way.
def draw_mask(generator, samples, units, rate):
    import warnings

    warnings.warn("float32 is enough here", stacklevel=2)
    kept = ~(generator.random((samples, units), dtype="float32") < rate)
    return kept.astype("int8")
