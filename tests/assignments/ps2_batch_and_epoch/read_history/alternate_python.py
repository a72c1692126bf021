# Differs: pure Python with index and min.
def read_history(history, patience):
    valid = list(history["val_loss"])
    place = valid.index(min(valid))
    after = valid[place + 1 :]
    start = None
    if len(after) >= patience and history["loss"][-1] < history["loss"][place]:
        start = place + 2
    return dict(best_epoch=place + 1, gap=valid[place] - history["loss"][place], overfits_from=start)
