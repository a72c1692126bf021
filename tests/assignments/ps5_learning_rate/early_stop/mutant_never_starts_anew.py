# Mistake: counts all epochs without improvement, not those in a row.
def early_stop(losses, patience):
    best, without = 0, 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch:
            without += 1
        if without == patience:
            return {"stopped": epoch, "best": best}
    return {"stopped": len(losses) - 1, "best": best}
