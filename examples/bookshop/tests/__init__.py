"""Tests of the bookshop."""
