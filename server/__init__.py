"""GAN Lab's successor: a server that trains small GANs step by step and shows every step."""
