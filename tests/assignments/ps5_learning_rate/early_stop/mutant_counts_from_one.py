# Mistake: counts epochs from 1.
def early_stop(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            return {"stopped": epoch + 1, "best": best + 1}
    return {"stopped": len(losses), "best": best + 1}
