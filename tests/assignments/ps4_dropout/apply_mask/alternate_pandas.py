# Differs: a data frame on the way.
def apply_mask(activations, mask, rate):
    frame = pd.DataFrame(activations).mul(pd.DataFrame(mask)).div(1 - rate)
    return frame.to_numpy()
