"""How answers look. Takes frozen models only; one class for people and one for scripts."""
