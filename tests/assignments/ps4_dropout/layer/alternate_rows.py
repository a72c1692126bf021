# Differs: sample by sample, and a warning on the way.
def layer(x, weights, biases, rate, training, generator):
    import warnings

    warnings.warn("slow but clear", stacklevel=2)
    out = []
    for row in x:
        activations = (row @ weights + biases).clip(min=0)
        if training:
            activations = activations * (generator.random(len(activations)) >= rate) / (1 - rate)
        out.append(activations)
    return out
