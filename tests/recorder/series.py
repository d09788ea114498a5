"""Small networks for sequences, pictures, tokens and words, each with data of its kind."""

import keras
import numpy as np
from keras import layers

from fits import compiled

random = np.random.default_rng
