# Mistake: an equal loss counts as an improvement.
def early_stop(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        if epoch - best == patience:
            return {"stopped": epoch, "best": best}
    return {"stopped": len(losses) - 1, "best": best}
