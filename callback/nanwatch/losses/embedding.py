"""Losses of direction and distance between vectors."""

from __future__ import annotations

from nanwatch.losses.page import Correction, Hazard, LossPage, Parameter, Signature
from nanwatch.losses.shared import NAN_LABEL

COSINE = LossPage(
    name="CosineSimilarity",
    title="How well two vectors point the same way",
    kind="Embeddings",
    function="cosine_similarity",
    strings=("cosine_similarity", "CosineSimilarity"),
    formula="-sum(y_true / norm(y_true) * y_pred / norm(y_pred))",
    use="Embeddings whose direction counts and whose length does not.",
    label="A vector that is not zero.",
    activation="linear (none)",
    lowest=-1.0,
    before=(
        'outputs = keras.layers.Dense(64, activation="relu")(features)\n'
        'model.compile("adam", loss="cosine_similarity")'
    ),
    after=(
        "outputs = keras.layers.Dense(64)(features)\n"
        'model.compile("adam", loss="cosine_similarity")'
    ),
    parameters=(Parameter("axis", -1, "The axis along which a vector lies. Lost by get_config."),),
    hazards=(
        Hazard(
            "a vector of zeros as prediction",
            "0, as if orthogonal, with a gradient of up to 1e7. float16: NaN; compiled by XLA: NaN "
            "gradient.",
            "Do not end in relu; check np.linalg.norm(y, axis=-1) > 0.",
        ),
        Hazard(
            "a vector of zeros as label", "0 with a gradient of 0: nothing to learn.", "Drop it."
        ),
        Hazard("an infinite prediction or label", "NaN loss and NaN gradient.", "Find it."),
        Hazard(
            "the loss is saved by get_config and made again",
            "axis is lost: the copy has -1.",
            "Give axis again when the model is loaded, by compile().",
        ),
        NAN_LABEL,
    ),
    signatures=(
        Signature("-1", "The best value: all predictions point the right way.", -1.0),
        Signature("0, flat", "Orthogonal, or vectors of zeros."),
    ),
    corrections=(
        Correction(
            "0 means orthogonal, near -1 great similarity.",
            "True, but a vector of zeros gives 0 as well and so hides.",
        ),
    ),
)

CIRCLE = LossPage(
    name="Circle",
    title="Pulls embeddings of one class together, pushes others apart",
    kind="Embeddings",
    function="circle",
    strings=("circle", "Circle"),
    other_names=("TripletSemiHardLoss", "triplet"),
    formula="log(1 + sum(exp(gamma * (d_p + margin) * (d_p - margin))) * sum(exp(gamma * "
    "(1 + margin - d_n) * (1 - margin - d_n)))), d = 1 - cosine to every sample of the batch of "
    "the same class (p) and of others (n)",
    use="Metric learning: search by likeness, recognition of faces.",
    label="Class numbers, several samples of a class in each batch.",
    activation="none, then keras.layers.UnitNormalization()",
    lowest=0.0,
    before=('outputs = keras.layers.Dense(64)(features)\nmodel.compile("adam", loss="circle")'),
    after=(
        "embedding = keras.layers.Dense(64)(features)\n"
        "outputs = keras.layers.UnitNormalization()(embedding)\n"
        'model.compile("adam", loss="circle")'
    ),
    parameters=(
        Parameter("gamma", 80.0, "The scale of the loss and of its gradient."),
        Parameter("margin", 0.4, "How far off a pair may be before it costs."),
        Parameter("remove_diagonal", True, "Whether a sample is no partner of itself."),
    ),
    hazards=(
        Hazard(
            "a batch of one class only, without any pair of a class, or of one sample",
            "0 with a gradient of 0: nothing is learnt, and it looks perfect.",
            "Shuffle; larger batches; draw several samples of each class into a batch.",
        ),
        Hazard(
            "embeddings that are not normalised",
            "The gradient grows with their length. float16: infinite loss, NaN gradient.",
            "End the model in keras.layers.UnitNormalization().",
        ),
    ),
    signatures=(Signature("0", "No pairs to compare in the batch.", 0.0),),
    corrections=(
        Correction(
            "tfa.losses.TripletSemiHardLoss for embeddings",
            "tensorflow_addons ended in 2024 and fits Keras 2 only. Keras has no triplet loss; "
            "Circle is the nearest.",
        ),
    ),
)

PAGES = (COSINE, CIRCLE)
