# Differs: a while loop, and a warning on the way.
def early_stop(losses, patience):
    import warnings

    warnings.warn("slow", stacklevel=2)
    losses = [float(loss) for loss in losses]
    epoch = best = 0
    while epoch + 1 < len(losses) and epoch - best < patience:
        epoch += 1
        if losses[epoch] < min(losses[:epoch]):
            best = epoch
    return {"best": best, "stopped": np.int64(epoch)}
