# Differs: pandas: a data frame indexed by epoch; NumPy integers and floats.
def read_history(history, patience):
    frame = pd.DataFrame(history)
    frame.index += 1
    best = frame["val_loss"].idxmin()
    row = frame.loc[best]
    shows = frame.index[-1] >= best + patience and frame["loss"].iloc[-1] < row["loss"]
    return {"overfits_from": best + 1 if shows else None, "gap": row["val_loss"] - row["loss"], "best_epoch": best}
