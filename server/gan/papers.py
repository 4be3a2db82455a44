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
IMPROVED = Paper("Salimans et al.", "Improved Techniques for Training GANs", 2016)
NUMERICS = Paper("Mescheder, Nowozin, Geiger", "The Numerics of GANs", 2017)
WHICH_CONVERGE = Paper("Mescheder, Geiger, Nowozin", "Which Training Methods for GANs do actually Converge?", 2018)
LIMITED_DATA = Paper(
    "Karras, Aittala, Hellsten, Laine, Lehtinen, Aila",
    "Training Generative Adversarial Networks with Limited Data",
    2020,
)
PROGRESSIVE = Paper(
    "Karras, Aila, Laine, Lehtinen",
    "Progressive Growing of GANs for Improved Quality, Stability, and Variation",
    2018,
)
BIGGAN = Paper("Brock, Donahue, Simonyan", "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2019)
FGAN = Paper(
    "Nowozin, Cseke, Tomioka",
    "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
    2016,
)
SLOGAN = Paper(
    "Hwang, Kim, Jung, Jang, Lee, Yoon", "Stein Latent Optimization for Generative Adversarial Networks", 2022
)
