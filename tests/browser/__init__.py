"""Tests that look at the page as a person would: a real server, a real browser."""
