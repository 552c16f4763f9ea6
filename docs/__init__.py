"""What is written about the commands, made from the commands themselves: `python -m docs`."""
