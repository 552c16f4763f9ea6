"""What a shell is told about the word under the cursor."""
