"""What each verb of the command line does; `server.__main__` only reads the options and imports one of these."""
