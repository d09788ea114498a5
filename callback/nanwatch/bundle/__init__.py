"""A failing step in one file, to be repeated elsewhere.

A bundle is a zip that numpy can open as an .npz - arrays without pickle - with what holds them
together as JSON beside them:

    manifest.json    step, diagnosis, versions, the structure of the batches (`manifest.py`)
    model.json       the architecture and the settings of `compile`, as Keras writes them
    weights/*.npy    every weight, statistic and seed before the step
    optimizer/*.npy  the optimizer's iterations, rate and slots before the step
    batches/*.npy    the failing batch, and those that lead up to it from the state

`keeper` holds the failing step of a fit in memory, `writer` writes it down when the user asks for
it, `reader` opens it without Keras, and `rebuild` makes a model of it. Data in a bundle may be
private, so nothing but an explicit call writes one; a bundle may come from a stranger, so nothing
in it is unpickled, extracted or believed.
"""
