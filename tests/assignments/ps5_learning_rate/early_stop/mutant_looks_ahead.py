# Mistake: the best of all losses, also of those after the stop.
def early_stop(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            return {"stopped": epoch, "best": int(np.argmin(losses))}
    return {"stopped": len(losses) - 1, "best": best}
