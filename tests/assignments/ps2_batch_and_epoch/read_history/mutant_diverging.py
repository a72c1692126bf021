# Mistake: calls it over-fitting although the training loss has risen, too.
def read_history(history, patience):
    train, valid = history["loss"], history["val_loss"]
    best = int(np.argmin(valid))
    enough = len(valid) - 1 - best >= patience
    falls = train[-1] < train[best]
    return {"best_epoch": best + 1, "gap": valid[best] - train[best], "overfits_from": best + 2 if enough else None}
