"""Papers that units of several kinds come from. No torch here."""

from server.gan.registry import Paper

GAN_LAB = Paper(
    "Kahng, Thorat, Chau, Viégas, Wattenberg",
    "GAN Lab: Understanding Complex Deep Generative Models using Interactive Visual Experimentation",
    2018,
)
WGAN_GP = Paper("Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville", "Improved Training of Wasserstein GANs", 2017)
GAN = Paper("Goodfellow et al.", "Generative Adversarial Networks", 2014)
GAN_TUTORIAL = Paper("Goodfellow", "NIPS 2016 Tutorial: Generative Adversarial Networks", 2016)
WHICH_CONVERGE = Paper("Mescheder, Geiger, Nowozin", "Which Training Methods for GANs do actually Converge?", 2018)
PROGRESSIVE = Paper(
    "Karras, Aila, Laine, Lehtinen",
    "Progressive Growing of GANs for Improved Quality, Stability, and Variation",
    2018,
)
