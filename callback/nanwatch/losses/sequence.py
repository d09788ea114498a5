"""Losses of sequences that are not aligned with their labels."""

from __future__ import annotations

from nanwatch.losses.page import Hazard, LossPage, Signature

CTC = LossPage(
    name="CTC",
    title="Connectionist temporal classification",
    kind="Sequences",
    function="ctc",
    strings=("ctc", "CTC"),
    formula="-log(sum over all alignments of the product of the probabilities)",
    use="Speech and handwriting: labels in order, but not when each of them occurs.",
    label="Class numbers from 1 up, padded with 0 (0 is the blank), shape (N, label length).",
    activation="none (linear): raw scores, shape (N, time steps, classes)",
    lowest=0.0,
    before=(
        "outputs = keras.layers.Dense(n_letters)(frames)\n"
        'labels = keras.utils.pad_sequences(words, padding="post", value=-1)'
    ),
    after=(
        "outputs = keras.layers.Dense(n_letters + 1)(frames)  # 0 is the blank\n"
        'labels = keras.utils.pad_sequences(words, padding="post", value=0)'
    ),
    hazards=(
        Hazard(
            "a label longer than the input, or so many repeats that blanks do not fit between",
            "About 709: a stand-in for infinity, with a small gradient that leads nowhere.",
            "Fewer strides or poolings before the loss; drop samples with time steps < label "
            "length + repeats.",
        ),
        Hazard(
            "a label of the number of classes or more",
            "Accepted without a word; the loss is low and wrong.",
            "One unit more than classes (for the blank), and y.max() < that number.",
        ),
        Hazard(
            "padding with -1",
            "Accepted without a word: -1 counts as a label, which may then not fit: about 709.",
            "Pad with 0.",
        ),
        Hazard("scores that are NaN", "NaN.", "Clip the gradients, scale the inputs."),
    ),
    signatures=(
        Signature("708 to 711", "A label that cannot be aligned: one such sample in the mean."),
    ),
)

PAGES = (CTC,)
