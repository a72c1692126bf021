# Mistake: the lowest loss itself instead of its epoch.
def early_stop(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            return {"stopped": epoch, "best": losses[best]}
    return {"stopped": len(losses) - 1, "best": losses[best]}
