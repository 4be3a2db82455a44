"""The mathematics of GANs: a student can read it without knowing what a web server is."""
