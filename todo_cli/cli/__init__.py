"""Typer: parse, call one service, hand the models to output. No logic."""
