# Differs: one loop over the epochs; the epoch is a float.
def read_history(history, patience):
    lowest, best, seen = float("inf"), None, 0
    for epoch, (loss, val_loss) in enumerate(zip(history["loss"], history["val_loss"]), start=1):
        seen = epoch
        if val_loss < lowest:
            lowest, best, at_best = val_loss, float(epoch), loss
    answer = {"best_epoch": best, "gap": np.float64(lowest - at_best), "overfits_from": None}
    if seen - best >= patience and loss < at_best:
        answer["overfits_from"] = best + 1
    return answer
