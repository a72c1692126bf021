# Mistake: takes the highest validation loss, as for an accuracy.
def read_history(history, patience):
    train, valid = history["loss"], history["val_loss"]
    best = int(np.argmax(valid))
    enough = len(valid) - 1 - best >= patience
    falls = train[-1] < train[best]
    return {
        "best_epoch": best + 1,
        "gap": valid[best] - train[best],
        "overfits_from": best + 2 if enough and falls else None,
    }
